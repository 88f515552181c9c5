"""Which steps of its machine lead a line from what was confirmed and allocated to what a run gives it (domain.md 3.2).

Lines are many and patterns of facts few: the machine is asked once for each pattern, and no guard is passed by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from domain.rules.allocation.book import Ints
from domain.rules.lifecycle.line import LINE, LineFacts
from domain.rules.lifecycle.quantities import LineQuantities
from domain.vocabulary.errors import DomainError
from domain.vocabulary.statuses import LineStage, OrderStage, PartialPolicy

STAGES, ORDER_STAGES, POLICIES = tuple(LineStage), tuple(OrderStage), tuple(PartialPolicy)
"""A stage or policy is the place of its word here."""
_S = LineStage
BLOCKED_BY_CONFIRM = ("bop_gain", "bop_full")
Fire = Callable[[LineStage, str, LineQuantities], LineStage]
NAMES = (
    "ordered",
    "cancelled_customer",
    "cancelled_supplier",
    "confirmed",
    "allocated",
    "released",
    "picked",
    "shipped",
)


@dataclass(frozen=True)
class Standing:
    """Lines as they stand, and what a run gives them; quantities by name in 1/1 000, flags as 0 and 1.

    `confirmed` and `allocated` are what a line will have. `late` says that it would be confirmed later than requested
    plus tolerance, `frozen` that its ship day is near, `held_confirm` and `held_allocate` that a hold blocks these.
    """

    stage: Ints
    order_stage: Ints
    policy: Ints
    quantities: Mapping[str, Ints]
    confirmed: Ints
    allocated: Ints
    late: Ints
    frozen: Ints
    held_confirm: Ints
    held_allocate: Ints


@dataclass(frozen=True)
class Stepped:
    """Where each line stands after its steps, and per line the place of the sentence in `refusals` (0: none)."""

    stage: Ints
    refused: Ints
    refusals: tuple[str, ...]


def step_all(standing: Standing, *, approved: bool = False) -> Stepped:
    """Return where all lines stand after the steps of their machine, or why a guard refuses."""
    pattern = _patterns(standing)
    _, first, inverse = np.unique(pattern, return_index=True, return_inverse=True)
    stage = np.zeros(len(first), dtype=np.int64)
    refused = np.zeros(len(first), dtype=np.int64)
    refusals = [""]
    for place, line in enumerate(first.tolist()):
        try:
            stage[place] = STAGES.index(_step(standing, line, approved))
        except DomainError as refusal:
            stage[place] = standing.stage[line]
            refused[place] = len(refusals)
            refusals.append(str(refusal.message))
    return Stepped(stage[inverse], refused[inverse], tuple(refusals))


def _patterns(standing: Standing) -> Ints:
    """Return one number per line that is the same for lines of which all guards say the same."""
    had = standing.quantities
    net = had["ordered"] - had["cancelled_customer"] - had["cancelled_supplier"]
    shipped, wanted = had["shipped"], standing.confirmed - had["shipped"]
    signs = [
        np.sign(had["confirmed"] - net), np.sign(had["confirmed"] - shipped), np.sign(standing.confirmed - net),
        np.sign(wanted), np.sign(standing.confirmed - had["confirmed"]), np.sign(standing.allocated),
        np.sign(standing.allocated - wanted), np.sign(standing.allocated - (net - shipped)),
        np.sign(standing.allocated - had["allocated"]), np.sign(shipped), np.sign(had["picked"] - shipped),
        standing.late, standing.frozen, standing.held_confirm, standing.held_allocate,
    ]  # fmt: skip
    found = standing.stage.astype(np.int64)
    found = found * len(ORDER_STAGES) + standing.order_stage
    found = found * len(POLICIES) + standing.policy
    for sign in signs:
        found = found * 3 + sign + 1
    return np.asarray(found)


def _step(standing: Standing, line: int, approved: bool) -> LineStage:
    before = LineQuantities(**{name: int(standing.quantities[name][line]) for name in NAMES})
    after = replace(before, confirmed=int(standing.confirmed[line]), allocated=int(standing.allocated[line]))
    stage = STAGES[int(standing.stage[line])]
    known = LineFacts(
        order_stage=ORDER_STAGES[int(standing.order_stage[line])],
        policy=POLICIES[int(standing.policy[line])],
        late=bool(standing.late[line]),
        frozen=bool(standing.frozen[line]),
        approved=approved,
        splits=int(before.shipped > 0),
    )
    holds = (
        "a hold" if standing.held_confirm[line] else None,
        "a hold" if standing.held_allocate[line] else None,
    )

    def fire(at: LineStage, event: str, qty: LineQuantities) -> LineStage:
        hold = holds[0] if event in BLOCKED_BY_CONFIRM else holds[1] if event == "allocate" else None
        return LineStage(LINE.fire(at, event, replace(known, qty=qty, hold=hold)).target)

    if (after.confirmed, after.allocated) == (before.confirmed, before.allocated):
        return stage
    if stage is _S.ALLOCATED and after.allocated == 0:
        event = "deallocate" if before.confirmed == before.net else "deallocate_part"
        stage = fire(stage, event, replace(before, allocated=0))
    if stage in (_S.ALLOCATED, _S.PARTIALLY_SHIPPED):
        _within(fire, before, after)
    else:
        stage = _confirm(fire, stage, before, after, known.late)
    return _allocate(fire, stage, after)


def _within(fire: Fire, before: LineQuantities, after: LineQuantities) -> None:
    """Ask the guards of the steps that would lead to more or less where the stage itself stays."""
    if after.confirmed < before.confirmed:
        fire(_S.CONFIRMED, "bop_loss", after)
    elif after.confirmed > before.confirmed:
        fire(_S.BACKORDERED, "bop_gain", after)


def _confirm(
    fire: Fire, stage: LineStage, before: LineQuantities, after: LineQuantities, late: bool
) -> LineStage:
    nothing = after.confirmed <= after.shipped
    part = 0 < after.allocated < after.confirmed - after.shipped
    full = after.confirmed == after.net and not late and not part
    if stage is _S.CONFIRMED and after.confirmed < after.net:
        stage = fire(stage, "bop_loss", after)
    if stage is _S.PARTIALLY_CONFIRMED and nothing:
        return fire(stage, "bop_loss", after)
    if stage in (_S.PARTIALLY_CONFIRMED, _S.BACKORDERED) and full:
        return fire(stage, "bop_full", after)
    if stage is _S.BACKORDERED and not nothing:
        return fire(stage, "bop_gain", after)
    if stage is _S.PARTIALLY_CONFIRMED:
        _within(fire, before, after)
    return stage


def _allocate(fire: Fire, stage: LineStage, after: LineQuantities) -> LineStage:
    """Allocate where the guard lets: a line that waits for the rest keeps its stock, and its stage."""
    if not after.allocated or stage not in (_S.CONFIRMED, _S.PARTIALLY_CONFIRMED, _S.PARTIALLY_SHIPPED):
        return stage
    try:
        return fire(stage, "allocate", after)
    except DomainError:
        return stage
