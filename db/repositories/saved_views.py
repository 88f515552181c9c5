"""Write side of saved views: name taken, defaults of a screen."""

from __future__ import annotations

from db import records
from db.records import Record
from db.tables import SavedView
from db.unit_of_work import UnitOfWork
from domain.vocabulary.statuses import ViewVisibility


def named(uow: UnitOfWork, *, page: str, owner: str, name: str) -> Record | None:
    """Return the owner's view of that name on a screen, whatever its case, or None."""
    found = records.where(uow, SavedView, SavedView.page == page, SavedView.owner == owner)
    return next((view for view in found if view.name.casefold() == name.casefold()), None)


def defaults(uow: UnitOfWork, *, page: str, owner: str, private: bool) -> list[Record]:
    """Return the owner's private views that a screen opens with, or all shared ones."""
    private_view = SavedView.visibility == ViewVisibility.PRIVATE
    own = (private_view, SavedView.owner == owner) if private else (~private_view,)
    return records.where(uow, SavedView, SavedView.page == page, SavedView.is_default.is_(True), *own)
