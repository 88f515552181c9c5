"""No import is a way round a hold or an approval (domain.md 0a.2, 2.10.5)."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from db.queries.integrity.laws import LAWS
from domain.rules.imports.stages import order_stage
from domain.services.holding import holds
from domain.services.importing import imports
from domain.vocabulary.actor import Actor, service
from domain.vocabulary.imports import MappedImport
from domain.vocabulary.statuses import HoldScope, HoldType, LineStage, OrderStage
from tests.acting import do
from tests.exchange.imports.extracts import HEADER, NOW, SMALL, bundle, commit, profile, rows, small

TWO = "A1,1,Acme,X,5,1.50,2026-03-25,,\nA1,2,Acme,Y,4,2.00,2026-03-26,,\n"


def with_terms(days: str) -> MappedImport:
    """Return one line whose customer has the payment terms NET and so many days."""
    terms = f"fields: {{code: customer, name: customer, payment_terms: \"'NET{days}'\"}}"
    text = SMALL.replace("records:\n", f"records:\n  customer: {{from: lines, group: [customer], {terms}}}\n")
    line = f"A1,1,Acme,X,{days},1.50,2026-03-25,,\n"
    return bundle(profile(text), {"lines.csv": HEADER + line})


def test_an_amendment_by_file_leaves_a_held_order_on_hold(engine: Engine) -> None:
    commit(engine, small(TWO))
    (order_id,) = rows(engine, "select order_id from sales_order")[0]
    do(
        engine,
        holds.place,
        scope=HoldScope.ORDER,
        scope_ids=[order_id],
        types=[HoldType.DATA],
        reason="wrong part",
    )
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
def test_stage_after_an_import(stages: list[str], was: str | None, held: bool, wanted: OrderStage) -> None:
    assert order_stage(stages, was=was, confirmation_held=held) is wanted


def test_a_file_brought_by_a_person_is_no_way_round_an_approval(engine: Engine) -> None:
    first = with_terms("30")
    commit(engine, first)
    told = commit(engine, with_terms("90"))
    assert told["warnings"]["needs_approval"] == 1
    assert rows(engine, "select payment_terms from customer") == [("NET30",)]
    console = Actor("ops", service("cli").roles)
    report = do(engine, imports.commit, actor=console, now=NOW, mapped=with_terms("60"))
    assert "needs_approval" not in report["warnings"]
    assert rows(engine, "select payment_terms from customer") == [("NET60",)]
