"""Signing in by OpenID Connect in a real browser, against a provider that runs beside the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import oidc_provider_mock
import pytest
from playwright.sync_api import Browser, Page, expect

from db.engine import create_engine
from domain.services.access import users
from domain.services.access.users import Rights
from domain.vocabulary.actor import service
from domain.vocabulary.statuses import Role
from tests.acting import do
from tests.browser.conftest import Server, free_port, settled

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def provided(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """A server over a database of its own that trusts a provider, and the provider's address."""
    with oidc_provider_mock.run_server_in_thread() as provider:
        issuer = f"http://localhost:{provider.server_port}"
        port = free_port()
        secrets = tmp_path / ".streamlit" / "secrets.toml"
        secrets.parent.mkdir()
        secrets.write_text(
            "[auth]\n"
            f'redirect_uri = "http://127.0.0.1:{port}/oauth2callback"\n'
            'cookie_secret = "a secret of the tests that is long enough"\n'
            'client_id = "tower"\nclient_secret = "tower secret"\n'
            f'server_metadata_url = "{issuer}/.well-known/openid-configuration"\n',
            "utf-8",
        )
        database = f"sqlite:///{tmp_path / 'own.db'}"
        server = Server(database, port, TOWER_SEED_DEMO="false", HOME=str(tmp_path))
        engine = create_engine(database)
        for login, role in (("ann", Role.LEAD), ("gone", Role.LEAD)):
            do(engine, users.create, actor=service("cli"), login=login, name=login.title(), rights=Rights(role),
               oidc_issuer=issuer, oidc_subject=f"{login}@example.com")  # fmt: skip
        engine.dispose()
        yield server, database
        server.stop()


def _through_the_provider(page: Page, server: Server, subject: str, asked: str = "/") -> None:
    page.goto(f"{server.url}{asked}")
    page.get_by_role("link", name="Sign in with your company account").click()
    page.locator("input[name=sub]").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def test_a_user_of_the_provider_signs_in_is_shut_out_and_a_stranger_is_refused(
    browser: Browser, provided: tuple[Server, str]
) -> None:
    server, database = provided
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    _through_the_provider(page, server, "ann@example.com")
    page.wait_for_url(f"{server.url}/")
    settled(page)
    expect(page.get_by_text("Ann", exact=True).first).to_be_visible()
    engine = create_engine(database)
    do(engine, users.deactivate, actor=service("cli"), user_id=2)
    page.get_by_role("button", name="Find").click()
    page.wait_for_url("**/sign-in?**")
    do(engine, users.activate, actor=service("cli"), user_id=2)
    engine.dispose()
    page.goto(f"{server.url}/")
    assert "/sign-in" in page.url, "the provider's cookie lives on, its sign-in does not"
    context.close()
    stranger = browser.new_context()
    page = stranger.new_page()
    _through_the_provider(page, server, "eve@example.com")
    page.wait_for_url("**/sign-in?**")
    expect(page.get_by_text("you are no user of this tower")).to_be_visible()
    stranger.close()


def test_the_provider_leads_to_the_page_that_was_asked_for_and_once_only(
    browser: Browser, provided: tuple[Server, str]
) -> None:
    server, _ = provided
    context = browser.new_context()
    page = context.new_page()
    _through_the_provider(page, server, "ann@example.com", "/audit?text=SO-1")
    page.wait_for_url(f"{server.url}/audit?text=SO-1")
    settled(page)
    assert not [cookie for cookie in context.cookies() if cookie["name"] == "tower_next"]
    page.goto(f"{server.url}/")
    settled(page)
    assert "/audit" not in page.url
    context.close()
