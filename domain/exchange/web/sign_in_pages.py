"""The server's own pages: sign in, choose a new password, sign out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from db.queries import data, people
from db.unit_of_work import reading
from domain.exchange.web import markup, requests
from domain.exchange.web.door import Door
from domain.services.access import passwords, sessions, sign_in, users
from domain.services.access.identity import SignedIn
from domain.services.access.sign_in import Welcome
from domain.services.commands import Request as Click
from domain.services.commands import perform
from domain.vocabulary.errors import Denied, DomainError
from domain.vocabulary.roles import ROLE_NAMES, home
from domain.vocabulary.statuses import Role

FIRST_ROLES = (Role.LEAD, Role.ASSOC, Role.SALES, Role.ADMIN)
WHY = {
    "session.ended": "You were signed out, or your sign-in came to its end.",
    "session.inactive": "This account is not active any more; ask an administrator.",
    "session.no_demo": "Signing in by role is for the demo on this machine alone.",
    "sign_in.unknown_identity": "Your provider knows you, but you are no user of this tower yet; ask an administrator "
    "to add you.",
}
Handler = Callable[[Request], Awaitable[Response]]


def routes(door: Door) -> list[Route]:
    """Return the routes to serve beside the screens."""
    pages = Pages(door)
    return [
        Route("/sign-in", pages.sign_in, methods=["GET", "POST"]),
        Route("/password", pages.password, methods=["GET", "POST"]),
        Route("/sign-out", pages.sign_out, methods=["GET", "POST"]),
    ]


def _guarded(handler: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    """Take posts of the own site alone, and say a refusal on a page."""

    @wraps(handler)
    async def guarded(self: Pages, request: Request) -> Response:
        try:
            if request.method == "POST":
                requests.want_same_origin(request, self.door.settings().public_url)
            return await handler(self, request)
        except DomainError as refusal:
            body = markup.alert(refusal.message, refusal.fix) + markup.link_button(
                "/sign-in", "Go to the sign-in"
            )
            return _html("That did not work", body, status=403 if isinstance(refusal, Denied) else 400)

    return guarded


class Pages:
    """The handlers, over one door."""

    def __init__(self, door: Door) -> None:
        self.door = door

    @_guarded
    async def sign_in(self, request: Request) -> Response:
        """Show the sign-in, or take it."""
        if request.method == "POST":
            return await self._take(request, await requests.fields(request))
        next_path = requests.own_path(request.query_params.get("next"))
        if await self._who(request) is not None:
            return _go(next_path)
        told = WHY.get(request.query_params.get("why", ""), "")
        answer = await self._form(request, next_path, markup.notice(told) if told else "")
        if requests.COOKIE in request.cookies:
            answer.delete_cookie(requests.COOKIE, path="/")
        self._keep(answer, request, next_path)
        return answer

    def _keep(self, answer: Response, request: Request, next_path: str) -> None:
        """Keep the page asked for over the way through an identity provider, which leads back to the home page."""
        if next_path != "/" and self.door.provider.links():
            answer.set_cookie(
                requests.NEXT_COOKIE, requests.quoted(next_path), httponly=True, samesite="lax", path="/",
                secure=self.door.settings().public_url.startswith("https://"), max_age=requests.NEXT_SECONDS,
            )  # fmt: skip
        elif requests.NEXT_COOKIE in request.cookies:
            answer.delete_cookie(requests.NEXT_COOKIE, path="/")

    async def _take(self, request: Request, given: dict[str, str]) -> Response:
        next_path = requests.own_path(given.get("next"))
        try:
            made = await asyncio.to_thread(self._made, request, given)
        except DomainError as refusal:
            status = {"sign_in.throttled": 429, "sign_in.busy": 503}.get(refusal.code, 401)
            told = markup.alert(refusal.message, refusal.fix)
            return await self._form(request, next_path, told, login=given.get("login", ""), status=status)
        next_path = home(made.actor.roles) if next_path == "/" else next_path
        answer = _go(f"/password?next={requests.quoted(next_path)}" if made.must_change else next_path)
        self.door.let_in(answer, made)
        if requests.NEXT_COOKIE in request.cookies:
            answer.delete_cookie(requests.NEXT_COOKIE, path="/")
        return answer

    def _made(self, request: Request, given: dict[str, str]) -> Welcome:
        engine, now, policy = self.door.engine(), self.door.now(), self.door.policy(request)
        agent = request.headers.get("user-agent", "")
        if "person" not in given:
            login, password = given.get("login", ""), given.get("password", "")
            return sign_in.with_password(engine, login, password, now=now, policy=policy, agent=agent)
        login, _, role = given["person"].partition("/")
        chosen = Role(role) if role in Role.__members__ else None
        return sign_in.as_demo(engine, login, now=now, policy=policy, role=chosen, agent=agent)

    async def _form(
        self, request: Request, next_path: str, told: str, *, login: str = "", status: int = 200
    ) -> Response:
        demo = await asyncio.to_thread(self._demo_people) if self.door.policy(request).demo else []
        links = self.door.provider.links()
        local = markup.form(
            "/sign-in",
            markup.text_field(
                "login", "Login", value=login, complete="username", focus=not demo and not login
            )
            + markup.password_field("password", "Password", complete="current-password", focus=bool(login)),
            "Sign in",
            next_path=next_path,
        )
        ways = "".join(markup.link_button(address, label) for label, address in links)
        if not demo:
            return _html("Sign in", told + local + ways, status=status)
        first, others = _by_role(demo)
        body = (
            markup.notice(
                "DEMO DATA: everybody here is invented. Choosing a role works on this machine alone."
            )
            + told
            + markup.choices("/sign-in", first, next_path=next_path)
            + ways
            + markup.more("More people and roles", markup.choices("/sign-in", others, next_path=next_path))
            + markup.more("Sign in with a password", local)
        )
        return _html("Choose a role", body, status=status, wide=True)

    def _demo_people(self) -> list[people.Person]:
        with reading(self.door.engine()) as unit:
            if not data.is_demo(unit.connection):
                return []
            return [p for p in people.active_people(unit.connection) if p.password_hash is None]

    @_guarded
    async def password(self, request: Request) -> Response:
        """Change the own password: the one-time one at the first sign-in, or any time later."""
        found = await self._who(request)
        if found is None:
            return _go("/sign-in?next=/password")
        if request.method == "GET":
            return self._password_form(found, requests.own_path(request.query_params.get("next")))
        given = await requests.fields(request)
        next_path = requests.own_path(given.get("next"))
        try:
            await asyncio.to_thread(self._change_password, found, given)
        except DomainError as refusal:
            told = markup.alert(refusal.message, refusal.fix)
            return self._password_form(found, next_path, told, status=400)
        return _go(next_path)

    def _change_password(self, found: SignedIn, given: dict[str, str]) -> None:
        engine, who = self.door.engine(), found.actor
        new = given.get("new", "")
        kept = sign_in.check_own_password(engine, who.login, given.get("old", ""), now=self.door.now())
        if new != given.get("again"):
            raise DomainError(
                "password.typed_differently", "The two new passwords differ.", fix="Type the new one twice."
            )
        if new == given.get("old"):
            raise DomainError("password.same", "That is the old password.", fix="Choose a new one.")
        click = Click(f"password:{uuid4()}", who, self.door.now(), "password page")
        changed = passwords.hashed(new, login=who.login)
        perform(engine, users.change_password, click, seen_hash=kept, password_hash=changed)

    def _password_form(
        self, found: SignedIn, next_path: str, told: str = "", *, status: int = 200
    ) -> Response:
        why = (
            "The password that you signed in with works once. Choose your own now."
            if found.must_change
            else f"For {found.actor.name}. Your other sign-ins end."
        )
        hint = f"at least {passwords.LEAST} characters; spaces are fine"
        body = markup.form(
            "/password",
            markup.password_field("old", "Password so far", complete="current-password", focus=True)
            + markup.password_field("new", "New password", complete="new-password", hint=hint)
            + markup.password_field("again", "New password, once more", complete="new-password"),
            "Change password",
            next_path=next_path,
        )
        leave = markup.form("/sign-out", "", "Sign out instead", second=True)
        return _html("Choose a password", markup.sentence(why) + told + body + leave, status=status)

    @_guarded
    async def sign_out(self, request: Request) -> Response:
        """Sign out, after one click."""
        found = await self._who(request)
        if request.method == "POST":
            if found is not None:
                await asyncio.to_thread(self._end, found)
            answer = _go("/sign-in")
            answer.delete_cookie(requests.COOKIE, path="/")
            return answer
        if found is None:
            return _go("/sign-in")
        body = markup.sentence(f"You are {found.actor.name}.") + markup.form("/sign-out", "", "Sign out")
        return _html("Sign out", body + markup.link_button("/", "Back to the tower"))

    def _end(self, found: SignedIn) -> None:
        who = found.actor
        click = Click(f"sign-out:{who.session_id}", who, self.door.now(), "sign-out")
        perform(self.door.engine(), sessions.end, click, session_id=who.session_id)

    async def _who(self, request: Request) -> SignedIn | None:
        try:
            return await asyncio.to_thread(self.door.who, request)
        except Denied:
            return None


def _by_role(
    found: list[people.Person],
) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """Return the first person of the commonest roles, then everybody else, as choices."""
    first = [
        next(p for p in found if p.role is role) for role in FIRST_ROLES if any(p.role is role for p in found)
    ]
    others = sorted((p for p in found if p not in first), key=lambda p: (ROLE_NAMES[p.role], p.name))
    as_choice = [
        [(p.login, ROLE_NAMES[p.role], " · ".join(filter(None, (p.name, p.team)))) for p in part]
        for part in (first, others)
    ]
    return as_choice[0], as_choice[1]


def _html(title: str, body: str, *, status: int = 200, wide: bool = False) -> Response:
    return HTMLResponse(markup.page(title, body, wide=wide), status_code=status, headers=markup.HEADERS)


def _go(place: str) -> Response:
    return RedirectResponse(place, status_code=303, headers={"Cache-Control": "no-store"})
