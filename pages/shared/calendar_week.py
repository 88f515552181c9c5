"""The editor of a working calendar: the week as people type it, exceptions, and a preview before saving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import streamlit as st

from db.queries import approvals
from db.queries.calendars import Closure, Hours
from domain.services import calendar_changes as service
from domain.vocabulary.errors import DomainError
from domain.vocabulary.permissions import Permission
from pages.shared import frame, master_rows, runtime, state, wording
from pages.shared.master_rows import TOLD, may

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
RULE = (
    "Hours are of the calendar's own zone. An exception stands in place of that day's weekly hours; without hours the "
    "day is closed. A shift over midnight is written as two: 22:00-24:00, and 00:00-06:00 on the next day."
)


def sentence(count: int) -> str:
    """Return the state of the calendars."""
    waits = sum(len(text.split("; ")) for text in _pending().values())
    parts = [wording.lines(count, "calendar")]
    if waits:
        parts.append(f"{wording.lines(waits, 'change')} {'waits' if waits == 1 else 'wait'} for approval")
    if not may(Permission.MASTER_PROPOSE):
        parts.append("your roles may look, not change")
    return " · ".join(parts)


def _pending() -> dict[int, str]:
    found: dict[int, list[str]] = {}
    for cell in runtime.read(approvals.pending_cells, entity="calendar"):
        found.setdefault(cell.record_id, []).append(cell.text)
    return {key: "; ".join(texts) for key, texts in found.items()}


def head(hours: Hours) -> None:
    """Draw what the calendar is, who uses it, and what waits for approval."""
    total = sum(end - start for day in hours.week for start, end in day)
    used = [wording.lines(number, kind) for kind, number in hours.uses if number]
    users = ", ".join(used) if used else "nobody yet"
    st.markdown(
        f"**{wording.plain(hours.name)}** · {wording.plain(hours.tz)} · open {_hours(total)} a week · used by {users}"
    )
    waits = _pending().get(hours.calendar_id)
    if waits:
        st.info(f"Waits for approval: {wording.plain(waits)}", icon=":material/pending_actions:")


def _hours(minutes: int) -> str:
    return f"{minutes / 60:.2f}".rstrip("0").rstrip(".") + " h"


def editor(hours: Hours) -> None:
    """Draw the week with a preview of what the typed hours would change."""
    st.subheader("Week", anchor=False)
    may_change = may(Permission.MASTER_PROPOSE)
    texts = []
    for day, name in enumerate(_fields(hours)):
        if name not in st.session_state:
            state.remember(name, service.typed(hours.week[day]))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(DAYS[day], width=110)
            texts.append(
                st.text_input(
                    DAYS[day],
                    key=name,
                    placeholder="closed",
                    label_visibility="collapsed",
                    disabled=not may_change,
                )
            )
    if may_change:
        _save_week(hours, tuple(texts))


def _save_week(hours: Hours, texts: tuple[str, ...]) -> None:
    try:
        found = runtime.read(
            service.preview, calendar_id=hours.calendar_id, texts=texts, today=runtime.today()
        )
    except DomainError as refusal:
        frame.refused(refusal)
        return
    if not found.changed:
        st.caption("Type other hours to see what they would change: 08:00-12:00, 13:00-17:00")
        return
    users = ", ".join(wording.lines(number, kind) for kind, number in found.uses if number) or "nobody yet"
    with st.container(border=True):
        st.markdown(
            f"Open per week **{found.week_before} → {found.week_after}** · the next {service.AHEAD} days with their "
            f"exceptions {found.ahead_before} → {found.ahead_after}  \nUsed by {users}"
        )
        st.text_input("Reason", key=f"week_reason_{hours.calendar_id}", max_chars=500)
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Save the week" if may(Permission.MASTER_APPROVE) else "Ask for this week",
                type="primary",
                icon=":material/save:",
                key=f"save_week_{hours.calendar_id}",
                on_click=_send_week,
                args=(hours, texts, found.week),
            )
            st.button("Discard", key=f"discard_{hours.calendar_id}", on_click=_forget_week, args=(hours,))


def _send_week(hours: Hours, texts: tuple[str, ...], week: Sequence[Sequence[Sequence[int]]]) -> None:
    """Save the previewed week; hours typed since then are previewed first."""
    if tuple(state.recall(name, str) for name in _fields(hours)) != texts:
        return
    answer = runtime.execute(
        service.set_week,
        intent=state.intent(f"week_{hours.calendar_id}"),
        calendar_id=hours.calendar_id,
        week=[[list(span) for span in day] for day in week],
        seen=[[list(span) for span in day] for day in hours.week],
        reason=state.recall(f"week_reason_{hours.calendar_id}", str),
    )
    _done(answer, f"week_{hours.calendar_id}")
    if not isinstance(answer, runtime.Refused):
        _forget_week(hours)


def _fields(hours: Hours) -> list[str]:
    return [f"week_{hours.calendar_id}_{day}" for day in range(7)]


def _forget_week(hours: Hours) -> None:
    for name in _fields(hours):
        state.forget(name)
    state.forget(f"week_reason_{hours.calendar_id}")


def _done(answer: runtime.Done | runtime.Refused, form: str) -> None:
    state.done_with(form)
    words = "" if isinstance(answer, runtime.Refused) else str(answer.value["message"])
    state.remember(TOLD, (answer, words))


def closures(hours: Hours, today: date) -> None:
    """Draw the exceptions from today on, those of the past folded, and the form of a new one."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Exceptions", anchor=False)
        st.space("stretch")
        if may(Permission.MASTER_PROPOSE):
            _new_closure(hours)
    coming = [one for one in hours.exceptions if one.on_day >= today]
    past = [one for one in hours.exceptions if one.on_day < today]
    if not coming:
        st.caption("None ahead: every coming day follows the week.")
    with st.container(height=330 if len(coming) > 8 else "content", border=False):
        for one in coming:
            _closure(hours, one)
    if past:
        with st.expander(f"{wording.lines(len(past), 'exception')} of past days"):
            for one in reversed(past):
                st.caption(_said(one))


def _said(one: Closure) -> str:
    return f"{wording.day(one.on_day)} · {wording.plain(one.name)} · {service.typed(one.spans) or 'closed'}"


def _closure(hours: Hours, one: Closure) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(_said(one), width="stretch")
        if may(Permission.MASTER_APPROVE):
            st.button(
                "Remove",
                type="tertiary",
                icon=":material/delete:",
                key=f"closure_{one.exception_id}",
                help="The day follows the week again.",
                on_click=_remove,
                args=(hours, one),
            )


def _new_closure(hours: Hours) -> None:
    form = f"closure_{hours.calendar_id}"
    with st.popover("Add", icon=":material/event_busy:"), st.form(form, border=False):
        st.date_input("Day", value=None, format="YYYY-MM-DD", key=f"{form}_day")
        st.text_input("Name", max_chars=service.MOST_NAME, key=f"{form}_name", placeholder="Labour Day")
        st.text_input("Hours", key=f"{form}_hours", placeholder="closed", help="Empty is closed all day.")
        st.text_input("Reason", key=f"{form}_reason", max_chars=500)
        st.form_submit_button(
            "Add the exception" if may(Permission.MASTER_APPROVE) else "Ask for it",
            on_click=_add,
            args=(hours, form),
        )


def _add(hours: Hours, form: str) -> None:
    day = state.recall(f"{form}_day", lambda: None)
    if not isinstance(day, date):
        state.remember(
            TOLD,
            (runtime.Refused("calendar.day", "No day is chosen.", "Choose the day of the exception."), ""),
        )
        return
    try:
        spans = service.spans_of(state.recall(f"{form}_hours", str), day.isoformat())
    except DomainError as refusal:
        state.remember(TOLD, (runtime.Refused(refusal.code, refusal.message, refusal.fix), ""))
        return
    answer = runtime.execute(
        service.set_exception,
        intent=state.intent(form),
        calendar_id=hours.calendar_id,
        on_day=day.isoformat(),
        name=state.recall(f"{form}_name", str),
        spans=spans,
        reason=state.recall(f"{form}_reason", str),
    )
    _done(answer, form)


def _remove(hours: Hours, one: Closure) -> None:
    answer = runtime.execute(
        service.set_exception,
        intent=state.intent(f"closure_{one.exception_id}"),
        calendar_id=hours.calendar_id,
        on_day=one.on_day.isoformat(),
        name=one.name,
        remove=True,
        reason=f"Removed on the screen: {one.name}",
    )
    _done(answer, f"closure_{one.exception_id}")


def new(names: Mapping[str, str]) -> None:
    """Draw the form of a new calendar."""
    with st.popover("New calendar", icon=":material/add:"), st.form("calendar_form", border=False):
        st.text_input("Name", max_chars=service.MOST_NAME, key="calendar_name")
        st.selectbox(
            "Time zone", service.zones(), index=None, key="calendar_zone", placeholder="Europe/Berlin"
        )
        st.selectbox(
            "Hours of", list(names), index=None, key="calendar_copy", format_func=names.__getitem__,
            placeholder="Start closed all week",
        )  # fmt: skip
        st.form_submit_button("Add the calendar", on_click=_add_calendar)


def _add_calendar() -> None:
    copied = state.recall("calendar_copy", lambda: None)
    master_rows.send(
        "add_calendar",
        service.add,
        "Calendar added.",
        name=state.recall("calendar_name", str),
        tz=state.recall("calendar_zone", str) or "",
        copy_of=int(copied) if copied else None,
    )
