"""On time: the figures with rule, numerator and denominator, the rows behind each, and where lateness sits."""

from __future__ import annotations

import streamlit as st

from db.queries import data
from domain.services.figures import kpi, kpi_breakdown, kpi_drill
from domain.vocabulary.errors import DomainError
from domain.vocabulary.figures import Basis, Dimension
from domain.vocabulary.window import Window
from pages.shared import figures, frame, runtime, table, wording
from pages.shared.table import Column

opened = frame.open_page("on_time")
if runtime.read(data.is_empty):
    frame.no_orders()

with st.container(horizontal=True, vertical_alignment="bottom"):
    basis = st.segmented_control(
        "Measured against",
        list(Basis),
        default=Basis.CURRENT,
        required=True,
        format_func=figures.BASES.__getitem__,
        key="basis",
        bind="query-params",
    )
    text = st.text_input(
        "Window, days early:late",
        value=":0",
        key="window",
        bind="query-params",
        width=200,
        help='Unsigned whole days: "7:0" is up to 7 days early and 0 late; an empty side is unlimited.',
    )
    source = st.selectbox(
        "Source", ["", *runtime.read(data.sources)], format_func=lambda name: name or "All", key="source",
        bind="query-params", width=200,
    )  # fmt: skip
try:
    window = Window.parse(text or ":0")
except DomainError as refusal:
    frame.refused(refusal)
    st.stop()
report = runtime.read(
    kpi.on_time_report, as_of=opened.as_of, window=window, basis=basis.value, source=source or None
)
frame.say(report.policy)
if not report.line.denominator and not report.no_promise:
    frame.nothing_here(
        "Nothing was delivered by this day.", todo="Choose another day under As of in the sidebar."
    )
    frame.old_book(opened)
    st.stop()

found = figures.told(report)
asked = {"basis": "" if basis == Basis.CURRENT else figures.BASES[basis], "window": text, "source": source}
with st.container(border=True):
    st.subheader("Figures", anchor=False)
    table.show(
        figures.shares(found, opened, **{name: value for name, value in asked.items() if value}),
        (
            Column("figure", "Figure", "text", "medium", pinned=True),
            Column("percent", "Percent", "text", "small"),
            Column("numerator", "Numerator", "text", "small"),
            Column("numerator_rows", "", "link", 60, shows="Rows"),
            Column("denominator", "Denominator", "text", "small"),
            Column("denominator_rows", "", "link", 60, shows="Rows"),
            Column("rule", "Formula", "text", "large"),
            Column("policy", "Policy and source", "text", "medium"),
        ),
        alt="On-time figures with numerator, denominator, formula and links to the rows of both",
        key="figures",
    )

left, right = st.columns([2, 3], gap="small")
with left.container(border=True, height="stretch"):
    st.subheader("How late", anchor=False)
    table.show(
        figures.lateness(report),
        (Column("what", "Delivered"), Column("lines", "Lines", "bar")),
        alt="Delivered lines by days around the promise",
        key="lateness",
    )
    late = report.lateness
    if late.late:
        st.caption(
            f"Of the late: mean {late.mean_of_late} days, median {late.median_of_late:g}, longest {late.longest}."
        )
with right.container(border=True, height="stretch"):
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Where lateness sits", anchor=False, width="content")
        st.space("stretch")
        dimension = st.selectbox(
            "By", list(Dimension), format_func=lambda d: d.value.capitalize(), key="by", bind="query-params", width=180,
            label_visibility="collapsed",
        )  # fmt: skip
    parts = runtime.read(
        kpi_breakdown.breakdown, dimension=dimension, as_of=opened.as_of, window=window, basis=Basis(basis),
        source=source or None,
    )  # fmt: skip
    table.show(
        figures.parts(parts),
        (
            Column("name", dimension.value.capitalize(), "text", "medium", pinned=True),
            Column("percent", "On time", "text", "small"),
            Column("on_time", "Lines on time", "count", "small"),
            Column("lines", "Lines", "bar"),
        ),
        alt=f"Lines on time by {dimension.value}",
        key="parts",
        height=320,
    )

with st.container(border=True):
    with st.container(horizontal=True, vertical_alignment="bottom"):
        choices = figures.behind(found)
        chosen = st.selectbox("Rows behind", list(choices), key="rows", bind="query-params", width=360)
        name, side, currency = choices[chosen]
        behind = runtime.read(
            kpi_drill.rows_behind, name=name, side=side, as_of=opened.as_of, window=window, basis=Basis(basis),
            source=source or None, live=opened.live,
        )  # fmt: skip
        rows = figures.listed(behind, opened, currency)
        unit = kpi_drill.definition(name).unit.value
        st.markdown(
            f"**{wording.lines(len(rows), 'row')}**, adding up to {wording.quantity(rows[kpi_drill.COUNTS].sum())} {unit}"
        )
        st.space("stretch")
        columns = figures.columns(rows)
        table.offer(
            rows,
            columns,
            title="On time rows",
            filters={"Figure": chosen, "Rule": report.policy},
            key="on_time_rows",
        )
    table.show(rows, columns, alt=f"Rows behind {chosen}", key=f"drill_{len(columns)}", height=420)
