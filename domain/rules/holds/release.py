"""Who may release a hold: by type and role as data, up to which value, and when a second person must sign.

domain.md 2.10.5 and 3.3, reliability.md 2. The value of a hold is the open value of the lines that it touches, in the
book's currency; where it is not known it counts as above every limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from domain.vocabulary.statuses import HoldType, Role


class How(Enum):
    """How a role releases a type. In order of strength: the strongest of a person's roles counts."""

    TWO_PERSONS = 1
    UP_TO_LIMIT = 2
    SECOND_ABOVE_LIMIT = 3
    ALONE = 4


class Verdict(Enum):
    """What a person's word does to a hold: nothing, the first of two signatures, or the release."""

    NO = "NO"
    FIRST = "FIRST"
    RELEASE = "RELEASE"


_ABOVE_LEAD = {Role.MGR: How.ALONE, Role.DIRECTOR: How.ALONE}
_DESK = {Role.ASSOC: How.ALONE, Role.LEAD: How.ALONE, **_ABOVE_LEAD}
_LEADS = {Role.LEAD: How.ALONE, **_ABOVE_LEAD}
RELEASERS: Mapping[HoldType, Mapping[Role, How]] = {
    HoldType.CREDIT: {Role.CREDIT: How.SECOND_ABOVE_LIMIT, Role.LEAD: How.UP_TO_LIMIT, **_ABOVE_LEAD},
    HoldType.COMPLIANCE: {Role.COMPL: How.TWO_PERSONS},
    HoldType.PRICE: {Role.LEAD: How.UP_TO_LIMIT, **_ABOVE_LEAD},
    HoldType.PAYMENT: {Role.CREDIT: How.SECOND_ABOVE_LIMIT, **_LEADS},
    HoldType.ADDRESS: _DESK,
    HoldType.DATA: _DESK,
    HoldType.DUPLICATE: _DESK,
    HoldType.QUALITY: {Role.QA: How.ALONE, **_LEADS},
    HoldType.CUSTOMER_REQUEST: _DESK,
    HoldType.MANAGEMENT: _LEADS,
}
SEGREGATED = frozenset({HoldType.CREDIT, HoldType.COMPLIANCE, HoldType.PRICE})
"""Types that nobody releases who placed them (domain.md 2.10.5); a constraint of the table says the same."""
_DESK_WORDS = {
    Role.ASSOC: "order management", Role.LEAD: "the team lead", Role.CREDIT: "credit", Role.QA: "quality",
    Role.MGR: "a manager", Role.DIRECTOR: "a director", Role.COMPL: "compliance",
}  # fmt: skip


@dataclass(frozen=True)
class Release:
    """The facts of a release: the hold, who wants to release it, and the value at stake (None: not known)."""

    hold_type: HoldType
    placed_by: str
    first_released_by: str | None
    actor: str
    roles: frozenset[str]
    limit: Decimal | None = None
    value: Decimal | None = None


@dataclass(frozen=True)
class Judged:
    """What a person's word does, and why not where it does nothing."""

    verdict: Verdict
    why_not: str | None = None


def how(hold_type: HoldType, roles: Iterable[str]) -> How | None:
    """Return how a person with these roles releases a type; None where not at all."""
    found = [way for role, way in RELEASERS[hold_type].items() if role in set(roles)]
    return max(found, key=lambda way: way.value, default=None)


def judge(asked: Release) -> Judged:
    """Return whether this person's word releases the hold, is the first of two, or counts for nothing (and why)."""
    way = how(asked.hold_type, asked.roles)
    if way is None:
        return _no(f"a {_word(asked.hold_type)} hold is released by {who_may(asked.hold_type)}.")
    if asked.hold_type in SEGREGATED and asked.actor == asked.placed_by:
        return _no(f"you placed this {_word(asked.hold_type)} hold, so somebody else must release it.")
    if asked.first_released_by == asked.actor:
        return _no("you signed this release already; a second person must sign.")
    within = asked.limit is not None and asked.value is not None and asked.value <= asked.limit
    if way is How.UP_TO_LIMIT and not within:
        return _no(f"{_over(asked)}; {_above(asked.hold_type)} may release it.")
    needs_two = way is How.TWO_PERSONS or (way is How.SECOND_ABOVE_LIMIT and not within)
    if needs_two and asked.first_released_by is None:
        return Judged(Verdict.FIRST)
    return Judged(Verdict.RELEASE)


def who_may(hold_type: HoldType) -> str:
    """Return in words who releases a type: "credit (above the limit with a second person), …"."""
    said = []
    for role, way in RELEASERS[hold_type].items():
        words = _DESK_WORDS[role]
        if way is How.TWO_PERSONS:
            words = f"two people of {words}"
        elif way is How.SECOND_ABOVE_LIMIT:
            words += " (above the own limit with a second person)"
        elif way is How.UP_TO_LIMIT:
            words += " (up to the own limit)"
        said.append(words)
    text = ", ".join(said[:-1]) + f" or {said[-1]}" if len(said) > 1 else said[0]
    return f"{text}, not who placed it" if hold_type in SEGREGATED else text


def desks(hold_type: HoldType) -> str:
    """Return in few words whose desks release a type: "credit, the team lead, a manager, a director"."""
    return ", ".join(_DESK_WORDS[role] for role in RELEASERS[hold_type])


def decidable(roles: Iterable[str]) -> frozenset[HoldType]:
    """Return the types that somebody with these roles has a part in deciding."""
    who = frozenset(roles)
    return frozenset(hold_type for hold_type in HoldType if how(hold_type, who) is not None)


def _no(why: str) -> Judged:
    return Judged(Verdict.NO, why)


def _word(hold_type: HoldType) -> str:
    return hold_type.value.replace("_", " ").lower()


def _over(asked: Release) -> str:
    if asked.limit is None:
        return "you have no approval limit"
    if asked.value is None:
        return "the value at stake is not known in the book's currency, so no limit covers it"
    return f"the value at stake, {asked.value:,.2f}, is above your limit of {asked.limit:,.2f}"


def _above(hold_type: HoldType) -> str:
    stronger = [_DESK_WORDS[role] for role, way in RELEASERS[hold_type].items() if way is not How.UP_TO_LIMIT]
    return " or ".join(stronger)
