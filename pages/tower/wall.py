"""Wall: the Tower's figures for a screen that nobody touches; it updates itself, and says so when it cannot."""

from __future__ import annotations

import streamlit as st

from db.queries import data, lines
from pages.shared import frame, runtime, state, tower_view, wall_board, wording

EVERY_SECONDS = 10
SHOWN = 9
HERO = "Overdue"

opened = frame.open_page("wall")
cycle = state.seconds("cycle")


@st.fragment(run_every=EVERY_SECONDS)
def live() -> None:
    """Draw the figures of this moment. Customers' names stay off the wall."""
    if runtime.read(data.is_empty):
        frame.nothing_here(
            "No orders yet.",
            todo="The wall fills once an extract is imported.",
            key="imports",
            label="Import orders",
        )
        return
    view = tower_view.load(opened)
    cards = sorted(tower_view.cards(view), key=lambda card: card.label != HERO)
    heading, wanted = tower_view.next_to_miss(view)
    rows = runtime.read(lines.rows, wanted=wanted, live=opened.live, limit=SHOWN)
    wall_board.show(
        sentence=tower_view.sentence(view),
        as_of="live" if opened.live else f"as of {wording.day(opened.as_of)}",
        blocks=[
            {
                "label": card.label,
                "value": card.value,
                "note": f"{card.delta:+} {card.delta_says}"
                if card.delta is not None
                else card.note or card.link,
                "href": frame.address(card.screen, opened, **card.opens),
                "hero": card.label == HERO,
                "bad": card.label == HERO and view.overdue > 0,
            }
            for card in cards
        ],
        lines_title=heading,
        lines_heads=("Order", "Line", "Promised", "Why", "Open value"),
        lines=[
            (
                row.order_no,
                row.line_no,
                wording.day(row.promised_on.date()),
                wording.code(row.wait_reason),
                wording.money(row.open_amount, row.currency or ""),
            )
            for row in rows.itertuples()
        ],
        reason_heads=("Reason", "Open lines", "of these overdue"),
        reasons=[
            (row.reason, wording.count(row.lines), wording.count(row.overdue))
            for row in tower_view.reasons(view).itertuples()
        ],
        home=frame.address("tower", opened),
        server_now=runtime.now().timestamp(),
        cycle=cycle,
    )


live()
