"""The conservation laws, checked for the rows that a command touched, in its own transaction (bar.md 2.13)."""

from __future__ import annotations

from db.queries.integrity import laws
from db.unit_of_work import UnitOfWork
from domain.vocabulary.errors import DomainError


def check(uow: UnitOfWork) -> None:
    """Raise DomainError integrity.broken when what this unit wrote breaks a law; nothing of it is kept then."""
    for law in laws.touched_by(uow.journal):
        broken = law.broken(uow.connection, uow.journal)
        if broken:
            raise DomainError(
                "integrity.broken",
                f"This would break the law “{law.name}” ({law.table} {', '.join(map(str, broken[:5]))}), "
                "so nothing was changed.",
                fix="Load the page again and retry; if it happens again, report it with this text.",
                law=law.name,
                rows=broken,
            )
