"""Every figure drills: the rows behind its numerator and denominator add up to it, broken out or not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from db.queries.kpi_rows import rows
from db.unit_of_work import reading
from domain.rules.kpi.definitions import DEFINITIONS, DueRows
from domain.rules.kpi.on_time import Share
from domain.services.figures.kpi import on_time_report
from domain.services.figures.kpi_breakdown import breakdown, open_breakdown
from domain.services.figures.kpi_drill import definition, rows_behind
from domain.services.figures.kpi_text import NOT_RECORDED, report_as_json
from domain.vocabulary.errors import NotFound
from domain.vocabulary.figures import Basis, Dimension, Drill, Figure
from domain.vocabulary.statuses import WaitReason
from domain.vocabulary.window import Window
from tests.worlds import DEMO_DAY

ASKED = [(Window(), Basis.CURRENT), (Window(7, 0), Basis.FIRST), (Window(2, 2), Basis.CURRENT)]
WORLDS = [("scms_engine", date(2012, 6, 30)), ("demo_engine", DEMO_DAY - timedelta(days=60))]


@pytest.fixture(params=WORLDS, ids=[f"{name.removesuffix('_engine')}-{day}" for name, day in WORLDS])
def world(empty_world: str, request: pytest.FixtureRequest) -> tuple[Engine, date]:
    """Each filled world at a past day, on each kind of database."""
    name, day = request.param
    return request.getfixturevalue(name), day


def _told(document: dict[str, Any], name: str) -> dict[str, tuple[Any, Any]] | None:
    """Return {currency or "": (numerator, denominator)} of a figure; None where it is not recorded."""
    backlog, late = document["backlog"], document["lateness"]
    if name == "open_value":
        return {code: (amount or 0, None) for code, amount in backlog["open_value_by_currency"].items()}
    plain = {**backlog, **late, "no_promise_recorded": document["no_promise_recorded"]}
    if name in plain:
        return {"": (plain[name], None)}
    share = document["kpis"][name]
    if share["percent"] == NOT_RECORDED:
        return None
    several = share.get("by_currency") or {share.get("currency", ""): share}
    return {code: (part["numerator"], part["denominator"]) for code, part in several.items()}


@pytest.mark.parametrize(("window", "basis"), ASKED)
def test_rows_add_up_to_every_figure(world: tuple[Engine, date], window: Window, basis: Basis) -> None:
    engine, day = world
    with reading(engine) as uow:
        document = report_as_json(on_time_report(uow, as_of=day, window=window, basis=basis.value))
        for figure in DEFINITIONS:
            told = _told(document, figure.name)
            if told is None or (isinstance(figure.rows, DueRows) and window != Window()):
                continue  # figures over due lines know no window and basis
            asked = {"name": figure.name, "as_of": day, "window": window, "basis": basis}
            top = rows_behind(uow, side="numerator", **asked)
            bottom = rows_behind(uow, side="denominator", **asked)
            for code, (numerator, denominator) in told.items():
                for found, wanted in ((top, numerator), (bottom, denominator)):
                    mine = found[found["currency"] == code] if code else found
                    if wanted is not None:
                        assert mine["counts"].sum() == pytest.approx(wanted, rel=1e-12, abs=1e-4), figure.name


def test_every_figure_of_the_report_has_a_definition_and_the_reverse(world: tuple[Engine, date]) -> None:
    engine, day = world
    with reading(engine) as uow:
        document = report_as_json(on_time_report(uow, as_of=day))
    counted = {
        "open_lines",
        "overdue_lines",
        "open_value",
        "late",
        "on_the_day",
        "early",
        "no_promise_recorded",
    }
    assert {figure.name for figure in DEFINITIONS} == set(document["kpis"]) | counted
    for figure in DEFINITIONS:
        assert all((figure.label, figure.formula, figure.policy, figure.numerator, figure.source)), (
            figure.name
        )
        assert bool(figure.denominator) == (figure.name in document["kpis"]), figure.name


@pytest.mark.parametrize("dimension", Dimension)
def test_parts_add_up_to_the_whole_and_drill(world: tuple[Engine, date], dimension: Dimension) -> None:
    engine, day = world
    with reading(engine) as uow:
        report = on_time_report(uow, as_of=day)
        parts = breakdown(uow, dimension=dimension, as_of=day)
        assert len({part.name for part in parts}) == len(parts)
        assert (
            Share(sum(p.share.numerator for p in parts), sum(p.share.denominator for p in parts))
            == report.line
        )
        assert (
            Share(sum(p.quantity.numerator for p in parts), sum(p.quantity.denominator for p in parts))
            == report.quantity
        )
        part = parts[-1]
        for figure, wanted in (
            (Figure.DELIVERED, part.share.denominator),
            (Figure.MISSED, part.share.denominator - part.share.numerator),
        ):
            drill = Drill(figure, day, dimension=dimension, value=part.name)
            assert len(rows(uow.connection, drill=drill)) == wanted
        pieces = open_breakdown(uow, dimension=dimension, as_of=day)
        assert sum(piece.open_lines for piece in pieces) == report.backlog.open_lines
        assert sum(piece.overdue_lines for piece in pieces) == report.backlog.overdue_lines


@pytest.mark.parametrize("live", [True, False])
def test_open_lines_are_split_by_due_day_and_by_reason(demo_engine: Engine, live: bool) -> None:
    day = DEMO_DAY if live else DEMO_DAY - timedelta(days=60)
    with reading(demo_engine) as uow:
        every = rows(uow.connection, drill=Drill(Figure.OPEN, day, live=live))
        due = every["measured_on"]
        for chosen, lines in every.groupby(due.dt.date).size().head(3).items():
            drill = Drill(Figure.DUE_ON, day, day=chosen, live=live)
            assert len(rows(uow.connection, drill=drill)) == lines
        without = rows(uow.connection, drill=Drill(Figure.DUE_ON, day, live=live))
        assert len(without) == int(due.isna().sum())
        waiting = {
            reason: len(rows(uow.connection, drill=Drill(Figure.WAITING, day, reason=reason, live=live)))
            for reason in WaitReason
        }
    assert sum(waiting.values()) == len(every)
    assert sum(lines > 0 for lines in waiting.values()) >= (5 if live else 2)
    assert waiting[WaitReason.ON_HOLD] == int((every["wait_reason"] == "ON_HOLD").sum())


def test_lines_later_than_some_days(world: tuple[Engine, date]) -> None:
    engine, day = world
    with reading(engine) as uow:
        later = on_time_report(uow, as_of=day).lateness.later_than
        for days, lines in later.items():
            found = rows(uow.connection, drill=Drill(Figure.LATER_THAN, day, days=days))
            assert len(found) == lines
            assert found.empty or found["days_late"].min() > days


def test_a_limit_keeps_the_worst(world: tuple[Engine, date]) -> None:
    engine, day = world
    with reading(engine) as uow:
        drill = Drill(Figure.LATE, day)
        every, few = rows(uow.connection, drill=drill), rows(uow.connection, drill=drill, limit=5)
    assert few["line_id"].tolist() == every["line_id"].tolist()[:5]
    assert few["days_late"].iloc[0] == every["days_late"].max()


def test_an_unknown_figure_is_refused() -> None:
    with pytest.raises(NotFound) as refusal:
        definition("otif_galaxy")
    assert refusal.value.code == "kpi.unknown"
    assert "on_time_line" in refusal.value.fix
