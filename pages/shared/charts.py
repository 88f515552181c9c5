"""Charts: few colours with fixed meaning, direct labels, no clutter, readable in light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

PALETTE = {
    "light": {"grey": "#9fb0c3", "orange": "#c8751a", "red": "#b3261e", "blue": "#2563a8", "text": "#4b5563"},
    "dark": {"grey": "#5f7186", "orange": "#e0963c", "red": "#e4766d", "blue": "#7fb2ea", "text": "#a9b4c0"},
}


def palette() -> Mapping[str, str]:
    """Return the colours of the theme in force."""
    kind = getattr(getattr(st.context, "theme", None), "type", None)
    return PALETTE["dark" if kind == "dark" else "light"]


def stacked_days(
    rows: pd.DataFrame, *, colours: Mapping[str, str], alt_text: str, key: str, height: int = 290
) -> str | None:
    """Draw `rows` (day, kind, lines) as one stacked bar a day; return the day clicked on (ISO) or None.

    `colours` maps each kind, in stacking order from the axis, to a name of the palette.
    """
    shades = palette()
    spec = _stacked_days(rows, tuple(colours.items()), tuple(shades.items()), height)
    event: Any = st.vega_lite_chart(spec, on_select="rerun", selection_mode="picked", key=key, alt=alt_text)
    found = event.selection.get("picked") or []
    return str(found[0]["iso"]) if found else None


@st.cache_data(max_entries=50, show_spinner=False)
def _stacked_days(
    rows: pd.DataFrame, colours: tuple[tuple[str, str], ...], theme: tuple[tuple[str, str], ...], height: int
) -> dict[str, Any]:
    """Return the chart as Vega-Lite; made once per data, colours and theme, for making it costs 25 ms."""
    shades = dict(theme)
    kinds = [kind for kind, _ in colours]
    data = rows.assign(
        label=rows["day"].dt.strftime("%a %-d %b"),
        iso=rows["day"].dt.strftime("%Y-%m-%d"),
        rank=rows["kind"].map(kinds.index),
    )
    picked = alt.selection_point(name="picked", fields=["iso"], empty=True)
    base = alt.Chart(data).encode(
        x=alt.X(
            "label:O", sort=None, title=None,
            axis=alt.Axis(labelAngle=0, ticks=False, domain=False, labelOverlap="greedy", labelPadding=6),
        )
    )  # fmt: skip
    bars = base.mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2, cursor="pointer").encode(
        y=alt.Y(
            "sum(lines):Q", title=None,
            axis=alt.Axis(tickCount=4, ticks=False, domain=False, gridOpacity=0.4, format="d"),
        ),
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=kinds, range=[shades[name] for _, name in colours]),
            legend=alt.Legend(orient="top", title=None, direction="horizontal", offset=4),
        ),
        order=alt.Order("rank:Q"),
        opacity=alt.condition(picked, alt.value(1), alt.value(0.45)),
        tooltip=[
            alt.Tooltip("label:N", title="Promised"),
            alt.Tooltip("kind:N", title="State"),
            alt.Tooltip("sum(lines):Q", title="Lines"),
        ],
    )  # fmt: skip
    totals = base.transform_aggregate(total="sum(lines)", groupby=["label", "iso"]).mark_text(
        dy=-7, fontSize=11, color=shades["text"]
    )
    totals = totals.encode(y=alt.Y("total:Q"), text=alt.Text("total:Q", format="d"))
    chart = (bars.add_params(picked) + totals).properties(height=height).configure_view(stroke=None)
    made: dict[str, Any] = chart.to_dict()
    return made
