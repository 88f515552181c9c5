"""One line is expedited: what is shown is what the run does, and nobody but those shown loses anything."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from db.read_scope import ReadScope
from db.unit_of_work import reading
from domain.services.allocating import committing, expediting, undoing
from domain.services.allocating.expediting import Weighed
from domain.services.ordering import stock
from domain.vocabulary.allocation import Pegging, Strategy
from domain.vocabulary.errors import Conflict, Denied, DomainError
from domain.vocabulary.statuses import Role
from tests.acting import NOON, do, person
from tests.people import sign_up
from tests.services.allocating.run_world import TODAY, Book, by, fill, redistribute, state


def weigh(book: Book, line_id: int, **more: Any) -> Weighed:
    with reading(book.engine) as uow:
        return expediting.weigh(uow=uow, now=NOON, line_id=line_id, **more)


def propose(book: Book, found: Weighed, **more: Any) -> int:
    way = found.best or found.free
    assert way is not None
    made = do(
        book.engine, expediting.propose, line_id=found.line_id, donor_ids=list(way.donor_ids), shown=way.shown,
        reason="the customer's line stands still", **more,
    )  # fmt: skip
    return int(made["run_id"])


def scarce(engine: Engine) -> tuple[Book, int, int, int, int]:
    """All stock is with lines of other tiers, a receipt comes later; one line of tier 3 waits for stock."""
    book = fill(engine, on_hand=30)
    day = TODAY + timedelta(days=5)
    (best,) = book.order(10, customer=book.customer(1), on=day)
    (good,) = book.order(10, customer=book.customer(3), on=day)
    (small,) = book.order(10, customer=book.customer(4), on=day)
    book.run(redistribute())
    book.receipt(20, TODAY + timedelta(days=20))
    (waits,) = book.order(10, customer=book.customer(3), on=day)
    return book, best, good, small, waits


def test_the_cheapest_line_gives_and_the_run_shows_exactly_that(engine: Engine) -> None:
    book, best, good, small, waits = scarce(engine)
    found = weigh(book, waits)
    assert (found.now.in_all, found.now.arrives_on) == (0, None)
    assert found.free is not None and found.free.in_time == 0 and found.free.in_all == 10, (
        "it waits for the receipt"
    )
    assert found.best is not None and found.best.in_time == 10 and found.proven and found.possible == 3
    (given,) = found.best.donors
    assert given.line_id == small and given.units == 10 and given.tier == 4 and not found.best.guarded
    assert given.value == Decimal(100) and found.best.value == Decimal(100)
    assert given.slip is not None and given.slip > 10 and given.late_before == 0
    assert given.late_after is not None and given.late_after > 10 and not given.passed

    run_id = propose(book, found)
    rows = book.rows(
        "select line_id, old_qty, new_qty from bop_result where run_id = :r order by 1", r=run_id
    )
    assert rows == [(small, 10_000, 10_000), (waits, 0, 10_000)]
    told = book.rows("select status, trigger, title, reason from bop_run where run_id = :r", r=run_id)[0]
    assert told[:2] == ("PROPOSED", "EXPEDITE") and told[2].startswith("Expedite ")
    promised = dict(book.rows("select line_id, new_promised_on from bop_result where run_id = :r", r=run_id))
    assert promised[small] == (given.gets_on - TODAY).days + _day(TODAY)  # type: ignore[operator]

    before = state(book)
    assert book.commit(run_id)["outcome"] == "COMMITTED"
    assert book.line(waits, "qty_allocated", "stage") == (10_000, "ALLOCATED")
    assert book.line(small, "qty_allocated", "qty_confirmed") == (0, 10_000)
    after = state(book)
    others = [[row for row in side["line"] if row[0] in (best, good)] for side in (before, after)]
    assert others[0] == others[1], "nobody else is touched"
    assert book.rows("select distinct cause from date_change where run_id = :r and line_id = :k", r=run_id, k=small) == [
        ("EXPEDITE",)
    ]  # fmt: skip
    assert book.drift() == []
    do(engine, undoing.undo, run_id=run_id, reason="not needed any more")
    assert state(book) == before
    assert book.drift() == []


def _day(day: Any) -> int:
    from domain.vocabulary.units import to_day

    return to_day(day)


def test_who_is_spared_does_not_give_and_taking_from_the_best_asks_for_an_approval(engine: Engine) -> None:
    book, best, good, small, waits = scarce(engine)
    second = weigh(book, waits, spare=(small,))
    assert second.best is not None and second.best.donor_ids == (good,) and second.possible == 2
    third = weigh(book, waits, spare=(small, good))
    assert third.best is not None and third.best.donor_ids == (best,) and third.best.guarded
    none = weigh(book, waits, spare=(small, good, best))
    assert none.best is None and none.possible == 0 and none.free is not None
    sign_up(engine, "lea", Role.LEAD)
    assert book.commit(propose(book, third))["outcome"] == "REQUESTED"
    assert book.commit(propose(book, none))["outcome"] == "COMMITTED"
    assert book.line(waits, "qty_confirmed", "qty_allocated") == (10_000, 0)


def test_a_line_lends_what_it_needs_only_later_and_loses_nothing(engine: Engine) -> None:
    book = fill(engine, on_hand=10)
    book.receipt(10, TODAY + timedelta(days=9))
    (later,) = book.order(10, on=TODAY + timedelta(days=30))
    book.run(redistribute())
    (now,) = book.order(10, on=TODAY + timedelta(days=4))
    found = weigh(book, now)
    assert found.best is not None and found.best.in_time == 10 and found.best.donor_ids == (later,)
    (given,) = found.best.donors
    assert (given.units, given.slip, given.late_after) == (0, 0, 0) and found.best.value == 0
    run_id = propose(book, found)
    book.commit(run_id)
    assert book.line(now, "qty_allocated") == (10_000,) and book.line(later, "qty_confirmed") == (10_000,)
    assert book.drift() == []


def test_where_the_day_is_lost_the_first_day_is_tried_for(engine: Engine) -> None:
    book = fill(engine, on_hand=0)
    book.receipt(10, TODAY + timedelta(days=10))
    book.receipt(10, TODAY + timedelta(days=40))
    (has,) = book.order(10, customer=book.customer(4), on=TODAY + timedelta(days=15))
    book.run(redistribute())
    (waits,) = book.order(10, customer=book.customer(2), on=TODAY + timedelta(days=3))
    found = weigh(book, waits)
    assert found.free is not None and found.free.arrives_on is not None
    assert found.best is not None and found.best.donor_ids == (has,) and found.best.in_time == 0
    assert found.best.arrives_on is not None and found.best.arrives_on < found.free.arrives_on


def test_a_book_that_changed_is_refused_when_proposed_and_when_committed(engine: Engine) -> None:
    book, _, _, small, waits = scarce(engine)
    found = weigh(book, waits)
    run_id = propose(book, found)
    (key,) = book.rows("select reservation_id from reservation where line_id = :k", k=small)[0]
    do(engine, stock.pin, reservation_ids=[key], reason="promised by hand")
    with pytest.raises(Conflict) as changed:
        propose(book, found)
    assert changed.value.code == "expedite.changed"
    with pytest.raises(Conflict) as stale:
        book.commit(run_id)
    assert stale.value.code == "run.stale"


def test_what_cannot_be_expedited_says_so(engine: Engine) -> None:
    _, best, *_ = scarce(engine)
    with pytest.raises(DomainError) as refused, reading(engine) as uow:
        expediting.weigh(uow=uow, now=NOON, line_id=999_999)
    assert refused.value.code == "expedite.not_open"
    with pytest.raises(DomainError) as limited, reading(engine, scope=ReadScope(frozenset({1}), None)) as uow:
        expediting.weigh(uow=uow, now=NOON, line_id=best)
    assert limited.value.code == "expedite.limited"


def test_who_may_only_ask_proposes_and_does_not_commit(engine: Engine) -> None:
    book, *_, waits = scarce(engine)
    desk = person("desk", Role.ASSOC)
    run_id = propose(book, weigh(book, waits), actor=desk)
    with pytest.raises(Denied):
        do(engine, committing.commit, actor=desk, run_id=run_id)
    with pytest.raises(Denied):
        propose(book, weigh(book, waits), actor=person("store", Role.WHSE))


def test_a_run_that_changes_nothing_moves_no_peg(engine: Engine) -> None:
    book = fill(engine, on_hand=10)
    day = TODAY + timedelta(days=20)
    (first,) = book.order(10, customer=book.customer(4), on=day)
    book.run(redistribute())
    book.receipt(10, TODAY + timedelta(days=8))
    held = "select reservation_id, supply_id, confirmed_on from reservation where line_id = :k and status = 'SOFT'"
    had = book.rows(held, k=first)
    (second,) = book.order(10, customer=book.customer(1), on=day)
    book.run(by(Strategy.GAIN))
    assert book.rows(held, k=first) == had, "the better rank does not take the stock that it needs only later"
    before = state(book)
    assert [row[1] for row in before["reservation"]] == [first, second]
    run_id = book.simulate(redistribute())
    kept = "select line_id, supply_id, day, qty from bop_plan_row where run_id = :r and is_new = :n order by 1, 2, 3"
    new, old = (book.rows(kept, r=run_id, n=flag) for flag in (True, False))
    assert new == old and len(new) == 2
    assert not any(row[0] for row in book.rows("select changes from bop_result where run_id = :r", r=run_id))
    book.commit(run_id)
    assert state(book) == before


@pytest.mark.parametrize(("pegging", "taken"), [(Pegging.EARLIEST, 0), (Pegging.CLOSEST, 1)])
def test_a_variant_says_which_supply_is_drawn_on(engine: Engine, pegging: Pegging, taken: int) -> None:
    book = fill(engine, on_hand=10)
    day = TODAY + timedelta(days=20)
    receipts = [book.receipt(10, TODAY + timedelta(days=n)) for n in (6, 8)]
    (stock_key,) = book.rows("select supply_id from supply where status = 'AVAILABLE'")[0]
    (line,) = book.order(10, on=day)
    book.run(redistribute(pegging=pegging))
    found = book.rows("select supply_id from reservation where line_id = :k and status = 'SOFT'", k=line)
    assert found == [((stock_key, receipts[1])[taken],)]
