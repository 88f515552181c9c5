"""What people edit of master data: customers, ship-tos, SKUs, site parameters, sites and calendars.

Sensitive fields are those that move money, promises or stock: whoever may only propose asks for approval, and who may
write them still needs a second person where the approval matrix says so (domain.md 2.8, reliability.md 2).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from domain.rules.editing import accepted
from domain.rules.editing.editable_field import MOST_NOTE, Check, Facts, Field
from domain.vocabulary.approvals import ApprovalType
from domain.vocabulary.edits import FieldKind
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import CreditRisk, CustomerStatus, PartialPolicy, SkuStatus

CUSTOMER, SHIP_TO, SKU, SKU_SITE, SITE, CALENDAR = (
    "customer", "ship_to", "sku", "sku_site", "site", "calendar",
)  # fmt: skip
FIELD_ENTITIES = (CUSTOMER, SHIP_TO, SKU, SKU_SITE, SITE, CALENDAR)
PLAIN = (Permission.MASTER_PROPOSE,)
APPROVE, CREDIT, PLANNING = (
    (Permission.MASTER_APPROVE,), (Permission.MASTER_CREDIT,), (Permission.MASTER_SITE,),
)  # fmt: skip
CREDIT_SEE, COST_SEE = Permission.CREDIT_SEE, Permission.COST_SEE
TERMS, LIMITS, MASTER = ApprovalType.TERMS, ApprovalType.CREDIT, ApprovalType.MASTER_DATA
ZERO, ONE = Decimal(0), Decimal(1)
LIFE = ("launch_on", "eol_announced_on", "last_order_on", "last_ship_on")
LIFE_WORDS = {
    "launch_on": "launch", "eol_announced_on": "end announced", "last_order_on": "last order",
    "last_ship_on": "last shipment",
}  # fmt: skip


def life_days(name: str) -> Check:
    """Refuse a day of a SKU's life that is out of order: launch, end announced, last order, last shipment."""

    def check(value: Any, facts: Facts) -> str | None:
        days = {**facts, name: value}
        known = [(place, days[place]) for place in LIFE if isinstance(days.get(place), date)]
        for (before, earlier), (after, later) in pairwise(known):
            if later < earlier:
                return f"The day of {LIFE_WORDS[after]} ({later}) lies before that of {LIFE_WORDS[before]} ({earlier})."
        return None

    return check


def policy_agrees(name: str) -> Check:
    """Refuse a partial policy that contradicts "ship complete" (domain.md 7.5)."""

    def check(value: Any, facts: Facts) -> str | None:
        row = {**facts, name: value}
        policy = row.get("partial_policy")
        if row.get("ship_complete") and policy not in (None, PartialPolicy.ORDER_COMPLETE):
            return "Ship complete goes only with the partial policy Order complete, or with none."
        return None

    return check


def not_itself(value: Any, facts: Facts) -> str | None:
    """Refuse a SKU that is superseded by itself."""
    return "A SKU cannot replace itself." if value is not None and value == facts.get("sku_id") else None


def reorder_agrees(name: str) -> Check:
    """Refuse a reorder point below the safety stock: ROP = demand over lead time + safety stock (domain.md 7.8)."""

    def check(value: Any, facts: Facts) -> str | None:
        row = {**facts, name: value}
        point, safety = row.get("reorder_point"), row.get("safety_stock")
        if point is not None and safety is not None and point < safety:
            return f"The reorder point ({point:f}) would lie below the safety stock ({safety:f})."
        return None

    return check


CUSTOMER_FIELDS = (
    Field(CUSTOMER, "name", "Name", FieldKind.TEXT, PLAIN, required=True, check=accepted.one_line),
    Field(CUSTOMER, "status", "Status", FieldKind.CHOICE, APPROVE, choices=tuple(CustomerStatus), sensitive=MASTER,
          required=True, proposes=PLAIN, help="A customer with orders is set to Inactive, never removed."),
    Field(CUSTOMER, "tier", "Tier", FieldKind.INTEGER, APPROVE, sensitive=MASTER, proposes=PLAIN, least=ONE,
          most=Decimal(4), help="1 is best; set by policy, never per order."),
    Field(CUSTOMER, "segment", "Segment", FieldKind.TEXT, PLAIN, longest=60, check=accepted.one_line),
    Field(CUSTOMER, "country", "Country", FieldKind.TEXT, PLAIN, longest=2, check=accepted.country),
    Field(CUSTOMER, "language", "Language", FieldKind.TEXT, PLAIN, longest=12, check=accepted.language),
    Field(CUSTOMER, "currency", "Currency", FieldKind.TEXT, APPROVE, sensitive=MASTER, proposes=PLAIN, longest=3,
          check=accepted.currency),
    Field(CUSTOMER, "payment_terms", "Payment terms", FieldKind.TEXT, CREDIT, sensitive=TERMS, proposes=PLAIN,
          longest=32, check=accepted.one_line),
    Field(CUSTOMER, "credit_limit", "Credit limit", FieldKind.MONEY, CREDIT, sensitive=LIMITS, proposes=PLAIN,
          least=ZERO, sees=CREDIT_SEE, help="In the customer's currency."),
    Field(CUSTOMER, "credit_risk", "Credit risk", FieldKind.CHOICE, CREDIT, sensitive=LIMITS, proposes=PLAIN,
          choices=tuple(CreditRisk), sees=CREDIT_SEE),
    Field(CUSTOMER, "credit_review_due", "Credit review due", FieldKind.DAY, CREDIT, sees=CREDIT_SEE),
    Field(CUSTOMER, "partial_policy", "Partial policy", FieldKind.CHOICE, PLAIN, choices=tuple(PartialPolicy),
          check=policy_agrees("partial_policy")),
    Field(CUSTOMER, "ship_complete", "Ship complete", FieldKind.FLAG, PLAIN, check=policy_agrees("ship_complete")),
    Field(CUSTOMER, "max_splits", "Most splits", FieldKind.INTEGER, PLAIN, least=ZERO, most=Decimal(99)),
    Field(CUSTOMER, "po_required", "PO required", FieldKind.FLAG, PLAIN),
    Field(CUSTOMER, "early_tolerance_days", "Early days", FieldKind.INTEGER, PLAIN, least=ZERO, most=Decimal(365),
          help="Days that a delivery may come early and is still on time."),
    Field(CUSTOMER, "late_tolerance_days", "Late days", FieldKind.INTEGER, PLAIN, least=ZERO, most=Decimal(365)),
    Field(CUSTOMER, "under_tolerance", "Under tolerance", FieldKind.RATE, PLAIN, least=ZERO, most=ONE,
          help="Share of the quantity: 0.05 is five per cent."),
    Field(CUSTOMER, "over_tolerance", "Over tolerance", FieldKind.RATE, PLAIN, least=ZERO, most=ONE),
    Field(CUSTOMER, "calendar_id", "Calendar", FieldKind.CHOICE, PLAIN, listed="calendars"),
    Field(CUSTOMER, "tz", "Time zone", FieldKind.TEXT, PLAIN, longest=64, check=accepted.zone),
    Field(CUSTOMER, "account_owner", "Account owner", FieldKind.CHOICE, PLAIN, listed="people"),
    Field(CUSTOMER, "csr_owner", "CSR", FieldKind.CHOICE, PLAIN, listed="people",
          help="Who looks after the customer's orders."),
    Field(CUSTOMER, "incoterm", "Incoterm", FieldKind.TEXT, PLAIN, longest=12, check=accepted.one_line),
    Field(CUSTOMER, "freight_terms", "Freight terms", FieldKind.TEXT, PLAIN, longest=24, check=accepted.one_line),
)  # fmt: skip
SHIP_TO_FIELDS = (
    Field(SHIP_TO, "name", "Name", FieldKind.TEXT, PLAIN, required=True, check=accepted.one_line),
    Field(SHIP_TO, "address", "Address", FieldKind.TEXT, PLAIN, longest=240, check=accepted.one_line),
    Field(SHIP_TO, "city", "City", FieldKind.TEXT, PLAIN, check=accepted.one_line),
    Field(SHIP_TO, "region", "Region", FieldKind.TEXT, PLAIN, check=accepted.one_line),
    Field(SHIP_TO, "postal", "Postal code", FieldKind.TEXT, PLAIN, longest=16, check=accepted.one_line),
    Field(SHIP_TO, "country", "Country", FieldKind.TEXT, PLAIN, longest=2, check=accepted.country),
    Field(SHIP_TO, "tz", "Time zone", FieldKind.TEXT, PLAIN, longest=64, check=accepted.zone,
          help="Delivery days are days in this zone."),
    Field(SHIP_TO, "receiving_calendar_id", "Receiving hours", FieldKind.CHOICE, PLAIN, listed="calendars"),
    Field(SHIP_TO, "appointment_required", "Appointment", FieldKind.FLAG, PLAIN),
    Field(SHIP_TO, "transit_days", "Transit days", FieldKind.INTEGER, PLAIN, least=ZERO, most=Decimal(120),
          help="Business days of the carrier's calendar."),
    Field(SHIP_TO, "default_carrier_id", "Carrier", FieldKind.CHOICE, PLAIN, listed="carriers"),
    Field(SHIP_TO, "dock_notes", "Dock notes", FieldKind.NOTE, PLAIN, longest=MOST_NOTE),
    Field(SHIP_TO, "closed_on", "Closed since", FieldKind.DAY, PLAIN,
          help="The last day of use; a ship-to with orders is closed, never removed."),
)  # fmt: skip
SKU_FIELDS = (
    Field(SKU, "description", "Description", FieldKind.TEXT, PLAIN, longest=240, required=True, check=accepted.one_line),
    Field(SKU, "status", "Status", FieldKind.CHOICE, APPROVE, sensitive=MASTER, proposes=PLAIN, required=True,
          choices=tuple(SkuStatus)),
    Field(SKU, "family", "Family", FieldKind.TEXT, PLAIN, longest=60, check=accepted.one_line),
    Field(SKU, "abc", "ABC", FieldKind.CHOICE, PLAIN, choices=("A", "B", "C")),
    Field(SKU, "supplier_id", "Supplier", FieldKind.CHOICE, PLAIN, listed="suppliers"),
    Field(SKU, "lead_time_days", "Lead time (days)", FieldKind.INTEGER, PLAIN, least=ZERO, most=Decimal(730)),
    Field(SKU, "moq", "Minimum order", FieldKind.QUANTITY, PLAIN, least=ZERO),
    Field(SKU, "order_multiple", "Order multiple", FieldKind.QUANTITY, PLAIN, check=accepted.above_zero),
    Field(SKU, "list_price", "List price", FieldKind.MONEY, APPROVE, sensitive=MASTER, proposes=PLAIN, least=ZERO),
    Field(SKU, "standard_cost", "Standard cost", FieldKind.MONEY, APPROVE, sensitive=MASTER, proposes=PLAIN,
          least=ZERO, sees=COST_SEE),
    Field(SKU, "launch_on", "Launch", FieldKind.DAY, PLAIN, check=life_days("launch_on")),
    Field(SKU, "eol_announced_on", "End announced", FieldKind.DAY, APPROVE, sensitive=MASTER, proposes=PLAIN,
          check=life_days("eol_announced_on")),
    Field(SKU, "last_order_on", "Last order", FieldKind.DAY, APPROVE, sensitive=MASTER, proposes=PLAIN,
          check=life_days("last_order_on")),
    Field(SKU, "last_ship_on", "Last shipment", FieldKind.DAY, APPROVE, sensitive=MASTER, proposes=PLAIN,
          check=life_days("last_ship_on")),
    Field(SKU, "superseded_by_id", "Replaced by", FieldKind.CHOICE, APPROVE, sensitive=MASTER, proposes=PLAIN,
          listed="skus", check=not_itself),
    Field(SKU, "hs_code", "HS code", FieldKind.TEXT, PLAIN, longest=10, check=accepted.hs_code),
    Field(SKU, "eccn", "ECCN", FieldKind.TEXT, PLAIN, longest=12, check=accepted.one_line,
          help="Empty is unknown, never assumed to be EAR99."),
    Field(SKU, "origin_country", "Origin", FieldKind.TEXT, PLAIN, longest=2, check=accepted.country),
    Field(SKU, "weight_kg", "Weight (kg)", FieldKind.QUANTITY, PLAIN, least=ZERO),
    Field(SKU, "lot_controlled", "Lots", FieldKind.FLAG, PLAIN),
)  # fmt: skip
SKU_SITE_FIELDS = (
    Field(SKU_SITE, "safety_stock", "Safety stock", FieldKind.QUANTITY, PLANNING, sensitive=ApprovalType.SAFETY_STOCK,
          proposes=PLAIN, required=True, least=ZERO, check=reorder_agrees("safety_stock"),
          help="A change by more than 20 % or 5,000 in value needs a second person."),
    Field(SKU_SITE, "reorder_point", "Reorder point", FieldKind.QUANTITY, PLANNING, sensitive=MASTER, proposes=PLAIN,
          least=ZERO, check=reorder_agrees("reorder_point")),
    Field(SKU_SITE, "lead_time_days", "Lead time (days)", FieldKind.INTEGER, PLANNING, sensitive=MASTER, proposes=PLAIN,
          least=ZERO, most=Decimal(730)),
    Field(SKU_SITE, "service_level", "Service level", FieldKind.RATE, PLANNING, sensitive=MASTER, proposes=PLAIN,
          least=Decimal("0.5"), most=ONE, check=accepted.below_one, help="0.98 is 98 per cent."),
    Field(SKU_SITE, "review_days", "Review (days)", FieldKind.INTEGER, PLANNING, sensitive=MASTER, proposes=PLAIN,
          least=ZERO, most=Decimal(365)),
)  # fmt: skip
SITE_FIELDS = (
    Field(SITE, "name", "Name", FieldKind.TEXT, PLAIN, required=True, check=accepted.one_line),
    Field(SITE, "country", "Country", FieldKind.TEXT, PLAIN, longest=2, check=accepted.country),
    Field(SITE, "tz", "Time zone", FieldKind.TEXT, APPROVE, sensitive=MASTER, proposes=PLAIN, longest=64,
          check=accepted.zone),
    Field(SITE, "calendar_id", "Calendar", FieldKind.CHOICE, APPROVE, sensitive=MASTER, proposes=PLAIN,
          listed="calendars"),
    Field(SITE, "ship_cutoff_minute", "Cut-off (minute)", FieldKind.INTEGER, APPROVE, sensitive=MASTER, proposes=PLAIN,
          least=ZERO, most=Decimal(1440), check=accepted.clock_minute,
          help="Minute of the site's local day: 960 is 16:00."),
    Field(SITE, "capacity_lines_day", "Lines a day", FieldKind.INTEGER, PLANNING, sensitive=MASTER, proposes=PLAIN,
          least=ZERO, most=Decimal(1_000_000)),
)  # fmt: skip
CALENDAR_FIELDS = (
    Field(CALENDAR, "name", "Name", FieldKind.TEXT, APPROVE, sensitive=MASTER, proposes=PLAIN, required=True,
          longest=80, check=accepted.one_line),
    Field(CALENDAR, "tz", "Time zone", FieldKind.TEXT, APPROVE, sensitive=MASTER, proposes=PLAIN, required=True,
          longest=64, check=accepted.zone),
)  # fmt: skip
FIELDS = (
    *CUSTOMER_FIELDS, *SHIP_TO_FIELDS, *SKU_FIELDS, *SKU_SITE_FIELDS, *SITE_FIELDS, *CALENDAR_FIELDS,
)  # fmt: skip
