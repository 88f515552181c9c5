"""Sensitive fields of master data: who may write at once, and what becomes a request (domain.md 2.8, 7.8).

The right to write a field is not always enough: above the matrix's amounts a second person decides, whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from db import records
from db.queries import edit_lists, master_names
from db.records import Record
from db.unit_of_work import UnitOfWork
from domain.rules.approvals.routing import Asked as Measures
from domain.rules.editing import fields, values
from domain.rules.editing.fields import Field
from domain.services.approving import approval_requests
from domain.services.approving.approval_changes import change
from domain.services.approving.approval_requests import Wish
from domain.services.commands import denied
from domain.vocabulary.actor import Actor
from domain.vocabulary.approvals import ApprovalType
from domain.vocabulary.edits import FieldKind
from domain.vocabulary.errors import DomainError
from domain.vocabulary.permissions import Permission

CHANGE = "edits.set_field"
BESIDE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("customer", "payment_terms"): ("credit_limit", "currency"),
    ("customer", "credit_risk"): ("credit_limit", "currency"),
    ("customer", "credit_limit"): ("currency", "credit_risk"),
    ("sku_site", "safety_stock"): ("reorder_point",),
}
"""What a decision on a field also rests on: when one of these changes meanwhile, the request is superseded."""

SALAMI = timedelta(hours=24)


@dataclass(frozen=True)
class Asked:
    """A request that an edit became."""

    approval_id: int
    message: str


def propose(
    uow: UnitOfWork, now: datetime, actor: Actor, field: Field, record: Record, value: Any, reason: str | None
) -> Asked | None:
    """Ask for approval of one sensitive edit of a locked row; None when the actor may write it at once.

    Raises Denied command.denied where the actor may neither write nor propose, and what `approval_requests.ask` raises.
    """
    direct = field.may(actor.roles)
    if not direct and not field.may_propose(actor.roles):
        raise denied(field.permissions[0], f"a change of {field.label.lower()}")
    wish = _wish(uow, field, record, value, reason or "", direct=direct)
    if direct and approval_requests.route(uow, actor, wish).auto:
        return None
    answer = approval_requests.ask(uow, now, actor, wish)
    return Asked(answer.approval_id, answer.message)


def needs_second_person(uow: UnitOfWork, actor: Actor, field: Field, record: Record, value: Any) -> bool:
    """Return whether an edit by this actor would become a request: also true of taking an edit back."""
    direct = field.may(actor.roles)
    wish = _wish(uow, field, record, value, "", direct=direct)
    return not direct or not approval_requests.route(uow, actor, wish).auto


def _wish(uow: UnitOfWork, field: Field, record: Record, value: Any, reason: str, *, direct: bool) -> Wish:
    assert field.sensitive is not None
    name = master_names.name_of(uow.connection, field.entity, record.key)
    old = record.values[field.name]
    money = field.kind is FieldKind.MONEY or field.name in ("payment_terms", "credit_risk")
    return Wish(
        asked=_measures(uow, field, record, value),
        object_type=field.entity,
        object_id=record.key,
        object_name=name,
        change=CHANGE,
        arguments={
            "entity": field.entity,
            "record_id": record.key,
            "field": field.name,
            "new": values.to_json(value),
        },
        says=[(field.label, words(uow, field, old), words(uow, field, value))],
        then=f"{field.label} of {name} becomes {words(uow, field, value)} at once.",
        reason=reason,
        topic=field.name,
        currency=record.values.get("currency") if money else None,
        direct=direct,
    )


def _measures(uow: UnitOfWork, field: Field, record: Record, value: Any) -> Measures:
    kind = field.sensitive
    assert kind is not None
    if kind in (ApprovalType.CREDIT, ApprovalType.TERMS):
        amount = value if field.name == "credit_limit" else record.values.get("credit_limit")
        return Measures(kind, field.entity, amount)
    if kind is ApprovalType.SAFETY_STOCK:
        old, new = _before(uow, field, record) or Decimal(0), value or Decimal(0)
        cost = master_names.cost_at(uow.connection, record.key)
        change_of = abs(new - old)
        return Measures(
            kind,
            field.entity,
            None if cost is None else (change_of * cost).quantize(Decimal("0.0001")),
            change_of / old if old else None,
        )
    return Measures(kind, field.entity)


def _before(uow: UnitOfWork, field: Field, record: Record) -> Any:
    """Return the value that small changes of the last day began from: many small steps are one big one."""
    column = record.table.c[field.name]
    found = master_names.unapproved_since(
        uow.connection, field.entity, record.key, field.name, uow.act.now - SALAMI
    )
    return record.values[field.name] if found is None else records.from_audit_text(column, found[0])


def words(uow: UnitOfWork, field: Field, value: Any) -> str:
    """Return a value as people read it: the name behind a key, a code as words, "not recorded" for none."""
    if value is None:
        return "not recorded"
    if field.listed:
        found = edit_lists.values(uow.connection, name=field.listed)
        return next((label for label, key in found.items() if key == value), str(value))
    if field.kind is FieldKind.CHOICE:
        return str(value).replace("_", " ").capitalize() if field.name != "abc" else str(value)
    if field.kind is FieldKind.FLAG:
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return str(values.to_json(value))


def _look(uow: UnitOfWork, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value that the edit replaces, and what the decision rests on beside it."""
    entity, name = arguments["entity"], arguments["field"]
    found = records.peek(uow, records.owner_of(entity), [arguments["record_id"]])
    if not found:
        return {}
    shown = (name, *BESIDE.get((entity, name), ()))
    seen = {column: values.to_json(found[0].values[column]) for column in shown}
    if (entity, name) == ("sku_site", "safety_stock"):
        cost = master_names.cost_at(uow.connection, found[0].key)
        seen["standard_cost"] = values.to_json(cost)
    return seen


@change(CHANGE, look=_look)
def set_field(
    *, uow: UnitOfWork, now: datetime, actor: Actor, approval_id: int, entity: str, record_id: int, field: str, new: Any
) -> None:  # fmt: skip
    """Write an approved edit. Raises DomainError edit.rule where its rule does not hold any more."""
    found = fields.find(entity, field)
    if found is None or found.sensitive is None:
        raise DomainError(
            "edit.field",
            f"{field} of {entity} is not changed by approval.",
            fix="Reject the request.",
            field=field,
        )
    record = records.lock(uow, records.owner_of(entity), record_id)
    value = values.from_json(found, new)
    why = found.check(value, record.values)
    if why is not None:
        raise DomainError("edit.rule", why, fix="Reject the request; another value must be asked for.")
    records.change(uow, record, **{field: _stored(record, field, value)})


def _stored(record: Record, field: str, value: Any) -> Any:
    """Return the value in the column's own type: code words become members of their list."""
    kind = getattr(record.table.c[field].type, "enum_class", None)
    return kind(value) if kind is not None and value is not None else value


def may_see(actor: Actor, kind: ApprovalType) -> bool:
    """Return whether an actor may read the amounts of such a request."""
    if kind not in (ApprovalType.CREDIT, ApprovalType.TERMS):
        return True
    credit = fields.find("customer", "credit_limit")
    assert credit is not None
    assert credit.sees is Permission.CREDIT_SEE
    return credit.visible(actor.roles)
