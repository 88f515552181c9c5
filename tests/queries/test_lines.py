"""Lines by a filter: tiles and lists count the same, every limit limits, and the URL means what it says."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import parse_qsl, urlencode

import pandas as pd
import pytest
from sqlalchemy import Connection, Engine, text

from db.queries import choices, lines
from domain.vocabulary.line_filter import LineFilter, LineState, parse
from domain.vocabulary.statuses import WaitReason
from domain.vocabulary.units import round_minor
from tests.worlds import DEMO_DAY

PAST = date(2026, 5, 20)


def _rows(connection: Connection, wanted: LineFilter, *, live: bool = True) -> pd.DataFrame:
    return lines.rows(connection, wanted=wanted, live=live)


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("state", list(LineState))
def test_summary_counts_the_rows_of_the_list(demo_engine: Engine, state: LineState, live: bool) -> None:
    wanted = LineFilter(DEMO_DAY if live else PAST, state=state)
    with demo_engine.connect() as connection:
        found = _rows(connection, wanted, live=live)
        totals = lines.summary(connection, wanted=wanted, live=live)
    assert len(found) == totals["lines"].sum()
    assert found["order_no"].nunique() == totals["orders"].sum()
    done = (LineState.DELIVERED, LineState.LATE, LineState.ON_TIME, LineState.ALL)
    amount = "net_amount" if state in done else "open_amount"
    by_currency = found.groupby(found["currency"].fillna(""))[amount].sum()
    for row in totals.itertuples():
        assert row.value == pytest.approx(by_currency[row.currency])


def test_open_lines_are_the_overdue_the_due_and_those_without_a_promise(demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        ids = {
            state: set(_rows(connection, LineFilter(DEMO_DAY, state=state))["line_id"])
            for state in (LineState.OPEN, LineState.OVERDUE, LineState.DUE, LineState.NO_PROMISE)
        }
    parts = [ids[LineState.OVERDUE], ids[LineState.DUE], ids[LineState.NO_PROMISE]]
    assert all(parts)
    assert set.union(*parts) == ids[LineState.OPEN]
    assert sum(map(len, parts)) == len(ids[LineState.OPEN])


def test_reasons_divide_the_open_lines(demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        every = len(_rows(connection, LineFilter(DEMO_DAY)))
        each = [len(_rows(connection, LineFilter(DEMO_DAY, reason=reason))) for reason in WaitReason]
    assert sum(each) == every
    assert sum(1 for number in each if number) >= 5


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("customer", "customer"),
        ("site", "site"),
        ("tier", "tier"),
        ("owner", "owner"),
        ("currency", "currency"),
    ],
)
def test_a_limit_keeps_its_own_and_no_others(demo_engine: Engine, field: str, column: str) -> None:
    with demo_engine.connect() as connection:
        every = _rows(connection, LineFilter(DEMO_DAY))
        value = every[column].mode()[0]
        wanted = int(value) if field == "tier" else str(value)
        found = _rows(connection, LineFilter(DEMO_DAY, **{field: wanted}))
    assert 0 < len(found) < len(every)
    assert set(found["line_id"]) == set(every.loc[every[column] == value, "line_id"])


def test_days_limit_the_promise_of_open_and_the_delivery_of_delivered_lines(demo_engine: Engine) -> None:
    first, last = DEMO_DAY - timedelta(days=7), DEMO_DAY
    with demo_engine.connect() as connection:
        due = _rows(connection, LineFilter(DEMO_DAY, first=first, last=last))
        done = _rows(connection, LineFilter(DEMO_DAY, state=LineState.DELIVERED, first=first, last=last))
    for found, column in ((due, "promised_on"), (done, "delivered_on")):
        assert len(found)
        assert found[column].between(pd.Timestamp(first), pd.Timestamp(last)).all()


def test_every_word_of_the_text_must_occur(demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        line = _rows(connection, LineFilter(DEMO_DAY)).iloc[0]
        both = _rows(connection, LineFilter(DEMO_DAY, text=f"{line['order_no']} {line['sku']}".lower()))
        percent = _rows(connection, LineFilter(DEMO_DAY, text="%"))
    assert set(both["order_no"]) == {line["order_no"]}
    assert line["line_id"] in set(both["line_id"])
    assert percent.empty


def test_the_open_value_is_the_open_share_of_the_net_amount(demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        found = _rows(connection, LineFilter(DEMO_DAY))
    parts = found[(found["qty_open"] < found["qty_net"]) & found["net_amount"].notna()]
    assert len(parts) > 20
    for row in parts.itertuples():
        exact = Decimal(str(row.net_amount)) * Decimal(str(row.qty_open)) / Decimal(str(row.qty_net))
        assert Decimal(str(row.open_amount)) == round_minor(exact, row.currency)
    whole = found[found["qty_open"] == found["qty_net"]]
    assert (whole["open_amount"] == whole["net_amount"]).all()


def test_on_a_past_day_what_rests_on_todays_rows_is_not_recorded(demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        found = _rows(connection, LineFilter(PAST), live=False)
    assert set(found["wait_reason"]) <= {"ON_HOLD", "IN_TRANSIT", "NOT_RECORDED"}


def test_the_history_of_scms_is_open_and_overdue_as_documented(scms_engine: Engine) -> None:
    with scms_engine.connect() as connection:
        for day, opened, overdue in (
            (date(2010, 12, 31), 437, 17),
            (date(2012, 6, 30), 444, 2),
            (date(2014, 6, 30), 618, 3),
        ):
            assert len(_rows(connection, LineFilter(day), live=False)) == opened
            late = _rows(connection, LineFilter(day, state=LineState.OVERDUE), live=False)
            assert len(late) == overdue


def test_an_empty_book_has_no_lines(engine: Engine) -> None:
    with engine.connect() as connection:
        wanted = LineFilter(DEMO_DAY)
        assert _rows(connection, wanted).empty
        assert lines.summary(connection, wanted=wanted, live=True).empty
        assert choices.of_lines(connection).customers == ()


def test_choices_are_what_the_lines_have(demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        known = choices.of_lines(connection)
        names = set(connection.execute(text("select distinct owner from sales_order")).scalars())
    assert set(known.owners) == {name for name in names if name}
    assert list(known.customers) == sorted(known.customers)
    assert known.of("text") is None
    assert known.of("currency") == known.currencies


def test_a_filter_survives_its_own_url() -> None:
    wanted = LineFilter(
        DEMO_DAY,
        state=LineState.LATE,
        reason=WaitReason.SUPPLY_LATE,
        first=date(2026, 1, 2),
        last=date(2026, 3, 4),
        customer="Smith & Sons, Ltd?",
        site="RNO",
        tier=2,
        owner="a.b",
        currency="EUR",
        source="DEMO",
        text="50% off+more",
    )
    url = urlencode(wanted.query())
    again, problems = parse(dict(parse_qsl(url)), DEMO_DAY)
    assert again == wanted
    assert problems == []


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"state": "FOO"}, "state=FOO"),
        ({"reason": "1"}, "reason=1"),
        ({"first": "01/02/2026"}, "first=01/02/2026"),
        ({"last": "2026-02-30"}, "last=2026-02-30"),
        ({"tier": "9"}, "tier=9"),
    ],
)
def test_a_value_without_meaning_is_named_and_does_not_limit(said: dict[str, str], word: str) -> None:
    wanted, problems = parse(said, DEMO_DAY)
    assert wanted == LineFilter(DEMO_DAY)
    assert len(problems) == 1 and problems[0].startswith(word)


def test_days_the_wrong_way_round_are_told() -> None:
    _, problems = parse({"first": "2026-03-01", "last": "2026-02-01"}, DEMO_DAY)
    assert "no line can match" in problems[0]
