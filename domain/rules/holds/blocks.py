"""What each type of hold blocks unless somebody says otherwise, and which types may end on a day (domain.md 2.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.vocabulary.statuses import BlockedAction, HoldType

_EVERYTHING = tuple(BlockedAction)
_GOING_OUT = (BlockedAction.RELEASE, BlockedAction.SHIP)
DEFAULT_BLOCKS: Mapping[HoldType, tuple[BlockedAction, ...]] = {
    HoldType.CREDIT: _GOING_OUT,
    HoldType.COMPLIANCE: _EVERYTHING,
    HoldType.PRICE: (BlockedAction.CONFIRM, BlockedAction.INVOICE),
    HoldType.PAYMENT: _GOING_OUT,
    HoldType.ADDRESS: _GOING_OUT,
    HoldType.DATA: (BlockedAction.CONFIRM,),
    HoldType.DUPLICATE: (BlockedAction.CONFIRM,),
    HoldType.QUALITY: (BlockedAction.ALLOCATE, BlockedAction.SHIP),
    HoldType.CUSTOMER_REQUEST: _GOING_OUT,
    HoldType.MANAGEMENT: _GOING_OUT,
}
"""The table of domain.md 2.3; MANAGEMENT by 0a.8."""
EXPIRING = frozenset({HoldType.CUSTOMER_REQUEST})
"""Types that end by themselves on their until-date (domain.md 3.3)."""


def as_text(blocks: Iterable[BlockedAction]) -> str:
    """Return blocked actions as a hold keeps them: a comma list in the order of BlockedAction, each once."""
    wanted = set(blocks)
    return ",".join(action.value for action in BlockedAction if action in wanted)


def as_actions(text: str) -> frozenset[BlockedAction]:
    """Return the blocked actions that a hold's text names; raise ValueError for a word that is none."""
    return frozenset(BlockedAction(word) for word in text.split(",") if word)


def default_text(hold_type: HoldType) -> str:
    """Return what a type blocks by default, as a hold keeps it."""
    return as_text(DEFAULT_BLOCKS[hold_type])
