"""The menu of saved views: open one, save the filters in force, remove one."""

from __future__ import annotations

from urllib.parse import parse_qsl

import streamlit as st

from db.queries import lines
from db.queries import saved_views as queries
from domain.services import saved_views as service
from domain.vocabulary.line_filter import parse
from domain.vocabulary.statuses import ViewVisibility
from pages.shared import frame, runtime, state, wording

ICONS = {
    ViewVisibility.PRIVATE: "person",
    ViewVisibility.TEAM: "group",
    ViewVisibility.LOCKED: "lock",
}
SEES = {
    ViewVisibility.PRIVATE: "Only me",
    ViewVisibility.TEAM: "Team, all may change it",
    ViewVisibility.LOCKED: "Team, only I may change it",
}


def menu(page: str, query: str, opened: frame.Opened) -> None:
    """Draw the menu; its rows are counted only while it is open."""
    shown = st.popover("Views", icon=":material/bookmarks:", on_change="rerun", key=f"views_{page}")
    if not shown.open:
        return
    with shown:
        found = runtime.read(queries.views, page=page, actor=runtime.actor().login)
        st.markdown("**Saved views**")
        if not found:
            st.caption(
                "None yet. A view keeps these filters under a name; its link opens the same rows for anybody."
            )
        for view in found:
            _row(page, view, opened)
        _form(page, query)


def _row(page: str, view: queries.View, opened: frame.Opened) -> None:
    said = dict(parse_qsl(view.query))
    wanted, _ = parse(said, opened.as_of)
    number = int(runtime.read(lines.summary, wanted=wanted, live=opened.live)["lines"].sum())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch", gap=None):
            frame.link(page, view.name, opened, icon=ICONS[view.visibility], **said)
            start = " · opens first" if view.is_default else ""
            st.caption(
                f"{wording.lines(number)} · {SEES[view.visibility].split(',')[0].lower()} · {wording.plain(view.owner)}{start}"
            )
        if view.owner == runtime.actor().login or view.visibility is ViewVisibility.TEAM:
            st.button(
                "Remove",
                icon=":material/delete:",
                type="tertiary",
                key=f"view_remove_{view.view_id}",
                help=f"Remove the view {wording.plain(view.name)}",
                on_click=_remove,
                args=(view.view_id, view.row_version),
            )


def _form(page: str, query: str) -> None:
    with st.form(f"save_{page}", clear_on_submit=True):
        st.text_input("Save these filters as", max_chars=service.MOST_NAME, key="view_name")
        st.selectbox("Who sees it", list(SEES), format_func=SEES.__getitem__, key="view_sees")
        st.checkbox("Open this screen with it", key="view_default")
        st.form_submit_button("Save view", icon=":material/bookmark_add:", on_click=_save, args=(page, query))
    refusal = state.recall("view_refusal", lambda: None)
    if refusal is not None:
        frame.refused(refusal)


def _save(page: str, query: str) -> None:
    answer = runtime.execute(
        service.save,
        intent=state.intent("view_save"),
        page=page,
        name=state.recall("view_name", str),
        query=query,
        visibility=state.recall("view_sees", lambda: ViewVisibility.PRIVATE),
        is_default=state.recall("view_default", bool),
    )
    _tell(answer, "View saved.")


def _remove(view_id: int, row_version: int) -> None:
    _tell(
        runtime.execute(
            service.remove,
            intent=f"view_remove:{view_id}:{row_version}",
            view_id=view_id,
            row_version=row_version,
        ),
        "View removed.",
    )


def _tell(answer: runtime.Done | runtime.Refused, done: str) -> None:
    refused = isinstance(answer, runtime.Refused)
    state.done_with("view_save")
    state.remember("view_refusal", answer if refused else None)
    if not refused:
        st.toast(done, icon=":material/check:")
