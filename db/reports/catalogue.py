"""All report views in the order of their documentation, and the documentation itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from db.reports import billing, control, figures, logistics, orders, supply
from db.reports.values import View

MAKERS: tuple[Callable[[], View], ...] = (
    orders.orders,
    orders.order_lines,
    orders.date_changes,
    orders.holds,
    logistics.shipments,
    logistics.shipment_lines,
    billing.invoices,
    supply.stock,
    supply.supplies,
    control.exceptions,
    figures.on_time_daily,
)
DICTIONARY = "report_columns"
DICTIONARY_COLUMNS = ("view_name", "position", "column_name", "type", "meaning")
INTRODUCTION = """# Report views

Views for people and BI tools, the same on SQLite and PostgreSQL: decimals instead of stored units, dates and
timestamps instead of numbers, names instead of keys. They are made anew by `python -m domain upgrade`; this page
is printed by `python -m domain report-views`.

- *decimal(n)*: n decimals; PostgreSQL numeric, SQLite REAL. *date*: PostgreSQL date, SQLite text YYYY-MM-DD.
  *timestamp*: PostgreSQL timestamptz, SQLite text in UTC (2026-06-30T12:00:00Z). *flag*: 1 or 0.
- Empty (NULL) means not recorded, never 0.
- "Today" is the current day in UTC. For a past day use `python -m domain kpi --as-of` or the screens.
- Amounts are in the row's currency; never add amounts of different currencies.
- The same texts are in the database: view `report_columns`, on PostgreSQL also as comments.
"""


@cache
def views() -> tuple[View, ...]:
    """Return every report view."""
    return tuple(make() for make in MAKERS)


def markdown() -> str:
    """Return docs/reference/report_views.md."""
    parts = [INTRODUCTION]
    for view in views():
        parts.append(f"\n## {view.name}\n\n{view.meaning}\n\n| column | type | meaning |\n|---|---|---|\n")
        parts.extend(f"| `{c.name}` | {c.kind.value} | {c.meaning} |\n" for c in view.columns)
    named = ", ".join(f"`{name}`" for name in DICTIONARY_COLUMNS)
    parts.append(f"\n## {DICTIONARY}\n\nOne row per column of the views above: {named}.\n")
    return "".join(parts)
