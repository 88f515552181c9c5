"""One door to the run: compiled where it can be, in plain Python otherwise, with the same result."""

from __future__ import annotations

from domain.rules.allocation import twin
from domain.rules.allocation.book import Book, Plan


def allocate(book: Book, engine: str | None = None) -> Plan:
    """Return the plan of a book; `engine` "python" asks for the plain twin."""
    return twin.allocate(book)
