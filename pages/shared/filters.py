"""Filters that live in the URL: the link is the view, whoever opens it.

Streamlit's own binding writes an option's label into the URL; ours must be the codes of LineFilter, because the
tiles of other screens link with them. So the parameters are read and written here: a change in the bar wins over
the URL, else a URL that differs from the last one seen (a link, the Back button) wins over the bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from db.queries import choices, saved_views
from domain.vocabulary.line_filter import NAMES, TIERS, LineFilter, LineState, parse
from domain.vocabulary.statuses import WaitReason
from pages.shared import runtime, wording
from pages.shared.frame import Opened

KEY = "lines_"
SEEN, TOUCHED, PROBLEMS = "lines:seen", "lines:touched", "lines:problems"
DAYS = ("first", "last")
MORE = ("site", "tier", "owner", "currency", "source")
LABELS = {
    "state": "State",
    "reason": "Reason",
    "first": "From",
    "last": "To",
    "customer": "Customer",
    "site": "Site",
    "tier": "Tier",
    "owner": "Owner",
    "currency": "Currency",
    "source": "Source",
    "text": "Text",
}


@dataclass(frozen=True)
class Chosen:
    """The filter in force and what its parts read as, for people."""

    wanted: LineFilter
    said: dict[str, str]

    @property
    def narrows(self) -> bool:
        """Whether anything but the state limits the rows."""
        return bool(set(self.said) - {"state"})

    @property
    def query(self) -> str:
        """The filter as a query string without "?"."""
        return urlencode(self.wanted.query())


def asked(name: str) -> str:
    """Return a URL parameter as people could have typed it: without control signs, and without blanks around it."""
    return "".join(sign for sign in str(st.query_params.get(name, "")) if sign.isprintable()).strip()


def lines(opened: Opened, page: str) -> Chosen:
    """Draw the filter bar of order lines and return what it says."""
    known = runtime.read(choices.of_lines)
    url = {name: asked(name) for name in NAMES if asked(name)}
    if not st.session_state.pop(TOUCHED, False):
        _follow(url, known, opened.as_of, page)
    wanted = _bar(known, opened.as_of)
    for problem in st.session_state.get(PROBLEMS, ()):
        st.warning(wording.plain(problem), icon=":material/link_off:")
    if _to_write(url, wanted):
        _write(wanted)
    return Chosen(wanted, words(wanted))


def clear() -> None:
    """Empty the bar but for the state (in a callback)."""
    for name in NAMES:
        if name != "state":
            st.session_state[KEY + name] = "" if name == "text" else None
    _touch()


def words(wanted: LineFilter) -> dict[str, str]:
    """Return the parts of a filter as people read them, by label's name."""
    said = {}
    for name, text in wanted.query().items():
        value = getattr(wanted, name)
        if name in ("state", "reason"):
            said[name] = wording.code(text)
        else:
            said[name] = wording.day(value) if isinstance(value, date) else text
    return said


def _follow(url: dict[str, str], known: choices.Choices, as_of: date, page: str) -> None:
    """Set the bar to the URL where that changed by itself; without parameters, to the view to start with."""
    if st.session_state.get(SEEN) == url and KEY + "state" in st.session_state:
        return
    st.session_state[SEEN] = url
    said = url
    if not url:
        start = runtime.read(saved_views.default, page=page, actor=runtime.actor().login)
        said = dict(parse_qsl(start.query)) if start else {}
    wanted, problems = parse(said, as_of)
    for name in NAMES:
        value = getattr(wanted, name)
        options = known.of(name)
        if value and options is not None and value not in options:
            problems.append(f"{name}={value} was left out: no order line here has it.")
            value = None
        st.session_state[KEY + name] = value if value or name == "text" else None
    st.session_state[PROBLEMS] = tuple(problems)


def _to_write(url: dict[str, str], wanted: LineFilter) -> bool:
    """Whether the URL must be written: not for a bare one that means the same, or Back would never lead away."""
    return wanted.query() != url and (bool(url) or wanted != LineFilter(wanted.as_of))


def _write(wanted: LineFilter) -> None:
    said = wanted.query()
    for name in NAMES:
        if name not in said and name in st.query_params:
            del st.query_params[name]
    st.query_params.update(said)
    st.session_state[SEEN] = said


def _touch() -> None:
    st.session_state[TOUCHED] = True
    st.session_state[PROBLEMS] = ()


def _bar(known: choices.Choices, as_of: date) -> LineFilter:
    state = st.segmented_control(
        "State",
        list(LineState),
        format_func=wording.code,
        key=KEY + "state",
        on_change=_touch,
        label_visibility="collapsed",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Text",
            key=KEY + "text",
            on_change=_touch,
            placeholder="Order, PO, SKU, customer, part",
            icon=":material/search:",
            width=215,
        )
        reason = _choice("reason", list(WaitReason), "Any", 150, "Why an open line is not delivered yet.")
        customer = _choice("customer", known.customers, "Any", 175)
        past = state in (LineState.DELIVERED, LineState.LATE, LineState.ON_TIME)
        days = [_day(name, "Delivered" if past else "Promised") for name in DAYS]
        more = [name for name in MORE if st.session_state.get(KEY + name)]
        with st.popover(f"More filters ({len(more)})" if more else "More filters", icon=":material/tune:"):
            rest = {
                "site": _choice("site", known.sites, "Any"),
                "tier": _choice("tier", list(TIERS), "Any", help="Customer tier, 1 is best."),
                "owner": _choice("owner", known.owners, "Anybody"),
                "currency": _choice("currency", known.currencies, "Any"),
                "source": _choice(
                    "source", known.sources, "Any", help="The system that the order came from."
                ),
            }
    return LineFilter(
        as_of,
        state=state or LineState.OPEN,
        reason=reason,
        first=days[0],
        last=days[1],
        customer=customer or "",
        text=(text or "").strip(),
        **{name: value if name == "tier" else value or "" for name, value in rest.items()},
    )


def _choice(
    name: str, options: Sequence[Any], anything: str, width: Any = "stretch", help: str | None = None
) -> Any:
    return st.selectbox(
        LABELS[name],
        options,
        index=None,
        key=KEY + name,
        on_change=_touch,
        placeholder=anything,
        format_func=wording.code if name == "reason" else str,
        width=width,
        help=help,
    )


def _day(name: str, what: str) -> date | None:
    chosen = st.date_input(
        f"{what} {LABELS[name].lower()}",
        value=None,
        min_value=date(1970, 1, 1),
        max_value=date(2199, 12, 31),
        format="YYYY-MM-DD",
        key=KEY + name,
        on_change=_touch,
        width=132,
    )
    return chosen if isinstance(chosen, date) else None
