"""Hashes of passwords: argon2id with 19 MiB, two passes, one lane; at most two at once (reliability.md 2)."""

from __future__ import annotations

import secrets
import threading
from functools import lru_cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from domain.rules.identity.passwords import LEAST_PASSWORD as LEAST
from domain.rules.identity.passwords import weakness
from domain.vocabulary.errors import DomainError

__all__ = ["LEAST", "hashed", "matches", "one_time"]
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
AT_ONCE = 2
WAIT_SECONDS = 10.0
_HASHER = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)
_ROOM = threading.BoundedSemaphore(AT_ONCE)
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without letters and digits that people confuse when they read a one-time password from a screen."""


class _Room:
    """A place among the hashes that run; raises DomainError sign_in.busy when none frees up."""

    def __enter__(self) -> None:
        if not _ROOM.acquire(timeout=WAIT_SECONDS):
            raise DomainError(
                "sign_in.busy",
                "Too many people sign in at this moment.",
                fix="Try again in a few seconds.",
            )

    def __exit__(self, *_: object) -> None:
        _ROOM.release()


def hashed(password: str, *, login: str) -> str:
    """Return the hash to keep; raise DomainError password.weak for one that is not taken."""
    if found := weakness(password, login=login):
        raise DomainError(
            "password.weak", found, fix="Choose a longer one, such as a few words that you can remember."
        )
    with _Room():
        return _HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Return whether `password` is the one behind the hash `kept`.

    Without a hash (nobody of that login, or no local password) the same work is done against a hash of nothing, so
    that the answer takes as long.
    """
    nothing = _nothing()
    against = kept or nothing
    with _Room():
        try:
            right: bool = _HASHER.verify(against, password)
        except (VerificationError, InvalidHashError):
            right = False
    return right and kept is not None


@lru_cache(maxsize=1)
def _nothing() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))


def one_time() -> str:
    """Return a fresh one-time password of four groups of five, readable from a terminal (about 98 bits)."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4))
