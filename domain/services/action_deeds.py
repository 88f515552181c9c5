"""Which command carries out which event of which object, and what it wants to be told: the table behind every button."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.services import exception_cases
from domain.services.holding import hold_requests, hold_reviews, holds
from domain.services.ordering import fulfilment, order_billing, order_entry, order_lines, orders, stock
from domain.vocabulary.statuses import HoldScope

Arguments = Mapping[str, Any]
Keyed = Callable[[int], dict[str, Any]]


@dataclass(frozen=True)
class Deed:
    """A command with how the object's key is told to it; `names` are its words for what a person gives along.

    `many` is its word for several keys where it takes them at once. `in_order` says that it is told the order too.
    """

    service: Callable[..., Any]
    keyed: Keyed
    names: Mapping[str, str] = field(default_factory=dict)
    many: str | None = None
    in_order: bool = False

    def arguments(
        self, key: int, given: Arguments, *, order_id: int | None = None, also: Sequence[int] = ()
    ) -> dict[str, Any]:
        """Return what the command is called with; `also` are the keys of further objects that it takes along."""
        told = {self.names.get(name, name): value for name, value in given.items()}
        keyed = self.keyed(key)
        if self.many and also:
            keyed[self.many] = [key, *also]
        if self.in_order:
            keyed["order_id"] = order_id
        return {**keyed, **told}


def _by(name: str) -> Keyed:
    return lambda key: {name: key}


def _among(name: str) -> Keyed:
    return lambda key: {name: [key]}


def _lines(service: Callable[..., Any]) -> Deed:
    return Deed(service, _among("line_ids"), many="line_ids", in_order=True)


def _reserved(service: Callable[..., Any]) -> Deed:
    return Deed(service, _among("reservation_ids"), many="reservation_ids")


def _held(scope: HoldScope) -> Keyed:
    return lambda key: {"scope": scope, "scope_ids": [key]}


ORDER, LINE, HOLD, CASE, RESERVATION, SHIPMENT, APPROVAL = (
    "sales_order", "sales_order_line", "hold", "exception_case", "reservation", "shipment", "approval",
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
        "allocate": _lines(stock.allocate),
        "deallocate": Deed(stock.deallocate, _LINE),
        "release": _lines(fulfilment.release),
        "short_pick": Deed(fulfilment.report_short, _LINE),
        "pack": Deed(fulfilment.pack, _LINE, {"packed": "qty"}),
        "ship": _lines(fulfilment.ship),
        "invoice": _lines(order_billing.post),
        "place_hold": Deed(holds.place, _held(HoldScope.LINE)),
        "request_hold": Deed(hold_requests.request, _held(HoldScope.LINE)),
    },
    RESERVATION: {
        "accept": _reserved(stock.accept),
        "discard": _reserved(stock.discard),
        "harden": _reserved(stock.pin),
        "retract": _reserved(stock.retract),
        "unpeg": _reserved(stock.unpin),
        "short": _reserved(stock.report_damage),
    },
    SHIPMENT: {"deliver": Deed(fulfilment.deliver, _by("shipment_id"))},
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
            "assign", "start", "wait", "resume", "escalate", "resolve", "dismiss", "merge", "reopen", "note",
        )
    }
    | {
        "reassign": Deed(exception_cases.assign, _CASE),
        "snooze": Deed(exception_cases.snooze, _CASE, {"snoozed_until": "until"}),
    },
}  # fmt: skip


def deed(object_type: str, event: str) -> Deed:
    """Return the command of an event; raise KeyError where a person has none."""
    return DEEDS[object_type][event]
