"""SKUs in families with lifecycle, prices, costs and suppliers; site parameters, part numbers, contracts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.vocabulary.units import (
    MINOR_DIGITS,
    MISSING,
    MONEY_SCALE,
    QUANTITY_SCALE,
    RATE_SCALE,
)
from seed.demo.catalogue import FAMILIES
from seed.demo.parties import Parties
from seed.demo.world import SOURCE, Ints, World

FX = {"USD": 1.0, "EUR": 0.92, "GBP": 0.79, "JPY": 152.0, "BHD": 0.377}
"""Units of the currency for one US dollar, as the demo's price lists convert (invented, fixed)."""
DISCOUNT = (0.74, 0.81, 0.88, 0.95)


@dataclass
class Products:
    """Columns of the SKUs that orders draw from; price is the list price in USD."""

    sku_id: Ints
    code: list[str]
    text: list[str]
    uom: list[str]
    status: list[str]
    price: np.ndarray[Any, Any]
    cost: np.ndarray[Any, Any]
    weight: np.ndarray[Any, Any]
    supplier: Ints
    popularity: np.ndarray[Any, Any]
    story: dict[str, int]
    parts: dict[tuple[int, int], str]
    launched: Ints
    last_order: Ints
    neighbour: Ints

    def place(self, code: str) -> int:
        """Return the place in these columns of the SKU `code`."""
        return self.code.index(code)


# SKUs that stories need for themselves: what they are for -> code. No other open order draws them.
STORY_SKUS = {
    "slipped": "MOT-34",
    "eol": "VFD-11",
    "eol_successor": "VFD-12",
    "substitute": "BRG-32",
    "substitute_for": "BRG-31",
}


def add_products(world: World, parties: Parties) -> Products:
    """Fill the product tables and return what orders need to know of them."""
    rng = world.rng
    code, text, uom, family, hs_code, origin = [], [], [], [], [], []
    price, weight, supplier = [], [], []
    for number, item in enumerate(FAMILIES):
        for i, size in enumerate(item.sizes):
            for k, variant in enumerate(item.variants):
                code.append(f"{item.code}-{i + 1}{k + 1}")
                text.append(item.text.format(size=size, variant=variant))
                uom.append(item.uom)
                family.append(item.name)
                hs_code.append(item.hs_code)
                origin.append(item.origin)
                step = (i + 0.25 * k) / (len(item.sizes) - 1 + 0.25 * (len(item.variants) - 1))
                price.append(round(item.low * (item.high / item.low) ** step, 2))
                weight.append(round(item.weight * (1 + 1.6 * i), 3))
                supplier.append((number + (20 + number % 5 - number if (i + k) % 5 == 4 else 0)) % 25)
    count = len(code)
    prices = np.array(price)
    cost = np.round(prices * rng.uniform(0.48, 0.68, count), 2)
    popularity = rng.permutation(1.0 / np.arange(6, count + 6) ** 0.8)
    status = _lifecycle(world, code)
    rank = np.argsort(np.argsort(-popularity))
    sku_id = world.keys("sku", count)
    successor = _successors(code, sku_id)
    lead = np.array(world.sheets["supplier"][0][0]["lead_time_days"])[supplier]
    today = world.days.today
    ending = np.array([s in ("EOL_ANNOUNCED", "LAST_TIME_BUY", "PHASED_OUT", "OBSOLETE") for s in status])
    gone = np.array([s in ("PHASED_OUT", "OBSOLETE") for s in status])
    last_order = np.where(gone, today - 60, today + 45)
    launched = _launch_days(world, status)
    world.put(
        "sku",
        count,
        sku_id=sku_id,
        source=SOURCE,
        sku=code,
        description=text,
        base_uom=uom,
        status=status,
        family=family,
        supplier_id=parties.supplier_id[supplier],
        launch_on=launched,
        eol_announced_on=np.where(ending, np.where(gone, today - 200, today - 40), MISSING),
        last_order_on=np.where(ending, last_order, MISSING),
        last_ship_on=np.where(ending, last_order + 60, MISSING),
        superseded_by_id=successor,
        supersession_ratio=[RATE_SCALE if s is not None else None for s in successor],
        abc=["A" if r < count * 0.2 else "B" if r < count * 0.5 else "C" for r in rank],
        moq=QUANTITY_SCALE,
        order_multiple=QUANTITY_SCALE,
        lead_time_days=lead,
        standard_cost=np.round(cost * MONEY_SCALE).astype(np.int64),
        list_price=np.round(prices * MONEY_SCALE).astype(np.int64),
        weight_kg=np.round(np.array(weight) * 1000).astype(np.int64),
        hs_code=hs_code,
        eccn=["EAR99" if k % 9 else None for k in range(count)],
        origin_country=origin,
        lot_controlled=[c.startswith("LUB") for c in code],
    )
    products = Products(
        sku_id=sku_id, code=code, text=text, uom=uom, status=status, price=prices, cost=cost,
        weight=np.array(weight), supplier=np.array(supplier, dtype=np.int64), popularity=popularity,
        story={purpose: code.index(name) for purpose, name in STORY_SKUS.items()}, parts={}, launched=launched, last_order=np.where(ending, last_order, today + 10_000),
        neighbour=_neighbours(family, prices, status),
    )  # fmt: skip
    _site_parameters(world, parties, products, lead)
    _agreements(world, parties, products)
    return products


def _lifecycle(world: World, code: list[str]) -> list[str]:
    status = ["ACTIVE"] * len(code)
    chosen = world.rng.permutation(len(code))[:54]
    words = (
        ["LAUNCH"] * 12 + ["DEVELOPMENT"] * 5 + ["ALLOCATED"] * 9 + ["EOL_ANNOUNCED"] * 10
        + ["LAST_TIME_BUY"] * 6 + ["PHASED_OUT"] * 8 + ["OBSOLETE"] * 4
    )  # fmt: skip
    for place, word in zip(chosen, words, strict=True):
        status[place] = word
    for purpose, name in STORY_SKUS.items():
        status[code.index(name)] = "EOL_ANNOUNCED" if purpose == "eol" else "ACTIVE"
    return status


def _launch_days(world: World, status: list[str]) -> Ints:
    """Return launch days: years ago, some weeks ago for launches, ahead for what is in development."""
    rng, words, today = world.rng, np.array(status), world.days.today
    count = len(status)
    long_ago = today - rng.integers(700, 3000, count)
    recent = today - rng.integers(60, 150, count)
    ahead = today + rng.integers(20, 150, count)
    return np.where(words == "LAUNCH", recent, np.where(words == "DEVELOPMENT", ahead, long_ago))


def _neighbours(family: list[str], price: np.ndarray[Any, Any], status: list[str]) -> Ints:
    """Return for each SKU the active one of its family that is nearest in price; of another family only where none is active."""
    kin = np.array(family)
    active = np.array(status) == "ACTIVE"
    distance = np.abs(np.log(price)[:, None] - np.log(price)[None, :])
    distance += 100.0 * (kin[:, None] != kin[None, :])
    distance[:, ~active] = np.inf
    return np.argmin(distance, axis=1)


def _successors(code: list[str], sku_id: Ints) -> list[int | None]:
    """Every eighth SKU was superseded by its neighbour; the end-of-life story has its named successor."""
    successor: list[int | None] = [None] * len(code)
    for place in range(4, len(code) - 1, 25):
        successor[place] = int(sku_id[place + 1])
    successor[code.index(STORY_SKUS["eol"])] = int(sku_id[code.index(STORY_SKUS["eol_successor"])])
    return successor


def _site_parameters(world: World, parties: Parties, products: Products, lead: Ints) -> None:
    sites = np.array(list(parties.site_id.values()))
    count, many = len(products.sku_id), len(sites)
    safety = np.ceil(world.rng.gamma(2.0, 6.0, count * many)).astype(np.int64)
    world.put(
        "sku_site",
        count * many,
        sku_site_id=world.keys("sku_site", count * many),
        sku_id=np.repeat(products.sku_id, many),
        site_id=np.tile(sites, count),
        safety_stock=safety * QUANTITY_SCALE,
        reorder_point=safety * 3 * QUANTITY_SCALE,
        lead_time_days=np.repeat(lead, many),
        service_level=RATE_SCALE * 95 // 100,
        review_days=7,
    )
    world.put(
        "uom_conversion",
        count,
        uom_conversion_id=world.keys("uom_conversion", count),
        sku_id=products.sku_id,
        uom="PAL",
        factor_to_base=np.array([(48 if w < 3 else 12) * RATE_SCALE for w in products.weight]),
        allow_fraction=False,
    )


def price_in(currency: str, usd: np.ndarray[Any, Any]) -> Ints:
    """Return prices in stored money units, rounded to the currency's minor unit."""
    digits = MINOR_DIGITS.get(currency, 2)
    minor = MONEY_SCALE // 10**digits
    return np.maximum(np.round(usd * FX[currency] * 10**digits), 1).astype(np.int64) * minor


def _agreements(world: World, parties: Parties, products: Products) -> None:
    """Contract prices for tiers 1 and 2, and the part numbers that those customers use."""
    rng = world.rng
    rows: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    probability = products.popularity / products.popularity.sum()
    today = world.days.today
    for i, key in enumerate(parties.customer_id.tolist()):
        if parties.tier[i] > 2:
            continue
        chosen = np.sort(rng.choice(len(products.sku_id), 25, replace=False, p=probability))
        prices = price_in(
            parties.currency[i],
            products.price[chosen] * DISCOUNT[int(parties.tier[i]) - 1],
        )
        for n, (place, price) in enumerate(zip(chosen.tolist(), prices.tolist(), strict=True)):
            rows.append(
                {
                    "type": "CONTRACT",
                    "customer_id": key,
                    "segment": None,
                    "sku_id": int(products.sku_id[place]),
                    "uom": products.uom[place],
                    "currency": parties.currency[i],
                    "price": price,
                    "min_quantity": 0,
                    "valid_from": today - 300,
                    "valid_to": today + (65 if n % 9 else 8),
                }
            )
            part = f"{parties.customer_name[i][:2].upper()}{4000 + 13 * i}-{place:03d}"
            products.parts[(i, place)] = part
            parts.append(
                {
                    "customer_id": key,
                    "customer_code": part,
                    "sku_id": int(products.sku_id[place]),
                }
            )
    world.put_rows("price_agreement", rows)
    world.put_rows("customer_sku", parts)
