"""A service that would break a law changes nothing, and one that breaks none costs no look at any law."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from db import records
from db.tables import Reservation, SalesOrderLine, StockBalance, StockMovement
from domain.services.commands import REGISTRY, command
from domain.vocabulary.errors import DomainError
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import LineStage, MovementType
from tests.acting import do
from tests.exchange.imports.extracts import commit, small
from tests.seed.test_scale import _small as small_book


@command("tests.add_without_ledger", permission=Permission.STOCK_ALLOCATE)
def add_without_ledger(*, uow: Any, now: Any, actor: Any) -> None:
    """Add stock and forget the ledger."""
    balance = records.where(uow, StockBalance, StockBalance.on_hand > 10)[0]
    records.change(uow, balance, on_hand=balance.on_hand + 1)


@command("tests.move_without_balance", permission=Permission.STOCK_ALLOCATE)
def move_without_balance(*, uow: Any, now: Any, actor: Any) -> None:
    """Write the ledger and forget the balance: only an appended row is touched."""
    balance = records.where(uow, StockBalance)[0]
    records.append(
        uow, StockMovement, sku_id=balance.sku_id, site_id=balance.site_id, at=now, type=MovementType.RECEIPT,
        on_hand_delta=Decimal(5), actor=actor.login,
    )  # fmt: skip


@command("tests.drop_a_reservation", permission=Permission.STOCK_ALLOCATE)
def drop_a_reservation(*, uow: Any, now: Any, actor: Any) -> None:
    """Remove a reservation and forget all that it held: nothing that is left names it."""
    records.remove(uow, records.where(uow, Reservation)[0])


@command("tests.type_a_stage", permission=Permission.ORDERS_EDIT)
def type_a_stage(*, uow: Any, now: Any, actor: Any) -> None:
    """Set a stage that no quantity proves."""
    line = records.where(uow, SalesOrderLine, SalesOrderLine.delivered_on.is_(None))[0]
    records.change(uow, line, stage=LineStage.CANCELLED)


@command("tests.overwrite_a_promise", permission=Permission.ORDERS_PROMISE)
def overwrite_a_promise(*, uow: Any, now: Any, actor: Any) -> None:
    """Change a promised day and leave no date change."""
    line = records.where(uow, SalesOrderLine, SalesOrderLine.promised_on.is_not(None))[0]
    records.change(uow, line, promised_on=line.promised_on.replace(year=2031))


@command("tests.only_a_note", permission=Permission.ORDERS_EDIT)
def only_a_note(*, uow: Any, now: Any, actor: Any) -> None:
    """Change what no law is about."""
    records.change(uow, records.lock(uow, SalesOrderLine, 1), note="noted")


PLANTED = {
    add_without_ledger: "on hand is the sum of the ledger",
    move_without_balance: "on hand is the sum of the ledger",
    drop_a_reservation: "reserved stock is what reservations hold",
    type_a_stage: "line stage agrees with quantities",
    overwrite_a_promise: "no promised day is overwritten",
}
for _name in [name for name in REGISTRY if name.startswith("tests.")]:
    REGISTRY.pop(_name)


@pytest.mark.parametrize("service", PLANTED, ids=lambda service: service.__name__)
def test_a_service_that_breaks_a_law_changes_nothing(engine: Engine, service: Any) -> None:
    small_book(engine)
    told = (
        "select count(*), sum(on_hand), (select count(*) from stock_movement), (select count(*) from reservation), \
        (select count(*) from command), (select count(*) from audit_log) from stock_balance"
    )
    with engine.connect() as connection:
        before = connection.execute(text(told)).one()
    with pytest.raises(DomainError) as refused:
        do(engine, service)
    assert refused.value.code == "integrity.broken"
    laws = {refused.value.data["law"]}
    assert PLANTED[service] in laws or service is drop_a_reservation
    with engine.connect() as connection:
        assert connection.execute(text(told)).one() == before


def test_what_no_law_is_about_costs_no_query(engine: Engine) -> None:
    commit(engine, small("A-1,1,Northwind,BOLT,10,2.50,2026-05-04,,\n"))
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    do(engine, only_a_note)
    assert not [sql for sql in sent if "unnest" in sql or "json_each" in sql or "ANY" in sql]
    assert [sql for sql in sent if "UPDATE sales_order_line" in sql]


def test_an_import_that_contradicts_itself_is_taken_as_told(engine: Engine) -> None:
    """Delivered before it was ordered, in a shipment of more than the line: the file says so, and it is kept."""
    commit(engine, small("A-1,1,Northwind,BOLT,10,2.50,2026-05-04,S-1,2026-05-02\n"))
    commit(engine, small("A-1,1,Northwind,BOLT,4,2.50,2026-05-04,S-1,2026-05-02\n"))
