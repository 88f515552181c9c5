"""One row of master data looked at: links to what belongs to it, and the small forms that add rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from db.queries import master_data
from domain.services import master_data as service
from domain.services.access import authority
from domain.vocabulary.permissions import Permission
from pages.shared import frame, linked, runtime, state, wording
from pages.shared.frame import Opened

TOLD = "master_told"
MOST_PARTS = 200


def may(permission: Permission) -> bool:
    """Whether who is signed in has a permission."""
    return authority.may(runtime.actor(), permission)


def told() -> None:
    """Show once what the last form did."""
    answer = state.recall(TOLD, lambda: None)
    if answer is None:
        return
    state.forget(TOLD)
    done, words = answer
    if isinstance(done, runtime.Refused):
        frame.refused(done)
    else:
        st.success(words, icon=":material/check_circle:")


def send(form: str, call: Callable[..., Any], words: str, **arguments: Any) -> bool:
    """Run a form's command once, and tell it at the next draw; return whether it was done."""
    answer = runtime.execute(call, intent=state.intent(form), **arguments)
    state.done_with(form)
    state.remember(TOLD, (answer, words))
    return not isinstance(answer, runtime.Refused)


def look_at(name: str, rows: Mapping[str, str], what: str) -> str:
    """Draw the choice of one row to look at and return its key as text; nothing chosen is empty."""
    return linked.select(
        name, {"": f"Look at a {what}", **rows}, label=f"Look at a {what}", width=210, hidden=True
    )


def customer(key: int, name: str, opened: Opened) -> None:
    """Draw what belongs to a customer: orders, ship-tos, part numbers."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{wording.plain(name)}**", width="content")
            frame.link("orders", "Orders", opened, icon="arrow_forward", customer=name)
            frame.link("ship_tos", "Ship-tos", opened, icon="arrow_forward", ship_to_customer=name)
            st.space("stretch")
            if may(Permission.MASTER_PROPOSE):
                _new_part(key)
        parts = runtime.read(master_data.parts, customer_id=key)
        if not parts:
            st.caption("No part numbers of this customer: orders must name our SKUs.")
            return
        st.caption(f"{wording.lines(len(parts), 'part number')} of this customer")
        with st.container(height=150 if len(parts) > 4 else "content", border=False):
            for part in parts[:MOST_PARTS]:
                _part(part)


def _part(part: master_data.Part) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"{wording.plain(part.part)} → **{wording.plain(part.sku)}** {wording.plain(part.description)}",
            width="content",
        )
        if may(Permission.MASTER_PROPOSE):
            st.button(
                "Remove",
                type="tertiary",
                icon=":material/delete:",
                key=f"part_{part.customer_sku_id}_{part.row_version}",
                help="Orders keep the number that they came with.",
                on_click=send,
                args=(f"part_{part.customer_sku_id}", service.remove_customer_part, "Part number removed."),
                kwargs={"customer_sku_id": part.customer_sku_id, "row_version": part.row_version},
            )


def _new_part(customer_id: int) -> None:
    with st.popover("Add a part number", icon=":material/add:"), st.form(f"part_{customer_id}", border=False):
        st.text_input("The customer's number", max_chars=service.MOST_CODE, key="part_number")
        st.text_input("Our SKU", key="part_sku")
        st.form_submit_button("Add", on_click=_add_part, args=(customer_id,))


def _add_part(customer_id: int) -> None:
    send(
        "add_part",
        service.add_customer_part,
        "Part number added.",
        customer_id=customer_id,
        part=state.recall("part_number", str),
        sku=state.recall("part_sku", str),
    )


def new_ship_to() -> None:
    """Draw the form of a new ship-to."""
    known = runtime.read(master_data.customers_by_name)
    with (
        st.popover("Add a ship-to", icon=":material/add_location_alt:"),
        st.form("ship_to_form", border=False),
    ):
        st.selectbox("Customer", list(known), index=None, key="st_customer", placeholder="Whose place it is")
        st.text_input("Code", max_chars=service.MOST_CODE, key="st_code", help="Unique for the customer.")
        for name, label in SHIP_TO_LABELS.items():
            st.text_input(label, key=f"st_{name}")
        st.form_submit_button("Add the ship-to", on_click=_add_ship_to, args=(known,))


SHIP_TO_LABELS = {
    "name": "Name",
    "address": "Street and number",
    "city": "City",
    "region": "Region",
    "postal": "Postal code",
    "country": "Country (two letters)",
    "tz": "Time zone (Europe/Berlin)",
    "dock_notes": "Dock notes",
}


def _add_ship_to(known: Mapping[str, int]) -> None:
    chosen = state.recall("st_customer", lambda: None)
    if chosen not in known:
        refusal = runtime.Refused("ship_to.customer", "No customer is chosen.", "Choose whose place it is.")
        state.remember(TOLD, (refusal, ""))
        return
    send(
        "add_ship_to",
        service.add_ship_to,
        "Ship-to added.",
        customer_id=known[chosen],
        code=state.recall("st_code", str),
        given={name: state.recall(f"st_{name}", str) for name in SHIP_TO_LABELS},
    )


def new_parameters() -> None:
    """Draw the form of new site parameters."""
    sites = runtime.read(master_data.site_codes)
    with st.popover("Add parameters", icon=":material/add:"), st.form("parameters_form", border=False):
        st.text_input("SKU", key="sp_sku")
        st.selectbox("Site", sites, key="sp_site")
        st.form_submit_button("Add", on_click=_add_parameters)


def _add_parameters() -> None:
    send(
        "add_parameters",
        service.add_site_parameters,
        "Parameters added; they start without safety stock.",
        sku=state.recall("sp_sku", str),
        site=state.recall("sp_site", str) or "",
    )
