"""The machine of a reservation: the rows that hold supply for a line (domain.md 3.4, "allocation" there).

SOFT ones may be moved by a run, HARD ones are tied to the pick and stay until a person unpegs them (domain.md 0a.9).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.rules.lifecycle.machine import Machine, Transition
from domain.rules.lifecycle.quantities import shown
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import ReservationStatus


@dataclass(frozen=True)
class ReservationFacts:
    """What the guards look at, quantities in 1/1 000.

    `free` is what the supply has unreserved under its lock, `needed` what the line still needs beyond what it holds
    (None: the line's own guard looks after it). `hold` names an open hold that blocks ALLOCATE.
    `ending` says that the line itself ends or was recalled, so that nobody loses a promise by it. `shorted` says that
    a short pick or damage was posted, `issued` that the goods have left.
    """

    qty: int
    now: datetime
    free: int = 0
    needed: int | None = None
    hold: str | None = None
    order_released: bool = False
    reason: str = ""
    on_hand: bool = False
    frozen: bool = False
    approved: bool = False
    ending: bool = False
    expires_at: datetime | None = None
    picked: bool = False
    tier: int | None = None
    shorted: bool = False
    issued: bool = False


def _accept(facts: ReservationFacts) -> str | None:
    if facts.qty > facts.free:
        return f"only {shown(max(facts.free, 0))} of the wanted {shown(facts.qty)} are free."
    if facts.needed is not None and facts.qty > facts.needed:
        return f"its line needs only {shown(max(facts.needed, 0))} more."
    return f"{facts.hold} blocks allocating." if facts.hold else None


def _harden(facts: ReservationFacts) -> str | None:
    if not facts.on_hand:
        return "the supply is not in the house yet."
    if facts.order_released or facts.reason.strip():
        return None
    return "the order is not released, and a pin needs a reason."


def _retract(facts: ReservationFacts) -> str | None:
    if facts.frozen and not (facts.approved or facts.ending):
        return "the ship day of its line is so near that taking from it needs an approval."
    return None


def _expire(facts: ReservationFacts) -> str | None:
    if facts.expires_at is None:
        return "it has no end."
    return None if facts.expires_at <= facts.now else "its time has not run out."


def _unpeg(facts: ReservationFacts) -> str | None:
    if facts.picked:
        return "goods of it are picked."
    if facts.tier is not None and facts.tier <= 2 and not (facts.approved or facts.ending):
        return f"for a customer of tier {facts.tier} it needs an approval."
    return None


def _short(facts: ReservationFacts) -> str | None:
    return None if facts.shorted else "neither a short pick nor damage is posted."


def _ship(facts: ReservationFacts) -> str | None:
    return None if facts.issued else "the goods have not left."


_S = ReservationStatus
_STOCK, _HOUSE = Permission.STOCK_ALLOCATE, Permission.WAREHOUSE_POST
ALLOCATION: Machine[ReservationFacts] = Machine(
    "allocation",
    _S.PROPOSED,
    frozenset({_S.CONSUMED, _S.RELEASED, _S.EXPIRED}),
    (
        Transition(_S.PROPOSED, "accept", _S.SOFT, _accept, _STOCK, "Accept"),
        Transition(_S.PROPOSED, "discard", _S.RELEASED, permission=_STOCK, label="Discard"),
        Transition(_S.SOFT, "harden", _S.HARD, _harden, _STOCK, "Pin", ("reason",)),
        Transition(_S.SOFT, "retract", _S.RELEASED, _retract, _STOCK, "Take back", ("reason",)),
        Transition(_S.SOFT, "expire", _S.EXPIRED, _expire),
        Transition(_S.HARD, "unpeg", _S.SOFT, _unpeg, _STOCK, "Unpin", ("reason",)),
        Transition(_S.HARD, "short", _S.RELEASED, _short, _HOUSE, "Report short or damaged", ("reason",)),
        Transition(_S.HARD, "ship", _S.CONSUMED, _ship),
    ),
)
