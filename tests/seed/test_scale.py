"""A book of any size: as many lines as asked, its stock in agreement with its lines, every index back in place."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import Engine, func, inspect, select
from typer.testing import CliRunner

from db.tables import Base, Reservation, SalesOrder, SalesOrderLine
from domain.vocabulary.errors import DomainError
from seed.__main__ import app
from seed.scale import ScaleReport, scale
from tests.laws import broken_laws

DAY = date(2026, 6, 15)
INDEXED = (SalesOrder, SalesOrderLine, Reservation)


def _small(engine: Engine, **changes: object) -> ScaleReport:
    return scale(engine, **{"lines": 2_003, "today": DAY, "skus": 40, "sites": 2, **changes})  # type: ignore[arg-type]


def test_it_makes_as_many_lines_as_asked_and_opens_the_share(engine: Engine) -> None:
    report = _small(engine, open_share=0.25)
    with engine.connect() as connection:
        rows = connection.execute(select(func.count()).select_from(SalesOrderLine)).scalar_one()
        open_rows = connection.execute(
            select(func.count()).where(SalesOrderLine.delivered_on.is_(None))
        ).scalar_one()
    assert rows == report.lines == 2_003
    assert open_rows == report.open_lines
    assert abs(open_rows / rows - 0.25) < 0.01


def test_stock_and_reservations_agree_with_the_lines(engine: Engine) -> None:
    _small(engine, open_share=0.5)
    with engine.connect() as connection:
        broken = broken_laws(connection)
    about_stock = {
        name for name in broken if any(word in name for word in ("reserved", "stock", "supply", "hand"))
    }
    assert about_stock == set()


def test_indexes_that_were_dropped_for_the_load_are_back(engine: Engine) -> None:
    before = {
        m.__tablename__: {i["name"] for i in inspect(engine).get_indexes(m.__tablename__)} for m in INDEXED
    }
    _small(engine)
    after = {
        m.__tablename__: {i["name"] for i in inspect(engine).get_indexes(m.__tablename__)} for m in INDEXED
    }
    assert after == before
    assert all(before.values())


def test_the_same_seed_number_gives_the_same_book(engine: Engine) -> None:
    first, second = _small(engine), _small(engine)
    assert (first.source, second.source) == ("SCALE", "SCALE-2")
    table = SalesOrderLine
    sums = (
        select(
            func.count(), func.sum(table.net_amount), func.sum(table.qty_ordered), func.min(table.promised_on)
        )
        .join(SalesOrder, SalesOrder.order_id == table.order_id)
        .group_by(SalesOrder.source)
    )
    with engine.connect() as connection:
        one, two = connection.execute(sums).all()
    assert tuple(one) == tuple(two)


def test_no_row_points_nowhere(engine: Engine) -> None:
    _small(engine, open_share=0.5)
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for key in table.foreign_keys:
                missing = (
                    select(func.count())
                    .select_from(table)
                    .where(key.parent.is_not(None))
                    .where(~select(key.column).where(key.column == key.parent).correlate(table).exists())
                )
                if key.column.table is not table:
                    assert connection.execute(missing).scalar_one() == 0, str(key.parent)


@pytest.mark.parametrize("wrong", [{"lines": 0}, {"skus": 0}, {"sites": 0}, {"open_share": 1.5}])
def test_sizes_that_make_no_book_are_refused(engine: Engine, wrong: dict[str, object]) -> None:
    with pytest.raises(DomainError) as refused:
        _small(engine, **wrong)
    assert refused.value.code == "scale.arguments"


def test_the_command_says_what_went_in(sqlite_url: str) -> None:
    result = CliRunner().invoke(app, ["scale", "--lines", "400", "--database", sqlite_url, "--json"])
    told = json.loads(result.stdout)
    assert told["lines"] == told["rows"]["sales_order_line"] == 400
