"""One example of every command of backorder runs and their variants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from db.records import table_of
from db.tables import RunVariant
from db.unit_of_work import reading
from domain.services.allocating import expediting
from domain.services.allocating.runs import Part
from domain.vocabulary.allocation import RunTrigger, Strategy
from domain.vocabulary.run_variants import LineSelection, Segment, VariantSpec
from tests import lifecycle_world as world
from tests.acting import NOON
from tests.audit.stage import Stage


def _run(s: Stage, *, variant: bool = False) -> dict[str, Any]:
    case = s.at(world.confirmed)
    rules = VariantSpec(segments=(Segment(name="all", strategy=Strategy.REDISTRIBUTE),))
    if variant:
        insert = table_of(RunVariant).insert()
        code = f"V{s.number()}"
        with s.engine.begin() as connection:
            connection.execute(insert.values(code=code, version=1, name="Test", spec=rules.model_dump_json(),
                                             created_at=NOON, updated_at=NOON))  # fmt: skip
    scope = LineSelection(order_ids=(case.order_id,))
    made = s.run("runs.simulate", variant=code if variant else rules, scope=scope)
    return {"run_id": int(made["run_id"]), "line_id": case.line_id}


def _by_hand(s: Stage) -> dict[str, Any]:
    return {**_run(s), "pattern": [Part(NOON.date() + timedelta(days=3), Decimal(2))], "reason": "as agreed"}


def _expedited(s: Stage) -> dict[str, Any]:
    """A line that waits while its SKU has free stock: nobody must give."""
    case = s.at(world.confirmed, 10, part=4)
    with reading(s.engine) as uow:
        found = expediting.weigh(uow=uow, now=NOON, line_id=case.line_id)
    assert found.free is not None
    return {
        "line_id": case.line_id,
        "donor_ids": [],
        "shown": found.free.shown,
        "reason": "the customer's line stands still",
    }


def _only_run(s: Stage, **more: Any) -> dict[str, Any]:
    return {"run_id": _run(s)["run_id"], **more}


def _applied(s: Stage) -> dict[str, Any]:
    given = _only_run(s)
    s.run("runs.commit", **given)
    return {**given, "reason": "a mistake"}


def _touched(s: Stage) -> dict[str, Any]:
    """A line waits, and its SKU has stock by now."""
    case = s.at(world.confirmed)
    return {"skus": [case.line().sku_id], "trigger": RunTrigger.RECEIPT, "commit": False}


def _variant(s: Stage) -> dict[str, Any]:
    rules = {"segments": [{"name": "all", "strategy": "REDISTRIBUTE"}]}
    return {"code": f"CODE-{s.number()}", "name": "A variant", "spec": rules, "reason": "a new season"}


def _retired(s: Stage) -> dict[str, Any]:
    given = _variant(s)
    s.run("run_variants.save", **given)
    return {"code": given["code"], "reason": "not used"}


RUNS: dict[str, Callable[[Stage], dict[str, Any]]] = {
    "runs.simulate": lambda s: {
        "variant": VariantSpec(segments=(Segment(name="all", strategy=Strategy.IMPROVE),))
    },
    "runs.override": _by_hand,
    "runs.expedite": _expedited,
    "runs.reject": lambda s: _only_run(s, reason="not today"),
    "runs.replay_with_todays_rules": lambda s: {"run_id": _run(s, variant=True)["run_id"]},
    "runs.commit": _only_run,
    "runs.undo": _applied,
    "runs.react": _touched,
    "run_variants.save": _variant,
    "run_variants.retire": _retired,
}
