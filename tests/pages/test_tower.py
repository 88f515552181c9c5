"""The Tower: every tile opens exactly as many rows as it says, today and on a past day."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import Open

DAYS = ["", "2026-05-20"]
CARDS = 6


def number(text: str) -> int:
    """Return the whole number that a text begins with."""
    return int(re.match(r"[\d,]+", text).group().replace(",", ""))  # type: ignore[union-attr]


def tower(open_screen: Open, file: Path, day: str) -> AppTest:
    """Return the Tower of a day."""
    found: AppTest = open_screen("tower/tower.py", file, **({"as_of": day} if day else {}))
    return found


def rows_of(open_screen: Open, file: Path, query: str) -> int:
    """Return how many lines Orders lists for a query string."""
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    app = open_screen("work/orders.py", file, **asked)
    lists = [table.value for table in app.dataframe]
    assert not app.warning, [w.value for w in app.warning]
    return len(lists[0]) if lists else 0


def claims(app: AppTest) -> list[tuple[str, int, str]]:
    """Return (what, count, query string) of every number of the Tower that leads to rows."""
    links = [link.proto for link in app.get("page_link") if link.proto.page]
    found = []
    for metric, link in zip(app.metric[:CARDS], links, strict=False):
        query = getattr(link, "query_string", "")
        late = re.match(r"([\d,]+) late of", link.label)
        if late:
            found.append((metric.label, number(late.group(1)), query))
        elif re.match(r"[\d,]+$", metric.value):
            found.append((metric.label, number(metric.value), query))
    found.append(
        (links[CARDS].label, number(links[CARDS].label.removeprefix("All ")), links[CARDS].query_string)
    )
    for table in app.dataframe:
        if "open" in table.value:
            found += [
                (str(row.iloc[0]), int(row["lines"]), urlparse(row["open"]).query)
                for _, row in table.value.iterrows()
            ]
    return found


@pytest.mark.parametrize("day", DAYS)
def test_every_tile_opens_as_many_rows_as_it_says(open_screen: Open, demo_file: Path, day: str) -> None:
    said = claims(tower(open_screen, demo_file, day))
    assert len(said) >= CARDS + 3
    wrong = {
        what: (count, query) for what, count, query in said if rows_of(open_screen, demo_file, query) != count
    }
    assert not wrong
    assert any(count > 0 for _, count, _ in said)


@pytest.mark.parametrize("day", DAYS)
def test_parts_add_up_to_the_whole(open_screen: Open, demo_file: Path, day: str) -> None:
    app = tower(open_screen, demo_file, day)
    figures = {metric.label: metric.value for metric in app.metric}
    late, reasons = (table.value for table in app.dataframe[:2])
    assert reasons["lines"].sum() == number(figures["Open lines"])
    assert reasons["overdue"].sum() == number(figures["Overdue"])
    assert late.loc[late["late"] != "No promised day", "lines"].sum() == number(figures["Overdue"])


def test_the_sentence_says_the_same_as_the_cards(open_screen: Open, demo_file: Path) -> None:
    app = tower(open_screen, demo_file, "")
    figures = {metric.label: metric.value for metric in app.metric}
    sentence = next(m.value for m in app.markdown if "open lines in" in m.value)
    assert f"{figures['Open lines']} open lines" in sentence
    assert f"{figures['Overdue']} overdue" in sentence


def test_a_past_day_says_what_is_not_known(open_screen: Open, demo_file: Path) -> None:
    app = tower(open_screen, demo_file, "2026-05-20")
    assert not any("about to miss" in m.value for m in app.markdown)
    assert any("kept only as they are now" in c.value for c in app.caption)


@pytest.mark.parametrize("file", ["tower/tower.py", "tower/wall.py", "insight/on_time.py"])
def test_an_empty_database_is_said_with_one_way_on(
    open_screen: Open, sqlite_template: Path, file: str
) -> None:
    app = open_screen(file, sqlite_template)
    assert any("No orders yet" in m.value for m in app.markdown)
    assert len([link for link in app.get("page_link") if link.proto.label == "Import orders"]) == 1
    assert not app.dataframe
    assert not app.metric


def test_a_day_before_all_data_is_said(open_screen: Open, demo_file: Path) -> None:
    app = tower(open_screen, demo_file, "2001-01-01")
    assert any("Nothing was open on this day" in m.value for m in app.markdown)


@pytest.mark.parametrize("day", DAYS)
def test_the_chart_has_a_table_that_says_the_same(open_screen: Open, demo_file: Path, day: str) -> None:
    app = tower(open_screen, demo_file, day)
    next(one for one in app.button_group if one.key == "due_as").set_value("Table").run()
    assert not app.exception
    table = app.dataframe[0].value
    assert len(table) > 5
    for _, row in table.head(4).iterrows():
        assert row["lines"] == rows_of(open_screen, demo_file, urlparse(row["open"]).query)
        assert row["lines"] == row.drop(["day", "lines", "open"]).sum()
