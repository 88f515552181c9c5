"""Master data as lists to edit: customers, ship-tos, SKUs, site parameters, sites; filtered in SQL, at most 5,000 rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from db.queries.frame import frame
from db.tables import Customer, CustomerSku, ShipTo, Site, Sku, SkuSite

MOST_ROWS = 5_000
"""What a grid that several people edit may hold (screens.md 3)."""


@dataclass(frozen=True)
class Wanted:
    """A filter: words that must all occur, and exact values by name ("status", "tier", "site" …); empty is any."""

    text: str = ""
    exact: tuple[tuple[str, str], ...] = ()
    key: int | None = None

    def value(self, name: str) -> str:
        """Return the exact value of a name, empty where any will do."""
        return dict(self.exact).get(name, "")


def _customers() -> Any:
    customer = Customer
    return (
        select(
            customer.customer_id, customer.row_version, customer.code, customer.name, customer.status, customer.tier,
            customer.segment, customer.country, customer.language, customer.currency, customer.payment_terms,
            customer.credit_limit, customer.credit_risk, customer.credit_review_due, customer.partial_policy,
            customer.ship_complete, customer.max_splits, customer.po_required, customer.early_tolerance_days,
            customer.late_tolerance_days, customer.under_tolerance, customer.over_tolerance,
            customer.calendar_id, customer.tz, customer.account_owner, customer.csr_owner,
            customer.incoterm, customer.freight_terms, customer.stub,
        )
        .order_by(customer.name, customer.customer_id)
    )  # fmt: skip


def _ship_tos() -> Any:
    place = ShipTo
    return (
        select(
            place.ship_to_id, place.row_version, Customer.name.label("customer"), place.code, place.name, place.address,
            place.city, place.region, place.postal, place.country, place.tz,
            place.receiving_calendar_id, place.appointment_required, place.transit_days,
            place.default_carrier_id, place.dock_notes, place.closed_on,
        )
        .join(Customer, Customer.customer_id == place.customer_id)
        .order_by(Customer.name, place.code, place.ship_to_id)
    )  # fmt: skip


def _skus() -> Any:
    sku = Sku
    return (
        select(
            sku.sku_id, sku.row_version, sku.sku, sku.description, sku.status, sku.family, sku.abc,
            sku.supplier_id, sku.lead_time_days, sku.moq, sku.order_multiple, sku.list_price,
            sku.standard_cost, sku.launch_on, sku.eol_announced_on, sku.last_order_on, sku.last_ship_on,
            sku.superseded_by_id, sku.hs_code, sku.eccn, sku.origin_country, sku.weight_kg,
            sku.lot_controlled, sku.base_uom, sku.stub,
        )
        .order_by(sku.sku, sku.sku_id)
    )  # fmt: skip


def _site_parameters() -> Any:
    row = SkuSite
    return (
        select(
            row.sku_site_id, row.row_version, Sku.sku, Sku.description, Site.code.label("site"), Sku.abc,
            row.safety_stock, row.reorder_point, row.lead_time_days, row.service_level, row.review_days,
        )
        .join(Sku, Sku.sku_id == row.sku_id)
        .join(Site, Site.site_id == row.site_id)
        .order_by(Sku.sku, Site.code)
    )  # fmt: skip


def _sites() -> Any:
    site = Site
    return (
        select(
            site.site_id, site.row_version, site.code, site.name, site.country, site.tz,
            site.calendar_id, site.ship_cutoff_minute, site.capacity_lines_day,
        )
        .order_by(site.code)
    )  # fmt: skip


@dataclass(frozen=True)
class Source:
    """How one entity is listed: its statement, its key, where words are looked for, and what exact values mean."""

    make: Any
    key: Any
    words: tuple[Any, ...]
    exact: dict[str, Any]


def _sources() -> dict[str, Source]:
    return {
        "customer": Source(
            _customers, Customer.customer_id,
            (Customer.code, Customer.name, Customer.segment, Customer.account_owner, Customer.csr_owner),
            {"status": Customer.status, "tier": Customer.tier, "country": Customer.country,
             "credit_risk": Customer.credit_risk},
        ),
        "ship_to": Source(
            _ship_tos, ShipTo.ship_to_id, (ShipTo.code, ShipTo.name, ShipTo.city, Customer.name, Customer.code),
            {"country": ShipTo.country, "customer": Customer.name},
        ),
        "sku": Source(
            _skus, Sku.sku_id, (Sku.sku, Sku.description, Sku.family),
            {"status": Sku.status, "family": Sku.family, "abc": Sku.abc},
        ),
        "sku_site": Source(
            _site_parameters, SkuSite.sku_site_id, (Sku.sku, Sku.description, Site.code),
            {"site": Site.code, "abc": Sku.abc},
        ),
        "site": Source(_sites, Site.site_id, (Site.code, Site.name), {"country": Site.country}),
    }  # fmt: skip


def rows(connection: Connection, *, entity: str, wanted: Wanted) -> pd.DataFrame:
    """Return at most MOST_ROWS rows of an entity; keys, versions and fields."""
    source = _sources()[entity]
    statement = source.make().where(*_conditions(source, wanted)).limit(MOST_ROWS)
    return frame(connection, statement)


def count(connection: Connection, *, entity: str, wanted: Wanted) -> int:
    """Return how many rows the filter leaves."""
    source = _sources()[entity]
    inner = source.make().where(*_conditions(source, wanted)).order_by(None).subquery()
    return int(connection.execute(select(func.count()).select_from(inner)).scalar_one())


def options(connection: Connection, *, entity: str, name: str) -> list[str]:
    """Return the values that occur, in order, to filter by."""
    source = _sources()[entity]
    column = source.exact[name]
    found = connection.execute(source.make().with_only_columns(column).order_by(None).distinct()).scalars()
    return sorted({str(getattr(value, "value", value)) for value in found if value is not None})


def _conditions(source: Source, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for word in wanted.text.split():
        conditions.append(or_(*(column.icontains(word, autoescape=True) for column in source.words)))
    for name, value in wanted.exact:
        if value:
            column = source.exact[name]
            conditions.append(column == (int(value) if name == "tier" else value))
    if wanted.key is not None:
        conditions.append(source.key == wanted.key)
    return conditions


@dataclass(frozen=True)
class Part:
    """A customer's own number for a SKU."""

    customer_sku_id: int
    row_version: int
    part: str
    sku: str
    description: str


def parts(connection: Connection, *, customer_id: int) -> list[Part]:
    """Return the part numbers of a customer, in order."""
    own = CustomerSku
    statement = (
        select(own.customer_sku_id, own.row_version, own.customer_code, Sku.sku, Sku.description)
        .join(Sku, Sku.sku_id == own.sku_id)
        .where(own.customer_id == customer_id)
        .order_by(own.customer_code)
    )
    return [Part(*row) for row in connection.execute(statement)]


def customers_by_name(connection: Connection) -> dict[str, int]:
    """Return the customers by "name · code", in order, with their keys."""
    customer = Customer
    statement = select(customer.name, customer.code, customer.customer_id).order_by(
        customer.name, customer.code
    )
    return {f"{row[0]} · {row[1]}": row[2] for row in connection.execute(statement)}


def site_codes(connection: Connection) -> list[str]:
    """Return the codes of all sites, in order."""
    return list(connection.execute(select(Site.code).distinct().order_by(Site.code)).scalars())
