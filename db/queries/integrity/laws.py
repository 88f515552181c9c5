"""All conservation laws, and those that a command could have broken."""

from __future__ import annotations

from db.journal import Journal
from db.queries.integrity import days, papers, quantities, stages, stock
from db.queries.integrity.law import Law

LAWS: tuple[Law, ...] = (*stock.LAWS, *quantities.LAWS, *stages.LAWS, *days.LAWS, *papers.LAWS)


def touched_by(journal: Journal) -> list[Law]:
    """Return the laws that what the journal notes could have broken."""
    fields = journal.fields
    if not fields.keys() & _WATCHED:
        return []
    return [
        law
        for law in LAWS
        if any(
            (changed := fields.get(table)) is not None and ("*" in changed or not columns.isdisjoint(changed))
            for table, columns in law.watches.items()
        )
    ]


_WATCHED = {table for law in LAWS for table in law.watches}
