"""The conservation laws hold on every book there is, and each one finds the row that breaks it, alone and among touched."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, text

from db.queries.integrity.laws import LAWS
from db.records import table_of
from db.tables import Approval, ApprovalStep, Base, ExceptionCase
from domain.vocabulary.approvals import ApprovalStatus, ApprovalType, Decision
from domain.vocabulary.statuses import ExceptionStatus, Role, Severity
from tests.laws import broken_laws
from tests.worlds import NOW

BY_NAME = {law.name: law for law in LAWS}
SHIPPED = "(select min(l.line_id) from sales_order_line l where qty_shipped > 0 and delivered_on is not null)"
STAMP = {"created_at": NOW, "updated_at": NOW}


def approval(status: ApprovalStatus, **step: Any) -> tuple[Any, ...]:
    """Return the inserts of a request of ann's with one step."""
    head = {"type": ApprovalType.PRICE, "object_type": "sales_order", "object_id": 1, "change": "", "snapshot": "",
            "snapshot_hash": "", "reason": "r", "requested_by": "ann", "requested_at": NOW}  # fmt: skip
    asked = insert(table_of(Approval)).values(approval_id=900, status=status, **head, **STAMP)
    given = {"approval_id": 900, "requested_by": "ann", "step": 1, "role": Role.LEAD, **step}
    return asked, insert(table_of(ApprovalStep)).values(approval_step_id=900, **given, **STAMP)


def resolved_case() -> Any:
    """Return the insert of a case that is resolved and kept its key."""
    given = {"type_code": "X", "open_key": "X:1", "object_type": "sales_order", "object_id": 1, "detected_at": NOW,
             "last_seen_at": NOW, "severity": Severity.S1, "status": ExceptionStatus.RESOLVED, "summary": "s"}  # fmt: skip
    return insert(table_of(ExceptionCase)).values(exception_id=900, **given, **STAMP)


# How each law is broken straight in the database, and which rows of which table a command would have touched.
BROKEN: dict[str, tuple[tuple[Any, ...], str, str]] = {
    "on hand is the sum of the ledger": (
        ("update stock_balance set on_hand = on_hand + 1000 where stock_balance_id = 7",), "stock_balance", "7"),
    "reserved is the sum of the ledger": (
        ("update stock_movement set reserved_delta = reserved_delta + 1000 where movement_id = 7",),
        "stock_movement", "7"),
    "the ledger has a balance": (
        ("delete from stock_balance where stock_balance_id = 7",),
        "stock_movement", "select movement_id from stock_movement m where not exists (select 1 from stock_balance b "
        "where b.sku_id = m.sku_id and b.site_id = m.site_id) limit 1"),
    "reserved stock is what reservations hold": (
        ("update stock_balance set on_hand = on_hand + 1000, reserved = reserved + 1000 where stock_balance_id = 7",),
        "stock_balance", "7"),
    "a supply holds what is reserved from it": (
        ("update reservation set qty = qty + 1000 where reservation_id = 7",), "reservation", "7"),
    "no supply is reserved beyond its quantity": (
        ("update supply set qty_reserved = qty + 1 where supply_id = 7",), "supply", "7"),
    "stock on hand is one supply": (
        ("update supply set qty = qty + 1000 where supply_id = (select min(supply_id) from supply where "
         "status = 'AVAILABLE')",), "supply", "select min(supply_id) from supply where status = 'AVAILABLE'"),
    "shipped is the sum of shipments": (
        (f"update shipment_line set qty = qty + 1000 where line_id = {SHIPPED}",), "shipment_line",
        f"select min(shipment_line_id) from shipment_line where line_id = {SHIPPED}"),
    "delivered is the sum of arrived shipments": (
        (f"update sales_order_line set qty_delivered = qty_delivered - 1000, qty_returned = 0 where line_id = {SHIPPED}",),
        "sales_order_line", f"select {SHIPPED}"),
    "invoiced is the sum of invoices": (
        (f"update sales_order_line set qty_invoiced = qty_invoiced - 1000 where line_id = {SHIPPED}",),
        "sales_order_line", f"select {SHIPPED}"),
    "returned is the sum of credit memos": (
        (f"update sales_order_line set qty_returned = 1 where line_id = {SHIPPED}",),
        "sales_order_line", f"select {SHIPPED}"),
    "allocated is reserved from stock": (
        ("update reservation set status = 'EXPIRED' where reservation_id = (select min(reservation_id) from reservation "
         "r join supply s using (supply_id) where s.status = 'AVAILABLE')",), "reservation",
        "select min(reservation_id) from reservation r join supply s using (supply_id) where s.status = 'AVAILABLE'"),
    "quantities stand in order": (
        ("update sales_order_line set qty_picked = 5000, qty_released = 4000 where line_id = 7",), "sales_order_line", "7"),
    "line stage agrees with quantities": (
        (f"update sales_order_line set stage = 'CONFIRMED' where line_id = {SHIPPED}",),
        "sales_order_line", f"select {SHIPPED}"),
    "order stage agrees with lines": (
        (f"update sales_order_line set stage = 'PICKING' where line_id = {SHIPPED}",),
        "sales_order_line", f"select {SHIPPED}"),
    "a hold that blocks confirmation shows in the stage": (
        ("update hold set status = 'RELEASED' where hold_id = (select min(hold_id) from hold where status = 'OPEN' and "
         "scope = 'ORDER' and blocks like '%CONFIRM%')",), "sales_order",
        "select min(order_id) from sales_order o where stage = 'ON_HOLD' and not exists (select 1 from hold h where "
        "h.order_id = o.order_id and h.status not in ('RELEASED', 'REJECTED', 'EXPIRED') and blocks like '%CONFIRM%')"),
    "no promised day is overwritten": (
        ("update sales_order_line set promised_on = promised_on + 1 where line_id = 7",), "sales_order_line", "7"),
    "no requested day is overwritten": (
        ("update date_change set old = old - 1 where date_change_id = (select min(date_change_id) from date_change where "
         "field = 'requested_on')",), "date_change", "select min(date_change_id) from date_change where field = 'requested_on'"),
    "delivered day is the last arrival": (
        (f"update sales_order_line set delivered_on = delivered_on + 1 where line_id = {SHIPPED}",),
        "sales_order_line", f"select {SHIPPED}"),
    "days of a line stand in order": (
        (f"update sales_order_line set first_delivered_on = delivered_on + 1 where line_id = {SHIPPED}",),
        "sales_order_line", f"select {SHIPPED}"),
    "an invoice is the sum of its lines": (
        ("update invoice_line set amount = amount + 1 where invoice_line_id = 7",), "invoice_line", "7"),
    "an order total is the sum of its lines": (
        ("update sales_order_line set net_amount = net_amount + 1 where line_id = 7",), "sales_order_line", "7"),
    "one open case per key": ((resolved_case(),), "exception_case", "900"),
    "an approval stands where its steps do": (
        approval(ApprovalStatus.APPROVED), "approval_step", "900"),
    "nobody decides their own request": (
        approval(ApprovalStatus.REQUESTED, decision=Decision.APPROVED, approved_by="ann"), "approval_step", "900"),
}  # fmt: skip


def test_all_laws_hold_on_the_demo(demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        assert broken_laws(connection) == {}
        looked_at = {law.name: law.checked(connection) for law in LAWS}
    idle = {name for name, checked in looked_at.items() if not checked}
    assert idle == {"one open case per key"}


def test_all_laws_hold_on_the_delivery_history(scms_engine: Engine) -> None:
    with scms_engine.connect() as connection:
        assert broken_laws(connection) == {}


def test_each_law_is_broken_below() -> None:
    assert BROKEN.keys() == BY_NAME.keys()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_law_is_found_among_all_and_among_touched_rows(demo_engine: Engine, name: str) -> None:
    statements, table, key = BROKEN[name]
    law = BY_NAME[name]
    with demo_engine.connect() as connection:
        transaction = connection.begin()
        if name == "nobody decides their own request":
            _without_constraint(connection)
        for statement in statements:
            connection.execute(text(statement) if isinstance(statement, str) else statement)
        touched = int(connection.execute(text(key if " " in key else f"select {key}")).scalar_one())
        among_all = law.find(connection)
        among_touched = law.find(connection, {table: {touched}})
        elsewhere = law.find(connection, {table: {touched + 1}})
        transaction.rollback()
    assert among_all
    assert among_touched
    assert set(among_touched) <= set(among_all)
    assert not set(elsewhere) & set(among_touched) or table in (
        "stock_movement",
        "shipment_line",
        "date_change",
    )


def _without_constraint(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
    else:
        connection.execute(text("alter table approval_step drop constraint ck_approval_step_segregation"))


def test_what_laws_watch_is_there() -> None:
    tables = Base.metadata.tables
    for law in LAWS:
        assert law.table in law.watches or law.reach
        for table, columns in law.watches.items():
            assert columns - {"*"} <= set(tables[table].c.keys()), law.name
            assert table == law.table or table in law.reach, f"{law.name} cannot be reached from {table}"
