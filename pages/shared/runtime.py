"""The screens' only door to data: `read` (cached by data version) and `execute` (one unit of work per click)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import streamlit as st

from db.queries import data
from db.read_scope import ReadScope
from db.unit_of_work import reading
from domain.services import anchor_file as anchors
from domain.services.commands import Request, perform
from domain.settings import settings
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import DomainError
from domain.vocabulary.integrity import Verification
from pages.shared import identity, server, state

if TYPE_CHECKING:
    from sqlalchemy import Engine

T = TypeVar("T")
CACHED_SECONDS = 600
CACHED_ANSWERS = 400
CACHED_LISTS = 12


@dataclass(frozen=True)
class Done:
    """A committed command and what it answered."""

    value: Any = None


@dataclass(frozen=True)
class Refused:
    """A command that changed nothing: why, and what to do."""

    code: str
    message: str
    fix: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


def engine() -> Engine:
    """Return the engine of this installation's database."""
    return server.engine()


def now() -> datetime:
    """Return this instant (UTC)."""
    return server.now()


def today() -> date:
    """Return this day in the company's time zone."""
    return now().astimezone(ZoneInfo(settings().time_zone)).date()


def actor() -> Actor:
    """Return who acts: the person that is signed in."""
    return identity.current()


def scope() -> tuple[Any, ...]:
    """Return what reads are limited to; part of every cache key, so that nobody sees another's figures."""
    who = actor()
    return (settings().database_url, who.role_text, _keys(who.accounts), _keys(who.sites))


def _keys(limited: frozenset[int] | None) -> tuple[int, ...] | None:
    return None if limited is None else tuple(sorted(limited))


def _limits(scope: tuple[Any, ...]) -> ReadScope:
    """Return what a cache key's scope limits a read to: what is cached for a reader was read as that reader."""
    accounts, sites = scope[2:4]
    return ReadScope(
        None if accounts is None else frozenset(accounts), None if sites is None else frozenset(sites)
    )


def data_version() -> int:
    """Return the newest command's id."""
    with reading(engine()) as unit:
        return data.version(unit.connection)


def read(query: Callable[..., T], **filters: Any) -> T:
    """Return what a query or read-only service answers; the same question of the same data is asked once.

    A query takes the connection as its first argument; a service marked `read_only` takes `uow`. Filters must
    be hashable. Reads never commit.
    """
    if not getattr(query, "read_only", False) and not query.__module__.startswith("db.queries"):
        raise TypeError(f"{query.__module__}.{query.__qualname__} is neither a query nor a read-only service")
    name = f"{query.__module__}.{query.__qualname__}"
    key = tuple(sorted(filters.items()))
    answer: T = _answer(name, key, (*scope(), data_version()), query)
    return answer


@st.cache_data(ttl=CACHED_SECONDS, max_entries=CACHED_ANSWERS, show_spinner=False)
def _answer(name: str, filters: tuple[Any, ...], scope: tuple[Any, ...], _query: Callable[..., T]) -> T:
    with reading(engine(), scope=_limits(scope)) as unit:
        if getattr(_query, "read_only", False):
            return _query(uow=unit, **dict(filters))
        return _query(unit.connection, **dict(filters))


def read_list(
    query: Callable[..., pd.DataFrame], prepare: Callable[[pd.DataFrame], pd.DataFrame], **filters: Any
) -> pa.Table:
    """Return the rows of a query, made ready by `prepare`, as columns that all sessions share.

    A big list is kept once and is not copied at each rerun. `prepare` must depend on the rows and `filters` alone.
    """
    name = f"{query.__module__}.{query.__qualname__}"
    asked = tuple(sorted(filters.items()))
    table: pa.Table = _list(name, asked, (*scope(), data_version()), query, prepare)
    return table


@st.cache_resource(ttl=CACHED_SECONDS, max_entries=CACHED_LISTS, show_spinner="Reading the rows …")
def _list(
    name: str,
    filters: tuple[Any, ...],
    scope: tuple[Any, ...],
    _query: Callable[..., pd.DataFrame],
    _prepare: Callable[[pd.DataFrame], pd.DataFrame],
) -> pa.Table:
    with reading(engine(), scope=_limits(scope)) as unit:
        rows = _query(unit.connection, **dict(filters))
    # Without pandas' own note on the index, Streamlit takes the columns as they are.
    table = pa.Table.from_pandas(_prepare(rows), preserve_index=False).replace_schema_metadata(None)
    return table.cast(pa.schema([(field.name, _lean(field.type)) for field in table.schema]))


def _lean(kind: pa.DataType) -> pa.DataType:
    """Days take half the room as days; instants keep their zone."""
    return pa.date32() if pa.types.is_timestamp(kind) and kind.tz is None else kind


def execute(
    service: Callable[..., Any], *, intent: str, undoes: int | None = None, **arguments: Any
) -> Done | Refused:
    """Run a command in one transaction; refusals come back as values, never as traces.

    `intent` names what the person wants once, whatever arrives how often: `state.intent(…)` of a button or form, or
    what an edit's batch is called. The same intent is done once.
    """
    try:
        who = actor()
        key = f"{who.session_id or who.login}:{intent}"
        request = Request(key, who, now(), f"screen {state.page()}", undoes)
        return Done(perform(engine(), service, request, **arguments))
    except DomainError as refusal:
        return Refused(refusal.code, refusal.message, refusal.fix, dict(refusal.data))
    except Exception:
        reference = unexpected()
        return Refused("unexpected", f"Something unexpected happened, reference {reference}.", "Try again.")


def verified(check: Callable[..., Verification], progress: Callable[[str, float], None]) -> Verification:
    """Run checks of the integrity monitor over one moment of the data, against the anchors outside it."""
    file = anchors.place(settings().database_url)
    anchored = anchors.read(file)
    with reading(engine(), snapshot=True) as unit:
        return check(uow=unit, anchored=anchored, anchor_file=str(file), progress=progress)


def unexpected() -> str:
    """Log the exception in flight once and return the reference that people can quote."""
    return server.unexpected()
