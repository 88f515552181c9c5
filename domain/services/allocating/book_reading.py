"""From the database to the book that a run decides from (domain.md 7.1, 7.2, 7.6.1).

A line wants what is open and not tied by hard, pinned or briefly held reservations. Its former confirmation is what it
holds softly (at the later of the supply's day and the day it was confirmed for) and what is confirmed beyond that (at
the material day of its promise). A wanted day that has passed counts as now. Lines that the run may not change keep
their supplies: they count at the days of those. What a quote holds is committed beyond the lines until it expires.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection

from db.queries import allocation_book as queries
from db.queries import reserved_quotes
from domain.rules.allocation.book import (
    NOBODY,
    SEQUENCINGS,
    STRATEGIES,
    UNBOUND_SPLITS,
    Book,
    Ints,
    Lines,
    Policy,
    Supplies,
)
from domain.rules.allocation.safety import still_protected
from domain.rules.allocation.sequencing import NO_PRIORITY, Keys, rank
from domain.rules.calendars.local_day import local_day
from domain.rules.promising.delivery_days import Legs, material_days
from domain.services import open_days
from domain.services.allocating import caps, read_rows, sourcing
from domain.services.allocating.read_rows import Rows, place
from domain.services.allocating.selection import selected, tiers
from domain.services.allocating.snapshot import Snapshot, digest
from domain.services.open_days import Calendars
from domain.vocabulary.allocation import Sequencing, Strategy
from domain.vocabulary.run_variants import LineSelection, VariantSpec
from domain.vocabulary.statuses import LineStage, OrderStage, PartialPolicy, SupplyStatus
from domain.vocabulary.units import FX_SCALE, MISSING, QUANTITY_SCALE, to_day

BACK, AHEAD = 400, 200
"""Days before today, and beyond the horizon, that calendars are read for."""
PICK_DAYS = 1
"""Business days from ready goods to shipping where nothing else is known (domain.md 7.2)."""
IN_THE_PICK = (queries.LIVE.index(LineStage.PICKING), queries.LIVE.index(LineStage.PACKED))
ON_HOLD = queries.ORDER_STAGES.index(OrderStage.ON_HOLD)
SKIP = STRATEGIES.index(Strategy.SKIP)
POLICIES = list(PartialPolicy)


def read(
    connection: Connection,
    *,
    now: datetime,
    today: date,
    spec: VariantSpec,
    scope: LineSelection,
    skus: Iterable[int] | None = None,
    rows: Rows | None = None,
) -> Snapshot:
    """Return what a run of these rules sees, of all SKUs or of some; of `rows` where they are read already."""
    rows = read_rows.read(connection, skus) if rows is None else rows
    calendars = open_days.read(
        connection, today - timedelta(days=BACK), today + timedelta(days=spec.horizon_days + AHEAD)
    )
    return _Reading(rows, calendars, now, today, spec, scope).snapshot()


@dataclass(frozen=True)
class _Old:
    """Former soft confirmations: line, supply (place among the rows, NOBODY: none), reservation, day, quantity."""

    line: Ints
    supply: Ints
    reservation: Ints
    version: Ints
    day: Ints
    qty: Ints


class _Reading:
    def __init__(
        self,
        rows: Rows,
        calendars: Calendars,
        now: datetime,
        today: date,
        spec: VariantSpec,
        scope: LineSelection,
    ) -> None:
        self.rows, self.calendars, self.spec, self.scope = rows, calendars, spec, scope
        self.as_of, self.today = today, to_day(today)
        self.horizon = self.today + spec.horizon_days
        self.held = reserved_quotes.held(rows.quotes, now)
        lines, supplies = rows.lines, rows.supplies
        self.n = len(lines["line_id"])
        self.site_now, self.site_first, self.site_calendar = self._sites(now)
        self.line_site = place(rows.sites["site_id"], lines["site_id"])
        self.legs = self._legs()
        self.supply_day = self._supply_days(place(rows.sites["site_id"], supplies["site_id"]))
        self.held_line = place(lines["line_id"], rows.reservations["line_id"])
        self.held_supply = place(supplies["supply_id"], rows.reservations["supply_id"])
        known = self.held_line != NOBODY
        self.fixed = known & (rows.reservations["fixed"] == 1)
        self.soft = known & (rows.reservations["fixed"] == 0)
        self.hard = _sum(self.n, self.held_line[self.fixed], rows.reservations["qty"][self.fixed])
        self.shipped = _known(lines["qty_shipped"])
        self.confirmed = _known(lines["qty_confirmed"])
        self.want = np.maximum(lines["qty_net"] - self.shipped - self.hard, 0)
        self.price = self._price()
        self.first = self._at_site(self.site_first, self.today)
        self.requested = self._requested()

    # ---- sites and days -----------------------------------------------------------------------------------------

    def _sites(self, now: datetime) -> tuple[Ints, Ints, Ints]:
        """Return per site its day now, the first day on which it can pick (after the cut-off the next), its calendar."""
        sites = self.rows.sites
        calendar = self.calendars.places(sites["calendar_id"])
        day, late = [], []
        for zone, cutoff in zip(sites["tz"].tolist(), sites["ship_cutoff_minute"].tolist(), strict=True):
            here = local_day(now, zone)
            minute = _minute(now, zone)
            day.append(to_day(here))
            late.append(int(cutoff != MISSING and minute > cutoff))
        at = np.array(day, dtype=np.int64)
        first = self.calendars.days.forward(calendar, at + np.array(late, dtype=np.int64)) if len(at) else at
        return at, first, calendar

    def _at_site(self, values: Ints, otherwise: int) -> Ints:
        """Return a value of sites per line; `otherwise` for a line without a site."""
        if not len(values):
            return np.full(self.n, otherwise, dtype=np.int64)
        return np.where(self.line_site == NOBODY, otherwise, values[self.line_site])

    def _legs(self) -> Legs:
        rows = self.rows
        transit = rows.of_ship_to("transit_days")
        return Legs(
            site=self._at_site(self.site_calendar, open_days.ALWAYS),
            carrier=self.calendars.places(rows.of_ship_to("calendar_id")),
            receiving=self.calendars.places(rows.of_ship_to("receiving_calendar_id")),
            pick_days=np.full(self.n, PICK_DAYS, dtype=np.int64),
            transit_days=np.where(transit == MISSING, 0, transit),
        )

    def _supply_days(self, site: Ints) -> Ints:
        """Return the day from which each supply counts: stock now, receipts when expected, past-due ones a little later."""
        supplies = self.rows.supplies
        here = self.site_now[site] if len(self.site_now) else np.full(len(site), self.today)
        stock = supplies["status"] == queries.USABLE.index(SupplyStatus.AVAILABLE)
        due = np.where(supplies["available_on"] == MISSING, self.horizon + 1, supplies["available_on"])
        if not len(site):
            return due
        late = self.calendars.days.forward(self.site_calendar[site], here, self.spec.receipt_delay_days)
        return np.where(stock, here, np.where(due <= here, np.maximum(late, here + 1), due))

    def _requested(self) -> Ints:
        lines = self.rows.lines
        wanted = np.where(lines["requested_on"] == MISSING, lines["promised_on"], lines["requested_on"])
        ready = material_days(self.calendars.days, self.legs, np.where(wanted == MISSING, self.today, wanted))
        return np.asarray(np.maximum(ready, self.first))

    def _promised(self) -> Ints:
        """Return the material day of each line's promise, not before now."""
        promised = self.rows.lines["promised_on"]
        ready = material_days(
            self.calendars.days, self.legs, np.where(promised == MISSING, self.today, promised)
        )
        return np.asarray(np.maximum(ready, self._at_site(self.site_now, self.today)))

    def _price(self) -> Ints:
        price, rate = _known(self.rows.lines["net_price"]), self.rows.of_order("fx_rate")
        return np.where(rate == MISSING, price, price * np.where(rate == MISSING, FX_SCALE, rate) // FX_SCALE)

    # ---- strategies ---------------------------------------------------------------------------------------------

    def _strategies(self) -> tuple[Ints, Ints, Ints, np.ndarray]:
        """Return per line its strategy, segment and sequencing, and whether the run may change it."""
        rows, spec = self.rows, self.spec
        soft = _sum(self.n, self.held_line[self.soft], rows.reservations["qty"][self.soft])
        gap = self.want - np.maximum(soft, self.confirmed - self.shipped - self.hard)
        told: dict[str, Any] = {"open_qty": self.want, "price": self.price, "unconfirmed": gap}
        may = selected(rows, spec.scope, **told) & selected(rows, self.scope, **told)
        stage = rows.lines["stage"]
        may &= ~np.isin(stage, IN_THE_PICK) & (rows.of_order("stage") != ON_HOLD)
        strategy = np.full(self.n, STRATEGIES.index(spec.otherwise), dtype=np.int64)
        segment = np.full(self.n, len(spec.segments), dtype=np.int64)
        sequence = np.full(self.n, SEQUENCINGS.index(Sequencing.PRIORITY_TIER), dtype=np.int64)
        free = np.ones(self.n, dtype=np.bool_)
        for k, each in enumerate(spec.segments):
            mine = free & selected(rows, each.selection, **told)
            strategy[mine], segment[mine] = STRATEGIES.index(each.strategy), k
            sequence[mine] = SEQUENCINGS.index(each.sequencing)
            free &= ~mine
        if spec.from_scratch:
            strategy[strategy != SKIP] = STRATEGIES.index(Strategy.REDISTRIBUTE)
        strategy[~may] = SKIP
        return strategy, segment, sequence, may

    def _ranks(self, sequence: Ints) -> Ints:
        rows = self.rows
        entered = rows.of_order("entered_at")
        entered = np.where(entered == MISSING, rows.of_order("received_at"), entered)
        entered = np.where(entered == MISSING, _known(rows.lines["entered_on"]) * 86_400, entered)
        priority = rows.of_order("priority")
        keys = Keys(
            priority=np.where(priority == MISSING, NO_PRIORITY, priority), tier=tiers(rows), requested=self.requested,
            created=entered, price=self.price, qty=self.want, line_id=rows.lines["line_id"],
        )  # fmt: skip
        return rank(keys, sequence)

    def _policies(self) -> tuple[Ints, Ints]:
        """Return the deliveries that each line may still have, and the order that it is taken with (NOBODY: none)."""
        rows = self.rows
        policy = rows.of_customer("policy")
        whole = (policy == POLICIES.index(PartialPolicy.ORDER_COMPLETE)) | (
            rows.of_customer("ship_complete") == 1
        )
        whole |= rows.of_order("ship_complete") == 1
        begun = (self.shipped > 0).astype(np.int64)
        most = rows.of_customer("max_splits")
        splits = np.where(most == MISSING, UNBOUND_SPLITS, np.maximum(most - begun, 1))
        splits = np.where(policy == POLICIES.index(PartialPolicy.ONE_BACKORDER), 2 - begun, splits)
        splits = np.where((policy == POLICIES.index(PartialPolicy.LINE_COMPLETE)) | whole, 1, splits)
        return splits, np.where(whole, rows.order, NOBODY)

    def _blocked(self) -> np.ndarray:
        rows = self.rows
        keys = (
            rows.lines["order_id"],
            rows.lines["line_id"],
            rows.of_order("customer_id"),
            rows.lines["sku_id"],
        )
        found = np.zeros(self.n, dtype=np.bool_)
        for scope, values in enumerate(keys):
            found |= np.isin(values, rows.holds["scope_id"][rows.holds["scope"] == scope])
        return found

    # ---- former confirmations -----------------------------------------------------------------------------------

    def _olds(self, strategy: Ints) -> _Old:
        held = self.rows.reservations
        mine = np.flatnonzero(self.soft)
        line, supply = self.held_line[mine], self.held_supply[mine]
        promised, now = self._promised(), self._at_site(self.site_now, self.today)
        there = np.where(
            supply == NOBODY, now[line], self.supply_day[supply] if len(self.supply_day) else now[line]
        )
        meant = np.where(held["confirmed_on"][mine] == MISSING, promised[line], held["confirmed_on"][mine])
        day = np.where(strategy[line] == SKIP, there, np.maximum(np.maximum(meant, there), now[line]))
        soft = _sum(self.n, line, held["qty"][mine])
        beyond = np.maximum(np.minimum(self.confirmed - self.shipped - self.hard, self.want) - soft, 0)
        loose = np.flatnonzero(beyond)
        nothing = np.full(len(loose), MISSING)
        old = _Old(
            line=np.concatenate((line, loose)), supply=np.concatenate((supply, np.full(len(loose), NOBODY))),
            reservation=np.concatenate((held["reservation_id"][mine], nothing)),
            version=np.concatenate((held["row_version"][mine], nothing)),
            day=np.concatenate((day, promised[loose])), qty=np.concatenate((held["qty"][mine], beyond[loose])),
        )  # fmt: skip
        order = np.lexsort((old.reservation, old.day, old.line))
        return _Old(*(getattr(old, f.name)[order] for f in fields(_Old)))

    # ---- the whole ----------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Put everything together."""
        rows, lines, spec = self.rows, self.rows.lines, self.spec
        strategy, segment, sequence, may = self._strategies()
        old = self._olds(strategy)
        splits, unit = self._policies()
        options = sourcing.options(rows, use_rules=spec.use_sourcing)
        kept = np.flatnonzero((self.want > 0) | (_sum(self.n, old.line, old.qty) > 0))
        again = np.full(self.n, NOBODY, dtype=np.int64)
        again[kept] = np.arange(len(kept))
        old = _Old(again[old.line], old.supply, old.reservation, old.version, old.day, old.qty)
        ground = sourcing.Ground.of(
            rows, options, kept, np.where(old.supply == NOBODY, NOBODY, old.supply), old.line
        )
        limits = self._limits().of(kept) if spec.use_quotas else caps.none(len(kept))
        group, protected = caps.groups(rows) if spec.use_protections else (np.full(self.n, NOBODY), [])
        choices = options.of(kept)
        no_quota = np.zeros(len(kept), dtype=np.int64)
        never = rows.of_order("do_not_ship_before")
        hold_back = self.calendars.days.backward(
            self.legs.site, np.where(never == MISSING, self.today, never), PICK_DAYS
        )
        earliest = np.maximum(self.first, np.where(never == MISSING, self.first, hold_back))
        book_lines = Lines(
            line_id=lines["line_id"][kept], order_id=lines["order_id"][kept], customer_id=rows.of_order("customer_id")[kept],
            qty=self.want[kept], requested=self.requested[kept], earliest=earliest[kept], strategy=strategy[kept],
            segment=segment[kept], rank=_dense(self._ranks(sequence)[kept]), tier=tiers(rows)[kept], price=self.price[kept],
            splits=splits[kept], least=no_quota, unit=unit[kept],
            group=group[kept],
            blocked=self._blocked()[kept].astype(np.int64), option_start=choices.start, option_place=ground.places(choices),
            across=choices.across, most_sites=choices.most, site_least=choices.least, quota_start=limits.start,
            quota_ref=limits.ref, old_start=np.searchsorted(old.line, np.arange(len(kept) + 1)),
            old_place=ground.old_place, old_day=old.day, old_qty=old.qty,
        )  # fmt: skip
        supplies = self._supplies(ground, old, protected)
        shares = [each.sequencing is Sequencing.FAIR_SHARE for each in spec.segments]
        policy = Policy(
            today=self.today, horizon=self.horizon, fair=np.array([*shares, False], dtype=np.int64),
            sharing_weight=spec.sharing_weights, dig_tier=spec.dig_tier, grain=QUANTITY_SCALE, scale=QUANTITY_SCALE,
        )  # fmt: skip
        book = Book(book_lines, supplies, limits.quotas, policy)
        book = replace(book, supplies=replace(supplies, safety=still_protected(book)))
        return self._made(book, ground, kept, may, old, options.queue)

    def _made(
        self,
        book: Book,
        ground: sourcing.Ground,
        kept: Ints,
        may: np.ndarray,
        old: _Old,
        queue: dict[int, str],
    ) -> Snapshot:
        rows, lines = self.rows, self.rows.lines
        stocked = rows.supplies["status"][ground.supply] == queries.USABLE.index(SupplyStatus.AVAILABLE)
        row_place = np.full(len(rows.supplies["supply_id"]) + 1, NOBODY, dtype=np.int64)
        row_place[ground.supply] = np.arange(len(ground.supply))
        return Snapshot(
            as_of=self.as_of, spec=self.spec, scope=self.scope, book=book, sku_id=ground.sku_id, site_id=ground.site_id,
            line_version=lines["row_version"][kept], site=lines["site_id"][kept], stage=lines["stage"][kept],
            promised=lines["promised_on"][kept], requested_on=lines["requested_on"][kept],
            planned_ship=lines["planned_ship_on"][kept], qty_net=lines["qty_net"][kept], shipped=self.shipped[kept],
            confirmed=self.confirmed[kept], hard=self.hard[kept], old_supply=row_place[old.supply],
            old_reservation=old.reservation, old_version=old.version,
            supply_version=rows.supplies["row_version"][ground.supply], supply_in_house=stocked.astype(np.int64),
            in_scope=may[kept].astype(np.int64), days=self.calendars.days, legs=self.legs.of(kept), queue=queue,
            digest=digest(book, self.spec, self.scope, lines["row_version"][kept]),
        )  # fmt: skip

    def _supplies(self, ground: sourcing.Ground, old: _Old, protected: list[str]) -> Supplies:
        rows = self.rows
        table = rows.supplies
        soft = _sum(len(table["supply_id"]), old.supply[old.supply != NOBODY], old.qty[old.supply != NOBODY])
        free = np.maximum(table["qty"] - _known(table["qty_reserved"]) + soft, 0)
        planned = (table["status"] == queries.USABLE.index(SupplyStatus.PLANNED)) & (table["firm"] == 0)
        gone = (table["expires_on"] != MISSING) & (table["expires_on"] < self.today)
        never = gone | (planned & (not self.spec.planned_receipts_count))
        free = np.where(never, soft, free)
        mine = ground.supply
        mine_day = self.supply_day[mine]
        safety = ground.safety(rows)
        kept, day, group, qty = ground.protections(rows, protected, self.today)
        quoted = place(ground.keys, self.held.sku_id * sourcing.SITES + self.held.site_id)
        here = quoted != NOBODY
        return Supplies(
            start=ground.supply_start, supply_id=table["supply_id"][mine], day=mine_day, qty=free[mine], safety=safety,
            dig=(safety * self.spec.safety_stock_dig).astype(np.int64) // QUANTITY_SCALE * QUANTITY_SCALE,
            opening_place=quoted[here], opening_day=np.maximum(self.held.day[here], self.today),
            opening_qty=self.held.qty[here], protection_start=kept, protection_group=group,
            protection_day=day, protection_qty=qty,
        )  # fmt: skip

    def _limits(self) -> caps.Caps:
        """Return the quotas of all lines; what is shipped in their periods or tied by fixed reservations is used up."""
        rows = self.rows
        found, who = caps.named(rows.quotas, self.today), caps.buyers(rows)
        found.use(who, np.full(self.n, self.today), self.hard)
        gone = rows.shipped
        if len(gone.get("sku_id", ())):
            names = ("sku_id", "family", "channel", "customer_id", "country", "segment")
            found.use(caps.Buyers(*(gone[name] for name in names)), gone["shipped_on"], gone["qty"])
        return found.caps(who)


def _sum(count: int, owner: Ints, qty: Ints) -> Ints:
    """Return totals by owner, exact: weights of bincount are floats, which are not beyond 2^53."""
    found = np.zeros(count, dtype=np.int64)
    np.add.at(found, owner, qty)
    return found


def _known(values: Ints) -> Ints:
    return np.where(values == MISSING, 0, values)


def _dense(ranks: Ints) -> Ints:
    found = np.empty(len(ranks), dtype=np.int64)
    found[np.argsort(ranks)] = np.arange(len(ranks))
    return found


def _minute(now: datetime, zone: str | None) -> int:
    from zoneinfo import ZoneInfo

    here = now.astimezone(ZoneInfo(zone)) if zone else now
    return here.hour * 60 + here.minute
