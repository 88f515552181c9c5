"""Which command carries out which event of which object, and what it wants to be told: the table behind every button."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.services import exception_cases
from domain.services.holding import hold_requests, hold_reviews, holds
from domain.services.ordering import order_entry, order_lines, orders
from domain.vocabulary.statuses import HoldScope

Arguments = Mapping[str, Any]
Keyed = Callable[[int], dict[str, Any]]


@dataclass(frozen=True)
class Deed:
    """A command with how the object's key is told to it; `names` are its words for what a person gives along."""

    service: Callable[..., Any]
    keyed: Keyed
    names: Mapping[str, str] = field(default_factory=dict)

    def arguments(self, key: int, given: Arguments) -> dict[str, Any]:
        """Return what the command is called with."""
        told = {self.names.get(name, name): value for name, value in given.items()}
        return {**self.keyed(key), **told}


def _by(name: str) -> Keyed:
    return lambda key: {name: key}


def _among(name: str) -> Keyed:
    return lambda key: {name: [key]}


def _held(scope: HoldScope) -> Keyed:
    return lambda key: {"scope": scope, "scope_ids": [key]}


ORDER, LINE, HOLD, CASE, RESERVATION, APPROVAL = (
    "sales_order", "sales_order_line", "hold", "exception_case", "reservation", "approval",
)  # fmt: skip
_ORDER, _LINE, _CASE = _by("order_id"), _by("line_id"), _by("exception_id")
_HOLDS, _HOLD = _among("hold_ids"), _by("hold_id")
_QUANTITY = {"quantity": "qty", "day": "promised_on"}
DEEDS: Mapping[str, Mapping[str, Deed]] = {
    ORDER: {
        "submit": Deed(order_entry.submit, _ORDER),
        "validate_ok": Deed(order_entry.validate, _ORDER),
        "reject": Deed(order_entry.reject, _ORDER),
        "release_to_fulfilment": Deed(orders.release, _ORDER),
        "amend": Deed(order_entry.amend, _ORDER),
        "recall": Deed(orders.recall, _ORDER),
        "short_close": Deed(orders.short_close, _ORDER),
        "settle": Deed(orders.settle, _ORDER),
        "reopen": Deed(orders.reopen, _ORDER),
        "cancel": Deed(orders.cancel, _ORDER),
        "place_hold": Deed(holds.place, _held(HoldScope.ORDER)),
        "request_hold": Deed(hold_requests.request, _held(HoldScope.ORDER)),
    },
    LINE: {
        "confirm": Deed(order_lines.confirm, _LINE, _QUANTITY),
        "reject": Deed(order_lines.reject, _LINE),
        "cancel": Deed(order_lines.cancel, _LINE),
        "short_close": Deed(order_lines.short_close, _LINE),
        "close": Deed(order_lines.close, _LINE),
        "place_hold": Deed(holds.place, _held(HoldScope.LINE)),
        "request_hold": Deed(hold_requests.request, _held(HoldScope.LINE)),
    },
    HOLD: {
        "start_review": Deed(hold_reviews.start_review, _HOLDS),
        "request_info": Deed(hold_reviews.request_info, _HOLD),
        "reply": Deed(hold_reviews.reply, _HOLD),
        "release": Deed(hold_reviews.release, _HOLDS),
        "refuse": Deed(hold_reviews.refuse, _HOLDS),
        "assign": Deed(holds.assign, _HOLDS),
        "set_until": Deed(holds.set_until, _HOLD),
    },
    CASE: {
        event: Deed(getattr(exception_cases, event), _CASE)
        for event in (
            "assign", "start", "wait", "resume", "escalate", "resolve", "dismiss", "merge", "reopen", "note", "snooze",
        )
    }
    | {"reassign": Deed(exception_cases.assign, _CASE)},
}  # fmt: skip


def deed(object_type: str, event: str) -> Deed:
    """Return the command of an event; raise KeyError where a person has none."""
    return DEEDS[object_type][event]
