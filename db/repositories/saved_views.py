"""Write side of saved views: load, name taken, defaults of a screen."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db.tables import SavedView
from domain.vocabulary.statuses import ViewVisibility


def load(session: Session, view_id: int) -> SavedView | None:
    """Return the view, or None."""
    return session.get(SavedView, view_id)


def add(session: Session, *, page: str, owner: str, now: datetime) -> SavedView:
    """Add a view that its caller fills in."""
    view = SavedView(page=page, owner=owner, created_at=now, created_by=owner)
    session.add(view)
    return view


def named(session: Session, *, page: str, owner: str, name: str) -> SavedView | None:
    """Return the owner's view of that name on a screen, whatever its case, or None."""
    found = select(SavedView).where(SavedView.page == page, SavedView.owner == owner)
    return next((view for view in session.scalars(found) if view.name.casefold() == name.casefold()), None)


def clear_default(session: Session, *, page: str, owner: str, private: bool) -> None:
    """Take the default mark off the owner's private views of a screen, or off all its shared views."""
    of = [SavedView.page == page]
    if private:
        of += [SavedView.visibility == ViewVisibility.PRIVATE, SavedView.owner == owner]
    else:
        of += [SavedView.visibility != ViewVisibility.PRIVATE]
    session.execute(update(SavedView).where(*of).values(is_default=False))


def remove(session: Session, view_id: int) -> None:
    """Delete a view."""
    session.execute(delete(SavedView).where(SavedView.saved_view_id == view_id))
