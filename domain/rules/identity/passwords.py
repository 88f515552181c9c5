"""What a password must be: long, and not the login itself; nothing about kinds of characters (reliability.md 2)."""

from __future__ import annotations

LEAST_PASSWORD = 12
MOST_PASSWORD = 256


def weakness(password: str, *, login: str) -> str | None:
    """Return why a password is not taken, as a sentence; None for one that is."""
    if len(password) < LEAST_PASSWORD:
        return f"A password needs at least {LEAST_PASSWORD} characters; this one has {len(password)}."
    if len(password) > MOST_PASSWORD:
        return f"A password has at most {MOST_PASSWORD} characters; this one has {len(password)}."
    if password.strip().casefold() == login.casefold():
        return "The password is the login, which everybody can guess."
    if len(set(password)) == 1:
        return "The password repeats one character."
    return None
