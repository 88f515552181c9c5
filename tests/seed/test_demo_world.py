"""The demo world keeps its laws, is as big as it says, and holds nothing that an order manager would not believe."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from tests.laws import broken_laws

TODAY = "(select min(available_on) from supply where type = 'ON_HAND')"
LINES = "from sales_order_line l join sales_order o on o.order_id = l.order_id"
SHIPPED = (
    "from shipment_line sl join shipment s on s.shipment_id = sl.shipment_id "
    "join sales_order_line l on l.line_id = sl.line_id join sales_order o on o.order_id = l.order_id"
)
OPEN = "l.delivered_on is null and l.cancelled_on is null"

# What must not be: each select counts the rows that an order manager would call nonsense.
NONSENSE = {
    "promised before entry": f"{LINES} where l.promised_on < l.entered_on or l.promised_on_first < l.entered_on",
    "requested before entry": f"{LINES} where l.requested_on < l.entered_on or l.requested_on_first < l.entered_on",
    "promised before requested": f"{LINES} where l.promised_on < l.requested_on",
    "planned to ship before entry": f"{LINES} where l.planned_ship_on < l.entered_on",
    "planned to ship after the promise": f"{LINES} where l.planned_ship_on > l.promised_on",
    "delivered before entry": f"{LINES} where l.delivered_on < l.entered_on",
    "cancelled before entry": f"{LINES} where l.cancelled_on < l.entered_on",
    "shipped before entry": f"{SHIPPED} where s.shipped_on < l.entered_on",
    "shipped before release": f"{SHIPPED} where s.goods_issue_at < o.released_at",
    "delivered before it left": "from shipment where delivered_on < shipped_on or delivered_at < goods_issue_at",
    "invoiced before it left": (
        "from invoice_line i join shipment s on s.shipment_id = i.shipment_id "
        "join invoice v on v.invoice_id = i.invoice_id where v.invoiced_on < s.shipped_on"
    ),
    "due before invoiced": "from invoice where due_on < invoiced_on",
    "paid before invoiced": (
        "from payment_application a join payment p on p.payment_id = a.payment_id "
        "join invoice v on v.invoice_id = a.invoice_id where p.paid_on < v.invoiced_on"
    ),
    "acknowledged before received": "from sales_order where acknowledged_at < received_at or entered_at < received_at",
    "released before acknowledged": "from sales_order where released_at < acknowledged_at",
    "closed while something is under way": (
        f"{LINES} where o.closed_at is not null and l.delivered_on is null and l.cancelled_on is null"
    ),
    "in the future": f"from shipment where delivered_on > {TODAY} or shipped_on > {TODAY}",
    "on a weekend": "from shipment where (delivered_on + 3) % 7 > 4 or (shipped_on + 3) % 7 > 4",
    "promised for a weekend": f"{LINES} where (l.promised_on + 3) % 7 > 4",
    "delivered to a closed place": (
        "from shipment s join ship_to t on t.ship_to_id = s.ship_to_id join calendar_exception e "
        "on e.calendar_id = t.receiving_calendar_id and e.on_day = s.delivered_on"
    ),
    "promised for a closed place": (
        f"{LINES} join ship_to t on t.ship_to_id = o.ship_to_id join calendar_exception e "
        "on e.calendar_id = t.receiving_calendar_id and e.on_day = l.promised_on"
    ),
    "shipped by a closed site": (
        "from shipment s join site t on t.site_id = s.site_id join calendar_exception e "
        "on e.calendar_id = t.calendar_id and e.on_day = s.shipped_on"
    ),
    "expected in the past": f"{LINES} where l.expected_on < {TODAY}",
    "expected though it is there": f"{LINES} where l.expected_on is not null and not ({OPEN})",
    "expected before its receipt": (
        f"{LINES} join reservation r on r.line_id = l.line_id join supply s on s.supply_id = r.supply_id "
        "where s.type = 'PO' and l.expected_on <= s.available_on"
    ),
    "late without a cause": f"{LINES} where l.delivered_on > l.promised_on and l.root_cause is null",
    "on time with a cause": f"{LINES} where l.delivered_on <= l.promised_on and l.root_cause is not null",
    "dearer than the list": f"{LINES} where l.net_price > l.list_price",
    "sold below cost": f"{LINES} where l.net_price < l.cost",
    "given away": f"{LINES} where l.net_price <= 0 or l.qty_ordered <= 0",
    "sold before its launch": f"{LINES} join sku k on k.sku_id = l.sku_id where l.entered_on < k.launch_on",
    "received before it was due by months": (
        "from supply where status = 'RECEIVED' and (received_on - original_on > 60 or original_on - received_on > 20)"
    ),
    "a promise changed to the same day": "from date_change where old = new",
    "an end of life that lies before the launch": "from sku where eol_announced_on < launch_on",
    "over the limit without a hold": (
        "from customer c where c.credit_limit < (select coalesce(sum(v.open_amount), 0) from invoice v "
        "where v.customer_id = c.customer_id) and not exists (select 1 from hold h join sales_order o "
        "on o.order_id = h.order_id where h.type = 'CREDIT' and o.customer_id = c.customer_id)"
    ),
    "held as a duplicate of nothing": (
        "from hold h join sales_order o on o.order_id = h.order_id where h.type = 'DUPLICATE' "
        "and not exists (select 1 from sales_order p where p.customer_id = o.customer_id "
        "and p.po_no = o.po_no and p.order_id <> o.order_id)"
    ),
    "a duplicate that nobody holds": (
        "from sales_order o join sales_order p on p.customer_id = o.customer_id and p.po_no = o.po_no "
        "and p.order_id < o.order_id where not exists (select 1 from hold h where h.type = 'DUPLICATE' "
        "and h.order_id in (o.order_id, p.order_id))"
    ),
}


def _count(engine: Engine, rest: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"select count(*) {rest}")).scalar_one())


def _share(engine: Engine, rest: str, condition: str) -> float:
    return 100 * _count(engine, f"{rest} and {condition}") / _count(engine, rest)


def test_every_conservation_law_holds(demo_engine: Engine) -> None:
    with demo_engine.connect() as connection:
        assert broken_laws(connection) == {}


@pytest.mark.parametrize("what", sorted(NONSENSE))
def test_nothing_is_implausible(demo_engine: Engine, what: str) -> None:
    assert _count(demo_engine, NONSENSE[what]) == 0


def test_the_world_is_as_big_as_it_says(demo_engine: Engine) -> None:
    counted = {
        "sites": _count(demo_engine, "from site"),
        "skus": _count(demo_engine, "from sku"),
        "customers": _count(demo_engine, "from customer"),
    }
    assert counted == {"sites": 3, "skus": 400, "customers": 120}
    assert 29_000 <= _count(demo_engine, f"{LINES} where l.delivered_on is not null") <= 31_000
    assert 5_700 <= _count(demo_engine, f"{LINES} where {OPEN}") <= 6_500
    open_orders = f"from (select distinct l.order_id from sales_order_line l where {OPEN}) as o"
    assert 1_400 <= _count(demo_engine, open_orders) <= 1_600


def test_history_reaches_back_twelve_months(demo_engine: Engine) -> None:
    months = (
        "from (select distinct delivered_on / 30 from sales_order_line where delivered_on is not null) as m"
    )
    assert 12 <= _count(demo_engine, months) <= 14
    assert _count(demo_engine, f"{LINES} where l.delivered_on < {TODAY} - 380") == 0
    # What was open when the history begins had been entered up to half a year before it, as late as it came.
    early = f"{LINES} where l.entered_on < {TODAY} - 380"
    assert _count(demo_engine, early) > 3_000
    assert _count(demo_engine, f"{early} and l.entered_on < {TODAY} - 660") == 0


def test_customers_stand_in_four_tiers_with_ship_tos_in_many_zones(demo_engine: Engine) -> None:
    sizes = [_count(demo_engine, f"from customer where tier = {tier}") for tier in (1, 2, 3, 4)]
    assert sizes == [10, 25, 45, 40]
    assert _count(demo_engine, "from (select distinct tz from ship_to) as z") >= 12
    without = "from ship_to where receiving_calendar_id is null"
    assert _count(demo_engine, without) == 0
    lonely = "from customer c where not exists (select 1 from ship_to t where t.customer_id = c.customer_id)"
    assert _count(demo_engine, lonely) == 0


def test_better_tiers_are_served_better_and_most_lines_are_on_time(demo_engine: Engine) -> None:
    shares = [
        _share(
            demo_engine,
            f"{LINES} join customer c on c.customer_id = o.customer_id "
            f"where l.delivered_on is not null and c.tier = {tier}",
            "l.delivered_on <= l.promised_on",
        )
        for tier in (1, 2, 3, 4)
    ]
    assert shares == sorted(shares, reverse=True), shares
    assert 90 <= shares[0] <= 96
    assert 82 <= shares[3] <= 90


def test_lateness_splits_shorts_and_returns_have_the_shares_of_real_life(demo_engine: Engine) -> None:
    done = f"{LINES} where l.delivered_on is not null"
    assert 6 <= _share(demo_engine, done, "l.delivered_on > l.promised_on") <= 14
    late = f"{done} and l.delivered_on > l.promised_on"
    assert _share(demo_engine, late, "l.delivered_on <= l.promised_on + 7") > 50
    assert 1 <= _share(demo_engine, done, "l.delivered_on > l.promised_on + 14") <= 4
    assert 0.5 <= _share(demo_engine, done, "l.qty_returned > 0") <= 2.5
    assert 0.5 <= _share(demo_engine, done, "l.qty_cancelled_supplier > 0") <= 2.5
    split = "from (select line_id from shipment_line group by line_id having count(*) > 1) as s"
    assert 600 <= _count(demo_engine, split) <= 1_600
    causes = "from (select distinct root_cause from sales_order_line where root_cause is not null) as c"
    assert _count(demo_engine, causes) == 5


def test_suppliers_have_a_lateness_record_that_tells_good_from_bad(demo_engine: Engine) -> None:
    late = (
        "select avg(case when received_on > original_on then 1.0 else 0.0 end) from supply "
        "where status = 'RECEIVED' group by supplier_id"
    )
    with demo_engine.connect() as connection:
        shares = sorted(float(share) for share in connection.execute(text(late)).scalars())
    assert len(shares) == 25
    assert shares[2] < 0.06
    assert shares[-3] > 0.2


def test_every_lifecycle_status_is_there_and_what_is_gone_has_no_open_demand(demo_engine: Engine) -> None:
    assert _count(demo_engine, "from (select distinct status from sku) as s") == 8
    gone = (
        f"{LINES} join sku k on k.sku_id = l.sku_id where {OPEN} and k.status in ('OBSOLETE', 'DEVELOPMENT')"
    )
    assert _count(demo_engine, gone) == 0


@pytest.mark.parametrize(
    ("currency", "step"), [("JPY", 10_000), ("EUR", 100), ("USD", 100), ("GBP", 100), ("BHD", 10)]
)
def test_amounts_are_whole_minor_units_of_their_currency(
    demo_engine: Engine, currency: str, step: int
) -> None:
    orders = f"from sales_order where currency = '{currency}'"
    assert _count(demo_engine, orders) > 20
    assert _count(demo_engine, f"{orders} and total_net % {step} <> 0") == 0
    assert _count(demo_engine, f"from invoice where currency = '{currency}' and total % {step} <> 0") == 0


def test_dinars_use_their_third_decimal(demo_engine: Engine) -> None:
    assert _count(demo_engine, "from sales_order where currency = 'BHD' and total_net % 100 <> 0") > 0


def test_stock_never_runs_below_zero_on_its_way(demo_engine: Engine) -> None:
    below = (
        "from (select sum(on_hand_delta) over (partition by sku_id, site_id order by at, movement_id) as running "
        "from stock_movement) as m where running < 0"
    )
    assert _count(demo_engine, "from stock_movement") > 30_000
    assert _count(demo_engine, below) == 0
