"""The step of a case's machine that an edit of its assignee stands for (domain.md 3.8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from domain.rules.lifecycle.exception_case import EXCEPTION_CASE, CaseFacts
from domain.vocabulary.errors import DomainError
from domain.vocabulary.statuses import ExceptionStatus


def assign(
    case: Mapping[str, Any],
    assignee: str | None,
    *,
    now: datetime,
    actor: str,
    reason: str,
    roles: Collection[str],
) -> str:
    """Return the status that a case has once it is handed to `assignee`, who has `roles`.

    An open case becomes assigned, an assigned one changes hands; from elsewhere the machine refuses with what is
    legal there. Raises IllegalTransition or DomainError exception_case.guard.
    """
    status = ExceptionStatus(case["status"])
    event = "assign" if status is ExceptionStatus.OPEN else "reassign"
    facts = CaseFacts(
        severity=case["severity"],
        now=now,
        actor=actor,
        assignee=assignee,
        right_queue=case.get("owner_role") is None or case["owner_role"] in roles,
        owner_role=case.get("owner_role"),
        detected_at=case.get("detected_at"),
        due_at=case.get("due_at"),
        reason=reason,
    )
    return EXCEPTION_CASE.fire(status, event, facts).target


def refusal(
    case: Mapping[str, Any],
    assignee: str | None,
    *,
    now: datetime,
    actor: str,
    reason: str,
    roles: Collection[str],
) -> DomainError | None:
    """Return why a case cannot be handed over; None when it can."""
    try:
        assign(case, assignee, now=now, actor=actor, reason=reason, roles=roles)
    except DomainError as why:
        return why
    return None
