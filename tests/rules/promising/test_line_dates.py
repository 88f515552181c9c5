"""What may be told about a line, and what proves its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.rules.promising.confidence import confidence
from domain.rules.promising.line_dates import LineDates
from domain.rules.promising.safe_to_tell import CHECK, HOLD_TOLD, safe_to_tell
from domain.vocabulary.line_search import Confidence
from domain.vocabulary.statuses import HoldType, WaitReason

DAY = date(2026, 6, 15)
LINE = LineDates(
    as_of=DAY,
    order_no="SO-1",
    line_no="10",
    po_no="PO-9",
    item="BRG-1 Bearing",
    unit="EA",
    qty=Decimal("5"),
    qty_open=Decimal("5"),
    is_open=True,
    requested_on=date(2026, 6, 18),
    promised_on=date(2026, 6, 20),
    expected_on=date(2026, 6, 20),
    delivered_on=None,
    cancelled_on=None,
    wait_reason=WaitReason.NOT_DUE,
    holds=(),
    shipped_on=None,
    carrier=None,
    tracking_no=None,
    eta_on=None,
    stock_reserved=True,
    receipt_on=None,
)
TRAVELS = replace(
    LINE,
    wait_reason=WaitReason.IN_TRANSIT,
    shipped_on=date(2026, 6, 14),
    carrier="Fast",
    tracking_no="T1",
    eta_on=date(2026, 6, 17),
)
DONE = replace(LINE, is_open=False, delivered_on=date(2026, 6, 10), qty_open=Decimal(0))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (LINE, "Order SO-1 line 10, your PO PO-9: 5 EA of BRG-1 Bearing is promised for Saturday 20 June 2026."),
        (replace(LINE, po_no=None, unit=None), "Order SO-1 line 10: 5 of BRG-1 Bearing is promised for Saturday 20 June 2026."),
        (DONE, "was delivered on Wednesday 10 June 2026."),
        (replace(LINE, is_open=False, cancelled_on=DAY), "was cancelled on Monday 15 June 2026."),
        (TRAVELS, "left us on Sunday 14 June 2026 with Fast, tracking T1 and is expected on Wednesday 17 June 2026."),
        (replace(TRAVELS, carrier=None, tracking_no=None, eta_on=None), "left us on Sunday 14 June 2026 and is on its way."),
        (replace(LINE, expected_on=date(2026, 6, 25)), "was promised for Saturday 20 June 2026; we now expect Thursday 25 June 2026."),
        (replace(LINE, promised_on=date(2026, 6, 1), expected_on=date(2026, 6, 2)), "was promised for Monday 1 June 2026 and is late."),
        (replace(LINE, promised_on=None), "has no confirmed delivery day yet."),
        (replace(LINE, qty_open=Decimal("1.5")), "3.5 of 5 have been delivered already."),
    ],
)  # fmt: skip
def test_sentence(line: LineDates, sentence: str) -> None:
    assert sentence in safe_to_tell(line)


@pytest.mark.parametrize("hold", list(HoldType))
def test_a_held_line_promises_no_day_and_names_only_what_the_customer_takes_part_in(hold: HoldType) -> None:
    told = safe_to_tell(replace(LINE, holds=(hold,), wait_reason=WaitReason.ON_HOLD))
    assert "20 June" not in told
    assert HOLD_TOLD.get(hold, CHECK) in told
    assert "credit" not in told.lower() and "compliance" not in told.lower()


@pytest.mark.parametrize(
    ("line", "proof"),
    [
        (DONE, Confidence.DELIVERED),
        (TRAVELS, Confidence.CARRIER),
        (replace(TRAVELS, eta_on=None), Confidence.NOT_RECORDED),
        (replace(TRAVELS, eta_on=date(2026, 6, 14)), Confidence.NOT_RECORDED),
        (LINE, Confidence.STOCK),
        (replace(LINE, stock_reserved=False, receipt_on=date(2026, 6, 18)), Confidence.RECEIPT),
        (replace(LINE, stock_reserved=None), Confidence.NOT_RECORDED),
        (replace(LINE, holds=(HoldType.CREDIT,)), Confidence.NOT_RECORDED),
        (replace(LINE, promised_on=date(2026, 6, 1), expected_on=None), Confidence.NOT_RECORDED),
        (replace(LINE, promised_on=None, expected_on=None), Confidence.NOT_RECORDED),
    ],
)
def test_confidence(line: LineDates, proof: Confidence) -> None:
    assert confidence(line) is proof


@pytest.mark.parametrize(
    ("line", "days"),
    [
        (LINE, 0),
        (replace(LINE, expected_on=date(2026, 6, 25)), 5),
        (DONE, -10),
        (replace(TRAVELS, expected_on=date(2026, 6, 30)), -3),
        (replace(LINE, promised_on=date(2026, 6, 5), expected_on=date(2026, 6, 6)), 10),
        (replace(LINE, expected_on=None), None),
        (replace(LINE, promised_on=None), None),
    ],
)
def test_slip(line: LineDates, days: int | None) -> None:
    assert line.slip_days == days
