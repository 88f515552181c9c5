"""Columns, constraints and indexes; no behaviour. Importing this package registers every table."""

from db.tables.allocation_runs import BopBefore, BopPlanRow, BopResult, BopRun, BopSnapshot, RunVariant
from db.tables.approvals import Approval, ApprovalStep
from db.tables.audit import AuditAnchor, AuditLog, Command, OutboxMessage, SavedView
from db.tables.base import Base
from db.tables.calendars import Calendar, CalendarException, CalendarWindow
from db.tables.communications import Communication
from db.tables.exception_cases import ExceptionCase
from db.tables.holds import Hold
from db.tables.identity import (
    AppUser,
    Presence,
    SignInAttempt,
    UserAccount,
    UserRole,
    UserSession,
    UserSite,
)
from db.tables.imports import (
    CodeMap,
    ImportAnswer,
    ImportBatch,
    ImportChange,
    ImportFile,
    ImportWarning,
    Landing,
    QuarantineRow,
    RecordSource,
)
from db.tables.invoices import Invoice, InvoiceLine, Payment, PaymentApplication
from db.tables.parties import Carrier, Contact, Customer, ShipTo, Site, Supplier, WorkerLease
from db.tables.products import CustomerSku, PriceAgreement, Sku, SkuSite, UomConversion
from db.tables.promises import AtpBucket, PromiseNotice, PromiseQuote
from db.tables.quotas import Quota, SafetyStockChange, SourcingRule, SupplyProtection
from db.tables.sales_orders import DateChange, OrderEvent, SalesOrder, SalesOrderLine, ScheduleLine
from db.tables.shipments import Package, Shipment, ShipmentLine, TrackingEvent
from db.tables.sla import SlaClock, SlaLevelEvent, SlaPolicy, SlaSegment
from db.tables.supply import Reservation, StockBalance, StockMovement, Supply

__all__ = [
    "AppUser",
    "Approval",
    "ApprovalStep",
    "AtpBucket",
    "AuditAnchor",
    "AuditLog",
    "Base",
    "BopBefore",
    "BopPlanRow",
    "BopResult",
    "BopRun",
    "BopSnapshot",
    "Calendar",
    "CalendarException",
    "CalendarWindow",
    "Carrier",
    "CodeMap",
    "Command",
    "Communication",
    "Contact",
    "Customer",
    "CustomerSku",
    "DateChange",
    "ExceptionCase",
    "Hold",
    "ImportAnswer",
    "ImportBatch",
    "ImportChange",
    "ImportFile",
    "ImportWarning",
    "Invoice",
    "InvoiceLine",
    "Landing",
    "OrderEvent",
    "OutboxMessage",
    "Package",
    "Payment",
    "PaymentApplication",
    "Presence",
    "PriceAgreement",
    "PromiseNotice",
    "PromiseQuote",
    "QuarantineRow",
    "Quota",
    "RecordSource",
    "Reservation",
    "RunVariant",
    "SafetyStockChange",
    "SalesOrder",
    "SalesOrderLine",
    "SavedView",
    "ScheduleLine",
    "ShipTo",
    "Shipment",
    "ShipmentLine",
    "SignInAttempt",
    "Site",
    "Sku",
    "SkuSite",
    "SlaClock",
    "SlaLevelEvent",
    "SlaPolicy",
    "SlaSegment",
    "SourcingRule",
    "StockBalance",
    "StockMovement",
    "Supplier",
    "Supply",
    "SupplyProtection",
    "TrackingEvent",
    "UomConversion",
    "UserAccount",
    "UserRole",
    "UserSession",
    "UserSite",
    "WorkerLease",
]
