"""Approvals as a list: the sentence over it, its empty states, the history table and its export."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from domain.services.approving.approval_desk import Item
from domain.vocabulary.approvals import ApprovalStatus
from domain.vocabulary.roles import ROLE_NAMES
from pages.shared import frame, linked, table, wording
from pages.shared.frame import Opened
from pages.shared.table import Column

SOON = timedelta(hours=4)
COLUMNS = (
    Column("number", "No.", "count", "small", pinned=True),
    Column("status", "Status", "text", "small"),
    Column("kind", "Type", "text", "small"),
    Column("object", "Object", "text", "medium"),
    Column("change", "Change", "text", "large"),
    Column("amount", "Amount", "money", "small"),
    Column("currency", "Currency", "text", "small"),
    Column("asked_by", "Asked by", "text", "small"),
    Column("asked_at", "Asked", "instant", "small"),
    Column("reason", "Reason", "text", "medium"),
    Column("decided_at", "Decided", "instant", "small"),
    Column("decisions", "Decisions", "text", "large"),
)


def sentence(waiting: Sequence[Item], asked: Sequence[Item], now: datetime) -> str:
    """Return the state of the approvals: how many wait for the person, how many expire soon, what the own ones do."""
    own = [item for item in asked if item.request.status is ApprovalStatus.PENDING]
    parts = [
        f"{wording.lines(len(waiting), 'request')} waiting for you" if waiting else "Nothing waits for you"
    ]
    soon = sum(1 for item in waiting if item.request.expires_at and item.request.expires_at - now <= SOON)
    if soon:
        parts.append(f"{soon} to decide within 4 hours")
    parts.append(
        f"{wording.lines(len(own), 'request')} of yours {'waits' if len(own) == 1 else 'wait'} for others"
        if own
        else "none of yours waits for others"
    )
    return " · ".join(parts)


def types(items: Iterable[Item]) -> list[str]:
    """Return the types that occur, in order of the alphabet."""
    return sorted({str(item.request.type) for item in items})


def nothing(view: str, filtered: bool, opened: Opened) -> None:
    """Draw why the list is empty, and one way on."""
    if filtered:
        frame.nothing_here("No approval of this type.", todo="Other types are hidden by the filter.")
        st.button(
            "Show all types", icon=":material/filter_alt_off:", on_click=linked.turn, kwargs={"type": ""}
        )
    elif view == "waiting":
        frame.nothing_here(
            "All decided: nothing waits for you.",
            todo="Requests appear here when a step is for one of your roles, or for somebody who named you as delegate.",
            key="approvals",
            label="See what was decided",
            view="decided",
        )
    elif view == "asked":
        frame.nothing_here(
            "You have asked for nothing yet.",
            todo="Change a sensitive field in the master data: where you may only propose, a request is made.",
            key="customers",
            label="Go to customers",
        )
    else:
        frame.nothing_here(
            "Nothing was decided yet that concerns you.",
            todo="Requests that you asked for or decided, and those of your roles, stay here.",
            key="approvals",
            label="See what waits",
        )


def rows(items: Sequence[Item]) -> pd.DataFrame:
    """Return approvals as a table."""
    return pd.DataFrame(
        [
            {
                "number": item.request.approval_id,
                "status": wording.code(item.request.status),
                "kind": wording.code(item.request.type),
                "object": item.request.object_name,
                "change": "; ".join(f"{what}: {old} → {new}" for what, old, new in item.request.says),
                "amount": None if item.request.amount is None else float(item.request.amount),
                "currency": item.request.currency,
                "asked_by": item.asker,
                "asked_at": item.request.requested_at,
                "reason": item.request.reason,
                "decided_at": item.request.decided_at,
                "decisions": "; ".join(trail(item)),
            }
            for item in items
        ]
    )


def trail(item: Item) -> list[str]:
    """Return what became of each step, in words."""
    told = []
    for step in item.request.steps:
        role = ROLE_NAMES[step.role]
        if step.decision is None:
            waits = step.step == item.request.waiting_step and item.request.status is ApprovalStatus.PENDING
            told.append(f"{role}: {'waits' if waits else 'not reached'}")
            continue
        who = item.name(step.approved_by)
        behalf = f" for {item.name(step.on_behalf_of)}" if step.on_behalf_of else ""
        said = f" “{step.comment}”" if step.comment else ""
        told.append(f"{role}: {wording.code(step.decision).lower()} by {who}{behalf}{said}")
    return told or ["inside the limits that need nobody"]


def history(items: Sequence[Item]) -> None:
    """Draw what was decided."""
    table.show(rows(items), COLUMNS, alt="Decided approvals, the newest first", key="approvals_decided")


def offer(items: Sequence[Item], title: str, filters: Mapping[str, str]) -> None:
    """Draw the export menu."""
    table.offer(
        rows(items), COLUMNS, title=f"Approvals {title.lower()}", filters=filters, key="approvals_export"
    )
