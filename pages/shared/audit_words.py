"""Changes of the audit log in plain words: who did what to which field of which object, before and after."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from pages.shared import wording

OBJECTS = {
    "sales_order": "Order",
    "sales_order_line": "Order line",
    "schedule_line": "Schedule line",
    "sku": "SKU",
    "sku_site": "Site parameters",
    "ship_to": "Ship-to",
    "app_user": "User",
    "exception_case": "Exception case",
    "import_batch": "Import",
}
FIELDS = {
    "promised_on": "Promised day",
    "requested_on": "Requested day",
    "expected_on": "Expected day",
    "entered_on": "Entry day",
    "delivered_on": "Delivery day",
    "cancelled_on": "Cancellation day",
    "planned_ship_on": "Planned ship day",
    "promised_on_first": "First promise",
    "requested_on_first": "First requested day",
    "net_amount": "Value",
    "sku_id": "SKU",
    "qty_cancelled_customer": "Cancelled by the customer",
    "qty_cancelled_supplier": "Cancelled by us",
}
SERVICES = {
    "service:worker": "The tower itself",
    "service:import": "An import",
    "service:cli": "The command line",
    "service:seed": "The demo",
    "outside": "Database access",
}
NOTHING = "–"
MOST_FIELDS = 6
_CODE = re.compile(r"[A-Z][A-Z_]{2,}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def object_kind(table: str) -> str:
    """Return a table as people call what is in it."""
    return OBJECTS.get(table) or wording.code(table)


def field_name(name: str | None) -> str:
    """Return a column as people call it; several in a comma list."""
    if not name:
        return "Whole record"
    return ", ".join(_field(one) for one in name.split(", "))


def _field(name: str) -> str:
    known = FIELDS.get(name)
    if known is not None:
        return known
    words = re.sub(r"_(on|at|id)$", "", re.sub(r"^qty_", "quantity ", name)).replace("_", " ")
    return words[:1].upper() + words[1:]


def value(text: str | None, table: str = "", field: str | None = None) -> str:
    """Return a value of the log: days and codes as they read elsewhere, a record as its fields."""
    if text is None or text == "":
        return NOTHING
    if text.startswith("{"):
        return _record(text)
    if text in ("true", "false"):
        return "yes" if text == "true" else "no"
    if _INSTANT.match(text):
        return wording.instant(datetime.fromisoformat(text))
    return wording.code(text) if _CODE.fullmatch(text) else text


def _record(text: str) -> str:
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError:
        return text
    told = [f"{_field(name)}: {value(_plain(of))}" for name, of in found.items()]
    more = f" and {len(told) - MOST_FIELDS} more" if len(told) > MOST_FIELDS else ""
    return " · ".join(told[:MOST_FIELDS]) + more


def _plain(of: Any) -> str | None:
    return of if of is None or isinstance(of, str) else json.dumps(of)


def person(login: str, on_behalf_of: str | None = None) -> str:
    """Return who acted."""
    who = SERVICES.get(login, login)
    return f"{who} for {on_behalf_of}" if isinstance(on_behalf_of, str) and on_behalf_of else who


def action(name: str) -> str:
    """Return a command's name as words: "orders.edit" is "Orders: edit"."""
    if name.startswith("outside."):
        return f"Outside the tower: {name.partition('.')[2]}"
    what, _, verb = name.partition(".")
    return f"{what.replace('_', ' ').capitalize()}: {verb.replace('_', ' ')}"


def source(name: str | None) -> str:
    """Return where a change came from."""
    if not isinstance(name, str) or not name:
        return NOTHING
    if name == "OUTSIDE":
        return "Outside the tower"
    return f"Screen {name.removeprefix('screen ')}" if name.startswith("screen ") else name


def change(old: str | None, new: str | None) -> str:
    """Return what became of a field in one phrase."""
    if old is None and isinstance(new, str) and new.startswith("{"):
        return "made"
    if new is None and isinstance(old, str) and old.startswith("{"):
        return "removed"
    return f"{value(old)} → {value(new)}"
