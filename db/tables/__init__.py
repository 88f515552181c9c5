"""Columns, constraints and indexes; no behaviour. Importing this package registers every table."""

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
from db.tables.sales_orders import DateChange, OrderEvent, SalesOrder, SalesOrderLine, ScheduleLine
from db.tables.shipments import Package, Shipment, ShipmentLine, TrackingEvent
from db.tables.sla import SlaClock, SlaLevelEvent, SlaPolicy, SlaSegment
from db.tables.supply import Reservation, StockBalance, StockMovement, Supply

__all__ = [
    "AppUser",
    "Approval",
    "ApprovalStep",
    "AuditAnchor",
    "AuditLog",
    "Base",
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
    "QuarantineRow",
    "RecordSource",
    "Reservation",
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
    "StockBalance",
    "StockMovement",
    "Supplier",
    "Supply",
    "TrackingEvent",
    "UomConversion",
    "UserAccount",
    "UserRole",
    "UserSession",
    "UserSite",
    "WorkerLease",
]  # fmt: skip
