"""Work on placed holds: review, ask, answer, release, refuse, and what the worker ends by itself (domain.md 3.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from db import records
from db.queries import hold_reach
from db.records import Record
from db.tables import Communication, Hold
from db.unit_of_work import UnitOfWork
from domain.rules.holds.release import Release, Verdict, how, judge, who_may
from domain.rules.lifecycle.hold import HOLD, HoldFacts
from domain.services.commands import command
from domain.services.holding import hold_effects
from domain.services.holding.hold_effects import Around, Impact
from domain.services.holding.holds import reach_of_holds, want_holds
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Denied, DomainError
from domain.vocabulary.hold_outcome import HoldOutcome, HoldResult
from domain.vocabulary.permissions import Permission, ReasonRule
from domain.vocabulary.statuses import Channel, HoldStatus, HoldType, Role

MOST_TEXT = 2_000
_RIGHT = Permission.HOLD_RELEASE


@dataclass(frozen=True)
class Worked:
    """What became of each hold, and what the done ones reached."""

    results: tuple[HoldResult, ...]
    impact: Impact


def facts_of(
    hold: Record, *, now: datetime, actor: Actor, value: Decimal | None = None, reason: str = ""
) -> HoldFacts:
    """Return what the machine's guards look at when this actor works on a hold of this value at stake."""
    asked = Release(
        hold.type, hold.placed_by, hold.first_released_by, actor.login, actor.roles, actor.approval_limit, value
    )  # fmt: skip
    barred = None
    if how(hold.type, actor.roles) is None:
        barred = f"a {hold.type.value.replace('_', ' ').lower()} hold is decided by {who_may(hold.type)}."
    return HoldFacts(
        hold.type, hold.placed_by, now, actor=actor.login, barred=barred, assignee=hold.assignee,
        expires_at=hold.expires_at, reason=reason, judged=judge(asked),
    )  # fmt: skip


def silenced(uow: UnitOfWork, hold: Record, actor: Actor) -> bool:
    """Whether an open compliance hold forbids this person to write to the customer about it (domain.md 15.1)."""
    if actor.has(Role.COMPL):
        return False
    return hold_reach.compliance_open(uow.connection, hold_effects.orders_of_hold(uow, hold))


@command("holds.start_review", permission=_RIGHT, scope=reach_of_holds)
def start_review(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    hold_ids: Sequence[int],
    partial: bool = False,
    dry_run: bool = False,
) -> Worked:
    """Begin the review of holds; whoever begins it is assigned.

    One refusal refuses all, unless `partial` is asked for. Raises NotFound hold.not_found, IllegalTransition
    hold.illegal_transition, DomainError hold.guard; for several DomainError holds.refused with the results.
    """

    def one(hold: Record, facts: HoldFacts) -> Step:
        taken = replace(facts, assignee=actor.login)
        target = HOLD.fire(hold.status, "start_review", taken).target
        return Step({"status": HoldStatus(target), "assignee": actor.login}, "")

    return _work(uow, now, actor, hold_ids, one, partial=partial, moves=False, dry_run=dry_run)


@command("holds.release", permission=_RIGHT, scope=reach_of_holds, reason=ReasonRule.ALWAYS)
def release(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    hold_ids: Sequence[int],
    reason: str,
    partial: bool = False,
    dry_run: bool = False,
) -> Worked:
    """Release holds under review; where two people must sign, the first signature is kept and the hold stays.

    Raises as `start_review`. The order leaves ON_HOLD with its last hold that blocks CONFIRM.
    """

    def one(hold: Record, facts: HoldFacts) -> Step:
        HOLD.step(hold.status, "release")
        if facts.judged.verdict is Verdict.FIRST:
            return Step({"first_released_by": actor.login}, "HoldReleaseSigned", HoldOutcome.SIGNED)
        target = HOLD.fire(hold.status, "release", facts).target
        return Step(_ended(target, now, actor, reason), "HoldReleased")

    return _work(uow, now, actor, hold_ids, one, reason=reason, partial=partial, dry_run=dry_run)


@command("holds.refuse", permission=_RIGHT, scope=reach_of_holds, reason=ReasonRule.ALWAYS)
def refuse(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    hold_ids: Sequence[int],
    reason: str,
    partial: bool = False,
    dry_run: bool = False,
) -> Worked:
    """Refuse what holds under review ask for: the order must be cancelled or amended.

    A refused hold ends, and a new one of the same type takes its place at once, so that nothing that was refused can
    go out; it is released when the order is amended, and means nothing once the order is cancelled. Raises as
    `start_review`.
    """

    def one(hold: Record, facts: HoldFacts) -> Step:
        target = HOLD.fire(hold.status, "refuse", facts).target
        return Step(_ended(target, now, actor, reason), "HoldRefused", follows=True)

    return _work(uow, now, actor, hold_ids, one, reason=reason, partial=partial, dry_run=dry_run)


@command("holds.request_info", permission=_RIGHT, scope=reach_of_holds)
def request_info(
    *, uow: UnitOfWork, now: datetime, actor: Actor, hold_id: int, question: str, channel: Channel
) -> int:
    """Note that the customer was asked, by which channel and what, and let the hold wait; return the message's key.

    Raises DomainError hold.guard without a question or while a compliance hold forbids writing, hold.text_long.
    """
    text = _text(question)
    hold = want_holds(uow, [hold_id])[0]
    orders = hold_effects.orders_of_hold(uow, hold)
    facts = facts_of(hold, now=now, actor=actor)
    facts = replace(facts, asked=bool(text), silenced=silenced(uow, hold, actor))
    target = HOLD.fire(hold.status, "request_info", facts).target
    message = _message(uow, now, hold, text, channel, orders, direction="OUT")
    records.change(uow, hold, status=HoldStatus(target))
    hold_effects.tell(uow, hold, orders, "CustomerAsked", channel=Channel(channel).value)
    return message


@command("holds.reply", permission=_RIGHT, scope=reach_of_holds)
def reply(
    *, uow: UnitOfWork, now: datetime, actor: Actor, hold_id: int, answer: str, channel: Channel
) -> int | None:
    """Note the customer's answer and take the review up again; return the message's key.

    The worker gives no answer when the time for one has run out. Raises DomainError hold.guard, hold.text_long.
    """
    text = _text(answer)
    hold = want_holds(uow, [hold_id])[0]
    facts = facts_of(hold, now=now, actor=actor)
    if actor.is_service:
        facts = replace(facts, barred=None, answered=True)
    facts = replace(facts, answered=facts.answered or bool(text))
    target = HOLD.fire(hold.status, "reply", facts).target
    orders = hold_effects.orders_of_hold(uow, hold)
    message = _message(uow, now, hold, text, channel, orders, direction="IN") if text else None
    records.change(uow, hold, status=HoldStatus(target))
    hold_effects.tell(uow, hold, orders, "CustomerAnswered", channel=Channel(channel).value)
    return message


@command("holds.auto_release", permission=_RIGHT, scope=reach_of_holds, reason=ReasonRule.ALWAYS)
def auto_release(
    *, uow: UnitOfWork, now: datetime, actor: Actor, hold_ids: Sequence[int], reason: str
) -> Worked:
    """Release holds whose cause is gone: credit paid, price approved, data mended. Service principals only.

    `reason` says what is no longer true. Raises Denied hold.service_only, otherwise as `start_review`.
    """
    _want_service(actor)

    def one(hold: Record, facts: HoldFacts) -> Step:
        target = HOLD.fire(hold.status, "auto_release", replace(facts, cause_gone=True)).target
        return Step(_ended(target, now, actor, reason), "HoldReleased")

    return _work(uow, now, actor, hold_ids, one, reason=reason)


@command("holds.expire", permission=_RIGHT, scope=reach_of_holds)
def expire(*, uow: UnitOfWork, now: datetime, actor: Actor, hold_ids: Sequence[int]) -> Worked:
    """End holds whose until-date has passed, as the worker finds them with `due`; others are left, with the reason.

    Raises Denied hold.service_only.
    """
    _want_service(actor)

    def one(hold: Record, facts: HoldFacts) -> Step:
        target = HOLD.fire(hold.status, "expire", facts).target
        return Step(_ended(target, now, actor, "the until-date has passed"), "HoldExpired")

    return _work(uow, now, actor, hold_ids, one, partial=True, some=False)


def due(*, uow: UnitOfWork, now: datetime) -> list[int]:
    """Return the holds that the worker should end now: open or waiting, with an until-date that has passed."""
    return hold_reach.due(uow.connection, now)


due.read_only = True  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Step:
    """What one event writes: the new values, what the timeline says, and whether another hold follows."""

    values: Mapping[str, Any]
    event: str
    outcome: HoldOutcome = HoldOutcome.DONE
    follows: bool = False


def _work(
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    hold_ids: Sequence[int],
    one: Callable[[Record, HoldFacts], Step],
    *,
    reason: str = "",
    partial: bool = False,
    some: bool = True,
    moves: bool = True,
    dry_run: bool = False,
) -> Worked:
    """Decide on every hold first, then write what is decided: one refusal keeps all back unless `partial`."""
    around = hold_effects.begin(uow, sorted(set(hold_ids)), moves=moves)
    holds = want_holds(uow, hold_ids)
    worth = hold_effects.value_at_stake(hold_reach.worth(uow.connection, [h.key for h in holds], now.date()))
    steps: list[tuple[Record, Step]] = []
    results: dict[int, HoldResult] = {}
    refusals: list[DomainError] = []
    for hold in holds:
        value = worth.get(hold.key, Decimal(0))
        facts = facts_of(hold, now=now, actor=actor, value=value, reason=reason)
        try:
            step = one(hold, facts)
        except DomainError as refusal:
            refusals.append(refusal)
            results[hold.key] = HoldResult(
                hold.key, HoldOutcome.REFUSED, hold.status.value, refusal.code, refusal.message, refusal.fix
            )
        else:
            steps.append((hold, step))
            status = step.values.get("status", hold.status)
            results[hold.key] = HoldResult(hold.key, step.outcome, status.value)
    if refusals and not dry_run and (not partial or (some and not steps)):
        raise _refusal(refusals, results)
    for hold, step in steps:
        _write(uow, now, actor, hold, step, around)
    impact = hold_effects.finish(uow, now, around, [hold.key for hold, _ in steps])
    if dry_run:
        uow.discard()
    return Worked(tuple(results[key] for key in sorted(results)), impact)


def _write(uow: UnitOfWork, now: datetime, actor: Actor, hold: Record, step: Step, around: Around) -> None:
    orders = around.by_hold.get(hold.key, [])
    records.change(uow, hold, **step.values)
    if step.event:
        more = {"reason": uow.act.reason} if uow.act.reason else {}
        hold_effects.tell(uow, hold, orders, step.event, **more)
    if step.follows:
        follower = records.add(
            uow, Hold, scope=hold.scope, scope_id=hold.scope_id, order_id=hold.order_id, type=hold.type,
            blocks=hold.blocks, placed_at=now, placed_by=hold.placed_by, status=HOLD.start,
            reason=f"Refused by {actor.login}: {step.values['release_reason']} Cancel or amend the order.",
        )  # fmt: skip
        hold_effects.tell(uow, follower, orders, "HoldPlaced", reason=follower.reason, follows=hold.key)


def _ended(target: str, now: datetime, actor: Actor, reason: str) -> dict[str, Any]:
    return {
        "status": HoldStatus(target), "released_at": now, "released_by": actor.login,
        "release_reason": reason.strip(),
    }  # fmt: skip


def _refusal(refusals: Sequence[DomainError], results: Mapping[int, HoldResult]) -> DomainError:
    if len(results) == 1:
        return refusals[0]
    told = [vars(result) for result in results.values() if result.outcome is HoldOutcome.REFUSED]
    return DomainError(
        "holds.refused",
        f"{len(refusals)} of {len(results)} holds are refused, so none was changed. "
        f"The first: {refusals[0].message}",
        fix="Take those out of the selection, or ask for the others to be done alone.",
        results=told,
    )


def _want_service(actor: Actor) -> None:
    if not actor.is_service:
        raise Denied(
            "hold.service_only",
            "Holds end by themselves through the worker or an import, not through a person.",
            fix="Start a review and release the hold with a reason.",
        )


def _text(said: str) -> str:
    text = said.strip()
    if len(text) > MOST_TEXT:
        raise DomainError(
            "hold.text_long",
            f"The text has {len(text)} characters; {MOST_TEXT} are kept.",
            fix="Shorten it to what matters for the decision.",
        )
    return text


def _message(
    uow: UnitOfWork,
    now: datetime,
    hold: Record,
    text: str,
    channel: Channel,
    orders: Sequence[int],
    *,
    direction: str,
) -> int:
    """Keep a message with the customer; one about several orders belongs to the customer alone."""
    customers, _ = hold_reach.customers_and_sites(uow.connection, orders)
    kept = records.add(
        uow, Communication, direction=direction, channel=Channel(channel), body=text,
        customer_id=customers.pop() if len(customers) == 1 else None,
        order_id=hold.order_id, subject=f"{_title(hold.type)} hold {hold.key}",
        status="SENT" if direction == "OUT" else "RECEIVED", sent_at=now, needs_reply=direction == "OUT",
    )  # fmt: skip
    return kept.key


def _title(hold_type: HoldType) -> str:
    return hold_type.value.replace("_", " ").capitalize()
