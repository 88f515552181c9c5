"""Shipments, their lines, packages of the travelling ones, and what carriers reported."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.vocabulary.units import MISSING, MONEY_SCALE, QUANTITY_SCALE
from seed.demo.book import Book
from seed.demo.documents import Written
from seed.demo.names import LAST_NAMES
from seed.demo.parties import CARRIERS, Parties
from seed.demo.products import FX, Products
from seed.demo.world import NEVER, SOURCE, Ints, World

TRACKED_DAYS = 40
MODE = {code: mode for code, _, mode in CARRIERS}


def write_shipments(world: World, parties: Parties, products: Products, book: Book, written: Written) -> Ints:
    """Write shipments with lines and tracking; return the key of each part's shipment."""
    parts, orders, days = written.parts, book.orders, world.days
    count = int(parts.shipment.max()) + 1
    first = np.unique(parts.shipment, return_index=True)[1]
    ids = world.keys("shipment", count)
    order = book.lines["order"][parts.line[first]]
    customer, ship_to = orders["customer"][order], orders["ship_to"][order]
    ship, delivered, due = parts.ship[first], parts.delivered[first], parts.due[first]
    prom = book.lines["prom"][parts.line[first]]
    weight = np.zeros(count)
    np.add.at(weight, parts.shipment, parts.qty * products.weight[book.lines["sku"][parts.line]])
    damaged = np.zeros(count, dtype=bool)
    np.logical_or.at(damaged, parts.shipment, book.lines["damaged"][parts.line])
    carriers = np.array(world.sheets["ship_to"][0][0]["default_carrier_id"])[ship_to]
    scac = {key: code for code, key in parties.carrier_id.items()}
    codes = [scac[key] for key in carriers.tolist()]
    left_at = world.at(ship, _site_hours(parties, parties.ship_to_site[ship_to]) + world.rng.random(count))
    arrived_at = world.at(delivered, _dock_hours(parties, ship_to) + world.rng.random(count) * 4)
    travelling = delivered == NEVER
    usd = 9.0 + 1.15 * weight * np.where(np.array([MODE[c] for c in codes]) == "AIR", 3.2, 0.55)
    rate = np.array([FX[c] for c in parties.currency])[customer]
    freight = np.round(usd * rate).astype(np.int64) * MONEY_SCALE
    included = world.rng.random(count) < 0.12
    transit = parties.ship_to_transit[ship_to]
    eta = np.where(travelling, np.maximum(due, ship), ship + transit)
    world.put(
        "shipment",
        count,
        shipment_id=ids,
        source=SOURCE,
        shipment_no=[f"SH-{500_001 + n}" for n in range(count)],
        site_id=book.lines["site_id"][parts.line[first]],
        customer_id=parties.customer_id[customer],
        ship_to_id=parties.ship_to_id[ship_to],
        carrier_id=carriers,
        service=["STANDARD" if MODE[c] != "AIR" else "EXPRESS" for c in codes],
        mode=[MODE[c] for c in codes],
        incoterm=[parties.incoterm[c] for c in customer.tolist()],
        tracking_no=[f"{c}{7_300_004_001 + 37 * n}" for n, c in enumerate(codes)],
        bol_no=[
            f"BOL{880_001 + n}" if MODE[c] in ("LTL", "FTL", "TRUCK") else None for n, c in enumerate(codes)
        ],
        status=_statuses(ship, travelling, due, prom, damaged),
        planned_ship_on=days.plan(ship),
        goods_issue_at=left_at,
        shipped_on=days.past(ship),
        eta_on=days.plan(eta),
        delivered_at=arrived_at,
        delivered_on=days.past(delivered),
        recorded_on=days.past(delivered),
        last_event_at=np.where(travelling, left_at, arrived_at),
        pod_name=[
            None if away else LAST_NAMES[n * 7 % len(LAST_NAMES)]
            for n, away in enumerate(travelling.tolist())
        ],
        pod_note=["Pallet crushed, two cartons wet" if bad else None for bad in damaged.tolist()],
        damaged=damaged.tolist(),
        weight_kg=np.round(weight * 10).astype(np.int64) * 100,
        weight_basis="STATED",
        freight_amount=np.where(included, MISSING, freight),
        freight_basis=np.where(included, "INCLUDED", "STATED").tolist(),
        currency=[parties.currency[c] for c in customer.tolist()],
        created_at=left_at,
    )
    _shipment_lines(world, written, ids, left_at)
    recent = np.flatnonzero(ship >= -TRACKED_DAYS)
    _packages(world, ids[recent], weight[recent])
    _tracking(world, parties, ids, recent, ship, left_at, arrived_at, ship_to, due, prom)
    return ids[parts.shipment]


def _statuses(
    ship: Ints, travelling: np.ndarray[Any, Any], due: Ints, prom: Ints, damaged: np.ndarray[Any, Any]
) -> list[str]:
    status = np.where(ship < -6, "POD_CONFIRMED", "DELIVERED").astype(object)
    status[damaged & ~travelling & (ship > -12)] = "EXCEPTION"
    status[travelling] = "IN_TRANSIT"
    status[travelling & (due <= 0)] = "OUT_FOR_DELIVERY"
    status[travelling & (prom < due)] = "EXCEPTION"
    return list(status.tolist())


def _shipment_lines(world: World, written: Written, ids: Ints, left_at: Ints) -> None:
    parts = written.parts
    world.put(
        "shipment_line",
        len(parts.line),
        shipment_line_id=world.keys("shipment_line", len(parts.line)),
        shipment_id=ids[parts.shipment],
        line_id=written.line_id[parts.line],
        qty=parts.qty * QUANTITY_SCALE,
        lot="",
        created_at=left_at[parts.shipment],
    )


def _site_hours(parties: Parties, site: Ints) -> np.ndarray[Any, Any]:
    """UTC hour at which a site's trucks leave: 14:00 in Reno, 15:00 in Memphis and Venlo."""
    hours = {
        parties.site_id["RNO"]: 22.0,
        parties.site_id["MEM"]: 21.0,
        parties.site_id["VEN"]: 14.0,
    }
    return np.array([hours[s] for s in site.tolist()])


def _dock_hours(parties: Parties, ship_to: Ints) -> np.ndarray[Any, Any]:
    """UTC hour at which a dock opens, so that the instant falls on the same day there as in UTC."""
    hours = []
    for zone in parties.ship_to_zone:
        hours.append(
            1.0 if zone.startswith("Asia/Tokyo") else 7.0 if zone[:6] in ("Europe", "Asia/B") else 15.0
        )
    return np.array(hours)[ship_to]


def _packages(world: World, ids: Ints, weight: np.ndarray[Any, Any]) -> None:
    count = len(ids)
    world.put(
        "package",
        count,
        package_id=world.keys("package", count),
        shipment_id=ids,
        sscc=[_sscc(n) for n in range(count)],
        type=np.where(weight > 60, "PALLET", "CARTON").tolist(),
        weight_kg=np.round(weight * 10).astype(np.int64) * 100,
    )


def _sscc(serial: int) -> str:
    """Return an 18-digit logistic unit number with its GS1 check digit (company prefix 0000000, not assigned)."""
    body = f"00000000{4_100_000 + serial:09d}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return f"{body}{-total % 10}"


def _tracking(
    world: World,
    parties: Parties,
    ids: Ints,
    recent: Ints,
    ship: Ints,
    left_at: Ints,
    arrived_at: Ints,
    ship_to: Ints,
    due: Ints,
    prom: Ints,
) -> None:
    """Report recent shipments: picked up, on the road, delayed where they are, arrived, delivered."""
    hubs = ("Salt Lake City hub", "Nashville hub", "Köln hub")
    cities = world.sheets["ship_to"][0][0]["city"]
    rows: list[tuple[int, int, str, str, str]] = []
    hour = 3_600
    for n in recent.tolist():
        key, start, end = int(ids[n]), int(left_at[n]), int(arrived_at[n])
        hub = hubs[(int(ship_to[n]) * 5) % 3]
        rows.append((key, start + 20 * 60, "AF", "", "Picked up by the carrier"))
        if end == MISSING:
            if ship[n] < 0:
                rows.append((key, start + 9 * hour, "X6", hub, "On the way to the consignee"))
            if due[n] > prom[n] != NEVER:
                rows.append(
                    (
                        key,
                        start + 15 * hour,
                        "SD",
                        hub,
                        "Delayed: missed the connection",
                    )
                )
            continue
        if end - start > 20 * hour:
            rows.append((key, start + 9 * hour, "X6", hub, "On the way to the consignee"))
        city = cities[int(ship_to[n])]
        rows.append(
            (
                key,
                max(end - 3 * hour, start + 30 * 60),
                "X1",
                city,
                "Arrived at the delivery terminal",
            )
        )
        rows.append((key, end, "D1", city, "Delivered"))
    rows = [row for row in rows if row[1] < world.now_s - 60]
    world.put(
        "tracking_event",
        len(rows),
        tracking_event_id=world.keys("tracking_event", len(rows)),
        shipment_id=[row[0] for row in rows],
        at=[row[1] for row in rows],
        received_at=[min(row[1] + 900, world.now_s) for row in rows],
        code=[row[2] for row in rows],
        place=[row[3] for row in rows],
        text=[row[4] for row in rows],
    )
