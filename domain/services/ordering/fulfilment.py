"""What the warehouse and the carrier report: pick started, short, packed, goods issued, delivered (domain.md 3.2, 3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from db import records
from db.records import Record
from db.repositories import imports as keys
from db.repositories import sales_orders
from db.tables import Shipment, ShipmentLine
from db.unit_of_work import UnitOfWork
from domain.rules.calendars.local_day import local_day
from domain.rules.lifecycle.line import LINE, WHOLE
from domain.rules.lifecycle.quantities import shown, units
from domain.services.commands import command
from domain.services.ordering import fulfilment_steps, line_steps, order_rollup, reservations
from domain.services.ordering.order_reach import of_lines, of_shipment
from domain.services.ordering.order_work import (
    OrderWork,
    open_order,
    open_order_of_line,
    open_orders_of_lines,
    wanted_units,
)
from domain.services.ordering.reservations import Held
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import DomainError
from domain.vocabulary.permissions import Permission, ReasonRule
from domain.vocabulary.statuses import LineStage, PartialPolicy, ReservationStatus, ShipmentStatus
from domain.vocabulary.units import QUANTITY_SCALE, from_units

ON_THE_WAY = (ShipmentStatus.IN_TRANSIT, ShipmentStatus.OUT_FOR_DELIVERY, ShipmentStatus.EXCEPTION)


@command("lines.release", permission=Permission.FULFILMENT_RELEASE, scope=of_lines)
def release(*, uow: UnitOfWork, now: datetime, actor: Actor, order_id: int, line_ids: Sequence[int]) -> int:
    """Release lines that got stock after their order went to the warehouse; return how many.

    Raises DomainError line.guard under a hold that blocks RELEASE, or where the partial policy keeps the line back.
    """
    work = open_order(uow, now, order_id)
    wanted = [line.key for line in work.chosen(line_ids)]
    for line_id in wanted:
        LINE.fire(work.line(line_id).stage, "release", work.line_facts(line_id, "release"))
    may, why_not = fulfilment_steps.releasable(work)
    if kept := [line_id for line_id in wanted if line_id not in may]:
        line = work.line(kept[0])
        raise DomainError(
            "line.guard",
            f"Line {line.line_no} of order {work.order.order_no} stays: "
            f"{why_not or 'the customer takes no part of a line.'}",
            fix="Allocate the rest first, or ask the customer whether a part may go.",
            lines=kept,
        )
    fulfilment_steps.start_picking(work, wanted)
    return len(wanted)


@command("lines.report_short", permission=Permission.WAREHOUSE_POST, scope=of_lines, reason=ReasonRule.ALWAYS)
def report_short(
    *, uow: UnitOfWork, now: datetime, actor: Actor, line_id: int, found: Decimal, reason: str
) -> str:
    """Report that less of a line was found than released: it waits for stock again, all of it; return its stage.

    What was found goes back to the shelf, because a line stands in one place; `pack` takes what is there instead. The
    message "line.short_picked" asks for a count. Raises DomainError line.guard when all was found.
    """
    work = open_order_of_line(uow, now, line_id)
    qty = work.qty(line_id)
    picked = qty.shipped + (wanted_units(found, "a count") if found else 0)
    facts = work.line_facts(line_id, "short_pick", qty=replace(qty, picked=picked), reason=reason)
    missing = shown(qty.released - picked)
    held = _picked_stock(work, line_id)
    back = work.set_quantities(
        line_id, confirmed=qty.shipped, allocated=0, released=qty.shipped, picked=qty.shipped
    )
    work.fire_line(line_id, "short_pick", "LineShortPicked", facts, backorder_reason=reason, **back)
    reservations.end(work, held, "short", shorted=True, reason=f"{missing} not found: {reason}")
    line_steps.lay_schedule(work, line_id)
    order_rollup.roll(work)
    return str(work.line(line_id).stage)


def _picked_stock(work: OrderWork, line_id: int) -> list[Held]:
    held = reservations.of_lines(work, [line_id], [ReservationStatus.HARD])
    return [each for each in held if reservations.in_house(each)]


@command("lines.pack", permission=Permission.WAREHOUSE_POST, scope=of_lines)
def pack(*, uow: UnitOfWork, now: datetime, actor: Actor, line_id: int, qty: Decimal | None = None) -> str:
    """Report that a line is picked and packed, all that was released or what was found of it; return its stage.

    What is missing is free again and stays open on the line. Raises DomainError line.in_one_piece where the customer
    takes no part of a line, line.quantity for more than was released.
    """
    work = open_order_of_line(uow, now, line_id)
    before = work.qty(line_id)
    LINE.step(work.line(line_id).stage, "pack")
    released = before.released - before.shipped
    packed = released if qty is None else wanted_units(qty, "packing")
    _check_packed(work, line_id, packed, released)
    after = replace(
        before, picked=before.shipped + packed, released=before.shipped + packed, allocated=packed
    )
    facts = work.line_facts(line_id, "pack", qty=after, packed=packed)
    kept, missing = reservations.split(work, _picked_stock(work, line_id), packed)
    if sum(each.qty for each in kept) != packed:
        raise _unbacked(work, line_id)
    values = work.set_quantities(line_id, picked=after.picked, released=after.released, allocated=packed)
    work.fire_line(line_id, "pack", "LinePacked", facts, **values)
    reservations.end(work, missing, "short", shorted=True, reason="not found at packing")
    return str(work.line(line_id).stage)


def _check_packed(work: OrderWork, line_id: int, packed: int, released: int) -> None:
    line = work.line(line_id)
    if packed > released:
        raise DomainError(
            "line.quantity",
            f"{shown(packed)} of line {line.line_no} cannot be packed: {shown(released)} were released.",
            fix="Pack what was released; allocate and release the rest for the next delivery.",
            line_id=line_id,
        )
    if packed < released and work.policy in WHOLE:
        raise DomainError(
            "line.in_one_piece",
            f"The customer takes line {line.line_no} only in one piece, and {shown(released - packed)} are missing.",
            fix="Report the line short.",
            line_id=line_id,
        )


def _unbacked(work: OrderWork, line_id: int) -> DomainError:
    line = work.line(line_id)
    return DomainError(
        "line.unbacked",
        f"Line {line.line_no} of order {work.order.order_no} has no reserved stock behind what is picked.",
        fix="Report the line short, allocate it again and release it.",
        line_id=line_id,
    )


@command("shipments.ship", permission=Permission.WAREHOUSE_POST, scope=of_lines)
def ship(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    order_id: int,
    line_ids: Sequence[int] | None = None,
    carrier_id: int | None = None,
    tracking_no: str | None = None,
) -> list[int]:
    """Post the goods issue of packed lines, all or the named ones: the stock is less, what is reserved too.

    Returns the shipments made, one per site. Raises DomainError line.guard under a hold that blocks SHIP, or where a
    complete delivery waits for other lines; order.nothing_packed.
    """
    work = open_order(uow, now, order_id)
    named = line_ids is not None
    lines = [line for line in work.chosen(line_ids) if named or line.stage == LineStage.PACKED]
    if not lines:
        raise DomainError(
            "order.nothing_packed",
            f"No line of order {work.order.order_no} is packed.",
            fix="Pack its lines first.",
            order_id=order_id,
        )
    waiting = _waited_for(work, {line.key for line in lines})
    for line in lines:
        _issue_line(work, line.key, waiting)
    held = reservations.of_lines(work, [line.key for line in lines], [ReservationStatus.HARD])
    held = [each for each in held if reservations.in_house(each)]
    backed = reservations.on_hand(held)
    for line in lines:
        if backed.get(line.key, 0) != units(line.qty_picked) - units(line.qty_shipped):
            raise _unbacked(work, line.key)
    made = _dispatch(work, lines, held, carrier_id=carrier_id, tracking_no=tracking_no)
    order_rollup.roll(work)
    return made


def _waited_for(work: OrderWork, going: set[int]) -> int:
    """Return how many open lines a complete delivery still waits for; 0 where parts may go."""
    if work.policy is not PartialPolicy.ORDER_COMPLETE:
        return 0
    return sum(
        1
        for line in work.live
        if work.qty(line.key).open > 0
        and (line.key not in going or work.qty(line.key).in_pick < work.qty(line.key).open)
    )


def _issue_line(work: OrderWork, line_id: int, waiting: int) -> None:
    before = work.qty(line_id)
    issued = before.in_pick
    after = replace(before, shipped=before.shipped + issued, allocated=before.allocated - issued)
    event = "ship" if after.open == 0 else "ship_part"
    facts = work.line_facts(line_id, event, qty=after, waiting_lines=waiting)
    told = "LineShipped" if event == "ship" else "LinePartiallyShipped"
    values = work.set_quantities(line_id, shipped=after.shipped, allocated=after.allocated)
    work.fire_line(line_id, event, told, facts, **values)
    if event == "ship":
        line_steps.catch_up(work, line_id)


def _dispatch(
    work: OrderWork,
    lines: Sequence[Record],
    held: Sequence[Held],
    *,
    carrier_id: int | None,
    tracking_no: str | None,
) -> list[int]:
    """Write one shipment per site with what it carries, and take the goods out of stock; return their keys."""
    sites = sorted({line.site_id for line in lines}, key=lambda site: site or 0)
    made = keys.reserve_keys(work.uow.connection, records.table_of(Shipment), len(sites))
    of_site = dict(zip(sites, made, strict=True))
    for site_id, shipment_id in of_site.items():
        first = next(line for line in lines if line.site_id == site_id)
        _shipment(work, shipment_id, first, carrier_id, tracking_no)
    shipment_of = {line.key: of_site[line.site_id] for line in lines}
    reservations.consume(work, held, shipment_of)
    carried: dict[tuple[int, int, str], int] = {}
    for each in held:
        place = (shipment_of[each.row.line_id], each.row.line_id, each.supply.lot or "")
        carried[place] = carried.get(place, 0) + each.qty
    for (shipment_id, line_id, lot), qty in sorted(carried.items()):
        values = {"shipment_id": shipment_id, "line_id": line_id, "lot": lot}
        records.add(work.uow, ShipmentLine, **values, qty=from_units(qty, QUANTITY_SCALE))
    for shipment_id in made:
        work.tell("ShipmentDispatched", None, shipment=f"SH-{shipment_id}", shipment_id=shipment_id)
    return made


def _shipment(
    work: OrderWork, shipment_id: int, line: Record, carrier_id: int | None, tracking_no: str | None
) -> None:
    records.add(
        work.uow, Shipment, shipment_id=shipment_id, shipment_no=f"SH-{shipment_id}", site_id=line.site_id,
        customer_id=work.order.customer_id, ship_to_id=work.order.ship_to_id, carrier_id=carrier_id,
        tracking_no=tracking_no, incoterm=work.order.incoterm, status=ShipmentStatus.IN_TRANSIT,
        goods_issue_at=work.now, shipped_on=work.site_day(line), currency=work.order.currency,
    )  # fmt: skip


@command("shipments.deliver", permission=Permission.DELIVERY_POST, scope=of_shipment)
def deliver(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    shipment_id: int,
    delivered_on: date,
    received_by: str | None = None,
) -> str:
    """Post the arrival of a shipment: its lines are delivered as far as all of each has arrived; return its status.

    `received_by` is the name on the proof of delivery; without one, the carrier must have reported the delivery.
    Raises DomainError shipment.not_on_the_way, shipment.day for a day before it left or in the future, line.guard
    without proof.
    """
    works = open_orders_of_lines(uow, now, sales_orders.lines_of_shipment(uow.connection, shipment_id))
    shipment = records.lock(uow, Shipment, shipment_id)
    _check_arrival(works[0], shipment, delivered_on)
    proof = bool((received_by or "").strip()) or sales_orders.carrier_saw_delivery(
        uow.connection, shipment_id
    )
    shipment = records.change(
        uow, shipment, status=ShipmentStatus.DELIVERED, delivered_at=now, delivered_on=delivered_on,
        pod_name=received_by, last_event_at=now,
    )  # fmt: skip
    carried = records.where(uow, ShipmentLine, ShipmentLine.shipment_id == shipment_id)
    for work in works:
        for line_id in sorted({row.line_id for row in carried} & set(work.lines)):
            arrived = sum(units(row.qty) for row in carried if row.line_id == line_id)
            _arrive(work, line_id, arrived, delivered_on, proof)
        work.tell("ShipmentDelivered", None, shipment=shipment.shipment_no, shipment_id=shipment_id)
        order_rollup.roll(work)
    return str(shipment.status)


def _check_arrival(work: OrderWork, shipment: Record, day: date) -> None:
    if shipment.status not in ON_THE_WAY:
        raise DomainError(
            "shipment.not_on_the_way",
            f"Shipment {shipment.shipment_no} is {shipment.status.value.replace('_', ' ').lower()}.",
            fix="Load the page again; it may have been posted already.",
        )
    today = local_day(work.now, work.terms.ship_to_tz)
    if day > today or (shipment.shipped_on is not None and day < shipment.shipped_on):
        raise DomainError(
            "shipment.day",
            f"Shipment {shipment.shipment_no} left on {shipment.shipped_on} and cannot have arrived on {day}.",
            fix="Give a day from then until today.",
        )


def _arrive(work: OrderWork, line_id: int, arrived: int, day: date, proof: bool) -> None:
    line, before = work.line(line_id), work.qty(line_id)
    after = replace(before, delivered=before.delivered + arrived)
    whole = after.delivered == after.shipped and after.open == 0
    facts = work.line_facts(line_id, "deliver", qty=after, proof_of_delivery=proof)
    values = work.set_quantities(line_id, delivered=after.delivered)
    values["first_delivered_on"] = min(line.first_delivered_on or day, day)
    if whole:
        values["delivered_on"] = max(
            filter(None, (day, sales_orders.last_arrival(work.uow.connection, line_id)))
        )
    if whole and line.stage in (LineStage.SHIPPED, LineStage.INVOICED):
        work.fire_line(line_id, "deliver", "LineDelivered", facts, **values)
    elif not proof:
        LINE.fire(LineStage.SHIPPED, "deliver", facts)
    else:
        work.set_line(line_id, **values)
