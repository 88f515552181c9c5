"""Place holds, and change whom they are assigned to and until when (domain.md 2.3, 2.10, 3.3). Reviews: hold_reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db import records
from db.queries import hold_reach, people
from db.tables import Hold
from db.unit_of_work import UnitOfWork
from domain.rules.authority.reach import Reach
from domain.rules.holds.blocks import DEFAULT_BLOCKS, EXPIRING, as_text
from domain.rules.holds.release import SEGREGATED, how, who_may
from domain.rules.lifecycle.hold import HOLD
from domain.services.commands import command
from domain.services.holding import hold_effects
from domain.services.holding.hold_effects import Impact
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Conflict, DomainError, NotFound
from domain.vocabulary.permissions import Permission, ReasonRule
from domain.vocabulary.statuses import BlockedAction, HoldScope, HoldType

MOST_OBJECTS = 1_000


@dataclass(frozen=True)
class Placed:
    """The holds that were placed, and what they reach."""

    hold_ids: tuple[int, ...]
    impact: Impact


def reach_of_objects(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    """Return the customers and sites that a hold on these objects would touch."""
    scope = HoldScope(arguments["scope"])
    keys = list(arguments["scope_ids"])
    orders = hold_reach.orders_of(uow.connection, scope, keys)
    customers, sites = hold_reach.customers_and_sites(uow.connection, orders)
    own = hold_reach.customers_of(uow.connection, scope, keys)
    return Reach(customers=frozenset(customers | own), sites=frozenset(sites))


def reach_of_holds(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    """Return the customers and sites that these holds touch."""
    keys = arguments["hold_ids"] if "hold_ids" in arguments else [arguments["hold_id"]]
    by_hold = hold_reach.orders_of_holds(uow.connection, keys)
    orders = sorted({order_id for touched in by_hold.values() for order_id in touched})
    customers, sites = hold_reach.customers_and_sites(uow.connection, orders)
    own = hold_reach.customers_of_holds(uow.connection, keys)
    return Reach(customers=frozenset(customers | own), sites=frozenset(sites))


@command("holds.place", permission=Permission.HOLD_PLACE, scope=reach_of_objects, reason=ReasonRule.ALWAYS)
def place(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    scope: HoldScope,
    scope_ids: Sequence[int],
    types: Sequence[HoldType],
    reason: str,
    blocks: Sequence[BlockedAction] | None = None,
    until: datetime | None = None,
    assignee: str | None = None,
    dry_run: bool = False,
) -> Placed:
    """Place a hold of each type on each object; all of them or none.

    `blocks` stands in place of the default blocks of every type given. A dry run places nothing and says what would
    be reached. Raises NotFound hold.object_not_found, Conflict hold.placed_already, DomainError hold.nothing_chosen,
    hold.too_many, hold.blocks_nothing, hold.until_type, hold.until_past, hold.order_ended, hold.assignee….
    """
    scope, types = HoldScope(scope), [HoldType(word) for word in dict.fromkeys(types)]
    keys = sorted(set(scope_ids))
    want_placeable(uow, now, scope, keys, types, reason, blocks=blocks, until=until)
    for hold_type in types:
        want_assignee(uow, assignee, hold_type, placed_by=actor.login)
    around = hold_effects.begin_on(uow, scope, keys)
    _want_live(uow, scope, keys)
    _want_new(uow, scope, keys, types, reason)
    made: list[int] = []
    for key in keys:
        touched = hold_effects.orders_touched(uow, around, scope, key, single=len(keys) == 1)
        for hold_type in types:
            hold = records.add(
                uow, Hold, scope=scope, scope_id=key, type=hold_type, reason=reason.strip(), placed_at=now,
                order_id=touched[0] if scope in (HoldScope.ORDER, HoldScope.LINE) and touched else None,
                blocks=as_text(DEFAULT_BLOCKS[hold_type] if blocks is None else map(BlockedAction, blocks)),
                placed_by=actor.login, assignee=assignee, expires_at=until, status=HOLD.start,
            )  # fmt: skip
            made.append(hold.key)
            hold_effects.tell(uow, hold, touched, "HoldPlaced", reason=hold.reason)
    impact = hold_effects.finish(uow, now, around, made)
    if dry_run:
        uow.discard()
    return Placed(() if dry_run else tuple(made), impact)


def want_placeable(
    uow: UnitOfWork,
    now: datetime,
    scope: HoldScope,
    keys: Sequence[int],
    types: Sequence[HoldType],
    reason: str,
    *,
    blocks: Sequence[BlockedAction] | None,
    until: datetime | None,
) -> None:
    """Raise what `place` refuses with for what makes no sense, is not there, or is placed already."""
    _want_sense(types, keys, blocks, until, now)
    _want_objects(uow, scope, keys)
    _want_live(uow, scope, keys)
    _want_new(uow, scope, keys, types, reason)


@command("holds.assign", permission=Permission.HOLD_RELEASE, scope=reach_of_holds)
def assign(
    *, uow: UnitOfWork, now: datetime, actor: Actor, hold_ids: Sequence[int], assignee: str | None
) -> list[int]:
    """Say who decides on these holds (None: nobody yet) and return the holds that changed.

    Raises NotFound hold.not_found, DomainError hold.ended, hold.assignee….
    """
    changed = []
    for hold in want_holds(uow, hold_ids):
        want_open(hold)
        want_assignee(uow, assignee, hold.type, placed_by=hold.placed_by)
        if hold.assignee != assignee:
            records.change(uow, hold, assignee=assignee)
            changed.append(hold.key)
    return changed


@command("holds.set_until", permission=Permission.HOLD_PLACE, scope=reach_of_holds, reason=ReasonRule.ALWAYS)
def set_until(
    *, uow: UnitOfWork, now: datetime, actor: Actor, hold_id: int, until: datetime | None, reason: str
) -> None:
    """Change the day on which a hold ends by itself (None: it does not).

    Raises NotFound hold.not_found, DomainError hold.ended, hold.until_type, hold.until_past.
    """
    hold = want_holds(uow, [hold_id])[0]
    want_open(hold)
    _want_until([hold.type], until, now)
    records.change(uow, hold, expires_at=until)


def want_holds(uow: UnitOfWork, keys: Sequence[int]) -> list[records.Record]:
    """Return these holds, locked in key order; raise NotFound hold.not_found, DomainError hold.nothing_chosen."""
    wanted = sorted(set(keys))
    _want_number(len(wanted))
    found = records.lock_all(uow, Hold, wanted)
    missing = sorted(set(wanted) - {hold.key for hold in found})
    if missing:
        raise NotFound(
            "hold.not_found",
            f"There is no hold {', '.join(map(str, missing[:5]))}.",
            fix="Load the list again; it shows the holds there are.",
            holds=missing,
        )
    return found


def want_open(hold: records.Record) -> None:
    """Raise DomainError hold.ended for a hold that is released, refused or expired."""
    if hold.status in HOLD.terminal:
        raise DomainError(
            "hold.ended",
            f"Hold {hold.key} is {hold.status.value.lower()} since {hold.released_at:%Y-%m-%d}.",
            fix="Load the list again; place a new hold if it is needed once more.",
            hold_id=hold.key,
        )


def want_assignee(uow: UnitOfWork, login: str | None, hold_type: HoldType, *, placed_by: str) -> None:
    """Raise DomainError where somebody cannot decide on holds of this type; nobody (None) is fine."""
    if login is None:
        return
    person = people.by_login(uow.connection, login)
    if person is None or not person.active:
        raise NotFound(
            "hold.assignee_unknown",
            f"There is no active user {login!r}.",
            fix="Choose somebody from the list.",
            assignee=login,
        )
    roles = {person.role, *people.further_roles(uow.connection, person.user_id)}
    if how(hold_type, roles) is None:
        raise DomainError(
            "hold.assignee_role",
            f"{login} cannot decide on a {_words(hold_type)} hold.",
            fix=f"Choose somebody of these: {who_may(hold_type)}.",
            assignee=login,
        )
    if hold_type in SEGREGATED and login == placed_by:
        raise DomainError(
            "hold.assignee_placed_it",
            f"{login} placed the {_words(hold_type)} hold, so somebody else must decide on it.",
            fix="Choose another person of the same role.",
            assignee=login,
        )


def _want_sense(
    types: Sequence[HoldType],
    keys: Sequence[int],
    blocks: Sequence[BlockedAction] | None,
    until: datetime | None,
    now: datetime,
) -> None:
    _want_number(len(keys))
    if not types:
        raise DomainError(
            "hold.nothing_chosen", "No type of hold is chosen.", fix="Choose at least one type of hold."
        )
    if blocks is not None and not blocks:
        raise DomainError(
            "hold.blocks_nothing",
            "A hold that blocks nothing holds nothing.",
            fix="Choose at least one action that it blocks, or keep the default.",
        )
    _want_until(types, until, now)


def _want_number(number: int) -> None:
    if not number:
        raise DomainError("hold.nothing_chosen", "Nothing is chosen.", fix="Choose at least one row.")
    if number > MOST_OBJECTS:
        raise DomainError(
            "hold.too_many",
            f"{number} are chosen; one command takes {MOST_OBJECTS}.",
            fix="Narrow the filter and do it in parts.",
        )


def _want_until(types: Sequence[HoldType], until: datetime | None, now: datetime) -> None:
    if until is None:
        return
    lasting = [hold_type for hold_type in types if hold_type not in EXPIRING]
    if lasting:
        ending = ", ".join(sorted(map(_words, EXPIRING)))
        raise DomainError(
            "hold.until_type",
            f"A {_words(lasting[0])} hold does not end by itself on a day.",
            fix=f"Leave the day empty; only these have one: {ending}.",
        )
    if until <= now:
        raise DomainError(
            "hold.until_past",
            f"The until-date {until:%Y-%m-%d} has passed.",
            fix="Choose a day in the future.",
        )


def _want_objects(uow: UnitOfWork, scope: HoldScope, keys: Sequence[int]) -> None:
    missing = sorted(set(keys) - set(hold_reach.names(uow.connection, scope, keys)))
    if missing:
        raise NotFound(
            "hold.object_not_found",
            f"There is no {_words(scope)} {', '.join(map(str, missing[:5]))}.",
            fix="Search for it again and choose it from what is found.",
            scope=scope.value,
            keys=missing,
        )


def _want_live(uow: UnitOfWork, scope: HoldScope, keys: Sequence[int]) -> None:
    over = hold_reach.ended(uow.connection, scope, keys)
    if over:
        raise DomainError(
            "hold.order_ended",
            f"The {_words(scope)} {', '.join(map(str, over[:5]))} is closed, cancelled or invoiced, so there is nothing "
            "left to hold.",
            fix="Hold the customer, the SKU or another order instead.",
            keys=over,
        )


def _want_new(
    uow: UnitOfWork, scope: HoldScope, keys: Sequence[int], types: Sequence[HoldType], reason: str
) -> None:
    there = hold_reach.same(uow.connection, scope, keys, reason.strip())
    twice = [(key, kind) for key in keys for kind in types if (key, kind.value) in there]
    if twice:
        key, kind = twice[0]
        raise Conflict(
            "hold.placed_already",
            f"A {_words(kind)} hold for this reason is open already on the {_words(scope)} {key}.",
            fix="Look at it in the list of holds, or say what is different about the new one.",
            scope=scope.value,
            keys=[key for key, _ in twice],
        )


def _words(word: HoldType | HoldScope) -> str:
    return word.value.replace("_", " ").lower()
