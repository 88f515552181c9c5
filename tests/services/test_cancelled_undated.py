"""A line that its source calls cancelled, on a day that nobody told, is open on no day and shown as cancelled."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine

from db.queries import lines, tower
from db.unit_of_work import reading
from domain.exchange.imports.intake import prepare
from domain.exchange.imports.profile import load
from domain.services.figures import backlog, delivery_dates, kpi
from domain.services.importing import imports
from domain.vocabulary.line_filter import LineFilter
from tests.acting import do

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
DAY = date(2026, 6, 1)
PROFILE = """
profile: shop
source: {system: SHOP, dates: ["%Y-%m-%d"], decimal: "."}
files:
  lines:
    key: [order, pos]
    columns:
      order: {header: Order, type: key}
      pos: {header: Pos, type: key}
      qty: {header: Qty, type: number}
      entered: {header: Entered, type: date}
      promised: {header: Promised, type: date}
      status: Status
records:
  order: {from: lines, group: order, fields: {order_no: order, customer: "'C1'", currency: "'EUR'"}}
  line:
    from: lines
    fields:
      order_no: order
      line_no: pos
      sku: "'S1'"
      qty_ordered: qty
      net_price: num('2')
      entered_on: entered
      promised_on: promised
      FIELD
codes: {stage: {X: CANCELLED, A: CONFIRMED}}
"""
ROWS = (
    b"Order,Pos,Qty,Entered,Promised,Status\nA1,1,5,2026-05-01,2026-05-20,A\nA1,2,7,2026-05-01,2026-05-20,X\n"
)
BY_STATUS = "stage: status"
BY_QUANTITY = "qty_cancelled_customer: \"iif(status = 'X', qty, 0)\""


@pytest.fixture(params=[BY_STATUS, BY_QUANTITY], ids=["status", "quantity"])
def shop(request: pytest.FixtureRequest, engine: Engine) -> Engine:
    """One open line and one cancelled, told by a status or by its quantity."""
    profile = load(PROFILE.replace("FIELD", request.param), name="shop.yaml")
    mapped = prepare(profile, [("lines.csv", ROWS)])
    report = do(engine, imports.commit, mapped=mapped, now=NOW, actor="test")
    assert report["accepted"] == 2
    return engine


def test_it_is_in_no_backlog(shop: Engine) -> None:
    with reading(shop) as uow:
        found = kpi.backlog(uow, as_of=DAY)
        level = backlog.history(uow, as_of=DAY, days=1)[0]
        book = tower.book(uow.connection, as_of=DAY, live=True)
        listed = lines.rows(uow.connection, wanted=LineFilter(DAY), live=True)
    assert (found.open_lines, found.overdue_lines) == (1, 1)
    assert (level.open_lines, level.overdue_lines) == (1, 1)
    assert book["lines"].sum() == 1
    assert list(listed["line_no"]) == ["1"]


def test_it_is_told_as_cancelled(shop: Engine) -> None:
    with reading(shop) as uow:
        told = delivery_dates.answer(uow=uow, text="A1", as_of=DAY, live=True)
    assert any("was cancelled." in sentence for sentence in told.rows["sentence"])
