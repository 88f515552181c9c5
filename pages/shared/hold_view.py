"""What the Holds screen says and shows: its figures, its sentence, the funnel, and its three lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

import altair as alt
import pandas as pd
import streamlit as st

from domain.services.holding import hold_words
from domain.vocabulary.hold_filter import HoldAge, HoldFilter
from pages.shared import charts, frame, hold_filters, kpi_strip, line_list, table, wording
from pages.shared.table import Column

SHADES = {
    HoldAge.TODAY: "grey", HoldAge.DAYS_1_3: "grey", HoldAge.DAYS_4_7: "grey", HoldAge.DAYS_8_14: "orange",
    HoldAge.DAYS_15_30: "orange", HoldAge.OVER_30: "red",
}  # fmt: skip
BANDS = {"grey": "up to 7 days", "orange": "8 to 30 days", "red": "over 30 days"}
ORDER = Column("order", "Order", "link", 100, shows=line_list.ORDER_PATTERN, pinned=True)
VALUES = (Column("value", "Open value", "money", 110), Column("currency", "Currency", "text", 80))
HOLDS = (
    ORDER,
    Column("on", "On", "text", 210),
    Column("kind", "Hold", "text", 125),
    Column("state", "Status", "text", 130),
    Column("blocked", "Blocks", "text", 190),
    Column("days", "Days", "count", 60, help="Whole days since it was placed."),
    *VALUES,
    Column("also", "And in", "text", 130, help="Open value in further currencies; never added up."),
    Column("lines", "Lines", "count", 65, help="Open lines under the hold."),
    Column("assignee", "Assigned to", "text", 130),
    Column("may", "May release", "text", 230),
    Column("reason", "Reason", "text", 330),
    Column("until", "Until", "day", 95),
    Column("placed_by", "Placed by", "text", 120),
    Column("signed", "First signature", "text", 120),
)
ORDERS = (
    ORDER,
    Column("customer", "Customer", "text", 190),
    Column("tier", "Tier", "count", 60),
    Column("kinds", "Holds", "text", 220),
    Column("blocked", "Blocks", "text", 220),
    Column("days", "Days", "count", 65, help="Days since the oldest of its holds was placed."),
    Column("lines", "Lines held", "count", 90),
    Column("promised_on", "Next promised", "day", 115),
    *VALUES,
    Column("owner", "Owner", "text", 130),
)
STOCK = (
    Column("sku", "SKU", "text", 100, pinned=True),
    Column("site", "Site", "text", 70),
    Column("qty", "Quantity", "quantity", 90),
    Column("base_uom", "Unit", "text", 60),
    *VALUES,
    Column("days", "Days", "count", 65, help="Days since the oldest hold on it was placed."),
    Column("why", "Locked as", "text", 170),
    ORDER._replace(pinned=False),
    Column("line_no", "Line", "text", 60),
    Column("customer", "Customer", "text", 180),
)


COLUMNS = {"holds": HOLDS, "orders": ORDERS, "stock": STOCK}
"""The columns of each list, by the name that the URL has for it."""


@dataclass(frozen=True)
class Book:
    """The holds of a filter with what is under them, as frames."""

    holds: pd.DataFrame
    worth: pd.DataFrame
    orders: pd.DataFrame
    stock: pd.DataFrame


def days_since(placed: pd.Series[Any], as_of: date) -> pd.Series[Any]:
    """Return whole days from an instant's day to the day shown."""
    day = placed.dt.tz_convert("UTC").dt.tz_localize(None).dt.normalize()
    return (pd.Timestamp(as_of) - day).dt.days


def prepared_holds(rows: pd.DataFrame, worth: pd.DataFrame, opened: frame.Opened) -> pd.DataFrame:
    """Return holds with words, age, and the open value under each: the largest currency first, the rest as text."""
    ranked = worth.sort_values(["hold_id", "value"], ascending=[True, False])
    first = ranked.drop_duplicates("hold_id").set_index("hold_id")
    rest = ranked[ranked.duplicated("hold_id")]
    also = {
        key: " + ".join(wording.money(row.value, row.currency, short=True) for row in part.itertuples())
        for key, part in rest.groupby("hold_id")
    }
    counts = worth.groupby("hold_id")[["lines", "orders"]].sum()
    keys = rows["hold_id"]
    return rows.assign(
        what=[_what(row) for row in rows.to_dict("records")],
        on=[_on(row) for row in rows.to_dict("records")],
        order=_links(rows["order_no"], rows["order_source"], opened),
        kind=rows["type"].map(wording.code),
        state=rows["status"].map(wording.code),
        blocked=rows["blocks"].map(_blocks),
        days=days_since(rows["placed_at"], opened.as_of),
        value=keys.map(first["value"]),
        currency=keys.map(first["currency"]),
        also=keys.map(also),
        lines=keys.map(counts["lines"]).fillna(0).astype(int),
        orders=keys.map(counts["orders"]).fillna(0).astype(int),
        may=rows["type"].map(hold_words.DESKS),
        until=rows["expires_at"].dt.tz_localize(None).dt.normalize(),
        signed=rows["first_released_by"],
    )


def prepared_orders(lines: pd.DataFrame, opened: frame.Opened) -> pd.DataFrame:
    """Return one row per held order: its holds, what they block, the open value of its held lines."""
    if lines.empty:
        return pd.DataFrame(columns=["order_id", *(column.name for column in ORDERS)])
    once = lines.drop_duplicates(["order_id", "line_id"])
    by_order = once.groupby("order_id", sort=False)
    held = lines.groupby("order_id", sort=False)
    rows = by_order[["order_no", "source", "customer", "tier", "owner", "currency"]].first().reset_index()
    key = rows["order_id"]
    kinds = held["type"].agg(lambda words: ", ".join(wording.code(word) for word in dict.fromkeys(words)))
    blocks = held["blocks"].agg(lambda texts: _blocks(",".join(texts)))
    rows = rows.assign(
        order=_links(rows["order_no"], rows["source"], opened),
        kinds=key.map(kinds),
        blocked=key.map(blocks),
        placed_at=key.map(held["placed_at"].min()),
        lines=key.map(by_order.size()),
        promised_on=key.map(by_order["promised_on"].min()),
        value=key.map(by_order["open_amount"].sum(min_count=1)),
    )
    rows["days"] = days_since(rows["placed_at"], opened.as_of)
    return rows.sort_values(["days", "value"], ascending=False, ignore_index=True)


def prepared_stock(rows: pd.DataFrame, opened: frame.Opened) -> pd.DataFrame:
    """Return locked stock with words and age."""
    return rows.assign(
        order=_links(rows["order_no"], None, opened),
        days=days_since(rows["since"], opened.as_of),
        why=[
            "Free, its SKU is held" if pd.isna(number) else "Reserved for a held line"
            for number in rows["order_no"]
        ],
    )


def sentence(book: Book, mine: int, opened: frame.Opened) -> str:
    """Return how many holds stand on how many orders, what is held, how old, and how many wait for this person."""
    number = len(book.holds)
    if not number:
        return f"**No hold** stands on {wording.day(opened.as_of)}."
    oldest = int(book.holds["days"].max())
    yours = f" · **{wording.count(mine)} yours to decide**" if opened.live else ""
    return (
        f"**{wording.lines(number, 'hold')}** on {wording.lines(len(book.orders), 'order')} · "
        f"{amounts(book.orders) or 'no value'} held · oldest {wording.lines(oldest, 'day')}{yours}"
    )


def amounts(rows: pd.DataFrame) -> str:
    """Return the values per currency, the largest first, never added up."""
    sums = rows.dropna(subset=["value"]).groupby("currency")["value"].sum().sort_values(ascending=False)
    return ", ".join(
        wording.money(value, str(currency), short=True) for currency, value in sums.items() if value
    )


def cards(book: Book, wanted: HoldFilter, opened: frame.Opened) -> None:
    """Draw the four figures; each opens its rows."""
    kept = wanted.query()
    holds, stock = book.holds, book.stock
    oldest = int(holds["days"].max()) if len(holds) else 0
    bucket = HoldAge.of(oldest)
    same = int(sum(HoldAge.of(max(int(days), 0)) is bucket for days in holds["days"]))
    locked = int(stock["days"].max()) if len(stock) else 0
    first, *others = _quantities(stock)
    more = f"and {', '.join(others)} · " if others else ""
    kpi_strip.show(
        [
            kpi_strip.Card(
                "Open holds", wording.count(len(holds)), f"See {wording.lines(len(holds), 'hold')}", {},
                "Holds placed by the day shown and not released, refused or expired by then.",
                note=_by_state(holds) or None, screen="holds",
            ),
            kpi_strip.Card(
                "Orders held", wording.count(len(book.orders)), f"See {wording.lines(len(book.orders), 'order')}",
                {**kept, "list": "orders"}, "Orders with an open line under at least one of these holds, each counted once.",
                note=amounts(book.orders) or None, screen="holds",
            ),
            kpi_strip.Card(
                "Stock locked", first, f"See {wording.lines(len(stock), 'position')}", {**kept, "list": "stock"},
                "Stock in the house that is reserved for a held line, or free of a SKU whose hold blocks allocating. "
                "Holds that block invoicing alone lock nothing.",
                note=f"{more}{amounts(stock) or 'value not recorded'} · oldest {wording.lines(locked, 'day')}"
                if len(stock) else None,
                screen="holds",
            ),
            kpi_strip.Card(
                "Oldest", wording.lines(oldest, "day") if len(holds) else "–",
                f"See {same} of {hold_filters.AGES[bucket].lower()}", {**kept, "age": bucket.value},
                "Whole days since the oldest open hold was placed; the link opens all holds of its age band.",
                note=_worst(holds), screen="holds",
            ),
        ],
        opened,
    )  # fmt: skip


def _by_state(holds: pd.DataFrame) -> str:
    counts = holds["state"].value_counts()
    return " · ".join(f"{number} {str(state).lower()}" for state, number in counts.items())


def _worst(holds: pd.DataFrame) -> str | None:
    if holds.empty:
        return None
    row = holds.loc[holds["days"].idxmax()]
    return f"{row['kind']} on {wording.plain(str(row['what']))}"


def _quantities(stock: pd.DataFrame) -> list[str]:
    """Return the locked quantities by unit, the largest first: units are never added up."""
    if stock.empty:
        return ["0"]
    sums = stock.groupby(stock["base_uom"].fillna("?"))["qty"].sum().sort_values(ascending=False)
    return [f"{wording.quantity(float(qty))} {unit}" for unit, qty in sums.items()]


def funnel(book: Book, *, key: str) -> str | None:
    """Draw how many holds wait by type and age, with value and oldest; return the type clicked on."""
    holds = book.holds
    shades = charts.palette()
    data = pd.DataFrame(
        {
            "type": holds["kind"],
            "code": holds["type"],
            "band": [BANDS[SHADES[HoldAge.of(max(int(days), 0))]] for days in holds["days"]],
        }
    )
    counts = data.groupby(["type", "code", "band"], as_index=False).size().rename(columns={"size": "holds"})
    labels = pd.DataFrame([_label(str(code), part) for code, part in holds.groupby("type")])
    order = labels.sort_values("total", ascending=False)["type"].tolist()
    picked = alt.selection_point(name="picked", fields=["code"], empty=True)
    y = alt.Y("type:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=160))
    bars = (
        alt.Chart(counts)
        .mark_bar(height=16, cursor="pointer")
        .encode(
            y=y,
            x=alt.X("sum(holds):Q", title=None, axis=None, scale=alt.Scale(domainMax=float(labels["total"].max()) * 1.9)),
            color=alt.Color(
                "band:N",
                scale=alt.Scale(domain=list(BANDS.values()), range=[shades[name] for name in BANDS]),
                legend=alt.Legend(orient="top", title=None, offset=2),
            ),
            order=alt.Order("rank:Q"),
            opacity=alt.condition(picked, alt.value(1), alt.value(0.45)),
            tooltip=[alt.Tooltip("type:N", title="Hold"), alt.Tooltip("band:N", title="Age"), alt.Tooltip("holds:Q", title="Holds")],
        )
        .transform_calculate(rank=alt.expr.indexof(list(BANDS.values()), alt.datum.band))
        .add_params(picked)
    )  # fmt: skip
    text = (
        alt.Chart(labels)
        .mark_text(align="left", dx=6, fontSize=12, color=shades["text"])
        .encode(y=y, x=alt.X("total:Q", axis=None), text="says:N")
    )
    chart = (bars + text).properties(height=30 * len(order) + 34).configure_view(stroke=None)
    said = "; ".join(f"{row.type} {row.says}" for row in labels.itertuples())
    event: Any = st.vega_lite_chart(
        chart.to_dict(), on_select="rerun", selection_mode="picked", key=key, alt=f"Holds by type: {said}"
    )
    found = event.selection.get("picked") or []
    return str(found[0]["code"]) if found else None


def _label(code: str, part: pd.DataFrame) -> dict[str, Any]:
    worth = amounts(part)
    oldest = wording.lines(int(part["days"].max()), "day")
    return {
        "type": wording.code(code), "code": code, "total": len(part),
        "says": f"{len(part)} · oldest {oldest}{f' · {worth}' if worth else ''}",
    }  # fmt: skip


def empty(wanted: HoldFilter, opened: frame.Opened, standing: int) -> None:
    """Draw why there are no rows: the filters hide some, or nothing is held."""
    if hold_filters.narrows(wanted) and standing:
        with st.container(border=True, horizontal_alignment="center"):
            st.markdown(
                f"**No hold matches. The filters hide {wording.lines(standing, 'hold')}.**", width="content"
            )
            st.caption(
                " · ".join(f"{k} {wording.plain(v)}" for k, v in hold_filters.words(wanted).items()),
                width="content",
            )
            st.button(
                "Clear filters", icon=":material/filter_alt_off:", type="primary", on_click=hold_filters.clear
            )
        return
    frame.nothing_here(
        f"All clear: nothing is held on {wording.day(opened.as_of)}.",
        todo="Every order may be confirmed, released and shipped as far as holds go.",
        key="orders",
        label="See the open lines",
        **opened.day,
    )


def _what(row: Mapping[Any, Any]) -> str:
    scope = row["scope"]
    named = {"ORDER": "order_no", "CUSTOMER": "customer", "SKU": "sku", "SHIPMENT": "shipment_no"}
    if scope == "LINE":
        return f"Line {row['line_no']} of {row['order_no']}"
    return f"{wording.code(scope)} {row[named[scope]]}"


def _on(row: Mapping[Any, Any]) -> str:
    """Return what the hold is on, beside a column that shows the order's number."""
    if row["scope"] in ("ORDER", "LINE"):
        whole = "Order" if row["scope"] == "ORDER" else f"Line {row['line_no']}"
        return f"{whole} of {row['customer']}"
    return _what(row)


def _blocks(text: str) -> str:
    return ", ".join(wording.code(word).lower() for word in dict.fromkeys(text.split(",")))


def _links(numbers: pd.Series[Any], sources: pd.Series[Any] | None, opened: frame.Opened) -> pd.Series[Any]:
    stem = frame.address("order", opened)
    joint = "&" if "?" in stem else "?"
    made = stem + joint + "so=" + numbers.map(lambda number: quote(str(number)), na_action="ignore")
    return (
        made
        if sources is None
        else made + sources.map(lambda s: f"&source={quote(str(s))}", na_action="ignore")
    )


def show(name: str, rows: pd.DataFrame, *, pick: bool) -> list[int]:
    """Draw one of the three lists and return the places of the chosen rows."""
    return table.show(
        rows, COLUMNS[name], alt=f"{len(rows)} rows of {name}", key=f"held_{name}", height=470, pick=pick
    )
