"""Every closed list of words that a row may carry (domain.md 2 and 3)."""

from __future__ import annotations

from enum import StrEnum


class OrderStage(StrEnum):
    """Stage of a sales order, moved only by its machine (domain.md 3.1)."""

    DRAFT = "DRAFT"
    VALIDATING = "VALIDATING"
    ON_HOLD = "ON_HOLD"
    CONFIRMED = "CONFIRMED"
    RELEASED = "RELEASED"
    PARTIALLY_SHIPPED = "PARTIALLY_SHIPPED"
    SHIPPED = "SHIPPED"
    INVOICED = "INVOICED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"


class LineStage(StrEnum):
    """Stage of an order line (domain.md 3.2)."""

    NEW = "NEW"
    CONFIRMED = "CONFIRMED"
    PARTIALLY_CONFIRMED = "PARTIALLY_CONFIRMED"
    BACKORDERED = "BACKORDERED"
    ALLOCATED = "ALLOCATED"
    PICKING = "PICKING"
    PACKED = "PACKED"
    PARTIALLY_SHIPPED = "PARTIALLY_SHIPPED"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    INVOICED = "INVOICED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"
    REJECTED = "REJECTED"


GONE_STAGES = (LineStage.CANCELLED, LineStage.REJECTED)
"""Stages of a line that nothing will be delivered of."""


class HoldStatus(StrEnum):
    """Status of a hold (domain.md 3.3)."""

    OPEN = "OPEN"
    IN_REVIEW = "IN_REVIEW"
    WAITING_CUSTOMER = "WAITING_CUSTOMER"
    RELEASED = "RELEASED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class HoldType(StrEnum):
    """Why something is held (domain.md 2.3, 0a.8)."""

    CREDIT = "CREDIT"
    COMPLIANCE = "COMPLIANCE"
    PRICE = "PRICE"
    PAYMENT = "PAYMENT"
    ADDRESS = "ADDRESS"
    DATA = "DATA"
    DUPLICATE = "DUPLICATE"
    QUALITY = "QUALITY"
    CUSTOMER_REQUEST = "CUSTOMER_REQUEST"
    MANAGEMENT = "MANAGEMENT"


class HoldScope(StrEnum):
    """What a hold is put on."""

    ORDER = "ORDER"
    LINE = "LINE"
    CUSTOMER = "CUSTOMER"
    SKU = "SKU"
    SHIPMENT = "SHIPMENT"


class BlockedAction(StrEnum):
    """Actions that a hold may block."""

    CONFIRM = "CONFIRM"
    ALLOCATE = "ALLOCATE"
    RELEASE = "RELEASE"
    SHIP = "SHIP"
    INVOICE = "INVOICE"


class ReservationStatus(StrEnum):
    """Status of rows that hold stock for a line (domain.md 3.4)."""

    PROPOSED = "PROPOSED"
    SOFT = "SOFT"
    HARD = "HARD"
    CONSUMED = "CONSUMED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


class ShipmentStatus(StrEnum):
    """Status of a shipment (domain.md 3.5)."""

    PLANNED = "PLANNED"
    TENDERED = "TENDERED"
    BOOKED = "BOOKED"
    READY = "READY"
    IN_TRANSIT = "IN_TRANSIT"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    EXCEPTION = "EXCEPTION"
    DELIVERED = "DELIVERED"
    POD_CONFIRMED = "POD_CONFIRMED"
    CANCELLED = "CANCELLED"
    LOST = "LOST"


class ExceptionStatus(StrEnum):
    """Status of an exception case (domain.md 3.8)."""

    OPEN = "OPEN"
    ASSIGNED = "ASSIGNED"
    IN_PROGRESS = "IN_PROGRESS"
    WAITING = "WAITING"
    ESCALATED = "ESCALATED"
    RESOLVED = "RESOLVED"
    AUTO_RESOLVED = "AUTO_RESOLVED"
    DISMISSED = "DISMISSED"
    MERGED = "MERGED"


class ClockState(StrEnum):
    """State of an SLA clock (domain.md 0a.5); "breached" is derived, never stored."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    MET = "MET"
    BREACHED_STOPPED = "BREACHED_STOPPED"
    CANCELLED = "CANCELLED"
    SUPERSEDED = "SUPERSEDED"


class OrderType(StrEnum):
    """Kind of sales order (domain.md 2.3)."""

    STD = "STD"
    RUSH = "RUSH"
    BLANKET = "BLANKET"
    RELEASE = "RELEASE"
    DROP_SHIP = "DROP_SHIP"
    SAMPLE = "SAMPLE"
    REPLACEMENT = "REPLACEMENT"
    CONSIGNMENT = "CONSIGNMENT"
    RETURN = "RETURN"


class Channel(StrEnum):
    """How an order or message reached us."""

    EDI = "EDI"
    CXML = "CXML"
    PORTAL = "PORTAL"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    CRM = "CRM"
    FILE = "FILE"


class CustomerStatus(StrEnum):
    """Life of a customer record (domain.md 2.1)."""

    PROSPECT = "PROSPECT"
    ONBOARDING = "ONBOARDING"
    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    INACTIVE = "INACTIVE"


class SkuStatus(StrEnum):
    """Lifecycle of a SKU (domain.md 2.2)."""

    DEVELOPMENT = "DEVELOPMENT"
    LAUNCH = "LAUNCH"
    ACTIVE = "ACTIVE"
    ALLOCATED = "ALLOCATED"
    EOL_ANNOUNCED = "EOL_ANNOUNCED"
    LAST_TIME_BUY = "LAST_TIME_BUY"
    PHASED_OUT = "PHASED_OUT"
    OBSOLETE = "OBSOLETE"


class CreditRisk(StrEnum):
    """Credit risk class of a customer (domain.md 9.8)."""

    LOW = "LOW"
    MED = "MED"
    HIGH = "HIGH"
    CIA = "CIA"


class PartialPolicy(StrEnum):
    """How far a customer accepts partial deliveries (domain.md 7.5)."""

    ANY = "ANY"
    ONE_BACKORDER = "ONE_BACKORDER"
    LINE_COMPLETE = "LINE_COMPLETE"
    ORDER_COMPLETE = "ORDER_COMPLETE"


class SupplyType(StrEnum):
    """Where supply comes from (domain.md 2.4)."""

    ON_HAND = "ON_HAND"
    PO = "PO"
    PRODUCTION = "PRODUCTION"
    TRANSFER = "TRANSFER"
    RETURN = "RETURN"


class SupplyStatus(StrEnum):
    """Whether supply may be used (domain.md 2.4)."""

    AVAILABLE = "AVAILABLE"
    QUALITY = "QUALITY"
    BLOCKED = "BLOCKED"
    IN_TRANSIT = "IN_TRANSIT"
    PLANNED = "PLANNED"
    RECEIVED = "RECEIVED"


class MovementType(StrEnum):
    """Why stock moved: the kinds of rows of the stock ledger."""

    OPENING = "OPENING"
    RECEIPT = "RECEIPT"
    GOODS_ISSUE = "GOODS_ISSUE"
    RETURN = "RETURN"
    ADJUSTMENT = "ADJUSTMENT"
    RESERVE = "RESERVE"
    UNRESERVE = "UNRESERVE"


class ShipmentMode(StrEnum):
    """Mode of transport."""

    PARCEL = "PARCEL"
    LTL = "LTL"
    FTL = "FTL"
    TRUCK = "TRUCK"
    AIR = "AIR"
    AIR_CHARTER = "AIR_CHARTER"
    OCEAN = "OCEAN"
    RAIL = "RAIL"


class AmountBasis(StrEnum):
    """What stands behind a shipment's freight or weight when the figure itself may be missing."""

    STATED = "STATED"
    INCLUDED = "INCLUDED"
    SEPARATE = "SEPARATE"
    UNKNOWN = "UNKNOWN"


class InvoiceType(StrEnum):
    """Kind of billing document (domain.md 2.6)."""

    INVOICE = "INVOICE"
    CREDIT_MEMO = "CREDIT_MEMO"
    DEBIT_MEMO = "DEBIT_MEMO"
    PROFORMA = "PROFORMA"


class InvoiceStatus(StrEnum):
    """Status of a billing document (domain.md 2.6)."""

    DRAFT = "DRAFT"
    POSTED = "POSTED"
    PART_PAID = "PART_PAID"
    PAID = "PAID"
    DISPUTED = "DISPUTED"
    VOID = "VOID"


class Initiator(StrEnum):
    """Who caused a change of date or quantity."""

    CUSTOMER = "CUSTOMER"
    SUPPLIER = "SUPPLIER"
    INTERNAL = "INTERNAL"


class PromiseSource(StrEnum):
    """What a promise date rests on (domain.md 2.3)."""

    ATP = "ATP"
    MANUAL = "MANUAL"
    SUPPLIER = "SUPPLIER"
    CARRIER = "CARRIER"
    IMPORT = "IMPORT"


class Severity(StrEnum):
    """Severity of an exception case, S1 the worst (domain.md 6.2)."""

    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"


class BatchStatus(StrEnum):
    """Status of an import batch."""

    COMMITTED = "COMMITTED"
    UNDONE = "UNDONE"
    PARTLY_UNDONE = "PARTLY_UNDONE"


class QuarantineStatus(StrEnum):
    """Status of a row that an import refused."""

    OPEN = "OPEN"
    REPLAYED = "REPLAYED"
    DISCARDED = "DISCARDED"


class ChangeKind(StrEnum):
    """What an import did to a record, kept so that it can be undone."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"


class ViewVisibility(StrEnum):
    """Who sees a saved view."""

    PRIVATE = "PRIVATE"
    TEAM = "TEAM"
    LOCKED = "LOCKED"


class WaitReason(StrEnum):
    """Why an open line is not delivered yet, as far as the rows can prove it."""

    ON_HOLD = "ON_HOLD"
    IN_TRANSIT = "IN_TRANSIT"
    SUPPLY_LATE = "SUPPLY_LATE"
    NO_SUPPLY = "NO_SUPPLY"
    WAITING_SUPPLY = "WAITING_SUPPLY"
    READY_TO_SHIP = "READY_TO_SHIP"
    NOT_DUE = "NOT_DUE"
    NOT_RECORDED = "NOT_RECORDED"


class Role(StrEnum):
    """Roles of people (domain.md 0a.7)."""

    ASSOC = "ASSOC"
    LEAD = "LEAD"
    MGR = "MGR"
    DIRECTOR = "DIRECTOR"
    SALES = "SALES"
    CREDIT = "CREDIT"
    PLAN = "PLAN"
    BILL = "BILL"
    CONTROLLER = "CONTROLLER"
    COMPL = "COMPL"
    WHSE = "WHSE"
    TRANS = "TRANS"
    MDM = "MDM"
    EDI = "EDI"
    QA = "QA"
    ADMIN = "ADMIN"


class SignInMethod(StrEnum):
    """How a person signed in: a local password, the identity provider, or a role of the demo."""

    LOCAL = "LOCAL"
    OIDC = "OIDC"
    DEMO = "DEMO"
