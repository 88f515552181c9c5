"""`python -m domain users`: the users from the server's own command line, also when nobody can sign in any more."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from db.queries import people
from db.unit_of_work import reading
from domain.commands.console import AsJson, Database, print_json, refusals
from domain.commands.database import open_database
from domain.services.access import users as service_of
from domain.services.access.users import OneTime, Rights
from domain.services.commands import Request, perform
from domain.vocabulary.actor import service
from domain.vocabulary.errors import NotFound
from domain.vocabulary.statuses import Role

users = typer.Typer(
    no_args_is_help=True,
    help="List, make, reset and shut out users. Whoever may run this on the server is an administrator.",
)
Login = Annotated[str, typer.Argument(help="The login of the user.")]


@users.command("list")
def list_users(database: Database = None, as_json: AsJson = False) -> None:
    """Print every user: login, name, roles, whether active, and by which way the user signs in."""
    with _opened(database, as_json) as engine:
        with reading(engine) as unit:
            rows = people.users(unit.connection)
        told: list[dict[str, Any]] = [
            {
                "login": row.login,
                "name": row.name,
                "roles": [str(row.role), *(r for r in str(row.further_roles).split(", ") if r)],
                "active": bool(row.active),
                "password": bool(row.has_password),
                "provider": isinstance(row.oidc_subject, str),
            }
            for row in rows.itertuples(index=False)
        ]
        if as_json:
            print_json({"users": told})
            return
        for user in told:
            state = "active" if user["active"] else "shut out"
            typer.echo(f"{user['login']:<24} {user['name']:<28} {','.join(user['roles']):<20} {state}")


@users.command("create")
def create(
    login: Login,
    name: Annotated[str, typer.Option(help="The name that colleagues know.")],
    role: Annotated[Role, typer.Option(help="The first role.")],
    further: Annotated[
        list[Role] | None, typer.Option("--also", help="A further role; may be repeated.")
    ] = None,
    database: Database = None,
    as_json: AsJson = False,
) -> None:
    """Make a user and print a one-time password, to be changed at the first sign-in."""
    with _opened(database, as_json) as engine:
        made = service_of.one_time(login)
        rights = Rights(role, tuple(further or ()))
        _run(engine, service_of.create, login=login, name=name, rights=rights, password_hash=made.hash)
        _tell(login, made, as_json)


@users.command("reset-password")
def reset_password(login: Login, database: Database = None, as_json: AsJson = False) -> None:
    """Give a user a new one-time password and print it; every sign-in of the user ends."""
    with _opened(database, as_json) as engine:
        made = service_of.one_time(login)
        _run(engine, service_of.reset_password, user_id=_key(engine, login), password_hash=made.hash)
        _tell(login, made, as_json)


@users.command("deactivate")
def deactivate(login: Login, database: Database = None, as_json: AsJson = False) -> None:
    """Shut a user out; every sign-in of the user ends at once."""
    with _opened(database, as_json) as engine:
        ended = _run(engine, service_of.deactivate, user_id=_key(engine, login))
        if as_json:
            print_json({"login": login, "sign_ins_ended": ended})
        else:
            typer.echo(f"{login} is shut out; {ended} sign-ins ended.")


@users.command("activate")
def activate(login: Login, database: Database = None, as_json: AsJson = False) -> None:
    """Let a user sign in again who was shut out."""
    with _opened(database, as_json) as engine:
        _run(engine, service_of.activate, user_id=_key(engine, login))
        if as_json:
            print_json({"login": login})
        else:
            typer.echo(f"{login} may sign in again.")


@contextmanager
def _opened(database: str | None, as_json: bool) -> Iterator[Engine]:
    with refusals(as_json):
        engine = open_database(database)
        try:
            yield engine
        finally:
            engine.dispose()


def _run(engine: Engine, work: Callable[..., Any], **arguments: Any) -> Any:
    request = Request(f"cli:{uuid.uuid4()}", service("cli"), datetime.now(UTC), "command line")
    return perform(engine, work, request, **arguments)


def _key(engine: Engine, login: str) -> int:
    with reading(engine) as unit:
        found = people.by_login(unit.connection, login.strip().casefold())
    if found is None:
        raise NotFound(
            "user.not_found", f"There is no user {login}.", fix="`python -m domain users list` shows all."
        )
    return found.user_id


def _tell(login: str, made: OneTime, as_json: bool) -> None:
    if as_json:
        print_json({"login": login, "one_time_password": made.password})
    else:
        typer.echo(f"{login}: one-time password {made.password}")
        typer.echo("It is shown this once, and must be changed at the first sign-in.")
