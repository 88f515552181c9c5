"""Order lines by a filter: how many, what they are worth, and the rows themselves; one condition for all three."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, or_, select, true

from db.queries.frame import frame
from db.queries.line_facts import line_facts
from db.tables import SalesOrderLine, Site
from domain.vocabulary.line_filter import OF_THE_PAST, LineFilter, LineState
from domain.vocabulary.statuses import WaitReason

Facts = Any
AT_RISK_DAYS = 7
BLOCKED = (WaitReason.ON_HOLD, WaitReason.SUPPLY_LATE, WaitReason.NO_SUPPLY)


def chosen(wanted: LineFilter, *, live: bool) -> Select[Any]:
    """Select every fact of the lines that `wanted` means; `live` as in line_facts."""
    past = wanted.state in OF_THE_PAST
    facts = line_facts(
        wanted.as_of,
        source=wanted.source or None,
        live=live,
        delivered=past,
        both=wanted.state is LineState.ALL,
    )
    return select(facts).where(_condition(wanted, facts.c, live))


def _condition(wanted: LineFilter, fact: Facts, live: bool) -> ColumnElement[bool]:
    day = fact.delivered_on if wanted.state in OF_THE_PAST else fact.promised_on
    limits: list[ColumnElement[bool]] = [_of_state(wanted, fact, live)]
    if wanted.reason is not None:
        limits.append(fact.wait_reason == wanted.reason.value)
    if wanted.first is not None:
        limits.append(day >= wanted.first)
    if wanted.last is not None:
        limits.append(day <= wanted.last)
    if wanted.customer:
        limits.append(fact.customer == wanted.customer)
    if wanted.site:
        limits.append(fact.site_id.in_(select(Site.site_id).where(Site.code == wanted.site)))
    if wanted.tier is not None:
        limits.append(fact.tier == wanted.tier)
    if wanted.owner:
        limits.append(fact.owner == wanted.owner)
    if wanted.currency:
        limits.append(fact.currency == wanted.currency)
    for word in wanted.text.split():
        limits.append(_mentions(fact, word))
    return and_(*limits)


def at_risk(fact: Facts, as_of: date, *, live: bool) -> ColumnElement[bool]:
    """Return the condition that a line is promised soon and what it waits for is proven not to be there.

    For a past day only the hold counts: expected days and pegs are kept only as they are now.
    """
    soon = and_(fact.promised_on >= as_of, fact.promised_on <= as_of + timedelta(days=AT_RISK_DAYS))
    if not live:
        return and_(soon, fact.on_hold == 1)
    blocked = or_(fact.wait_reason.in_([r.value for r in BLOCKED]), fact.expected_on > fact.promised_on)
    return and_(soon, func.coalesce(blocked, false()))


def _of_state(wanted: LineFilter, fact: Facts, live: bool) -> ColumnElement[bool]:
    tests: dict[LineState, ColumnElement[bool]] = {
        LineState.OVERDUE: fact.is_overdue == 1,
        LineState.DUE: fact.promised_on >= wanted.as_of,
        LineState.ON_HOLD: fact.on_hold == 1,
        LineState.NO_PROMISE: fact.promised_on.is_(None),
        LineState.AT_RISK: at_risk(fact, wanted.as_of, live=live),
        LineState.LATE: fact.delivered_on > fact.promised_on,
        LineState.ON_TIME: fact.delivered_on <= fact.promised_on,
    }
    return tests.get(wanted.state, true())


def _mentions(fact: Facts, word: str) -> ColumnElement[bool]:
    part = select(SalesOrderLine.line_id).where(SalesOrderLine.customer_part == word)
    return or_(
        fact.order_no.icontains(word, autoescape=True),
        fact.po_no.icontains(word, autoescape=True),
        fact.customer.icontains(word, autoescape=True),
        fact.sku.icontains(word, autoescape=True),
        fact.sku_description.icontains(word, autoescape=True),
        fact.line_id.in_(part),
    )


def summary(connection: Connection, *, wanted: LineFilter, live: bool) -> pd.DataFrame:
    """Return lines, orders, and value per currency: one row per currency.

    The value is that of the open quantity for states of open lines, else the lines' net amount.
    """
    fact = chosen(wanted, live=live).subquery().c
    amount = fact.net_amount if wanted.state in (*OF_THE_PAST, LineState.ALL) else fact.open_amount
    # One expression for all three places: PostgreSQL takes two with the same text for different ones.
    currency = func.coalesce(fact.currency, "")
    statement: Any = (
        select(
            currency.label("currency"),
            func.count().label("lines"),
            func.count(fact.order_id.distinct()).label("orders"),
            func.count(amount).label("valued_lines"),
            func.sum(amount, type_=amount.type).label("value"),
        )
        .group_by(currency)
        .order_by(currency)
    )
    return frame(connection, statement)


def rows(connection: Connection, *, wanted: LineFilter, live: bool, limit: int | None = None) -> pd.DataFrame:
    """Return the lines, most urgent first: by promised day, then value; delivered ones newest first."""
    fact = chosen(wanted, live=live).subquery().c
    order = (
        (fact.delivered_on.desc(), fact.line_id)
        if wanted.state in OF_THE_PAST
        else (fact.promised_on.is_(None), fact.promised_on, fact.open_amount.desc(), fact.line_id)
    )
    statement = (
        select(*[fact[name] for name in _SHOWN], Site.code.label("site"))
        .outerjoin(Site, Site.site_id == fact.site_id)
        .order_by(*order)
    )
    return frame(connection, statement if limit is None else statement.limit(limit))


_SHOWN = (
    "line_id",
    "order_no",
    "line_no",
    "customer",
    "tier",
    "po_no",
    "sku",
    "sku_description",
    "qty_net",
    "qty_open",
    "requested_on",
    "promised_on_first",
    "promised_on",
    "expected_on",
    "delivered_on",
    "wait_reason",
    "stage",
    "owner",
    "currency",
    "open_amount",
    "net_amount",
    "is_open",
    "is_overdue",
    "source",
)
