"""Saved views of a screen that a person may see."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from db.tables import SavedView
from domain.vocabulary.statuses import ViewVisibility


@dataclass(frozen=True)
class View:
    """A named link: `query` is the query string without "?"."""

    view_id: int
    name: str
    query: str
    owner: str
    visibility: ViewVisibility
    is_default: bool
    row_version: int


def views(connection: Connection, *, page: str, actor: str) -> list[View]:
    """Return the actor's own views first, then shared ones, each by name."""
    view = SavedView
    statement = (
        select(
            view.saved_view_id,
            view.name,
            view.query,
            view.owner,
            view.visibility,
            view.is_default,
            view.row_version,
        )
        .where(view.page == page, or_(view.owner == actor, view.visibility != ViewVisibility.PRIVATE))
        .order_by(view.owner != actor, view.name, view.saved_view_id)
    )
    return [View(*row) for row in connection.execute(statement)]


def default(connection: Connection, *, page: str, actor: str) -> View | None:
    """Return what the screen starts with for the actor: their own default, else the shared one, else None."""
    chosen = [view for view in views(connection, page=page, actor=actor) if view.is_default]
    own = [view for view in chosen if view.visibility is ViewVisibility.PRIVATE]
    return next(iter(own or chosen), None)
