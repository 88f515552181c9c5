"""The permission matrix: data in `matrix.csv` (roles and service principals × permissions), read once."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files

from domain.vocabulary.permissions import Grant, Permission

Matrix = Mapping[Permission, Mapping[str, Grant]]
WIDTH = (Grant.NONE, Grant.REQUEST, Grant.OWN, Grant.ALL)
_RANK = {grant: rank for rank, grant in enumerate(WIDTH)}


@lru_cache(maxsize=1)
def matrix() -> Matrix:
    """Return how far each role or service principal may use each permission.

    Raises ValueError where the file misses a permission or names one that does not exist.
    """
    text = files(__package__).joinpath("matrix.csv").read_text("utf-8")
    found: dict[Permission, dict[str, Grant]] = {}
    for row in csv.DictReader(text.splitlines()):
        permission = Permission(row.pop("permission"))
        found[permission] = {who: Grant(cell) for who, cell in row.items()}
    if missing := [permission for permission in Permission if permission not in found]:
        raise ValueError(f"matrix.csv has no row for {', '.join(missing)}")
    return found


def grant(permission: Permission, roles: Iterable[str], cells: Matrix | None = None) -> Grant:
    """Return the widest grant that any of `roles` has; NONE for an unknown role (reliability.md 2)."""
    row = (cells or matrix())[permission]
    widest = Grant.NONE
    for role in roles:
        found = row.get(role, Grant.NONE)
        if found is not widest and _RANK[found] > _RANK[widest]:
            widest = found
    return widest


def holders(permission: Permission, cells: Matrix | None = None) -> tuple[str, ...]:
    """Return the roles that may use a permission without asking, for "ask one of …"."""
    row = (cells or matrix())[permission]
    return tuple(who for who, how in row.items() if how in (Grant.ALL, Grant.OWN) and ":" not in who)
