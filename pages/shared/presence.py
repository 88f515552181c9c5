"""Who else is here: "Ana is in SO-123 · 40 s", from heartbeats; nobody is ever locked out (friendly.md G5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import streamlit as st

from domain.services import presence as service
from domain.services.presence import Here
from pages.shared import runtime, wording

EVERY_SECONDS = 15
MOST_NAMED = 4


@st.fragment(run_every=EVERY_SECONDS)
def on_object(object_type: str, object_id: int) -> None:
    """Note that this tab looks at an object, and say who else does."""
    who = runtime.actor()
    if who.session_id is None:
        return
    _beat(who.session_id, object_type, object_id)
    say(_others(who.session_id, object_type, {object_id}))


@st.fragment(run_every=EVERY_SECONDS)
def in_grid(grid: str, object_type: str, object_ids: frozenset[int]) -> None:
    """Note that this tab edits a grid; say who else edits it, and who looks at one of its objects."""
    who = runtime.actor()
    if who.session_id is None:
        return
    _beat(who.session_id, grid, 0)
    say([*_others(who.session_id, grid, None), *_others(who.session_id, object_type, object_ids)])


def before(object_type: str, object_ids: Collection[int]) -> None:
    """Say who is in one of these objects, before many rows are changed."""
    who = runtime.actor()
    if who.session_id is not None:
        say(_others(who.session_id, object_type, object_ids))


def say(found: Iterable[Here]) -> None:
    """Draw who is where, and since when."""
    now = runtime.now()
    parts = [f"**{wording.plain(here.name)}** {_where(here)} · {since(here.since_at, now)}" for here in found]
    if parts:
        more = f" and {len(parts) - MOST_NAMED} more" if len(parts) > MOST_NAMED else ""
        st.markdown(f":material/visibility: {', '.join(parts[:MOST_NAMED])}{more}")


def since(then: datetime, now: datetime) -> str:
    """Return how long somebody has been there: "40 s", "3 min", "2 h"."""
    seconds = max(int((now - then).total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 3_600 else f"{seconds // 3_600} h"


def _where(here: Here) -> str:
    return f"is in {wording.plain(here.label)}" if here.label else "edits these rows too"


def _beat(session_id: int, object_type: str, object_id: int) -> None:
    service.beat(
        runtime.engine(),
        session_id=session_id,
        object_type=object_type,
        object_id=object_id,
        now=runtime.now(),
    )


def _others(session_id: int, object_type: str, object_ids: Collection[int] | None) -> list[Here]:
    return service.others(
        runtime.engine(),
        session_id=session_id,
        object_type=object_type,
        now=runtime.now(),
        object_ids=object_ids,
    )
