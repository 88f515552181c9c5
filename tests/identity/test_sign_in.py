"""Signing in: the same answer for every wrong try, the throttle, tokens kept as hashes, the first administrator."""

from __future__ import annotations

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, text

from db.queries import people
from db.tables import AppUser, AuditLog, Command, SignInAttempt, UserSession
from db.unit_of_work import reading
from domain.services.access import first_run, passwords, sign_in
from domain.services.access.identity import Policy, resolve, token_hash
from domain.vocabulary.errors import Denied, DomainError
from domain.vocabulary.statuses import Role
from tests.identity.people import NOW, PASSWORD, POLICY, add, found


def _try(engine: Engine, login: str, password: str, minutes: float = 0) -> sign_in.Welcome:
    return sign_in.with_password(engine, login, password, now=NOW + timedelta(minutes=minutes), policy=POLICY)


def _refusal(engine: Engine, login: str, password: str, minutes: float = 0) -> Denied:
    with pytest.raises(Denied) as caught:
        _try(engine, login, password, minutes)
    return caught.value


def test_the_right_password_signs_in(engine: Engine) -> None:
    add(engine, "ann", Role.LEAD)
    made = _try(engine, "  Ann ", PASSWORD)
    seen = resolve(engine, made.token, now=NOW, policy=POLICY)
    assert (seen.actor.login, seen.actor.roles) == ("ann", {Role.LEAD})
    assert seen.actor.session_id is not None
    assert not made.must_change


def test_only_the_hash_of_the_token_is_kept(engine: Engine) -> None:
    add(engine, "ann")
    made = _try(engine, "ann", PASSWORD)
    with reading(engine) as unit:
        kept = unit.connection.execute(select(UserSession.token_hash)).scalar_one()
        audit = unit.connection.execute(select(AuditLog.old, AuditLog.new)).all()
        commands = unit.connection.execute(select(Command.response, Command.idempotency_key)).all()
    assert kept == token_hash(made.token)
    everything = str([*audit, *commands])
    assert made.token not in everything
    assert "argon2" not in everything
    assert PASSWORD not in everything


def test_unknown_inactive_and_wrong_get_one_answer(engine: Engine) -> None:
    add(engine, "ann")
    add(engine, "provider", password_hash=None)
    add(engine, "gone")
    with engine.begin() as connection:
        connection.execute(text("update app_user set active = false where login = 'gone'"))
    answers = {
        (str(r), r.code)
        for r in (
            _refusal(engine, "ann", "wrong wrong wrong"),
            _refusal(engine, "nobody", PASSWORD),
            _refusal(engine, "provider", PASSWORD),
            _refusal(engine, "gone", PASSWORD),
            _refusal(engine, "", ""),
            _refusal(engine, "x" * 10_000, "y" * 10_000),
            _refusal(engine, "ann\x00", PASSWORD),
            _refusal(engine, "ann'; drop table app_user; --", "\x00"),
        )
    }
    assert len(answers) == 1
    assert answers.pop()[1] == "sign_in.wrong"


def test_an_unknown_login_takes_as_long(engine: Engine) -> None:
    """The same work on both ways: the medians lie within a third of each other, a skipped hash would be far off."""
    add(engine, "ann")
    passwords.matches(None, "warm up")

    def seconds(login: str) -> float:
        started = time.perf_counter()
        with pytest.raises(Denied):
            sign_in.check_own_password(engine, login, "wrong wrong wrong", now=NOW)
        return time.perf_counter() - started

    known, unknown = [], []
    for turn in range(9):
        for login, taken in (("ann", known), (f"nobody{turn}", unknown)):
            taken.append(seconds(login))
            with engine.begin() as connection:
                connection.execute(text("delete from sign_in_attempt"))
    ratio = statistics.median(unknown) / statistics.median(known)
    assert 0.67 < ratio < 1.5
    assert statistics.median(unknown) > 0.005


def test_five_failures_shut_the_login_for_a_quarter_of_an_hour(engine: Engine) -> None:
    add(engine, "ann")
    add(engine, "bob")
    for minute in range(5):
        assert _refusal(engine, "ann", "wrong wrong wrong", minute).code == "sign_in.wrong"
    shut = _refusal(engine, "ann", PASSWORD, 5)
    assert shut.code == "sign_in.throttled"
    assert "10 min" in shut.fix
    assert _try(engine, "bob", PASSWORD, 5).actor.login == "bob"
    assert _refusal(engine, "ann", PASSWORD, 14.9).code == "sign_in.throttled"
    assert _try(engine, "ann", PASSWORD, 15).actor.login == "ann"


def test_an_unknown_login_is_throttled_the_same(engine: Engine) -> None:
    for _ in range(5):
        _refusal(engine, "nobody", PASSWORD)
    assert _refusal(engine, "NOBODY ", PASSWORD).code == "sign_in.throttled"


def test_a_burst_does_not_pass_the_count(engine: Engine) -> None:
    add(engine, "ann")
    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(lambda i: _refusal(engine, "ann", f"wrong wrong {i}").code, range(24)))
    assert codes.count("sign_in.wrong") == 5
    assert codes.count("sign_in.throttled") == 19
    with reading(engine) as unit:
        assert unit.connection.execute(select(func.count()).select_from(SignInAttempt)).scalar_one() == 5


def test_at_most_two_hashes_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, guard = 0, 0, threading.Lock()
    hasher = passwords._HASHER

    class Counted:
        def verify(self, kept: str, password: str) -> bool:
            nonlocal running, most
            with guard:
                running += 1
                most = max(most, running)
            try:
                return hasher.verify(kept, password)
            finally:
                with guard:
                    running -= 1

        def hash(self, password: str) -> str:
            return hasher.hash(password)

    monkeypatch.setattr(passwords, "_HASHER", Counted())
    kept = passwords.hashed(PASSWORD, login="x")
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: passwords.matches(kept, PASSWORD), range(8)))
    assert most == 2


def test_hashes_have_the_stated_cost() -> None:
    assert passwords.hashed(PASSWORD, login="x").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("password", "login"),
    [("short", "x"), ("elevenchars", "x"), ("aaaaaaaaaaaaaaaa", "x"), ("Somebody.Long", "somebody.long"), ("x" * 257, "x")],
)  # fmt: skip
def test_weak_passwords_are_refused(password: str, login: str) -> None:
    with pytest.raises(DomainError) as caught:
        passwords.hashed(password, login=login)
    assert caught.value.code == "password.weak"
    assert caught.value.fix


def test_the_first_administrator_is_made_once(engine: Engine) -> None:
    password = first_run.first_administrator(engine, NOW)
    assert password is not None
    assert first_run.first_administrator(engine, NOW) is None
    made = _try(engine, "admin", password)
    assert made.must_change
    assert made.actor.roles == {Role.ADMIN}
    with reading(engine) as unit:
        texts = [
            str(value)
            for table in (AuditLog, Command, AppUser)
            for row in unit.connection.execute(select(*table.__table__.columns)).all()
            for value in row
        ]
    assert not any(password in value for value in texts)


def test_two_first_passwords_differ(engine: Engine) -> None:
    assert len({passwords.one_time() for _ in range(50)}) == 50


def test_nobody_is_first_where_somebody_is(engine: Engine) -> None:
    add(engine, "ann")
    assert first_run.first_administrator(engine, NOW) is None


DEMO = Policy(demo=True)


def test_the_demo_signs_in_by_person_and_role(demo_engine: Engine) -> None:
    made = sign_in.as_demo(demo_engine, "marta.oakes", now=NOW, policy=DEMO)
    assert made.actor.roles == {Role.LEAD}
    assert resolve(demo_engine, made.token, now=NOW, policy=DEMO).actor.login == "marta.oakes"
    with pytest.raises(Denied) as caught:
        sign_in.as_demo(demo_engine, "marta.oakes", now=NOW, policy=DEMO, role=Role.ADMIN)
    assert caught.value.code == "sign_in.wrong"


def test_a_demo_sign_in_ends_when_the_server_is_no_longer_on_loopback(demo_engine: Engine) -> None:
    made = sign_in.as_demo(demo_engine, "marta.oakes", now=NOW, policy=DEMO)
    with pytest.raises(Denied) as caught:
        resolve(demo_engine, made.token, now=NOW, policy=Policy(demo=False))
    assert caught.value.code == "session.no_demo"


def test_the_demo_is_refused_off_loopback_and_elsewhere(demo_engine: Engine, engine: Engine) -> None:
    add(engine, "ann", password_hash=None)
    for place, policy, login in ((demo_engine, POLICY, "marta.oakes"), (engine, DEMO, "ann")):
        with pytest.raises(Denied) as caught:
            sign_in.as_demo(place, login, now=NOW, policy=policy)
        assert caught.value.code == "sign_in.no_demo"


def test_sales_of_the_demo_see_own_accounts(demo_engine: Engine) -> None:
    made = sign_in.as_demo(demo_engine, "callum.whitlock", now=NOW, policy=DEMO)
    with reading(demo_engine) as unit:
        own = people.own_accounts(unit.connection, 0, "callum.whitlock")
    assert made.actor.accounts == own
    assert len(own) == 60
    assert sign_in.as_demo(demo_engine, "marta.oakes", now=NOW, policy=DEMO).actor.accounts is None


ISSUER = "https://id.example.com"


def test_a_provider_signs_in_who_is_a_user(engine: Engine) -> None:
    add(engine, "ann", password_hash=None, oidc_issuer=ISSUER, oidc_subject="42")
    made = sign_in.with_identity(engine, "provider:one", ISSUER, "42", now=NOW, policy=POLICY)
    assert made.actor.login == "ann"
    for issuer, subject in ((ISSUER, "43"), ("https://other.example.com", "42")):
        with pytest.raises(Denied) as caught:
            sign_in.with_identity(engine, "provider:two", issuer, subject, now=NOW, policy=POLICY)
        assert caught.value.code == "sign_in.unknown_identity"


def test_a_provider_cookie_makes_one_sign_in(engine: Engine) -> None:
    """The cookie lives for 30 days; once its sign-in ended, showing it again is worth nothing."""
    add(engine, "ann", password_hash=None, oidc_issuer=ISSUER, oidc_subject="42")
    sign_in.with_identity(engine, "provider:one", ISSUER, "42", now=NOW, policy=POLICY)
    with engine.begin() as connection:
        connection.execute(text("update user_session set revoked_at = 1"))
    with pytest.raises(Denied) as caught:
        sign_in.with_identity(engine, "provider:one", ISSUER, "42", now=NOW, policy=POLICY)
    assert caught.value.code == "session.ended"


def test_a_login_is_found_whatever_its_case(engine: Engine) -> None:
    add(engine, "ann.lee")
    assert _try(engine, "ANN.LEE", PASSWORD).actor.user_id == found(engine, "ann.lee").user_id
