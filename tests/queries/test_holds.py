"""The Holds screen's figures on the demo: they agree with the definitions of the lines and with each other."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from sqlalchemy import Engine, select

from db.queries import held_lines, holds, lines
from db.queries.line_facts import active_at
from db.tables import Hold
from domain.vocabulary.hold_filter import NOBODY, HoldAge, HoldFilter, parse
from domain.vocabulary.line_filter import LineFilter, LineState
from domain.vocabulary.statuses import HoldScope, HoldStatus, HoldType
from tests.worlds import DEMO_DAY

ALL = HoldFilter(DEMO_DAY)


def _rows(engine: Engine, wanted: HoldFilter = ALL) -> pd.DataFrame:
    with engine.connect() as connection:
        return holds.rows(connection, wanted=wanted)


@pytest.mark.parametrize("back", [0, 30])
def test_the_lines_under_holds_are_the_lines_on_hold(demo_engine: Engine, back: int) -> None:
    day = DEMO_DAY - timedelta(days=back)
    with demo_engine.connect() as connection:
        under = holds.lines(connection, wanted=HoldFilter(day))
        known = lines.rows(connection, wanted=LineFilter(day, state=LineState.ON_HOLD), live=back == 0)
    assert set(under["line_id"]) == set(known["line_id"])
    assert len(known) > 20


def test_keys_reach_the_lines_that_joins_reach(demo_engine: Engine) -> None:
    """Two ways to the same pairs: by key for limited readers, by joins for sums inside a command."""
    standing = (active_at(DEMO_DAY),)
    with demo_engine.connect() as connection:
        pair = held_lines.touched(Hold.hold_id, where=standing).c
        joined = connection.execute(select(pair.hold_id, pair.line_id).distinct())
        held = connection.execute(select(Hold.hold_id, Hold.scope, Hold.scope_id).where(*standing))
        found = held_lines.pairs(connection, [tuple(row) for row in held])
        assert found == sorted((row[0], row[1]) for row in joined)
    assert len(found) > 100


def test_every_part_of_the_filter_partitions_the_rows(demo_engine: Engine) -> None:
    everything = len(_rows(demo_engine))
    assert everything > 20
    assert sum(len(_rows(demo_engine, HoldFilter(DEMO_DAY, type=t))) for t in HoldType) == everything
    assert sum(len(_rows(demo_engine, HoldFilter(DEMO_DAY, scope=s))) for s in HoldScope) == everything
    assert sum(len(_rows(demo_engine, HoldFilter(DEMO_DAY, status=s))) for s in HoldStatus) == everything
    ages = {age: len(_rows(demo_engine, HoldFilter(DEMO_DAY, age=age))) for age in HoldAge}
    assert sum(ages.values()) == everything
    people = {NOBODY, *_rows(demo_engine)["assignee"].dropna()}
    assert sum(len(_rows(demo_engine, HoldFilter(DEMO_DAY, assignee=p))) for p in people) == everything


def test_ages_are_whole_days_up_to_the_day_shown(demo_engine: Engine) -> None:
    for age in HoldAge:
        least, most = age.span
        placed = _rows(demo_engine, HoldFilter(DEMO_DAY, age=age))["placed_at"].dt.date
        days = [(DEMO_DAY - day).days for day in placed]
        assert all(least <= n and (most is None or n <= most) for n in days)
        assert all(HoldAge.of(n) is age for n in days)


def test_text_finds_order_customer_sku_and_reason(demo_engine: Engine) -> None:
    rows = _rows(demo_engine)
    order = rows["order_no"].dropna().iloc[0]
    assert set(_rows(demo_engine, HoldFilter(DEMO_DAY, text=order.lower()))["order_no"]) == {order}
    assert set(_rows(demo_engine, HoldFilter(DEMO_DAY, text="LUB-53"))["scope"]) == {"SKU"}
    assert _rows(demo_engine, HoldFilter(DEMO_DAY, text="100%_nothing")).empty


def test_worth_is_the_open_value_of_the_lines_under_a_hold(demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        under = holds.lines(connection, wanted=ALL)
        worth = holds.worth(under)
    once = under.drop_duplicates(["hold_id", "line_id"])
    expected = once.groupby(["hold_id", "currency"])["open_amount"].sum()
    found = worth.set_index(["hold_id", "currency"])["value"]
    pd.testing.assert_series_equal(found.sort_index(), expected.sort_index(), check_names=False)
    assert int(worth["lines"].sum()) == len(once)


def test_locked_stock_is_what_is_reserved_for_held_lines_and_free_of_held_skus(demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        locked = holds.stock(connection, wanted=ALL)
        sku = holds.stock(connection, wanted=HoldFilter(DEMO_DAY, scope=HoldScope.SKU))
    reserved = locked[locked["order_no"].notna()]
    assert not reserved.empty
    assert not reserved.duplicated(["order_no", "line_no"]).any()
    assert (reserved["qty"] > 0).all()
    assert (reserved["value"] > 0).all()
    free = sku[sku["order_no"].isna()]
    assert set(free["sku"]) <= {"LUB-53"}


def test_the_url_says_the_filter_and_is_read_back() -> None:
    wanted = HoldFilter(
        date(2026, 6, 15), HoldType.CREDIT, HoldScope.ORDER, None, HoldAge.OVER_30, "kim", "a b"
    )
    assert parse(wanted.query(), wanted.as_of) == (wanted, [])
    broken, problems = parse({"type": "GREEN", "age": "over_30"}, wanted.as_of)
    assert broken == HoldFilter(wanted.as_of, age=HoldAge.OVER_30)
    assert "type=GREEN" in problems[0]
