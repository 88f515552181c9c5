"""All conservation laws, and those that a command could have broken."""

from __future__ import annotations

from db.journal import Journal
from db.queries.integrity import days, papers, quantities, stages, stock
from db.queries.integrity.law import Law

LAWS: tuple[Law, ...] = (*stock.LAWS, *quantities.LAWS, *stages.LAWS, *days.LAWS, *papers.LAWS)


def touched_by(journal: Journal) -> list[Law]:
    """Return the laws that what the journal notes could have broken."""
    found = {
        law.name: law
        for table, changed in journal.fields.items()
        for law in _BY_TABLE.get(table, ())
        if "*" in changed or not law.watches[table].isdisjoint(changed)
    }
    return list(found.values())


_BY_TABLE = {
    table: [law for law in LAWS if table in law.watches]
    for table in {name for law in LAWS for name in law.watches}
}
