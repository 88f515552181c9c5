"""A row of equal cards: a number, how it moved, its last weeks, and the link to the rows that make it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import streamlit as st

from pages.shared import frame


@dataclass(frozen=True)
class Card:
    """One figure. `opens` are the URL parameters of the rows that make it; `link` is what the link says.

    `bad_when_up` colours a rise red; `rule` is the definition, shown beside the number on demand.
    """

    label: str
    value: str
    link: str
    opens: dict[str, str]
    rule: str
    delta: float | str | None = None
    delta_says: str | None = None
    bad_when_up: bool | None = None
    chart: Sequence[float] = field(default_factory=tuple)
    chart_type: Literal["line", "bar", "area"] = "area"
    note: str = ""
    screen: str = "orders"


def show(cards: Sequence[Card], opened: frame.Opened) -> None:
    """Draw the cards side by side; on a narrow screen they stack."""
    for place, card in zip(st.columns(len(cards), gap="small"), cards, strict=True):
        with place.container(border=True, height="stretch", gap="xsmall"):
            color = {True: "inverse", False: "normal", None: "off"}[card.bad_when_up]
            st.metric(
                card.label,
                card.value,
                delta=card.delta,
                delta_color=color,  # type: ignore[arg-type]
                delta_description=card.delta_says,
                chart_data=list(card.chart) or None,
                chart_type=card.chart_type,
                help=card.rule,
            )
            if card.note:
                st.caption(card.note)
            frame.link(card.screen, card.link, opened, icon="arrow_forward", **card.opens)
