"""What saving many cells would do, before it is done: rows, value, clocks, messages, examples (domain.md 2.10.6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from db.queries import edit_effects
from db.unit_of_work import UnitOfWork
from domain.rules.authority.matrix import grant
from domain.rules.authority.reach import outside
from domain.rules.editing.judging import Verdict
from domain.rules.editing.order_fields import CASE, LINE, ORDER
from domain.rules.editing.values import to_json
from domain.services.editing.edit_judging import Judged, cells, judge_all, reach
from domain.vocabulary.actor import Actor
from domain.vocabulary.edits import CellEdit, EditOutcome
from domain.vocabulary.errors import Denied
from domain.vocabulary.permissions import Permission

EXAMPLES = 3
MOST_REFUSED = 20
VALUE = {LINE: "net_amount", ORDER: "total_net", CASE: "value_at_risk"}


def dry_run(
    *, uow: UnitOfWork, actor: Actor, now: datetime, edits: tuple[CellEdit, ...], reason: str = ""
) -> dict[str, Any]:
    """Return what `edits.apply` would do with these cells; nothing is locked or written.

    {"rows", "orders", "counts": {outcome: cells}, "value": {currency: amount}, "clocks": running clocks of those
    orders, "messages": {topic: n}, "examples": the first three cells with where, old and new, "refused": cells with
    the rule's text}. Raises Denied command.out_of_reach for rows outside the actor's accounts and sites.
    """
    wanted = cells(edits)
    if outside(actor, grant(Permission.ORDERS_SEE, actor.roles), reach(uow, wanted)) is not None:
        raise Denied(
            "command.out_of_reach",
            "Some of these rows belong to accounts or sites that are not yours.",
            fix="Narrow the filter to your own.",
        )
    judged = judge_all(uow, now, actor, wanted, reason=reason, locked=False)
    fine = [v for v in judged.verdicts if v.outcome is EditOutcome.SAVED]
    places = {(v.edit.entity, v.edit.record_id) for v in fine}
    orders = {int(judged.rows[place].values.get("order_id") or 0) for place in places} - {0}
    moved = sum(v.edit.field == "promised_on" for v in fine)
    return {
        "rows": len(places),
        "orders": len(orders),
        "counts": dict(Counter(str(v.outcome) for v in judged.verdicts)),
        "value": _value(judged, places),
        "clocks": edit_effects.running_clocks(uow.connection, order_ids=tuple(sorted(orders))),
        "messages": {"line.promise_changed": moved} if moved else {},
        "examples": [_told(judged, v) for v in fine[:EXAMPLES]],
        "refused": [_told(judged, v) for v in _stopped(judged.verdicts)][:MOST_REFUSED],
    }


dry_run.read_only = True  # type: ignore[attr-defined]


def _stopped(verdicts: Iterable[Verdict]) -> list[Verdict]:
    return [v for v in verdicts if v.outcome in (EditOutcome.REFUSED, EditOutcome.CONFLICT)]


def _value(judged: Judged, places: Iterable[tuple[str, int]]) -> dict[str, Decimal]:
    """Add up per currency what the touched rows are worth; rows without a value count nothing."""
    total: dict[str, Decimal] = {}
    for place in places:
        values = judged.rows[place].values
        amount = values.get(VALUE.get(place[0], ""))
        if amount is not None:
            order: Mapping[str, Any] = judged.orders.get(int(values.get("order_id") or 0), {})
            currency = str(values.get("currency") or order.get("currency") or "")
            total[currency] = total.get(currency, Decimal(0)) + amount
    return dict(sorted(total.items()))


def _told(judged: Judged, verdict: Verdict) -> dict[str, Any]:
    row = judged.rows.get((verdict.edit.entity, verdict.edit.record_id))
    order = judged.orders.get(int((row.values.get("order_id") if row else 0) or 0), {})
    return {
        "entity": verdict.edit.entity,
        "record_id": verdict.edit.record_id,
        "order_no": order.get("order_no"),
        "line_no": row.values.get("line_no") if row else None,
        "field": verdict.field.label if verdict.field else verdict.edit.field,
        "old": to_json(verdict.current),
        "new": to_json(verdict.value) if verdict.refusal is None else to_json(verdict.edit.new),
        "message": verdict.refusal.message if verdict.refusal else None,
    }
