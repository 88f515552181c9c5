"""Users: made and changed by an administrator, never the own rights, never the last one away; all in the audit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, select

from db.queries import people
from db.tables import AppUser, AuditLog, Command
from db.unit_of_work import reading
from domain.services.access import passwords, sign_in, users
from domain.services.access.identity import actor_of
from domain.services.access.users import Rights
from domain.vocabulary.actor import service
from domain.vocabulary.errors import Conflict, Denied, DomainError, NotFound
from domain.vocabulary.statuses import Role
from tests import small_book
from tests.acting import do, person
from tests.identity.people import NOW, PASSWORD, POLICY, add, found, kept

ROOT = person("root", Role.ADMIN)


def _change(engine: Engine, login: str, rights: Rights, *, actor: Any = ROOT, **more: Any) -> None:
    row = _row(engine, login)
    given = {"row_version": row.row_version, "name": row.name, **more}
    do(engine, users.change, actor=actor, user_id=row.user_id, rights=rights, **given)


def _row(engine: Engine, login: str) -> Any:
    with reading(engine) as unit:
        return unit.connection.execute(select(AppUser.__table__).where(AppUser.login == login)).one()


def _code(engine: Engine, work: Any) -> str:
    with pytest.raises(DomainError) as caught:
        work()
    assert caught.value.fix
    return caught.value.code


def test_a_user_has_all_that_was_given(engine: Engine) -> None:
    small_book.fill(engine)
    add(engine, "boss", Role.MGR)
    rights = Rights(Role.ASSOC, (Role.QA, Role.ASSOC), ("C1",), ("S1",), Decimal(2500), "boss")
    key = do(engine, users.create, actor=ROOT, login=" Ann.Lee ", name=" Ann   Lee ", rights=rights, team="Desk", email="a@b.c", password_hash=kept())  # fmt: skip
    row = _row(engine, "ann.lee")
    assert (row.user_id, row.name, row.role, row.team, row.must_change_password) == (key, "Ann Lee", Role.ASSOC, "Desk", True)  # fmt: skip
    assert row.approval_limit == Decimal(2500)
    with reading(engine) as unit:
        who = actor_of(unit.connection, found(engine, "ann.lee"))
        assert (who.roles, who.accounts, who.sites) == ({Role.ASSOC, Role.QA}, {1}, {1})
        assert people.reach(unit.connection, user_id=key) == people.Reach(("C1",), ("S1",))
        listed = people.users(unit.connection).set_index("login").loc["ann.lee"]
    assert (listed["further_roles"], listed["delegate"], listed["accounts"]) == ("QA", "boss", 1)


@pytest.mark.parametrize("login", ["", "a", "Ann Lee", "service:worker", "x" * 81, "ann'--", "ann\tlee"])
def test_wrong_logins_are_refused(engine: Engine, login: str) -> None:
    assert _code(engine, lambda: do(engine, users.create, actor=ROOT, login=login, name="x", rights=Rights(Role.QA))) == "user.login"  # fmt: skip


def test_names_that_do_not_exist_are_refused_and_nothing_stays(engine: Engine) -> None:
    for rights, code in (
        (Rights(Role.QA, accounts=("NO",)), "user.no_account"),
        (Rights(Role.QA, sites=("NO",)), "user.no_site"),
        (Rights(Role.QA, delegate="nobody"), "user.no_delegate"),
    ):
        assert _code(engine, lambda r=rights: do(engine, users.create, actor=ROOT, login="ann", name="Ann", rights=r)) == code  # fmt: skip
    with reading(engine) as unit:
        assert not people.anybody(unit.connection)


def test_a_login_is_taken_once(engine: Engine) -> None:
    add(engine, "ann")
    with pytest.raises(Conflict):
        add(engine, "ANN")


def test_a_providers_subject_signs_in_one_user(engine: Engine) -> None:
    names = {"oidc_issuer": "https://id.example.com", "oidc_subject": "42"}
    add(engine, "ann", **names)
    add(engine, "bob")
    with pytest.raises(Conflict):
        add(engine, "eve", **names)
    with pytest.raises(Conflict):
        _change(engine, "bob", Rights(Role.ASSOC), **names)
    _change(engine, "ann", Rights(Role.ASSOC))
    _change(engine, "bob", Rights(Role.ASSOC), **names)
    assert _row(engine, "bob").oidc_subject == "42"


def test_only_administrators_manage_users(engine: Engine) -> None:
    key = add(engine, "ann")
    for role in Role:
        if role is not Role.ADMIN:
            for work, given in (
                (users.create, {"login": "eve", "name": "Eve", "rights": Rights(Role.ADMIN)}),
                (users.deactivate, {"user_id": key}),
                (users.reset_password, {"user_id": key, "password_hash": kept()}),
                (users.end_sessions, {"user_id": key}),
            ):
                with pytest.raises(Denied):
                    do(engine, work, actor=person("x", role), **given)
    assert _row(engine, "ann").active


def test_nobody_changes_the_own_rights(engine: Engine) -> None:
    add(engine, "root", Role.ADMIN)
    add(engine, "second", Role.ADMIN)
    key = _row(engine, "root").user_id
    small_book.fill(engine)
    for rights in (
        Rights(Role.ADMIN, (Role.LEAD,)),
        Rights(Role.LEAD, (Role.ADMIN,)),
        Rights(Role.ADMIN, approval_limit=Decimal(1)),
        Rights(Role.ADMIN, accounts=("C1",)),
        Rights(Role.ADMIN, sites=("S1",)),
        Rights(Role.ADMIN, delegate="second"),
    ):
        assert _code(engine, lambda r=rights: _change(engine, "root", r)) == "user.own_rights"
    for work, given in (
        (users.deactivate, {}),
        (users.activate, {}),
        (users.reset_password, {"password_hash": kept()}),
    ):
        assert _code(engine, lambda w=work, g=given: do(engine, w, actor=ROOT, user_id=key, **g)) == "user.own_rights"  # fmt: skip
    _change(engine, "root", Rights(Role.ADMIN), name="Root Again")
    assert _row(engine, "root").name == "Root Again"
    _change(engine, "root", Rights(Role.ADMIN, (Role.LEAD,)), actor=person("second", Role.ADMIN))
    with reading(engine) as unit:
        assert people.further_roles(unit.connection, key) == {Role.LEAD}


def test_one_active_administrator_is_left(engine: Engine) -> None:
    first = add(engine, "root", Role.ADMIN)
    second = person("second", Role.ADMIN)
    add(engine, "more", rights=Rights(Role.LEAD, (Role.ADMIN,)))
    do(engine, users.deactivate, actor=second, user_id=first)
    assert _code(engine, lambda: _change(engine, "more", Rights(Role.LEAD), actor=second)) == "user.last_administrator"  # fmt: skip
    assert _code(engine, lambda: do(engine, users.deactivate, actor=second, user_id=_row(engine, "more").user_id)) == "user.last_administrator"  # fmt: skip
    do(engine, users.activate, actor=second, user_id=first)
    _change(engine, "more", Rights(Role.LEAD), actor=second)


def test_what_changed_since_it_was_seen_is_refused(engine: Engine) -> None:
    add(engine, "ann")
    seen = _row(engine, "ann").row_version
    _change(engine, "ann", Rights(Role.QA))
    assert (
        _code(engine, lambda: _change(engine, "ann", Rights(Role.LEAD), row_version=seen)) == "user.changed"
    )


def test_a_reset_gives_a_password_that_works_once(engine: Engine) -> None:
    key = add(engine, "ann")
    made = users.one_time("ann")
    do(engine, users.reset_password, actor=ROOT, user_id=key, password_hash=made.hash)
    with pytest.raises(Denied):
        sign_in.with_password(engine, "ann", PASSWORD, now=NOW, policy=POLICY)
    welcome = sign_in.with_password(engine, "ann", made.password, now=NOW, policy=POLICY)
    assert welcome.must_change


def test_everything_is_in_the_audit_and_no_secret_is(engine: Engine) -> None:
    key = add(engine, "ann", settled=False)
    made = users.one_time("ann")
    do(engine, users.reset_password, actor=ROOT, user_id=key, password_hash=made.hash)
    do(engine, users.deactivate, actor=ROOT, user_id=key)
    _change(engine, "ann", Rights(Role.QA, (Role.EDI,)))
    with reading(engine) as unit:
        rows = unit.connection.execute(select(AuditLog.action, AuditLog.actor, AuditLog.field, AuditLog.old, AuditLog.new)).all()  # fmt: skip
        told = unit.connection.execute(select(Command.response, Command.request_hash)).all()
    fields = {(row.action, row.field) for row in rows}
    assert ("users.create", None) in fields
    assert ("users.reset_password", "password_hash") in fields
    assert ("users.deactivate", "active") in fields
    assert ("users.change", "role") in fields
    assert {row.actor for row in rows} == {"root", "service:cli"}
    text = str([*rows, *told])
    assert "argon2" not in text
    assert made.password not in text


def test_the_command_line_is_the_way_out_of_a_lock_out(engine: Engine) -> None:
    """Nobody can sign in any more: the server's own command line still gives a new one-time password."""
    key = add(engine, "root", Role.ADMIN)
    made = users.one_time("root")
    do(engine, users.reset_password, actor=service("cli"), user_id=key, password_hash=made.hash)
    assert sign_in.with_password(engine, "root", made.password, now=NOW, policy=POLICY).must_change


def test_an_unknown_user_is_not_found(engine: Engine) -> None:
    with pytest.raises(NotFound):
        do(engine, users.deactivate, actor=ROOT, user_id=999)


def test_hashes_of_one_password_differ() -> None:
    assert len({passwords.hashed(PASSWORD, login="x") for _ in range(3)}) == 3
