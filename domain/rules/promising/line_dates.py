"""The facts of one order line that decide what may be said about its delivery day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.vocabulary.statuses import HoldType, WaitReason


@dataclass(frozen=True)
class LineDates:
    """One line as of a day; None is not recorded. Quantities in the line's base unit.

    `stock_reserved` says whether reserved stock on hand covers the open quantity; `receipt_on` is the latest day
    of a receipt that the line waits for.
    """

    as_of: date
    order_no: str
    line_no: str
    po_no: str | None
    item: str
    unit: str | None
    qty: Decimal
    qty_open: Decimal
    is_open: bool
    requested_on: date | None
    promised_on: date | None
    expected_on: date | None
    delivered_on: date | None
    cancelled_on: date | None
    wait_reason: WaitReason
    holds: tuple[HoldType, ...]
    shipped_on: date | None
    carrier: str | None
    tracking_no: str | None
    eta_on: date | None
    stock_reserved: bool | None
    receipt_on: date | None
    cancelled_undated: bool = False

    @property
    def is_cancelled(self) -> bool:
        """Whether the line was cancelled by the day."""
        return self.cancelled_undated or (self.cancelled_on is not None and self.cancelled_on <= self.as_of)

    @property
    def is_delivered(self) -> bool:
        """Whether the whole line was delivered by the day."""
        return self.delivered_on is not None and self.delivered_on <= self.as_of

    @property
    def now_expected_on(self) -> date | None:
        """The day of delivery where it happened, else the carrier's day once it travels, else the expected day.

        A day that has passed without delivery is nobody's expectation any more: None.
        """
        if self.is_delivered:
            return self.delivered_on
        if self.is_cancelled or not self.is_open:
            return None
        expected = (self.eta_on if self.wait_reason is WaitReason.IN_TRANSIT else None) or self.expected_on
        return expected if expected is not None and expected >= self.as_of else None

    @property
    def slip_days(self) -> int | None:
        """Days from the promise to the day now expected, or for an overdue line without one, to the day shown.

        Positive is later; None where promise or expectation is not recorded.
        """
        if self.promised_on is None:
            return None
        expected = self.now_expected_on
        if expected is not None:
            return (expected - self.promised_on).days
        overdue = self.is_open and self.promised_on < self.as_of
        return (self.as_of - self.promised_on).days if overdue else None
