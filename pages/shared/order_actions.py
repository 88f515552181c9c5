"""What may be done with the order on the screen and with its lines: buttons that come from the machines alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from domain.services import action_deeds, actions
from domain.services.actions import Offer
from pages.shared import action_bar, frame, runtime

Offers = Mapping[str, Mapping[int, Sequence[Offer]]]


def offers(order_id: int, opened: frame.Opened) -> Offers:
    """Return what this person may do with the order, its lines and its holds now; nothing on a past day."""
    if not opened.live:
        return {action_deeds.ORDER: {}, action_deeds.LINE: {}, action_deeds.HOLD: {}}
    found: Offers = runtime.read(
        actions.actions_of_order, order_id=order_id, actor=runtime.actor(),
        now=runtime.now().replace(second=0, microsecond=0),
    )  # fmt: skip
    return found


def of_order(order_id: int, order: Mapping[str, Any], lines: pd.DataFrame, found: Offers) -> None:
    """Draw the actions of the whole order, and what the last one did."""
    action_bar.told()
    mine = found[action_deeds.ORDER].get(order_id, ())
    if mine:
        action_bar.bar(
            action_deeds.ORDER, order_id, mine, about=f"order {order['order_no']}",
            lines=[(int(row.line_id), f"{row.line_no}, {row.sku}", float(row.qty_net)) for row in lines.itertuples()],
        )  # fmt: skip


def of_lines(lines: pd.DataFrame, found: Offers) -> None:
    """Draw the actions of one line, chosen by its number."""
    mine = {
        int(row.line_id): row for row in lines.itertuples() if found[action_deeds.LINE].get(int(row.line_id))
    }
    if not mine:
        return
    st.subheader("Act on a line", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.selectbox(
            "Line",
            list(mine),
            format_func=lambda key: f"{mine[key].line_no} · {mine[key].sku}",
            key="act_on_line",
            width=260,
        )
        row = mine[chosen]
        name = f"line {row.line_no} ({row.sku})"
        action_bar.bar(
            action_deeds.LINE, chosen, found[action_deeds.LINE][chosen], about=name,
            lines=[(chosen, str(row.line_no), float(row.qty_net))],
        )  # fmt: skip
