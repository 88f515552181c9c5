"""What this process has once: the engine of the database, and the clock. The edge below runtime and identity."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from db.engine import create_engine
from domain.settings import settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

log = logging.getLogger("tower.pages")


@st.cache_resource
def _engine(url: str) -> Engine:
    return create_engine(url)


def engine() -> Engine:
    """Return the engine of this installation's database."""
    return _engine(settings().database_url)


def unexpected() -> str:
    """Log the exception in flight once and return the reference that people can quote."""
    reference = uuid.uuid4().hex[:8]
    log.exception("unexpected error, reference %s", reference)
    return reference


def now() -> datetime:
    """Return this instant (UTC)."""
    return datetime.now(UTC)
