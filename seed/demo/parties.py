"""Sites, calendars, people, carriers, suppliers, customers, their ship-tos and contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import holidays
import numpy as np

from domain.vocabulary.units import MONEY_SCALE, RATE_SCALE, to_day
from seed.demo import names
from seed.demo.catalogue import SUPPLIERS
from seed.demo.world import SOURCE, Ints, World

WEEKDAYS = range(5)
EUROS = ("NL", "BE", "DE", "FR", "IT", "ES", "AT", "SE")
COUNTRIES = {
    "USD": ("US",) * 16 + ("CA", "MX"),
    "EUR": ("NL", "DE", "DE", "BE", "FR", "IT", "ES", "AT"),
    "GBP": ("GB",),
    "JPY": ("JP",),
    "BHD": ("BH",),
}
LANGUAGES = {
    "US": "en", "CA": "en", "MX": "es", "NL": "nl", "BE": "nl", "DE": "de", "AT": "de", "FR": "fr", "IT": "it",
    "ES": "es", "GB": "en", "JP": "ja", "BH": "en", "SE": "sv",
}  # fmt: skip
# code, name, country, zone, cut-off minute, lines a day, weekly windows
SITES = (
    (
        "RNO",
        "Reno distribution center",
        "US",
        "America/Los_Angeles",
        15 * 60,
        900,
        ((360, 1080),),
    ),
    (
        "MEM",
        "Memphis distribution center",
        "US",
        "America/Chicago",
        16 * 60 + 30,
        1400,
        ((300, 1200),),
    ),
    (
        "VEN",
        "Venlo distribution centre",
        "NL",
        "Europe/Amsterdam",
        17 * 60,
        1000,
        ((390, 720), (765, 1110)),
    ),
)
CARRIERS = (
    ("NLPX", "Northline Parcel", "PARCEL"),
    ("MDVL", "Midvale Freight", "LTL"),
    ("CSTH", "Coasthaul Lines", "FTL"),
    ("RHLK", "Rhinelink Road", "TRUCK"),
    ("PCAX", "Pacific Arc Air", "AIR"),
    ("GOOC", "Gulf and Orient Ocean", "OCEAN"),
)
TIER_SIZES = (10, 25, 45, 40)


@dataclass
class Parties:
    """Columns of the parties that later parts draw from; indexes are places, `*_id` are keys."""

    site_id: dict[str, int]
    site_tz: dict[str, str]
    calendar_id: dict[str, int]
    carrier_id: dict[str, int]
    supplier_id: Ints
    supplier_lateness: np.ndarray[Any, Any]
    customer_id: Ints
    customer_name: list[str]
    tier: Ints
    currency: list[str]
    country: list[str]
    terms: list[str]
    segment: list[str]
    owner: list[str]
    edi: np.ndarray[Any, Any]
    incoterm: list[str]
    ship_to_first: Ints
    ship_to_count: Ints
    ship_to_id: Ints
    ship_to_site: Ints
    ship_to_transit: Ints
    ship_to_zone: list[str]


def blocked_customer(parties: Parties) -> int:
    """Return the place of the customer whose account is on credit hold as a whole: one of the third tier."""
    return int(np.flatnonzero(parties.tier == 3)[-1])


def add_parties(world: World) -> Parties:
    """Fill the party tables and return what orders need to know of them."""
    calendar_id = _calendars(world)
    _users(world, calendar_id)
    site_id = _sites(world, calendar_id)
    carrier_id = dict(
        zip(
            (c[0] for c in CARRIERS),
            world.put_rows(
                "carrier",
                [
                    {
                        "scac": s,
                        "name": n,
                        "mode": m,
                        "calendar_id": calendar_id["Always open"],
                    }
                    for s, n, m in CARRIERS
                ],
            ).tolist(),
            strict=True,
        )
    )
    suppliers = world.put_rows(
        "supplier",
        [
            {
                "source": SOURCE,
                "code": f"V{2001 + i}",
                "name": name,
                "country": country,
                "lead_time_days": int(days),
            }
            for i, (name, country, days) in enumerate(SUPPLIERS)
        ],
    )
    lateness = world.rng.beta(1.6, 7.0, len(SUPPLIERS))
    return _customers(world, calendar_id, site_id, carrier_id, suppliers, lateness)


def _calendars(world: World) -> dict[str, int]:
    zones = sorted({(p.tz, p.country) for p in names.PLACES})
    plans: list[tuple[str, str, str | None, tuple[tuple[int, int], ...]]] = [
        ("Always open", "UTC", None, ((0, 1440),)),
        ("Order desk Americas", "America/Chicago", "US", ((480, 1080),)),
        ("Order desk Europe", "Europe/Amsterdam", "NL", ((480, 1050),)),
        ("Carriers' offices", "America/Chicago", "US", ((420, 1140),)),
        *((f"{name}", tz, country, windows) for _, name, country, tz, _, _, windows in SITES),
        *((f"Receiving {tz} ({country})", tz, country, ((420, 960),)) for tz, country in zones),
    ]
    ids = world.put_rows("calendar", [{"name": name, "tz": tz} for name, tz, _, _ in plans])
    windows: list[dict[str, Any]] = []
    closed: list[dict[str, Any]] = []
    years = range(world.today.year - 1, world.today.year + 2)
    known: dict[str, list[tuple[int, str]]] = {}
    for key, (_, _, country, week) in zip(ids.tolist(), plans, strict=True):
        for weekday in range(7) if country is None else WEEKDAYS:
            windows += [
                {
                    "calendar_id": key,
                    "weekday": weekday,
                    "start_minute": start,
                    "end_minute": end,
                }
                for start, end in week
            ]
        if country is None:
            continue
        if country not in known:
            found = holidays.country_holidays(country, years=years, language="en_US")
            known[country] = sorted((to_day(day), str(name)) for day, name in found.items())
        closed += [
            {"calendar_id": key, "on_day": day, "windows": "[]", "name": name} for day, name in known[country]
        ]
    world.put_rows("calendar_window", windows)
    world.put_rows("calendar_exception", closed)
    return dict(zip((plan[0] for plan in plans), ids.tolist(), strict=True))


def _users(world: World, calendar_id: dict[str, int]) -> None:
    desks = {"Order desk Europe": calendar_id["Order desk Europe"]}
    world.put_rows(
        "app_user",
        [
            {
                "login": login,
                "name": name,
                "role": role,
                "team": team,
                "calendar_id": desks.get(team, calendar_id["Order desk Americas"]),
                "active": True,
                "approval_limit": limit * MONEY_SCALE,
            }
            for login, name, role, team, limit in names.USERS
        ],
    )


def _sites(world: World, calendar_id: dict[str, int]) -> dict[str, int]:
    ids = world.put_rows(
        "site",
        [
            {
                "source": SOURCE,
                "code": code,
                "name": name,
                "country": country,
                "tz": tz,
                "calendar_id": calendar_id[name],
                "ship_cutoff_minute": cutoff,
                "capacity_lines_day": lines,
            }
            for code, name, country, tz, cutoff, lines, _ in SITES
        ],
    )
    return dict(zip((site[0] for site in SITES), ids.tolist(), strict=True))


def _customers(
    world: World, calendar_id: dict[str, int], site_id: dict[str, int], carrier_id: dict[str, int],
    supplier_id: Ints, lateness: np.ndarray[Any, Any],
) -> Parties:  # fmt: skip
    rng = world.rng
    currency = [c for c, heads in names.COMPANY_HEADS.items() for _ in heads]
    heads = [head for heads in names.COMPANY_HEADS.values() for head in heads]
    count = len(heads)
    tier = np.repeat(np.arange(1, 5), TIER_SIZES)[rng.permutation(count)]
    segments = list(names.COMPANY_TAILS)
    segment = [segments[i] for i in rng.choice(len(segments), count, p=(0.3, 0.27, 0.13, 0.1, 0.2))]
    tails = [names.COMPANY_TAILS[s][k] for s, k in zip(segment, rng.integers(0, 6, count), strict=True)]
    country = [COUNTRIES[c][i % len(COUNTRIES[c])] for i, c in enumerate(currency)]
    home = [_home(rng, c) for c in country]
    name = [f"{head} {tail}" for head, tail in zip(heads, tails, strict=True)]
    terms = ["NET30" if t < 3 else ("NET30", "NET45", "2/10NET30", "CIA")[i % 4] for i, t in enumerate(tier)]
    risk = ["CIA" if t == "CIA" else ("LOW", "LOW", "MED", "MED", "HIGH")[k]
            for t, k in zip(terms, rng.integers(0, 5, count), strict=True)]  # fmt: skip
    limit = _limits(rng, tier, currency)
    owner = [names.DESKS[p.site][i % len(names.DESKS[p.site])] for i, p in enumerate(home)]
    edi = (tier <= 2) & (rng.random(count) < 0.75)
    incoterm = [
        "DAP" if c in EUROS or c == "GB" else ("CIP" if c in ("JP", "BH") else "FCA") for c in country
    ]
    policy = ("ANY", "ONE_BACKORDER", "LINE_COMPLETE", "ORDER_COMPLETE")
    partial = [policy[k] for k in rng.choice(4, count, p=(0.6, 0.2, 0.14, 0.06))]
    review = world.days.today + rng.integers(-12, 300, count)
    customer_id = world.keys("customer", count)
    world.put(
        "customer",
        count,
        customer_id=customer_id,
        source=SOURCE,
        code=[f"C{10_010 + 7 * i}" for i in range(count)],
        name=name,
        status=["ONBOARDING" if i in (58, 110) else "ACTIVE" for i in range(count)],
        tier=tier,
        segment=segment,
        country=country,
        currency=currency,
        language=[LANGUAGES[c] for c in country],
        tz=[p.tz for p in home],
        calendar_id=[calendar_id[f"Receiving {p.tz} ({p.country})"] for p in home],
        payment_terms=terms,
        credit_limit=limit * MONEY_SCALE,
        credit_risk=risk,
        credit_review_due=review,
        po_required=[bool(t <= 3) for t in tier],
        ship_complete=[p == "ORDER_COMPLETE" for p in partial],
        max_splits=[{"ANY": 4, "ONE_BACKORDER": 2}.get(p, 1) for p in partial],
        partial_policy=partial,
        early_tolerance_days=[(2, 3, 5, 7)[t - 1] for t in tier],
        late_tolerance_days=0,
        under_tolerance=[0 if t < 3 else RATE_SCALE // 50 for t in tier],
        over_tolerance=0,
        incoterm=incoterm,
        freight_terms=["PREPAID_ADD" if t > 2 else "PREPAID" for t in tier],
        account_owner=[("callum.whitlock", "paulina.zielinski")[i % 2] for i in range(count)],
        csr_owner=owner,
    )
    addresses = _ship_tos(world, calendar_id, site_id, carrier_id, customer_id, name, country, tier, home)
    parties = Parties(
        site_id=site_id, site_tz={code: tz for code, _, _, tz, _, _, _ in SITES}, calendar_id=calendar_id,
        carrier_id=carrier_id, supplier_id=supplier_id, supplier_lateness=lateness, customer_id=customer_id,
        customer_name=name, tier=tier, currency=currency, country=country, terms=terms, segment=segment,
        owner=owner, edi=edi, incoterm=incoterm, **addresses,
    )  # fmt: skip
    _contacts(world, parties, heads)
    return parties


def _limits(rng: np.random.Generator, tier: Ints, currency: list[str]) -> Ints:
    """Return credit limits in whole units of each customer's currency; better tiers have more."""
    limits = np.array((260_000, 110_000, 45_000, 20_000))[tier - 1] * rng.choice((0.75, 1.0, 1.5), len(tier))
    rate = {"USD": 1.0, "EUR": 0.92, "GBP": 0.79, "JPY": 152.0, "BHD": 0.377}
    return np.array(
        [round(v * rate[c] / 5000) * 5000 or 10_000 for v, c in zip(limits, currency, strict=True)]
    )


def _home(rng: np.random.Generator, country: str) -> names.Place:
    places = [place for place in names.PLACES if place.country == country]
    return places[int(rng.integers(0, len(places)))]


def _ship_tos(
    world: World,
    calendar_id: dict[str, int],
    site_id: dict[str, int],
    carrier_id: dict[str, int],
    customer_id: Ints,
    name: list[str],
    country: list[str],
    tier: Ints,
    home: list[names.Place],
) -> dict[str, Any]:
    rng = world.rng
    counts = np.clip(rng.integers(1, 4, len(tier)) + (tier == 1) - (tier == 4), 1, 4)
    carriers = {"RNO": "NLPX", "MEM": "MDVL", "VEN": "RHLK"}
    far = {"JP": "PCAX", "BH": "PCAX"}
    rows: list[dict[str, Any]] = []
    sites: list[int] = []
    for i, many in enumerate(counts.tolist()):
        near = [p for p in names.PLACES if p.country == country[i]]
        for k in range(many):
            place = home[i] if k == 0 else near[int(rng.integers(0, len(near)))]
            carrier = far.get(
                place.country,
                "NLPX" if tier[i] == 4 and place.site != "VEN" else carriers[place.site],
            )
            rows.append(
                {
                    "customer_id": int(customer_id[i]),
                    "code": f"{k + 1:02d}",
                    "name": f"{name[i]} {('plant', 'warehouse', 'service depot', 'assembly hall')[k]} {place.city}",
                    "address": f"{int(rng.integers(2, 980))} {names.STREETS[int(rng.integers(0, len(names.STREETS)))]}",
                    "city": place.city,
                    "region": place.region,
                    "postal": place.postal,
                    "country": place.country,
                    "tz": place.tz,
                    "receiving_calendar_id": calendar_id[f"Receiving {place.tz} ({place.country})"],
                    "appointment_required": bool(rng.random() < 0.2),
                    "dock_notes": "Call the dock one hour ahead" if rng.random() < 0.15 else None,
                    "transit_days": place.transit,
                    "default_carrier_id": carrier_id[carrier],
                }
            )
            sites.append(site_id[place.site])
    ids = world.put_rows("ship_to", rows)
    return {
        "ship_to_first": np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64),
        "ship_to_count": counts.astype(np.int64),
        "ship_to_id": ids,
        "ship_to_site": np.array(sites, dtype=np.int64),
        "ship_to_transit": np.array([row["transit_days"] for row in rows], dtype=np.int64),
        "ship_to_zone": [row["tz"] for row in rows],
    }


def _contacts(world: World, parties: Parties, heads: list[str]) -> None:
    rng = world.rng
    rows: list[dict[str, Any]] = []
    for i, key in enumerate(parties.customer_id.tolist()):
        domain = "".join(ch for ch in heads[i].lower() if ch.isascii() and ch.isalpha()) + ".example"
        for role in ("BUYER", "AP", "RECEIVING", "ESCALATION")[: 4 if parties.tier[i] <= 2 else 3]:
            first = names.FIRST_NAMES[int(rng.integers(0, len(names.FIRST_NAMES)))]
            last = names.LAST_NAMES[int(rng.integers(0, len(names.LAST_NAMES)))]
            rows.append(
                {
                    "customer_id": key,
                    "name": f"{first} {last}",
                    "email": f"{last.lower().replace(' ', '')}@{domain}",
                    "phone": f"+1 555 01{int(rng.integers(0, 100)):02d}",
                    "role": role,
                    "language": LANGUAGES[parties.country[i]],
                }
            )
    world.put_rows("contact", rows)
