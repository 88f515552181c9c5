"""What may be done with chosen holds, each with a look at what it would reach before it is done; and placing new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from db.queries import holds as queries
from domain.services import action_deeds, actions
from domain.services.actions import Offer
from domain.services.holding import holds
from domain.vocabulary.hold_outcome import HoldOutcome
from domain.vocabulary.statuses import HoldScope
from pages.shared import action_bar, action_inputs, frame, runtime, state, table, wording
from pages.shared.action_inputs import Asking
from pages.shared.table import Column

MANY = ("start_review", "release", "refuse", "assign")
"""What can be done with several holds at once."""
DRY = frozenset({"start_review", "release", "refuse"})
MOST_CHOSEN = 200
REFUSED = (
    Column("what", "Held", "text", 180),
    Column("kind", "Hold", "text", 110),
    Column("why", "Why not", "text", 420),
)
SEARCHED = [HoldScope.ORDER, HoldScope.CUSTOMER, HoldScope.SKU, HoldScope.SHIPMENT]


def of_chosen(rows: pd.DataFrame) -> None:
    """Draw the buttons of the chosen holds: how many of them each action is possible for."""
    if len(rows) > MOST_CHOSEN:
        st.caption(f"{len(rows)} rows are chosen; choose at most {MOST_CHOSEN} to act on them.")
        return
    keys = tuple(int(key) for key in rows["hold_id"])
    offers = {key: _offers(key) for key in keys}
    if len(keys) == 1:
        about = f"{rows['kind'].iloc[0]} hold on {rows['what'].iloc[0]}"
        single = [offer for offer in offers[keys[0]] if offer.event not in MANY]
    else:
        about, single = wording.lines(len(keys), "hold"), []
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{wording.lines(len(keys), 'hold')} chosen**", width="content")
        for event in MANY:
            _button(event, [(key, o) for key in keys for o in offers[key] if o.event == event], rows, about)
        if single:
            action_bar.bar(action_deeds.HOLD, keys[0], single, about=about)
        if not any(offers.values()):
            st.caption(
                "None of them is yours to decide; the column *May release* says whose.", width="content"
            )


def _offers(key: int) -> list[Offer]:
    found: list[Offer] = runtime.read(
        actions.available_actions, object_type=action_deeds.HOLD, key=key, actor=runtime.actor(),
        now=runtime.now().replace(second=0, microsecond=0),
    )  # fmt: skip
    return found


def _button(event: str, found: Sequence[tuple[int, Offer]], rows: pd.DataFrame, about: str) -> None:
    if not found:
        return
    able = [key for key, offer in found if offer.allowed]
    first = found[0][1]
    label = first.label if len(rows) == 1 else f"{_PLAIN[event]} {len(able)} of {len(rows)}"
    why = next((offer.why_not for _, offer in found if offer.why_not), None)
    pressed = st.button(
        label, key=f"chosen_{event}", disabled=not able, icon=f":material/{action_bar.ICONS[event]}:",
        type="primary" if event == "release" else "secondary", help=wording.plain(why) if why and not able else None,
    )  # fmt: skip
    if pressed:
        _ask_many(event, tuple(int(key) for key in rows["hold_id"]), first, rows, about)


_PLAIN = {"start_review": "Start review of", "release": "Release", "refuse": "Refuse", "assign": "Assign"}


def _ask_many(event: str, keys: tuple[int, ...], offer: Offer, rows: pd.DataFrame, about: str) -> None:
    name = f"holds:{event}:{','.join(map(str, keys))}"
    mark = state.intent(name)
    deed = action_deeds.deed(action_deeds.HOLD, event)

    @st.dialog(f"{_PLAIN[event].removesuffix(' of')}: {wording.plain(about)}", width="large")
    def ask() -> None:
        refused = _preview(deed, keys, event, rows) if event in DRY else 0
        given, missing = action_inputs.fields(offer.wants, Asking(f"many_{event}"))
        if event in DRY and refused:
            given["partial"] = st.checkbox(f"Do the other {len(keys) - refused} alone", key=f"partial_{name}")
            if not given["partial"]:
                missing.append("the word to do the others alone")
        if missing:
            st.caption(f"Still needed: {', '.join(missing)}.")
        pressed = st.button(
            action_bar.yes(_PLAIN[event].removesuffix(" of")), key=f"do_{mark}", type="primary", shortcut="Ctrl+Enter",
            disabled=bool(missing) or refused == len(keys),
        )  # fmt: skip
        if pressed:
            _do(deed, keys, given, name, event)

    ask()


def _preview(deed: action_deeds.Deed, keys: tuple[int, ...], event: str, rows: pd.DataFrame) -> int:
    """Draw what the real command would do, rolled back at the end, and return how many holds it would refuse."""
    given = {"hold_ids": list(keys), "dry_run": True} | (
        {} if event == "start_review" else {"reason": "preview"}
    )
    seen = runtime.execute(deed.service, intent=state.fresh("preview"), **given)
    if isinstance(seen, runtime.Refused):
        frame.refused(seen)
        return len(keys)
    reached(seen.value["impact"])
    told = {row["hold_id"]: row for row in rows.to_dict("records")}
    signed = sum(r["outcome"] == HoldOutcome.SIGNED for r in seen.value["results"])
    if signed:
        st.info(
            f"{wording.lines(signed, 'release')} need a second person: yours is the first signature.",
            icon=":material/signature:",
        )
    refused = [r for r in seen.value["results"] if r["outcome"] == HoldOutcome.REFUSED]
    if refused:
        st.warning(f"{len(refused)} of {len(keys)} are refused:", icon=":material/block:")
        shown = pd.DataFrame(
            [
                {"what": told[r["hold_id"]]["what"], "kind": told[r["hold_id"]]["kind"], "why": r["message"]}
                for r in refused
            ]
        )
        table.show(shown, REFUSED, alt="Refused holds with the reason", key=f"refused_{event}")
    return len(refused)


def _do(deed: action_deeds.Deed, keys: tuple[int, ...], given: dict[str, Any], name: str, event: str) -> None:
    done = runtime.execute(deed.service, intent=state.intent(name), hold_ids=list(keys), **given)
    state.done_with(name)
    if isinstance(done, runtime.Refused):
        frame.refused(done)
        return
    if event == "assign":
        action_bar.tell(
            f"{wording.lines(len(done.value), 'hold')} assigned to {wording.plain(given['assignee'])}."
        )
    counts = pd.Series([r["outcome"] for r in done.value["results"]]).value_counts()
    said = [
        f"{wording.lines(int(counts[outcome]), 'hold')} {words}"
        for outcome, words in ((HoldOutcome.DONE, _DONE[event]), (HoldOutcome.SIGNED, "signed by you, one more signature needed"), (HoldOutcome.REFUSED, "left as they were"))
        if counts.get(outcome)
    ]  # fmt: skip
    action_bar.tell(f"{', '.join(said)}.{freed(done.value['impact'])}")


_DONE = {"start_review": "under review now, assigned to you", "release": "released", "refuse": "refused"}


def reached(impact: Mapping[str, Any]) -> None:
    """Draw what a command reaches: counts, value per currency, and what becomes possible or blocked."""
    parts = [
        wording.lines(impact["holds"], "hold"), wording.lines(impact["orders"], "order"),
        wording.lines(impact["lines"], "open line"), _value(impact),
    ]  # fmt: skip
    st.markdown(f"Reaches **{' · '.join(part for part in parts if part)}**.{freed(impact)}")
    stops = _actions(impact["blocks"], _BLOCKED)
    if stops:
        st.markdown(f"From then on: {stops}.")


def freed(impact: Mapping[str, Any]) -> str:
    """Return what becomes possible, as a sentence with a blank before it; nothing where nothing does."""
    possible = _actions(impact["frees"], _FREED)
    return f" Then {possible}." if possible else ""


def _actions(counts: Mapping[str, int], words: Mapping[str, str]) -> str:
    return ", ".join(f"{wording.lines(number, 'order')} {words[action]}" for action, number in counts.items())


_FREED = {
    "CONFIRM": "can be confirmed", "ALLOCATE": "can get stock", "RELEASE": "can go to the warehouse",
    "SHIP": "can be shipped", "INVOICE": "can be invoiced",
}  # fmt: skip
_BLOCKED = {
    "CONFIRM": "cannot be confirmed", "ALLOCATE": "get no stock", "RELEASE": "stay out of the warehouse",
    "SHIP": "are not shipped", "INVOICE": "are not invoiced",
}  # fmt: skip


def _value(impact: Mapping[str, Any]) -> str:
    known = [
        wording.money(Decimal(text), currency, short=True)
        for currency, text in impact["value"].items()
        if Decimal(text)
    ]
    gap = f" and {wording.lines(impact['unvalued'])} of unknown value" if impact["unvalued"] else ""
    return " + ".join(known) + gap


def place_button() -> None:
    """Draw the button that places holds, for whom may."""
    if actions.may_place(runtime.actor()) and st.button(
        "Place a hold", icon=":material/pan_tool:", type="primary", key="place_hold"
    ):
        _place()


@st.dialog("Place a hold", width="large")
def _place() -> None:
    scope = st.segmented_control(
        "On", SEARCHED, format_func=wording.code, default=HoldScope.ORDER, key="place_scope", required=True
    )
    text = st.text_input(
        "Search", key="place_text", placeholder="Number, name or code", icon=":material/search:"
    )
    found = dict(runtime.read(queries.objects, scope=scope, text=text.strip())) if text.strip() else {}
    if text.strip() and not found:
        st.caption(f"No {wording.code(scope).lower()} matches. Check the number, or search by a part of it.")
    chosen = st.multiselect(
        "Hold these", list(found), format_func=found.__getitem__, key=f"place_on_{scope}_{text}",
        default=list(found)[:1] if len(found) == 1 else [], disabled=not found, placeholder="One or several",
    )  # fmt: skip
    wants = ("types", "blocks", "until", "reason")
    given, missing = action_inputs.fields(wants, Asking("place"))
    missing = [*([] if chosen else ["what is held"]), *missing]
    asked = {"scope": scope, "scope_ids": chosen, **given}
    if missing:
        st.caption(f"Still needed: {', '.join(missing)}.")
        return
    seen = runtime.execute(holds.place, intent=state.fresh("preview"), dry_run=True, **asked)
    if isinstance(seen, runtime.Refused):
        frame.refused(seen)
        return
    reached(seen.value["impact"])
    mark = state.intent("holds:place")
    if st.button("Place", key=f"do_{mark}", type="primary", shortcut="Ctrl+Enter"):
        done = runtime.execute(holds.place, intent=mark, **asked)
        state.done_with("holds:place")
        if isinstance(done, runtime.Refused):
            frame.refused(done)
            return
        action_bar.tell(f"{wording.lines(len(done.value['hold_ids']), 'hold')} placed.")
