"""Writes of stock: conditional updates that never take more than there is, and the rows of the ledger (reliability.md 1.1).

Callers apply them in key order, supplies before balances, so that two commands never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, select, update

from db import prepared
from db.records import audit_text, table_of
from db.tables import StockBalance, Supply
from db.types import Instant, Key, Quantity
from db.unit_of_work import UnitOfWork
from domain.vocabulary.units import QUANTITY_SCALE, from_units, to_instant

SUPPLY, BALANCE = table_of(Supply), table_of(StockBalance)


class Level(NamedTuple):
    """A quantity and how much of it is reserved, in 1/1 000."""

    quantity: int
    reserved: int


def change_supply(uow: UnitOfWork, supply_id: int, quantity: int, reserved: int) -> Level | None:
    """Add to a supply's quantity and to what is reserved of it; return how it stands now.

    None, and nothing written, where it would be reserved beyond its quantity or below nothing.
    """

    def make() -> Any:
        return _move(SUPPLY, "qty", "qty_reserved").where(SUPPLY.c.supply_id == bindparam("k", type_=Key))

    found = _run(uow, "change supply", make, quantity, reserved, {"k": supply_id})
    if found is None:
        return None
    _note(uow, "supply", supply_id, {"qty": (found[1], quantity), "qty_reserved": (found[2], reserved)})
    return Level(int(found[1]), int(found[2]))


def change_balance(uow: UnitOfWork, sku_id: int, site_id: int, on_hand: int, reserved: int) -> Level | None:
    """Add to the stock on hand of a SKU at a site and to what is reserved of it; as `change_supply`."""

    def make() -> Any:
        here = (BALANCE.c.sku_id == bindparam("sku", type_=Key)) & (
            BALANCE.c.site_id == bindparam("site", type_=Key)
        )
        return _move(BALANCE, "on_hand", "reserved").where(here)

    found = _run(uow, "change balance", make, on_hand, reserved, {"sku": sku_id, "site": site_id})
    if found is None:
        return None
    changes = {"on_hand": (found[1], on_hand), "reserved": (found[2], reserved)}
    _note(uow, "stock_balance", int(found[0]), changes)
    return Level(int(found[1]), int(found[2]))


def level_of(uow: UnitOfWork, sku_id: int, site_id: int) -> Level | None:
    """Return the balance of a SKU at a site as it stands; None where there is none."""
    columns = (BALANCE.c.on_hand, BALANCE.c.reserved)
    row = uow.connection.execute(
        select(*columns).where(BALANCE.c.sku_id == sku_id, BALANCE.c.site_id == site_id)
    ).first()
    return None if row is None else Level(int(row[0] * QUANTITY_SCALE), int(row[1] * QUANTITY_SCALE))


def _move(table: Table, whole: str, taken: str) -> Any:
    more, held = bindparam("more", type_=Quantity), bindparam("held", type_=Quantity)
    quantity, reserved = table.c[whole] + more, table.c[taken] + held
    nothing = bindparam("nothing", type_=Quantity)
    return (
        update(table)
        .where(reserved >= nothing, quantity >= reserved)
        .values({
            whole: quantity,
            taken: reserved,
            "row_version": table.c.row_version + bindparam("one", type_=table.c.row_version.type),
            "updated_at": bindparam("at", type_=Instant),
            "updated_by": bindparam("by", type_=table.c.updated_by.type),
        })
        .returning(next(iter(table.primary_key.columns)), table.c[whole], table.c[taken])
    )  # fmt: skip


def _run(
    uow: UnitOfWork, name: str, make: Callable[[], Any], more: int, held: int, where: dict[str, int]
) -> Any:
    given = {
        "more": more, "held": held, "nothing": 0, "one": 1, "at": to_instant(uow.act.now), "by": uow.act.actor.login,
        **where,
    }  # fmt: skip
    return prepared.run(uow.connection, name, make, given).first()


def _note(uow: UnitOfWork, table: str, key: int, changes: dict[str, tuple[Any, int]]) -> None:
    for column, (new, delta) in changes.items():
        if delta:
            told = [audit_text(_quantity(int(new) - delta)), audit_text(_quantity(int(new)))]
            uow.journal.changed(table, key, column, *told)


def _quantity(units: int) -> Decimal:
    return from_units(units, QUANTITY_SCALE)
