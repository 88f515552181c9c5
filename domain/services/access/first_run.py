"""The first start: where there is no user yet, an administrator with a one-time password (reliability.md 2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from db.queries import people
from db.unit_of_work import reading
from domain.services.access import users
from domain.services.access.users import FIRST, Rights
from domain.services.commands import Request, perform
from domain.vocabulary.actor import service
from domain.vocabulary.errors import Conflict
from domain.vocabulary.statuses import Role

KEY = "first-administrator"


def first_administrator(engine: Engine, now: datetime) -> str | None:
    """Make the administrator `admin` where there is nobody, and return the one-time password to print once.

    None where there is somebody, or where another server makes one in this moment.
    """
    with reading(engine) as unit:
        if people.anybody(unit.connection):
            return None
    made = users.one_time(FIRST)
    request = Request(KEY, service("cli"), now, "first start")
    rights = Rights(Role.ADMIN)
    try:
        perform(
            engine,
            users.create,
            request,
            login=FIRST,
            name="Administrator",
            rights=rights,
            password_hash=made.hash,
        )
    except Conflict:
        return None
    with reading(engine) as unit:
        found = people.by_login(unit.connection, FIRST)
    return made.password if found is not None and found.password_hash == made.hash else None
