"""Order lines to edit: what is read beside them, the editable fields of line, order and worst open case, and versions."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, Subquery, and_, case, func, or_, select

from db.queries.frame import frame
from db.queries.lines import chosen
from db.tables import ExceptionCase, SalesOrder, SalesOrderLine, Site
from domain.vocabulary.causes import CLOSED_CASES
from domain.vocabulary.line_filter import LineFilter

MOST = 5_000


def rows(connection: Connection, *, wanted: LineFilter, live: bool, limit: int = MOST) -> pd.DataFrame:
    """Return the lines of a filter, most urgent first, with keys and row versions of line, order and case.

    The case is the worst open one (severity, then age) of the line or, without a line, of its order.
    """
    fact = chosen(wanted, live=live).subquery().c
    line, order = SalesOrderLine, SalesOrder
    of_line, of_order = _worst(by_line=True), _worst(by_line=False)
    first = or_(
        of_order.c.exception_id.is_(None),
        and_(of_line.c.exception_id.is_not(None), of_line.c.severity <= of_order.c.severity),
    )
    worst = ExceptionCase
    statement = (
        select(
            fact.line_id, fact.order_id, fact.order_no, fact.line_no, fact.customer, fact.sku, fact.sku_description,
            fact.requested_on, fact.promised_on_first, line.promised_on, fact.expected_on, fact.wait_reason,
            fact.qty_open, fact.open_amount, fact.currency, line.backorder_reason, line.root_cause, line.note,
            order.owner, order.priority, order.note.label("order_note"), Site.code.label("site"),
            line.row_version.label("line_version"), order.row_version.label("order_version"),
            worst.exception_id.label("case_id"), worst.type_code.label("case_type"), worst.severity.label("case_severity"),
            worst.assignee, worst.root_cause.label("case_cause"), worst.notes.label("case_note"),
            worst.row_version.label("case_version"),
        )
        .join(line, line.line_id == fact.line_id)
        .join(order, order.order_id == fact.order_id)
        .outerjoin(Site, Site.site_id == fact.site_id)
        .outerjoin(of_line, of_line.c.place == fact.line_id)
        .outerjoin(of_order, of_order.c.place == fact.order_id)
        .outerjoin(worst, worst.exception_id == case((first, of_line.c.exception_id), else_=of_order.c.exception_id))
        .order_by(line.promised_on.is_(None), line.promised_on, fact.open_amount.desc(), fact.line_id)
        .limit(limit)
    )  # fmt: skip
    return frame(connection, statement)


def _worst(*, by_line: bool) -> Subquery:
    place = ExceptionCase.line_id if by_line else ExceptionCase.order_id
    rank = func.row_number().over(
        partition_by=place,
        order_by=(ExceptionCase.severity, ExceptionCase.detected_at, ExceptionCase.exception_id),
    )
    open_ones: Select[Any] = select(
        place.label("place"), ExceptionCase.exception_id, ExceptionCase.severity, rank.label("rank")
    ).where(ExceptionCase.status.not_in(CLOSED_CASES), place.is_not(None))
    if not by_line:
        open_ones = open_ones.where(ExceptionCase.line_id.is_(None))
    ranked = open_ones.subquery()
    name = "case_of_line" if by_line else "case_of_order"
    return (
        select(ranked.c.place, ranked.c.exception_id, ranked.c.severity)
        .where(ranked.c.rank == 1)
        .subquery(name)
    )
