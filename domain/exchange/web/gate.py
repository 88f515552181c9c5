"""The gate before everything that the server answers: without a sign-in there is the sign-in page, nothing else.

Pages are redirected there, other requests and the stream of the screens are refused. The screens ask again at every
rerun (pages/shared/identity.py), because a stream that is open stays open.
"""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.exchange.web import requests
from domain.exchange.web.door import Door
from domain.vocabulary.errors import Denied, DomainError

OPEN = frozenset({"/livez", "/readyz", "/healthz", "/favicon.png", *requests.OWN_PAGES})
OPEN_BELOW = ("/static/", "/auth/")
"""Code and pictures of the screens, without data; and the identity provider's own way in and out."""
OPEN_EXACT = frozenset({"/oauth2callback", "/_stcore/health"})


class Gate:
    """Middleware that lets through who is signed in, and nobody else."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self.app = app
        self.door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it here."""
        if scope["type"] not in ("http", "websocket") or is_open(scope["path"]):
            await self.app(scope, receive, send)
            return
        refusal = await asyncio.to_thread(self._refusal, HTTPConnection(scope))
        if refusal is None:
            onward = _onward(Request(scope)) if scope["type"] == "http" else None
            await (onward or self.app)(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "sign in"})
        else:
            await _answer(Request(scope), refusal)(scope, receive, send)

    def _refusal(self, connection: HTTPConnection) -> DomainError | None:
        try:
            found = self.door.who(connection)
        except DomainError as refusal:
            return refusal
        if found.must_change:
            return Denied("session.new_password", "A new password comes first.", fix="Choose one.")
        return None


def is_open(path: str) -> bool:
    """Return whether a path is answered without a sign-in."""
    return path in OPEN or path in OPEN_EXACT or (path.startswith(OPEN_BELOW) and ".." not in path)


def _onward(request: Request) -> Response | None:
    """Return the way to the page asked for, for who comes back from the identity provider: it leads home alone."""
    if request.url.path != "/" or requests.NEXT_COOKIE not in request.cookies or not _is_page(request):
        return None
    wanted = requests.kept_path(request.cookies)
    if wanted == "/":
        return None
    answer = RedirectResponse(wanted, status_code=303, headers={"Cache-Control": "no-store"})
    answer.delete_cookie(requests.NEXT_COOKIE, path="/")
    return answer


def _answer(request: Request, refusal: DomainError) -> Response:
    """Return the way to the sign-in for a page, a bare refusal for everything else."""
    if request.method not in ("GET", "HEAD") or not _is_page(request):
        status = 401 if isinstance(refusal, Denied) else 503
        return PlainTextResponse(str(refusal), status_code=status, headers={"Cache-Control": "no-store"})
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    place = "/password" if refusal.code == "session.new_password" else "/sign-in"
    why = "" if refusal.code in ("session.none", "session.new_password") else f"&why={quote(refusal.code)}"
    return RedirectResponse(
        f"{place}?next={quote(wanted, safe='')}{why}", status_code=303, headers={"Cache-Control": "no-store"}
    )


def _is_page(request: Request) -> bool:
    kind = request.headers.get("sec-fetch-dest")
    if kind is not None:
        return kind == "document"
    return not request.url.path.startswith(("/_stcore/", "/media/", "/component/"))
