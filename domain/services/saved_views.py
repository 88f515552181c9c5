"""Save, change and remove named views of a screen; each is one command."""

from __future__ import annotations

from datetime import datetime

from db.repositories import commands
from db.repositories import saved_views as repository
from db.unit_of_work import UnitOfWork
from domain.vocabulary.errors import Conflict, DomainError, NotFound
from domain.vocabulary.statuses import ViewVisibility

MOST_NAME = 60


def save(
    *,
    uow: UnitOfWork,
    now: datetime,
    actor: str,
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
        repository.clear_default(
            uow.session, page=page, owner=actor, private=visibility is ViewVisibility.PRIVATE
        )
    view = repository.named(uow.session, page=page, owner=actor, name=name)
    if view is None:
        view = repository.add(uow.session, page=page, owner=actor, now=now)
    else:
        view.row_version += 1
    view.name, view.query, view.visibility, view.is_default = name, query, visibility, is_default
    view.updated_at, view.updated_by = now, actor
    uow.session.flush()
    commands.record(uow.session, now, actor, "saved_views.save", {"page": page, "name": name, "query": query})
    return view.saved_view_id


def remove(*, uow: UnitOfWork, now: datetime, actor: str, view_id: int, row_version: int) -> None:
    """Remove a view that the actor owns or that the team shares.

    Raises NotFound saved_view.not_found, DomainError saved_view.not_yours for another's locked or private view,
    Conflict saved_view.changed when it changed since it was seen.
    """
    view = repository.load(uow.session, view_id)
    if view is None:
        raise NotFound(
            "saved_view.not_found",
            f"View {view_id} does not exist any more.",
            fix="Somebody removed it; reload the page to see the views there are.",
        )
    if view.owner != actor and view.visibility is not ViewVisibility.TEAM:
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
    repository.remove(uow.session, view_id)
    commands.record(uow.session, now, actor, "saved_views.remove", {"view": view_id, "name": view.name})
