"""Progress: what quantities and open holds prove of a line and of its order, derived and never stored (domain.md 0a.1, 3).

A stage is moved by the events of its machine alone; `verify` recomputes progress and checks that both agree. All
decisions are comparisons of integers, never of shares.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.rules.lifecycle.quantities import LineQuantities
from domain.vocabulary.statuses import GONE_STAGES, BlockedAction, LineStage, OrderStage

BEFORE_CONFIRMATION = frozenset({OrderStage.DRAFT, OrderStage.VALIDATING, OrderStage.ON_HOLD})
"""Stages that lines do not roll up to: entry, checks and holds decide them, until every line is gone."""
ENDED = frozenset({OrderStage.CLOSED, OrderStage.CANCELLED, OrderStage.REJECTED})


@dataclass(frozen=True)
class Progress:
    """How far an order is, from its lines: what has left, arrived and been billed, and which actions are held."""

    partially_shipped: bool
    shipped: bool
    partially_delivered: bool
    delivered: bool
    partially_invoiced: bool
    invoiced: bool
    held: frozenset[BlockedAction]


def progress(lines: Iterable[LineQuantities], held: Iterable[BlockedAction] = ()) -> Progress:
    """Return the progress of an order from the quantities of its lines and the actions that open holds block."""
    live = [line for line in lines if line.net > 0]
    sent = sum(line.shipped for line in live)
    rest = sum(line.open for line in live)
    arrived = sum(line.delivered for line in live)
    billed = sum(line.invoiced for line in live)
    all_sent = bool(live) and rest == 0
    return Progress(
        partially_shipped=sent > 0 and rest > 0,
        shipped=all_sent,
        partially_delivered=arrived > 0 and not (all_sent and arrived == sent),
        delivered=all_sent and arrived == sent,
        partially_invoiced=billed > 0 and not (all_sent and billed == sent),
        invoiced=all_sent and all(line.to_bill == 0 for line in live),
        held=frozenset(held),
    )


def rolled_up(lines: Iterable[LineQuantities]) -> OrderStage:
    """Return the stage that the lines of a confirmed order add up to (domain.md 3, roll-up).

    No line left: CANCELLED. Nothing open and nothing to bill: INVOICED. Nothing open: SHIPPED. Something left:
    PARTIALLY_SHIPPED. Something released: RELEASED. Else CONFIRMED.
    """
    live = [line for line in lines if line.net > 0]
    if not live:
        return OrderStage.CANCELLED
    if all(line.open == 0 for line in live):
        return OrderStage.INVOICED if all(line.to_bill == 0 for line in live) else OrderStage.SHIPPED
    if any(line.shipped > 0 for line in live):
        return OrderStage.PARTIALLY_SHIPPED
    return OrderStage.RELEASED if any(line.released > 0 for line in live) else OrderStage.CONFIRMED


def agrees(stage: str, lines: Iterable[LineQuantities], *, confirmation_blocked: bool = False) -> bool:
    """Whether the stage of an order agrees with its lines and with whether an open hold blocks CONFIRM."""
    rolled = rolled_up(lines)
    if stage in (OrderStage.CANCELLED, OrderStage.REJECTED):
        return rolled is OrderStage.CANCELLED
    if stage == OrderStage.DRAFT:
        return True
    if stage in BEFORE_CONFIRMATION:
        return rolled is not OrderStage.CANCELLED and (stage != OrderStage.ON_HOLD or confirmation_blocked)
    if stage == OrderStage.CLOSED:
        return rolled is OrderStage.INVOICED
    return rolled is OrderStage(stage)


def line_stages(line: LineQuantities) -> frozenset[LineStage]:
    """Return the stages that a line with these quantities may stand in.

    More than one where the quantities alone do not tell: a line of which a part has left may wait for the rest,
    or the rest may be on its way again.
    """
    if line.net == 0:
        return frozenset(GONE_STAGES)
    if line.open == 0:
        return _sent(line)
    if line.in_pick > 0:
        return frozenset({LineStage.PICKING, LineStage.PACKED})
    if line.released > line.shipped:
        return frozenset({LineStage.PICKING})
    if line.allocated > 0:
        return frozenset({LineStage.ALLOCATED})
    waiting = {LineStage.PARTIALLY_SHIPPED} if line.shipped > 0 else set()
    if line.confirmed <= line.shipped:
        return frozenset({LineStage.NEW, LineStage.BACKORDERED, *waiting})
    confirmed = {LineStage.CONFIRMED} if line.confirmed == line.net else set()
    return frozenset({LineStage.PARTIALLY_CONFIRMED, *confirmed, *waiting})


def _sent(line: LineQuantities) -> frozenset[LineStage]:
    if line.to_bill == 0:
        arrived = {LineStage.CLOSED} if line.delivered == line.shipped else set()
        return frozenset({LineStage.INVOICED, *arrived})
    return frozenset({LineStage.DELIVERED if line.delivered == line.shipped else LineStage.SHIPPED})


def after_rest_is_cancelled(line: LineQuantities) -> LineStage:
    """Return the stage of a line once its open rest is cancelled: that of what is left of it (domain.md 3, roll-up).

    The least advanced live part decides; where nothing has left, no part is live.
    """
    return LineStage.SHIPPED if line.shipped > 0 else LineStage.CANCELLED
