"""The server: migrates, fills an empty database with the demo, serves the screens and the health routes.

`python app.py` (what `make run` does) picks a free port and prints where to look; `streamlit run app.py` and any
ASGI server serve the same `app`.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy import Engine
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from db.engine import create_engine
from db.migrate import upgrade
from domain.exchange.web import sign_in_pages, start_check
from domain.exchange.web.door import Door
from domain.exchange.web.gate import Gate
from domain.services.access.first_run import first_administrator
from domain.services.access.users import FIRST
from domain.services.health import health
from domain.settings import settings
from domain.vocabulary.errors import DomainError
from domain.worker.loop import Worker
from pages.shared.provider import StreamlitProvider
from seed.demo.build import build, demo_mark, is_empty

ROOT = Path(__file__).resolve().parent
USAGE = 2


def engine() -> Engine:
    """Return a fresh engine; the caller disposes of it."""
    return create_engine(settings().database_url, bulk=True)


@lru_cache(maxsize=1)
def shared_engine(url: str) -> Engine:
    """Return the engine that the gate and the sign-in pages keep."""
    return create_engine(url)


def prepare() -> str | None:
    """Bring the database to the newest schema, fill an empty one with the demo where that is wanted.

    Returns the first administrator's one-time password where one had to be made. Raises DomainError for what the
    server may not open with.
    """
    chosen = settings()
    start_check.want_address(chosen)
    made = engine()
    try:
        upgrade(made)
        now = datetime.now(UTC)
        if (
            chosen.seed_demo
            and start_check.on_loopback(chosen)
            and is_empty(made)
            and demo_mark(made) is None
        ):
            today = now.astimezone(ZoneInfo(chosen.time_zone)).date()
            build(made, today=today, now=now, progress=lambda step: print(f"  {step}", file=sys.stderr))
        start_check.want_no_demo(chosen, demo=demo_mark(made) is not None)
        StreamlitProvider().check()
        return first_administrator(made, now)
    finally:
        made.dispose()


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """Prepare the database before the first request is taken; run the worker until the server stops."""
    if password := await asyncio.to_thread(prepare):
        print(*first_password(password), sep="\n", flush=True)
    if not settings().worker:
        yield {}
        return
    # Compiled in a process of its own: in this one it would hold every screen up for half a minute the first time.
    warming = await asyncio.to_thread(
        subprocess.Popen, [sys.executable, "-m", "domain.rules.allocation.warming"], cwd=ROOT
    )
    worker = Worker(engine())
    worker.start()
    try:
        yield {}
    finally:
        warming.terminate()
        await asyncio.to_thread(warming.wait)
        await asyncio.to_thread(worker.stop)
        worker.engine.dispose()


async def livez(_request: Request) -> PlainTextResponse:
    """Say that the process runs."""
    return PlainTextResponse("ok")


async def healthz(_request: Request) -> JSONResponse:
    """Say how the tower is, as JSON; 503 when the database cannot be reached or its schema is not the code's."""
    told = await asyncio.to_thread(_health)
    return JSONResponse(told, status_code=200 if told["status"] == "ok" else 503)


def _health() -> dict[str, Any]:
    try:
        made = engine()
    except DomainError as refusal:
        return {"status": "unreachable", "reason": refusal.message}
    try:
        return health(made)
    finally:
        made.dispose()


DOOR = Door(
    engine=lambda: shared_engine(settings().database_url),
    now=lambda: datetime.now(UTC),
    settings=settings,
    provider=StreamlitProvider(),
)
app = st.App(
    ROOT / "pages" / "main.py",
    lifespan=lifespan,
    routes=[
        Route("/livez", livez),
        Route("/readyz", healthz),
        Route("/healthz", healthz),
        *sign_in_pages.routes(DOOR),
    ],
    middleware=[Middleware(Gate, door=DOOR)],
)


def free_port(host: str, wanted: int) -> int:
    """Return `wanted` when nobody listens there, else a free port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in (wanted, 0):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DomainError(
        "server.no_port", f"No port is free on {host}.", fix="Set TOWER_HOST to an address of this machine."
    )


def first_password(password: str) -> list[str]:
    """Return the lines that tell the first administrator how to sign in; printed once, kept nowhere."""
    return [
        f"First sign-in: {FIRST}, one-time password {password}",
        "(shown this once; a lost one is replaced by python -m domain users reset-password admin)",
    ]


def announce(host: str, port: int, wanted: int, password: str | None) -> None:
    """Print one block that says where to look, once the server answers."""
    shown = f"[{host}]" if ":" in host else host
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://{shown}:{port}/livez", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    else:
        print(
            f"The server did not answer at http://{shown}:{port} within a minute.",
            file=sys.stderr,
            flush=True,
        )
        return
    made = engine()
    mark = demo_mark(made)
    made.dispose()
    lines = [
        f"The Order Control Tower is at  http://{shown}:{port}",
        *([f"(port {wanted} is taken, so a free one was used)"] if port != wanted else []),
        f"Database: {made.url.render_as_string(hide_password=True)}",
        f"Data: the demo world of {mark['today']}" if mark else "Data: your own",
        *(
            first_password(password)
            if password
            else ["Sign-in: choose a role of the demo" if mark else "Sign-in: login and password"]
        ),
        "Try first: the Tower, then one of its tiles; then Find in the sidebar",
        "Stop with Ctrl-C",
    ]
    rule = "─" * (max(map(len, lines)) + 4)
    print("\n".join(["", rule, *(f"  {line}" for line in lines), rule]), flush=True)


def main() -> None:
    """Serve on loopback; a busy port is replaced by a free one."""
    try:
        chosen = settings()
        start_check.want_address(chosen)
        port = free_port(chosen.host, chosen.port)
        password = prepare()
    except DomainError as refusal:
        print(f"{refusal.message} {refusal.fix or ''}".strip(), file=sys.stderr)
        raise SystemExit(USAGE) from None
    threading.Thread(target=announce, args=(chosen.host, port, chosen.port, password), daemon=True).start()
    app.run(
        config={
            "server.port": port,
            "server.address": chosen.host,
            "logger.hideWelcomeMessage": True,
            **({"browser.serverAddress": urlsplit(chosen.public_url).hostname} if chosen.public_url else {}),
        }
    )


if __name__ == "__main__":
    main()
