"""The tower as a person meets it: a real server, a real browser (Debian's Chromium)."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from db.engine import create_engine
from domain.services.access import passwords, users
from domain.services.access.users import Rights
from domain.vocabulary.actor import service
from domain.vocabulary.statuses import Role
from pages.shared import menu
from pages.shared.menu import Screen
from seed.demo.build import build
from tests.acting import do, person

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LEAD, ADMIN, SALES = "marta.oakes", "matt.hathaway", "callum.whitlock"
PASSWORD = "a long password for tests"
Serve = Callable[..., "Server"]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A tower that runs in a process of its own."""

    def __init__(self, database: str, port: int | None = None, **environment: str) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TOWER_")},
            "DATABASE_URL": database,
            "TOWER_PORT": str(self.port),
            "TOWER_TIME_ZONE": "UTC",
            **environment,
        }
        self.start()

    def start(self) -> None:
        """Start and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        for _ in range(300):
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"the server ended: {self.process.stdout.read() if self.process.stdout else ''}"
                )
            try:
                urllib.request.urlopen(f"{self.url}/livez", timeout=2).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError("the server did not answer within 30 s")

    def stop(self) -> str:
        """Stop and return what it printed."""
        self.process.terminate()
        return self.process.communicate(timeout=20)[0]


@pytest.fixture(scope="session")
def demo_today(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo world as of this day."""
    path = tmp_path_factory.mktemp("browser") / "demo.db"
    shutil.copy(sqlite_template, path)
    engine = create_engine(f"sqlite:///{path}", bulk=True)
    now = datetime.now(UTC)
    build(engine, today=now.date(), now=now, progress=lambda _: None)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def tower(demo_today: Path) -> Iterator[Server]:
    """A server over the demo world."""
    server = Server(f"sqlite:///{demo_today}")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield made
        made.close()


def sign_in(context: BrowserContext, server: Server, login: str = LEAD, password: str = "") -> None:
    """Sign a browser in: with a password, else as a person of the demo (all servers of one database know it)."""
    given = {"login": login, "password": password} if password else {"person": login}
    answer = context.request.post(
        f"{server.url}/sign-in", form=given, headers={"Origin": server.url}, max_redirects=0
    )
    assert answer.status == 303, answer.text()


def add_user(server: Server, login: str, role: Role, password: str = PASSWORD) -> None:
    """Make a user with a password in a server's database, as the command line does."""
    engine = create_engine(server.environment["DATABASE_URL"], bulk=True)
    kept = passwords.hashed(password, login=login)
    do(engine, users.create, actor=service("cli"), login=login, name=login.title(), rights=Rights(role), password_hash=kept)  # fmt: skip
    engine.dispose()
    with closing(sqlite3.connect(server.environment["DATABASE_URL"].removeprefix("sqlite:///"))) as direct:
        direct.execute("update app_user set must_change_password = 0 where login = ?", (login,))
        direct.commit()


def who_may(screen: Screen) -> str:
    """Return a person of the demo who may see a screen: the team lead where possible, else the administrator."""
    return LEAD if menu.allowed(person("lead", Role.LEAD), screen) else ADMIN


@pytest.fixture
def page(browser: Browser, tower: Server) -> Iterator[Page]:
    """A page of 1440 × 900, signed in as the demo's team lead; scripts that fail make the test fail."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    sign_in(context, tower)
    made = context.new_page()
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    yield made
    context.close()
    assert not errors


def settled(page: Page) -> None:
    """Wait until the screen has its title and no script runs."""
    page.wait_for_selector("h1", timeout=60_000)
    page.wait_for_selector("[data-testid=stStatusWidget]", state="detached", timeout=60_000)
    page.wait_for_timeout(300)
