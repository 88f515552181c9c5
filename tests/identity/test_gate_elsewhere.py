"""Signing in without a password: the demo on this machine alone, identity providers; and what the server opens with."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from domain.exchange.web import requests, start_check
from domain.services.access import users
from domain.settings import Settings
from domain.vocabulary.actor import service
from domain.vocabulary.errors import DomainError
from domain.vocabulary.statuses import Role
from tests.acting import do
from tests.identity.gated import ISSUER, SAME, Tower
from tests.identity.people import add


@pytest.fixture
def tower(engine: Engine) -> Tower:
    """A tower with a team lead ann."""
    add(engine, "ann", Role.LEAD)
    return Tower(engine)


def _demo(engine: Engine) -> Tower:
    add(engine, "marta", Role.LEAD, password_hash=None)
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into command (idempotency_key, service, request_hash, response, actor, at, undoable, audit_rows)"
                " values ('demo', 'seed.demo', '', '{}', 'seed', 1, false, 0)"
            )
        )
    return Tower(engine)


def _as_marta(client: TestClient, **headers: str) -> Any:
    return client.post("/sign-in", data={"person": "marta"}, headers={**SAME, **headers})


def test_the_demo_signs_in_by_role_on_this_machine(engine: Engine) -> None:
    tower = _demo(engine)
    page = tower.client().get("/sign-in").text
    assert "Team lead" in page
    assert "DEMO DATA" in page
    client = tower.client()
    assert _as_marta(client).status_code == 303
    assert client.get("/").text == "inside"


def test_the_demo_is_for_this_machine_alone(engine: Engine) -> None:
    """Not from another machine, not by another name of this one, not through a proxy, not when bound elsewhere."""
    tower = _demo(engine)
    here = tower.client()
    assert _as_marta(here).status_code == 303
    token = here.cookies[requests.COOKIE]
    strangers = [
        (tower.client(near=False), {}),
        (tower.client(base="http://rebound.example.com:8501"), {}),
        (tower.client(), {"x-forwarded-for": "203.0.113.9"}),
        (tower.client(), {"forwarded": "for=203.0.113.9"}),
    ]
    for client, headers in strangers:
        assert "Team lead" not in client.get("/sign-in", headers=headers).text
        assert _as_marta(client, **headers).status_code == 401
        client.cookies.set(requests.COOKIE, token)
        assert client.get("/", headers=headers).status_code == 303, "a sign-in of the demo does not travel"
    tower.settings = Settings(host="0.0.0.0", public_url="https://tower.example.com")
    assert "Team lead" not in tower.client().get("/sign-in").text
    assert _as_marta(tower.client()).status_code == 401
    assert here.get("/").status_code == 303


def test_no_demo_sign_in_without_the_demo(tower: Tower) -> None:
    add(tower.engine, "marta", Role.LEAD, password_hash=None)
    assert "Team lead" not in tower.client().get("/sign-in").text
    assert _as_marta(tower.client()).status_code == 401


def test_who_has_a_password_is_nobody_of_the_demo(engine: Engine) -> None:
    tower = _demo(engine)
    add(engine, "boss", Role.ADMIN)
    answer = tower.client().post("/sign-in", data={"person": "boss"}, headers=SAME)
    assert answer.status_code == 401
    assert "boss" not in tower.client().get("/sign-in").text.lower()


def test_a_provider_signs_in_and_its_cookie_cannot_sign_in_again(engine: Engine) -> None:
    add(engine, "ann", Role.LEAD, password_hash=None, oidc_issuer=ISSUER, oidc_subject="42")
    tower = Tower(engine)
    client = tower.client()
    assert "Sign in with Test" in client.get("/sign-in").text
    client.cookies.set(requests.PROVIDER_COOKIE, f"{ISSUER}|42")
    assert client.get("/").text == "inside"
    assert client.post("/sign-out", headers=SAME).status_code == 303
    assert client.get("/").status_code == 303
    stranger = tower.client()
    stranger.cookies.set(requests.PROVIDER_COOKIE, f"{ISSUER}|43")
    assert "sign_in.unknown_identity" in stranger.get("/").headers["location"]


def test_who_the_provider_knows_is_out_when_shut_out_or_renamed(engine: Engine) -> None:
    add(engine, "ann", Role.LEAD, password_hash=None, oidc_issuer=ISSUER, oidc_subject="42")
    tower = Tower(engine)
    client = tower.client()
    client.cookies.set(requests.PROVIDER_COOKIE, f"{ISSUER}|42")
    assert client.get("/").text == "inside"
    tower.sql("update app_user set oidc_subject = '44'")
    assert client.get("/").status_code == 303
    tower.sql("update app_user set oidc_subject = '42'")
    assert client.get("/").text == "inside"
    key = do(
        engine, users.create, actor=service("cli"), login="root", name="Root", rights=users.Rights(Role.ADMIN)
    )
    assert key
    tower.sql("update app_user set active = false where login = 'ann'")
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    ("given", "demo", "code"),
    [
        ({}, True, ""),
        ({"host": "0.0.0.0"}, False, "server.public_url"),
        ({"host": "10.0.0.5", "public_url": "http://tower.example.com"}, False, "server.not_https"),
        ({"host": "0.0.0.0", "public_url": "https://tower.example.com"}, True, "server.demo_on_network"),
        ({"host": "0.0.0.0", "public_url": "https://tower.example.com"}, False, ""),
    ],
)
def test_what_the_server_does_not_open_with(given: dict[str, str], demo: bool, code: str) -> None:
    chosen = Settings(**given)

    try:
        start_check.want_address(chosen)
        start_check.want_no_demo(chosen, demo=demo)
    except DomainError as refusal:
        found = (refusal.code, bool(refusal.fix))
    else:
        found = ("", True)
    assert found == (code, True)
