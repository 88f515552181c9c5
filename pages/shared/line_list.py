"""Order lines as a list: the same columns, words and links wherever lines are shown."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import pandas as pd

from pages.shared import frame, table, wording
from pages.shared.table import Column

ORDER_PATTERN = r"so=([^&]*)"
SHORT = (
    Column("order", "Order", "link", "small", shows=ORDER_PATTERN, pinned=True),
    Column("line_no", "Line", "text", "small"),
    Column("customer", "Customer", "text", "medium"),
    Column("sku", "SKU", "text", "small"),
    Column("promised_on", "Promised", "day", "small"),
    Column("expected_on", "Expected", "day", "small"),
    Column("why", "Why", "text", "medium"),
    Column("qty_open", "Open", "quantity", "small"),
    Column("open_amount", "Open value", "money", "small"),
    Column("currency", "Currency", "text", "small"),
    Column("owner", "Owner", "text", "small"),
)


def prepared(rows: pd.DataFrame, opened: frame.Opened) -> pd.DataFrame:
    """Return the rows with links and words in place of keys and codes."""
    stem = frame.address("order", opened)
    joint = "&" if "?" in stem else "?"
    ready = rows.assign(
        order=stem + joint + "so=" + rows["order_no"].map(quote),
        why=rows["wait_reason"].map(wording.code).where(rows["is_open"] == 1),
        stage=rows["stage"].map(wording.code),
    )
    if not opened.live:
        # Expected days are kept only as they are now.
        ready = ready.assign(expected_on=pd.NaT)
    return ready


def show(
    rows: pd.DataFrame, opened: frame.Opened, *, key: str, alt: str, columns: Sequence[Column] = SHORT
) -> None:
    """Draw lines."""
    table.show(prepared(rows, opened), columns, alt=alt, key=key)
