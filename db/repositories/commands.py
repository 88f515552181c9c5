"""The row that every committed click leaves: the newest one's key is the data version."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.tables import Command


def record(session: Session, now: datetime, actor: str, service: str, request: Mapping[str, Any]) -> None:
    """Record that `actor` ran `service` with `request` (JSON values)."""
    text = json.dumps(request, sort_keys=True)
    session.add(
        Command(
            idempotency_key=f"{service}:{uuid.uuid4()}",
            service=service,
            request_hash=hashlib.sha256(text.encode()).hexdigest(),
            response=text,
            actor=actor,
            at=now,
        )
    )
