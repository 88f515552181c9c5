"""A server behind the gate for tests: one page that says "inside", a stream, and a provider that tests steer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from domain.exchange.web import requests, sign_in_pages
from domain.exchange.web.door import Door
from domain.exchange.web.gate import Gate
from domain.settings import Settings
from tests.identity.people import NOW, PASSWORD

BASE = "http://127.0.0.1:8501"
SAME = {"sec-fetch-site": "same-origin"}
ISSUER = "https://id.example.com"


class CookieProvider:
    """A provider that trusts the value of its cookie: "issuer|subject"."""

    def links(self) -> list[tuple[str, str]]:
        return [("Sign in with Test", "/auth/login?provider=x")]

    def claims(self, cookies: Mapping[str, str]) -> tuple[str, str] | None:
        issuer, mark, subject = cookies.get(requests.PROVIDER_COOKIE, "").partition("|")
        return (issuer, subject) if mark else None


@dataclass
class Tower:
    """A server behind the gate: one page that says "inside", and a stream."""

    engine: Engine
    now: datetime = NOW
    settings: Settings = field(default_factory=Settings)

    def client(self, *, base: str = BASE, near: bool = True) -> TestClient:
        door = Door(lambda: self.engine, lambda: self.now, lambda: self.settings, CookieProvider())

        async def inside(_request: Any) -> PlainTextResponse:
            return PlainTextResponse("inside")

        async def stream(socket: WebSocket) -> None:
            await socket.accept()
            await socket.send_text("inside")
            await socket.close()

        everything = [Route("/{path:path}", inside, methods=["GET", "POST", "HEAD", "PUT"])]
        routes = [*sign_in_pages.routes(door), WebSocketRoute("/_stcore/stream", stream), *everything]
        app = Starlette(routes=routes, middleware=[Middleware(Gate, door=door)])
        where = ("127.0.0.1" if near else "203.0.113.9", 50000)
        return TestClient(app, base_url=base, follow_redirects=False, client=where)

    def sql(self, statement: str) -> None:
        """Change the database behind the tower's back."""
        with self.engine.begin() as connection:
            connection.execute(text(statement))


def sign_in(client: TestClient, *, password: str = PASSWORD, **more: str) -> Any:
    """Send the form of the sign-in page."""
    return client.post("/sign-in", data={"login": "ann", "password": password, **more}, headers=SAME)


def streams(client: TestClient) -> bool:
    """Return whether the stream of the screens is opened for a browser with these cookies."""
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    try:
        with client.websocket_connect(
            "ws://127.0.0.1:8501/_stcore/stream", headers={"cookie": cookies}
        ) as socket:
            return bool(socket.receive_text() == "inside")
    except WebSocketDisconnect:
        return False
