"""What the server must know before it opens: nothing on loopback, a public https address elsewhere (friendly.md F4)."""

from __future__ import annotations

from domain.exchange.web.requests import LOOPBACK
from domain.settings import Settings
from domain.vocabulary.errors import DomainError


def on_loopback(chosen: Settings) -> bool:
    """Return whether only this machine reaches the server."""
    return chosen.host in LOOPBACK


def want_address(chosen: Settings) -> None:
    """Raise DomainError server.public_url or server.not_https for a network address without a safe public one."""
    if on_loopback(chosen):
        return
    if not chosen.public_url:
        raise DomainError(
            "server.public_url",
            f"TOWER_HOST is {chosen.host}, which others reach, but TOWER_PUBLIC_URL is not set.",
            fix="Set TOWER_PUBLIC_URL=https://… to what people type, or leave TOWER_HOST at 127.0.0.1.",
        )
    if not chosen.public_url.startswith("https://"):
        raise DomainError(
            "server.not_https",
            f"TOWER_PUBLIC_URL is {chosen.public_url}: passwords would cross the network readable.",
            fix="Put something that speaks TLS in front, and set TOWER_PUBLIC_URL=https://…",
        )


def want_no_demo(chosen: Settings, *, demo: bool) -> None:
    """Raise DomainError server.demo_on_network for the demo, where anybody signs in as anybody, on a network."""
    if demo and not on_loopback(chosen):
        raise DomainError(
            "server.demo_on_network",
            f"TOWER_HOST is {chosen.host}, which others reach, and this database is the demo: its sign-in is by role.",
            fix="Set DATABASE_URL to a database of your own, or leave TOWER_HOST at 127.0.0.1.",
        )
