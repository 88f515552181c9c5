"""What a line's delivery day rests on: said only where rows prove it."""

from __future__ import annotations

from domain.rules.promising.line_dates import LineDates
from domain.vocabulary.line_search import Confidence
from domain.vocabulary.statuses import WaitReason


def confidence(line: LineDates) -> Confidence:
    """Return the proof behind the day: delivered, a carrier's day, stock reserved for all of it, or a receipt.

    A hold proves nothing about a day, so a held line is NOT_RECORDED, whatever stock it has; so is a day that has
    passed.
    """
    if line.is_delivered:
        return Confidence.DELIVERED
    if not line.is_open or line.holds or line.wait_reason is WaitReason.ON_HOLD:
        return Confidence.NOT_RECORDED
    if line.wait_reason is WaitReason.IN_TRANSIT:
        by_carrier = line.eta_on is not None and line.eta_on >= line.as_of
        return Confidence.CARRIER if by_carrier else Confidence.NOT_RECORDED
    day = line.now_expected_on or line.promised_on
    if day is None or day < line.as_of:
        return Confidence.NOT_RECORDED
    if line.stock_reserved:
        return Confidence.STOCK
    return Confidence.RECEIPT if line.receipt_on is not None else Confidence.NOT_RECORDED
