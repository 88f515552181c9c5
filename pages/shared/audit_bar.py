"""The filter bar of the Audit screen: what it says is in the URL, so a view is shared by its link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from db.queries import audit as queries
from domain.services.commands import REGISTRY
from domain.settings import settings
from domain.vocabulary.audit_filter import NAMES, AuditFilter, AuditSource, parse
from pages.shared import audit_words, filters, runtime, wording

KEY = "audit_"
SEEN, TOUCHED, PROBLEMS = "audit:seen", "audit:touched", "audit:problems"
LABELS = {
    "order": "Order",
    "actor": "Who",
    "object": "What",
    "field": "Field",
    "action": "Action",
    "source": "From",
    "first": "First day",
    "last": "Last day",
    "command": "Click",
}
OUTSIDE_ACTIONS = ("outside.update", "outside.delete")


def draw() -> AuditFilter:
    """Draw the bar and return what it says; the URL follows the bar, and the bar a link."""
    url = {name: filters.asked(name) for name in NAMES if filters.asked(name)}
    if not st.session_state.pop(TOUCHED, False) and st.session_state.get(SEEN) != url:
        _follow(url)
    wanted = _bar()
    for problem in st.session_state.get(PROBLEMS, ()):
        st.warning(wording.plain(problem), icon=":material/link_off:")
    said = wanted.query()
    if said != url:
        for name in NAMES:
            if name not in said and name in st.query_params:
                del st.query_params[name]
        st.query_params.update(said)
    st.session_state[SEEN] = said
    return wanted


def period(wanted: AuditFilter) -> dict[str, datetime | None]:
    """Return the instants that the days mean in the company's zone: from the first until the end of the last."""
    zone = ZoneInfo(settings().time_zone)

    def midnight(day: date) -> datetime:
        return datetime.combine(day, time(), zone)

    return {
        "since": midnight(wanted.first) if wanted.first else None,
        "until": midnight(wanted.last + timedelta(days=1)) if wanted.last else None,
    }


def words(wanted: AuditFilter) -> dict[str, str]:
    """Return the parts of the filter as people read them, for the sentence and the export."""
    said = dict(wanted.query())
    if wanted.object:
        said["object"] = audit_words.object_kind(wanted.object)
    if wanted.field:
        said["field"] = audit_words.field_name(wanted.field)
    if wanted.action:
        said["action"] = audit_words.action(wanted.action)
    if wanted.source:
        said["source"] = wording.code(wanted.source)
    return {LABELS[name]: text for name, text in said.items()}


def narrow(**parts: Any) -> None:
    """Set parts of the filter (in a callback)."""
    for name, value in parts.items():
        st.session_state[KEY + name] = value
    _touch()


def clear() -> None:
    """Empty the bar (in a callback)."""
    _set(AuditFilter())
    _touch()


def _follow(url: dict[str, str]) -> None:
    wanted, problems = parse(url)
    _set(wanted)
    st.session_state[PROBLEMS] = tuple(problems)


def _set(wanted: AuditFilter) -> None:
    for name in NAMES:
        value = getattr(wanted, name)
        st.session_state[KEY + name] = (value or "") if name == "order" else (value or None)


def _touch() -> None:
    st.session_state[TOUCHED] = True
    st.session_state[PROBLEMS] = ()
    st.query_params.pop("before", None)


def _bar() -> AuditFilter:
    tables = runtime.read(queries.objects)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        order = st.text_input(
            "Order",
            key=KEY + "order",
            on_change=_touch,
            placeholder="Number",
            icon=":material/search:",
            width=150,
        )
        actor = _choice("actor", runtime.read(queries.people), "Anybody", 170, audit_words.person, new=True)
        kind = _choice("object", list(tables), "Everything", 160, audit_words.object_kind)
        field = _choice("field", tables.get(kind or "", _fields(tables)), "Any", 160, audit_words.field_name)
        actions = [*OUTSIDE_ACTIONS, *sorted(REGISTRY)]
        action = _choice("action", actions, "Any", 190, audit_words.action, new=True)
        source = _choice("source", list(AuditSource), "Anywhere", 150, wording.code)
        first, last = (_day(name) for name in ("first", "last"))
        command = st.session_state.get(KEY + "command")
        if command:
            st.badge(f"One click: #{command}", icon=":material/touch_app:", color="blue")
        if any((order, actor, kind, field, action, source, first, last, command)):
            st.button("Clear", icon=":material/filter_alt_off:", type="tertiary", on_click=clear)
    return AuditFilter(
        order=(order or "").strip(), actor=actor or "", object=kind or "", field=field or "", action=action or "",
        source=source, first=first, last=last, command=command,
    )  # fmt: skip


def _fields(tables: dict[str, list[str]]) -> list[str]:
    """Return the fields of orders and lines, which most people ask for, where no object is chosen."""
    return list(dict.fromkeys([*tables["sales_order"], *tables["sales_order_line"]]))


def _choice(
    name: str, options: Sequence[Any], anything: str, width: int, said: Any, *, new: bool = False
) -> Any:
    chosen = st.session_state.get(KEY + name)
    shown = list(options) if chosen is None or chosen in options else [chosen, *options]
    return st.selectbox(
        LABELS[name], shown, index=None, key=KEY + name, on_change=_touch, placeholder=anything, format_func=said,
        width=width, accept_new_options=new,
    )  # fmt: skip


def _day(name: str) -> date | None:
    chosen = st.date_input(
        LABELS[name], value=None, min_value=date(1970, 1, 1), max_value=date(2199, 12, 31), format="YYYY-MM-DD",
        key=KEY + name, on_change=_touch, width=132,
    )  # fmt: skip
    return chosen if isinstance(chosen, date) else None
