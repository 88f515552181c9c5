"""The shell: the menu, the search box, the day that the tower shows; then the chosen screen."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.shared import frame, identity, menu

wall = frame.on_wall()
st.set_page_config(
    page_title="Order Control Tower",
    # A file of our own: an icon by name would be loaded from a foreign host.
    page_icon=str(Path(__file__).parent / "shared" / "icon.png"),
    layout="wide",
    initial_sidebar_state="collapsed" if wall else "auto",
)
with identity.entered() as signed_in:
    sections = menu.sections(signed_in.actor)
    chosen = st.navigation(sections, position="hidden" if wall else "sidebar", expanded=True)
    if not wall:
        frame.sidebar()
    chosen.run()
