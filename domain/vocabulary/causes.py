"""Why a line is behind and what caused a miss: the codes that people choose from (domain.md 13.1).

Rows may hold other codes that a source system told; those stay as they came.
"""

from __future__ import annotations

from enum import StrEnum

from domain.vocabulary.statuses import ExceptionStatus


class RootCause(StrEnum):
    """Primary cause of a missed line or a case: level 2 of the taxonomy (domain.md 13.1)."""

    ENTRY_ERROR = "ENTRY_ERROR"
    UNCLEAR_PO = "UNCLEAR_PO"
    MISSING_DATA = "MISSING_DATA"
    LATE_CHANGE = "LATE_CHANGE"
    MASTER_DATA = "MASTER_DATA"
    CREDIT_HOLD = "CREDIT_HOLD"
    SUPPLIER_LATE = "SUPPLIER_LATE"
    QUALITY_REJECT = "QUALITY_REJECT"
    FORECAST_ERROR = "FORECAST_ERROR"
    ALLOCATION = "ALLOCATION"
    SAFETY_STOCK = "SAFETY_STOCK"
    SPLIT_DELIVERY = "SPLIT_DELIVERY"
    SHORT_PICK = "SHORT_PICK"
    LATE_PICK = "LATE_PICK"
    PACKING = "PACKING"
    CAPACITY = "CAPACITY"
    CARRIER_DELAY = "CARRIER_DELAY"
    LOST_IN_TRANSIT = "LOST_IN_TRANSIT"
    DAMAGED_IN_TRANSIT = "DAMAGED_IN_TRANSIT"
    APPOINTMENT = "APPOINTMENT"
    CUSTOMER_CHANGE = "CUSTOMER_CHANGE"
    CUSTOMER_REFUSED = "CUSTOMER_REFUSED"
    CUSTOMER_NO_REPLY = "CUSTOMER_NO_REPLY"
    SYSTEM = "SYSTEM"
    COMPLIANCE = "COMPLIANCE"
    BILLING = "BILLING"
    PRODUCT = "PRODUCT"


class BackorderReason(StrEnum):
    """Why a line is behind, as the desk sees it."""

    NO_STOCK = "NO_STOCK"
    SUPPLY_LATE = "SUPPLY_LATE"
    QUALITY_BLOCK = "QUALITY_BLOCK"
    ALLOCATED_ELSEWHERE = "ALLOCATED_ELSEWHERE"
    WAITS_FOR_COMPLETE = "WAITS_FOR_COMPLETE"
    CUSTOMER_WAITS = "CUSTOMER_WAITS"
    DISCONTINUED = "DISCONTINUED"


CLOSED_CASES = (
    ExceptionStatus.RESOLVED,
    ExceptionStatus.AUTO_RESOLVED,
    ExceptionStatus.DISMISSED,
    ExceptionStatus.MERGED,
)
"""States in which nobody works on a case any more."""
