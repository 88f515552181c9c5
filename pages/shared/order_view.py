"""The head of one order: its sentence, holds, facts, and its lines with all quantities and dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from domain.services import action_deeds
from domain.services.actions import Offer
from domain.services.holding.hold_words import RELEASED_BY
from domain.vocabulary.statuses import GONE_STAGES
from pages.shared import action_bar, frame, table, wording
from pages.shared.table import Column

_NOW_ONLY = "Kept only as it is today."
QUANTITIES = (
    Column("line_no", "Line", "text", 48, pinned=True),
    Column("sku", "SKU", "text", 85),
    Column("sku_description", "Description", "text", 160),
    Column("uom", "Unit", "text", 48),
    Column("state", "State", "text", 140),
    Column("qty_ordered", "Ordered", "quantity", 78),
    Column("qty_open", "Open", "quantity", 70),
    Column("qty_cancelled", "Cancelled", "quantity", 82),
    Column("qty_confirmed", "Confirmed", "quantity", 84, help=_NOW_ONLY),
    Column("qty_allocated", "Allocated", "quantity", 82, help=_NOW_ONLY),
    Column("qty_shipped", "Shipped", "quantity", 80, help=_NOW_ONLY),
    Column("qty_delivered", "Delivered", "quantity", 82),
    Column("qty_invoiced", "Invoiced", "quantity", 80, help=_NOW_ONLY),
    Column("qty_returned", "Returned", "quantity", 80, help=_NOW_ONLY),
    Column("net_amount", "Value", "money", 100),
)
DATES = (
    Column("line_no", "Line", "text", 55, pinned=True),
    Column("sku", "SKU", "text", 110),
    Column("requested_on_first", "First requested", "day", 115),
    Column("requested_on", "Requested", "day", 105),
    Column("promised_on_first", "First promise", "day", 110),
    Column("promised_on", "Promise", "day", 105, help="The promise in force on the day shown."),
    Column("planned_ship_on", "Planned ship", "day", 110, help=_NOW_ONLY),
    Column("expected_on", "Expected", "day", 105, help=_NOW_ONLY),
    Column("delivered", "Delivered", "text", 105),
    Column("late", "Against the promise", "text", 150),
)
_KEPT_AS_NOW = (
    "qty_confirmed", "qty_allocated", "qty_shipped", "qty_invoiced", "qty_returned", "planned_ship_on", "expected_on",
)  # fmt: skip


def sentence(order: Mapping[str, Any], lines: pd.DataFrame, opened: frame.Opened) -> str:
    """Return what the order is and how it stands on the day."""
    stage = f"{wording.code(order['stage'])} · " if opened.live else ""
    open_lines = lines[lines["is_open"] == 1]
    overdue = int((open_lines["promised_on"] < pd.Timestamp(opened.as_of)).sum())
    late = f", **{overdue} overdue**" if overdue else ""
    value = lines["net_amount"].sum(min_count=1)
    next_day = open_lines["promised_on"].min()
    due = f" · next promised {wording.day(next_day)}" if pd.notna(next_day) else ""
    of = wording.plain(str(order["customer"]))
    worth = wording.money(value, order["currency"] or "")
    return f"{of} · {stage}{wording.lines(len(lines))}: {len(open_lines)} open{late} · value {worth}{due}"


def not_yet(lines: pd.DataFrame, opened: frame.Opened) -> None:
    """Say so when the order was entered after the day shown."""
    entered = lines["entered_on"].min()
    if pd.notna(entered) and entered.date() > opened.as_of:
        st.info(
            f"This order was entered on {wording.day(entered)}, after the day shown: nothing of it was open then.",
            icon=":material/history:",
        )


def held(holds: pd.DataFrame, offers: Mapping[int, Sequence[Offer]]) -> None:
    """Draw each active hold: what it blocks, why, since when, who may lift it, and what may be done about it."""
    if holds.empty:
        return
    for hold in holds[holds["active"] == 1].to_dict("records"):
        blocks = ", ".join(wording.code(word).lower() for word in hold["blocks"].split(","))
        assignee = f", assigned to {hold['assignee']}" if hold["assignee"] else ""
        signed = f" First signature: {hold['first_released_by']}." if hold["first_released_by"] else ""
        until = (
            f" Ends by itself on {wording.instant(hold['expires_at'])}."
            if pd.notna(hold["expires_at"])
            else ""
        )
        with st.container(border=True, gap="small"):
            st.markdown(
                f":orange[:material/pan_tool:] **{wording.code(hold['type'])} hold{_scope(hold)}** blocks {blocks}: "
                f"{wording.plain(hold['reason'])}.  \n"
                f"{wording.code(hold['status'])} since {wording.instant(hold['placed_at'])}, placed by "
                f"{wording.plain(hold['placed_by'])}{wording.plain(assignee)}. "
                f"Released by {RELEASED_BY[hold['type']]}.{wording.plain(signed)}{until}"
            )
            about = f"{wording.code(hold['type'])} hold{_scope(hold)}"
            action_bar.bar(
                action_deeds.HOLD, hold["hold_id"], offers.get(hold["hold_id"], ()), about=about, small=True
            )


def _scope(hold: Mapping[Any, Any]) -> str:
    """Return what the hold is on, where that is not the order itself."""
    if hold["scope"] == "LINE":
        return f" of line {hold['line_no']}"
    return "" if hold["scope"] == "ORDER" else f" of the {wording.code(hold['scope']).lower()}"


def facts(order: Mapping[str, Any], lines: pd.DataFrame, opened: frame.Opened) -> None:
    """Draw who ordered what on which terms."""
    place = ", ".join(part for part in (order["ship_to"], order["city"], order["country"]) if part)
    incoterm = " ".join(part for part in (order["incoterm"], order["incoterm_place"]) if part)
    open_value = lines["open_amount"].sum(min_count=1) if not lines.empty else None
    shown = {
        "Customer": order["customer"],
        "Tier": order["tier"],
        "Customer PO": order["po_no"],
        "PO of": wording.day(order["po_on"]) if order["po_on"] else None,
        "Ship to": place,
        "Channel": wording.code(order["channel"]) if order["channel"] else None,
        "Terms": " · ".join(
            part for part in (order["payment_terms"], incoterm, order["freight_terms"]) if part
        ),
        "Stage today": wording.code(order["stage"]),
        "Received": wording.instant(order["received_at"] or order["entered_at"]),
        "Requested": wording.day(order["requested_on"]) if order["requested_on"] else _first_requested(lines),
        "Still open": wording.money(open_value, order["currency"] or ""),
        "Owner": order["owner"],
        "Type": wording.code(order["type"]),
        "Source": order["source"],
    }
    with st.container(border=True):
        with st.container(horizontal=True, gap="small"):
            for label, value in shown.items():
                with st.container(width=155, gap=None):
                    st.caption(label)
                    st.markdown(
                        wording.plain(str(value)) if value not in (None, "") else f":gray[{wording.MISSING}]"
                    )
        _flags(order)


def lines_table(lines: pd.DataFrame, order: Mapping[str, Any], opened: frame.Opened) -> None:
    """Draw the lines: quantities, then dates."""
    rows = _prepared(lines, opened)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Quantities", anchor=False, width="content")
        st.space("stretch")
        table.offer(
            rows,
            (*QUANTITIES, *(column for column in DATES if column not in QUANTITIES[:2])),
            title=f"Order {order['order_no']}",
            filters={
                "As of": opened.as_of.isoformat(),
                "Order": order["order_no"],
                "Source": order["source"],
            },
            key="order_export",
        )
    table.show(
        rows,
        QUANTITIES,
        alt="Order lines with all quantities",
        key="order_quantities",
        missing=wording.MISSING,
    )
    st.subheader("Dates", anchor=False)
    table.show(rows, DATES, alt="Order lines with all dates", key="order_dates", missing=wording.MISSING)


def _prepared(lines: pd.DataFrame, opened: frame.Opened) -> pd.DataFrame:
    end = pd.Timestamp(opened.as_of)
    rows = lines.assign(
        # A delivery after the day shown had not happened yet.
        delivered_on=lines["delivered_on"].where(lines["delivered_on"] <= end),
        cancelled_on=lines["cancelled_on"].where(lines["cancelled_on"] <= end),
    )
    if not opened.live:
        known = rows["qty_delivered"].notna()
        rows = rows.assign(
            **dict.fromkeys(_KEPT_AS_NOW),
            qty_delivered=(rows["qty_net"] - rows["qty_open"]).where(known),
        )
    return rows.assign(
        qty_open=rows["qty_open"].where(rows["is_open"] == 1, 0.0),
        delivered=[_delivered(row) for row in rows.to_dict("records")],
        state=[_state(row) for row in rows.to_dict("records")],
        late=[_late(row, opened.as_of) for row in rows.to_dict("records")],
    )


def _state(row: Mapping[Any, Any]) -> str:
    if pd.notna(row["delivered_on"]):
        return "Delivered"
    if pd.notna(row["cancelled_on"]) or _gone(row):
        return "Cancelled"
    return f"Open: {wording.code(row['wait_reason']).lower()}" if row["is_open"] == 1 else wording.MISSING


def _gone(row: Mapping[Any, Any]) -> bool:
    """Whether the line is cancelled on a day that nobody recorded."""
    return row["is_open"] != 1 and row["stage"] in GONE_STAGES


def _delivered(row: Mapping[Any, Any]) -> str:
    if pd.notna(row["delivered_on"]):
        return str(row["delivered_on"].date())
    if pd.notna(row["cancelled_on"]) or _gone(row):
        return "cancelled"
    return "not yet" if row["is_open"] == 1 else wording.MISSING


def _late(row: Mapping[Any, Any], as_of: date) -> str:
    promised = row["promised_on"]
    until = row["delivered_on"] if pd.notna(row["delivered_on"]) else pd.Timestamp(as_of)
    if pd.isna(promised) or (row["is_open"] != 1 and pd.isna(row["delivered_on"])):
        return wording.MISSING if pd.isna(promised) else "–"
    days = (until - promised).days
    if pd.notna(row["delivered_on"]):
        return "on the day" if days == 0 else f"{abs(days)} d {'late' if days > 0 else 'early'}"
    return f"{days} d overdue" if days > 0 else f"due in {-days} d"


def _first_requested(lines: pd.DataFrame) -> str | None:
    first = lines["requested_on"].min() if not lines.empty else None
    return None if first is None or pd.isna(first) else wording.day(first)


def _flags(order: Mapping[str, Any]) -> None:
    flags = [
        ("Ship complete", bool(order["ship_complete"])),
        ("Delivery by appointment", bool(order["appointment_required"])),
    ]
    with st.container(horizontal=True, gap="small"):
        for label, on in flags:
            if on:
                st.badge(label, icon=":material/flag:", color="blue")
        if order["partial_policy"]:
            st.badge(f"Partial deliveries: {wording.code(order['partial_policy']).lower()}", color="gray")
    for label, text in (
        ("Special instructions", order["special_instructions"]),
        ("Dock", order["dock_notes"]),
        ("Note", order["note"]),
    ):
        if text:
            st.markdown(f"**{label}:** {wording.plain(text)}")
