"""Who may do what: every command, editable field, screen and permission for every role, on own and on others' objects.

`command_matrix.csv` is written by hand from reliability.md 2 and domain.md 3, 6 and 10.4, not from the product's
matrix: "all", "own" (a case that is one's own or nobody's; sales: own accounts), "ask" (may only ask for it), "no".
`reach` says what else limits: an account ("customer"), a site, who works on a case.
"""

from __future__ import annotations

import csv
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine

import domain
from db.unit_of_work import UnitOfWork, transact
from domain.rules.authority import matrix as authority
from domain.rules.editing.fields import catalogue
from domain.services import commands
from domain.services.commands import REGISTRY, Declaration, authorise
from domain.vocabulary.actor import SERVICES, Actor
from domain.vocabulary.errors import Denied
from domain.vocabulary.permissions import Grant, Permission
from domain.vocabulary.statuses import Role
from pages.shared import menu
from tests.services.two_accounts import MINE, OTHERS, arguments, build

FILE = Path(__file__).with_name("command_matrix.csv")
WHO = (*map(str, Role), *SERVICES)
GRANTS = {"all": Grant.ALL, "own": Grant.OWN, "ask": Grant.REQUEST, "no": Grant.NONE}
WORDS = {grant: word for word, grant in GRANTS.items()}


class Row(NamedTuple):
    """One row of the data: a command, field, screen or permission, what limits it, and the word of each role."""

    kind: str
    name: str
    reach: frozenset[str]
    cells: Mapping[str, str]


def table() -> dict[tuple[str, str], Row]:
    """Return the data by (kind, name)."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = [
            Row(r.pop("kind"), r.pop("name"), frozenset(r.pop("reach").split()) - {"-"}, r)
            for r in csv.DictReader(file)
        ]
    found = {(row.kind, row.name): row for row in rows}
    assert len(found) == len(rows), "a row is there twice"
    return found


TABLE = table()


def registered() -> dict[str, Declaration]:
    """Return every command of the product: all its modules are loaded first."""
    for found in pkgutil.walk_packages(domain.__path__, "domain."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    return {name: made for name, made in REGISTRY.items() if made.service.__module__.startswith("domain.")}


def of_kind(kind: str) -> dict[str, Row]:
    """Return the rows of one kind by name."""
    return {name: row for (found, name), row in TABLE.items() if found == kind}


def test_every_cell_is_filled_for_every_role() -> None:
    for row in TABLE.values():
        assert set(row.cells) == set(WHO), row.name
        assert set(row.cells.values()) <= set(GRANTS), row.name
        assert row.reach <= {"customer", "site", "case"}, row.name


def test_every_command_field_screen_and_permission_has_its_row_and_no_row_is_idle() -> None:
    assert set(of_kind("command")) == set(registered())
    assert set(of_kind("field")) == {f"{entity}.{name}" for entity, name in catalogue()}
    assert set(of_kind("screen")) == {screen.key for screen in menu.SCREENS}
    assert set(of_kind("permission")) == set(map(str, Permission))


def word_of(kind: str, name: str, who: str) -> str:
    """Return how far somebody with one role may go, as the product decides it."""
    if kind == "command":
        made = REGISTRY[name]
        found = authority.grant(made.permission, [who])
        if found is Grant.REQUEST and made.accepts is Grant.REQUEST:
            return "all"
        return WORDS[found]
    if kind == "field":
        field = catalogue()[tuple(name.split("."))]  # type: ignore[index]
        if field.may([who]):
            return WORDS[field.width([who])]
        return "ask" if field.may_propose([who]) else "no"
    permission = menu.screen(name).permission if kind == "screen" else Permission(name)
    return WORDS[authority.grant(permission, [who])]


def differences(who: str) -> list[str]:
    """Return every row whose cell of one role is not what the product decides."""
    return [
        f"{row.kind} {row.name}, {who}: the table says {row.cells[who]}, the tower {found}"
        for row in TABLE.values()
        if (found := word_of(row.kind, row.name, who)) != row.cells[who]
    ]


def test_the_tower_decides_as_the_table_says() -> None:
    registered()
    assert [line for who in WHO for line in differences(who)] == []


def flips() -> Iterator[tuple[Permission, str, Grant]]:
    """Yield every single change of a cell of the product's matrix."""
    for permission, row in authority.matrix().items():
        for who, cell in row.items():
            for other in Grant:
                if other is not cell:
                    yield permission, who, other


def test_any_one_flipped_cell_turns_the_table_red(monkeypatch: pytest.MonkeyPatch) -> None:
    registered()
    kept = authority.matrix()
    silent = []
    tried = 0
    for permission, who, other in flips():
        flipped = {**kept, permission: {**kept[permission], who: other}}
        monkeypatch.setattr(authority, "matrix", lambda flipped=flipped: flipped)
        tried += 1
        if not differences(who):
            silent.append((permission, who, other))
        monkeypatch.setattr(authority, "matrix", lambda: kept)
    assert tried == len(Permission) * len(WHO) * 3
    assert silent == []


def test_a_command_or_screen_alone_tells_a_right_that_was_given_or_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the rows of permissions: NONE to ALL or back shows at whatever asks for the permission."""
    asked = {made.permission for made in registered().values()} | {s.permission for s in menu.SCREENS}
    asked |= {
        permission for field in catalogue().values() for permission in (*field.permissions, *field.proposes)
    }
    kept = authority.matrix()
    for permission in asked:
        for who, cell in kept[permission].items():
            other = Grant.ALL if cell is Grant.NONE else Grant.NONE
            flipped = {**kept, permission: {**kept[permission], who: other}}
            monkeypatch.setattr(authority, "matrix", lambda flipped=flipped: flipped)
            told = [line for line in differences(who) if not line.startswith("permission ")]
            monkeypatch.setattr(authority, "matrix", lambda: kept)
            assert told, (permission, who, other)


def actor(who: str, **limits: Any) -> Actor:
    """Return "me" with one role or as a service principal."""
    return Actor("me", frozenset({who}), **limits)


def decided(uow: Any, made: Declaration, by: Actor, number: int, **other: Any) -> str:
    """Return what the envelope decides: "yes" or the code of its refusal."""
    try:
        authorise(uow, made, by, {**arguments(number, made.name), **other})
    except Denied as refusal:
        return refusal.code if refusal.fix else "no way out"
    return "yes"


NEVER, BEYOND = "command.denied", "command.out_of_reach"


def test_every_command_for_every_role_on_own_and_others_objects(engine: Engine) -> None:
    build(engine)
    everything = registered()

    def wrong(uow: UnitOfWork) -> list[str]:
        uow.discard()
        return [
            f"{name}, {who}, {case}: {found}, not {wanted}"
            for name, row in of_kind("command").items()
            for who in WHO
            for case, wanted, found in _cases(uow, everything[name], row, who)
            if found != wanted
        ]

    assert transact(engine, wrong) == []


def _cases(uow: Any, made: Declaration, row: Row, who: str) -> Iterator[tuple[str, str, str]]:
    """Yield (what is tried, what must come, what comes) for one command and role."""
    may = row.cells[who] in ("all", "own")
    wide, near = actor(who), actor(who, accounts=frozenset({MINE}), sites=frozenset({MINE}))
    yield "own object", "yes" if may else NEVER, decided(uow, made, near, MINE)
    if "case" in row.reach:
        others = "yes" if row.cells[who] == "all" else BEYOND if may else NEVER
        yield "another's case", others, decided(uow, made, wide, OTHERS)
        yield "nobody's case", "yes" if may else NEVER, decided(uow, made, wide, MINE, exception_id=3)
    else:
        yield "any object, unlimited", "yes" if may else NEVER, decided(uow, made, wide, OTHERS)
    if "customer" in row.reach:
        limited = actor(who, accounts=frozenset({MINE}))
        yield "another account", BEYOND if may else NEVER, decided(uow, made, limited, OTHERS)
        yield (
            "no account at all",
            BEYOND if may else NEVER,
            decided(uow, made, actor(who, accounts=frozenset()), MINE),
        )
    if "site" in row.reach:
        limited = actor(who, sites=frozenset({MINE}))
        yield "another site", BEYOND if may else NEVER, decided(uow, made, limited, OTHERS)


def test_what_has_a_scope_says_so_in_the_table() -> None:
    """A command that touches somebody's objects has a reach in the table, and one that says so has a scope."""
    for name, made in registered().items():
        assert (made.scope is not commands.nothing) == bool(of_kind("command")[name].reach), name


@pytest.mark.parametrize("role", list(Role))
def test_a_hidden_screen_refuses_its_commands_too(role: Role) -> None:
    """Each command of a screen asks for a right that whoever lacks the screen lacks as well."""
    hidden = {s.key for s in menu.SCREENS if not menu.allowed(actor(role), s)}
    prefixes = {"users": "users.", "imports": "imports.", "audit": "audit.", "holds": "holds.", "approvals": "approvals.",
                "customers": "master_data.", "calendars": "calendars.", "site_parameters": "master_data."}  # fmt: skip
    own = {"users.change_password"}
    for key in hidden & set(prefixes):
        for name, made in registered().items():
            if name.startswith(prefixes[key]) and name not in own:
                assert authority.grant(made.permission, [role]) in (Grant.NONE, Grant.REQUEST), (key, name)
