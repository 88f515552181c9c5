"""Choosing what a backorder run is made of: the variant, the lines, and how many of them the filter means."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from db.queries import backorder_runs as queries
from db.queries import choices
from domain.services.access import authority
from domain.services.allocating import runs, variants
from domain.settings import settings
from domain.vocabulary.permissions import Permission
from domain.vocabulary.run_variants import LineSelection
from pages.shared import frame, runtime, state, wording

TIERS = (1, 2, 3, 4)
STRATEGY = {
    "WIN": "must be in full and on time",
    "GAIN": "keeps what it has or gains",
    "IMPROVE": "tries to keep and gain",
    "REDISTRIBUTE": "may gain or lose",
    "FILL": "may not gain, may lose",
    "LOSE": "gives everything up",
    "SKIP": "stays as it is",
}


def draw() -> None:
    """Draw the choice and the button that makes the run; say why where the person may not."""
    if not authority.may(runtime.actor(), Permission.RUN_SIMULATE):
        st.caption("Your roles may look at runs but not make one.")
        return
    rules = runtime.read(queries.variants)
    if rules.empty:
        frame.nothing_here("No variant is active.", todo="Save one, or restore the ready-made ones.")
        return
    with st.container(border=True):
        left, right = st.columns((3, 2), gap="large")
        with left:
            names = dict(zip(rows_of(rules, "code"), rows_of(rules, "name"), strict=True))
            code = st.selectbox("Rules", list(names), format_func=lambda key: names[key], key="run_variant")
            scope = _scope()
        with right:
            _rules(json.loads(rules.loc[rules["code"] == code, "spec"].iloc[0]))
        meant = runtime.read(variants.meant, selection=scope)
        st.caption(
            f"{wording.lines(meant.lines)} of {wording.lines(meant.customers, 'customer')}, "
            f"{wording.money(meant.value, settings().currency, short=True)} open. All other lines keep what they have."
        )
        if st.button(
            "Simulate",
            type="primary",
            icon=":material/play_arrow:",
            disabled=meant.lines == 0,
            key="simulate",
        ):
            _simulate(code, scope)


def rows_of(rules: Any, name: str) -> list[str]:
    """Return a column of the variants."""
    return [str(value) for value in rules[name]]


def _scope() -> LineSelection:
    sites = runtime.read(choices.sites)
    with st.container(horizontal=True, gap="small"):
        tiers = st.multiselect("Tiers", TIERS, key="run_tiers", placeholder="All tiers")
        chosen = st.multiselect(
            "Sites", list(sites), format_func=lambda key: sites[key], key="run_sites", placeholder="All sites"
        )
    skus = st.text_input("SKUs", key="run_skus", placeholder="All SKUs, or some: MOT-34, BRG-31").replace(
        ";", ","
    )
    wanted = [part.strip() for part in skus.split(",") if part.strip()]
    found = runtime.read(choices.skus_named, names=tuple(wanted)) if wanted else {}
    if missing := [name for name in wanted if name not in found]:
        st.caption(f":orange[No SKU is called {wording.plain(', '.join(missing))}.]")
    waiting = st.checkbox("Only lines that wait for a confirmation", key="run_waiting")
    keys = tuple(sorted(found.values())) or ((0,) if wanted else ())
    return LineSelection(tiers=tuple(tiers), site_ids=tuple(chosen), sku_ids=keys, unconfirmed_only=waiting)


def _rules(spec: dict[str, Any]) -> None:
    st.markdown("**In this order**")
    for each in spec["segments"]:
        st.markdown(f"- {wording.plain(each['name'])}: :gray[{STRATEGY[each['strategy']]}]")
    other = STRATEGY[spec["otherwise"]]
    st.markdown(f"- :gray[Lines that no segment takes: {other}]")


def _simulate(code: str, scope: LineSelection) -> None:
    with st.status("Reading the book and deciding …") as told:
        done = runtime.execute(runs.simulate, intent=state.fresh("simulate"), variant=code, scope=scope)
        if isinstance(done, runtime.Refused):
            told.update(label="Nothing was made.", state="error")
            frame.refused(done)
            return
        told.update(label=f"Run {done.value['run_id']} is made.", state="complete")
    frame.go("backorder_run", run=str(done.value["run_id"]))
