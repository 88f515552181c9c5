"""What the Delivery dates screen says about an answer: words, columns, empty states, sentences to copy."""

from __future__ import annotations

from urllib.parse import quote

import pandas as pd
import streamlit as st

from domain.services.figures.delivery_dates import MOST_LINES, SHORTEST, Answer
from domain.vocabulary.line_search import Confidence, Recognised
from pages.shared import frame, line_list, wording
from pages.shared.table import Column

KINDS = {
    Recognised.ORDER: "order number",
    Recognised.PO: "customer PO",
    Recognised.TRACKING: "tracking or shipment number",
    Recognised.CUSTOMER_PART: "customer part number",
    Recognised.SKU: "SKU",
    Recognised.CUSTOMER: "customer",
    Recognised.WORDS: "words in lines",
}
RESTS_ON = {
    Confidence.DELIVERED: "Delivered",
    Confidence.CARRIER: "Carrier's day",
    Confidence.STOCK: "Stock reserved",
    Confidence.RECEIPT: "A receipt to come",
    Confidence.NOT_RECORDED: wording.MISSING,
}
TOLD = 3
COLUMNS = (
    Column("order", "Order", "link", 95, shows=line_list.ORDER_PATTERN, pinned=True),
    Column("line_no", "Line", "text", 48),
    Column("customer", "Customer", "text", 125),
    Column("sku", "SKU", "text", 78),
    Column("qty_net", "Quantity", "quantity", 72),
    Column("requested_on", "Requested", "day", 93),
    Column("promised_on", "Promised", "day", 93, help="The promise in force on the day shown."),
    Column(
        "now_expected_on", "Now expected", "day", 102, help="Delivered, the carrier's, or the expected day."
    ),
    Column("slip", "Slip", "text", 92, help="Days from the promise to the day now expected."),
    Column("reason", "Reason", "text", 125),
    Column(
        "rests_on", "Rests on", "text", 110, help="What proves the day; “not recorded” where nothing does."
    ),
    Column(
        "moved", "Last moved", "text", 260, help="Old promise → new promise, the day it changed, and why."
    ),
    Column("po_no", "PO", "text", 120),
    Column("sku_description", "Description", "text", 220),
    Column("ship_to", "Ship to", "text", 160),
    Column("sentence", "Safe to tell", "text", 420),
)
_FIRST = ("order", "line_no", "customer", "sku", "promised_on", "moved")
MOVED = (
    *(next(column for column in COLUMNS if column.name == name) for name in _FIRST),
    *(column for column in COLUMNS if column.name not in _FIRST),
)
"""The same columns for the list of moves, the move itself before what fits no more."""
EXPORTED = (Column("order_no", "Order"), *(column for column in COLUMNS if column.name != "order"))


def sentence(answer: Answer, text: str, opened: frame.Opened) -> str:
    """Return what the text was recognised as, and how many lines that means."""
    if len(text) < SHORTEST:
        return f"Type at least {SHORTEST} characters."
    if not answer.readings:
        return f"“{wording.plain(text[:60])}” is no number or name in the book."
    ways = [
        f"{KINDS[reading.kind]}{'' if reading.exact else ', in part' if reading.kind is not Recognised.WORDS else ''} "
        f"({wording.lines(reading.lines)})"
        for reading in answer.readings
    ]
    cut = f" · the first {MOST_LINES} are shown, type more to narrow" if answer.lines > MOST_LINES else ""
    moved = int(answer.rows["moved_lately"].sum()) if not answer.rows.empty else 0
    news = f" · **{moved} moved since yesterday**" if moved else ""
    return f"“{wording.plain(text[:60])}” recognised as {', and as '.join(ways)}{cut}{news}"


def moved_sentence(answer: Answer, opened: frame.Opened) -> str:
    """Return how many promises moved lately, and what to type."""
    return (
        f"Promises of **{wording.lines(answer.lines)}** moved since yesterday · "
        "type any number or name to see when it comes"
    )


def nothing(answer: Answer, text: str, opened: frame.Opened) -> None:
    """Draw why there are no rows."""
    if not text:
        frame.nothing_here(
            "No promise moved since yesterday.", todo="Type a number or a name above to see when it comes."
        )
    elif len(text) < SHORTEST:
        frame.nothing_here(
            "That is too little to look for.", todo="Type a whole number, or the beginning of one."
        )
    elif answer.readings:
        frame.nothing_here(
            "Known, but no line is open or was delivered lately.",
            todo="Lines delivered more than 60 days before the day shown are in Orders.",
            key="orders",
            label="Look in all lines",
            **opened.day,
            state="ALL",
            text=text,
        )
    else:
        frame.nothing_here(
            f"Nothing found for “{wording.plain(text[:60])}”.",
            todo="Check the number; the beginning of it, or a word of the customer's or the product's name, is enough.",
            key="orders",
            label="See all open lines",
            **opened.day,
            state="OPEN",
        )
    frame.old_book(opened)


def prepared(rows: pd.DataFrame, opened: frame.Opened) -> pd.DataFrame:
    """Return the rows with links and words in place of keys and codes."""
    stem = frame.address("order", opened)
    joint = "&" if "?" in stem else "?"
    return rows.assign(
        order=[f"{stem}{joint}so={quote(order)}" for order in rows["order_no"]],
        slip=[_slip(days) for days in rows["slip_days"]],
        reason=[_reason(row) for row in rows.to_dict("records")],
        rests_on=[RESTS_ON[Confidence(word)] for word in rows["confidence"]],
        moved=[_moved(row) for row in rows.to_dict("records")],
    )


def tell(rows: pd.DataFrame) -> None:
    """Draw the sentences that may be told, each with its copy button."""
    with st.container(border=True):
        st.subheader("Safe to tell the customer", anchor=False)
        sentences = list(rows["sentence"])
        st.caption(
            "Dates and progress only: no cost, no credit, no other customers. Copy by the button at the right."
        )
        for sentence in sentences[:TOLD]:
            st.code(sentence, language=None, wrap_lines=True)
        if len(sentences) > TOLD:
            with st.expander(f"All {len(sentences)} sentences as one text"):
                st.code("\n".join(sentences), language=None, wrap_lines=True, height=300)


def _slip(days: int | None) -> str:
    if pd.isna(days):
        return wording.MISSING
    if days == 0:
        return "on the day"
    return f"{abs(days)} {'day' if abs(days) == 1 else 'days'} {'late' if days > 0 else 'early'}"


def _reason(row: dict[str, object]) -> str:
    if row["is_open"] != 1:
        return "Cancelled" if pd.isna(row["delivered_on"]) and pd.notna(row["cancelled_on"]) else "Delivered"
    if row["holds"]:
        return "On hold: " + ", ".join(wording.code(word).lower() for word in str(row["holds"]).split(", "))
    return wording.code(str(row["wait_reason"]))


def _moved(row: dict[str, object]) -> str:
    if pd.isna(row["moved_at"]):
        return "not moved"
    days = [
        wording.MISSING if pd.isna(row[name]) else wording.short_day(row[name])
        for name in ("moved_from", "moved_to")
    ]
    why = f", {row['moved_why']}" if isinstance(row["moved_why"], str) and row["moved_why"] else ""
    return f"{days[0]} → {days[1]} on {wording.short_day(row['moved_at'])}{why}"
