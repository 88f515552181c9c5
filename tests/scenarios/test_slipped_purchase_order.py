"""A purchase order slipped: 14 lines with one cause, a run that mends what can be, sales sees it, undo brings the morning back."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from db.queries import lines
from db.unit_of_work import reading
from domain.services import integrity
from domain.services.allocating import committing, runs, undoing
from domain.services.figures import delivery_dates
from domain.vocabulary.allocation import Strategy
from domain.vocabulary.line_filter import LineFilter, LineState
from domain.vocabulary.run_variants import LineSelection, Segment, VariantSpec
from domain.vocabulary.statuses import Role, WaitReason
from seed.demo.build import build
from seed.demo.stories import SLIPPED_LINES, SLIPPED_PO, story
from tests.acting import do, person
from tests.services.allocating.run_world import STATE
from tests.worlds import DEMO_DAY, NOW

SKU = "MOT-34"
ORDERS = story("slipped_purchase_order").orders


@pytest.fixture
def demo(engine: Engine) -> Engine:
    """A demo world of one's own: this morning changes it."""
    build(engine, today=DEMO_DAY, seed=7, now=None, progress=lambda _: None)
    return engine


def rows(engine: Engine, sql: str, **given: Any) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql), given)]


def state(engine: Engine) -> dict[str, list[Any]]:
    return {name: rows(engine, sql) for name, sql in STATE.items()}


def late(engine: Engine) -> pd.DataFrame:
    """What the Tower's tile of late supply leads to, for this SKU."""
    wanted = LineFilter(as_of=DEMO_DAY, state=LineState.OPEN, reason=WaitReason.SUPPLY_LATE, text=SKU)
    with reading(engine) as unit:
        return lines.rows(unit.connection, wanted=wanted, live=True)


def test_a_slipped_purchase_order_from_the_tower_to_the_undo(demo: Engine) -> None:
    shown = late(demo)
    pegged = rows(
        demo,
        "select r.line_id from reservation r join supply s on s.supply_id = r.supply_id "
        "where s.ref = :po and r.status = 'SOFT' order by 1",
        po=SLIPPED_PO,
    )
    assert len(pegged) == SLIPPED_LINES
    assert {key for (key,) in pegged} <= set(shown["line_id"]), "the Tower shows them all, with one cause"
    morning = state(demo)
    mine = tuple(key for (key,) in pegged)
    before = {key: (told, expected) for key, told, expected in _dates(demo, mine)}

    planner = person("pia", Role.PLAN)
    rules = VariantSpec(segments=(Segment(name="all", strategy=Strategy.IMPROVE),), use_quotas=False)
    sku_id = rows(demo, "select sku_id from sku where sku = :s", s=SKU)[0][0]
    made = do(demo, runs.simulate, actor=planner, now=NOW, variant=rules, scope=LineSelection(sku_ids=(sku_id,)),
              title=f"{SLIPPED_PO} slipped")  # fmt: skip
    assert state(demo) == morning, "a simulation changes nothing"
    done = do(demo, committing.commit, actor=planner, now=NOW, run_id=made["run_id"])
    assert done["outcome"] == "COMMITTED" and done["stale"] == []

    after = {key: (told, expected) for key, told, expected in _dates(demo, mine)}
    sooner = [key for key in mine if after[key][1] is not None and after[key][1] < before[key][1]]
    assert sooner, "what is on its way already goes to the best of them"
    moved = [key for key in mine if after[key][0] != before[key][0]]
    assert moved and all(after[key][0] >= before[key][0] for key in moved), (
        "nobody is told a day that cannot be kept"
    )
    assert all(after[key][1] is not None for key in mine), "each has a day again"
    _sales_sees(demo, moved, made["run_id"])
    assert _drift(demo) == []

    told = do(
        demo,
        undoing.undo,
        actor=planner,
        now=NOW,
        run_id=made["run_id"],
        reason="the supplier found the goods",
    )
    assert told["kept"] == [] and told["status"] == "UNDONE"
    assert state(demo) == morning, "the morning is back exactly"
    assert _drift(demo) == []


def _dates(engine: Engine, line_ids: tuple[int, ...]) -> list[Any]:
    keys = ", ".join(map(str, line_ids))
    return rows(
        engine, f"select line_id, promised_on, expected_on from sales_order_line where line_id in ({keys})"
    )


def _sales_sees(engine: Engine, moved: list[int], run_id: int) -> None:
    """Delivery dates shows the new days; the ledger says that the run moved them, and each customer is told once."""
    with reading(engine) as unit:
        told = delivery_dates.told(uow=unit, line_ids=tuple(moved), as_of=DEMO_DAY, live=True)
    assert len(told) == len(moved)
    stored = {key: day for key, day, _ in _dates(engine, tuple(moved))}
    seen = {int(row["line_id"]): row["promised_on"] for row in told.to_dict("records")}
    assert {key: (pd.Timestamp(day) - pd.Timestamp(1970, 1, 1)).days for key, day in seen.items()} == stored
    causes = rows(engine, "select distinct cause from date_change where run_id = :r", r=run_id)
    assert causes == [("RUN",)]
    reasons = rows(
        engine,
        "select distinct backorder_reason from sales_order_line l join date_change d on d.line_id = l.line_id "
        "where d.run_id = :r",
        r=run_id,
    )
    assert reasons == [("SUPPLY_LATE",)]
    customers = rows(
        engine,
        "select count(distinct o.customer_id) from sales_order_line l join sales_order o on o.order_id = l.order_id "
        "join date_change d on d.line_id = l.line_id where d.run_id = :r",
        r=run_id,
    )
    messages = rows(engine, "select count(*) from outbox_message where topic = 'promise.changed'")
    assert messages[0][0] >= customers[0][0] > 0


def _drift(engine: Engine) -> list[str]:
    with reading(engine, snapshot=True) as unit:
        return [check.name for check in integrity.verify(uow=unit).checks if check.drift]
