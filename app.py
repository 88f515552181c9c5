"""The server: migrates, fills an empty database with the demo, serves the screens and the health routes.

`python app.py` (what `make run` does) picks a free port and prints where to look; `streamlit run app.py` and any
ASGI server serve the same `app`.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from db.engine import create_engine
from db.migrate import upgrade
from domain.services.health import health
from domain.settings import settings
from domain.vocabulary.errors import DomainError
from seed.demo.build import build, demo_mark, is_empty

ROOT = Path(__file__).resolve().parent
LOOPBACK = ("127.0.0.1", "localhost", "::1")
USAGE = 2


def engine() -> Engine:
    """Return a fresh engine; the caller disposes of it."""
    return create_engine(settings().database_url, bulk=True)


def prepare() -> None:
    """Bring the database to the newest schema, and fill an empty one with the demo where that is wanted."""
    made = engine()
    try:
        upgrade(made)
        chosen = settings()
        if chosen.seed_demo and chosen.host in LOOPBACK and is_empty(made) and demo_mark(made) is None:
            now = datetime.now(UTC)
            today = now.astimezone(ZoneInfo(chosen.time_zone)).date()
            build(made, today=today, now=now, progress=lambda step: print(f"  {step}", file=sys.stderr))
    finally:
        made.dispose()


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """Prepare the database before the first request is taken."""
    await asyncio.to_thread(prepare)
    yield {}


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


app = st.App(
    ROOT / "pages" / "main.py",
    lifespan=lifespan,
    routes=[Route("/livez", livez), Route("/readyz", healthz), Route("/healthz", healthz)],
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


def refuse_open_house(host: str, *, allowed: bool) -> None:
    """Raise server.not_loopback for an address that others reach: without a sign-in they would be the local user."""
    if host not in LOOPBACK and not allowed:
        raise DomainError(
            "server.not_loopback",
            f"TOWER_HOST is {host}, which others reach, and there is no sign-in yet: they would read and import as you.",
            fix="Leave TOWER_HOST at 127.0.0.1, or set TOWER_ALLOW_NETWORK=true behind something that checks who comes.",
        )


def announce(host: str, port: int, wanted: int) -> None:
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
        "Sign-in: none yet; whoever reaches this address is the local user",
        "Try first: the Tower, then one of its tiles; then Find in the sidebar",
        "Stop with Ctrl-C",
    ]
    rule = "─" * (max(map(len, lines)) + 4)
    print("\n".join(["", rule, *(f"  {line}" for line in lines), rule]), flush=True)


def main() -> None:
    """Serve on loopback; a busy port is replaced by a free one."""
    try:
        chosen = settings()
        refuse_open_house(chosen.host, allowed=chosen.allow_network)
        port = free_port(chosen.host, chosen.port)
        prepare()
    except DomainError as refusal:
        print(f"{refusal.message} {refusal.fix or ''}".strip(), file=sys.stderr)
        raise SystemExit(USAGE) from None
    threading.Thread(target=announce, args=(chosen.host, port, chosen.port), daemon=True).start()
    app.run(config={"server.port": port, "server.address": chosen.host, "logger.hideWelcomeMessage": True})


if __name__ == "__main__":
    main()
