"""The SCMS history shows the figures that two independent readers computed (its README), to four decimals."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from db.unit_of_work import reading
from domain.services.figures.kpi import on_time_report
from domain.services.figures.kpi_breakdown import breakdown
from domain.services.figures.kpi_text import NOT_RECORDED, report_as_json
from domain.vocabulary.window import Window

LAST_DAY = date(2015, 12, 31)


@pytest.fixture(scope="module")
def document(scms_engine: Engine) -> dict[str, Any]:
    with reading(scms_engine) as uow:
        return report_as_json(on_time_report(uow, as_of=LAST_DAY))


@pytest.mark.parametrize(
    ("name", "numerator", "denominator", "percent"),
    [
        ("on_time_line", 9138, 10324, 88.5122),
        ("on_time_order", 5549, 6233, 89.0262),
        ("on_time_shipment", 6225, 7030, 88.5491),
        ("on_time_value", 1368550186.35, 1627584457.29, 84.0847),
        ("on_time_quantity", 157012757, 189265090, 82.9592),
    ],
)
def test_on_time(
    document: dict[str, Any], name: str, numerator: float, denominator: float, percent: float
) -> None:
    found = document["kpis"][name]
    assert (found["numerator"], found["denominator"], found["percent"]) == (numerator, denominator, percent)


def test_late_value_of_the_readme(document: dict[str, Any]) -> None:
    share = document["kpis"]["on_time_value"]
    late = Decimal(str(share["denominator"])) - Decimal(str(share["numerator"]))
    assert late == Decimal("259034270.94")


def test_lateness_distribution(document: dict[str, Any]) -> None:
    buckets = document["lateness"]["late_by_days"]
    assert sum(buckets.values()) == 1186
    assert buckets["31-60"] + buckets["61-90"] + buckets[">90"] == 230
    assert buckets["1-3"] + buckets["4-7"] == 1186 - 766
    told = {name: value for name, value in document["lateness"].items() if name != "late_by_days"}
    assert told == {
        "late": 1186,
        "on_the_day": 6324,
        "early": 2814,
        "later_than_days": {"7": 766, "14": 495, "30": 230},
        "mean_of_late_days": 21.37,
        "median_of_late_days": 12.0,
        "longest_days": 192,
    }


def test_what_the_file_does_not_tell_is_not_recorded(document: dict[str, Any]) -> None:
    kpis = document["kpis"]
    silent = {name for name, share in kpis.items() if share["percent"] == NOT_RECORDED}
    assert silent == set(kpis) - {
        f"on_time_{by}" for by in ("line", "order", "shipment", "value", "quantity")
    }
    assert kpis["on_time_requested"]["note"] == "no line has a requested day"
    assert kpis["in_full"]["numerator"] is None and kpis["in_full"]["denominator"] is None


@pytest.mark.parametrize(
    ("window", "percent"),
    [("7:0", "67.2704"), ("14:0", "72.4622"), ("7:7", "71.3386"), ("14:14", "79.1554"), (":0", "88.5122")],
)
def test_windows(scms_engine: Engine, window: str, percent: str) -> None:
    with reading(scms_engine) as uow:
        report = on_time_report(uow, as_of=LAST_DAY, window=Window.parse(window))
    assert report.line.percent == Decimal(percent)


@pytest.mark.parametrize(
    ("day", "open_lines", "overdue", "value"),
    [
        (date(2010, 12, 31), 437, 17, "98738172.77"),
        (date(2012, 6, 30), 444, 2, "113428320.95"),
        (date(2014, 6, 30), 618, 3, "135054649.65"),
    ],
)
def test_backlog_of_past_days(
    scms_engine: Engine, day: date, open_lines: int, overdue: int, value: str
) -> None:
    with reading(scms_engine) as uow:
        backlog = on_time_report(uow, as_of=day).backlog
    assert (backlog.open_lines, backlog.overdue_lines) == (open_lines, overdue)
    assert backlog.open_value == {"USD": Decimal(value)}


@pytest.mark.parametrize(
    ("dimension", "rows"),
    [
        ("site", {"Direct Drop": (4920, "94.736"), "From RDC": (5404, "82.846")}),
        (
            "mode",
            {
                "AIR": (6113, "90.398"),
                "TRUCK": (2830, "83.922"),
                "AIR_CHARTER": (650, "88.462"),
                "OCEAN": (371, "82.480"),
                None: (360, "98.889"),
            },
        ),
    ],
)
def test_breakdowns(scms_engine: Engine, dimension: str, rows: dict[str | None, tuple[int, str]]) -> None:
    with reading(scms_engine) as uow:
        found = breakdown(uow, dimension=dimension, as_of=LAST_DAY)
    told = {part.name: (part.share.denominator, part.share.percent) for part in found}
    assert told.keys() == rows.keys()
    for name, (count, percent) in rows.items():
        assert told[name][0] == count
        assert abs(told[name][1] - Decimal(percent)) <= Decimal("0.0005")
