"""The machine of a sales order, from draft to closed (domain.md 3.1).

Where the guard of a step rests on something that nothing records yet (validation rules, a cancel window of a
customer), the fact is there and whoever fills it says what exists; a guard never assumes.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.rules.lifecycle.machine import Machine, Transition
from domain.rules.lifecycle.quantities import LineQuantities
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import OrderStage


@dataclass(frozen=True)
class OrderFacts:
    """What the guards look at.

    `confirm_hold` and `release_hold` name an open hold that blocks the action. `lines` are the quantities as they
    will be once the event is done. `releasable` counts the lines that the partial policy lets go now and
    `why_not_releasable` says why none does. `open_balance` (1/10 000) is None where nobody recorded it.
    `open_matters` counts open exceptions, disputes, returns and claims; `tier` is the customer's, 1 the best.
    """

    lines: tuple[LineQuantities, ...] = ()
    customer: bool = True
    ship_to: bool = True
    po: bool = True
    open_block_results: int = 0
    confirm_hold: str | None = None
    release_hold: str | None = None
    reason: str = ""
    acknowledged: bool = False
    packed_lines: int = 0
    warehouse_confirmed: bool = False
    releasable: int = 0
    why_not_releasable: str | None = None
    cancel_window_open: bool = True
    approved: bool = False
    supplier_caused: bool = False
    tier: int | None = None
    open_balance: int | None = None
    write_off_tolerance: int = 0
    open_matters: int = 0
    replacement_added: bool = False


def _submit(facts: OrderFacts) -> str | None:
    if not facts.lines:
        return "the order has no line."
    missing = {"customer": facts.customer, "ship-to": facts.ship_to, "purchase order number": facts.po}
    absent = [name for name, there in missing.items() if not there]
    return f"the order has no {' and no '.join(absent)}." if absent else None


def _validate_ok(facts: OrderFacts) -> str | None:
    if facts.open_block_results:
        return f"{facts.open_block_results} checks that block the order are open."
    return _no_confirm_hold(facts)


def _no_confirm_hold(facts: OrderFacts) -> str | None:
    return f"{facts.confirm_hold} blocks confirming." if facts.confirm_hold else None


def _validate_fail(facts: OrderFacts) -> str | None:
    if facts.open_block_results or facts.confirm_hold:
        return None
    return "no check failed and no hold blocks confirming."


def _confirm_hold(facts: OrderFacts) -> str | None:
    if not facts.confirm_hold:
        return "no open hold blocks confirming."
    return _nothing_picked(facts)


def _reject(facts: OrderFacts) -> str | None:
    if facts.acknowledged:
        return "the customer was told that the order is accepted; cancel it instead."
    return _reasoned(facts)


def _release(facts: OrderFacts) -> str | None:
    if facts.release_hold or facts.confirm_hold:
        return f"{facts.release_hold or facts.confirm_hold} blocks releasing."
    return None if facts.releasable else (facts.why_not_releasable or "no line has stock reserved.")


def _amend(facts: OrderFacts) -> str | None:
    below = any(line.net < line.shipped for line in facts.lines)
    return "a line would be for less than has left already." if below else None


def _recall(facts: OrderFacts) -> str | None:
    if facts.packed_lines:
        return f"{_count(facts.packed_lines, 'line')} packed already."
    return None if facts.warehouse_confirmed else "the warehouse has not confirmed that it stops."


def _first_shipment(facts: OrderFacts) -> str | None:
    if not any(line.shipped for line in facts.lines):
        return "nothing has left yet."
    return None if any(line.open for line in facts.lines) else "nothing is left to ship."


def _last_shipment(facts: OrderFacts) -> str | None:
    return "something is left to ship." if any(line.open for line in facts.lines) else None


def _short_close(facts: OrderFacts) -> str | None:
    if facts.supplier_caused and facts.tier is not None and facts.tier <= 2 and not facts.approved:
        return f"for a customer of tier {facts.tier}, giving up the rest from our side needs an approval."
    return _reasoned(facts)


def _invoice_complete(facts: OrderFacts) -> str | None:
    return "not everything that has left is invoiced." if any(line.to_bill for line in facts.lines) else None


def _settle(facts: OrderFacts) -> str | None:
    if facts.open_balance is None:
        return "an open balance is not recorded."
    if abs(facts.open_balance) > facts.write_off_tolerance:
        return "an invoice is not paid in full."
    if facts.open_matters:
        return f"{_count(facts.open_matters, 'exception, dispute, return or claim')} open."
    return None


def _reopen(facts: OrderFacts) -> str | None:
    reversed_ = any(line.to_bill for line in facts.lines)
    if not (facts.replacement_added or reversed_):
        return "no invoice was reversed and no line was added in replacement."
    return _reasoned(facts)


def _reasoned(facts: OrderFacts) -> str | None:
    return None if facts.reason.strip() else "it needs a reason."


def _nothing_shipped(facts: OrderFacts) -> str | None:
    return "a part has left already." if any(line.shipped for line in facts.lines) else None


def _nothing_picked(facts: OrderFacts) -> str | None:
    picked = any(line.in_pick > 0 for line in facts.lines)
    return "goods of it are picked." if picked else None


def _cancel_on_hold(facts: OrderFacts) -> str | None:
    return _reasoned(facts) or _nothing_shipped(facts)


def _cancel_confirmed(facts: OrderFacts) -> str | None:
    if not (facts.cancel_window_open or facts.approved):
        return "the time in which it may be cancelled without approval is over."
    return _reasoned(facts) or _nothing_shipped(facts) or _nothing_picked(facts)


def _cancel_released(facts: OrderFacts) -> str | None:
    if not facts.warehouse_confirmed:
        return "the warehouse has not confirmed that it stops."
    if facts.packed_lines:
        return f"{_count(facts.packed_lines, 'line')} packed already; ship it, or let the warehouse unpack first."
    return _reasoned(facts) or _nothing_shipped(facts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun} is" if number == 1 else f"{number} {noun}s are"


_S = OrderStage
_ENTER, _CANCEL, _RELEASE, _BILL = (
    Permission.ORDERS_ENTER, Permission.ORDERS_CANCEL, Permission.FULFILMENT_RELEASE, Permission.BILLING_POST,
)  # fmt: skip
_WHY = ("reason",)
_STOP = ("reason", "warehouse_confirmed")
ORDER: Machine[OrderFacts] = Machine(
    "order",
    _S.DRAFT,
    frozenset({_S.CLOSED, _S.CANCELLED, _S.REJECTED}),
    (
        Transition(_S.DRAFT, "submit", _S.VALIDATING, _submit, _ENTER, "Submit"),
        Transition(_S.VALIDATING, "validate_ok", _S.CONFIRMED, _validate_ok, _ENTER, "Confirm"),
        Transition(_S.VALIDATING, "validate_fail", _S.ON_HOLD, _validate_fail),
        Transition(_S.VALIDATING, "reject", _S.REJECTED, _reject, _CANCEL, "Reject", _WHY),
        Transition(_S.ON_HOLD, "release_last_hold", _S.VALIDATING, _no_confirm_hold),
        Transition(_S.CONFIRMED, "place_hold", _S.ON_HOLD, _confirm_hold),
        Transition(_S.CONFIRMED, "release_to_fulfilment", _S.RELEASED, _release, _RELEASE, "Release to the warehouse"),
        Transition(_S.CONFIRMED, "amend", _S.VALIDATING, _amend, _ENTER, "Change quantities", ("quantities", "reason")),
        Transition(_S.RELEASED, "recall", _S.CONFIRMED, _recall, _RELEASE, "Recall", ("warehouse_confirmed",)),
        Transition(_S.RELEASED, "first_shipment", _S.PARTIALLY_SHIPPED, _first_shipment),
        Transition(_S.RELEASED, "last_shipment", _S.SHIPPED, _last_shipment),
        Transition(_S.PARTIALLY_SHIPPED, "last_shipment", _S.SHIPPED, _last_shipment),
        Transition(_S.PARTIALLY_SHIPPED, "short_close", _S.SHIPPED, _short_close, _CANCEL, "Close short", ("reason", "side")),
        Transition(_S.SHIPPED, "invoice_complete", _S.INVOICED, _invoice_complete),
        Transition(_S.INVOICED, "settle", _S.CLOSED, _settle, _BILL, "Close"),
        Transition(_S.INVOICED, "reopen", _S.PARTIALLY_SHIPPED, _reopen, _BILL, "Reopen", ("reason", "replacement")),
        Transition(_S.DRAFT, "cancel", _S.CANCELLED, permission=_CANCEL, label="Cancel"),
        Transition(_S.VALIDATING, "cancel", _S.CANCELLED, _reasoned, _CANCEL, "Cancel", _WHY),
        Transition(_S.ON_HOLD, "cancel", _S.CANCELLED, _cancel_on_hold, _CANCEL, "Cancel", _WHY),
        Transition(_S.CONFIRMED, "cancel", _S.CANCELLED, _cancel_confirmed, _CANCEL, "Cancel", _WHY),
        Transition(_S.RELEASED, "cancel", _S.CANCELLED, _cancel_released, _CANCEL, "Cancel", _STOP),
    ),
)  # fmt: skip
