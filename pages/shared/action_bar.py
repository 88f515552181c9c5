"""Buttons of what may be done, and the dialog that asks for exactly what the action wants. No other place draws them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from domain.services import action_deeds
from domain.services.actions import Offer
from pages.shared import action_inputs, frame, runtime, state, wording
from pages.shared.action_inputs import Asking

TOLD = "acted"
ICONS = {
    "release_to_fulfilment": "conveyor_belt", "cancel": "cancel", "place_hold": "pan_tool", "release": "lock_open",
    "start_review": "visibility", "refuse": "block", "request_info": "outgoing_mail", "reply": "mark_email_read",
    "assign": "person_add", "confirm": "event_available", "short_close": "content_cut", "amend": "edit",
}  # fmt: skip
FIRST = frozenset({"release_to_fulfilment", "release", "start_review", "submit", "validate_ok"})
"""Events that lead on: their button stands out."""


def told() -> None:
    """Show once what the last action did."""
    said = state.recall(TOLD, lambda: None)
    if said is not None:
        state.forget(TOLD)
        st.success(said, icon=":material/check_circle:")


def tell(said: str) -> None:
    """Keep a sentence for the next run, and run again."""
    state.remember(TOLD, said)
    st.rerun()


def bar(
    object_type: str,
    key: int,
    offers: Sequence[Offer],
    *,
    about: str,
    lines: Sequence[tuple[int, str, float]] = (),
    small: bool = False,
) -> None:
    """Draw the offers of one object; one that is not possible now says why.

    `about` names the object in the dialog. `lines` are (key, name, quantity) where quantities may be changed.
    """
    asked = [offer for offer in offers if set(offer.wants) <= action_inputs.KNOWN]
    lead = next((offer.event for offer in asked if offer.allowed and offer.event in FIRST), None)
    with st.container(horizontal=True, gap="small"):
        for offer in asked:
            kind = "primary" if offer.event == lead and not small else "tertiary" if small else "secondary"
            icon = ICONS.get(offer.event)
            pressed = st.button(
                offer.label, key=f"act_{object_type}_{key}_{offer.event}", disabled=not offer.allowed,
                help=wording.plain(_sentence(offer.why_not)) if offer.why_not else None, type=kind,
                icon=f":material/{icon}:" if icon else None,
            )  # fmt: skip
            if pressed:
                _ask(object_type, key, offer, about, tuple(lines))


def yes(label: str) -> str:
    """Return what the button that does it reads, apart from the one that only closes the dialog."""
    return f"Yes, {label[:1].lower()}{label[1:]}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ask(
    object_type: str, key: int, offer: Offer, about: str, lines: tuple[tuple[int, str, float], ...]
) -> None:
    name = f"{object_type}:{key}:{offer.event}"
    mark = state.intent(name)

    @st.dialog(f"{offer.label}: {wording.plain(about)}", width="medium")
    def ask() -> None:
        given, missing = action_inputs.fields(
            offer.wants, Asking(f"ask_{object_type}_{key}_{offer.event}", lines)
        )
        if missing:
            st.caption(f"Still needed: {', '.join(missing)}.")
        else:
            st.caption("This is done at once and is kept in the audit log.")
        with st.container(horizontal=True):
            pressed = st.button(
                yes(offer.label),
                key=f"do_{mark}",
                type="primary",
                disabled=bool(missing),
                shortcut="Ctrl+Enter",
            )
            if st.button("Not now", key=f"leave_{name}"):
                state.done_with(name)
                st.rerun()
        if pressed:
            carry_out(object_type, key, offer, given, name=name, about=about)

    ask()


def carry_out(
    object_type: str, key: int, offer: Offer, given: dict[str, Any], *, name: str, about: str
) -> None:
    """Run the command of an offer once, whatever arrives how often; a refusal is drawn here."""
    deed = action_deeds.deed(object_type, offer.event)
    done = runtime.execute(deed.service, intent=state.intent(name), **deed.arguments(key, given))
    if isinstance(done, runtime.Refused):
        state.done_with(name)
        frame.refused(done)
        return
    state.done_with(name)
    answer = done.value.get("message") if isinstance(done.value, dict) else None
    tell(f"{offer.label}: {wording.plain(about)}. {wording.plain(answer or 'It is done.')}")
