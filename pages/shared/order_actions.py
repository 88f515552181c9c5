"""What may be done with the order on the screen and what hangs on it: buttons that come from the machines alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from db.queries import order_objects
from domain.services import action_deeds, actions
from domain.services.access import authority
from domain.services.actions import Offer
from domain.vocabulary.permissions import Permission
from pages.shared import action_bar, filters, frame, runtime, wording
from pages.shared.action_bar import Target

Offers = Mapping[str, Mapping[int, Sequence[Offer]]]
TABLES = (
    action_deeds.ORDER, action_deeds.LINE, action_deeds.RESERVATION, action_deeds.SHIPMENT, action_deeds.CASE,
    action_deeds.HOLD,
)  # fmt: skip

ENDED = frozenset({"RESOLVED", "AUTO_RESOLVED", "DISMISSED", "MERGED"})


def offers(order_id: int, opened: frame.Opened) -> Offers:
    """Return what this person may do with the order and what hangs on it now; nothing on a past day."""
    if not opened.live:
        return {table: {} for table in TABLES}
    found: Offers = runtime.read(
        actions.actions_of_order, order_id=order_id, actor=runtime.actor(),
        now=runtime.now().replace(second=0, microsecond=0),
    )  # fmt: skip
    return found


def of_order(order_id: int, order: Mapping[str, Any], lines: pd.DataFrame, found: Offers) -> None:
    """Draw the actions of the whole order, and what the last one did."""
    action_bar.told()
    mine = found[action_deeds.ORDER].get(order_id, ())
    if mine:
        action_bar.bar(
            action_deeds.ORDER, order_id, mine, about=f"order {order['order_no']}",
            lines=[(int(row.line_id), f"{row.line_no}, {row.sku}", float(row.qty_net)) for row in lines.itertuples()],
        )  # fmt: skip


def of_lines(order_id: int, lines: pd.DataFrame, found: Offers) -> None:
    """Draw the actions of one line, or of several at once where one command takes them together."""
    mine = {
        int(row.line_id): row for row in lines.itertuples() if found[action_deeds.LINE].get(int(row.line_id))
    }
    if not mine:
        return
    st.subheader("Act on lines", anchor=False)
    chosen = st.multiselect(
        "Lines",
        list(mine),
        default=[next(iter(mine))],
        # No stage in it: a label that a step changes would lose the choice.
        format_func=lambda key: f"{mine[key].line_no} · {mine[key].sku}",
        key="act_on_lines",
        width=640,
        placeholder="Choose one or several lines",
        help="Several at once: what one step can do to all of them together.",
    )
    if not chosen:
        st.caption("Choose a line to act on it.")
        return
    stages = dict.fromkeys(wording.code(mine[key].stage) for key in chosen)
    st.caption(f"Stage today: {', '.join(stages)}.")
    if len(chosen) == 1 and authority.may(runtime.actor(), Permission.EXPEDITE):
        asked = {name: filters.asked(name) for name in ("so", "source") if filters.asked(name)}
        line_no = str(mine[chosen[0]].line_no)
        frame.link("expedite", "Expedite: who could give to it", icon="bolt", line=line_no, **asked)
    first, *others = chosen
    picks = runtime.read(order_objects.picks, order_id=order_id)
    target = Target(
        action_deeds.LINE, first, _names([mine[key] for key in chosen]),
        lines=[(first, str(mine[first].line_no), float(mine[first].qty_net))],
        most={"packed": picks[first], "found": picks[first]} if first in picks else {},
        order_id=order_id, also=tuple(others),
    )  # fmt: skip
    by_line = found[action_deeds.LINE]
    if not others:
        action_bar.of(target, by_line[first])
        return
    shared = together(
        action_deeds.LINE, [by_line[key] for key in chosen], [str(mine[k].line_no) for k in chosen]
    )
    if shared:
        action_bar.of(target, shared)
    else:
        st.caption("No step can be taken for all of these lines together; choose them one by one.")


def together(object_type: str, offers: Sequence[Sequence[Offer]], names: Iterable[str]) -> list[Offer]:
    """Return what may be done with several objects by one command; what one of them refuses says which and why."""
    named = list(names)
    found = []
    for offer in offers[0]:
        if action_deeds.deed(object_type, offer.event).many is None:
            continue
        alike = [next((o for o in each if o.event == offer.event), None) for each in offers]
        if any(other is None for other in alike):
            continue
        why = next(
            (f"{name}: {o.why_not}" for name, o in zip(named, alike, strict=True) if o and not o.allowed),
            None,
        )
        found.append(replace(offer, allowed=why is None, why_not=why))
    return found


def of_supplies(supplies: pd.DataFrame, found: Offers) -> None:
    """Draw the actions of what is reserved or proposed for the order, one or several at once."""
    by_key = found[action_deeds.RESERVATION]
    mine = {
        int(row.reservation_id): row for row in supplies.itertuples() if by_key.get(int(row.reservation_id))
    }
    if not mine:
        return

    def words(key: int) -> str:
        row = mine[key]
        return f"{row.reservation_id} · line {row.line_no} · {row.ref or wording.MISSING} · {row.qty:g}"

    chosen = st.multiselect(
        "Reservations", list(mine), format_func=words, key="act_on_reservations", width=640,
        placeholder="Choose one or several to act on them",
    )  # fmt: skip
    if not chosen:
        return
    first, *others = chosen
    about = words(first) if not others else wording.lines(len(chosen), "reservation")
    target = Target(action_deeds.RESERVATION, first, about, also=tuple(others))
    if others:
        shared = together(action_deeds.RESERVATION, [by_key[key] for key in chosen], map(words, chosen))
    else:
        shared = list(by_key[first])
    if shared:
        action_bar.of(target, shared)
    else:
        st.caption("No step can be taken for all of these together; choose them one by one.")


def of_shipments(shipments: pd.DataFrame, found: Offers) -> None:
    """Draw the actions of each shipment that is on its way."""
    by_key = found[action_deeds.SHIPMENT]
    for row in shipments.to_dict("records"):
        mine = by_key.get(int(row["shipment_id"]), ())
        if mine:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                about = f"shipment {row['shipment_no']}"
                st.markdown(f"**{wording.plain(str(row['shipment_no']))}**", width="content")
                action_bar.bar(action_deeds.SHIPMENT, int(row["shipment_id"]), mine, about=about, small=True)


def of_cases(cases: pd.DataFrame, found: Offers) -> None:
    """Draw each case that something may be done with: what it is, how it stands, and its actions."""
    by_key = found[action_deeds.CASE]
    for case in cases.to_dict("records"):
        key = int(case["exception_id"])
        mine = by_key.get(key, ())
        over = case["status"] in ENDED
        if over and not any(offer.allowed for offer in mine):
            continue
        with st.container(border=True, gap="small"):
            st.markdown(_case_words(case))
            action_bar.bar(action_deeds.CASE, key, mine, about=f"case {key}", small=True)


def _case_words(case: Mapping[Any, Any]) -> str:
    due = f" · due {wording.instant(case['due_at'])}" if pd.notna(case["due_at"]) else ""
    who = f"assigned to {case['assignee']}" if case["assignee"] else "nobody has it"
    waits = ""
    if case["status"] == "WAITING" and case["waiting_on"]:
        again = (
            f", next action {wording.instant(case['next_action_at'])}"
            if pd.notna(case["next_action_at"])
            else ""
        )
        waits = f" Waits for {wording.code(case['waiting_on']).lower()}{again}."
    asleep = (
        f" Hidden until {wording.instant(case['snooze_until'])}." if pd.notna(case["snooze_until"]) else ""
    )
    return (
        f":orange[:material/error:] **Case {case['exception_id']}, {case['severity']}: "
        f"{wording.plain(str(case['summary']))}**  \n"
        f"{wording.code(case['type_code'])} · {wording.code(case['status'])}, {wording.plain(who)}{due}."
        f"{wording.plain(waits)}{wording.plain(asleep)}"
    )


def _names(rows: Sequence[Any]) -> str:
    if len(rows) == 1:
        return f"line {rows[0].line_no} ({rows[0].sku})"
    return f"lines {', '.join(str(row.line_no) for row in rows)}"
