"""Change working calendars: the week, dated exceptions, new calendars (domain.md 4.2). Sensitive: clocks rest on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from db import records
from db.bulk import json_text
from db.queries import calendars as queries
from db.records import Record
from db.tables import Calendar, CalendarException, CalendarWindow
from db.unit_of_work import UnitOfWork
from domain.rules.approvals.routing import Asked as Measures
from domain.rules.authority.matrix import grant
from domain.rules.calendars import windows
from domain.rules.editing import accepted
from domain.services.approving import approval_requests
from domain.services.approving.approval_changes import change
from domain.services.approving.approval_requests import Wish
from domain.services.commands import command
from domain.vocabulary.actor import Actor
from domain.vocabulary.approvals import ApprovalType
from domain.vocabulary.errors import Conflict, DomainError, NotFound
from domain.vocabulary.permissions import Grant, Permission

WEEK, EXCEPTION = "calendars.week", "calendars.exception"
CHANGES = (WEEK, EXCEPTION)
MOST_NAME = 80
Days = Sequence[Sequence[Sequence[int]]]


@command("calendars.set_week", permission=Permission.MASTER_PROPOSE)
def set_week(
    *, uow: UnitOfWork, now: datetime, actor: Actor, calendar_id: int, week: Days, seen: Days, reason: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Replace the weekly windows; seven days from Monday, each [[start minute, end minute], …].

    `seen` is the week that the person saw. Returns {outcome: SAVED | UNCHANGED | REQUESTED, message, approval_id?}.
    Raises DomainError calendar.window, Conflict calendar.changed.
    """
    calendar = records.lock(uow, Calendar, calendar_id)
    wanted = _week(week)
    before = queries.week_of(uow.connection, calendar_id)
    if _week(seen) != before:
        raise _changed(calendar)
    if wanted == before:
        return {"outcome": "UNCHANGED", "message": "These are the hours already."}
    says = [
        (windows.WEEKDAYS[day], windows.written(before[day]) or "closed", windows.written(wanted[day]) or "closed")
        for day in range(7)
        if before[day] != wanted[day]
    ]  # fmt: skip
    total = (windows.hours(windows.week_minutes(before)), windows.hours(windows.week_minutes(wanted)))
    says.append(("Open per week", *total))
    arguments = {"calendar_id": calendar_id, "week": [[list(span) for span in day] for day in wanted]}
    return _settle(uow, now, actor, calendar, WEEK, arguments, says, reason, topic="week")


@command("calendars.set_exception", permission=Permission.MASTER_PROPOSE)
def set_exception(
    *, uow: UnitOfWork, now: datetime, actor: Actor, calendar_id: int, on_day: str, name: str,
    spans: Sequence[Sequence[int]] = (), remove: bool = False, reason: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Set, change or remove the exception of a day (ISO): its windows in place of the week's, none is a holiday.

    Returns like `set_week`. Raises DomainError calendar.window, calendar.name, NotFound calendar.no_exception.
    """
    calendar = records.lock(uow, Calendar, calendar_id)
    day = date.fromisoformat(on_day)
    there = {closed.on_day: closed for closed in queries.exceptions_of(uow.connection, calendar_id)}.get(day)
    if remove and there is None:
        raise NotFound(
            "calendar.no_exception",
            f"{calendar.name} has no exception on {day}.",
            fix="Load the page again; somebody may have removed it.",
            day=on_day,
        )
    if not remove and not 0 < len(name.strip()) <= MOST_NAME:
        raise DomainError(
            "calendar.name",
            f"An exception needs a name of up to {MOST_NAME} characters.",
            fix="Name it, for example Labour Day or Stocktaking.",
        )
    wanted = windows.checked(spans, day.isoformat())
    usual = windows.written(queries.week_of(uow.connection, calendar_id)[day.weekday()]) or "closed"
    old = f"{there.name}: {windows.written(there.spans) or 'closed'}" if there else f"as every week: {usual}"
    new = f"as every week: {usual}" if remove else f"{name.strip()}: {windows.written(wanted) or 'closed'}"
    if old == new:
        return {"outcome": "UNCHANGED", "message": "This is so already."}
    arguments = {
        "calendar_id": calendar_id, "on_day": on_day, "name": name.strip(),
        "spans": [list(span) for span in wanted], "remove": remove,
    }  # fmt: skip
    says = [(f"{day:%A} {day.isoformat()}", old, new)]
    return _settle(uow, now, actor, calendar, EXCEPTION, arguments, says, reason, topic=on_day)


@command("calendars.add", permission=Permission.MASTER_APPROVE)
def add(
    *, uow: UnitOfWork, now: datetime, actor: Actor, name: str, tz: str, copy_of: int | None = None
) -> int:
    """Make a calendar, with the hours of another where one is named; return its key.

    Raises DomainError calendar.name, calendar.zone, Conflict calendar.name_taken.
    """
    title = " ".join(name.split())
    if not 0 < len(title) <= MOST_NAME:
        raise DomainError(
            "calendar.name", f"A calendar needs a name of up to {MOST_NAME} characters.", fix="Name it."
        )
    wrong = accepted.zone(tz, {})
    if wrong is not None:
        raise DomainError("calendar.zone", wrong, fix="Choose a zone from the list.")
    if uow.connection.execute(select(Calendar.calendar_id).where(Calendar.name == title)).first():
        raise Conflict(
            "calendar.name_taken",
            f"There is a calendar {title!r} already.",
            fix="Choose another name, or change that one.",
        )
    made = records.add(uow, Calendar, name=title, tz=tz)
    if copy_of is not None:
        _write_week(uow, made.key, queries.week_of(uow.connection, copy_of))
    return made.key


def _week(days: Days) -> tuple[tuple[windows.Span, ...], ...]:
    if len(days) != len(windows.WEEKDAYS):
        raise DomainError(
            "calendar.week", f"A week has seven days, {len(days)} are given.", fix="Give one entry per day."
        )
    return tuple(windows.checked(day, name) for day, name in zip(days, windows.WEEKDAYS, strict=True))


def _changed(calendar: Record) -> Conflict:
    return Conflict(
        "calendar.changed",
        f"Somebody changed the hours of {calendar.name} since you opened them.",
        fix="Load the page again; your hours are kept in the form until then.",
        calendar_id=calendar.key,
    )


def _settle(
    uow: UnitOfWork, now: datetime, actor: Actor, calendar: Record, name: str, arguments: Mapping[str, Any],
    says: Sequence[tuple[str, str, str]], reason: str, *, topic: str,
) -> dict[str, Any]:  # fmt: skip
    """Write at once where the actor may, else ask for approval."""
    direct = grant(Permission.MASTER_APPROVE, actor.roles) is not Grant.NONE
    wish = Wish(
        Measures(ApprovalType.MASTER_DATA, "calendar"), "calendar", calendar.key, f"calendar {calendar.name}", name,
        arguments, says, f"The hours of {calendar.name} change at once; clocks that run on them follow.", reason,
        topic=topic, direct=direct,
    )  # fmt: skip
    if direct and approval_requests.route(uow, actor, wish).auto:
        _APPLY[name](uow=uow, now=now, actor=actor, approval_id=None, **arguments)
        return {"outcome": "SAVED", "message": f"The hours of {calendar.name} are changed."}
    answer = approval_requests.ask(uow, now, actor, wish)
    return {"outcome": "REQUESTED", "message": answer.message, "approval_id": answer.approval_id}


def _look_week(uow: UnitOfWork, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "week": [list(map(list, day)) for day in queries.week_of(uow.connection, arguments["calendar_id"])]
    }


@change(WEEK, look=_look_week)
def apply_week(
    *, uow: UnitOfWork, now: datetime, actor: Actor, approval_id: int | None, calendar_id: int, week: Days
) -> None:
    """Replace the weekly windows of a calendar; windows that stay are not touched."""
    records.lock(uow, Calendar, calendar_id)
    _write_week(uow, calendar_id, _week(week))


def _write_week(uow: UnitOfWork, calendar_id: int, week: Sequence[Sequence[windows.Span]]) -> None:
    wanted = {(day, *span) for day, spans in enumerate(week) for span in spans}
    there = records.where(uow, CalendarWindow, CalendarWindow.calendar_id == calendar_id)
    kept = {(row.weekday, row.start_minute, row.end_minute) for row in there}
    for row in there:
        if (row.weekday, row.start_minute, row.end_minute) not in wanted:
            records.remove(uow, row)
    for day, start, end in sorted(wanted - kept):
        records.add(
            uow, CalendarWindow, calendar_id=calendar_id, weekday=day, start_minute=start, end_minute=end
        )


def _look_exception(uow: UnitOfWork, arguments: Mapping[str, Any]) -> dict[str, Any]:
    day = date.fromisoformat(arguments["on_day"])
    found = queries.exceptions_of(uow.connection, arguments["calendar_id"])
    there = next((closed for closed in found if closed.on_day == day), None)
    week = queries.week_of(uow.connection, arguments["calendar_id"])
    return {
        "usual": [list(span) for span in week[day.weekday()]],
        "exception": [there.name, [list(span) for span in there.spans]] if there else None,
    }


@change(EXCEPTION, look=_look_exception)
def apply_exception(
    *, uow: UnitOfWork, now: datetime, actor: Actor, approval_id: int | None, calendar_id: int, on_day: str,
    name: str, spans: Sequence[Sequence[int]], remove: bool,
) -> None:  # fmt: skip
    """Set or remove the exception of a day."""
    records.lock(uow, Calendar, calendar_id)
    day = date.fromisoformat(on_day)
    closed = CalendarException
    there = records.where(uow, closed, closed.calendar_id == calendar_id, closed.on_day == day)
    text = json_text([list(span) for span in windows.checked(spans, on_day)])
    if remove:
        for row in there:
            records.remove(uow, row)
    elif there:
        records.change(uow, there[0], name=name, windows=text)
    else:
        records.add(uow, closed, calendar_id=calendar_id, on_day=day, windows=text, name=name)


_APPLY = {WEEK: apply_week, EXCEPTION: apply_exception}


@dataclass(frozen=True)
class Preview:
    """What other hours would change: the week as read, open minutes of a week and of the coming days, and users."""

    week: tuple[tuple[windows.Span, ...], ...]
    changed: bool
    week_before: str
    week_after: str
    ahead_before: str
    ahead_after: str
    uses: tuple[tuple[str, int], ...]


AHEAD = 28
"""How many coming days the preview counts, with their exceptions."""


def preview(*, uow: UnitOfWork, calendar_id: int, texts: tuple[str, ...], today: date) -> Preview:
    """Read the hours that somebody typed for seven days, and say what would change.

    Raises DomainError calendar.window for a day that cannot be read.
    """
    days = zip(texts, windows.WEEKDAYS, strict=True)
    wanted = tuple(windows.read(text, day) for text, day in days)
    before = queries.week_of(uow.connection, calendar_id)
    closed = {one.on_day: one.spans for one in queries.exceptions_of(uow.connection, calendar_id)}
    ahead = [windows.hours(windows.open_minutes(week, closed, today, AHEAD)) for week in (before, wanted)]
    return Preview(
        wanted, wanted != before, windows.hours(windows.week_minutes(before)),
        windows.hours(windows.week_minutes(wanted)), ahead[0], ahead[1], tuple(queries.uses(uow.connection, calendar_id)),
    )  # fmt: skip


preview.read_only = True  # type: ignore[attr-defined]


def typed(spans: Sequence[Sequence[int]]) -> str:
    """Return windows as people type them."""
    return windows.written(spans)


def spans_of(text: str, day: str) -> list[list[int]]:
    """Return the windows that somebody typed for a day; raise DomainError calendar.window."""
    return [list(span) for span in windows.read(text, day)]


def zones() -> list[str]:
    """Return the time zones that a calendar may have, in order."""
    return sorted(accepted.zones())
