"""Ask for a hold where somebody may not place one: it becomes an approval, and is placed when that is given (reliability.md 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from db import records
from db.queries import hold_reach
from db.tables import Approval, Customer, SalesOrder, SalesOrderLine, Shipment, Sku
from db.unit_of_work import UnitOfWork
from domain.rules.approvals.routing import Asked
from domain.rules.authority.matrix import grant
from domain.services.approving import approval_requests
from domain.services.approving.approval_changes import change
from domain.services.approving.approval_requests import Answer, Wish
from domain.services.commands import command
from domain.services.holding import holds
from domain.vocabulary.actor import Actor
from domain.vocabulary.approvals import ApprovalType
from domain.vocabulary.errors import DomainError
from domain.vocabulary.permissions import Grant, Permission, ReasonRule
from domain.vocabulary.statuses import BlockedAction, HoldScope, HoldType

CHANGE = "holds.place"
OWNERS = {
    HoldScope.ORDER: SalesOrder,
    HoldScope.LINE: SalesOrderLine,
    HoldScope.CUSTOMER: Customer,
    HoldScope.SKU: Sku,
    HoldScope.SHIPMENT: Shipment,
}


@command(
    "holds.request", permission=Permission.HOLD_PLACE, scope=holds.reach_of_objects, reason=ReasonRule.ALWAYS,
    accepts=Grant.REQUEST,
)  # fmt: skip
def request(
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
) -> Answer:
    """Ask that holds are placed on one object; return the approval's key and for whom it waits.

    Raises what `holds.place` refuses with, DomainError hold.one_object, hold.place_it, Conflict approval.waiting.
    """
    scope = HoldScope(scope)
    if grant(Permission.HOLD_PLACE, actor.roles) is not Grant.REQUEST:
        raise DomainError(
            "hold.place_it",
            "You may place the hold yourself, so there is nobody to ask.",
            fix="Place it; it counts at once.",
        )
    if len(set(scope_ids)) != 1:
        raise DomainError(
            "hold.one_object",
            f"A request is about one object; {len(set(scope_ids))} are chosen.",
            fix="Ask for each of them by itself, so that each can be decided by itself.",
        )
    key = scope_ids[0]
    kinds = [HoldType(word) for word in dict.fromkeys(types)]
    holds.want_placeable(uow, now, scope, [key], kinds, reason, blocks=blocks, until=until)
    owner = OWNERS[scope]
    records.lock(uow, owner, key)
    words = " and ".join(kind.value.replace("_", " ").lower() for kind in kinds)
    name = hold_reach.names(uow.connection, scope, [key])[key]
    wish = Wish(
        asked=Asked(ApprovalType.HOLD, subject=kinds[0].value),
        object_type=records.table_of(owner).name,
        object_id=key,
        object_name=f"{scope.value.lower()} {name}",
        change=CHANGE,
        arguments={
            "scope": scope.value,
            "key": key,
            "types": [kind.value for kind in kinds],
            "reason": reason.strip(),
            "blocks": None if blocks is None else [BlockedAction(word).value for word in blocks],
            "until": None if until is None else until.isoformat(),
        },
        says=[("Hold", "none", words)],
        then=f"A {words} hold is placed at once.",
        reason=reason,
        topic="hold",
    )
    return approval_requests.ask(uow, now, actor, wish)


def _look(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a decision rests on: whether the object is there, and which holds of the same reason are open on it."""
    scope, key = HoldScope(arguments["scope"]), int(arguments["key"])
    open_now = hold_reach.same(uow.connection, scope, [key], str(arguments["reason"]))
    return {
        "there": bool(hold_reach.names(uow.connection, scope, [key])),
        "open": sorted(kind for _, kind in open_now),
    }


@change(CHANGE, look=_look)
def place_requested(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    approval_id: int,
    scope: str,
    key: int,
    types: Sequence[str],
    reason: str,
    blocks: Sequence[str] | None,
    until: str | None,
) -> list[int]:
    """Place what was asked for, in the asker's name, and name the approval in the holds; return their keys.

    An until-date that has passed meanwhile is left out. Raises as `holds.place`.
    """
    asker = records.peek(uow, Approval, [approval_id])[0].requested_by
    day = None if until is None else datetime.fromisoformat(until)
    placed = holds.place(
        uow=uow, now=now, actor=replace(actor, login=asker), scope=HoldScope(scope), scope_ids=[key],
        types=[HoldType(word) for word in types], reason=reason, until=day if day and day > now else None,
        blocks=None if blocks is None else [BlockedAction(word) for word in blocks],
    )  # fmt: skip
    for hold in holds.want_holds(uow, placed.hold_ids):
        records.change(uow, hold, approval_id=approval_id)
    return list(placed.hold_ids)
