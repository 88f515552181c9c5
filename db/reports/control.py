"""Report view of exception cases."""

from __future__ import annotations

from db.reports.values import Column, Kind, View
from db.tables import Customer, ExceptionCase, SalesOrder, SalesOrderLine, Sku

C, K = Column, Kind


def exceptions() -> View:
    """Every exception case, open or closed."""
    case = ExceptionCase
    return View(
        "report_exceptions",
        "One row per exception case: a cause that needs a person.",
        (
            C("exception_id", K.INTEGER, "Key of the case.", case.exception_id),
            C("type_code", K.TEXT, "Type of the exception catalogue.", case.type_code),
            C("severity", K.TEXT, "S1 is the worst (Severity).", case.severity),
            C("status", K.TEXT, "Status of the case (ExceptionStatus).", case.status),
            C("is_open", K.FLAG, "1: not closed yet.", case.open_key.is_not(None)),
            C("summary", K.TEXT, "What is wrong, in one sentence.", case.summary),
            C("object_type", K.TEXT, "What it is about.", case.object_type),
            C("object_id", K.INTEGER, "Key of what it is about.", case.object_id),
            C("order_no", K.TEXT, "Order number.", SalesOrder.order_no),
            C("line_no", K.TEXT, "Line number.", SalesOrderLine.line_no),
            C("customer", K.TEXT, "Customer's name.", Customer.name),
            C("sku", K.TEXT, "Stock-keeping unit.", Sku.sku),
            C("value_at_risk", K.MONEY, "Value that depends on it.", case.value_at_risk),
            C("currency", K.TEXT, "Currency of that value.", case.currency),
            C("owner_role", K.TEXT, "Role that must act.", case.owner_role),
            C("assignee", K.TEXT, "Who works on it.", case.assignee),
            C("detected_at", K.INSTANT, "When it was found.", case.detected_at),
            C("last_seen_at", K.INSTANT, "When it was last seen.", case.last_seen_at),
            C("due_at", K.INSTANT, "When it must be solved.", case.due_at),
            C("waiting_on", K.TEXT, "Whom it waits for.", case.waiting_on),
            C("next_action_at", K.INSTANT, "When to look again.", case.next_action_at),
            C("reopen_count", K.INTEGER, "How often it came back.", case.reopen_count),
            C("resolution_code", K.TEXT, "How it was solved.", case.resolution_code),
            C("root_cause", K.TEXT, "Why it happened.", case.root_cause),
        ),
        ExceptionCase.__table__.outerjoin(SalesOrder, SalesOrder.order_id == case.order_id)
        .outerjoin(SalesOrderLine, SalesOrderLine.line_id == case.line_id)
        .outerjoin(Customer, Customer.customer_id == case.customer_id)
        .outerjoin(Sku, Sku.sku_id == case.sku_id),
    )
