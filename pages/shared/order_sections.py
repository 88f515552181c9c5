"""What else there is about one order: timeline, date changes, shipments, holds, documents, where it comes from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from db.queries import audit, order_shipments
from db.queries import order as queries
from domain.services.holding.hold_words import RELEASED_BY
from pages.shared import frame, order_actions, order_story, runtime, table, wording
from pages.shared.order_actions import Offers
from pages.shared.table import Column

WHEN = Column("when", "When", "text", 190)
STORY = (
    WHEN,
    Column("what", "What happened", "text", 560),
    Column("line", "Line", "text", 60),
    Column("who", "Who", "text", 140),
)
CHANGES = (
    WHEN,
    Column("line_no", "Line", "text", 60),
    Column("date", "Date", "text", 120),
    Column("old", "Was", "day", 100),
    Column("new", "Became", "day", 100),
    Column("cause", "Caused by", "text", 110),
    Column("reason", "Reason", "text", 300),
    Column("actor", "Changed by", "text", 140),
)
SHIPMENTS = (
    Column("shipment_no", "Shipment", "text", 110),
    Column("state", "Status today", "text", 130),
    Column("carrier", "Carrier", "text", 150),
    Column("tracking_no", "Tracking", "text", 150),
    Column("site", "From", "text", 70),
    Column("qty", "Quantity", "quantity", 90),
    Column("planned_ship_on", "Planned", "day", 100),
    Column("shipped_on", "Left", "day", 100),
    Column("eta_on", "Carrier expects", "day", 115),
    Column("delivered_on", "Delivered", "day", 100),
    Column("freight", "Freight", "text", 130),
    Column("pod_name", "Signed by", "text", 120),
)
SEEN = (WHEN, Column("shipment_no", "Shipment", "text", 110), Column("text", "What the carrier said", "text", 320),
        Column("place", "Where", "text", 160), Column("code", "Code", "text", 70))  # fmt: skip
HOLDS = (
    Column("what", "Hold", "text", 130),
    Column("scope", "On", "text", 90),
    Column("blocks", "Blocks", "text", 200),
    Column("reason", "Reason", "text", 300),
    Column("since", "Since", "text", 190),
    Column("state", "Status today", "text", 150),
    Column("may", "May be released by", "text", 230),
    Column("assignee", "Assigned to", "text", 130),
    Column("ended", "Released", "text", 190),
    Column("released_by", "Released by", "text", 130),
)
BILLS = (
    Column("number", "Number", "text", 120),
    Column("kind", "Kind", "text", 110),
    Column("invoiced_on", "Dated", "day", 100),
    Column("due_on", "Due", "day", 100),
    Column("total", "Total", "money", 100),
    Column("open_amount", "Still to pay", "money", 110, help="As it is today."),
    Column("currency", "Currency", "text", 80),
    Column("state", "Status today", "text", 120),
)
SUPPLIES = (
    Column("line_no", "Line", "text", 60),
    Column("kind", "From", "text", 120),
    Column("ref", "Reference", "text", 130),
    Column("supplier", "Supplier", "text", 180),
    Column("qty", "Quantity", "quantity", 90),
    Column("original_on", "First stated", "day", 110),
    Column("available_on", "Available", "day", 100),
    Column("state", "Status", "text", 110),
    Column("firmness", "Reserved", "text", 100),
)
CASES = (WHEN, Column("type_code", "Case", "text", 120), Column("severity", "Severity", "text", 80),
         Column("summary", "Summary", "text", 380), Column("state", "Status today", "text", 130),
         Column("assignee", "Owner", "text", 130))  # fmt: skip
MESSAGES = (WHEN, Column("way", "Direction", "text", 90), Column("by", "By", "text", 90),
            Column("subject", "Subject", "text", 380), Column("to_address", "To", "text", 180),
            Column("state", "Status", "text", 110))  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """The order whose sections are drawn."""

    order_id: int
    lines: pd.DataFrame
    holds: pd.DataFrame
    opened: frame.Opened
    offers: Offers

    @property
    def asked(self) -> dict[str, object]:
        """What most of its queries are asked with."""
        return {"order_id": self.order_id, "as_of": self.opened.as_of}


def draw(section: str, shown: Shown) -> None:
    """Draw one section of the order."""
    SECTIONS[section](shown)


def _timeline(shown: Shown) -> None:
    story = order_story.told(
        events=runtime.read(queries.events, **shown.asked),
        changes=runtime.read(queries.date_changes, **shown.asked),
        holds=shown.holds,
        tracking=runtime.read(order_shipments.tracking, **shown.asked),
        edits=runtime.read(audit.of_order, **shown.asked),
        as_of=shown.opened.as_of,
    )
    _list(story, STORY, "What happened", "Nothing is recorded about this order by this day.")


def _changes(shown: Shown) -> None:
    rows = runtime.read(queries.date_changes, **shown.asked)
    rows = rows.assign(
        when=rows["changed_at"].map(wording.instant),
        date=rows["field"].map({"requested_on": "Requested", "promised_on": "Promise"}),
        cause=rows["initiator"].map(wording.code),
    )
    _list(rows, CHANGES, "Date changes", "No requested or promised day was changed by this day.")


def _shipments(shown: Shown) -> None:
    rows = runtime.read(order_shipments.shipments, **shown.asked, live=shown.opened.live)
    rows = rows.assign(
        state=rows["status"].map(wording.code),
        freight=[_freight(row) for row in rows.to_dict("records")],
        eta_on=rows["eta_on"] if shown.opened.live else pd.NaT,
    )
    _list(rows, SHIPMENTS, "Shipments", "Nothing was shipped by this day.")
    order_actions.of_shipments(rows, shown.offers)
    seen = runtime.read(order_shipments.tracking, **shown.asked)
    if not seen.empty:
        _list(seen.assign(when=seen["at"].map(wording.instant)), SEEN, "Tracking", "")


def _holds(shown: Shown) -> None:
    rows = shown.holds
    if rows.empty:
        st.success("No hold was ever placed by this day.", icon=":material/check_circle:")
        return
    active = rows["active"] == 1
    rows = rows.assign(
        what=rows["type"].map(wording.code),
        scope=rows["scope"].map(wording.code),
        blocks=[
            ", ".join(wording.code(word).lower() for word in blocks.split(",")) for blocks in rows["blocks"]
        ],
        since=rows["placed_at"].map(wording.instant),
        state=rows["status"].map(wording.code).where(~active, "Active · " + rows["status"].map(wording.code)),
        may=rows["type"].map(RELEASED_BY),
        ended=rows["released_at"].map(wording.instant, na_action="ignore").where(~active),
        released_by=rows["released_by"].where(~active),
    )
    _list(rows, HOLDS, "Holds", "")


def _documents(shown: Shown) -> None:
    bills = runtime.read(queries.invoices, **shown.asked)
    bills = bills.assign(kind=bills["type"].map(wording.code), state=bills["status"].map(wording.code))
    credit = bills["type"] == "CREDIT_MEMO"
    _list(bills[~credit], BILLS, "Invoices", "No invoice is recorded by this day.")
    returned = shown.lines["qty_returned"].sum(min_count=1)
    none = "No return or credit is recorded." if pd.notna(returned) else f"Returns are {wording.MISSING}."
    _list(bills[credit], BILLS, "Returns and credits", none)
    if shown.opened.live:
        supplies = runtime.read(queries.supplies, order_id=shown.order_id)
        supplies = supplies.assign(
            kind=supplies["type"].map(wording.code),
            state=supplies["status"].map(wording.code),
            firmness=supplies["reservation"].map(wording.code),
        )
        _list(supplies, SUPPLIES, "Stock and receipts reserved for it", "Nothing is reserved for it.")
        order_actions.of_supplies(supplies, shown.offers)
    cases = runtime.read(queries.cases, **shown.asked)
    cases = cases.assign(
        when=cases["detected_at"].map(wording.instant), state=cases["status"].map(wording.code)
    )
    _list(cases, CASES, "Exception cases", "No case was opened about it.")
    sent = runtime.read(queries.messages, **shown.asked)
    sent = sent.assign(
        when=sent["created_at"].map(wording.instant),
        way=sent["direction"].map(wording.code),
        by=sent["channel"].map(wording.code),
        state=sent["status"].map(wording.code),
    )
    _list(sent, MESSAGES, "Messages", "No message about it is recorded.")


def _source(shown: Shown) -> None:
    ids = tuple(int(key) for key in shown.lines["line_id"])
    rows = runtime.read(queries.origins, order_id=shown.order_id, line_ids=ids)
    if rows.empty:
        st.info("This order was not imported from a file: it was entered here or made as demo data.")
        return
    numbers = dict(zip(shown.lines["line_id"], shown.lines["line_no"], strict=True))
    for (file, row_no, payload), made in rows.groupby(["file", "row_no", "payload"], sort=True):
        first = made.iloc[0]
        lines = [str(numbers[key]) for key in made.loc[made["table_name"] == "sales_order_line", "record_id"]]
        of = f"line {', '.join(lines)}" if lines else "the order's head"
        with st.expander(f"Row {row_no} of {wording.plain(str(file))}: {of}", icon=":material/description:"):
            st.caption(
                f"Imported {wording.instant(first['imported_at'])} by {first['imported_by']} "
                f"with the profile {first['profile']}, batch {first['batch_id']}. The text as it came:"
            )
            cells = json.loads(str(payload))
            raw = pd.DataFrame({"column": list(cells), "text": [str(text or "") for text in cells.values()]})
            table.show(
                raw,
                (
                    Column("column", "Column in the file", "text", 240),
                    Column("text", "Text as it came", "text", 500),
                ),
                alt=f"Raw text of row {row_no}",
                key=f"raw_{row_no}_{first['batch_id']}",
            )


def _list(rows: pd.DataFrame, columns: tuple[Column, ...], title: str, none: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(title, anchor=False, width="content")
        if not rows.empty:
            st.space("stretch")
            table.offer(rows, columns, title=title, filters={}, key=f"export_{title}")
    if rows.empty:
        st.caption(none)
    else:
        table.show(rows, columns, alt=title, key=f"list_{title}", missing=wording.MISSING)


def _freight(row: dict[object, object]) -> str:
    amount = row["freight_amount"]
    if pd.notna(amount):
        return wording.money(float(str(amount)), str(row["currency"] or ""))
    basis = {"INCLUDED": "in the price", "SEPARATE": "billed apart"}
    return basis.get(str(row["freight_basis"]), wording.MISSING)


SECTIONS: dict[str, Callable[[Shown], None]] = {
    "Timeline": _timeline,
    "Date changes": _changes,
    "Shipments": _shipments,
    "Holds": _holds,
    "Documents": _documents,
    "Source": _source,
}
