"""Why a line got what it got in a run: the caps in their order in plain words (bar.md 2.1, domain.md 7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from db.unit_of_work import UnitOfWork
from domain.rules.allocation import tracing
from domain.rules.allocation.tracing import Explanation
from domain.rules.lifecycle.quantities import shown
from domain.services.allocating import publishing
from domain.vocabulary.allocation import BindingCause, Strategy
from domain.vocabulary.errors import NotFound
from domain.vocabulary.units import from_day

CAPS = {
    BindingCause.QUOTA: "Quota of its group",
    BindingCause.SUPPLY: "Stock and receipts that nobody better placed needs",
    BindingCause.PROTECTION: "Kept for other groups",
    BindingCause.SAFETY_STOCK: "Safety stock",
    BindingCause.CALENDAR: "Days before it can be ready",
    BindingCause.SOURCING: "Other sites that may serve it",
    BindingCause.HOLD: "Hold that blocks allocating",
}
"""What each step of the explanation is called."""
CAUSES = {
    BindingCause.NONE: "it is confirmed in full by its day",
    BindingCause.SUPPLY: "there is not enough supply by its day for everybody served before it",
    BindingCause.SAFETY_STOCK: "the rest is safety stock",
    BindingCause.PROTECTION: "the rest is kept for other groups",
    BindingCause.QUOTA: "its group's quota is used up",
    BindingCause.CALENDAR: "it cannot be made ready earlier",
    BindingCause.LINE_COMPLETE: "the customer takes the line only in one piece, and the supply left is smaller",
    BindingCause.ORDER_COMPLETE: "the customer takes the order only as a whole, and another line of it is not there yet",
    BindingCause.SPLITS: "the customer takes no further part delivery",
    BindingCause.STRATEGY: "the strategy of its segment gives it no more",
    BindingCause.HOLD: "a hold blocks allocating",
    BindingCause.SOURCING: "no site may serve it",
    BindingCause.HORIZON: "its day lies beyond the horizon",
}
"""Why, as the rest of a sentence."""
REMOVED = {
    BindingCause.HOLD: "Without the hold",
    BindingCause.QUOTA: "Without the quota",
    BindingCause.PROTECTION: "Without what is kept for others",
    BindingCause.SAFETY_STOCK: "With the safety stock",
    BindingCause.LINE_COMPLETE: "If parts were taken",
    BindingCause.ORDER_COMPLETE: "If the order were taken in parts",
    BindingCause.STRATEGY: "If its segment could gain",
    BindingCause.CALENDAR: "If it could be ready at once",
}


@dataclass(frozen=True)
class Why:
    """The explanation of a line for people: one sentence, the caps as (what, before, after), and what would be without
    one cause as (what, in time, in all, full material day as ISO text or None). Quantities in base units as text."""

    sentence: str
    caps: tuple[tuple[str, str, str], ...]
    without: tuple[tuple[str, str, str, str | None], ...]


def of_line(*, uow: UnitOfWork, run_id: int, line_id: int) -> Why:
    """Return why; raise NotFound run.line_unknown for a line that is not in the run."""
    made = publishing.load(uow, run_id)
    found = np.flatnonzero(made.seen.book.lines.line_id == line_id)
    if not len(found):
        raise NotFound(
            "run.line_unknown",
            f"Line {line_id} is not in this run.",
            fix="Choose a line of the run's result.",
        )
    told = tracing.explain(made.seen.book, made.plan, int(found[0]))
    return Why(
        sentence(told),
        tuple((CAPS.get(cap.cause, cap.cause.value), shown(cap.before), shown(cap.after)) for cap in told.caps),
        tuple(
            (REMOVED[each.cause], shown(each.in_time), shown(each.in_all),
             None if each.full_day is None else from_day(each.full_day).isoformat())
            for each in told.without
            if each.in_time > told.in_time or each.in_all > told.confirmed or _earlier(each.full_day, told)
        ),
    )  # fmt: skip


of_line.read_only = True  # type: ignore[attr-defined]


def _earlier(day: int | None, told: Explanation) -> bool:
    whole = told.parts[-1][1] if told.parts and told.confirmed >= told.want else None
    return day is not None and (whole is None or day < whole)


def sentence(told: Explanation) -> str:
    """Return one sentence on a line: what it gets by when, its turn, and what binds; it names no other customer."""
    if told.strategy is Strategy.SKIP:
        return "The run leaves this line as it is."
    turn = (
        f"It was number {told.rank} of {told.rank_of} at its SKU and site"
        if told.rank_of
        else "It has no site"
    )
    if told.cause is BindingCause.NONE:
        return f"All {shown(told.want)} are confirmed by the day wanted. {turn}."
    got = f"{shown(told.in_time)} of {shown(told.want)} are confirmed by the day wanted"
    if told.confirmed >= told.want and told.parts:
        rest = f", all by {from_day(told.parts[-1][1]).isoformat()}"
    elif told.confirmed > told.in_time:
        rest = f", {shown(told.confirmed)} in all"
    else:
        rest = ""
    return f"{got}{rest}, because {CAUSES[told.cause]}. {turn}."
