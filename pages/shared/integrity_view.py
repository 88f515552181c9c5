"""The parts of the Integrity screen: its sentence, cards with the way on, checks and the rows that drifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

import streamlit as st

from domain.services import control
from domain.vocabulary.integrity import Verification
from pages.shared import checks, frame, runtime, table, wording

ALIVE = timedelta(minutes=2)
BACKUP_DUE = timedelta(days=1)
PROOF_DUE = timedelta(days=7)
Noted = Mapping[str, Any]


def asked() -> bool:
    """Draw the button that runs all checks; return whether it was clicked."""
    return st.button("Run all checks now", icon=":material/verified:", type="primary", key="run_integrity")


def noted(found: Verification) -> Noted:
    """Return a fresh result in the form in which results are kept."""
    return {
        "at": runtime.now().isoformat(), "by": runtime.actor().login, "drift": found.drift, **control.told(found),
    }  # fmt: skip


def sentence(last: Noted | None) -> str:
    """Return what the last run found, and when it was."""
    if last is None:
        return "Nothing was checked yet · run all checks to see whether what must hold holds"
    told = checks.sentence(last["drift"], len(last["checks"])).rstrip(".")
    return f"**{told}** · last run {_ago(last['at'])} by {wording.plain(str(last['by']))}"


def cards(
    *,
    last: Noted | None,
    chain: Noted,
    made: Noted | None,
    proven: Noted | None,
    jobs: Sequence[Noted],
    opened: frame.Opened,
) -> None:
    """Draw one card per thing that somebody answers for: checks, audit log, backup, proof, worker."""
    with st.container(horizontal=True, gap="small"):
        drift = "–" if last is None else wording.count(last["drift"])
        bad = last is not None and last["drift"] > 0
        _card("Rows that drifted", drift, "" if last is None else _ago(last["at"]), warn=bad)
        waiting = chain["rows"] - chain["sealed"]
        _card(
            "Audit log", wording.count(chain["rows"]),
            f"{wording.count(waiting)} not sealed yet" if waiting else "all sealed",
        )  # fmt: skip
        _card(
            "Changed outside", wording.count(chain["outside"]),
            "straight in the database", warn=chain["outside"] > 0,
        )  # fmt: skip
        _kept("Last backup", made, BACKUP_DUE, "domain backup")
        _kept("Last proven restore", proven, PROOF_DUE, "domain restore --verify")
        beat = max((job["heartbeat_at"] for job in jobs), default=None)
        alive = beat is not None and runtime.now() - beat < ALIVE
        said = "–" if beat is None else _ago(beat.isoformat())
        _card("Worker", "Works" if alive else "Does not work", f"last beat {said}", warn=not alive)
    with st.container(horizontal=True, gap="medium"):
        frame.link("audit", "Audit log", opened, icon="policy")
        if chain["outside"]:
            frame.link("audit", "Changes made outside", opened, icon="policy", source="OUTSIDE")


def _kept(label: str, found: Noted | None, due: timedelta, how: str) -> None:
    if found is None:
        _card(label, "Never", how, warn=True)
        return
    at = datetime.fromisoformat(found["at"])
    rows = sum(found["rows"].values())
    told = f"{wording.count(rows)} rows in {PurePath(found['file']).name}"
    _card(label, _ago(found["at"]), told, warn=runtime.now() - at > due)


def _card(label: str, figure: str, told: str, *, warn: bool = False) -> None:
    with st.container(border=True, width=161, gap=None):
        st.caption(label)
        mark = ":orange[:material/warning:] " if warn else ""
        st.markdown(f"#### {mark}{wording.plain(figure)}")
        st.caption(wording.plain(told) if told else " ")


def details(last: Noted | None, opened: frame.Opened) -> None:
    """Draw the rows that drifted first, then every check."""
    if last is None:
        frame.nothing_here(
            "No result yet.",
            todo="Run all checks; on the demo it takes a few seconds. Nothing is changed by it.",
        )
        return
    if last["drift"]:
        st.subheader("Rows that drifted", anchor=False)
        checks.broken(last["checks"], opened, key="integrity")
        st.caption(
            "Up to 20 rows per check. Somebody changed them outside the tower, or a program has a fault: "
            "the audit log of the order tells which."
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Checks", anchor=False, width="content")
        st.space("stretch")
        table.offer(
            checks.as_frame(last["checks"]), checks.CHECKS, title="Integrity",
            filters={"Run": wording.instant(datetime.fromisoformat(last["at"])), "By": str(last["by"])},
            key="integrity_offer",
        )  # fmt: skip
    checks.shown(last["checks"], key="integrity_checks")


def _ago(text: str) -> str:
    minutes = int((runtime.now() - datetime.fromisoformat(text)).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 2880 else f"{minutes // 1440} days ago"
