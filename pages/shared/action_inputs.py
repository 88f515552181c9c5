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
from db.queries import order_objects
from domain.services.actions import WAITING_FOR
from domain.services.holding import hold_words
from domain.settings import settings
from domain.vocabulary.causes import RootCause
from domain.vocabulary.order_entry import NewLine, NewQuantity
from domain.vocabulary.statuses import BlockedAction, Channel, HoldScope, HoldType, Initiator
from pages.shared import runtime, wording

MOST_REASON = 500


@dataclass(frozen=True)
class Asking:
    """What the fields need to know: their keys' stem, the quantities of the lines where they are changed, the largest
    quantity of a field by its word, and the key of the object."""

    stem: str
    lines: Sequence[tuple[int, str, float]] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    most: Mapping[str, float] = field(default_factory=dict)
    key: int = 0


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


def _counted(label: str, name: str, *, full: bool) -> Callable[[Asking, Mapping[str, Any]], tuple[Any, str]]:
    def draw(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
        most = asking.most.get(name)
        number = st.number_input(
            label, min_value=0.0, max_value=most, value=most if full else None, step=1.0, format="%.3f",
            key=f"{asking.stem}_{name}", help=None if most is None else f"At most {most:g}.",
        )  # fmt: skip
        return None if number is None else _decimal(number), "" if number is not None else "a quantity"

    return draw


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


def _one_of(
    label: str, name: str, codes: Sequence[str], what: str
) -> Callable[[Asking, Mapping[str, Any]], tuple[Any, str]]:
    def draw(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
        chosen = st.selectbox(
            label, list(codes), index=None, format_func=wording.code, placeholder="Choose one",
            key=f"{asking.stem}_{name}",
        )  # fmt: skip
        return chosen, what if what and not chosen else ""

    return draw


def _next_action(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    day = st.date_input(
        "Next action on", value=None, min_value=runtime.today(), format="YYYY-MM-DD", key=f"{asking.stem}_next",
        help="Until the end of this day; then it is due again.",
    )  # fmt: skip
    return end_of(day if isinstance(day, date) else None), "" if day else "a day of the next action"


def _snoozed_until(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    day = st.date_input(
        "Hide until", value=None, min_value=runtime.today(), format="YYYY-MM-DD", key=f"{asking.stem}_asleep",
        help="Until the end of this day. An S1 or S2 case cannot sleep past its due time.",
    )  # fmt: skip
    return end_of(day if isinstance(day, date) else None), "" if day else "a day"


def _solved_by(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    code = st.text_input(
        "Resolution code", key=f"{asking.stem}_solved", max_chars=40, placeholder="DATE_MOVED",
        help="One word for how it was solved; the same word for the same way lets them be counted.",
    )  # fmt: skip
    text = "_".join((code or "").upper().split())
    return text, "" if text else "a resolution code"


def _replacement(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    st.caption("A line in replacement; leave it empty where a bill was reversed.")
    text = (st.text_input("SKU", key=f"{asking.stem}_sku", placeholder="Number or words") or "").strip()
    found = dict(runtime.read(hold_queries.objects, scope=HoldScope.SKU, text=text)) if text else {}
    sku_id = st.selectbox(
        "Found", list(found), format_func=lambda key: wording.plain(found[key]), index=0 if len(found) == 1 else None,
        key=f"{asking.stem}_sku_of_{text}", placeholder="Choose a SKU" if found else "Nothing found yet",
    )  # fmt: skip
    sites = dict(runtime.read(order_objects.sites, order_id=asking.key))
    site_id = st.selectbox(
        "From the site", list(sites), format_func=sites.__getitem__, index=0 if len(sites) == 1 else None,
        key=f"{asking.stem}_site",
    )  # fmt: skip
    qty = st.number_input(
        "Quantity", min_value=0.001, value=None, step=1.0, format="%.3f", key=f"{asking.stem}_new"
    )
    if not text:
        return [], ""
    if sku_id is None or qty is None or site_id is None:
        return None, "SKU, site and quantity of the line"
    return [NewLine(sku_id, _decimal(qty), site_id)], ""


def _delivered_on(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    day = st.date_input(
        "Arrived on", value=runtime.today(), max_value=runtime.today(), format="YYYY-MM-DD",
        key=f"{asking.stem}_arrived",
    )  # fmt: skip
    return (day if isinstance(day, date) else None), "" if day else "a day"


def _received_by(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    name = st.text_input("Signed by", key=f"{asking.stem}_signed", max_chars=120,
                         help="The name on the proof of delivery.")  # fmt: skip
    return (name or "").strip(), "" if (name or "").strip() else "the name on the proof of delivery"


def _parent(asking: Asking, given: Mapping[str, Any]) -> tuple[Any, str]:
    parents = {row[0]: row[1] for row in runtime.read(order_objects.parents, exception_id=asking.key)}
    chosen = st.selectbox(
        "Into the case", list(parents), index=None, placeholder="Choose an open case",
        format_func=lambda key: f"{key}: {wording.plain(parents[key])}", key=f"{asking.stem}_parent",
    )  # fmt: skip
    return chosen, "" if chosen else "the case that it goes into"


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
    "packed": _counted("Quantity packed", "packed", full=True),
    "found": _counted("Quantity found", "found", full=False),
    "delivered_on": _delivered_on,
    "received_by": _received_by,
    "waiting_on": _one_of("Waits for", "waiting_on", WAITING_FOR, "whom it waits for"),
    "next_action_at": _next_action,
    "resolution_code": _solved_by,
    "root_cause": _one_of("Root cause (S1 and S2 need it)", "root_cause", tuple(RootCause), ""),
    "text": _words("Note", "text", "a note"),
    "parent_id": _parent,
    "snoozed_until": _snoozed_until,
    "replacement": _replacement,
}
KNOWN = frozenset(_FIELDS)
"""The words that a screen can ask for."""
