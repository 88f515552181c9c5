"""The sentence about a line that may leave the house: dates and progress, never cost, credit or other customers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from domain.rules.promising.line_dates import LineDates
from domain.vocabulary.statuses import HoldType, WaitReason

HOLD_TOLD = {
    HoldType.ADDRESS: "we need you to confirm the delivery address",
    HoldType.CUSTOMER_REQUEST: "it waits for your call-off, as you asked",
    HoldType.PRICE: "we are settling its price with you",
    HoldType.PAYMENT: "we wait for the payment agreed in advance",
    HoldType.DUPLICATE: "we are asking whether you meant to order it twice",
}
"""What the customer takes part in may be named; every other hold is "a check on our side" (domain.md 10.3)."""
CHECK = "it is in a check on our side"


def safe_to_tell(line: LineDates) -> str:
    """Return one or two sentences that a customer may read as they are."""
    return f"{_subject(line)} {_what(line)}"


def _subject(line: LineDates) -> str:
    po = f", your PO {line.po_no}" if line.po_no else ""
    unit = f" {line.unit}" if line.unit else ""
    return f"Order {line.order_no} line {line.line_no}{po}: {_number(line.qty)}{unit} of {line.item}"


def _what(line: LineDates) -> str:
    if line.is_delivered and line.delivered_on is not None:
        return f"was delivered on {said(line.delivered_on)}."
    if line.is_cancelled:
        return (
            "was cancelled." if line.cancelled_on is None else f"was cancelled on {said(line.cancelled_on)}."
        )
    if not line.is_open:
        return "is not in our open orders on this day."
    return _open(line) + _part(line)


def _open(line: LineDates) -> str:
    if line.holds or line.wait_reason is WaitReason.ON_HOLD:
        why = next((HOLD_TOLD[hold] for hold in line.holds if hold in HOLD_TOLD), CHECK)
        return f"cannot leave yet: {why}. We confirm the delivery day as soon as this is settled."
    if line.wait_reason is WaitReason.IN_TRANSIT and line.shipped_on is not None:
        by = f" with {line.carrier}" if line.carrier else ""
        number = f", tracking {line.tracking_no}" if line.tracking_no else ""
        return f"left us on {said(line.shipped_on)}{by}{number}{_arrives(line)}."
    if line.promised_on is None:
        return "has no confirmed delivery day yet. We tell you the day as soon as it is set."
    expected = line.now_expected_on
    if expected is not None and expected > line.promised_on and expected >= line.as_of:
        return f"was promised for {said(line.promised_on)}; we now expect {said(expected)}. We are sorry for the delay."
    if line.promised_on < line.as_of:
        return (
            f"was promised for {said(line.promised_on)} and is late. "
            "We are finding out the new day and will tell you."
        )
    return f"is promised for {said(line.promised_on)}."


def _arrives(line: LineDates) -> str:
    if line.eta_on is None or line.eta_on < line.as_of:
        return " and is on its way"
    return f" and is expected on {said(line.eta_on)}"


def _part(line: LineDates) -> str:
    done = line.qty - line.qty_open
    if done <= 0 or line.qty_open <= 0:
        return ""
    return f" {_number(done)} of {_number(line.qty)} have been delivered already."


def said(day: date) -> str:
    """Return a day as "Tuesday 24 November 2026"."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def _number(quantity: Decimal) -> str:
    text = f"{quantity:,.3f}".rstrip("0").rstrip(".")
    return text or "0"
