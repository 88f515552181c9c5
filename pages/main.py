"""The shell: the menu, the search box, the day that the tower shows; then the chosen screen."""

from __future__ import annotations

import streamlit as st

from pages.shared import frame, identity, menu

wall = frame.on_wall()
st.set_page_config(
    page_title="Order Control Tower",
    page_icon=":material/monitoring:",
    layout="wide",
    initial_sidebar_state="collapsed" if wall else "auto",
)
with identity.entered() as signed_in:
    sections = menu.sections(signed_in.actor)
    chosen = st.navigation(sections, position="hidden" if wall else "sidebar", expanded=True)
    if not wall:
        frame.sidebar()
    chosen.run()
