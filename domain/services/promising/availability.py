"""What is available to promise of a SKU: three ways side by side per site, and a day of delivery (domain.md 7.1, 7.2).

Read from the rows that an allocation run reads, so that a promise and a run cannot differ in what counts. Nothing is
reserved: the answer holds as long as nobody else takes the stock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import numpy as np
from sqlalchemy import select

from db.columns import read_together
from db.queries import allocation_book as queries
from db.queries import reserved_quotes
from db.read_scope import SCOPE, ReadScope
from db.tables import Site
from db.unit_of_work import UnitOfWork
from domain.rules.allocation.book import Ints
from domain.rules.promising import atp
from domain.rules.promising.delivery_days import delivery_days, material_days
from domain.rules.promising.quantity_splits import splits
from domain.services import open_days
from domain.services.allocating import book_reading
from domain.services.allocating.snapshot import Snapshot
from domain.services.promising.road import Road
from domain.vocabulary.errors import DomainError
from domain.vocabulary.ready_made_variants import READY_MADE
from domain.vocabulary.run_variants import LineSelection
from domain.vocabulary.statuses import SupplyStatus
from domain.vocabulary.units import MISSING, QUANTITY_SCALE, from_day, to_day


@dataclass(frozen=True)
class Bucket:
    """One day of a SKU-site, quantities in base units. The day is a material day: goods ready to pick."""

    on: date
    supply: Decimal
    committed: Decimal
    discrete: Decimal
    cumulative: Decimal
    look_ahead: Decimal


@dataclass(frozen=True)
class Part:
    """A quantity in base units, the day on which it is ready to pick, and the day on which it arrives."""

    qty: Decimal
    ready_on: date
    arrives_on: date


@dataclass(frozen=True)
class SiteAnswer:
    """What one site can give. `missing` is what no day before the horizon has free; `safety` is protected stock."""

    site_id: int
    site: str
    buckets: tuple[Bucket, ...]
    parts: tuple[Part, ...]
    missing: Decimal
    safety: Decimal
    ready_by: date

    @property
    def complete_on(self) -> date | None:
        """Return when the last part arrives: the day that may be promised for the whole; None where a part is missing."""
        return None if self.missing or not self.parts else max(part.arrives_on for part in self.parts)


@dataclass(frozen=True)
class Answer:
    """The sites that hold or expect the SKU, and the last day that was looked at."""

    sites: tuple[SiteAnswer, ...]
    horizon: date


def of_sku(
    *,
    uow: UnitOfWork,
    now: datetime,
    today: date,
    sku_id: int,
    qty: Decimal,
    requested_on: date,
    ship_to_id: int | None = None,
) -> Answer:
    """Return what each site can deliver of `qty` base units for a day, soonest complete first.

    Without a ship-to the days of arrival count no transit and no receiving days: goods leave the site then.
    Raises availability.limited for a reader who does not see every line: what others hold would look free.
    """
    limits: ReadScope | None = uow.connection.get_execution_options().get(SCOPE)
    if limits is not None and limits.kind is not None:
        raise DomainError(
            "availability.limited",
            "Availability is not known to you: you see your own accounts or sites only, and what others hold would look free.",
            fix="Ask a planner who sees every order.",
        )
    rules = READY_MADE["KEEP_ALL"][1]
    seen = book_reading.read(
        uow.connection, now=now, today=today, spec=rules, scope=LineSelection(), skus=(sku_id,)
    )
    names = {int(key): str(code) for key, code in uow.connection.execute(select(Site.site_id, Site.code))}
    road = Road.read(uow, now, today, rules.horizon_days, ship_to_id)
    asked = int(qty * QUANTITY_SCALE)
    flows = {
        int(seen.site_id[place]): _flows(seen, place)
        for place in np.flatnonzero(seen.sku_id == sku_id).tolist()
    }
    flows |= _unasked(uow, now, road, sku_id, set(flows), seen.book.policy.horizon, rules.receipt_delay_days)
    found = [_site(flow, site_id, names, road, asked, requested_on) for site_id, flow in flows.items()]
    found.sort(key=lambda each: (each.missing, each.complete_on or date.max, each.site))
    return Answer(tuple(found), from_day(seen.book.policy.horizon))


of_sku.read_only = True  # type: ignore[attr-defined]


_Flow = tuple[Ints, Ints, Ints, int]
"""Days, supply and commitments on them, and the stock that is protected."""


def _site(
    flow: _Flow, site_id: int, names: dict[int, str], road: Road, qty: int, requested_on: date
) -> SiteAnswer:
    first = road.first.get(site_id, road.today)
    days, supply, committed, safety = flow
    running = atp.cumulative(-safety, supply, committed)
    free = atp.look_ahead(running)
    ways = (supply, committed, atp.discrete(-safety, supply, committed), running, free)
    buckets = tuple(
        Bucket(from_day(day), *(_units(way[n]) for way in ways)) for n, day in enumerate(days.tolist())
    )
    wanted = material_days(road.days, road.legs(site_id, 1), np.array([to_day(requested_on)]))
    ready = max(int(wanted[0]), first)
    given = splits(days, free, ready, qty)
    arrive = delivery_days(
        road.days, road.legs(site_id, len(given)), np.array([d for d, _ in given], dtype=np.int64)
    )
    parts = tuple(
        Part(_units(part), from_day(day), from_day(there))
        for (day, part), there in zip(given, arrive.tolist(), strict=True)
    )
    missing = _units(qty - sum(part for _, part in given))
    return SiteAnswer(
        site_id, names.get(site_id, str(site_id)), buckets, parts, missing, _units(safety), from_day(ready)
    )


def _unasked(
    uow: UnitOfWork, now: datetime, road: Road, sku_id: int, known: set[int], horizon: int, delay: int
) -> dict[int, _Flow]:
    """Return the flows of sites at which no line wants the SKU: a book has no place for them, but they can promise.

    What is reserved there is taken off the supply that it is reserved from; what quotes hold is committed.
    """
    found_rows = read_together(
        uow.connection,
        {
            "rows": queries.supplies([sku_id]),
            "kept": queries.safety_stocks([sku_id]),
            "quotes": reserved_quotes.statement(uow.connection, [sku_id]),
        },
    )
    rows, kept = found_rows["rows"], found_rows["kept"]
    quoted = reserved_quotes.held(found_rows["quotes"], now)
    safety = dict(zip(kept["site_id"].tolist(), kept["safety_stock"].tolist(), strict=True))
    stock = queries.USABLE.index(SupplyStatus.AVAILABLE)
    planned = queries.USABLE.index(SupplyStatus.PLANNED)
    found: dict[int, _Flow] = {}
    for site_id in set(rows["site_id"].tolist()) - known:
        mine = (rows["site_id"] == site_id) & ((rows["status"] != planned) | (rows["firm"] == 1))
        here = road.now.get(site_id, road.today)
        calendar = np.array([road.calendar.get(site_id, open_days.ALWAYS)])
        late = max(int(road.days.forward(calendar, np.array([here]), delay)[0]), here + 1)
        told = rows["available_on"][mine]
        due = np.where(told == MISSING, horizon + 1, np.where(told <= here, late, told))
        on = np.where(rows["status"][mine] == stock, here, due)
        qty = rows["qty"][mine] - np.where(
            rows["qty_reserved"][mine] == MISSING, 0, rows["qty_reserved"][mine]
        )
        held = quoted.site_id == site_id
        held_day = np.maximum(quoted.day[held], here)
        days = np.unique(np.concatenate(([here], on[on <= horizon], held_day))).astype(np.int64)
        supply = np.zeros(len(days), dtype=np.int64)
        np.add.at(supply, np.searchsorted(days, on[on <= horizon]), qty[on <= horizon])
        committed = np.zeros(len(days), dtype=np.int64)
        np.add.at(committed, np.searchsorted(days, held_day), quoted.qty[held])
        protected = min(int(safety.get(site_id, 0)), int(supply[0]))
        found[site_id] = (days, supply, committed, protected)
    return found


def _flows(seen: Snapshot, place: int) -> _Flow:
    """Return the days of a SKU-site with its supply and commitments on them, and the stock that is protected."""
    book = seen.book
    lines, there = book.lines, book.supplies
    mine = slice(int(there.start[place]), int(there.start[place + 1]))
    held, opened = lines.old_place == place, there.opening_place == place
    within = there.day[mine] <= book.policy.horizon
    days = np.unique(
        np.concatenate(
            (
                [book.policy.today],
                there.day[mine][within],
                lines.old_day[held],
                there.opening_day[opened],
            )
        )
    ).astype(np.int64)
    supply, committed = np.zeros(len(days), dtype=np.int64), np.zeros(len(days), dtype=np.int64)
    np.add.at(supply, np.searchsorted(days, there.day[mine][within]), there.qty[mine][within])
    np.add.at(committed, np.searchsorted(days, lines.old_day[held]), lines.old_qty[held])
    np.add.at(committed, np.searchsorted(days, there.opening_day[opened]), there.opening_qty[opened])
    return days, supply, committed, int(there.safety[place])


def _units(quantity: int) -> Decimal:
    return Decimal(int(quantity)) / QUANTITY_SCALE
