"""Users for tests of identity, made as an administrator makes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sqlalchemy import Engine, update

from db.queries import people
from db.tables import AppUser
from db.unit_of_work import reading
from domain.services.access import passwords, users
from domain.services.access.identity import Policy
from domain.services.access.users import Rights
from domain.vocabulary.actor import service
from domain.vocabulary.statuses import Role
from tests.acting import do

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
POLICY = Policy(idle=timedelta(minutes=30), absolute=timedelta(hours=8))


@lru_cache
def kept(password: str = PASSWORD) -> str:
    """Return the hash of a password; made once."""
    return passwords.hashed(password, login="nobody")


def add(engine: Engine, login: str, role: Role = Role.ASSOC, *, settled: bool = True, **more: object) -> int:
    """Make a user with PASSWORD; `settled` says that it was changed once already."""
    rights = more.pop("rights", None) or Rights(role)
    given = {"password_hash": kept(), **more}
    key = do(engine, users.create, actor=service("cli"), now=NOW, login=login, name=login.title(), rights=rights, **given)  # fmt: skip
    if settled:
        with engine.begin() as connection:
            connection.execute(
                update(AppUser).where(AppUser.user_id == key).values(must_change_password=False)
            )
    return int(key)


def found(engine: Engine, login: str) -> people.Person:
    """Return a user as stored."""
    with reading(engine) as unit:
        person = people.by_login(unit.connection, login)
    assert person is not None
    return person
