"""Look back at imports: who brought what in, what it changed, and undo with a preview of what stays."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from db.queries import imports as queries
from domain.vocabulary.statuses import BatchStatus
from pages.shared import frame, import_report, import_undo_panel, linked, runtime, table, wording
from pages.shared.frame import Opened
from pages.shared.import_words import words

BATCHES = (
    table.Column("open", "Batch", "link", "small", shows=r"batch=(\d+)", pinned=True),
    table.Column("when", "When"),
    table.Column("imported_by", "Who", width="small"),
    table.Column("files", "Files", width="medium"),
    table.Column("profile", "Profile", width="small"),
    table.Column("state", "State"),
    table.Column("rows", "Lines", "count"),
    table.Column("accepted", "New", "count"),
    table.Column("amended", "Amended", "count"),
    table.Column("unchanged", "Unchanged", "count"),
    table.Column("quarantined", "Held back", "count"),
    table.Column("open_rows", "Still waiting", "count"),
    table.Column("warnings", "Warnings", "count"),
)


def show(opened: Opened) -> None:
    """Draw the list of batches and the one that is chosen."""
    linked.leave("held")
    rows = runtime.read(queries.batches)
    if rows.empty:
        frame.nothing_here(
            "Nothing was imported yet.",
            todo="Each import is listed here with its counts and rows, and can be undone.",
            key="imports",
            label="Bring the first files in",
            view="bring_in",
        )
        return
    rows = rows.assign(
        open=[
            frame.address("imports", opened, view="history", batch=str(number)) for number in rows["batch_id"]
        ],
        state=rows["status"].map(words),
        when=[wording.instant(at.to_pydatetime()) for at in rows["imported_at"]],
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = _pick(rows)
        st.space("stretch")
        table.offer(
            rows,
            [c for c in BATCHES if c.kind != "link"],
            title="Imports",
            filters={},
            key="import_batches_offer",
        )
    table.show(
        rows,
        BATCHES,
        alt="Imports, the newest first",
        key="import_batches",
        height="auto" if len(rows) <= 6 else 36 + 35 * 6,
    )
    batch = runtime.read(queries.batch, batch_id=chosen)
    if batch is not None:
        with st.container(border=True):
            _one(batch)


def _pick(rows: pd.DataFrame) -> int:
    said = {
        str(row.batch_id): f"#{row.batch_id} · {row.when} · {row.files}"
        for row in rows.itertuples(index=False)
    }
    return int(linked.select("batch", said, label="Look at batch"))


def _one(batch: dict[str, Any]) -> None:
    status = BatchStatus(batch["status"])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Batch {batch['batch_id']}", anchor=False, width="content")
        if status is not BatchStatus.COMMITTED:
            st.badge(words(status.value), icon=":material/undo:", color="gray")
        st.space("stretch")
        if status is BatchStatus.COMMITTED:
            import_undo_panel.button(int(batch["batch_id"]))
    st.caption(
        f"{wording.plain(batch['imported_by'])} · {wording.instant(batch['imported_at'])} · "
        f"profile {wording.plain(batch['profile'])} · source {wording.plain(batch['source'])}"
    )
    if batch["undo_report"] is not None:
        st.info(
            f"Undone by {wording.plain(batch['undone_by'])} · {wording.instant(batch['undone_at'])}. "
            + import_undo_panel.sentence(batch["undo_report"]),
            icon=":material/undo:",
        )
        import_undo_panel.kept(batch["undo_report"], key=f"undone_{batch['batch_id']}")
    import_undo_panel.ask(int(batch["batch_id"]))
    import_report.show(import_report.of_batch(batch))
