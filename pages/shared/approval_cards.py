"""One approval as a card: what changes, what for, what happens then, and the buttons that the machine offers."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from db.queries import approval_impact
from domain.services.approving import approvals
from domain.services.approving.approval_desk import Item
from domain.vocabulary.approvals import ApprovalStatus
from pages.shared import approval_list, frame, runtime, state, wording
from pages.shared.frame import Opened

MOST = 50
TOLD = "approvals_told"
ICONS = {"approve_step": "check", "approve_last": "check", "reject": "close", "withdraw": "undo"}
MASTER = {
    "customer": ("customers", "customer"),
    "ship_to": ("ship_tos", "ship_to"),
    "sku": ("skus", "sku"),
    "sku_site": ("site_parameters", "row"),
    "calendar": ("calendars", "calendar"),
}


def told() -> None:
    """Show once what the last click did."""
    answer = state.recall(TOLD, lambda: None)
    if answer is None:
        return
    state.forget(TOLD)
    if isinstance(answer, runtime.Refused):
        frame.refused(answer)
        return
    done = answer.value
    if done["status"] in (ApprovalStatus.SUPERSEDED, ApprovalStatus.EXPIRED):
        st.warning(
            f"{wording.code(done['status'])}: {wording.plain(done['message'])}",
            icon=":material/history_toggle_off:",
        )
    else:
        st.success(
            f"{wording.code(done['status'])}: {wording.plain(done['message'])}",
            icon=":material/check_circle:",
        )


def card(item: Item, now: datetime, opened: Opened) -> None:
    """Draw a request with its buttons."""
    request = item.request
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(wording.code(request.type), icon=":material/approval:", color="gray")
            st.markdown(f"**{wording.plain(_capital(request.object_name))}**", width="content")
            st.caption(f"No. {request.approval_id}", width="content")
            st.space("stretch")
            _time(item, now)
        for what, old, new in request.says:
            st.markdown(
                f"{wording.plain(what)}: {wording.plain(old)} → **{wording.plain(new)}**{_unit(item)}"
            )
        st.markdown(
            f"“{wording.plain(request.reason)}” :gray[{wording.plain(item.asker)}, "
            f"{wording.instant(request.requested_at)}]"
        )
        st.caption("  \n".join(filter(None, (_impact(item, opened), _then(item)))))
        if len(request.steps) > 1 or request.status is not ApprovalStatus.PENDING:
            st.caption(" → ".join(wording.plain(step) for step in approval_list.trail(item)))
        elif not any(offer.event.startswith("approve") for offer in item.offers):
            st.caption(wording.plain(item.waits))
        _changed(item)
        _buttons(item, opened)


def _impact(item: Item, opened: Opened) -> str:
    """Say what the request reaches: the amount that it is weighed by, and what is open of its object today."""
    request = item.request
    if request.status is not ApprovalStatus.PENDING:
        return ""
    parts = []
    if request.amount is not None:
        parts.append(
            f"weighed as {wording.money(request.amount, request.currency or '')}".replace(
                " (no currency)", ""
            )
        )
    found = runtime.read(
        approval_impact.open_lines,
        object_type=request.object_type,
        object_id=request.object_id,
        as_of=opened.today,
    )
    if len(found):
        value = " + ".join(
            wording.money(row.value, row.currency, short=True)
            for row in found.head(3).itertuples(index=False)
        )
        more = " and more" if len(found) > 3 else ""
        parts.append(f"{wording.lines(int(found['lines'].sum()), 'open line')} now, {value}{more}")
    return wording.plain(f"Impact: {'; '.join(parts)}") if parts else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _unit(item: Item) -> str:
    says, currency = item.request.says, item.request.currency
    return f" {currency}" if currency and len(says) == 1 and says[0][2][:1].isdigit() else ""


def _then(item: Item) -> str:
    if item.request.status is not ApprovalStatus.PENDING:
        return wording.plain(
            f"{wording.code(item.request.status)} {wording.instant(item.request.decided_at)}."
        )
    return wording.plain(f"On approval: {item.request.then}")


def _time(item: Item, now: datetime) -> None:
    """Say when the time to decide ends: word, sign and, when it is close, colour."""
    until, status = item.request.expires_at, item.request.status
    if status is not ApprovalStatus.PENDING:
        st.badge(wording.code(status), color="green" if status is ApprovalStatus.APPROVED else "gray")
    elif until is not None and until <= now:
        st.badge("time is over", icon=":material/timer_off:", color="red")
    elif until is not None:
        close = until - now <= approval_list.SOON
        st.badge(
            f"{_left(until - now)} left · until {wording.instant(until)}",
            icon=":material/timer:",
            color="orange" if close else "gray",
        )


def _left(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes >= 48 * 60:
        return f"{minutes // 1440} days"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _changed(item: Item) -> None:
    if item.changed:
        st.warning(
            "What was asked for has changed since. A decision closes the request as superseded and applies nothing.",
            icon=":material/difference:",
        )


def _buttons(item: Item, opened: Opened) -> None:
    request = item.request
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for offer in item.offers:
            if offer.event == "withdraw" and not offer.allowed:
                continue
            if offer.event == "reject":
                _reject(item) if offer.allowed else None
            elif offer.allowed or (offer.event.startswith("approve") and item.changed):
                _button(item, offer.event, _label(item, offer.label))
        if item.on_behalf_of is not None:
            st.caption(f"You decide for {wording.plain(item.name(item.on_behalf_of) or item.on_behalf_of)}.")
        st.space("stretch")
        if request.order_no:
            frame.link(
                "order", f"Order {request.order_no}", opened, icon="arrow_forward", so=request.order_no
            )
        elif request.object_type in MASTER:
            key, name = MASTER[request.object_type]
            frame.link(key, "Open it", opened, icon="arrow_forward", **{name: str(request.object_id)})


def _label(item: Item, label: str) -> str:
    return "Close as superseded" if item.changed and label.startswith("Approve") else label


def _button(item: Item, event: str, label: str) -> None:
    place = f"{event}:{item.request.approval_id}:{item.request.row_version}"
    st.button(
        label,
        icon=f":material/{ICONS[event]}:",
        type="primary" if event.startswith("approve") else "secondary",
        key=place,
        on_click=_act,
        args=(event, item, place),
    )


def _reject(item: Item) -> None:
    place = f"reject:{item.request.approval_id}:{item.request.row_version}"
    with st.popover("Reject", icon=":material/close:"), st.form(f"form_{place}", border=False):
        st.text_area(
            "Comment for who asked",
            max_chars=approvals.MOST_COMMENT,
            key=f"comment_{place}",
            help="Needed: it says what would have to be different.",
        )
        st.form_submit_button("Reject with this comment", on_click=_act, args=("reject", item, place))


def _act(event: str, item: Item, place: str) -> None:
    """Carry out one click; the same button clicked twice carries one mark, so it acts once."""
    seen = {"approval_id": item.request.approval_id, "row_version": item.request.row_version}
    if event == "withdraw":
        answer = runtime.execute(approvals.withdraw, intent=place, **seen)
    elif event == "reject":
        comment = state.recall(f"comment_{place}", str)
        answer = runtime.execute(
            approvals.reject, intent=place, comment=comment, on_behalf_of=item.on_behalf_of, **seen
        )
    else:
        answer = runtime.execute(approvals.approve, intent=place, on_behalf_of=item.on_behalf_of, **seen)
    state.remember(TOLD, answer)
