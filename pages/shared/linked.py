"""Choices that live in the URL under short, stable values, whatever their labels say at the moment."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st


def segments(name: str, labels: Mapping[str, str], *, label: str) -> str:
    """Draw one of a few views; `labels` are by value, the first is the default and not in the URL."""
    _begin(name, labels)
    chosen = st.segmented_control(
        label,
        list(labels),
        required=True,
        format_func=labels.__getitem__,
        key=name,
        label_visibility="collapsed",
    )
    return _tell(name, labels, chosen)


def select(
    name: str, labels: Mapping[str, str], *, label: str, width: int = 520, hidden: bool = False
) -> str:
    """Draw one of many; `labels` are by value, the first is the default and not in the URL.

    `hidden` leaves the label to screen readers.
    """
    _begin(name, labels)
    chosen = st.selectbox(
        label, list(labels), format_func=labels.__getitem__, key=name, width=width,
        label_visibility="collapsed" if hidden else "visible",
    )  # fmt: skip
    return _tell(name, labels, chosen)


def turn(**values: str) -> None:
    """Choose for widgets that are drawn in the next run; to be called in a callback."""
    for name, value in values.items():
        st.session_state[name] = value


def leave(*names: str) -> None:
    """Take choices that this view does not draw out of the URL."""
    for name in names:
        st.query_params.pop(name, None)


def _begin(name: str, labels: Mapping[str, str]) -> None:
    """Start from what this tab chose, else from the URL, else from the first value."""
    if st.session_state.get(name) not in labels:
        asked = st.query_params.get(name, "")
        st.session_state[name] = asked if asked in labels else next(iter(labels))


def _tell(name: str, labels: Mapping[str, str], chosen: str | None) -> str:
    first = next(iter(labels))
    if chosen is None or chosen == first:
        leave(name)
    elif st.query_params.get(name) != chosen:
        st.query_params[name] = chosen
    return chosen or first
