"""Stages from quantities: a source's status code alone never makes anything shipped (imports.md 1.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from domain.vocabulary.statuses import LineStage, OrderStage


def line_stage(line: Mapping[str, object]) -> LineStage:
    """Return the stage that a line's quantities prove; unknown quantities (None) prove nothing."""

    def quantity(name: str) -> int:
        value = line.get(name)
        return value if isinstance(value, int) else 0

    ordered = quantity("qty_ordered")
    net = ordered - quantity("qty_cancelled_customer") - quantity("qty_cancelled_supplier")
    if ordered > 0 and net <= 0:
        return LineStage.CANCELLED
    if quantity("qty_invoiced") >= net > 0:
        return LineStage.INVOICED
    if line.get("delivered_on") is not None or quantity("qty_delivered") >= net > 0:
        return LineStage.DELIVERED
    if quantity("qty_shipped") >= net > 0:
        return LineStage.SHIPPED
    if quantity("qty_shipped") > 0 or quantity("qty_delivered") > 0:
        return LineStage.PARTIALLY_SHIPPED
    if quantity("qty_allocated") >= net > 0:
        return LineStage.ALLOCATED
    confirmed = line.get("qty_confirmed")
    if isinstance(confirmed, int):
        if confirmed >= net:
            return LineStage.CONFIRMED
        return LineStage.PARTIALLY_CONFIRMED if confirmed > 0 else LineStage.BACKORDERED
    return LineStage.CONFIRMED if line.get("promised_on") is not None else LineStage.NEW


_SHIPPED = {LineStage.SHIPPED, LineStage.DELIVERED, LineStage.INVOICED, LineStage.CLOSED}


def order_stage(
    stages: Iterable[str], *, was: str | None = None, confirmation_held: bool = False
) -> OrderStage:
    """Return the stage of an order after its lines were imported.

    The lines decide once something left. Before that an import proves no more than that the order is there: an open
    hold that blocks CONFIRM keeps it ON_HOLD (domain.md 0a.2), and what the tower itself did (`was`) stands, so that
    no file takes an order past a hold or out of its checks.
    """
    rolled = _rolled_up(stages)
    if rolled is OrderStage.CONFIRMED:
        if confirmation_held:
            return OrderStage.ON_HOLD
        return OrderStage(was) if was in _OWN_STEPS else rolled
    return OrderStage.CLOSED if rolled is OrderStage.INVOICED and was == OrderStage.CLOSED else rolled


_OWN_STEPS = (OrderStage.DRAFT, OrderStage.VALIDATING, OrderStage.RELEASED)


def _rolled_up(stages: Iterable[str]) -> OrderStage:
    live = [LineStage(s) for s in stages if s not in (LineStage.CANCELLED, LineStage.REJECTED)]
    if not live:
        return OrderStage.CANCELLED
    if all(stage in (LineStage.INVOICED, LineStage.CLOSED) for stage in live):
        return OrderStage.INVOICED
    if all(stage in _SHIPPED for stage in live):
        return OrderStage.SHIPPED
    if any(stage in _SHIPPED or stage is LineStage.PARTIALLY_SHIPPED for stage in live):
        return OrderStage.PARTIALLY_SHIPPED
    return OrderStage.CONFIRMED
