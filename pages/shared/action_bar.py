"""Buttons of what may be done, and the dialog that asks for exactly what the action wants. No other place draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    "allocate": "inventory_2", "deallocate": "undo", "pack": "package_2", "ship": "local_shipping",
    "invoice": "receipt_long", "deliver": "task_alt", "short_pick": "production_quantity_limits", "harden": "keep",
    "unpeg": "keep_off", "retract": "undo", "accept": "check", "discard": "delete", "start": "play_arrow",
    "wait": "hourglass_top", "resume": "play_arrow", "resolve": "check_circle", "dismiss": "do_not_disturb_on",
    "merge": "merge", "reopen": "restart_alt", "note": "note_add", "snooze": "snooze", "reassign": "person_add",
    "escalate": "arrow_upward", "close": "done_all", "recall": "undo", "settle": "done_all", "short": "broken_image",
}  # fmt: skip
FIRST = frozenset(
    {
        "release_to_fulfilment",
        "release",
        "start_review",
        "submit",
        "validate_ok",
        "allocate",
        "pack",
        "ship",
        "invoice",
    }
)
"""Events that lead on: their button stands out."""


@dataclass(frozen=True)
class Target:
    """What an action is done to: `also` are further objects of the same kind, `lines` are (key, name, quantity) where
    quantities may be changed, `most` the largest quantity of a field, by its word."""

    object_type: str
    key: int
    about: str
    lines: Sequence[tuple[int, str, float]] = ()
    most: Mapping[str, float] = field(default_factory=dict)
    order_id: int | None = None
    also: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """What tells it apart from others: in keys of buttons and intents."""
        return f"{self.object_type}_{'-'.join(map(str, (self.key, *self.also)))}"


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
    """Draw the offers of one object; one that is not possible now says why. The arguments are those of a Target."""
    of(Target(object_type, key, about, lines), offers, small=small)


def of(target: Target, offers: Sequence[Offer], *, small: bool = False) -> None:
    """As `bar`, for one object or several at once."""
    asked = [offer for offer in offers if set(offer.wants) <= action_inputs.KNOWN]
    lead = next((offer.event for offer in asked if offer.allowed and offer.event in FIRST), None)
    asked.sort(key=lambda offer: offer.event != lead)
    with st.container(horizontal=True, gap="small"):
        for offer in asked:
            kind = "primary" if offer.event == lead and not small else "tertiary" if small else "secondary"
            icon = ICONS.get(offer.event)
            pressed = st.button(
                offer.label, key=f"act_{target.name}_{offer.event}", disabled=not offer.allowed,
                help=wording.plain(_sentence(offer.why_not)) if offer.why_not else None, type=kind,
                icon=f":material/{icon}:" if icon else None,
            )  # fmt: skip
            if pressed:
                _ask(target, offer)


def yes(label: str) -> str:
    """Return what the button that does it reads, apart from the one that only closes the dialog."""
    return f"Yes, {label[:1].lower()}{label[1:]}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ask(target: Target, offer: Offer) -> None:
    name = f"{target.name}:{offer.event}"
    mark = state.intent(name)

    @st.dialog(f"{offer.label}: {wording.plain(target.about)}", width="medium")
    def ask() -> None:
        given, missing = action_inputs.fields(
            offer.wants,
            Asking(f"ask_{target.name}_{offer.event}", target.lines, most=target.most, key=target.key),
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
            carry_out(target, offer, given, name=name)

    ask()


def carry_out(target: Target, offer: Offer, given: dict[str, Any], *, name: str) -> None:
    """Run the command of an offer once, whatever arrives how often; a refusal is drawn here."""
    deed = action_deeds.deed(target.object_type, offer.event)
    arguments = deed.arguments(target.key, given, order_id=target.order_id, also=target.also)
    done = runtime.execute(deed.service, intent=state.intent(name), **arguments)
    if isinstance(done, runtime.Refused):
        state.done_with(name)
        frame.refused(done)
        return
    state.done_with(name)
    answer = done.value.get("message") if isinstance(done.value, dict) else None
    tell(f"{offer.label}: {wording.plain(target.about)}. {wording.plain(answer or 'It is done.')}")
