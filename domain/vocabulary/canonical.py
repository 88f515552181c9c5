"""The canonical records that an import may fill: kinds, their fields, what each field holds, and their keys."""

from __future__ import annotations

from enum import StrEnum

from domain.vocabulary.statuses import (
    AmountBasis,
    Channel,
    InvoiceStatus,
    InvoiceType,
    LineStage,
    OrderType,
    ShipmentMode,
    ShipmentStatus,
    SupplyStatus,
    SupplyType,
)

Holds = str | type[StrEnum]


def _fields(**groups: str) -> dict[str, Holds]:
    """Spell a table of fields: each keyword is what the fields in its text hold."""
    return {field: holds for holds, names in groups.items() for field in names.split()}


FIELDS: dict[str, dict[str, Holds]] = {
    "supplier": _fields(text="code name country", whole="lead_time_days"),
    "site": _fields(text="code name country tz"),
    "customer": _fields(
        text="code name segment country currency language tz payment_terms incoterm freight_terms "
        "account_owner csr_owner",
        whole="tier early_tolerance_days late_tolerance_days",
        money="credit_limit",
    ),
    "ship_to": _fields(
        text="customer code name address city region postal country tz", whole="transit_days"
    ),
    "sku": _fields(
        text="sku description base_uom family supplier abc hs_code origin_country",
        money="standard_cost list_price",
        quantity="weight_kg moq",
        whole="lead_time_days",
    ),
    "order": _fields(
        text="order_no customer customer_name customer_country ship_to po_no source_status currency "
        "payment_terms incoterm incoterm_place freight_terms owner note special_instructions",
        day="po_on requested_on do_not_ship_before cancel_after",
        instant="received_at entered_at acknowledged_at released_at closed_at",
        whole="priority",
        flag="ship_complete",
        money="total_net",
    ) | {"type": OrderType, "channel": Channel},
    "line": _fields(
        text="order_no line_no sku sku_description site customer_part description uom source_status "
        "reject_reason backorder_reason root_cause note",
        quantity="qty_ordered qty_cancelled_customer qty_cancelled_supplier qty_confirmed qty_allocated "
        "qty_released qty_picked qty_shipped qty_delivered qty_invoiced qty_returned",
        money="list_price net_price po_price net_amount cost",
        rate="uom_factor",
        day="requested_on_first requested_on promised_on_first promised_on planned_ship_on expected_on "
        "entered_on first_delivered_on delivered_on cancelled_on",
    ) | {"stage": LineStage},
    "schedule": _fields(
        text="order_no line_no", whole="seq", quantity="qty qty_confirmed", day="requested_on confirmed_on ship_on"
    ),
    "shipment": _fields(
        text="shipment_no site customer service incoterm tracking_no bol_no pod_name pod_note currency",
        instant="goods_issue_at delivered_at",
        day="planned_ship_on shipped_on eta_on delivered_on recorded_on",
        quantity="weight_kg",
        money="freight_amount insurance_amount",
        flag="damaged",
    ) | {"mode": ShipmentMode, "status": ShipmentStatus, "weight_basis": AmountBasis, "freight_basis": AmountBasis},
    "shipment_line": _fields(text="shipment_no order_no line_no lot", quantity="qty"),
    "tracking": _fields(text="shipment_no code place text", instant="at received_at"),
    "invoice": _fields(
        text="number customer order_no currency cancels_number",
        day="invoiced_on due_on",
        money="net tax freight total open_amount",
    ) | {"type": InvoiceType, "status": InvoiceStatus},
    "invoice_line": _fields(
        text="number order_no line_no shipment_no", whole="seq", quantity="qty", money="price amount tax"
    ),
    "supply": _fields(
        text="ref sku site supplier lot", quantity="qty", day="available_on original_on received_on expires_on"
    ) | {"type": SupplyType, "status": SupplyStatus},
    "stock": _fields(text="sku site", quantity="on_hand"),
}  # fmt: skip
"""Per kind the fields and what they hold: text, money, quantity, rate, whole, day, instant, flag, or a word list."""

KEYS: dict[str, tuple[str, ...]] = {
    "supplier": ("code",),
    "site": ("code",),
    "customer": ("code",),
    "ship_to": ("customer", "code"),
    "sku": ("sku",),
    "order": ("order_no",),
    "line": ("order_no", "line_no"),
    "schedule": ("order_no", "line_no", "seq"),
    "shipment": ("shipment_no",),
    "shipment_line": ("shipment_no", "order_no", "line_no", "lot"),
    "tracking": ("shipment_no", "code", "at", "place"),
    "invoice": ("number",),
    "invoice_line": ("number", "seq"),
    "supply": ("ref", "sku", "site"),
    "stock": ("sku", "site"),
}
"""The business key of each kind within a source; these are also the fields a record must have."""

NEEDED: dict[str, tuple[str, ...]] = {
    "order": ("customer",),
    "line": ("sku", "qty_ordered"),
    "schedule": ("qty",),
    "shipment_line": ("qty",),
    "supply": ("qty", "type"),
    "stock": ("on_hand",),
}
"""Fields that a record must have beside its key."""
