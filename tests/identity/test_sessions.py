"""How long a sign-in holds: idle, absolute, ended, shut out, taken away; refused at once, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from db.tables import AppUser, AuditLog, Customer, UserSession
from db.unit_of_work import reading
from domain.services.access import identity, passwords, sessions, sign_in, users
from domain.services.access.identity import resolve
from domain.services.access.sign_in import Welcome
from domain.services.access.users import Rights
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Conflict, Denied, NotFound
from domain.vocabulary.statuses import Role
from tests import small_book
from tests.acting import do, person
from tests.identity.people import NOW, PASSWORD, POLICY, add, found, kept


def _in(engine: Engine, login: str = "ann") -> Welcome:
    return sign_in.with_password(engine, login, PASSWORD, now=NOW, policy=POLICY, agent="Firefox/1")


def _actor(engine: Engine, made: Welcome, at: datetime = NOW) -> Actor:
    return resolve(engine, made.token, now=at, policy=POLICY).actor


def _refused(engine: Engine, made: Welcome, at: datetime = NOW) -> str:
    with pytest.raises(Denied) as caught:
        resolve(engine, made.token, now=at, policy=POLICY)
    return f"{caught.value.code} {caught.value.data.get('why', '')}".strip()


def test_idle_for_half_an_hour_ends_it(engine: Engine) -> None:
    add(engine, "ann")
    made = _in(engine)
    assert _actor(engine, made, NOW + timedelta(minutes=29)).login == "ann"
    assert _actor(engine, made, NOW + timedelta(minutes=58)).login == "ann", "use moves the idle end"
    assert _refused(engine, made, NOW + timedelta(minutes=88)) == "session.ended IDLE"


def test_looking_without_noting_does_not_keep_it_alive(engine: Engine) -> None:
    add(engine, "ann")
    made = _in(engine)
    resolve(engine, made.token, now=NOW + timedelta(minutes=20), policy=POLICY, note=False)
    assert _refused(engine, made, NOW + timedelta(minutes=30)) == "session.ended IDLE"


def test_eight_hours_end_it_however_busy(engine: Engine) -> None:
    add(engine, "ann")
    made = _in(engine)
    for minutes in range(20, 480, 20):
        _actor(engine, made, NOW + timedelta(minutes=minutes))
    assert _refused(engine, made, NOW + timedelta(hours=8)) == "session.ended ABSOLUTE"


def test_a_use_is_noted_once_a_minute(engine: Engine) -> None:
    add(engine, "ann")
    made = _in(engine)

    def seen() -> datetime:
        with reading(engine) as unit:
            return unit.connection.execute(select(UserSession.seen_at)).scalar_one()

    _actor(engine, made, NOW + timedelta(seconds=59))
    assert seen() == NOW
    _actor(engine, made, NOW + timedelta(seconds=60))
    assert seen() == NOW + timedelta(seconds=60)
    with reading(engine) as unit:
        told = select(AuditLog.source).where(AuditLog.object_type == "user_session")
        sources = set(unit.connection.execute(told).scalars())
    assert sources == {"sign-in"}


def test_a_copied_cookie_is_worth_nothing_after_sign_out(engine: Engine) -> None:
    add(engine, "ann")
    made = _in(engine)
    copied = Welcome(made.token, made.actor, made.ends_at, False)
    who = _actor(engine, made)
    do(engine, sessions.end, actor=who, session_id=who.session_id)
    assert _refused(engine, copied) == "session.ended REVOKED"


def test_a_wrong_empty_or_guessed_token_is_nobody(engine: Engine) -> None:
    add(engine, "ann")
    made = _in(engine)
    for token in (None, "", "x", made.token[:-1], made.token + "x", identity.token_hash(made.token)):
        with pytest.raises(Denied) as caught:
            resolve(engine, token, now=NOW, policy=POLICY)
        assert caught.value.code == "session.none"


def test_who_is_shut_out_is_out_at_once(engine: Engine) -> None:
    key = add(engine, "ann")
    add(engine, "root", Role.ADMIN)
    made = _in(engine)
    do(engine, users.deactivate, actor=person("root", Role.ADMIN), user_id=key)
    assert _refused(engine, made) == "session.ended REVOKED"
    do(engine, users.activate, actor=person("root", Role.ADMIN), user_id=key)
    assert _refused(engine, made) == "session.ended REVOKED", "letting in again revives no old sign-in"
    assert _actor(engine, _in(engine)).login == "ann"


def test_the_flag_alone_shuts_out(engine: Engine) -> None:
    key = add(engine, "ann")
    made = _in(engine)
    with engine.begin() as connection:
        connection.execute(update(AppUser).where(AppUser.user_id == key).values(active=False))
    assert _refused(engine, made) == "session.inactive"


def test_nobody_ends_another_ones_sign_in(engine: Engine) -> None:
    add(engine, "ann")
    add(engine, "bob")
    ann, bob = _in(engine), _in(engine, "bob")
    with pytest.raises(NotFound):
        do(engine, sessions.end, actor=_actor(engine, bob), session_id=_actor(engine, ann).session_id)
    assert _actor(engine, ann).login == "ann"


def test_all_others_can_be_ended(engine: Engine) -> None:
    add(engine, "ann")
    here, there, elsewhere = _in(engine), _in(engine), _in(engine)
    assert do(engine, sessions.end_others, actor=_actor(engine, here)) == 2
    assert _actor(engine, here).login == "ann"
    assert {_refused(engine, there), _refused(engine, elsewhere)} == {"session.ended REVOKED"}


def test_a_new_role_holds_from_the_next_rerun(engine: Engine) -> None:
    key = add(engine, "ann", Role.ADMIN)
    add(engine, "root", Role.ADMIN)
    made = _in(engine)
    assert _actor(engine, made).has(Role.ADMIN)
    version = _version(engine, key)
    do(engine, users.change, actor=person("root", Role.ADMIN), user_id=key, row_version=version, name="Ann", rights=Rights(Role.QA))  # fmt: skip
    assert _actor(engine, made).roles == {Role.QA}


def test_changing_the_password_ends_the_other_sign_ins(engine: Engine) -> None:
    add(engine, "ann")
    here, there = _in(engine), _in(engine)
    old = found(engine, "ann").password_hash
    new = passwords.hashed("another long password", login="ann")
    assert (
        do(engine, users.change_password, actor=_actor(engine, here), seen_hash=old, password_hash=new) == 1
    )
    assert _actor(engine, here).login == "ann"
    assert _refused(engine, there) == "session.ended REVOKED"
    with pytest.raises(Conflict):
        do(engine, users.change_password, actor=_actor(engine, here), seen_hash=old, password_hash=kept())
    with pytest.raises(Denied):
        _in(engine)


def test_a_one_time_password_must_be_changed_first(engine: Engine) -> None:
    add(engine, "ann", settled=False)
    made = _in(engine)
    assert made.must_change
    assert resolve(engine, made.token, now=NOW, policy=POLICY).must_change


def test_reach_is_all_roles_own_accounts_and_sites(engine: Engine) -> None:
    small_book.fill(engine)
    with engine.begin() as connection:
        connection.execute(update(Customer).where(Customer.customer_id == 1).values(account_owner="seller"))
    add(engine, "multi", rights=Rights(Role.SALES, (Role.LEAD,)))
    add(engine, "seller", Role.SALES)
    rights = Rights(Role.SALES, accounts=("C2",), sites=("S1",))
    add(engine, "named", rights=rights)
    add(engine, "one", rights=Rights(Role.LEAD, accounts=("C2",)))
    many, seller = _actor(engine, _in(engine, "multi")), _actor(engine, _in(engine, "seller"))
    assert many.roles == {Role.SALES, Role.LEAD}
    assert many.accounts is None, "a role that sees everything is not limited by one that does not"
    assert seller.accounts == {1}
    named, one = _actor(engine, _in(engine, "named")), _actor(engine, _in(engine, "one"))
    assert (named.accounts, named.sites) == ({2}, {1})
    assert one.accounts == {2}, "accounts given by name limit every role"


def test_sales_without_accounts_see_none(engine: Engine) -> None:
    small_book.fill(engine)
    add(engine, "fresh", Role.SALES)
    assert _actor(engine, _in(engine, "fresh")).accounts == frozenset()


def _version(engine: Engine, key: int) -> int:
    with reading(engine) as unit:
        return unit.connection.execute(select(AppUser.row_version).where(AppUser.user_id == key)).scalar_one()
