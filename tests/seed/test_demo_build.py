"""The demo is the same for the same seed number and day, keeps its counts on other days, and refuses other books."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, func, select
from typer.testing import CliRunner

from db.engine import create_engine
from db.tables import Base, SalesOrder, SalesOrderLine
from domain.vocabulary.errors import DomainError
from domain.vocabulary.units import MISSING
from seed.__main__ import app
from seed.demo.build import build, demo_mark, foreign_orders, make_world, reset
from seed.demo.world import World
from seed.scale import scale

DAY = date(2026, 6, 15)
runner = CliRunner()


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(today=DAY, seed=7)


def _overdue(world: World) -> tuple[int, int, int]:
    """Count open lines that are overdue, due today or tomorrow-and-later."""
    columns, _ = world.sheets["sales_order_line"][0]
    is_open = (np.asarray(columns["delivered_on"]) == MISSING) & (
        np.asarray(columns["cancelled_on"]) == MISSING
    )
    promised = np.asarray(columns["promised_on"])
    known = is_open & (promised != MISSING)
    today = world.days.today
    return int((known & (promised < today)).sum()), int(known.sum()), int(is_open.sum())


def test_the_same_seed_number_and_day_give_the_same_world(world: World) -> None:
    assert make_world(today=DAY, seed=7).content_hash() == world.content_hash()


def test_another_seed_number_gives_another_world(world: World) -> None:
    assert make_world(today=DAY, seed=8).content_hash() != world.content_hash()


@pytest.mark.parametrize("days", [1, 5, 90, 200])
def test_overdue_and_open_counts_do_not_depend_on_the_day_of_the_build(world: World, days: int) -> None:
    assert _overdue(make_world(today=DAY + timedelta(days=days), seed=7)) == _overdue(world)


def test_a_weekend_or_holiday_is_a_day_to_build_on() -> None:
    for day in (date(2026, 12, 25), date(2026, 7, 4), date(2028, 2, 29)):
        assert make_world(today=day, seed=3).rows("sales_order") > 9_500


def test_what_was_built_is_what_the_report_says(demo_engine: Engine) -> None:
    mark = demo_mark(demo_engine)
    assert mark is not None
    assert mark["today"] == DAY.isoformat()
    with demo_engine.connect() as connection:
        for name, rows in dict(mark["rows"]).items():  # type: ignore[call-overload]
            table = Base.metadata.tables[name]
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == rows, name


def test_new_rows_get_keys_after_the_demos(demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        transaction = connection.begin()
        newest = connection.execute(select(func.max(SalesOrder.order_id))).scalar_one()
        template = connection.execute(select(SalesOrder.__table__).limit(1)).mappings().one()
        row = {**template, "order_no": "SO-NEW"}
        del row["order_id"]
        made = connection.execute(SalesOrder.__table__.insert().values(**row)).inserted_primary_key
        transaction.rollback()
    assert made is not None
    assert made[0] == newest + 1


def test_a_database_with_orders_is_refused_and_stays_as_it_was(engine: Engine) -> None:
    scale(engine, lines=20, today=DAY, skus=5, sites=1)
    with pytest.raises(DomainError) as refused:
        build(engine, today=DAY)
    assert refused.value.code == "demo.database_not_empty"
    with pytest.raises(DomainError) as kept:
        reset(engine)
    assert kept.value.code == "demo.not_a_demo"
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(SalesOrderLine)).scalar_one() == 20


def test_the_command_builds_once_and_resets_on_request(database_url: str) -> None:
    arguments = ["demo", "--database", database_url, "--today", "2026-06-15", "--json"]
    first = json.loads(runner.invoke(app, arguments).stdout)
    again = json.loads(runner.invoke(app, arguments).stdout)
    assert (first["built"], again["built"]) == (True, False)
    assert first["rows"] == again["rows"]
    engine = create_engine(database_url, bulk=True)
    scale(engine, lines=20, today=DAY, skus=5, sites=1)
    assert foreign_orders(engine) == 5
    kept = runner.invoke(app, [*arguments, "--reset"])
    assert kept.exit_code == 5
    assert "5 orders that the demo did not make" in kept.stderr
    anew = json.loads(runner.invoke(app, [*arguments, "--reset", "--yes", "--seed", "8"]).stdout)
    assert (anew["built"], anew["seed"]) == (True, 8)
    assert foreign_orders(engine) == 0
    engine.dispose()


def test_help_shows_the_options_that_there_are() -> None:
    shown = runner.invoke(app, ["demo", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).stdout
    for option in ("--database", "--seed", "--today", "--reset", "--yes", "--json"):
        assert option in shown
    assert "[default: 7]" in shown


def test_a_day_that_is_none_and_an_address_that_is_none_are_named(tmp_path: Path) -> None:
    usage = runner.invoke(app, ["demo", "--database", f"sqlite:///{tmp_path}/a.db", "--today", "15.06.2026"])
    assert usage.exit_code == 2
    assert "15.06.2026" in usage.stderr
    failed = runner.invoke(app, ["demo", "--database", "nonsense"])
    assert failed.exit_code == 1
    assert "nonsense" in failed.stderr
    assert "sqlite:///" in failed.stderr
