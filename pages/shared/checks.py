"""Running checks on demand, with progress, and showing what they found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from domain.services import control
from domain.vocabulary.integrity import Verification
from pages.shared import frame, runtime, state, table, wording
from pages.shared.table import Column

CHECKS = (
    Column("state", "Result", "text", 90, pinned=True),
    Column("name", "Check", "text", 320),
    Column("drift", "Drifted", "count", 80),
    Column("checked", "Checked", "count", 85),
    Column("says", "What it says", "text", 640),
    Column("seconds", "Seconds", "quantity", 80),
)
DRIFTED = (
    Column("check", "Check", "text", 280, pinned=True),
    Column("order", "Order", "link", 120, shows=r"so=([^&]+)"),
    Column("row", "Row", "text", 220),
    Column("what", "What is wrong", "text", 420),
    Column("place", "Where", "text", 190),
)


def button(name: str, label: str, check: Callable[..., Verification], *, kind: Any = "secondary") -> None:
    """Draw the button that runs a check; `result` shows what it found."""
    if st.button(label, icon=":material/verified:", key=f"run_{name}", type=kind):
        state.remember(f"checks:{name}:wanted", check)


def result(name: str, opened: frame.Opened) -> None:
    """Run the check that was asked for, with progress, and show what it found until the next one."""
    check = state.recall(f"checks:{name}:wanted", lambda: None)
    if check is not None:
        state.forget(f"checks:{name}:wanted")
        state.remember(f"checks:{name}", run(check))
    found: Verification | None = state.recall(f"checks:{name}", lambda: None)
    if found is None:
        return
    told = sentence(found.drift, len(found.checks))
    checked = sum(check.checked for check in found.checks)
    if found.drift:
        st.error(told, icon=":material/error:")
        broken([one.as_json() for one in found.checks], opened, key=name)
    else:
        st.success(f"{told} {wording.count(checked)} rows were looked at.", icon=":material/verified:")


def run(check: Callable[..., Verification], *, keep: bool = False) -> Verification:
    """Run a check with a progress bar; with `keep` its result stays in the database for everybody."""
    bar = st.progress(0.0, "Reading …")
    found = runtime.verified(check, lambda name, share: bar.progress(share, f"{name} …"))
    bar.empty()
    if keep:
        kept = runtime.execute(
            control.note_verification, intent=state.fresh("verification"), **control.told(found)
        )
        if isinstance(kept, runtime.Refused):
            frame.refused(kept)
    return found


def sentence(drift: int, count: int) -> str:
    """Return the result of some checks as a sentence."""
    if drift:
        return f"{wording.lines(drift, 'row')} drifted in {wording.lines(count, 'check')}."
    return f"0 drift in {wording.lines(count, 'check')}."


def shown(checks: Iterable[Mapping[str, Any]], *, key: str) -> None:
    """Draw the checks of a result."""
    rows = as_frame(checks)
    table.show(rows, CHECKS, alt="Checks with what they found", key=key, height=36 + table.ROW * len(rows))


def as_frame(checks: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the checks of a result as rows, those that drifted first."""
    rows = pd.DataFrame(list(checks))
    return rows.assign(
        state=["⚠ Drift" if drift else "✓ Holds" for drift in rows["drift"]],
        name=[name[:1].upper() + name[1:] for name in rows["name"]],
    ).sort_values("drift", ascending=False, kind="stable")


def broken(checks: Iterable[Mapping[str, Any]], opened: frame.Opened, *, key: str) -> None:
    """Draw the first broken rows of each check that drifted, with the way to their orders."""
    rows = [
        {
            "check": check["name"],
            "order": frame.address("order", opened, so=row["order_no"]) if row.get("order_no") else None,
            "row": row["name"],
            "what": row.get("what") or check.get("says", ""),
            "place": f"{row['table']} {row['key']}",
        }
        for check in checks
        for row in check.get("rows", ())
    ]
    if rows:
        table.show(pd.DataFrame(rows), DRIFTED, alt="Rows that drifted", key=f"{key}_rows", height="auto")
