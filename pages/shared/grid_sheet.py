"""What the server keeps of an edit grid: the rows as the person saw them, what came in, and what became of it."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from domain.vocabulary.edits import EditOutcome
from pages.shared.grid_columns import ACKED, HIDDEN, MARK, ROW_ID, WHY, GridColumn

Load = Callable[[], pd.DataFrame]
MOST_ROWS = 5_000


@dataclass(frozen=True)
class Change:
    """A cell that a person changed: the row, the column, what they saw, what they typed, and the version they saw.

    `how` is "type", "paste", "fill" or "set"; changes of one paste have one `group`.
    """

    row_id: str
    column: str
    old: Any
    new: Any
    row_version: int
    how: str = "type"
    group: int = 0


@dataclass(frozen=True)
class Arrived:
    """What one message of the grid brought that was not seen before; `batch` names it once and for all."""

    batch: str = ""
    changes: tuple[Change, ...] = ()
    asks: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()


@dataclass
class Sheet:
    """The rows of one grid in one tab. `of` is what they were asked with; another question loads anew."""

    of: Any
    columns: tuple[GridColumn, ...]
    load: Load
    version: int
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    instance: str = ""
    acked: dict[str, int] = field(default_factory=dict)
    client: str = ""
    selected: tuple[str, ...] = ()
    results: list[dict[str, Any]] = field(default_factory=list)
    waiting: tuple[Change, ...] = ()
    waiting_batch: str = ""
    said: str = ""
    moved: int = 0
    later: bool = False
    look: str = "light"

    def reload(self, version: int) -> None:
        """Load the rows anew; what is half typed in the browser stays."""
        self.frame = _plain(self.load(), self.columns)
        self.instance = self.instance or uuid.uuid4().hex[:12]
        self.version = version
        self.moved = 0
        self.results = [r for r in self.results if r["outcome"] == EditOutcome.CONFLICT]

    def column(self, name: str) -> GridColumn | None:
        """Return a column by its name in the frame."""
        return next((column for column in self.columns if column.name == name), None)

    def take(self, message: Any) -> Arrived:
        """Return what is new in a message of the grid; what came before is passed over by its number."""
        if not isinstance(message, Mapping):
            return Arrived(selected=self.selected)
        client = str(message.get("client", ""))
        known = self.acked.get(client, 0)
        fresh = [entry for entry in message.get("outbox") or () if _number(entry) > known]
        self.client = client
        self.selected = tuple(str(row) for row in message.get("selected") or ())
        if not fresh:
            return Arrived(selected=self.selected)
        last = max(_number(entry) for entry in fresh)
        self.acked[client] = last
        batch = f"{self.instance}:{client}:{known + 1}-{last}"
        changes = [made for entry in fresh if (made := self._change(entry)) is not None]
        asks = tuple(str(entry["ask"]) for entry in fresh if entry.get("ask"))
        return Arrived(batch, tuple(changes), asks, self.selected)

    def _change(self, entry: Mapping[str, Any]) -> Change | None:
        row_id, column = str(entry.get("row", "")), self.column(str(entry.get("col", "")))
        if column is None or not column.edits or row_id not in self.frame.index:
            return None
        row = self.frame.loc[row_id]
        kept, told = row[column.name], entry.get("from", row[column.name])
        # What the person saw is what we sent; where the browser says it was something else, that is what they saw.
        seen = kept if _text(kept) == _text(told) else told
        return Change(
            row_id,
            column.name,
            column.stored(seen),
            column.stored(entry.get("new")),
            int(row.get(column.version) or 0) if column.version else 0,
            str(entry.get("how", "type")),
            int(entry.get("group") or 0),
        )

    def cell(self, change: Change) -> dict[str, Any]:
        """Return a change as the service takes it."""
        column = self.column(change.column)
        assert column is not None
        key = self.frame.loc[change.row_id].get(column.record)
        return {
            "entity": column.entity,
            "record_id": int(key) if _text(key) else 0,
            "field": column.field,
            "old": change.old,
            "new": change.new,
            "row_version": change.row_version,
        }

    def settle(self, results: Sequence[Mapping[str, Any]]) -> None:
        """Put what the database holds now into the rows, and mark each row by what became of its cells."""
        self.frame[MARK] = None
        self.frame[WHY] = None
        by_place = {(c.entity, c.field): c for c in self.columns if c.edits}
        for result in results:
            column = by_place.get((result["entity"], result["field"]))
            if column is None:
                continue
            here = self.frame[column.record] == result["record_id"]
            if result.get("code") not in ("edit.field",) and result.get("row_version") is not None:
                held = (
                    result.get("theirs") if result["outcome"] == EditOutcome.CONFLICT else result.get("value")
                )
                self.frame.loc[here, column.name] = column.shown(held)
                for other in self.columns:
                    if other.record == column.record and other.version:
                        self.frame.loc[here, other.version] = result["row_version"]
            mark, why = _mark(result)
            self.frame.loc[here, MARK] = mark
            self.frame.loc[here, WHY] = why

    def sent(self) -> pd.DataFrame:
        """Return a copy for the component, with the acknowledgement of what came in."""
        copy = self.frame.copy()
        copy[ACKED] = None
        if len(copy):
            copy.iloc[0, copy.columns.get_loc(ACKED)] = f"{self.client}:{self.acked.get(self.client, 0)}"
        return copy

    def hidden(self) -> list[str]:
        """Return the columns that ride along unseen."""
        keys = {c.record for c in self.columns if c.edits} | {c.version for c in self.columns if c.version}
        return [*HIDDEN, *sorted(keys)]

    def where(self, result: Mapping[str, Any]) -> str:
        """Return which row a result is about, by the pinned columns: "SO-123 · 2"."""
        column = next((c for c in self.columns if c.edits and c.entity == result["entity"]), None)
        if column is None:
            return str(result["record_id"])
        found = self.frame[self.frame[column.record] == result["record_id"]]
        if found.empty:
            return str(result["record_id"])
        return self.name(found.iloc[0])

    def name(self, row: pd.Series) -> str:
        """Return what a row is called: its pinned columns."""
        return " · ".join(str(row[c.name]) for c in self.columns if c.pinned and row[c.name] is not None)


def _number(entry: Any) -> int:
    return int(entry.get("seq") or 0) if isinstance(entry, Mapping) else 0


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return format(value, "g") if isinstance(value, float) else str(value)


def _mark(result: Mapping[str, Any]) -> tuple[str | None, str | None]:
    match result["outcome"]:
        case EditOutcome.CONFLICT:
            return (
                "conflict",
                f"{result.get('by') or 'somebody'} changed it to {result.get('theirs') or 'empty'}",
            )
        case EditOutcome.REFUSED:
            return "refused", f"{result.get('message', '')} {result.get('fix', '')}".strip()
        case EditOutcome.REQUESTED:
            return "pending", str(result.get("message") or "Waits for approval")
        case EditOutcome.SAVED:
            return "saved", "Saved"
        case _:
            return None, None


def _plain(rows: pd.DataFrame, columns: Sequence[GridColumn]) -> pd.DataFrame:
    """Return a frame of texts, floats and None alone: AgGrid's transport loses or breaks everything else."""
    made: dict[str, Any] = {ROW_ID: rows[ROW_ID].astype(str)}
    for column in columns:
        series = rows[column.name]
        if pd.api.types.is_datetime64_any_dtype(series):
            text = series.dt.strftime("%Y-%m-%d")
            made[column.name] = text.where(series.notna(), None).astype(object)
        elif pd.api.types.is_numeric_dtype(series) and not column.choices:
            made[column.name] = series.astype(float)
        else:
            known = {value: column.shown(value) for value in series.dropna().unique()}
            made[column.name] = series.map(known).astype(object).where(series.notna(), None)
        for ride in (column.record, column.version):
            if ride and ride not in made:
                made[ride] = rows[ride].astype(float)
    frame = pd.DataFrame(made)
    frame[MARK] = None
    frame[WHY] = None
    return frame.set_index(ROW_ID, drop=False).rename_axis(None)
