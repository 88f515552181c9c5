"""Requests of the demo: sensitive changes that people asked for, most of them waiting, two decided.

They are made by the tower's own commands after the book is written, so that they hold what real ones hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, select

from db.records import table_of
from db.tables import Approval, CalendarException, Customer, Site, Sku, SkuSite
from db.unit_of_work import reading
from domain.rules.editing.values import to_json
from domain.services import calendar_changes
from domain.services.approving import approvals
from domain.services.commands import Request, perform
from domain.services.editing import edits
from domain.vocabulary.actor import Actor
from domain.vocabulary.statuses import Role, SkuStatus
from seed.demo.names import USERS

MOST_CREDIT = Decimal(45_000)
"""Customers up to this limit: one step decides about them."""
PEOPLE = {login: Actor(login, frozenset({Role(role)}), name=name) for login, name, role, _, _ in USERS}
OWNERS: Mapping[str, Any] = {"customer": Customer, "sku": Sku, "sku_site": SkuSite, "site": Site}


@dataclass(frozen=True)
class Ask:
    """A cell that somebody wants changed: `place` counts the rows of the table by key, `hours` ago."""

    who: str
    hours: int
    entity: str
    place: int
    field: str
    new: Callable[[Any], Any]
    reason: str


ASKS = (
    Ask("ramon.quintero", 30, "site", 1, "capacity_lines_day", lambda old: old + 60, "A second packing line runs"),
    Ask("devon.pruitt", 26, "customer", 15, "payment_terms", lambda _: "NET90", "The buyer asks for 90 days"),
    Ask("devon.pruitt", 21, "customer", 3, "credit_limit", lambda old: old + Decimal(5_000),
        "Two large orders announced for next month"),
    Ask("elise.fontaine", 2, "customer", 7, "payment_terms", lambda _: "NET60", "Agreed in the yearly talks"),
    Ask("priya.sharma", 5, "sku", 9, "status", lambda _: SkuStatus.EOL_ANNOUNCED, "The supplier ends this part"),
    Ask("noor.haddad", 8, "sku_site", 4, "safety_stock", lambda old: (old * Decimal("1.25")).to_integral_value(),
        "Lead time of the supplier grew to ten weeks"),
)  # fmt: skip
"""The first two are decided below, in this order: approved, rejected."""


def ask_for_changes(engine: Engine, *, now: datetime, today: date) -> int:
    """Make the requests of the demo, decide two of them, and return how many wait."""
    made = [_ask(engine, number, ask, now) for number, ask in enumerate(ASKS)]
    _decide(engine, approvals.approve, made[0], "sanne.vermeulen", now - timedelta(hours=27), "")
    refusal = "60 days are the most for this risk class"
    _decide(engine, approvals.reject, made[1], "kwame.okafor", now - timedelta(hours=20), refusal)
    _close_for_stocktaking(engine, now, today)
    return len(made) - 1


def _ask(engine: Engine, number: int, ask: Ask, now: datetime) -> int:
    table = table_of(OWNERS[ask.entity])
    key = next(iter(table.primary_key.columns))
    column = table.c[ask.field]
    statement = select(key, column, table.c.row_version).where(column.is_not(None)).order_by(key)
    if ask.entity == "customer":
        statement = statement.where(Customer.currency == "USD", Customer.credit_limit <= MOST_CREDIT)
    with reading(engine) as unit:
        rows = unit.connection.execute(statement.offset(ask.place)).all()
    record, old, version = next(row for row in rows if ask.new(row[1]) != row[1])
    cell = {
        "entity": ask.entity, "record_id": record, "field": ask.field, "old": to_json(old),
        "new": to_json(ask.new(old)), "row_version": version,
    }  # fmt: skip
    at = now - timedelta(hours=ask.hours)
    request = Request(f"demo:request:{number}", PEOPLE[ask.who], at, "demo")
    answer = perform(engine, edits.apply, request, edits=[cell], reason=ask.reason)
    return int(answer["results"][0]["approval_id"])


def _decide(engine: Engine, which: Any, approval_id: int, who: str, at: datetime, comment: str) -> None:
    chosen = select(Approval.row_version).where(Approval.approval_id == approval_id)
    with reading(engine) as unit:
        version = unit.connection.execute(chosen).scalar_one()
    request = Request(f"demo:decision:{approval_id}", PEOPLE[who], at, "demo")
    perform(engine, which, request, approval_id=approval_id, row_version=version, comment=comment)


def _close_for_stocktaking(engine: Engine, now: datetime, today: date) -> None:
    closed = CalendarException
    with reading(engine) as unit:
        first = select(Site.calendar_id).order_by(Site.site_id).limit(1)
        calendar = unit.connection.execute(first).scalar_one()
        taken = set(
            unit.connection.execute(select(closed.on_day).where(closed.calendar_id == calendar)).scalars()
        )
    days = (today + timedelta(days=ahead) for ahead in range(15, 60))
    ahead = next(day for day in days if day.weekday() == 4 and day not in taken)
    perform(
        engine, calendar_changes.set_exception,
        Request("demo:stocktaking", PEOPLE["lukas.brandt"], now - timedelta(hours=1), "demo"),
        calendar_id=calendar, on_day=ahead.isoformat(), name="Stocktaking", spans=[[480, 720]],
        reason="The warehouse counts in the afternoon",
    )  # fmt: skip
