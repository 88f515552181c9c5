"""What screens say of hold types: what they block, who releases them, and which of them are a person's to decide."""

from __future__ import annotations

from domain.rules.holds.blocks import DEFAULT_BLOCKS, EXPIRING
from domain.rules.holds.release import decidable, desks, who_may
from domain.vocabulary.actor import Actor
from domain.vocabulary.statuses import BlockedAction, HoldType

RELEASED_BY = {hold_type.value: who_may(hold_type) for hold_type in HoldType}
"""Who releases a type, with limits and second persons, in words."""
DESKS = {hold_type.value: desks(hold_type) for hold_type in HoldType}
"""Whose desks release a type, in few words."""


def default_blocks(types: tuple[HoldType, ...]) -> tuple[BlockedAction, ...]:
    """Return what holds of these types block together unless somebody chooses otherwise."""
    wanted = {action for hold_type in types for action in DEFAULT_BLOCKS[hold_type]}
    return tuple(action for action in BlockedAction if action in wanted)


def may_have_until(types: tuple[HoldType, ...]) -> bool:
    """Whether holds of all these types may end by themselves on a day."""
    return bool(types) and all(hold_type in EXPIRING for hold_type in types)


def decides(actor: Actor) -> frozenset[str]:
    """Return the types of holds that are this person's to decide on."""
    return frozenset(hold_type.value for hold_type in decidable(actor.roles))
