"""Save, change and remove named views of a screen; each is one command."""

from __future__ import annotations

from datetime import datetime

from db import records
from db.repositories import saved_views as repository
from db.tables import SavedView
from db.unit_of_work import UnitOfWork
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Conflict, DomainError, NotFound
from domain.vocabulary.permissions import Permission
from domain.vocabulary.statuses import ViewVisibility

MOST_NAME = 60


@command("saved_views.save", permission=Permission.VIEWS_SAVE)
def save(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: Actor,
    page: str,
    name: str,
    query: str,
    visibility: ViewVisibility = ViewVisibility.PRIVATE,
    is_default: bool = False,
) -> int:
    """Save the query string of a screen under a name and return the view's id.

    Saving under a name that the actor already uses on this screen replaces that view. Raises DomainError
    saved_view.name for an empty or long name.
    """
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME:
        raise DomainError(
            "saved_view.name",
            f"A view needs a name of 1 to {MOST_NAME} characters; this one has {len(name)}.",
            fix="Type a short name that says what the view shows.",
        )
    if is_default:
        private = visibility is ViewVisibility.PRIVATE
        for other in repository.defaults(uow, page=page, owner=actor.login, private=private):
            records.change(uow, other, is_default=False)
    given = {"name": name, "query": query, "visibility": visibility, "is_default": is_default}
    view = repository.named(uow, page=page, owner=actor.login, name=name)
    if view is None:
        return records.add(uow, SavedView, page=page, owner=actor.login, **given).key
    return records.change(uow, view, **given).key


@command("saved_views.remove", permission=Permission.VIEWS_SAVE)
def remove(*, uow: UnitOfWork, now: datetime, actor: Actor, view_id: int, row_version: int) -> None:
    """Remove a view that the actor owns or that the team shares.

    Raises NotFound saved_view.not_found, DomainError saved_view.not_yours for another's locked or private view,
    Conflict saved_view.changed when it changed since it was seen.
    """
    found = records.lock_all(uow, SavedView, [view_id])
    if not found:
        raise NotFound(
            "saved_view.not_found",
            f"View {view_id} does not exist any more.",
            fix="Somebody removed it; reload the page to see the views there are.",
        )
    view = found[0]
    if view.owner != actor.login and view.visibility is not ViewVisibility.TEAM:
        raise DomainError(
            "saved_view.not_yours",
            f"The view “{view.name}” belongs to {view.owner} and is not shared for changes.",
            fix=f"Ask {view.owner}, or save a view of your own.",
        )
    if view.row_version != row_version:
        raise Conflict(
            "saved_view.changed",
            f"The view “{view.name}” was changed by {view.updated_by} since you saw it.",
            fix="Look at it again, then remove it if you still want to.",
        )
    records.remove(uow, view)
