"""What filters may be set to: the customers, sites, owners, currencies and sources that order lines have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, exists, select

from db.tables import Customer, SalesOrder, SalesOrderLine, Site, Sku


@dataclass(frozen=True)
class Choices:
    """Values in order of the alphabet."""

    customers: tuple[str, ...]
    sites: tuple[str, ...]
    owners: tuple[str, ...]
    currencies: tuple[str, ...]
    sources: tuple[str, ...]

    def of(self, name: str) -> tuple[str, ...] | None:
        """Return what the filter field `name` may be set to; None where anything goes."""
        return {
            "customer": self.customers,
            "site": self.sites,
            "owner": self.owners,
            "currency": self.currencies,
            "source": self.sources,
        }.get(name)


def of_lines(connection: Connection) -> Choices:
    """Return the choices that at least one order has."""
    order = SalesOrder
    customers = select(Customer.name).where(exists().where(order.customer_id == Customer.customer_id))
    sites = select(Site.code).where(exists().where(SalesOrderLine.site_id == Site.site_id))

    def words(statement: Any) -> tuple[str, ...]:
        return tuple(sorted({word for word in connection.execute(statement).scalars() if word}))

    return Choices(
        words(customers),
        words(sites),
        *(words(select(column).distinct()) for column in (order.owner, order.currency, order.source)),
    )


def sites(connection: Connection) -> dict[int, str]:
    """Return the sites that a reader sees, code by key."""
    rows = connection.execute(select(Site.site_id, Site.code).order_by(Site.code))
    return {int(row[0]): str(row[1]) for row in rows}


def skus_named(connection: Connection, *, names: tuple[str, ...]) -> dict[str, int]:
    """Return the keys of SKUs by their codes; one that is not there is left out."""
    rows = connection.execute(select(Sku.sku, Sku.sku_id).where(Sku.sku.in_(names)).order_by(Sku.sku_id))
    return {str(row[0]): int(row[1]) for row in rows}
