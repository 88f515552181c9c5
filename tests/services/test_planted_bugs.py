"""Bugs planted into services and rules, one at a time: the lifecycle machine must find each of them on every seed.

A machine that cannot find these would prove nothing by being green (reliability.md 5, test 3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from db.journal import Journal
from db.repositories import open_holds, stock
from domain.services.ordering import (
    fulfilment,
    fulfilment_steps,
    line_steps,
    order_billing,
    order_entry,
    order_rollup,
    reservations,
    stock_ledger,
)
from domain.services.ordering.order_work import OrderWork
from domain.vocabulary.statuses import MovementType, OrderStage
from tests.lifecycle_course import lifecycle

Patch = pytest.MonkeyPatch
SEEDS = (11, 22, 33)
QUICK = (
    "ship under a hold",
    "stock stays reserved on cancel",
    "no ledger row",
    "roll-up skips the last shipment",
)
"""Caught in every run; the others in the long one."""


def no_ledger_row(patch: Patch) -> None:
    """Stock moves without its row in the ledger."""
    patch.setattr(stock_ledger, "_write", lambda uow, move: None)


def balance_forgotten(patch: Patch) -> None:
    """Supplies move, the balance of the site does not."""
    patch.setattr(stock, "change_balance", lambda *given: stock.Level(0, 0))


def stock_stays_reserved(patch: Patch) -> None:
    """A cancelled line keeps its reservations."""
    patch.setattr(line_steps.reservations, "free_all", lambda *given, **more: None)


def reserve_without_look(patch: Patch) -> None:
    """A line is given all it wants, whatever is free."""
    real = reservations.plan

    def plan(work: Any, wanted: Any, takes: Any) -> Any:
        pieces = real(work, wanted, takes)
        return [(line_id, supply, wanted[line_id]) for line_id, supply, _ in pieces]

    patch.setattr(reservations, "plan", plan)
    real_facts = reservations.facts
    patch.setattr(
        reservations, "facts", lambda *given, **more: replace(real_facts(*given, **more), free=10**9)
    )


def ship_under_hold(patch: Patch) -> None:
    """The guard of shipping does not look at holds."""
    _without_hold(patch, {"ship", "ship_part"})


def allocate_under_hold(patch: Patch) -> None:
    """Neither the guard of the line nor that of its reservation looks at holds that block allocating."""
    _without_hold(patch, {"allocate"})
    real = reservations.facts
    patch.setattr(reservations, "facts", lambda *given, **more: replace(real(*given, **more), hold=None))


def _without_hold(patch: Patch, events: set[str]) -> None:
    real = OrderWork.line_facts

    def line_facts(self: Any, line_id: int, event: str, **more: Any) -> Any:
        facts = real(self, line_id, event, **more)
        return replace(facts, hold=None) if event in events else facts

    patch.setattr(OrderWork, "line_facts", line_facts)


def bill_under_hold(patch: Patch) -> None:
    """Billing does not look at holds."""
    patch.setattr(order_billing, "_may_bill", lambda work, line_id: None)
    _without_hold(patch, {"invoice"})


def sku_holds_unseen(patch: Patch) -> None:
    """Holds on a SKU reach no line."""
    patch.setattr(open_holds, "_by_line", lambda *given: {})


def held_lines_released(patch: Patch) -> None:
    """Releasing an order takes the lines along that have a hold of their own."""
    patch.setattr(fulfilment_steps, "_hold_on", lambda work, line_id: None)
    _without_hold(patch, {"release"})


def last_shipment_missed(patch: Patch) -> None:
    """A partly shipped order never becomes shipped."""
    steps = {k: v for k, v in order_rollup.STEPS.items() if k[0] is not OrderStage.PARTIALLY_SHIPPED}
    patch.setattr(order_rollup, "STEPS", steps)


def no_recall_after_short_pick(patch: Patch) -> None:
    """An order whose last line was reported short stays released."""
    steps = {k: v for k, v in order_rollup.STEPS.items() if k[1] is not OrderStage.CONFIRMED}
    patch.setattr(order_rollup, "STEPS", steps)


def holds_not_followed(patch: Patch) -> None:
    """An order that comes back from the warehouse does not meet the holds placed meanwhile."""
    patch.setattr(order_rollup, "follow_holds", lambda work: work.order.stage)


def wrong_side(patch: Patch) -> None:
    """What the customer cancels counts for us."""
    patch.setattr(line_steps, "COUNTERS", dict.fromkeys(line_steps.COUNTERS, "cancelled_supplier"))


def goods_issue_keeps_reservation(patch: Patch) -> None:
    """Goods leave the stock but stay reserved in it."""
    patch.setitem(stock_ledger.DELTAS, MovementType.GOODS_ISSUE, (-1, 0))


def amend_keeps_stock(patch: Patch) -> None:
    """A line that was cut keeps all of its stock."""
    real = order_entry.reservations.split

    def split(work: Any, held: Any, keep: int) -> Any:
        return real(work, held, 10**9)

    patch.setattr(order_entry.reservations, "split", split)


def audit_forgets_stages(patch: Patch) -> None:
    """Changes of a stage leave no audit row."""
    real = Journal.changed

    def changed(self: Journal, table: str, key: int, column: str | None, old: Any, new: Any) -> None:
        if column == "stage":
            self.touch(table, key, column)
        else:
            real(self, table, key, column, old, new)

    patch.setattr(Journal, "changed", changed)


def delivered_too_early(patch: Patch) -> None:
    """A line counts as delivered with its first shipment."""
    real = fulfilment._arrive

    def arrive(work: Any, line_id: int, arrived: int, day: Any, proof: bool) -> None:
        rest = work.qty(line_id).shipped - work.qty(line_id).delivered
        real(work, line_id, rest, day, proof)

    patch.setattr(fulfilment, "_arrive", arrive)


BUGS: dict[str, Callable[[Patch], None]] = {
    "no ledger row": no_ledger_row,
    "balance forgotten": balance_forgotten,
    "stock stays reserved on cancel": stock_stays_reserved,
    "reserve without a look": reserve_without_look,
    "ship under a hold": ship_under_hold,
    "allocate under a hold": allocate_under_hold,
    "bill under a hold": bill_under_hold,
    "holds on a SKU unseen": sku_holds_unseen,
    "held lines released": held_lines_released,
    "roll-up skips the last shipment": last_shipment_missed,
    "no recall after a short pick": no_recall_after_short_pick,
    "holds not followed": holds_not_followed,
    "cancelled by the wrong side": wrong_side,
    "goods issue keeps its reservation": goods_issue_keeps_reservation,
    "a cut line keeps its stock": amend_keeps_stock,
    "audit forgets stages": audit_forgets_stages,
    "delivered too early": delivered_too_early,
}


def _finds_it(template: Path, folder: Path, seed: int) -> bool:
    machine = seeded(seed)(lifecycle(template, folder))
    found = settings(
        max_examples=300,
        stateful_step_count=50,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(machine, settings=found)
    except AssertionError as found_it:
        print(
            f"  seed {seed}: {str(found_it).splitlines()[0][:150] if str(found_it) else 'product and model differ'}"
        )
        return True
    return False


def _catch(bug: str, template: Path, folder: Path, monkeypatch: Patch) -> list[int]:
    """Return the seeds on which the planted bug was found."""
    BUGS[bug](monkeypatch)
    caught = []
    for seed in SEEDS:
        place = folder / str(seed)
        place.mkdir()
        if _finds_it(template, place, seed):
            caught.append(seed)
    print(f"{bug}: caught on {caught} of {SEEDS}")
    return caught


@pytest.mark.parametrize("bug", QUICK)
def test_a_planted_bug_is_caught_on_every_seed(
    bug: str, sqlite_template: Path, tmp_path: Path, monkeypatch: Patch
) -> None:
    assert _catch(bug, sqlite_template, tmp_path, monkeypatch) == list(SEEDS)


@pytest.mark.long
@pytest.mark.parametrize("bug", sorted(set(BUGS) - set(QUICK)))
def test_each_other_planted_bug_is_caught_on_every_seed(
    bug: str, sqlite_template: Path, tmp_path: Path, monkeypatch: Patch
) -> None:
    assert _catch(bug, sqlite_template, tmp_path, monkeypatch) == list(SEEDS)
