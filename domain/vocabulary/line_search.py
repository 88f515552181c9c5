"""What a typed text may be: the words of the Delivery dates box."""

from __future__ import annotations

from enum import StrEnum


class Recognised(StrEnum):
    """What a typed text was recognised as, the most exact kind first."""

    ORDER = "ORDER"
    PO = "PO"
    TRACKING = "TRACKING"
    CUSTOMER_PART = "CUSTOMER_PART"
    SKU = "SKU"
    CUSTOMER = "CUSTOMER"
    WORDS = "WORDS"


class Confidence(StrEnum):
    """What a delivery day rests on, as far as rows prove it."""

    DELIVERED = "DELIVERED"
    CARRIER = "CARRIER"
    STOCK = "STOCK"
    RECEIPT = "RECEIPT"
    NOT_RECORDED = "NOT_RECORDED"
