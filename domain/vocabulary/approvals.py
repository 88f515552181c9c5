"""The words of approvals: what is asked for, where a request stands, what an approver said (domain.md 2.8, 3.9)."""

from __future__ import annotations

from enum import StrEnum


class ApprovalStatus(StrEnum):
    """Status of an approval (domain.md 3.9)."""

    REQUESTED = "REQUESTED"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"


class ApprovalType(StrEnum):
    """What an approval is asked for (domain.md 2.8)."""

    PRICE = "PRICE"
    CREDIT = "CREDIT"
    TERMS = "TERMS"
    ALLOCATION = "ALLOCATION"
    SAFETY_STOCK = "SAFETY_STOCK"
    CANCEL = "CANCEL"
    RETURN_EXCEPTION = "RETURN_EXCEPTION"
    WRITE_OFF = "WRITE_OFF"
    PROMISE_OVERRIDE = "PROMISE_OVERRIDE"
    MASTER_DATA = "MASTER_DATA"
    HOLD = "HOLD"
    CLOSE = "CLOSE"


class Decision(StrEnum):
    """What an approver said."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
