"""What commands on orders touch: the customer, and the sites of the lines (reliability.md 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from db.repositories import sales_orders
from db.unit_of_work import UnitOfWork
from domain.rules.authority.reach import Reach


def of_order(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    """Return the reach of a command on all of an order."""
    return _reach(*sales_orders.reach(uow.connection, orders=[arguments["order_id"]]))


def of_lines(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    """Return the reach of a command on one line (`line_id`), on named lines, or else on all lines of an order."""
    if arguments.get("line_id") is not None:
        return _reach(*sales_orders.reach(uow.connection, lines=[arguments["line_id"]]))
    if arguments.get("line_ids") is not None:
        return _reach(*sales_orders.reach(uow.connection, lines=arguments["line_ids"]))
    return of_order(uow, arguments)


def of_reservations(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    """Return the reach of a command on reservations: that of the lines they hold supply for."""
    lines = sales_orders.lines_of_reservations(uow.connection, arguments["reservation_ids"])
    return _reach(*sales_orders.reach(uow.connection, lines=lines.values()))


def of_shipment(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    """Return the reach of a command on a shipment: that of the lines it carries."""
    lines = sales_orders.lines_of_shipment(uow.connection, arguments["shipment_id"])
    return _reach(*sales_orders.reach(uow.connection, lines=lines))


def of_new(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    """Return the reach of an order that does not exist yet."""
    sites = frozenset(line.site_id for line in arguments["lines"] if line.site_id is not None)
    return Reach(frozenset({arguments["customer_id"]}), sites)


def _reach(customers: set[int], sites: set[int]) -> Reach:
    return Reach(frozenset(customers), frozenset(sites))
