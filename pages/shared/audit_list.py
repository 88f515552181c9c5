"""The lists of the Audit screen: changes, and the clicks behind them, a portion at a time from the newest."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from db.queries import audit as queries
from domain.services import integrity
from domain.vocabulary.audit_filter import AuditFilter
from pages.shared import audit_bar, audit_words, checks, filters, frame, runtime, table, wording
from pages.shared.table import Column

PORTION = 500
MOST_EXPORTED = 50_000
CHANGES = (
    Column("when", "When", "text", 175, pinned=True),
    Column("who", "Who", "text", 120),
    Column("order", "Order", "link", 105, shows=r"so=([^&]+)"),
    Column("what", "What", "text", 165),
    Column("field", "Field", "text", 140),
    Column("old", "Before", "text", 150),
    Column("new", "After", "text", 150),
    Column("reason", "Reason", "text", 190),
    Column("action", "Action", "text", 170),
    Column("source", "From", "text", 130),
    Column("roles", "Roles", "text", 110),
    Column("command_id", "Click", "count", 70, help="All changes of one click or job carry one number."),
    Column("seal_no", "Seal", "count", 70, help="Place in the chain; empty until the next minute."),
)
CLICKS = (
    Column("when", "When", "text", 175, pinned=True),
    Column("open", "Click", "link", 70, shows=r"command=(\d+)", help="Opens its changes."),
    Column("who", "Who", "text", 130),
    Column("action", "Action", "text", 210),
    Column("changes", "Changes", "count", 85),
    Column("objects", "Objects", "count", 80),
    Column("what", "Of", "text", 150),
    Column("reason", "Reason", "text", 240),
    Column("source", "From", "text", 150),
    Column("undoes_id", "Takes back", "count", 95),
)


def changes(wanted: AuditFilter, opened: frame.Opened) -> None:
    """Draw the changes that the filter lets through."""
    asked: dict[str, Any] = {"wanted": wanted, **audit_bar.period(wanted)}
    _list(wanted, opened, queries.rows, asked, CHANGES, "audit_id", "Changes")


def clicks(wanted: AuditFilter, opened: frame.Opened) -> None:
    """Draw the clicks and jobs behind the changes that the filter lets through."""
    asked: dict[str, Any] = {"wanted": wanted, **audit_bar.period(wanted)}
    _list(wanted, opened, queries.clicks, asked, CLICKS, "command_id", "Clicks")


def _list(
    wanted: AuditFilter,
    opened: frame.Opened,
    query: Any,
    asked: dict[str, Any],
    columns: Any,
    key: str,
    title: str,
) -> None:
    before = filters.asked("before")
    place = int(before) if before.isdecimal() else None
    found = runtime.read(query, **asked, before=place, most=PORTION)
    rows = _prepared(found, opened)
    with st.container(horizontal=True, vertical_alignment="center"):
        _told(len(found), place)
        st.space("stretch")
        checks.button("audit_verify", "Verify the log", integrity.verify_audit)
        table.offer(
            lambda: _prepared(runtime.read(query, **asked, before=None, most=MOST_EXPORTED), opened),
            [column for column in columns if column.kind != "link"] + _without_links(columns),
            title=title,
            filters=audit_bar.words(wanted),
            key=f"audit_{key}_offer",
        )
    checks.result("audit_verify", opened)
    if found.empty:
        frame.nothing_here(
            "No change fits the filter." if place is None else "There is nothing older.",
            todo="Widen the filter, or clear it.",
            key="audit",
            label="All changes",
        )
        return
    table.show(
        rows,
        columns,
        alt=f"{title}, the newest first",
        key=f"audit_{key}",
        height=36 + table.ROW * min(len(rows), 17),
    )
    _turn(found, key, place)


def _without_links(columns: Any) -> list[Column]:
    """Return in place of the links what they show."""
    return [Column("order_no", "Order")] if columns is CHANGES else [Column("command_id", "Click", "count")]


def _told(count: int, place: int | None) -> None:
    more = f"the newest {wording.count(count)}" if place is None else f"{wording.count(count)} older ones"
    whole = f"all {wording.count(count)}" if place is None else f"the last {wording.count(count)}"
    st.caption(f"Shows {more if count == PORTION else whole}, newest first.", width="content")


def _turn(found: pd.DataFrame, key: str, place: int | None) -> None:
    with st.container(horizontal=True):
        if place is not None:
            st.button("Newest", icon=":material/first_page:", on_click=_go, args=(None,), key="audit_newest")
        if len(found) == PORTION:
            last = int(found[key].iloc[-1])
            st.button("Older", icon=":material/chevron_right:", on_click=_go, args=(last,), key="audit_older")


def _go(before: int | None) -> None:
    if before is None:
        st.query_params.pop("before", None)
    else:
        st.query_params["before"] = str(before)


def _prepared(found: pd.DataFrame, opened: frame.Opened) -> pd.DataFrame:
    rows = found.to_dict("records")
    common = {
        "when": [wording.instant(row["at"]) for row in rows],
        "who": [audit_words.person(row["actor"], row.get("on_behalf_of")) for row in rows],
        "action": [audit_words.action(row["action"]) for row in rows],
        "source": [audit_words.source(row["source"]) for row in rows],
        "roles": [_roles(row["actor_role"]) for row in rows],
    }
    if "audit_id" not in found:
        numbers = {name: _numbers(rows, name) for name in ("command_id", "changes", "objects", "undoes_id")}
        links = [frame.address("audit", opened, command=str(row["command_id"])) for row in rows]
        return found.assign(**common, **numbers, what=[_kinds(row) for row in rows], open=links)
    return found.assign(
        **common,
        order=[
            frame.address("order", opened, so=row["order_no"]) if row["order_no"] else None for row in rows
        ],
        what=[_object(row) for row in rows],
        field=[audit_words.field_name(row["field"]) for row in rows],
        old=[audit_words.value(row["old"]) for row in rows],
        new=[audit_words.value(row["new"]) for row in rows],
        command_id=_numbers(rows, "command_id"),
        seal_no=_numbers(rows, "seal_no"),
    )


def _kinds(row: dict[Any, Any]) -> str:
    more = row["tables"] - 1
    return audit_words.object_kind(row["object_type"]) + (
        f" and {wording.lines(more, 'other')}" if more else ""
    )


def _numbers(rows: list[dict[Any, Any]], name: str) -> pd.Series:
    return pd.Series([None if pd.isna(row[name]) else int(row[name]) for row in rows], dtype="Int64")


def _object(row: dict[Any, Any]) -> str:
    name = row["name"]
    if isinstance(name, str):
        return name[:1].upper() + name[1:]
    return f"{audit_words.object_kind(row['object_type'])} {row['object_id']}"


def _roles(text: Any) -> str:
    return "" if not isinstance(text, str) or text.startswith("service:") else text.replace(",", ", ")
