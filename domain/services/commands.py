"""The envelope of every write: one click, one transaction, one command (domain.md 2.10, reliability.md 1.5, 2).

A service that writes declares itself with `@command(…)`: its name, the permission it asks for, what it touches
(scope), whether it wants a reason, and whether its batch can be taken back. An edge runs it with `run` inside
`db.unit_of_work.transact`. Then the same key with the same body gets the same answer, the same key with another
body is refused, who may not is refused, and state, timeline, audit rows and outbox messages are written together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Engine

from db.bulk import json_text
from db.repositories import commands as repository
from db.unit_of_work import Act, UnitOfWork, transact
from domain.rules.authority.matrix import grant, holders
from domain.rules.authority.reach import Reach, outside
from domain.services import conservation
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Conflict, Denied, DomainError
from domain.vocabulary.permissions import Grant, Permission, ReasonRule

P = ParamSpec("P")
R = TypeVar("R")
Service = Callable[..., Any]
Scope = Callable[[UnitOfWork, Mapping[str, Any]], Reach]
MOST_REASON = 500
MOST_KEY = 200


def nothing(_uow: UnitOfWork, _arguments: Mapping[str, Any]) -> Reach:
    """The scope of a command that touches no customer's, site's or person's object."""
    return Reach()


@dataclass(frozen=True)
class Declaration:
    """What a command asks for. `accepts` is the least grant that may run it: REQUEST for one that only asks."""

    name: str
    permission: Permission
    scope: Scope
    reason: ReasonRule
    undoable: bool
    accepts: Grant
    body: Callable[[Mapping[str, Any]], Any]
    service: Service


@dataclass(frozen=True)
class Request:
    """One click or job: its idempotency key, who, when, from which screen or program."""

    key: str
    actor: Actor
    now: datetime
    source: str = ""
    undoes: int | None = None


REGISTRY: dict[str, Declaration] = {}
_OF: dict[Service, Declaration] = {}


def command(
    name: str,
    *,
    permission: Permission,
    scope: Scope = nothing,
    reason: ReasonRule = ReasonRule.NEVER,
    undoable: bool = False,
    accepts: Grant = Grant.OWN,
    body: Callable[[Mapping[str, Any]], Any] = dict,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a service as a command called `name` ("holds.place").

    `body` reduces its arguments to JSON values where they are not: the body that an idempotency key belongs to.
    """

    def declare(service: Callable[P, R]) -> Callable[P, R]:
        made = Declaration(name, permission, scope, reason, undoable, accepts, body, service)
        if name in REGISTRY:
            raise ValueError(f"two commands are called {name}")
        REGISTRY[name] = _OF[service] = made
        return service

    return declare


def declaration(service: Service) -> Declaration:
    """Return what a service declared; raise TypeError for one that is no command."""
    found = _OF.get(service)
    if found is None:
        raise TypeError(f"{service.__module__}.{service.__qualname__} is not declared as a command")
    return found


def run(uow: UnitOfWork, service: Service, request: Request, **arguments: Any) -> Any:
    """Run a command in this unit of work and return its answer as JSON values.

    Raises Conflict command.key_reused, Denied command.denied or command.out_of_reach, DomainError
    command.reason_missing, and whatever the service refuses with. Any refusal leaves nothing behind.
    """
    declared = declaration(service)
    if uow.acts:
        raise RuntimeError(f"{declared.name} was run inside a command; call its function instead")
    try:
        return _run(uow, declared, request, arguments)
    except BaseException:
        uow.discard()  # whoever catches this cannot keep half of it
        raise


def _run(uow: UnitOfWork, declared: Declaration, request: Request, arguments: Mapping[str, Any]) -> Any:
    digest = _digest(declared, request, arguments)
    begun = repository.begin(
        uow.connection, key=_key(request.key), service=declared.name, request_hash=digest, actor=request.actor,
        source=request.source, reason=arguments.get("reason"), at=request.now, undoable=declared.undoable,
        undoes_id=request.undoes,
    )  # fmt: skip
    if begun.kept is not None:
        return _answer_again(declared, request, digest, begun.kept)
    authorise(uow, declared, request.actor, arguments)
    _want_reason(declared, arguments)
    uow.act = Act(begun.command_id, request.actor, request.now, request.source, arguments.get("reason"))
    answer = declared.service(uow=uow, now=request.now, actor=request.actor, **arguments)
    uow.flush()
    conservation.check(uow)
    text = _answer_text(answer)
    if not uow.discarded:
        repository.finish(uow.connection, uow.act, uow.journal, service=declared.name, response=text)
    return json.loads(text)


def _key(key: str) -> str:
    """Return the idempotency key as it is kept: a long one (a browser sends what it likes) as its hash."""
    if not key:
        raise ValueError("a command needs an idempotency key")
    return key if len(key) <= MOST_KEY and key.isprintable() else hashlib.sha256(_bytes(key)).hexdigest()


def authorise(uow: UnitOfWork, declared: Declaration, actor: Actor, arguments: Mapping[str, Any]) -> None:
    """Raise Denied unless the actor's roles grant the permission and all that is touched lies within reach."""
    width = grant(declared.permission, actor.roles)
    if width is Grant.NONE or (width is Grant.REQUEST and declared.accepts is not Grant.REQUEST):
        raise denied(declared.permission, declared.name)
    beyond = outside(actor, width, declared.scope(uow, arguments))
    if beyond is not None:
        raise Denied(
            "command.out_of_reach",
            f"{_WHOSE[beyond.what]}, so {declared.name} is not yours to run on it.",
            fix="Ask the person whose it is, or the team lead.",
            command=declared.name,
            what=beyond.what,
            values=list(beyond.values),
        )


_WHOSE = {
    "accounts": "The customer is not one of your accounts",
    "sites": "The site is not one of yours",
    "assignees": "Somebody else works on the case",
}


def denied(permission: Permission, what: str) -> Denied:
    """Return the refusal for a missing permission, naming the roles that have it."""
    who = ", ".join(holders(permission))
    return Denied(
        "command.denied",
        f"Your roles do not allow {what} (permission {permission}).",
        fix=f"Ask somebody with one of these roles: {who}."
        if who
        else "Nobody may do this from the screens.",
        permission=str(permission),
    )


def _want_reason(declared: Declaration, arguments: Mapping[str, Any]) -> None:
    given = str(arguments.get("reason") or "").strip()
    if declared.reason is ReasonRule.ALWAYS and not given:
        raise DomainError(
            "command.reason_missing",
            f"{declared.name} needs a reason.",
            fix="Say in a few words why; it is kept in the audit log.",
        )
    if len(given) > MOST_REASON:
        raise DomainError(
            "command.reason_long",
            f"The reason has {len(given)} characters; {MOST_REASON} are kept.",
            fix="Shorten it, and put the rest into a note.",
        )


def _digest(declared: Declaration, request: Request, arguments: Mapping[str, Any]) -> str:
    who = request.actor
    told = [declared.name, who.login, who.on_behalf_of, request.undoes, _json(declared.body(arguments))]
    text = json_text(told)
    return hashlib.sha256(_bytes(text)).hexdigest()


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise _unusable(f"half a character ({error.object[error.start]!r})") from None


def _unusable(what: str) -> DomainError:
    return DomainError(
        "command.text_unusable",
        f"One of the texts contains {what}, which no database can keep.",
        fix="Type the text anew, or paste it through a plain text editor.",
    )


def _answer_text(answer: Any) -> str:
    """Return an answer as JSON text in its own order, so that the first caller and a later one read the same."""
    return _ANSWER.encode(_json(answer))


_ANSWER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


_PLAIN = frozenset({int, bool, float, type(None)})


def _json(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        return {
            name if type(name) is str else str(name): v if type(v) in _PLAIN else _json(v)
            for name, v in value.items()
        }
    if isinstance(value, str):
        if "\x00" in value:
            raise _unusable("a NUL character")
        return value
    if isinstance(value, Mapping):
        return {str(name): _json(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [_json(v) for v in value]
    if isinstance(value, set | frozenset):
        return sorted((_json(v) for v in value), key=str)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _json(getattr(value, field.name)) for field in fields(value)}
    return value


def _answer_again(declared: Declaration, request: Request, digest: str, kept: repository.Kept) -> Any:
    if kept.service != declared.name or kept.request_hash != digest:
        raise Conflict(
            "command.key_reused",
            f"The key {request.key!r} was used before for something else ({kept.service}).",
            fix="Load the page again; each click has a key of its own.",
            command_id=kept.command_id,
        )
    return json.loads(kept.response) if kept.response else None


def perform(engine: Engine, service: Service, request: Request, **arguments: Any) -> Any:
    """Run a command in a transaction of its own and commit it: what an edge calls for one click or job."""
    return transact(engine, lambda uow: run(uow, service, request, **arguments))
