"""Report view of on time per day: the sums over all days are the figures of policy ON-TIME-PROMISED today."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Integer, and_, case, func, select, type_coerce

from db.queries.line_facts import line_facts
from db.reports.values import Column, Kind, View, percent, today

C, K = Column, Kind


def _per_day() -> Any:
    fact = line_facts(today(), delivered=True).c
    measured = fact.promised_on.is_not(None)
    kept = and_(measured, fact.delivered_on <= fact.promised_on)
    amount, quantity = type_coerce(fact.net_amount, BigInteger), type_coerce(fact.qty_net, BigInteger)
    currency = func.coalesce(fact.currency, "")

    def total(condition: Any, value: Any) -> Any:
        return func.coalesce(func.sum(case((condition, value), else_=0)), 0)

    return (
        select(
            fact.delivered_on,
            currency.label("currency"),
            func.count().label("delivered"),
            total(measured, 1).label("measured"),
            total(kept, 1).label("kept"),
            total(measured, quantity).label("quantity"),
            total(kept, quantity).label("quantity_kept"),
            total(measured, amount).label("amount"),
            total(kept, amount).label("amount_kept"),
        )
        .group_by(fact.delivered_on, currency)
        .subquery("per_day")
    )


def on_time_daily() -> View:
    """On time by day of delivery and currency."""
    days = _per_day()
    day = days.c
    return View(
        "report_on_time_daily",
        "One row per day of delivery and currency: lines delivered on or before the promise in force, any "
        "earliness (policy ON-TIME-PROMISED). Sum the counts over days; never average the percents.",
        (
            C("delivered_on", K.DAY, "Day of delivery.", day.delivered_on),
            C("currency", K.TEXT, "Currency of the values; empty text where not recorded.", day.currency),
            C("lines_delivered", K.INTEGER, "Lines completed on the day.", day.delivered),
            C("lines_measured", K.INTEGER, "Of them with a promise (denominator).", day.measured),
            C("lines_on_time", K.INTEGER, "Of them on time (numerator).", day.kept),
            C(
                "lines_late",
                K.INTEGER,
                "Of them late.",
                type_coerce(day.measured, Integer) - type_coerce(day.kept, Integer),
            ),
            C(
                "on_time_percent",
                K.PERCENT,
                "Lines on time in percent; empty: none measured.",
                percent(day.kept, day.measured),
            ),
            C("quantity_measured", K.QUANTITY, "Net quantity of the measured lines.", day.quantity),
            C("quantity_on_time", K.QUANTITY, "Net quantity of those on time.", day.quantity_kept),
            C("value_measured", K.MONEY, "Net value of the measured lines.", day.amount),
            C("value_on_time", K.MONEY, "Net value of those on time.", day.amount_kept),
        ),
        days,
    )
