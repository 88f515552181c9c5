"""Reading lists: one table with typed columns, links, and export with the filter printed in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import pandas as pd
import pyarrow as pa
import streamlit as st

from domain.exchange.files import export
from domain.vocabulary.units import MINOR_DIGITS
from pages.shared import runtime

Kind = Literal["text", "link", "count", "quantity", "money", "day", "instant", "percent", "bar"]
MONEY_FORMAT = {0: "localized", 2: "accounting", 3: "localized"}
LAZY_FROM = 10_000
ROW = 35


class Column(NamedTuple):
    """A column of a list: name in the frame, heading, kind, width, and the pattern that a link shows."""

    name: str
    label: str
    kind: Kind = "text"
    width: Literal["small", "medium", "large"] | int | None = None
    shows: str | None = None
    help: str | None = None
    pinned: bool = False


def show(
    rows: pd.DataFrame | pa.Table,
    columns: Sequence[Column],
    *,
    alt: str,
    key: str,
    height: int | Literal["auto", "stretch", "content"] = "auto",
    missing: str = "–",
    pick: bool = False,
) -> list[int]:
    """Draw the rows; big lists load as they are scrolled. `missing` stands where nothing is recorded.

    With `pick` rows can be chosen; their places in `rows` are returned.
    """
    chosen: Any = st.dataframe(
        rows.select([column.name for column in columns]) if isinstance(rows, pa.Table) else rows,
        column_order=[column.name for column in columns],
        column_config={column.name: _config(column, rows) for column in columns},
        hide_index=True,
        height=height,
        row_height=ROW,
        lazy=len(rows) > LAZY_FROM or None,
        placeholder=missing,
        alt=alt,
        key=key,
        **({"on_select": "rerun", "selection_mode": "multi-row"} if pick else {}),
    )
    return sorted(chosen.selection.rows) if pick else []


def offer(
    rows: pd.DataFrame | pa.Table | Callable[[], pd.DataFrame],
    columns: Sequence[Column],
    *,
    title: str,
    filters: Mapping[str, str],
    key: str,
) -> None:
    """Draw the export menu: CSV and XLSX with title, filters and time printed in the file.

    `rows` may be a function where the file holds more than the screen: it is called when a file is asked for.
    """
    made = runtime.now()
    shown = {column.name: column.label for column in columns}
    with st.popover("Export", icon=":material/download:", key=f"{key}_menu"):
        size = "All rows of the filter," if callable(rows) else f"{len(rows):,} rows"
        st.caption(f"{size} with the filter printed in the file.")
        for label, make, suffix, mime in (
            ("CSV", export.as_csv, "csv", "text/csv"),
            (
                "Excel",
                export.as_xlsx,
                "xlsx",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ),
        ):
            st.download_button(
                label,
                data=lambda make=make: make(
                    _frame(rows), shown, title=title, filters=dict(filters), made=made
                ),
                file_name=f"{title.lower().replace(' ', '_')}_{made:%Y%m%d_%H%M}.{suffix}",
                mime=mime,
                key=f"{key}_{suffix}",
                on_click="ignore",
                width="stretch",
            )


def _frame(rows: pd.DataFrame | pa.Table | Callable[[], pd.DataFrame]) -> pd.DataFrame:
    if callable(rows):
        return rows()
    return rows.to_pandas() if isinstance(rows, pa.Table) else rows


def _digits(rows: pd.DataFrame | pa.Table) -> int:
    """Return the decimals that the amounts' currencies need: none for JPY alone, three when BHD is among them."""
    names = rows.column_names if isinstance(rows, pa.Table) else list(rows.columns)
    if "currency" not in names:
        return 2
    column = rows["currency"]
    codes = column.unique().to_pylist() if isinstance(column, pa.ChunkedArray) else list(column.unique())
    return max((MINOR_DIGITS.get(code, 2) for code in codes if isinstance(code, str)), default=2)


def _config(column: Column, rows: pd.DataFrame | pa.Table) -> Any:
    given = {
        "label": column.label,
        "width": column.width,
        "help": column.help,
        "pinned": column.pinned or None,
    }
    match column.kind:
        case "link":
            return st.column_config.LinkColumn(**given, display_text=column.shows)
        case "count":
            return st.column_config.NumberColumn(**given, format="localized", step=1)
        case "bar":
            top = int(_frame(rows)[column.name].max()) if len(rows) else 1
            return st.column_config.ProgressColumn(
                **given, format="localized", min_value=0, max_value=max(top, 1)
            )
        case "quantity":
            return st.column_config.NumberColumn(**given, format="localized")
        case "money":
            return st.column_config.NumberColumn(**given, format=MONEY_FORMAT[_digits(rows)])
        case "percent":
            return st.column_config.NumberColumn(**given, format="%.4f %%")
        case "day":
            return st.column_config.DateColumn(**given, format="YYYY-MM-DD")
        case "instant":
            return st.column_config.DatetimeColumn(**given, format="YYYY-MM-DD HH:mm", timezone="UTC")
        case _:
            return st.column_config.TextColumn(**given)
