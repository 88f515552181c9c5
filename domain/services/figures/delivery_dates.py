"""Answer a typed number with delivery days: what it was recognised as, and one row per order line. Read-only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from db.queries import delivery_dates as queries
from db.unit_of_work import UnitOfWork
from domain.rules.promising.confidence import confidence
from domain.rules.promising.line_dates import LineDates
from domain.rules.promising.safe_to_tell import safe_to_tell
from domain.vocabulary.line_search import Recognised
from domain.vocabulary.statuses import GONE_STAGES, HoldType, WaitReason

MOST_LINES = 200
SHORTEST = 2
MOST_TEXT = 120


@dataclass(frozen=True)
class Reading:
    """A kind that the text was recognised as, and how many lines that means."""

    kind: Recognised
    exact: bool
    lines: int


@dataclass(frozen=True)
class Answer:
    """Readings, best first, and the lines of the best ones: at most MOST_LINES of `lines`."""

    readings: tuple[Reading, ...]
    rows: pd.DataFrame
    lines: int


def answer(*, uow: UnitOfWork, text: str, as_of: date, live: bool) -> Answer:
    """Return the lines that `text` means as of a day, those of the most exact reading first."""
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if len(text) < SHORTEST:
        return Answer((), pd.DataFrame(), 0)
    readings: list[Reading] = []
    rank: dict[int, tuple[int, Recognised]] = {}
    for meaning in queries.meanings(uow.connection, text=text, as_of=as_of, live=live):
        number = queries.counted(uow.connection, meaning=meaning, as_of=as_of)
        if not number and meaning.kind is Recognised.WORDS:
            continue
        readings.append(Reading(meaning.kind, meaning.exact, number))
        for line_id in queries.ids(uow.connection, meaning=meaning, as_of=as_of, limit=MOST_LINES):
            rank.setdefault(line_id, (len(rank), meaning.kind))
    shown = sorted(rank, key=lambda line_id: rank[line_id][0])[:MOST_LINES]
    rows = told(uow=uow, line_ids=tuple(shown), as_of=as_of, live=live)
    total = max([len(rank), *(reading.lines for reading in readings)], default=0)
    if not rows.empty:
        rows = rows.assign(found_as=[rank[line_id][1].value for line_id in rows["line_id"]])
    return Answer(tuple(readings), rows, total)


answer.read_only = True  # type: ignore[attr-defined]


def moved(*, uow: UnitOfWork, as_of: date, live: bool) -> Answer:
    """Return the lines whose promised day moved since yesterday began, the newest change first."""
    changes = queries.promise_moves(uow.connection, as_of=as_of, days=1)
    ids = list(dict.fromkeys(int(line_id) for line_id in changes["line_id"]))
    return Answer((), told(uow=uow, line_ids=tuple(ids[:MOST_LINES]), as_of=as_of, live=live), len(ids))


moved.read_only = True  # type: ignore[attr-defined]


def told(*, uow: UnitOfWork, line_ids: tuple[int, ...], as_of: date, live: bool) -> pd.DataFrame:
    """Return one row per line, in the order given: facts, slip, reason, confidence, sentence, last move."""
    if not line_ids:
        return pd.DataFrame()
    connection = uow.connection
    facts_of = queries.rows(connection, line_ids=line_ids, as_of=as_of, live=live)
    rows = facts_of.set_index("line_id").reindex(list(line_ids))
    shipments = queries.last_shipments(connection, line_ids=line_ids, as_of=as_of)
    rows = rows.join(shipments.set_index("line_id"))
    held = queries.holds(connection, line_ids=line_ids, as_of=as_of).groupby("line_id")["type"]
    rows["holds"] = pd.Series({key: tuple(dict.fromkeys(types)) for key, types in held}, dtype="object")
    # Reservations are kept only as they are now.
    pegs = queries.pegs(connection, line_ids=line_ids if live else ())
    rows = rows.join(pegs.set_index("line_id"))
    rows = _with_moves(rows, queries.promise_moves(connection, line_ids=line_ids, as_of=as_of), as_of)
    facts = [_facts(row, as_of, live) for row in rows.reset_index().to_dict("records")]
    return rows.reset_index().assign(
        now_expected_on=pd.Series([line.now_expected_on for line in facts], dtype="datetime64[s]"),
        slip_days=pd.array([line.slip_days for line in facts], dtype="Int64"),
        holds=[", ".join(line.holds) for line in facts],
        confidence=[confidence(line).value for line in facts],
        sentence=[safe_to_tell(line) for line in facts],
    )


def _with_moves(rows: pd.DataFrame, moves: pd.DataFrame, as_of: date) -> pd.DataFrame:
    last = moves.drop_duplicates("line_id").set_index("line_id")
    renamed = {"changed_at": "moved_at", "old": "moved_from", "new": "moved_to", "reason": "moved_why"}
    joined = rows.join(last[list(renamed)].rename(columns=renamed))
    yesterday = pd.Timestamp(as_of, tz="UTC") - pd.Timedelta(days=1)
    return joined.assign(moved_lately=(joined["moved_at"] >= yesterday).fillna(False))


def _facts(row: dict[Any, Any], as_of: date, live: bool) -> LineDates:
    holds = row["holds"] if isinstance(row["holds"], tuple) else ()
    return LineDates(
        as_of=as_of,
        order_no=row["order_no"],
        line_no=row["line_no"],
        po_no=_text(row["po_no"]),
        item=_item(row["sku"], row["sku_description"]),
        unit=_text(row["uom"]),
        qty=_quantity(row["qty_net"]),
        qty_open=_quantity(row["qty_open"]),
        is_open=row["is_open"] == 1,
        requested_on=_day(row["requested_on"]),
        promised_on=_day(row["promised_on"]),
        # Expected days are kept only as they are now.
        expected_on=_day(row["expected_on"]) if live else None,
        delivered_on=_day(row["delivered_on"]),
        cancelled_on=_day(row["cancelled_on"]),
        wait_reason=WaitReason(row["wait_reason"]),
        holds=tuple(HoldType(word) for word in holds),
        shipped_on=_day(row["shipped_on"]),
        carrier=_text(row["carrier"]),
        tracking_no=_text(row["tracking_no"]),
        eta_on=_day(row["eta_on"]) if live else None,
        stock_reserved=None if pd.isna(row["qty_stock"]) else row["qty_stock"] >= row["qty_open"] > 0,
        receipt_on=_day(row["receipt_on"]),
        cancelled_undated=row["stage"] in GONE_STAGES and _day(row["cancelled_on"]) is None,
    )


def _day(value: Any) -> date | None:
    return None if value is None or pd.isna(value) else value.date()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _item(sku: str, description: str) -> str:
    return description if description.startswith(sku) else f"{sku} {description}".strip()


def _quantity(value: float) -> Decimal:
    return Decimal(round(value * 1000)) / 1000
