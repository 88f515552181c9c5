"""Which steps an approval needs: the matrix by type, subject and size, and who may take each step (domain.md 2.8, 8.4).

A row holds where all its caps hold; a cap whose fact is not known does not hold, because unknown is not small. The
first row that holds decides. A higher role of the ladder may take a lower one's step, unless it has its own.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files

from domain.vocabulary.approvals import ApprovalType
from domain.vocabulary.statuses import Role

AUTO = "AUTO"
ANY = "*"


@dataclass(frozen=True)
class Asked:
    """What is asked for, as far as the matrix looks at it.

    `subject` is the kind of object within the type ("sku_site", a hold type). `share` is a discount or a relative
    change (0.05 is 5 %), `margin` what is left of the price, both as shares.
    """

    type: ApprovalType
    subject: str = ANY
    amount: Decimal | None = None
    share: Decimal | None = None
    margin: Decimal | None = None


@dataclass(frozen=True)
class Row:
    """One row of the matrix; empty `steps` is AUTO.

    With `own_role_counts` the right of the asker counts: the own role takes the first step, and AUTO is for those
    alone who may make the change themselves.
    """

    type: ApprovalType
    subject: str
    amount_up_to: Decimal | None
    share_up_to: Decimal | None
    margin_from: Decimal | None
    steps: tuple[Role, ...]
    own_role_counts: bool
    hours: int

    def holds(self, asked: Asked) -> bool:
        """Whether the row speaks of what is asked."""
        return (
            self.type is asked.type
            and self.subject in (ANY, asked.subject)
            and (
                self.amount_up_to is None or (asked.amount is not None and asked.amount <= self.amount_up_to)
            )
            and (self.share_up_to is None or (asked.share is not None and asked.share <= self.share_up_to))
            and (self.margin_from is None or (asked.margin is not None and asked.margin >= self.margin_from))
        )


@dataclass(frozen=True)
class Route:
    """The steps that remain, in order, and after how many hours the request expires; without steps it is AUTO."""

    steps: tuple[Role, ...]
    hours: int

    @property
    def auto(self) -> bool:
        """Whether nobody needs to decide."""
        return not self.steps


@lru_cache(maxsize=1)
def matrix() -> tuple[Row, ...]:
    """Return the rows of `routing.csv`; raise ValueError where a type has no row that holds for anything."""
    text = files(__package__).joinpath("routing.csv").read_text("utf-8")
    rows = tuple(_row(cells) for cells in csv.DictReader(text.splitlines()))
    for kind in ApprovalType:
        if not any(row.holds(Asked(kind)) for row in rows):
            raise ValueError(f"routing.csv has no default row for {kind}")
    return rows


def _row(cells: Mapping[str, str]) -> Row:
    def cap(name: str) -> Decimal | None:
        return Decimal(cells[name]) if cells[name] else None

    steps = () if cells["steps"] == AUTO else tuple(Role(word) for word in cells["steps"].split(">"))
    return Row(
        ApprovalType(cells["type"]), cells["subject"], cap("amount_up_to"), cap("share_up_to"), cap("margin_from"),
        steps, cells["own_role_counts"] == "y", int(cells["hours"]),
    )  # fmt: skip


@lru_cache(maxsize=1)
def ladder() -> Mapping[Role, Role]:
    """Return the next level of each role that has one."""
    text = files(__package__).joinpath("ladder.csv").read_text("utf-8")
    return {Role(row["role"]): Role(row["next"]) for row in csv.DictReader(text.splitlines())}


def next_level(role: Role) -> Role | None:
    """Return the role one level up; None at the top: nobody overrules compliance or the director."""
    return ladder().get(role)


def takers(role: Role, steps: Iterable[Role] = ()) -> tuple[Role, ...]:
    """Return the roles that may take a step: the role itself and those above it that have no step of their own."""
    own = set(steps) - {role}
    found = [role]
    above = next_level(role)
    while above is not None and above not in own:
        found.append(above)
        above = next_level(above)
    return tuple(found)


def route(
    asked: Asked, *, direct: bool = False, roles: Iterable[str] = (), rows: tuple[Row, ...] | None = None
) -> Route:
    """Return the steps that what is asked needs (domain.md 3.9).

    `direct` says that the asker has the right to make the change: a row where the own role counts then lets the
    asker's `roles` stand for its first step. Whoever may only propose passes over AUTO rows of that kind.
    """
    for row in matrix() if rows is None else rows:
        if not row.holds(asked):
            continue
        if not row.steps and row.own_role_counts and not direct:
            continue
        steps = row.steps
        if direct and row.own_role_counts and steps and set(takers(steps[0], steps)) & set(roles):
            steps = steps[1:]
        return Route(steps, row.hours)
    raise AssertionError("unreachable: each type has a default row")


@dataclass(frozen=True)
class Person:
    """Somebody who may decide: roles, how far the approval limit reaches, and for whom the person stands in.

    `mark` is what two accounts of one person share (the e-mail address); None where nothing is known.
    """

    login: str
    roles: frozenset[str]
    limit: Decimal | None = None
    mark: str | None = None
    stands_in_for: frozenset[str] = field(default_factory=frozenset)


def same(one: Person, other: Person) -> bool:
    """Whether two accounts belong to one person."""
    return one.login == other.login or (one.mark is not None and one.mark == other.mark)


def can_take(
    person: Person, role: Role, steps: tuple[Role, ...], *, last: bool, amount: Decimal | None
) -> bool:
    """Return whether a person's roles and, at the last step, approval limit reach a step."""
    if not set(takers(role, steps)) & person.roles:
        return False
    return not last or amount is None or person.limit is None or amount <= person.limit


def deciders(
    steps: tuple[Role, ...], people: Iterable[Person], asker: Person, amount: Decimal | None
) -> tuple[tuple[Person, ...], ...]:
    """Return for each step who could take it: anybody but the asker, in whatever account."""
    others = [person for person in people if not same(person, asker)]
    return tuple(
        tuple(p for p in others if can_take(p, role, steps, last=place == len(steps), amount=amount))
        for place, role in enumerate(steps, 1)
    )


def staffed(choices: tuple[tuple[Person, ...], ...], taken: tuple[Person, ...] = ()) -> bool:
    """Return whether different persons can take all steps."""
    if not choices:
        return True
    return any(
        staffed(choices[1:], (*taken, person))
        for person in choices[0]
        if not any(same(person, before) for before in taken)
    )
