"""The bar over a list of master data: words, exact values, one row to look at; all of it in the URL."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from db.queries import master_data
from db.queries.master_data import Wanted
from pages.shared import filters, frame, linked, master_grid, runtime, state, wording
from pages.shared.master_grid import LISTS


@dataclass(frozen=True)
class Chosen:
    """The filter in force, in words, how many rows it leaves, and the place beside it for what is done with them."""

    wanted: Wanted
    said: dict[str, str]
    total: int
    actions: DeltaGenerator

    @property
    def narrows(self) -> bool:
        """Whether anything limits the rows."""
        return bool(self.said)


def choose(entity: str) -> Chosen:
    """Draw the filter bar and return what it says; `<entity>=<key>` in the URL leaves that row alone."""
    listed = LISTS[entity]
    words = f"{entity}_text"
    if words not in st.session_state:
        state.remember(words, filters.asked("text"))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Find", key=words, placeholder=f"Words of the {listed.one}", icon=":material/search:", width=190
        ).strip()
        exact = {}
        for name, label in listed.filters:
            values = runtime.read(master_data.options, entity=entity, name=name)
            shown = {"": "Any", **{value: _label(name, value) for value in values}}
            exact[name] = linked.select(f"{entity}_{name}", shown, label=label, width=130)
        asked = filters.asked("row" if entity == "sku_site" else entity)
        key = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 12 else None
        if text or key is not None or any(exact.values()):
            st.button("Clear", icon=":material/filter_alt_off:", on_click=_clear, args=(entity,))
        st.space("stretch")
        actions = st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content")
    if text:
        st.query_params["text"] = text
    else:
        linked.leave("text")
    wanted = Wanted(text, tuple((name, value) for name, value in exact.items() if value), key)
    said = {"Words": text} if text else {}
    said |= {dict(listed.filters)[name]: _label(name, value) for name, value in exact.items() if value}
    if key is not None:
        said[listed.one.capitalize()] = f"number {key}"
    total = runtime.read(master_data.count, entity=entity, wanted=wanted)
    return Chosen(wanted, said, total, actions)


def _label(name: str, value: str) -> str:
    return wording.code(value) if name in ("status", "credit_risk") else value


def _clear(entity: str) -> None:
    state.remember(f"{entity}_text", "")
    linked.turn(**{f"{entity}_{name}": "" for name, _ in LISTS[entity].filters})
    linked.leave("text", "row", entity)


def sentence(entity: str, chosen: Chosen) -> str:
    """Return the state of a list: how many rows, what waits for approval, and what the person may do."""
    one = LISTS[entity].one
    waits = len(master_grid.pending(entity))
    parts = [wording.lines(chosen.total, one)]
    if waits:
        parts.append(f"{wording.lines(waits, 'change')} {'waits' if waits == 1 else 'wait'} for approval")
    if not master_grid.may_edit(entity):
        parts.append("your roles may look, not change")
    return " · ".join(parts)


def nothing(entity: str, chosen: Chosen) -> None:
    """Draw why the list is empty, and one way on."""
    if chosen.narrows:
        frame.nothing_here(
            f"No {LISTS[entity].one} matches.", todo="The filter hides them all; clear it to see them."
        )
        st.button(
            "Clear filters",
            icon=":material/filter_alt_off:",
            on_click=_clear,
            args=(entity,),
            key="clear_all",
        )
    else:
        frame.nothing_here(
            f"No {LISTS[entity].one} yet.",
            todo="Customers, ship-tos, SKUs and sites come with your order extract; imports make them.",
            key="imports",
            label="Import orders",
        )
