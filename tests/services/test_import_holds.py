"""No import takes an order past a hold: the stage stays where the hold or the tower put it (domain.md 0a.2)."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from db.queries.integrity.laws import LAWS
from domain.rules.imports.stages import order_stage
from domain.services import holds
from domain.vocabulary.statuses import HoldScope, HoldType, LineStage, OrderStage
from tests.acting import do
from tests.exchange.imports.extracts import commit, rows, small

TWO = "A1,1,Acme,X,5,1.50,2026-03-25,,\nA1,2,Acme,Y,4,2.00,2026-03-26,,\n"


def test_an_amendment_by_file_leaves_a_held_order_on_hold(engine: Engine) -> None:
    commit(engine, small(TWO))
    (order_id,) = rows(engine, "select order_id from sales_order")[0]
    do(engine, holds.place, scope=HoldScope.ORDER, scope_id=order_id, types=[HoldType.DATA], reason="wrong part")
    assert rows(engine, "select stage from sales_order") == [("ON_HOLD",)]
    report = commit(engine, small(TWO.replace("X,5", "X,6")))
    assert report["amended"] == 1
    assert rows(engine, "select stage from sales_order") == [("ON_HOLD",)]
    with engine.connect() as connection:
        assert [law.name for law in LAWS if law.find(connection, None)] == []


@pytest.mark.parametrize(
    ("stages", "was", "held", "wanted"),
    [
        ([LineStage.CONFIRMED], None, False, OrderStage.CONFIRMED),
        ([LineStage.CONFIRMED], "CONFIRMED", True, OrderStage.ON_HOLD),
        ([LineStage.CONFIRMED], "ON_HOLD", False, OrderStage.CONFIRMED),
        ([LineStage.ALLOCATED], "RELEASED", False, OrderStage.RELEASED),
        ([LineStage.NEW], "DRAFT", False, OrderStage.DRAFT),
        ([LineStage.SHIPPED], "RELEASED", True, OrderStage.SHIPPED),
        ([LineStage.INVOICED], "CLOSED", False, OrderStage.CLOSED),
        ([LineStage.CANCELLED], "ON_HOLD", True, OrderStage.CANCELLED),
    ],
)
def test_stage_after_an_import(
    stages: list[str], was: str | None, held: bool, wanted: OrderStage
) -> None:
    assert order_stage(stages, was=was, confirmation_held=held) is wanted
