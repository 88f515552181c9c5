"""The machine of an approval (domain.md 3.9)."""

from __future__ import annotations

from dataclasses import dataclass

from domain.rules.lifecycle.machine import Machine, Transition
from domain.vocabulary.approvals import ApprovalStatus as Status
from domain.vocabulary.permissions import Permission


@dataclass(frozen=True)
class ApprovalFacts:
    """What the guards look at.

    `steps` are those not decided yet. `segregation` says why this person may not decide the next one: None where
    nothing stands against it.
    """

    steps: int = 1
    staffed: bool = True
    inside_auto: bool = False
    same_snapshot: bool = True
    expired: bool = False
    commented: bool = True
    by_asker: bool = False
    segregation: str | None = None


def _routable(facts: ApprovalFacts) -> str | None:
    if facts.inside_auto:
        return "It lies inside the limits that need no approval."
    return None if facts.staffed else "Nobody but the asker may decide it, by role and approval limit."


def _inside_auto(facts: ApprovalFacts) -> str | None:
    return None if facts.inside_auto else "It lies outside the limits that need no approval."


def _undecided(facts: ApprovalFacts) -> str | None:
    if facts.segregation is not None:
        return facts.segregation
    return "Its time to decide is over." if facts.expired else None


def _step(facts: ApprovalFacts) -> str | None:
    if facts.steps <= 1:
        return "No further step follows this one."
    return _undecided(facts) or _unchanged(facts)


def _last(facts: ApprovalFacts) -> str | None:
    if facts.steps > 1:
        return f"{facts.steps - 1} more steps follow this one."
    return _undecided(facts) or _unchanged(facts)


def _unchanged(facts: ApprovalFacts) -> str | None:
    return None if facts.same_snapshot else "What was asked for has changed since."


def _reject(facts: ApprovalFacts) -> str | None:
    return _undecided(facts) or (None if facts.commented else "A refusal needs a comment for the asker.")


def _withdraw(facts: ApprovalFacts) -> str | None:
    return None if facts.by_asker else "Only who asked may withdraw."


def _expired(facts: ApprovalFacts) -> str | None:
    return None if facts.expired else "Its time to decide is not over."


def _changed(facts: ApprovalFacts) -> str | None:
    return "Nothing has changed since it was asked." if facts.same_snapshot else None


DECIDE, SEE = Permission.APPROVALS_DECIDE, Permission.APPROVALS_SEE
APPROVAL: Machine[ApprovalFacts] = Machine(
    "approval",
    Status.REQUESTED,
    frozenset((Status.APPROVED, Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED, Status.SUPERSEDED)),
    (
        Transition(Status.REQUESTED, "route", Status.PENDING, _routable),
        Transition(Status.PENDING, "approve_step", Status.PENDING, _step, DECIDE, "Approve, pass on"),
        Transition(Status.PENDING, "approve_last", Status.APPROVED, _last, DECIDE, "Approve"),
        Transition(Status.PENDING, "reject", Status.REJECTED, _reject, DECIDE, "Reject", ("comment",)),
        Transition(Status.PENDING, "withdraw", Status.WITHDRAWN, _withdraw, SEE, "Withdraw"),
        Transition(Status.PENDING, "expire", Status.EXPIRED, _expired),
        Transition(Status.PENDING, "object_changed", Status.SUPERSEDED, _changed),
        Transition(Status.REQUESTED, "auto_approve", Status.APPROVED, _inside_auto),
    ),
)
