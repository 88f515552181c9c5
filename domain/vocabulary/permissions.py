"""What people and service principals may do: the permissions, and how far each is granted (reliability.md 2)."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """A right that a command or a screen asks for; the matrix says which role has it and how far."""

    ORDERS_SEE = "ORDERS_SEE"
    ORDERS_EDIT = "ORDERS_EDIT"
    ORDERS_PROMISE = "ORDERS_PROMISE"
    ORDERS_ENTER = "ORDERS_ENTER"
    ORDERS_CANCEL = "ORDERS_CANCEL"
    STOCK_ALLOCATE = "STOCK_ALLOCATE"
    FULFILMENT_RELEASE = "FULFILMENT_RELEASE"
    WAREHOUSE_POST = "WAREHOUSE_POST"
    DELIVERY_POST = "DELIVERY_POST"
    BILLING_POST = "BILLING_POST"
    CASES_WORK = "CASES_WORK"
    CASES_ASSIGN = "CASES_ASSIGN"
    RUN_SIMULATE = "RUN_SIMULATE"
    RUN_COMMIT = "RUN_COMMIT"
    RUN_UNDO = "RUN_UNDO"
    EXPEDITE = "EXPEDITE"
    HOLD_SEE = "HOLD_SEE"
    HOLD_PLACE = "HOLD_PLACE"
    HOLD_RELEASE = "HOLD_RELEASE"
    PRICE_REQUEST = "PRICE_REQUEST"
    PRICE_APPROVE = "PRICE_APPROVE"
    APPROVALS_SEE = "APPROVALS_SEE"
    APPROVALS_DECIDE = "APPROVALS_DECIDE"
    APPROVALS_EXPIRE = "APPROVALS_EXPIRE"
    MASTER_SEE = "MASTER_SEE"
    MASTER_PROPOSE = "MASTER_PROPOSE"
    MASTER_APPROVE = "MASTER_APPROVE"
    MASTER_CREDIT = "MASTER_CREDIT"
    MASTER_SITE = "MASTER_SITE"
    CREDIT_SEE = "CREDIT_SEE"
    COST_SEE = "COST_SEE"
    IMPORT = "IMPORT"
    AUDIT_READ = "AUDIT_READ"
    AUDIT_SQL = "AUDIT_SQL"
    EXPORT_COST = "EXPORT_COST"
    INTEGRITY_SEE = "INTEGRITY_SEE"
    USERS_MANAGE = "USERS_MANAGE"
    CONFIGURE = "CONFIGURE"
    VIEWS_SAVE = "VIEWS_SAVE"
    PROFILE_EDIT = "PROFILE_EDIT"


class Grant(StrEnum):
    """How far a permission goes; the wider one wins where a person has several roles."""

    NONE = "NONE"
    REQUEST = "REQUEST"
    OWN = "OWN"
    ALL = "ALL"


class ReasonRule(StrEnum):
    """Whether a command wants a reason in words; LATE: only for orders past CONFIRMED (domain.md 2.10.3)."""

    NEVER = "NEVER"
    LATE = "LATE"
    ALWAYS = "ALWAYS"
