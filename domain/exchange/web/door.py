"""What the sign-in pages and the gate share: the database, the clock, the policy, and the identity provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Engine
from starlette.requests import HTTPConnection
from starlette.responses import Response

from domain.exchange.web import requests
from domain.services.access import identity, sign_in
from domain.services.access.identity import Policy, SignedIn
from domain.services.access.sign_in import Welcome
from domain.settings import Settings
from domain.vocabulary.errors import Denied


class Provider(Protocol):
    """The identity provider that the installation configured, if any."""

    def links(self) -> list[tuple[str, str]]:
        """Return (label, address) of each way to sign in there."""

    def claims(self, cookies: Mapping[str, str]) -> tuple[str, str] | None:
        """Return (issuer, subject) of the provider's cookie where its signature is right."""


@dataclass(frozen=True)
class Door:
    """How this server knows people. `engine` and `now` are asked anew for each request."""

    engine: Callable[[], Engine]
    now: Callable[[], datetime]
    settings: Callable[[], Settings]
    provider: Provider

    def policy(self, connection: HTTPConnection | None = None) -> Policy:
        """Return how long sign-ins hold; those of the demo only on loopback, asked from this machine."""
        chosen = self.settings()
        near = connection is None or requests.from_this_machine(connection)
        return policy_of(chosen, demo=near)

    def who(self, connection: HTTPConnection) -> SignedIn:
        """Return who asks; raise Denied session.… when nobody is signed in.

        A cookie of the identity provider that is new makes its sign-in here.
        """
        now, policy = self.now(), self.policy(connection)
        cookies = connection.cookies
        found = cookies.get(requests.COOKIE)
        if found:
            try:
                return identity.resolve(self.engine(), found, now=now, policy=policy)
            except Denied:
                if requests.provider_token(cookies) is None:
                    raise
        return self._by_provider(connection, now, policy)

    def _by_provider(self, connection: HTTPConnection, now: datetime, policy: Policy) -> SignedIn:
        token = requests.provider_token(connection.cookies)
        claims = self.provider.claims(connection.cookies) if token else None
        if token is None or claims is None:
            raise Denied("session.none", "Nobody is signed in.", fix="Sign in.")
        try:
            return identity.of_provider(self.engine(), token, *claims, now=now, policy=policy)
        except Denied as refusal:
            if refusal.code != "session.none":
                raise
        agent = connection.headers.get("user-agent", "")
        made = sign_in.with_identity(self.engine(), token, *claims, now=now, policy=policy, agent=agent)
        return identity.of_provider(self.engine(), made.token, *claims, now=now, policy=policy)

    def let_in(self, answer: Response, made: Welcome) -> None:
        """Give the browser the token: not for scripts, not for other sites, over TLS alone where there is TLS."""
        answer.set_cookie(
            requests.COOKIE, made.token, httponly=True, samesite="lax", path="/",
            secure=self.settings().public_url.startswith("https://"), max_age=self.settings().session_minutes * 60,
        )  # fmt: skip


def policy_of(chosen: Settings, *, demo: bool = True) -> Policy:
    """Return the policy of an installation; `demo` says that whoever asks sits at this machine."""
    return Policy(
        timedelta(minutes=chosen.session_idle_minutes),
        timedelta(minutes=chosen.session_minutes),
        demo=demo and chosen.host in requests.LOOPBACK,
    )
