"""Saved views: who sees them, who may remove them, and what a screen starts with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from db.queries import data
from db.queries import saved_views as queries
from db.unit_of_work import reading
from domain.services import saved_views
from domain.vocabulary.errors import DomainError
from domain.vocabulary.statuses import ViewVisibility
from tests.acting import do

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


def _save(engine: Engine, actor: str, name: str, **given: Any) -> int:
    asked = {"page": "orders", "query": "state=OVERDUE", **given}
    return do(engine, saved_views.save, now=NOW, actor=actor, name=name, **asked)


def _views(engine: Engine, actor: str) -> list[queries.View]:
    with reading(engine) as unit:
        return queries.views(unit.connection, page="orders", actor=actor)


def _default(engine: Engine, actor: str) -> str | None:
    with reading(engine) as unit:
        found = queries.default(unit.connection, page="orders", actor=actor)
    return found.name if found else None


def _remove(engine: Engine, actor: str, view_id: int, row_version: int = 1) -> None:
    do(engine, saved_views.remove, now=NOW, actor=actor, view_id=view_id, row_version=row_version)


def test_private_views_are_seen_by_their_owner_alone(engine: Engine) -> None:
    _save(engine, "ana", "Mine")
    _save(engine, "ana", "Ours", visibility=ViewVisibility.TEAM)
    _save(engine, "ana", "Fixed", visibility=ViewVisibility.LOCKED)
    assert [view.name for view in _views(engine, "ana")] == ["Fixed", "Mine", "Ours"]
    assert [view.name for view in _views(engine, "ben")] == ["Fixed", "Ours"]


def test_saving_under_a_name_again_replaces_it_and_each_save_is_a_command(engine: Engine) -> None:
    first = _save(engine, "ana", "Late ones")
    with reading(engine) as unit:
        before = data.version(unit.connection)
    assert _save(engine, "ana", " late   ONES ", query="state=LATE") == first
    (view,) = _views(engine, "ana")
    assert (view.name, view.query, view.row_version) == ("late ONES", "state=LATE", 2)
    with reading(engine) as unit:
        assert data.version(unit.connection) > before


def test_a_screen_starts_with_ones_own_default_then_the_teams(engine: Engine) -> None:
    assert _default(engine, "ana") is None
    _save(engine, "ben", "Team", visibility=ViewVisibility.TEAM, is_default=True)
    assert _default(engine, "ana") == "Team"
    _save(engine, "ana", "One", is_default=True)
    _save(engine, "ana", "Two", is_default=True)
    assert _default(engine, "ana") == "Two"
    assert _default(engine, "ben") == "Team"
    assert [view.name for view in _views(engine, "ana") if view.is_default] == ["Two", "Team"]


def test_team_views_may_be_removed_by_all_and_locked_ones_by_their_owner(engine: Engine) -> None:
    team = _save(engine, "ana", "Ours", visibility=ViewVisibility.TEAM)
    locked = _save(engine, "ana", "Fixed", visibility=ViewVisibility.LOCKED)
    _remove(engine, "ben", team)
    with pytest.raises(DomainError) as refusal:
        _remove(engine, "ben", locked)
    assert refusal.value.code == "saved_view.not_yours"
    assert refusal.value.fix
    _remove(engine, "ana", locked)
    assert _views(engine, "ana") == []


def test_a_view_that_changed_or_is_gone_is_not_removed(engine: Engine) -> None:
    view = _save(engine, "ana", "Mine")
    _save(engine, "ana", "Mine", query="state=LATE")
    with pytest.raises(DomainError) as changed:
        _remove(engine, "ana", view)
    assert changed.value.code == "saved_view.changed"
    with pytest.raises(DomainError) as gone:
        _remove(engine, "ana", view + 99)
    assert gone.value.code == "saved_view.not_found"


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_view_needs_a_name_that_fits(engine: Engine, name: str) -> None:
    with pytest.raises(DomainError) as refusal:
        _save(engine, "ana", name)
    assert refusal.value.code == "saved_view.name"
    assert _views(engine, "ana") == []
