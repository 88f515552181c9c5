"""Many rows written by one door: stale rows are told exactly, every type arrives as it was, nothing deadlocks."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table, delete, select, update

from db import prepared, records
from db.bulk import bulk_update
from db.records import table_of
from db.tables import Customer, SalesOrder, SalesOrderLine
from db.unit_of_work import transact
from domain.vocabulary.errors import Conflict
from domain.vocabulary.statuses import CreditRisk, CustomerStatus, LineStage
from tests.acting import NOON, do
from tests.services.test_commands import declared
from tests.small_book import fill

LINES, ORDERS, CUSTOMERS = table_of(SalesOrderLine), table_of(SalesOrder), table_of(Customer)


def write(engine: Engine, owner: Table, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> list[int]:
    """Run `bulk_update` in a transaction of its own; the values of `rows` are as code has them."""

    def work(connection: Connection) -> list[int]:
        ready = [
            (key, seen, *(prepared.to_driver(connection, owner.c[n], v) for n, v in zip(names, values, strict=True)))
            for key, seen, *values in rows
        ]  # fmt: skip
        return bulk_update(connection, owner, names, ready, at=NOON, by="bulk")

    return transact(engine, lambda uow: work(uow.connection))


def stored(engine: Engine, owner: Table, *names: str) -> dict[int, tuple[Any, ...]]:
    """Return the named columns by key, converted as code takes them."""
    key = next(iter(owner.primary_key.columns))
    with engine.connect() as connection:
        return {
            row[0]: tuple(row[1:]) for row in connection.execute(select(key, *(owner.c[n] for n in names)))
        }


def test_stale_rows_are_told_exactly(engine: Engine) -> None:
    """Stale by one, by more, seen from the future, gone and never there; all others are written."""
    fill(engine, orders=5, lines=4)
    with engine.begin() as connection:
        connection.execute(
            update(LINES).where(LINES.c.line_id.in_([3, 9])).values(row_version=2, note="theirs")
        )
        connection.execute(update(LINES).where(LINES.c.line_id == 12).values(row_version=8, note="theirs"))
        connection.execute(delete(LINES).where(LINES.c.line_id == 20))
    rows = [(key, 1, f"mine {key}") for key in (20, 1, 3, 2, 9, 12, 999)] + [(4, 7, "too new")]
    assert write(engine, LINES, ("note",), rows) == [3, 4, 9, 12, 20, 999]
    after = stored(engine, LINES, "note", "row_version", "updated_by")
    assert after[1] == ("mine 1", 2, "bulk") and after[2] == ("mine 2", 2, "bulk")
    assert after[3] == ("theirs", 2, "test") and after[12] == ("theirs", 8, "test")
    assert after[4] == (None, 1, "test") and after[5] == (None, 1, "test")


def test_the_second_write_of_the_same_rows_is_stale_as_a_whole(engine: Engine) -> None:
    fill(engine, orders=3)
    rows = [(key, 1, "n") for key in range(1, 13)]
    assert write(engine, LINES, ("note",), rows) == []
    assert write(engine, LINES, ("note",), rows) == list(range(1, 13))
    assert write(engine, LINES, ("note",), []) == []


def test_a_key_given_twice_is_a_fault_of_ours(engine: Engine) -> None:
    fill(engine, orders=1)
    with pytest.raises(ValueError, match="twice"):
        write(engine, LINES, ("note",), [(1, 1, "a"), (1, 1, "b")])


def test_every_type_arrives_as_it_was_with_gaps(engine: Engine) -> None:
    fill(engine, orders=3, lines=4)
    names = ("net_price", "qty_ordered", "uom_factor", "promised_on", "stage", "note", "promise_source")
    values = {
        1: (Decimal("0.0001"), Decimal("0.001"), Decimal("1.000001"), date(2026, 12, 31), LineStage.BACKORDERED, "ü 'q' \"d\" {a,b} \\ NULL", "MANUAL"),
        2: (None, Decimal("123456789.123"), None, None, LineStage.NEW, None, None),
        3: (Decimal("922337203.6854"), Decimal(0), Decimal(1), date(1970, 1, 1), LineStage.SHIPPED, "", "MANUAL"),
        4: (Decimal("-5.25"), Decimal(7), Decimal("0.5"), date(1969, 12, 31), LineStage.CLOSED, "日本語 😀\n\t", None),
    }  # fmt: skip
    assert write(engine, LINES, names, [(key, 1, *row) for key, row in values.items()]) == []
    after = stored(engine, LINES, *names, "updated_at")
    for key, row in values.items():
        assert after[key] == (*row, NOON)
    nothing = (None, Decimal(1), None, None, LineStage.NEW, None, None)
    assert write(engine, LINES, names, [(key, 2, *nothing) for key in values]) == []
    assert {stored(engine, LINES, *names)[key] for key in values} == {nothing}


def test_flags_choices_and_instants(engine: Engine) -> None:
    fill(engine, orders=3)
    assert write(engine, ORDERS, ("ship_complete", "priority", "entered_at"),
                 [(1, 1, True, 9, NOON), (2, 1, False, None, None), (3, 1, True, 1, NOON)]) == []  # fmt: skip
    assert stored(engine, ORDERS, "ship_complete", "priority", "entered_at") == {
        1: (True, 9, NOON), 2: (False, None, None), 3: (True, 1, NOON),
    }  # fmt: skip
    names = ("credit_risk", "status", "credit_limit", "po_required", "tier")
    rows = [
        (1, 1, CreditRisk.HIGH, CustomerStatus.BLOCKED, Decimal("1000.5"), True, 4),
        (2, 1, None, CustomerStatus.ACTIVE, None, False, None),
    ]
    assert write(engine, CUSTOMERS, names, rows) == []
    assert stored(engine, CUSTOMERS, *names) == {row[0]: tuple(row[2:]) for row in rows}


def test_ten_thousand_rows(engine: Engine) -> None:
    fill(engine, orders=2_500, lines=4)
    others = [17, 18, 5_000, 9_999]
    with engine.begin() as connection:
        connection.execute(update(LINES).where(LINES.c.line_id.in_(others)).values(row_version=2))
    rows = [(key, 1, f"n{key}", Decimal(key) / 100) for key in range(10_000, 0, -1)]
    assert write(engine, LINES, ("note", "net_price"), rows) == others
    after = stored(engine, LINES, "note", "net_price", "row_version")
    assert {key for key, row in after.items() if row == (f"n{key}", Decimal(key) / 100, 2)} == set(
        after
    ) - set(others)


def test_two_bulk_writes_at_once_neither_deadlock_nor_lose_a_row(engine: Engine) -> None:
    fill(engine, orders=250, lines=4)
    together = threading.Barrier(2)

    def side(keys: list[int], note: str) -> list[int]:
        together.wait()
        return write(engine, LINES, ("note",), [(key, 1, note) for key in keys])

    with ThreadPoolExecutor(2) as pool:
        up = pool.submit(side, list(range(1, 801)), "up")
        down = pool.submit(side, list(range(1_000, 200, -1)), "down")
        stale = (up.result(timeout=60), down.result(timeout=60))
    both = list(range(201, 801))
    assert sorted(stale, key=len) == [[], both], "whoever came second lost exactly the rows of the first"
    notes = stored(engine, LINES, "note", "row_version")
    assert all(version == 2 for _, version in notes.values())
    winner = "down" if stale[0] else "up"
    assert {notes[key][0] for key in both} == {winner}


def test_change_all_writes_what_differs_and_audits_it(engine: Engine) -> None:
    fill(engine, orders=5)

    def spread(*, uow: Any, **_more: Any) -> list[int]:
        rows = records.lock_all(uow, SalesOrderLine, range(1, 21))
        wanted = [
            {"note": "n", "net_price": Decimal(key)} if key % 2 else {"stage": row.stage, "note": f"n{key}"}
            for key, row in enumerate(rows, 1)
        ]
        wanted[4] = {"note": None}
        after = records.change_all(uow, rows, wanted)
        return [row.row_version for row in after]

    with declared(spread) as service:
        versions = do(engine, service)
    assert versions == [1 if place == 4 else 2 for place in range(20)]
    after = stored(engine, LINES, "note", "net_price", "row_version")
    assert after[1] == ("n", Decimal(1), 2) and after[2] == ("n2", Decimal("2.5"), 2)
    assert after[5] == (None, Decimal("2.5"), 1)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT field, count(*) FROM audit_log GROUP BY field").fetchall()
    assert sorted(map(tuple, rows)) == [("net_price", 9), ("note", 19)]


def test_change_all_refuses_as_a_whole_when_a_row_moved(engine: Engine) -> None:
    fill(engine, orders=5)

    def late(*, uow: Any, **_more: Any) -> None:
        rows = records.lock_all(uow, SalesOrderLine, range(1, 11))
        moved = update(LINES).where(LINES.c.line_id == 7).values(row_version=2)
        uow.connection.execute(moved)
        records.change_all(uow, rows, [{"note": "x"}] * 10)

    with declared(late) as service, pytest.raises(Conflict) as refusal:
        do(engine, service)
    assert refusal.value.code == "sales_order_line.changed" and refusal.value.data["key"] == 7
    assert set(stored(engine, LINES, "note", "row_version").values()) == {(None, 1)}
    assert json.dumps(refusal.value.data)
