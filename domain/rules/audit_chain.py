"""The chain of the audit log: each sealed row carries a hash over the one before it and over itself.

hash = SHA-256(previous hash ‖ canonical row), both as UTF-8 text. The canonical row is the JSON array of `COLUMNS` in
that order, without blanks, non-ASCII signs as they are; instants are UTC seconds. Whoever has a row, its seal number
and the hash before it can recompute it with any tool (reliability.md 1.7).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from domain.vocabulary.integrity import Anchor

COLUMNS = (
    "seal_no", "audit_id", "at", "actor", "actor_role", "on_behalf_of", "action", "object_type", "object_id",
    "field", "old", "new", "reason", "source", "command_id", "approval_id",
)  # fmt: skip
"""What a hash covers, in order: every column of `audit_log` but the two hashes themselves."""
GENESIS = "0" * 64
"""Stands for the hash before the first row."""

Row = Sequence[Any]
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Link(NamedTuple):
    """A row's place in the chain."""

    seal_no: int
    prev_hash: str
    hash: str


def link_hash(prev_hash: str, row: Row) -> str:
    """Return the hash of a row, given as the values of `COLUMNS`, after the row with `prev_hash`."""
    return hashlib.sha256((prev_hash + _encode(list(row))).encode()).hexdigest()


def links(seal_no: int, prev_hash: str, rows: Iterable[Row]) -> Iterator[Link]:
    """Yield the links of rows that join the chain behind (seal_no, prev_hash); rows come without their seal number."""
    for row in rows:
        seal_no += 1
        made = link_hash(prev_hash, (seal_no, *row))
        yield Link(seal_no, prev_hash, made)
        prev_hash = made


@dataclass
class ChainCheck:
    """Recomputes the chain row by row; `broken` holds (seal number, audit row, what is wrong)."""

    anchors: Mapping[int, Sequence[Anchor]] = field(default_factory=dict)
    seal_no: int = 0
    head: str = GENESIS
    checked: int = 0
    broken: list[tuple[int, int, str]] = field(default_factory=list)
    at_anchor: dict[int, str] = field(default_factory=dict)

    def take(self, rows: Iterable[Row]) -> None:
        """Check rows in the order of their seal numbers: the values of `COLUMNS`, then prev_hash and hash."""
        number, head, anchored = self.seal_no, self.head, self.anchors
        for row in rows:
            *told, prev_hash, kept = row
            self.checked += 1
            if told[0] != number + 1:
                self._wrong(row, f"seal {number + 1} is missing before it")
            if prev_hash != head:
                self._wrong(row, "it does not follow the row before it")
            if link_hash(prev_hash or GENESIS, told) != kept:
                self._wrong(row, "it is not what was sealed")
            number, head = told[0], kept
            if number in anchored:
                self.at_anchor[number] = head
        self.seal_no, self.head = number, head

    def _wrong(self, row: Row, what: str) -> None:
        if not self.broken or self.broken[-1][0] != row[0]:
            self.broken.append((row[0], row[1], what))


def lost_anchors(anchors: Iterable[Anchor], check: ChainCheck) -> list[tuple[Anchor, str]]:
    """Return the anchors that the chain does not lead through any more, with what that means."""
    lost = []
    for anchor in anchors:
        found = check.at_anchor.get(anchor.seal_no)
        if found is None:
            lost.append(
                (anchor, f"row {anchor.seal_no} of the chain is gone; the log now ends at {check.seal_no}")
            )
        elif found != anchor.head:
            lost.append((anchor, f"row {anchor.seal_no} of the chain is another one than was anchored"))
    return lost
