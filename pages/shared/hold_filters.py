"""The filter bar of holds; it lives in the URL as codes, so that a tile's link opens exactly its rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from db.queries import holds as queries
from domain.vocabulary.hold_filter import NAMES, NOBODY, OPEN_STATES, HoldAge, HoldFilter, parse
from domain.vocabulary.statuses import HoldScope, HoldType
from pages.shared import filters, runtime, wording

KEY = "holds_"
SEEN, TOUCHED, PROBLEMS = "holds:seen", "holds:touched", "holds:problems"
LIST = "list"
LISTS = {"holds": "Holds", "orders": "Orders held", "stock": "Stock locked"}
"""The lists of the screen by their name in the URL; the first is shown where none is named."""
AGES = {
    HoldAge.TODAY: "Since today",
    HoldAge.DAYS_1_3: "1 to 3 days",
    HoldAge.DAYS_4_7: "4 to 7 days",
    HoldAge.DAYS_8_14: "8 to 14 days",
    HoldAge.DAYS_15_30: "15 to 30 days",
    HoldAge.OVER_30: "Over 30 days",
}
LABELS = {
    "type": "Type", "scope": "On", "status": "Status", "age": "Age", "assignee": "Assigned to", "text": "Text",
}  # fmt: skip


def bar(as_of: date) -> HoldFilter:
    """Draw the filter bar and return what it says; a URL that changed by itself wins over the bar."""
    url = {name: filters.asked(name) for name in (*NAMES, LIST) if filters.asked(name)}
    people = runtime.read(queries.assignees, as_of=as_of)
    if not st.session_state.pop(TOUCHED, False):
        _follow(url, as_of, people)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Text", key=KEY + "text", on_change=_touch, icon=":material/search:", width=215,
            placeholder="Order, customer, SKU, reason",
        )  # fmt: skip
        wanted = HoldFilter(
            as_of,
            type=_choice("type", list(HoldType), "Any", wording.code),
            scope=_choice("scope", list(HoldScope), "Anything", wording.code),
            status=_choice("status", list(OPEN_STATES), "Any", wording.code),
            age=_choice("age", list(HoldAge), "Any", AGES.__getitem__),
            assignee=_choice("assignee", [NOBODY, *people], "Anybody", _person) or "",
            text=(text or "").strip(),
        )
    for problem in st.session_state.get(PROBLEMS, ()):
        st.warning(wording.plain(problem), icon=":material/link_off:")
    said = _said(wanted)
    if said != url:
        _write(said)
    return wanted


def listed() -> str:
    """Draw which of the three lists is shown and return its name in the URL."""
    shown = st.segmented_control(
        "What to list", list(LISTS), format_func=LISTS.__getitem__, key=KEY + LIST, on_change=_touch,
        label_visibility="collapsed", required=True,
    )  # fmt: skip
    return shown or next(iter(LISTS))


def _said(wanted: HoldFilter) -> dict[str, str]:
    shown = st.session_state.get(KEY + LIST) or next(iter(LISTS))
    return wanted.query() | ({} if shown == next(iter(LISTS)) else {LIST: shown})


def narrows(wanted: HoldFilter) -> bool:
    """Whether anything limits the rows."""
    return bool(wanted.query())


def words(wanted: HoldFilter) -> dict[str, str]:
    """Return the parts of a filter as people read them, by label."""
    said = {}
    for name, text in wanted.query().items():
        value = AGES[HoldAge(text)] if name == "age" else text
        said[LABELS[name]] = wording.code(text) if name in ("type", "scope", "status") else value
    return said


def clear() -> None:
    """Empty the bar (in a callback)."""
    for name in NAMES:
        st.session_state[KEY + name] = "" if name == "text" else None
    _touch()


def follow_click(clicked: str | None, wanted: HoldFilter) -> None:
    """Narrow the list to the type that was clicked on in the chart."""
    if clicked and clicked != wanted.type:
        st.query_params.from_dict({**st.query_params.to_dict(), "type": clicked})
        st.rerun()


def _choice(name: str, options: Sequence[Any], anything: str, says: Any) -> Any:
    return st.selectbox(
        LABELS[name], options, index=None, key=KEY + name, on_change=_touch, placeholder=anything,
        format_func=says, width=128,
    )  # fmt: skip


def _person(login: str) -> str:
    return "Nobody yet" if login == NOBODY else login


def _follow(url: dict[str, str], as_of: date, people: Sequence[str]) -> None:
    if st.session_state.get(SEEN) == url and KEY + "text" in st.session_state:
        return
    st.session_state[SEEN] = url
    wanted, problems = parse(url, as_of)
    st.session_state[KEY + LIST] = url[LIST] if url.get(LIST) in LISTS else next(iter(LISTS))
    for name in NAMES:
        value = getattr(wanted, name)
        if name == "assignee" and value and value not in (NOBODY, *people):
            problems.append(f"assignee={value} was left out: nobody of this name decides on a hold now.")
            value = None
        st.session_state[KEY + name] = value if value or name == "text" else None
    st.session_state[PROBLEMS] = tuple(problems)


def _write(said: dict[str, str]) -> None:
    for name in (*NAMES, LIST):
        if name not in said and name in st.query_params:
            del st.query_params[name]
    st.query_params.update(said)
    st.session_state[SEEN] = said


def _touch() -> None:
    st.session_state[TOUCHED] = True
    st.session_state[PROBLEMS] = ()
