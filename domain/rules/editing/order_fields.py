"""What people edit on orders, order lines and exception cases, and when a row no longer takes it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.rules.editing.editable_field import MOST_NOTE, Facts, Field
from domain.vocabulary.causes import CLOSED_CASES, BackorderReason, RootCause
from domain.vocabulary.edits import FieldKind
from domain.vocabulary.permissions import Permission, ReasonRule
from domain.vocabulary.statuses import LineStage, OrderStage

ORDER, LINE, CASE = "sales_order", "sales_order_line", "exception_case"
FARTHEST = timedelta(days=5 * 366)
SETTLED = {
    LineStage.SHIPPED: "is shipped",
    LineStage.DELIVERED: "is delivered",
    LineStage.INVOICED: "is invoiced",
    LineStage.CLOSED: "is closed",
    LineStage.CANCELLED: "is cancelled",
    LineStage.REJECTED: "is rejected",
}
"""Stages after which nothing of a line waits for goods."""
ARRIVED = (LineStage.DELIVERED, LineStage.CLOSED, LineStage.CANCELLED, LineStage.REJECTED)
"""Stages after which nothing is left to promise: what is shipped, and even invoiced, may still arrive later than promised
(domain.md 7.9.1)."""
EARLY = (OrderStage.DRAFT, OrderStage.VALIDATING, OrderStage.ON_HOLD, OrderStage.CONFIRMED)
"""Stages of an order up to CONFIRMED: dates and amounts may still change without a reason (domain.md 2.10.3)."""


def past_confirmed(order_stage: Any) -> bool:
    """Whether an order is past CONFIRMED."""
    return order_stage is not None and order_stage not in EARLY


def promise(value: Any, facts: Facts) -> str | None:
    """Refuse a promise for a line that is gone or delivered, before the order came, or years ahead.

    What is taken back goes to what stood there before, also to no promise at all.
    """
    stage = facts.get("stage")
    if stage in ARRIVED:
        return f"The line {SETTLED[stage]}: there is nothing left to promise."
    if facts.get("delivered_on") is not None:
        return f"The line was delivered on {facts['delivered_on']}: there is nothing left to promise."
    if facts.get("taken_back"):
        return None
    if not isinstance(value, date):
        return "A promise is moved to another day, not taken away." if facts.get("promised_on") else None
    entered = facts.get("entered_on")
    if isinstance(entered, date) and value < entered:
        return f"{value} lies before the day on which the line was entered ({entered})."
    today = facts.get("today")
    if isinstance(today, date) and value > today + FARTHEST:
        return f"{value} is more than five years ahead; check the year."
    return None


def live_line(_value: Any, facts: Facts) -> str | None:
    """Refuse a backorder reason for a line of which nothing is waited for."""
    settled = SETTLED.get(facts.get("stage"))  # type: ignore[arg-type]
    return None if settled is None else f"The line {settled}: nothing of it waits."


def open_case(_value: Any, facts: Facts) -> str | None:
    """Refuse an edit of a case that is closed."""
    status = facts.get("status")
    if status in CLOSED_CASES:
        return f"The case is {str(status).replace('_', ' ').lower()}; reopen it to change it."
    return None


EDIT, PROMISE = (Permission.ORDERS_EDIT,), (Permission.ORDERS_PROMISE,)
WORK, ASSIGN = (Permission.CASES_WORK,), (Permission.CASES_ASSIGN, Permission.CASES_WORK)
CAUSES = tuple(map(str, RootCause))

FIELDS = (
    Field(LINE, "promised_on", "Promised", FieldKind.DAY, PROMISE, reason=ReasonRule.LATE, check=promise,
          help="The promise in force; each change is kept with its reason and who caused it."),
    Field(LINE, "backorder_reason", "Backorder reason", FieldKind.CHOICE, EDIT, choices=tuple(map(str, BackorderReason)),
          check=live_line, help="Why the line is behind."),
    Field(LINE, "root_cause", "Root cause", FieldKind.CHOICE, EDIT, choices=CAUSES,
          help="The primary cause, once it is known."),
    Field(LINE, "note", "Line note", FieldKind.NOTE, EDIT, longest=MOST_NOTE),
    Field(ORDER, "owner", "Owner", FieldKind.CHOICE, EDIT, listed="people", help="Who looks after the order."),
    Field(ORDER, "priority", "Priority", FieldKind.INTEGER, EDIT, least=Decimal(1), most=Decimal(9),
          help="1 is the most urgent, 9 the least."),
    Field(ORDER, "note", "Order note", FieldKind.NOTE, EDIT, longest=MOST_NOTE),
    Field(CASE, "assignee", "Case assignee", FieldKind.CHOICE, ASSIGN, listed="people", check=open_case,
          help="Who works on the worst open case of the line or its order."),
    Field(CASE, "root_cause", "Case cause", FieldKind.CHOICE, WORK, choices=CAUSES, check=open_case),
    Field(CASE, "notes", "Case note", FieldKind.NOTE, WORK, longest=MOST_NOTE, check=open_case),
)  # fmt: skip
