"""The gate and the server's own pages over HTTP: nothing without a sign-in, no other site's forms, no foreign way on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from domain.exchange.web import requests
from domain.exchange.web.gate import is_open
from domain.services.access import users
from domain.settings import Settings
from domain.vocabulary.statuses import Role
from tests.identity.gated import BASE, SAME, Tower, sign_in, streams
from tests.identity.people import NOW, PASSWORD, add


@pytest.fixture
def tower(engine: Engine) -> Tower:
    """A tower with a team lead ann."""
    add(engine, "ann", Role.LEAD)
    return Tower(engine)


@pytest.fixture
def inside(tower: Tower) -> TestClient:
    """A browser that is signed in."""
    client = tower.client()
    assert sign_in(client).status_code == 303
    return client


PAGES = [
    "/",
    "/orders?state=OVERDUE",
    "/users",
    "/no-such-page",
    "/admin",
    "//evil",
    "/Sign-In",
    "/sign-in/",
    "/livez/",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_leads_to_the_sign_in(tower: Tower, path: str) -> None:
    answer = tower.client().get(BASE + path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")
    assert "inside" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/"), ("PUT", "/_stcore/upload_file/a/b"), ("GET", "/media/x.csv"), ("GET", "/_stcore/host-config"),
     ("GET", "/_stcore/metrics"), ("GET", "/component/x/index.html"), ("GET", "/_stcore/allowed-message-origins")],
)  # fmt: skip
def test_what_is_no_page_is_refused(tower: Tower, method: str, path: str) -> None:
    answer = tower.client().request(method, path)
    assert answer.status_code == 401
    assert "inside" not in answer.text


def test_the_stream_of_the_screens_is_refused(tower: Tower, inside: TestClient) -> None:
    assert not streams(tower.client())
    assert streams(inside)


def test_health_and_code_of_the_screens_are_open(tower: Tower) -> None:
    for path in ("/livez", "/readyz", "/healthz", "/static/js/main.js", "/favicon.png"):
        assert tower.client().get(path).text == "inside"
    assert not is_open("/static/../orders")


def test_signing_in_goes_on_where_one_wanted_to(tower: Tower) -> None:
    client = tower.client()
    answer = sign_in(client, next="/orders?state=OVERDUE&as_of=2026-01-01")
    assert answer.headers["location"] == "/orders?state=OVERDUE&as_of=2026-01-01"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie
    assert client.get("/orders").text == "inside"
    assert client.get("/sign-in?next=/orders").headers["location"] == "/orders"


def test_behind_tls_the_cookie_is_for_tls_alone(tower: Tower) -> None:
    tower.settings = Settings(host="0.0.0.0", public_url="https://tower.example.com")
    answer = sign_in(tower.client(base="https://tower.example.com"))
    assert "secure" in answer.headers["set-cookie"].lower()


FOREIGN = [
    "https://evil.example.com", "//evil.example.com", "/\\evil.example.com", "\\\\evil", "javascript:alert(1)",
    "/\t/evil.example.com", "/%0d%0aSet-Cookie:x=1\r\n", "orders", "/sign-in", "/sign-out", "/\n//evil", " /orders",
    "/\\/evil.example.com", "http:/evil", "/ /evil",
]  # fmt: skip


@pytest.mark.parametrize("wanted", FOREIGN)
def test_the_way_on_stays_on_this_server(tower: Tower, wanted: str) -> None:
    assert sign_in(tower.client(), next=wanted).headers["location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"}, {}, {"origin": "null"},
     {"origin": "https://evil.example.com"}, {"origin": "http://127.0.0.1.evil.example.com:8501"},
     {"origin": "http://127.0.0.1:9999"}, {"sec-fetch-site": "cross-site", "origin": BASE}],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/password"])
def test_forms_of_other_sites_are_not_taken(
    inside: TestClient, tower: Tower, path: str, headers: dict[str, str]
) -> None:
    given = {"login": "ann", "password": PASSWORD, "old": PASSWORD, "new": "x" * 20, "again": "x" * 20}
    answer = inside.post(path, data=given, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert inside.get("/").text == "inside", "the sign-in still holds"


def test_an_older_browser_says_its_origin(tower: Tower) -> None:
    given = {"login": "ann", "password": PASSWORD}
    assert tower.client().post("/sign-in", data=given, headers={"origin": BASE}).status_code == 303


def test_a_wrong_password_is_told_and_announced(tower: Tower) -> None:
    client = tower.client()
    answer = sign_in(client, password="wrong", login='"><script>alert(1)</script>')
    assert answer.status_code == 401
    assert 'role="alert"' in answer.text
    assert "<script" not in answer.text
    assert "set-cookie" not in answer.headers
    assert "wrong" not in answer.text
    for _ in range(5):
        answer = sign_in(client, password="wrong")
    assert sign_in(client).status_code == 429


def test_the_page_can_be_used_with_a_keyboard_and_a_password_manager(tower: Tower) -> None:
    answer = tower.client().get("/sign-in")
    assert answer.status_code == 200
    for part in (
        '<label for="login">',
        '<label for="password">',
        'autocomplete="username"',
        "current-password",
        'lang="en"',
    ):
        assert part in answer.text
    assert "onpaste" not in answer.text
    assert "<script" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_big_odd_or_broken_forms_are_refused(tower: Tower) -> None:
    client = tower.client()
    form = {**SAME, "content-type": "application/x-www-form-urlencoded"}
    for content, headers in (
        (b"login=" + b"a" * 100_000, form),
        (b"login=%ff%fe&password=%80", form),
        (b"&".join(b"a%d=1" % i for i in range(50)), form),
        (b'{"login": "ann"}', {**SAME, "content-type": "application/json"}),
    ):
        assert client.post("/sign-in", content=content, headers=headers).status_code in (400, 401)


def test_signing_out_ends_the_copied_cookie_too(tower: Tower, inside: TestClient) -> None:
    copied = tower.client()
    copied.cookies.set(requests.COOKIE, inside.cookies[requests.COOKIE])
    assert copied.get("/").text == "inside"
    assert "Sign out" in inside.get("/sign-out").text
    assert inside.post("/sign-out", headers=SAME).headers["location"] == "/sign-in"
    assert copied.get("/").status_code == 303
    assert not streams(copied)


ENDS: dict[str, Callable[[Tower], None]] = {
    "idle": lambda t: setattr(t, "now", NOW + timedelta(minutes=30)),
    "absolute": lambda t: setattr(t, "now", NOW + timedelta(hours=8)),
    "revoked": lambda t: t.sql("update user_session set revoked_at = 1"),
    "shut out": lambda t: t.sql("update app_user set active = false"),
    "token gone": lambda t: t.sql("delete from user_session"),
}  # fmt: skip


@pytest.mark.parametrize("how", list(ENDS))
def test_a_sign_in_that_ended_is_refused_at_the_next_request(
    tower: Tower, inside: TestClient, how: str
) -> None:
    assert inside.get("/").text == "inside"
    assert streams(inside)
    ENDS[how](tower)
    assert inside.get("/").status_code == 303
    assert inside.get("/media/x").status_code == 401
    assert not streams(inside)


def test_a_one_time_password_opens_nothing_but_the_way_to_a_new_one(engine: Engine) -> None:
    made = users.one_time("ann")
    add(engine, "ann", settled=False, password_hash=made.hash)
    tower = Tower(engine)
    client = tower.client()
    answer = sign_in(client, password=made.password, next="/orders")
    assert answer.headers["location"] == "/password?next=%2Forders"
    assert client.get("/orders").headers["location"].startswith("/password?next=")
    assert not streams(client)

    def change(old: str, new: str, again: str = "") -> Any:
        given = {"old": old, "new": new, "again": again or new, "next": "/orders"}
        return client.post("/password", data=given, headers=SAME)

    for old, new, again in (
        ("wrong", "a brand new password", ""),
        (made.password, "short", ""),
        (made.password, "a brand new password", "another brand new one"),
        (made.password, made.password, ""),
    ):
        refused = change(old, new, again)
        assert refused.status_code == 400
        assert 'role="alert"' in refused.text
    assert change(made.password, "a brand new password").headers["location"] == "/orders"
    assert client.get("/orders").text == "inside"
    assert streams(client)


def test_the_password_page_needs_a_sign_in(tower: Tower) -> None:
    assert tower.client().get("/password").headers["location"] == "/sign-in?next=/password"
    given = {"old": PASSWORD, "new": "a brand new password", "again": "a brand new password"}
    assert (
        tower.client().post("/password", data=given, headers=SAME).headers["location"].startswith("/sign-in")
    )
