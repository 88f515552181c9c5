"""New rows of master data that people add by hand: ship-tos, customer part numbers, site parameters (domain.md 2.1, 2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from db import records
from db.tables import Customer, CustomerSku, ShipTo, Site, Sku, SkuSite
from db.unit_of_work import UnitOfWork
from domain.rules.authority.reach import Reach
from domain.rules.editing import fields, values
from domain.rules.editing.values import Refusal
from domain.services.commands import command
from domain.settings import settings
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Conflict, DomainError, NotFound
from domain.vocabulary.permissions import Permission

SHIP_TO_FIELDS = ("name", "address", "city", "region", "postal", "country", "tz", "dock_notes")
MOST_CODE = 40


def _of_customer(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    return Reach(customers=frozenset({arguments["customer_id"]}))


def _of_part(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    part = CustomerSku
    found = uow.connection.execute(
        select(part.customer_id).where(part.customer_sku_id == arguments["customer_sku_id"])
    ).scalar()
    return Reach(customers=frozenset() if found is None else frozenset({found}))


def _of_site(uow: UnitOfWork, arguments: Mapping[str, Any]) -> Reach:
    found = uow.connection.execute(select(Site.site_id).where(Site.code == arguments["site"])).scalars()
    return Reach(sites=frozenset(found))


@command("master_data.add_ship_to", permission=Permission.MASTER_PROPOSE, scope=_of_customer)
def add_ship_to(
    *, uow: UnitOfWork, now: datetime, actor: Actor, customer_id: int, code: str, given: Mapping[str, str]
) -> int:
    """Add a ship-to of a customer; `given` holds the texts of SHIP_TO_FIELDS. Returns its key.

    Raises DomainError master_data.code, edit.… for a value that its field refuses, Conflict ship_to.code_taken.
    """
    customer = records.lock(uow, Customer, customer_id)
    word = _code(code)
    taken = select(ShipTo.ship_to_id).where(ShipTo.customer_id == customer_id, ShipTo.code == word)
    if uow.connection.execute(taken).first():
        raise Conflict(
            "ship_to.code_taken",
            f"{customer.name} has a ship-to {word!r} already.",
            fix="Choose another code, or change that one.",
            taken=word,
        )
    checked = {name: _value("ship_to", name, given.get(name, "")) for name in SHIP_TO_FIELDS}
    return records.add(uow, ShipTo, customer_id=customer_id, code=word, **checked).key


@command("master_data.add_customer_part", permission=Permission.MASTER_PROPOSE, scope=_of_customer)
def add_customer_part(
    *, uow: UnitOfWork, now: datetime, actor: Actor, customer_id: int, part: str, sku: str
) -> int:
    """Note a customer's own part number for a SKU; returns the key.

    Raises DomainError master_data.code, NotFound sku.not_found, Conflict customer_sku.part_taken.
    """
    customer = records.lock(uow, Customer, customer_id)
    word = _code(part)
    sku_id = uow.connection.execute(select(Sku.sku_id).where(Sku.sku == sku.strip())).scalar()
    if sku_id is None:
        raise _unknown("sku", "SKU", sku)
    there = uow.connection.execute(
        select(Sku.sku)
        .join(CustomerSku, CustomerSku.sku_id == Sku.sku_id)
        .where(CustomerSku.customer_id == customer_id, CustomerSku.customer_code == word)
    ).scalar()
    if there is not None:
        raise Conflict(
            "customer_sku.part_taken",
            f"{customer.name} already calls {there} {word!r}.",
            fix="Remove that entry first, or check the number.",
            part=word,
        )
    return records.add(uow, CustomerSku, customer_id=customer_id, customer_code=word, sku_id=sku_id).key


@command("master_data.remove_customer_part", permission=Permission.MASTER_PROPOSE, scope=_of_part)
def remove_customer_part(
    *, uow: UnitOfWork, now: datetime, actor: Actor, customer_sku_id: int, row_version: int
) -> None:
    """Take a customer's part number away; orders keep the number that they came with.

    Raises Conflict customer_sku.changed.
    """
    record = records.lock(uow, CustomerSku, customer_sku_id)
    if record.row_version != row_version:
        raise Conflict(
            "customer_sku.changed",
            f"The part number {record.customer_code} was changed by {record.updated_by} since you looked.",
            fix="Load the page again.",
            customer_sku_id=customer_sku_id,
        )
    records.remove(uow, record)


@command("master_data.add_site_parameters", permission=Permission.MASTER_SITE, scope=_of_site)
def add_site_parameters(*, uow: UnitOfWork, now: datetime, actor: Actor, sku: str, site: str) -> int:
    """Start planning parameters of a SKU at a site, without safety stock; returns the key.

    Raises NotFound sku.not_found or site.not_found, Conflict sku_site.there_already.
    """
    sku_id = uow.connection.execute(select(Sku.sku_id).where(Sku.sku == sku.strip())).scalar()
    site_id = uow.connection.execute(select(Site.site_id).where(Site.code == site.strip())).scalar()
    if sku_id is None:
        raise _unknown("sku", "SKU", sku)
    if site_id is None:
        raise _unknown("site", "site", site)
    there = select(SkuSite.sku_site_id).where(SkuSite.sku_id == sku_id, SkuSite.site_id == site_id)
    if uow.connection.execute(there).first():
        raise Conflict(
            "sku_site.there_already",
            f"There are parameters of {sku} at {site} already.",
            fix="Find them in the list and change them there.",
        )
    return records.add(uow, SkuSite, sku_id=sku_id, site_id=site_id).key


def _code(typed: str) -> str:
    word = " ".join(typed.split())
    if not 0 < len(word) <= MOST_CODE or not word.isprintable():
        raise DomainError(
            "master_data.code",
            f"A code has 1 to {MOST_CODE} signs on one line; this has {len(word)}.",
            fix="Type the code as the customer writes it.",
        )
    return word


def _value(entity: str, name: str, typed: str) -> Any:
    """Return the value of a typed text, judged by its field; raise DomainError with the field's own sentence."""
    field = fields.find(entity, name)
    assert field is not None
    value = values.parse(field, typed, settings().locale)
    if isinstance(value, Refusal):
        raise DomainError(value.code, f"{field.label}: {value.message}", fix=value.fix, field=name)
    why = field.check(value, {})
    if why is not None:
        raise DomainError(
            "edit.rule", f"{field.label}: {why}", fix="Type another value, or leave it empty.", field=name
        )
    return value


def _unknown(table: str, what: str, typed: str) -> NotFound:
    return NotFound(
        f"{table}.not_found",
        f"There is no {what} {typed.strip()!r}.",
        fix="Check the number; capital letters count.",
        typed=typed,
    )
