"""What every key figure means, in one place: screens, documentation and drills read it here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.rules.kpi.otif import DueBasis
from domain.vocabulary.figures import Figure


class Unit(StrEnum):
    """What a numerator and a denominator count."""

    LINES = "lines"
    ORDERS = "orders"
    SHIPMENTS = "shipments"
    QUANTITY = "base units"
    MONEY = "currency units"


class Verdict(StrEnum):
    """Columns of the lines behind on time in full that say whether a line passed."""

    ON_TIME = "on_time"
    IN_FULL = "in_full"
    OTIF = "otif"
    FILLED = "filled"


@dataclass(frozen=True)
class PromiseRows:
    """Rows of figures over the promise: counted, or summed over `weight`."""

    numerator: Figure
    denominator: Figure | None
    weight: str | None = None


@dataclass(frozen=True)
class DueRows:
    """Rows of figures over due lines: lines that pass `verdict`, or Σ min(`arrived`, need)."""

    basis: DueBasis = DueBasis.REQUESTED
    verdict: Verdict | None = None
    arrived: str | None = None
    quantities_needed: bool = True


@dataclass(frozen=True)
class Definition:
    """A figure in words. `denominator` is empty for plain counts and sums; `source` names the section."""

    name: str
    label: str
    formula: str
    policy: str
    numerator: str
    denominator: str
    unit: Unit
    source: str
    rows: PromiseRows | DueRows


PROMISED = "ON-TIME-PROMISED"
OTIF = "OTIF-STD"
BACKLOG = "AS-OF"
ON_TIME_SOURCE = "domain.md 0a.11"
OTIF_SOURCE = "domain.md 5.1 and 5.2"
BACKLOG_SOURCE = "domain.md 0a.11, 3.2"
DUE = "Lines due on or before the day whose window is closed or which are complete"

DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "on_time_line",
        "Lines on time",
        "Delivered lines that arrived inside the window around the promised day ÷ delivered lines with a promise.",
        PROMISED,
        "Delivered lines inside the window",
        "Lines delivered on or before the day that have a promise",
        Unit.LINES,
        ON_TIME_SOURCE,
        PromiseRows(Figure.ON_TIME, Figure.DELIVERED),
    ),
    Definition(
        "on_time_order",
        "Orders on time",
        "Orders none of whose delivered lines missed the window ÷ orders with a delivered line that has a promise.",
        PROMISED,
        "Orders without a missed line",
        "Orders with a line delivered on or before the day that has a promise",
        Unit.ORDERS,
        ON_TIME_SOURCE,
        PromiseRows(Figure.ORDERS_ON_TIME, Figure.ORDERS),
    ),
    Definition(
        "on_time_shipment",
        "Shipments on time",
        "Shipments none of whose lines arrived outside their window ÷ shipments with a line that has a promise.",
        PROMISED,
        "Shipments without a missed line",
        "Shipments delivered on or before the day with a delivered line that has a promise",
        Unit.SHIPMENTS,
        ON_TIME_SOURCE,
        PromiseRows(Figure.SHIPMENTS_ON_TIME, Figure.SHIPMENTS),
    ),
    Definition(
        "on_time_value",
        "Value on time",
        "Net amount of the lines on time ÷ net amount of the lines measured, one share per currency.",
        PROMISED,
        "Net amount of delivered lines inside the window",
        "Net amount of delivered lines with a promise",
        Unit.MONEY,
        ON_TIME_SOURCE,
        PromiseRows(Figure.ON_TIME, Figure.DELIVERED, "net_amount"),
    ),
    Definition(
        "on_time_quantity",
        "Quantity on time",
        "Net quantity of the lines on time ÷ net quantity of the lines measured.",
        PROMISED,
        "Net quantity of delivered lines inside the window",
        "Net quantity of delivered lines with a promise",
        Unit.QUANTITY,
        ON_TIME_SOURCE,
        PromiseRows(Figure.ON_TIME, Figure.DELIVERED, "qty_net"),
    ),
    Definition(
        "on_time_requested",
        "On time as requested",
        "Due lines whose every delivery lay inside the window around the requested day and which are complete but "
        "for what we short-closed ÷ due lines.",
        OTIF,
        "Due lines on time",
        DUE,
        Unit.LINES,
        OTIF_SOURCE,
        DueRows(verdict=Verdict.ON_TIME, quantities_needed=False),
    ),
    Definition(
        "in_full",
        "In full",
        "Due lines of which exactly the needed quantity came, within the tolerances ÷ due lines.",
        OTIF,
        "Due lines in full",
        DUE,
        Unit.LINES,
        OTIF_SOURCE,
        DueRows(verdict=Verdict.IN_FULL),
    ),
    Definition(
        "otif_line",
        "On time in full, lines",
        "Due lines whose needed quantity came inside the window, none earlier and none too many ÷ due lines.",
        OTIF,
        "Due lines on time in full",
        DUE,
        Unit.LINES,
        OTIF_SOURCE,
        DueRows(verdict=Verdict.OTIF),
    ),
    Definition(
        "otif_order",
        "On time in full, orders",
        "Orders all of whose due lines are on time in full ÷ orders with a due line.",
        OTIF,
        "Orders without a failed due line",
        "Orders with a due line",
        Unit.ORDERS,
        OTIF_SOURCE,
        DueRows(verdict=Verdict.OTIF),
    ),
    Definition(
        "otif_quantity",
        "On time in full, quantity",
        "Quantity that came inside the window, at most what was needed ÷ quantity needed by the due lines.",
        OTIF,
        "Σ min(arrived inside the window, needed)",
        "Σ needed",
        Unit.QUANTITY,
        OTIF_SOURCE,
        DueRows(arrived="within_window"),
    ),
    Definition(
        "otif_value",
        "On time in full, value",
        "The same quantities at the lines' net prices, one share per currency.",
        OTIF,
        "Σ min(arrived inside the window, needed) × net price",
        "Σ needed × net price",
        Unit.MONEY,
        OTIF_SOURCE,
        DueRows(arrived="within_window"),
    ),
    Definition(
        "otif_line_first_promise",
        "On time in full, first promise",
        "On time in full by line against the first promised day instead of the requested one: keeping our word.",
        OTIF,
        "Due lines on time in full",
        f"{DUE}, due meaning first promised",
        Unit.LINES,
        OTIF_SOURCE,
        DueRows(basis=DueBasis.PROMISED_FIRST, verdict=Verdict.OTIF),
    ),
    Definition(
        "fill_rate_line",
        "Line fill rate",
        "Due lines of which the first delivery alone brought all that was needed ÷ due lines.",
        OTIF,
        "Due lines filled by the first delivery",
        DUE,
        Unit.LINES,
        OTIF_SOURCE,
        DueRows(verdict=Verdict.FILLED),
    ),
    Definition(
        "fill_rate_quantity",
        "Quantity fill rate",
        "Quantity that the first deliveries brought, at most what was needed ÷ quantity needed by the due lines.",
        OTIF,
        "Σ min(first delivery, needed)",
        "Σ needed",
        Unit.QUANTITY,
        OTIF_SOURCE,
        DueRows(arrived="first_delivery"),
    ),
    Definition(
        "open_lines",
        "Open lines",
        "Lines entered on or before the day and neither delivered nor cancelled by then; lines whose day of entry "
        "is not recorded are left out.",
        BACKLOG,
        "Open lines",
        "",
        Unit.LINES,
        BACKLOG_SOURCE,
        PromiseRows(Figure.OPEN, None),
    ),
    Definition(
        "overdue_lines",
        "Overdue lines",
        "Open lines promised before the day, by the promise in force on it.",
        BACKLOG,
        "Open lines promised before the day",
        "",
        Unit.LINES,
        BACKLOG_SOURCE,
        PromiseRows(Figure.OVERDUE, None),
    ),
    Definition(
        "open_value",
        "Open value",
        "Net amount of the open lines × open ÷ net quantity, rounded half up to the currency's minor unit, per currency.",
        BACKLOG,
        "Value of the open quantities",
        "",
        Unit.MONEY,
        "domain.md 0a.4",
        PromiseRows(Figure.OPEN, None, "open_amount"),
    ),
    Definition(
        "late",
        "Lines delivered late",
        "Delivered lines that arrived after the promised day.",
        PROMISED,
        "Delivered lines after the promise",
        "",
        Unit.LINES,
        ON_TIME_SOURCE,
        PromiseRows(Figure.LATE, None),
    ),
    Definition(
        "on_the_day",
        "Lines delivered on the day",
        "Delivered lines that arrived on the promised day.",
        PROMISED,
        "Delivered lines on the promised day",
        "",
        Unit.LINES,
        ON_TIME_SOURCE,
        PromiseRows(Figure.ON_THE_DAY, None),
    ),
    Definition(
        "early",
        "Lines delivered early",
        "Delivered lines that arrived before the promised day.",
        PROMISED,
        "Delivered lines before the promise",
        "",
        Unit.LINES,
        ON_TIME_SOURCE,
        PromiseRows(Figure.EARLY, None),
    ),
    Definition(
        "no_promise_recorded",
        "Delivered lines without a promise",
        "Delivered lines that no promise was recorded for; they are in no share.",
        PROMISED,
        "Delivered lines without a promise",
        "",
        Unit.LINES,
        ON_TIME_SOURCE,
        PromiseRows(Figure.NO_PROMISE, None),
    ),
)
BY_NAME = {definition.name: definition for definition in DEFINITIONS}
