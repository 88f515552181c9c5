"""The timeline of an order in plain words."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pandas as pd

from pages.shared import audit_words, wording

WORDS = {
    "OrderReceived": "Order received{by}",
    "OrderEntered": "Order entered",
    "OrderAcknowledged": "Order acknowledged to the customer",
    "OrderReleased": "Released to the warehouse",
    "ShipmentDispatched": "Shipment {shipment} left",
    "ShipmentDelivered": "Shipment {shipment} delivered",
    "InvoicePosted": "Invoice {invoice} posted",
    "OrderSubmitted": "Order submitted to its checks",
    "OrderConfirmed": "Order confirmed",
    "OrderHeld": "Order on hold",
    "OrderFreed": "Order free of holds, checked anew",
    "OrderRejected": "Order rejected",
    "OrderAmended": "Quantities changed",
    "OrderRecalled": "Recalled from the warehouse",
    "OrderPartiallyShipped": "Part of the order shipped",
    "OrderShipped": "All of the order shipped",
    "OrderShortClosed": "Rest of the order given up",
    "OrderInvoiced": "All of the order invoiced",
    "OrderClosed": "Order closed",
    "OrderReopened": "Order reopened",
    "OrderCancelled": "Order cancelled",
    "LineConfirmed": "Confirmed",
    "LinePartiallyConfirmed": "Confirmed in part",
    "LineBackordered": "Backordered",
    "LineRejected": "Line rejected",
    "LineAllocated": "Stock reserved",
    "LineDeallocated": "Stock freed",
    "LineReleased": "In the pick",
    "LinePickStopped": "Pick stopped",
    "LineShortPicked": "Not all found",
    "LinePacked": "Packed",
    "LineShipped": "Shipped",
    "LinePartiallyShipped": "Shipped in part",
    "LineShortClosed": "Rest given up",
    "LineDelivered": "Delivered",
    "LineInvoiced": "Invoiced",
    "LineClosed": "Line closed",
    "LineCancelled": "Line cancelled",
    "ReturnReceived": "Return received",
    "IMPORTED": "Imported from a file",
    "CustomerAsked": "Customer asked by {channel}",
    "CustomerAnswered": "Customer answered by {channel}",
    "HoldReleaseSigned": "{hold} hold: first of two signatures for its release",
}
ELSEWHERE = ("PromiseChanged", "RequestChanged", "HoldPlaced", "HoldReleased", "HoldRefused", "HoldExpired")
"""Events that another table tells with more: the date changes with old and new, the holds with their reason."""
TOLD_BY_OTHERS = frozenset(
    {"stage", "promised_on", "requested_on", "promised_on_first", "requested_on_first", "promise_source", "net_amount",
     "total_net", "entered_on", "delivered_on", "first_delivered_on", "cancelled_on", "entered_at", "released_at",
     "acknowledged_at", "closed_at", "qty_confirmed", "qty_allocated", "qty_released", "qty_picked", "qty_shipped",
     "qty_delivered", "qty_invoiced", "qty_returned"}
)  # fmt: skip
"""Fields that events, date changes and documents move: their own entries say more than the bare value."""
FIELDS = {"requested_on": "Requested day", "promised_on": "Promise"}


def told(
    *,
    events: pd.DataFrame,
    changes: pd.DataFrame,
    holds: pd.DataFrame,
    tracking: pd.DataFrame,
    edits: pd.DataFrame,
    as_of: date,
) -> pd.DataFrame:
    """Return (when, what, line, who), newest first."""
    story: list[tuple[Any, str, str, str]] = []
    for row in events[~events["type"].isin(ELSEWHERE)].to_dict("records"):
        story.append((row["at"], _event(row), _text(row["line_no"]), row["actor"]))
    for row in changes.to_dict("records"):
        story.append((row["changed_at"], _change(row), _text(row["line_no"]), row["actor"]))
    for row in holds.to_dict("records"):
        story.extend(_hold(row, as_of))
    for row in edits.to_dict("records"):
        story.extend(_edit(row))
    for row in tracking.to_dict("records"):
        place = f", {row['place']}" if row["place"] else ""
        said = _text(row["text"]) or f"code {row['code']}"
        story.append((row["at"], f"Carrier on {row['shipment_no']}: {said}{place}", "", "carrier"))
    story.sort(key=lambda part: pd.Timestamp(part[0]), reverse=True)
    return pd.DataFrame(
        [(wording.instant(at), what, line, who) for at, what, line, who in story],
        columns=["when", "what", "line", "who"],
    )


def _event(row: dict[Any, Any]) -> str:
    payload = _payload(row["payload"])
    pattern = WORDS.get(row["type"])
    if pattern is None:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(row["type"])).replace("_", " ").capitalize()
        more = ", ".join(f"{name} {value}" for name, value in payload.items())
        return f"{words}: {more}" if more else words
    by = f" by {wording.code(str(payload['channel']))}" if payload.get("channel") else ""
    hold, channel = (payload.get(name) for name in ("hold_type", "channel"))
    said = pattern.format(
        by=by, shipment=payload.get("shipment", ""), invoice=payload.get("invoice", ""),
        hold=wording.code(str(hold or "")), channel=wording.code(str(channel or "")),
    )  # fmt: skip
    return re.sub(" +", " ", said)


def _change(row: dict[Any, Any]) -> str:
    days = [wording.MISSING if pd.isna(row[name]) else wording.day(row[name]) for name in ("old", "new")]
    why = f": {row['reason']}" if _text(row["reason"]) else ""
    return f"{FIELDS.get(row['field'], row['field'])} moved from {days[0]} to {days[1]}{why}"


def _edit(row: dict[Any, Any]) -> list[tuple[Any, str, str, str]]:
    """Tell an edit of the audit log: the field, before and after, and why; one made outside in full."""
    outside = row["source"] == "OUTSIDE"
    if not outside and (row["field"] is None or row["field"] in TOLD_BY_OTHERS):
        return []
    name = audit_words.field_name(row["field"])
    said = f"{name}: {audit_words.change(row['old'], row['new'])}"
    why = f" ({row['reason']})" if _text(row["reason"]) else ""
    told_of = f"Changed outside the tower: {said}" if outside else f"{said}{why}"
    return [
        (row["at"], told_of, _text(row["line_no"]), audit_words.person(row["actor"], row["on_behalf_of"]))
    ]


def _hold(row: dict[Any, Any], as_of: date) -> list[tuple[Any, str, str, str]]:
    kind = wording.code(row["type"])
    told_of = [(row["placed_at"], f"{kind} hold placed: {row['reason']}", "", str(row["placed_by"]))]
    ended = row["released_at"]
    if pd.notna(ended) and ended.date() <= as_of:
        why = f": {row['release_reason']}" if _text(row["release_reason"]) else ""
        how = {"REJECTED": "refused", "EXPIRED": "ended on its until-date"}.get(row["status"], "released")
        told_of.append((ended, f"{kind} hold {how}{why}", "", _text(row["released_by"]) or "system"))
    return told_of


def _payload(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
