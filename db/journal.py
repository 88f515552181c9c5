"""What a command leaves beside its rows: audit entries, timeline events, messages, and which rows it touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """One changed field, or a whole record made (`old` None) or removed (`new` None) where `field` is None."""

    object_type: str
    object_id: int
    field: str | None
    old: str | None
    new: str | None


class Event(NamedTuple):
    """One row of an order's timeline."""

    order_id: int
    line_id: int | None
    type: str
    payload: Mapping[str, Any]


class Message(NamedTuple):
    """One message of the outbox; `dedupe` makes it unique where the command alone does not."""

    topic: str
    payload: Mapping[str, Any]
    dedupe: str


@dataclass
class Journal:
    """Collected while a command runs, written by it in one go at the end.

    `touched` holds the keys of changed rows by table, and `fields` the names of the columns that changed there.
    While `approval_id` is set, what is noted happens by that approval: `approved` holds it by place of the entry.
    """

    entries: list[Entry] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    touched: dict[str, set[int]] = field(default_factory=dict)
    fields: dict[str, set[str]] = field(default_factory=dict)
    told: bool = False
    approval_id: int | None = None
    approved: dict[int, int] = field(default_factory=dict)

    def changed(self, table: str, key: int, column: str | None, old: str | None, new: str | None) -> None:
        """Note a changed field, or a whole record where `column` is None."""
        if self.approval_id is not None:
            self.approved[len(self.entries)] = self.approval_id
        self.entries.append(Entry(table, key, column, old, new))
        self.touch(table, key, column)

    def touch(self, table: str, key: int, column: str | None) -> None:
        """Note that a row changed, without an audit entry of its own (rows of an append-only diary)."""
        self.touched.setdefault(table, set()).add(key)
        self.fields.setdefault(table, set()).add(column or "*")

    def event(self, order_id: int, type: str, line_id: int | None = None, **payload: Any) -> None:
        """Put something on an order's timeline; `payload` holds JSON values."""
        self.events.append(Event(order_id, line_id, type, payload))

    def message(self, topic: str, payload: Mapping[str, Any], *, dedupe: str = "") -> None:
        """Ask that a message goes out once the command is committed."""
        self.messages.append(Message(topic, payload, dedupe or f"{topic}:{len(self.messages)}"))
