"""What a browser tab remembers between reruns: the only place that touches session state."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")


def as_of(today: date) -> date:
    """Return the day that the tower shows: the one chosen in the sidebar or the URL, else today."""
    chosen = st.session_state.get("as_of")
    return chosen if isinstance(chosen, date) and chosen <= today else today


def choose_as_of(day: date | None) -> None:
    """Set the day that the tower shows (in a callback, before its field is drawn); None is today."""
    st.session_state["as_of"] = day


def recall(name: str, make: Callable[[], T]) -> T:
    """Return what this tab remembers under `name`, made on first use."""
    if name not in st.session_state:
        st.session_state[name] = make()
    kept: T = st.session_state[name]
    return kept


def peek(name: str) -> Any:
    """Return what this tab remembers under `name`, or what a field or component of that key holds; None without."""
    return st.session_state.get(name)


def remember(name: str, value: Any) -> None:
    """Keep a value for this tab."""
    st.session_state[name] = value


def forget(name: str) -> None:
    """Drop what this tab remembers under `name`."""
    st.session_state.pop(name, None)


def intent(name: str) -> str:
    """Return the mark of what a person is about to do, the same until `done_with` it.

    A button whose widget key contains it can be clicked twice in a row: both clicks carry one mark, and a click that
    comes after the work is done belongs to a button that is gone.
    """
    return recall(f"intent:{name}", lambda: f"{name}:{uuid.uuid4()}")


def fresh(name: str) -> str:
    """Return a mark of its own for each call: for what may be done again and again, such as a preview."""
    return f"{name}:{uuid.uuid4()}"


def done_with(name: str) -> None:
    """Let the next click of that name be a new one."""
    forget(f"intent:{name}")


def bind(sign_in: str) -> None:
    """Bind this tab to a sign-in: what it remembers of another one is dropped."""
    if st.session_state.get("sign_in", sign_in) != sign_in:
        st.session_state.clear()
    st.session_state["sign_in"] = sign_in


def page() -> str:
    """Return the key of the screen that runs, for the audit log."""
    return str(st.session_state.get("page", ""))


def enter(page_key: str) -> None:
    """Note which screen runs."""
    st.session_state["page"] = page_key


def seconds(name: str) -> int:
    """Return a URL parameter such as 30s as whole seconds; 0 when it is absent or no duration."""
    text = str(st.query_params.get(name, "")).strip().lower().removesuffix("s")
    return int(text) if text.isascii() and text.isdigit() else 0
