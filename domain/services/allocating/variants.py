"""Variants of backorder runs as versioned data: save, retire, and how many lines a filter means (domain.md 7.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from pydantic import ValidationError

from db import records
from db.repositories import runs as repository
from db.tables import RunVariant
from db.unit_of_work import UnitOfWork
from domain.services.allocating import read_rows
from domain.services.allocating.selection import selected
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import DomainError
from domain.vocabulary.permissions import Permission, ReasonRule
from domain.vocabulary.run_variants import LineSelection, VariantSpec
from domain.vocabulary.units import FX_SCALE, MISSING, MONEY_SCALE, QUANTITY_SCALE

MOST_NAME, MOST_CODE = 120, 40


@command("run_variants.save", permission=Permission.RUN_COMMIT, reason=ReasonRule.ALWAYS)
def save(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    code: str,
    name: str,
    spec: Mapping[str, Any],
    reason: str,
) -> int:
    """Save rules as the newest version of a variant; return its number. Versions that runs were made of stay.

    Raises DomainError run_variant.name, run_variant.rules with the place and the problem.
    """
    title, key = " ".join(name.split()), "_".join(code.upper().split())
    if not 0 < len(title) <= MOST_NAME or not 0 < len(key) <= MOST_CODE:
        raise DomainError(
            "run_variant.name",
            f"A variant needs a code of up to {MOST_CODE} and a name of up to {MOST_NAME} characters.",
            fix="Name it, for example STANDARD: best customers first.",
        )
    try:
        rules = VariantSpec.model_validate(spec)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        where = " › ".join(str(part) for part in first["loc"])
        raise DomainError(
            "run_variant.rules",
            f"The rules cannot be read at {where}: {first['msg']} (found {str(first['input'])[:60]!r}).",
            fix="Correct that part and save again.",
            place=where,
        ) from None
    version = repository.newest_version(uow.connection, key) + 1
    made = records.add(
        uow, RunVariant, code=key, version=version, name=title, spec=rules.model_dump_json(), active=True, reason=reason
    )  # fmt: skip
    return int(made.version)


@command("run_variants.retire", permission=Permission.RUN_COMMIT, reason=ReasonRule.ALWAYS)
def retire(*, uow: UnitOfWork, now: datetime, actor: Actor, code: str, reason: str) -> int:
    """Take a variant out of use, all its versions; return how many. Runs made of it stay as they are.

    Raises DomainError run.variant_unknown.
    """
    found = records.where(uow, RunVariant, RunVariant.code == code, RunVariant.active.is_(True))
    if not found:
        raise DomainError(
            "run.variant_unknown",
            f"There is no active variant {code!r}.",
            fix="Choose one of the list of variants.",
            variant=code,
        )
    for each in found:
        records.change(uow, each, active=False, reason=reason)
    return len(found)


@dataclass(frozen=True)
class Meant:
    """What a filter selects: lines, customers, and the value of what is open, in the company's currency."""

    lines: int
    customers: int
    value: float


def meant(*, uow: UnitOfWork, selection: LineSelection) -> Meant:
    """Return what a filter of lines means now."""
    rows = read_rows.read(uow.connection)
    lines = rows.lines
    open_qty = np.maximum(
        lines["qty_net"] - np.where(lines["qty_shipped"] == MISSING, 0, lines["qty_shipped"]), 0
    )
    price = np.where(lines["net_price"] == MISSING, 0, lines["net_price"])
    rate = rows.of_order("fx_rate")
    price = np.where(rate == MISSING, price, price * np.where(rate == MISSING, FX_SCALE, rate) // FX_SCALE)
    confirmed = np.where(lines["qty_confirmed"] == MISSING, 0, lines["qty_confirmed"])
    gap = np.maximum(lines["qty_net"] - confirmed, 0)
    mine = selected(rows, selection, open_qty=open_qty, price=price, unconfirmed=gap) & (open_qty > 0)
    value = float((open_qty[mine] * (price[mine] / (QUANTITY_SCALE * MONEY_SCALE))).sum())
    return Meant(int(mine.sum()), len(np.unique(rows.of_order("customer_id")[mine])), value)


meant.read_only = True  # type: ignore[attr-defined]
