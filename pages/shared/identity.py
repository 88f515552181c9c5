"""Who is signed in: the one door for screens, asked of the database at every rerun.

The browser's token comes with the stream's own cookies. A tab that shows another token than before forgets all that
it held: a session id that somebody else presents is worth nothing (reliability.md 2).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import streamlit as st

from domain.exchange.web import requests
from domain.exchange.web.door import policy_of
from domain.services.access import identity
from domain.services.access.identity import SignedIn
from domain.settings import settings
from domain.vocabulary.actor import Actor
from domain.vocabulary.errors import Denied
from pages.shared import server, state, way_in
from pages.shared.provider import StreamlitProvider

_HELD: ContextVar[SignedIn | None] = ContextVar("signed_in", default=None)


def current() -> Actor:
    """Return who acts; without a sign-in that holds, show the way to one and end the run."""
    return signed_in().actor


def signed_in() -> SignedIn:
    """Return the sign-in of this rerun; a fragment or callback, which runs apart, asks anew."""
    return _HELD.get() or _asked(note=False)


@contextmanager
def entered() -> Iterator[SignedIn]:
    """Ask once for the whole rerun, note the use, and bind this tab to the sign-in."""
    found = _asked(note=True)
    mark = _HELD.set(found)
    try:
        yield found
    finally:
        _HELD.reset(mark)


def _asked(*, note: bool) -> SignedIn:
    try:
        found = resolved(note=note)
        if found.must_change:
            raise Denied("session.new_password", "A new password comes first.", fix="Choose one.")
    except Denied as refusal:
        state.bind("")
        way_in.show(refusal)
    except Exception:
        way_in.unreadable()
    state.bind(f"{found.method}:{found.actor.session_id}:{found.actor.role_text}")
    return found


def resolved(*, note: bool) -> SignedIn:
    """Return who is signed in by this tab's cookies; raise Denied session.… when nobody is. Tests replace this."""
    cookies = dict(st.context.cookies)
    engine, now, policy = server.engine(), server.now(), policy_of(settings())
    provided = requests.provider_token(cookies)
    own = cookies.get(requests.COOKIE)
    if own:
        try:
            return identity.resolve(engine, own, now=now, policy=policy, note=note)
        except Denied:
            if provided is None:
                raise
    claims = StreamlitProvider().claims(cookies) if provided else None
    if provided is None or claims is None:
        raise Denied("session.none", "Nobody is signed in.", fix="Sign in.")
    return identity.of_provider(engine, provided, *claims, now=now, policy=policy, note=note)
