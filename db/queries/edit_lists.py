"""Lists that only the database knows, for fields that are chosen from: what people read → what a row holds."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from db.tables import AppUser, Calendar, Carrier, Sku, Supplier, UserRole

NAMES = ("people", "calendars", "carriers", "suppliers", "skus")


def values(connection: Connection, *, name: str) -> dict[str, Any]:
    """Return a list by name, in order of the alphabet: people who may work (by login), calendars, carriers and so on.

    Raises KeyError for a list that there is not.
    """
    statements = {
        "people": select(AppUser.login, AppUser.login).where(AppUser.active),
        "calendars": select(Calendar.name, Calendar.calendar_id),
        "carriers": select(Carrier.scac, Carrier.carrier_id),
        "suppliers": select(Supplier.code, Supplier.supplier_id),
        "skus": select(Sku.sku, Sku.sku_id),
    }
    rows = connection.execute(statements[name]).all()
    return {str(label): value for label, value in sorted(rows, key=lambda row: str(row[0]).casefold())}


def roles_of(connection: Connection, *, login: str | None) -> frozenset[str]:
    """Return the roles of an active person; none for somebody unknown."""
    first = select(AppUser.role).where(AppUser.login == login, AppUser.active)
    further = (
        select(UserRole.role)
        .join(AppUser, AppUser.user_id == UserRole.user_id)
        .where(AppUser.login == login, AppUser.active)
    )
    return frozenset(str(row[0]) for row in (*connection.execute(first), *connection.execute(further)))
