"""What an editable field is: its kind, who may change it, and when a value is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from domain.rules.authority.matrix import grant
from domain.vocabulary.approvals import ApprovalType
from domain.vocabulary.edits import FieldKind
from domain.vocabulary.permissions import Grant, Permission, ReasonRule

Facts = Mapping[str, Any]
Check = Callable[[Any, Facts], str | None]
MOST_TEXT = 120
MOST_NOTE = 1_000


def anything(_value: Any, _facts: Facts) -> str | None:
    """The check that never refuses."""
    return None


@dataclass(frozen=True)
class Field:
    """One editable column of a table.

    `permissions`: whoever has one of them may edit. `choices` are the codes that a CHOICE may take; `listed` names a
    list that only the database knows ("people", "calendars"). `sensitive` is the approval that a change asks for in
    place of being saved. `reason` LATE wants a reason once the order is past CONFIRMED. `check` judges a value against
    the facts of its row and returns None or the sentence to show. `least` and `most` limit numbers. Of a sensitive field
    `proposes` names who may ask for a change that is not theirs to make, and `sees` what is needed to see its value.
    """

    entity: str
    name: str
    label: str
    kind: FieldKind
    permissions: tuple[Permission, ...]
    choices: tuple[str, ...] = ()
    listed: str = ""
    sensitive: ApprovalType | None = None
    reason: ReasonRule = ReasonRule.NEVER
    required: bool = False
    longest: int = MOST_TEXT
    least: Decimal | None = None
    most: Decimal | None = None
    check: Check = anything
    help: str = ""
    proposes: tuple[Permission, ...] = ()
    sees: Permission | None = None

    def may(self, roles: Iterable[str]) -> bool:
        """Whether somebody with these roles may edit the field, at least on what is their own."""
        return self.width(roles) in (Grant.OWN, Grant.ALL)

    def may_propose(self, roles: Iterable[str]) -> bool:
        """Whether somebody with these roles may ask that a sensitive field is changed."""
        who = list(roles)
        asks = any(
            grant(permission, who) is not Grant.NONE for permission in (*self.permissions, *self.proposes)
        )
        return self.sensitive is not None and asks

    def visible(self, roles: Iterable[str]) -> bool:
        """Whether somebody with these roles may see the field's value."""
        return self.sees is None or grant(self.sees, list(roles)) is not Grant.NONE

    def width(self, roles: Iterable[str]) -> Grant:
        """Return the widest grant that the roles have of one of the permissions."""
        who = roles if isinstance(roles, frozenset) else tuple(roles)
        found = [grant(permission, who) for permission in self.permissions]
        return next((wide for wide in (Grant.ALL, Grant.OWN, Grant.REQUEST) if wide in found), Grant.NONE)
