"""What a person gives along with an action: one field per word that the action wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from db.queries import holds as hold_queries
from domain.services.holding import hold_words
from domain.settings import settings
from domain.vocabulary.order_entry import NewQuantity
from domain.vocabulary.statuses import BlockedAction, Channel, HoldType, Initiator
from pages.shared import runtime, wording

MOST_REASON = 500


@dataclass(frozen=True)
class Asking:
    """What the fields need to know: their keys' stem, and the quantities of the lines where they are changed."""

    stem: str
    lines: Sequence[tuple[int, str, float]] = ()
    given: Mapping[str, Any] = field(default_factory=dict)


def fields(wants: Sequence[str], asking: Asking) -> tuple[dict[str, Any], list[str]]:
    """Draw the fields and return what they hold, and what is still missing in words."""
    given: dict[str, Any] = {}
    missing: list[str] = []
    for want in wants:
        value, gap = _FIELDS[want](asking, given)
        if value is not None:
            given[want] = value
        if gap:
            missing.append(gap)
    return given, missing


def end_of(day: date | None) -> datetime | None:
    """Return the first instant after a day of the company's zone."""
    if day is None:
        return None
    local = datetime.combine(day, time(23, 59, 59), tzinfo=ZoneInfo(settings().time_zone))
    return local.astimezone(UTC)


def _reason(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    text = st.text_area(
        "Reason", key=f"{asking.stem}_reason", max_chars=MOST_REASON, height=80,
        placeholder="In a few words why; it is kept in the audit log.",
    )  # fmt: skip
    return (text or "").strip(), "" if (text or "").strip() else "a reason"


def _words(label: str, name: str, what: str) -> Callable[[Asking, Mapping[str, Any]], tuple[Any, str]]:
    def draw(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
        text = st.text_area(label, key=f"{asking.stem}_{name}", max_chars=2_000, height=80)
        return (text or "").strip(), "" if (text or "").strip() else what

    return draw


def _side(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    labels = {Initiator.CUSTOMER: "The customer gives it up", Initiator.SUPPLIER: "We give it up"}
    side = st.segmented_control(
        "Who gives it up", list(labels), format_func=labels.__getitem__, key=f"{asking.stem}_side",
        default=Initiator.CUSTOMER,
    )  # fmt: skip
    return side, "" if side else "whose side gives it up"


def _stopped(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    told = st.checkbox("The warehouse confirms that it stops", key=f"{asking.stem}_stopped")
    return told, "" if told else "the warehouse's word"


def _quantity(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    most = asking.lines[0][2] if asking.lines else None
    number = st.number_input(
        "Quantity confirmed in all", min_value=0.0, max_value=most, value=most, step=1.0, format="%.3f",
        key=f"{asking.stem}_quantity",
    )  # fmt: skip
    return None if number is None else _decimal(number), "" if number is not None else "a quantity"


def _quantities(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    changed = []
    for line_id, label, now in asking.lines:
        number = st.number_input(
            f"Line {wording.plain(label)}", min_value=0.001, value=now, step=1.0, format="%.3f",
            key=f"{asking.stem}_qty_{line_id}",
        )  # fmt: skip
        if number is not None and number != now:
            changed.append(NewQuantity(line_id, _decimal(number)))
    return changed, "" if changed else "a changed quantity"


def _day(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    day = st.date_input("Promised day", value=None, format="YYYY-MM-DD", key=f"{asking.stem}_day")
    return (day if isinstance(day, date) else None), ""


def _until(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    types = tuple(given.get("types", ()))
    if "types" in given and not hold_words.may_have_until(types):
        return None, ""
    day = st.date_input(
        "Until (ends by itself)", value=None, min_value=runtime.today(), format="YYYY-MM-DD",
        key=f"{asking.stem}_until", help="Only what the customer asked for ends by itself. Empty: no end.",
    )  # fmt: skip
    return end_of(day if isinstance(day, date) else None), ""


def _types(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    types = st.multiselect(
        "Types of hold", list(HoldType), format_func=wording.code, key=f"{asking.stem}_types",
        placeholder="One or several", help="Each type becomes a hold of its own, with its own releasers.",
    )  # fmt: skip
    for hold_type in types:
        st.caption(f"{wording.code(hold_type)} is released by {hold_words.RELEASED_BY[hold_type]}.")
    return types, "" if types else "a type of hold"


def _blocks(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    types = tuple(given.get("types", ()))
    usual = hold_words.default_blocks(types)
    if not types:
        return None, ""
    said = ", ".join(wording.code(action).lower() for action in usual)
    own = st.toggle(f"Block something else than usual ({said})", key=f"{asking.stem}_own")
    if not own:
        return None, ""
    chosen = st.pills(
        "Blocks", list(BlockedAction), format_func=wording.code, selection_mode="multi", default=list(usual),
        key=f"{asking.stem}_blocks_{'_'.join(types)}",
    )  # fmt: skip
    return list(chosen), "" if chosen else "an action that is blocked"


def _channel(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    ways = [Channel.EMAIL, Channel.PHONE, Channel.PORTAL, Channel.EDI]
    return st.selectbox("By", ways, format_func=wording.code, key=f"{asking.stem}_channel"), ""


def _assignee(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    people = dict(runtime.read(hold_queries.deciders))
    login = st.selectbox(
        "Assign to", list(people), index=None, format_func=lambda who: f"{people[who]} ({who})",
        placeholder="Choose a person", key=f"{asking.stem}_assignee",
    )  # fmt: skip
    return login, "" if login else "a person"


def _decimal(number: float) -> Decimal:
    return Decimal(round(number * 1_000)) / 1_000


_FIELDS: Mapping[str, Callable[[Asking, Mapping[str, Any]], tuple[Any, str]]] = {
    "reason": _reason,
    "question": _words("What you asked the customer", "question", "the question"),
    "answer": _words("What the customer answered", "answer", "the answer"),
    "side": _side,
    "warehouse_confirmed": _stopped,
    "quantity": _quantity,
    "quantities": _quantities,
    "day": _day,
    "until": _until,
    "types": _types,
    "blocks": _blocks,
    "channel": _channel,
    "assignee": _assignee,
}
KNOWN = frozenset(_FIELDS)
"""The words that a screen can ask for."""
