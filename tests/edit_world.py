"""A small book of orders to edit: two customers, two sites, a planner's and a sales person's accounts, one open case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from db.tables import (
    AppUser,
    Customer,
    ExceptionCase,
    SalesOrder,
    SalesOrderLine,
    Site,
    Sku,
    SlaClock,
    SlaPolicy,
)
from domain.vocabulary.statuses import ClockState, LineStage, OrderStage, Role, Severity

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
PROMISED = date(2026, 6, 22)
STAMPS = {"created_at": NOW, "created_by": "seed", "updated_at": NOW, "updated_by": "seed", "row_version": 1}


@dataclass(frozen=True)
class Book:
    """Keys of what was made."""

    orders: tuple[int, ...]
    lines: tuple[int, ...]
    case: int
    customers: tuple[int, ...]
    sites: tuple[int, ...]


def build(
    engine: Engine, *, orders: int = 3, lines: int = 2, order_stage: OrderStage = OrderStage.CONFIRMED
) -> Book:
    """Fill an empty database with `orders` orders of `lines` lines each, confirmed and promised for PROMISED."""
    with Session(engine) as session:
        customers = _add(session, Customer, [{"code": c, "name": c} for c in ("Northwind", "Contoso")])
        sites = _add(session, Site, [{"code": c, "name": c} for c in ("HAM", "LYO")])
        (sku,) = _add(session, Sku, [{"sku": "BOLT-8", "description": "Bolt"}])
        _add(
            session,
            AppUser,
            [{"login": w, "name": w.title(), "role": Role.ASSOC} for w in ("ana", "ben", "cleo")],
        )
        made = _add(
            session,
            SalesOrder,
            [
                {"order_no": f"SO-{n}", "customer_id": customers[n % 2], "stage": order_stage, "currency": "EUR",
                 "owner": "ana", "priority": 5}
                for n in range(1, orders + 1)
            ],
        )  # fmt: skip
        rows = [
            {"order_id": order, "line_no": str(n), "sku_id": sku, "site_id": sites[n % 2], "qty_ordered": Decimal(10),
             "net_amount": Decimal("25.50"), "entered_on": date(2026, 6, 1), "requested_on": PROMISED,
             "promised_on": PROMISED, "promised_on_first": PROMISED, "stage": LineStage.CONFIRMED}
            for order in made
            for n in range(1, lines + 1)
        ]  # fmt: skip
        of = _add(session, SalesOrderLine, rows)
        (case,) = _add(session, ExceptionCase, [_case(made[0], of[0])])
        _clock(session, made[0])
        session.commit()
    return Book(tuple(made), tuple(of), case, tuple(customers), tuple(sites))


def _case(order: int, line: int) -> dict[str, Any]:
    return {"type_code": "PROMISE_SLIP", "open_key": f"PROMISE_SLIP:line:{line}", "object_type": "line",
            "object_id": line, "order_id": order, "line_id": line, "detected_at": NOW, "last_seen_at": NOW,
            "severity": Severity.S2, "summary": "The promise slips"}  # fmt: skip


def _clock(session: Session, order: int) -> None:
    (policy,) = _add(
        session,
        SlaPolicy,
        [{"name": "Ship", "object_type": "order", "metric": "SHIP", "rank": 1, "kind": "DURATION",
          "calendar_source": "FIXED", "start_on": "RELEASED", "stop_on": "SHIPPED", "valid_from": date(2026, 1, 1)}],
    )  # fmt: skip
    _add(
        session,
        SlaClock,
        [{"policy_id": policy, "policy_version": 1, "object_type": "order", "object_id": order, "order_id": order,
          "state": ClockState.RUNNING, "started_at": NOW, "last_event_at": NOW}],
    )  # fmt: skip


def _add(session: Session, owner: Any, rows: list[dict[str, Any]]) -> list[int]:
    key = next(iter(owner.__table__.primary_key.columns))
    statement = insert(owner).returning(key, sort_by_parameter_order=True)
    return [int(row[0]) for row in session.execute(statement, [{**STAMPS, **row} for row in rows])]


def value(engine: Engine, owner: Any, key: int, name: str) -> Any:
    """Return one field of one row as it is stored now."""
    column = next(iter(owner.__table__.primary_key.columns))
    with engine.connect() as connection:
        return connection.execute(select(owner.__table__.c[name]).where(column == key)).scalar_one()


def edit(entity: str, record_id: int, field: str, old: Any, new: Any, row_version: int = 1) -> dict[str, Any]:
    """Return an edited cell as a grid sends it."""
    return {"entity": entity, "record_id": record_id, "field": field, "old": old, "new": new,
            "row_version": row_version}  # fmt: skip
