"""The machine of a hold: placed, reviewed, perhaps waiting for the customer, then released, refused or expired (domain.md 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.rules.holds.blocks import EXPIRING
from domain.rules.holds.release import SEGREGATED, Judged, Verdict
from domain.rules.lifecycle.machine import Machine, Transition
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import HoldStatus, HoldType

NOT_ASKED = Judged(Verdict.NO, "nobody asked for a release.")


@dataclass(frozen=True)
class HoldFacts:
    """What the guards look at: the hold, who acts, and what the event brings along.

    `assignee` is who will be assigned once the event is done; `judged` what `release.judge` says of the actor.
    `barred` says why the actor has no part in holds of this type. `asked` says that the customer was asked (a message
    is recorded), `silenced` that a compliance hold forbids asking; `answered` that an answer came in or the time for it
    ran out; `cause_gone` that what placed the hold is no more.
    """

    hold_type: HoldType
    placed_by: str
    now: datetime
    actor: str = ""
    barred: str | None = None
    assignee: str | None = None
    expires_at: datetime | None = None
    reason: str = ""
    judged: Judged = NOT_ASKED
    asked: bool = False
    silenced: bool = False
    answered: bool = False
    cause_gone: bool = False


def _reviewer(facts: HoldFacts) -> str | None:
    if facts.barred:
        return facts.barred
    if not facts.assignee:
        return "a review needs somebody who does it."
    if facts.hold_type in SEGREGATED and facts.assignee == facts.placed_by:
        return f"{facts.assignee} placed this hold, so somebody else must review it."
    return None


def _asked(facts: HoldFacts) -> str | None:
    if facts.barred:
        return facts.barred
    if facts.silenced:
        return "while a compliance hold is open, only compliance writes to the customer."
    return None if facts.asked else "the question to the customer is not recorded."


def _answered(facts: HoldFacts) -> str | None:
    if facts.barred:
        return facts.barred
    return None if facts.answered else "no answer is recorded and the time for one has not run out."


def _released(facts: HoldFacts) -> str | None:
    if facts.judged.verdict is Verdict.NO:
        return facts.judged.why_not
    if facts.judged.verdict is Verdict.FIRST:
        return "the release needs the signatures of two people; this is the first."
    return _reasoned(facts)


def _refused(facts: HoldFacts) -> str | None:
    if facts.hold_type in SEGREGATED and facts.actor == facts.placed_by:
        return "you placed this hold, so somebody else must decide on it."
    return facts.barred or _reasoned(facts)


def _reasoned(facts: HoldFacts) -> str | None:
    return None if facts.reason.strip() else "it needs a reason."


def _cause_gone(facts: HoldFacts) -> str | None:
    return None if facts.cause_gone else "what placed the hold is still true."


def _cause_gone_in_review(facts: HoldFacts) -> str | None:
    if facts.hold_type is HoldType.COMPLIANCE:
        return "a compliance hold under review is released by two people, never by itself."
    return _cause_gone(facts)


def _expired(facts: HoldFacts) -> str | None:
    if facts.hold_type not in EXPIRING:
        return f"a {facts.hold_type.value.replace('_', ' ').lower()} hold does not end by itself."
    if facts.expires_at is None:
        return "the hold has no until-date."
    return None if facts.expires_at <= facts.now else "the until-date has not come."


_OPEN, _REVIEW, _WAITING = HoldStatus.OPEN, HoldStatus.IN_REVIEW, HoldStatus.WAITING_CUSTOMER
_RIGHT = Permission.HOLD_RELEASE
HOLD: Machine[HoldFacts] = Machine(
    "hold",
    _OPEN,
    frozenset({HoldStatus.RELEASED, HoldStatus.REJECTED, HoldStatus.EXPIRED}),
    (
        Transition(_OPEN, "start_review", _REVIEW, _reviewer, _RIGHT, "Start review"),
        Transition(_REVIEW, "request_info", _WAITING, _asked, _RIGHT, "Ask the customer", ("channel", "question")),
        Transition(_WAITING, "reply", _REVIEW, _answered, _RIGHT, "Record the answer", ("channel", "answer")),
        Transition(_REVIEW, "release", HoldStatus.RELEASED, _released, _RIGHT, "Release", ("reason",)),
        Transition(_REVIEW, "refuse", HoldStatus.REJECTED, _refused, _RIGHT, "Refuse", ("reason",)),
        Transition(_OPEN, "auto_release", HoldStatus.RELEASED, _cause_gone),
        Transition(_OPEN, "expire", HoldStatus.EXPIRED, _expired),
        Transition(_REVIEW, "auto_release", HoldStatus.RELEASED, _cause_gone_in_review),
        Transition(_WAITING, "auto_release", HoldStatus.RELEASED, _cause_gone_in_review),
        Transition(_WAITING, "expire", HoldStatus.EXPIRED, _expired),
    ),
)  # fmt: skip
