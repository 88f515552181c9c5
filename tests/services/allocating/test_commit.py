"""A run is committed exactly as shown; what changed since is refused and listed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import Engine

from db.unit_of_work import reading
from domain.services.allocating import publishing, replaying, runs
from domain.services.approving import approvals
from domain.services.ordering import stock
from domain.vocabulary.actor import Actor
from domain.vocabulary.allocation import Strategy
from domain.vocabulary.errors import Conflict, Denied, DomainError
from domain.vocabulary.run_variants import LineSelection
from domain.vocabulary.statuses import HoldScope, HoldType, Role
from tests.acting import do, person
from tests.people import sign_up
from tests.services.allocating.run_world import TODAY, Book, by, fill, redistribute, scope, state
from tests.stock_checks import oversold, problems


def settled(book: Book) -> None:
    with book.engine.connect() as connection:
        assert problems(connection) == []
    assert book.drift() == []


def test_what_was_simulated_is_what_is_committed_byte_for_byte(engine: Engine) -> None:
    book = fill(engine, on_hand=15)
    book.receipt(8, TODAY + timedelta(days=20))
    for qty in (6, 7, 5, 9):
        book.order(qty)
    run_id = book.simulate(redistribute())
    shown = book.rows(
        "select line_id, supply_id, day, qty from bop_plan_row where run_id = :r and is_new order by 1, 2, 3, 4", r=run_id
    )  # fmt: skip
    before = state(book)
    assert before["reservation"] == [], "a simulation writes nothing but itself"
    assert book.commit(run_id)["outcome"] == "COMMITTED"
    made = book.rows(
        "select line_id, supply_id, confirmed_on, qty from reservation where status = 'SOFT' order by 1, 2, 3, 4"
    )
    assert made == shown and len(made) >= 4
    results = book.rows(
        "select line_id, new_qty, status from bop_result where run_id = :r order by 1", r=run_id
    )
    lines = book.rows("select line_id, qty_confirmed from sales_order_line order by 1")
    assert [(key, qty) for key, qty, _ in results] == lines
    assert {status for _, _, status in results} == {"COMMITTED"}
    assert book.drift() == []


def test_the_plan_is_the_same_from_the_snapshot_and_by_the_plain_twin(engine: Engine) -> None:
    book = fill(engine, on_hand=15)
    for qty in (6, 7, 5):
        book.order(qty)
    run_id = book.run(redistribute())
    with reading(engine) as uow:
        assert replaying.replay(uow=uow, run_id=run_id)["same"]
        assert replaying.replay(uow=uow, run_id=run_id, engine="python")["same"]
        kept = publishing.load(uow, run_id)
    assert kept.decision.after.qty.sum() == 15_000
    again = publishing.make(kept.seen)
    for name in ("line", "site", "supply", "day", "qty"):
        assert np.array_equal(getattr(again.decision.after, name), getattr(kept.decision.after, name))


def test_a_line_that_changed_since_is_refused_and_listed_and_the_rest_can_go(engine: Engine) -> None:
    book = fill(engine, on_hand=30)
    (first,), (second,) = book.order(10), book.order(10)
    run_id = book.simulate(redistribute())
    do(engine, _confirm(), line_id=first, qty=Decimal(3), promised_on=TODAY + timedelta(days=30))
    before = state(book)
    with pytest.raises(Conflict) as refused:
        book.commit(run_id)
    assert refused.value.code == "run.stale"
    assert [(row["line_id"], row["why"]) for row in refused.value.data["rows"]] == [
        (first, "it was changed since the run")
    ]
    assert state(book) == before
    done = book.commit(run_id, stale="leave_out")
    assert [row["line_id"] for row in done["stale"]] == [first]
    assert book.line(second, "qty_allocated", "stage") == (10_000, "ALLOCATED")
    assert book.line(first, "qty_confirmed") == (3_000,)
    assert book.rows("select status from bop_result where run_id = :r order by line_id", r=run_id) == [
        ("STALE",), ("COMMITTED",)
    ]  # fmt: skip
    settled(book)


def _confirm() -> object:
    from domain.services.ordering import order_lines

    return order_lines.confirm


def test_stock_taken_in_between_lets_the_worst_rank_drop_out(engine: Engine) -> None:
    book = fill(engine, on_hand=20)
    (best,), (worst,) = book.order(10, customer=book.customer(1)), book.order(10, customer=book.customer(4))
    (other,) = book.order(5)
    run_id = book.simulate(redistribute(), scope=scope(best, worst))
    do(engine, _confirm(), line_id=other, qty=Decimal(5), promised_on=TODAY + timedelta(days=5))
    do(engine, stock.allocate, order_id=book.line(other, "order_id")[0])
    with pytest.raises(Conflict) as refused:
        book.commit(run_id)
    assert [row["line_id"] for row in refused.value.data["rows"]] == [worst]
    book.commit(run_id, stale="leave_out")
    assert book.line(best, "qty_allocated") == (10_000,)
    settled(book)


def test_a_supply_that_slipped_since_is_refused(engine: Engine) -> None:
    book = fill(engine, on_hand=0)
    receipt = book.receipt(10, TODAY + timedelta(days=9))
    (line,) = book.order(10)
    run_id = book.simulate(redistribute())
    book.slip(receipt, TODAY + timedelta(days=40))
    with pytest.raises(Conflict) as refused:
        book.commit(run_id)
    assert refused.value.data["rows"][0]["line_id"] == line
    assert "later than shown" in refused.value.data["rows"][0]["why"]


def test_a_hold_placed_since_is_refused(engine: Engine) -> None:
    from domain.services.holding import holds

    book = fill(engine, on_hand=10)
    (line,) = book.order(10)
    run_id = book.simulate(redistribute())
    do(
        engine,
        holds.place,
        scope=HoldScope.LINE,
        scope_ids=[line],
        types=[HoldType.QUALITY],
        reason="check it",
    )
    with pytest.raises(Conflict) as refused:
        book.commit(run_id)
    assert refused.value.data["rows"][0]["why"] in (
        "a hold blocks allocating",
        "it was changed since the run",
    )
    assert book.line(line, "qty_allocated")[0] in (0, None)


def test_lines_left_out_stay_and_those_that_needed_their_stock_follow(engine: Engine) -> None:
    book = fill(engine, on_hand=10)
    (poor,) = book.order(10, customer=book.customer(4))
    book.run(redistribute())
    assert book.line(poor, "qty_allocated") == (10_000,)
    (rich,) = book.order(10, customer=book.customer(3))
    run_id = book.simulate(redistribute())
    before = state(book)
    with pytest.raises(DomainError) as refused:
        book.commit(run_id, leave_out=[poor], stale="leave_out")
    assert refused.value.code == "run.nothing_left"
    assert state(book) == before
    assert book.commit(run_id)["outcome"] == "COMMITTED"
    assert book.line(rich, "qty_allocated") == (10_000,)
    assert book.line(poor, "qty_confirmed", "stage", "backorder_reason") == (0, "BACKORDERED", "NO_STOCK")
    settled(book)


def test_promises_follow_the_rules_and_the_first_one_never_moves(engine: Engine) -> None:
    book = fill(engine, on_hand=0)
    receipt = book.receipt(10, TODAY + timedelta(days=9))
    (line,) = book.order(10, on=TODAY + timedelta(days=10))
    book.run(redistribute())
    first = book.line(line, "promised_on", "promised_on_first", "expected_on", "stage", "backorder_reason")
    assert first[0] == first[1] == first[2] and first[3] == "CONFIRMED"
    book.slip(receipt, TODAY + timedelta(days=30))
    book.run(by(Strategy.IMPROVE))
    told = book.line(line, "promised_on", "promised_on_first", "expected_on", "backorder_reason")
    assert told[0] == told[2] > first[0] and told[1] == first[1] and told[3] == "SUPPLY_LATE"
    causes = book.rows(
        "select cause, old, new from date_change where field = 'promised_on' order by date_change_id"
    )
    assert causes == [("FIRST_PROMISE", None, first[0]), ("RUN", first[0], told[0])]
    book.slip(receipt, TODAY + timedelta(days=29))
    book.run(by(Strategy.IMPROVE))
    assert book.line(line, "promised_on") == (told[0],), "a day earlier is not worth a change"
    assert book.drift() == []


def test_one_message_per_customer_not_per_line(engine: Engine) -> None:
    book = fill(engine, on_hand=100)
    one, other = book.customer(3), book.customer(3)
    for _ in range(3):
        book.order(2, customer=one)
    book.order(2, customer=other)
    book.run(redistribute())
    told = book.rows("select payload from outbox_message where topic = 'promise.changed'")
    assert len(told) == 2


def test_a_loss_of_a_tier_one_line_waits_for_approval_and_is_committed_by_it(engine: Engine) -> None:
    lea, mia = sign_up(engine, "lea", Role.LEAD), sign_up(engine, "mia", Role.LEAD)
    book = fill(engine, on_hand=10)
    top, other = book.customer(1), book.customer(3)
    (guarded,) = book.order(10, customer=top, on=TODAY + timedelta(days=12))
    book.run(redistribute())
    (wins,) = book.order(10, customer=other)
    variant = by(Strategy.LOSE)
    run_id = book.simulate(variant, scope=scope(guarded))
    answer = book.commit(run_id, actor=lea, reason="agreed with the customer")
    assert answer["outcome"] == "REQUESTED"
    assert book.line(guarded, "qty_allocated") == (10_000,)
    version = book.rows("select row_version from approval where approval_id = :a", a=answer["approval_id"])[
        0
    ][0]
    with pytest.raises(Denied):
        do(engine, approvals.approve, actor=lea, approval_id=answer["approval_id"], row_version=version)
    do(engine, approvals.approve, actor=mia, approval_id=answer["approval_id"], row_version=version)
    assert book.line(guarded, "qty_confirmed", "stage") == (0, "BACKORDERED")
    assert book.rows("select status from bop_run where run_id = :r", r=run_id) == [("APPLIED",)]
    assert wins
    settled(book)


def test_violations_stop_a_run_unless_it_does_its_best(engine: Engine) -> None:
    from domain.vocabulary.run_variants import Segment, VariantSpec

    book = fill(engine, on_hand=5)
    (line,) = book.order(10)
    win = VariantSpec(segments=(Segment(name="all", strategy=Strategy.WIN),))
    with pytest.raises(DomainError) as refused:
        book.commit(book.simulate(win))
    assert refused.value.code == "run.violations"
    assert refused.value.data["violations"] == [{"line_id": line, "code": "BOP-WIN"}]
    book.run(by(Strategy.WIN))
    assert book.line(line, "qty_confirmed") == (5_000,)


def test_a_run_is_committed_once(engine: Engine) -> None:
    book = fill(engine, on_hand=5)
    book.order(5)
    run_id = book.run(redistribute())
    with pytest.raises(DomainError) as refused:
        book.commit(run_id)
    assert refused.value.code == "run.status"
    put_aside = book.simulate(redistribute())
    do(engine, runs.reject, run_id=put_aside, reason="not today")
    with pytest.raises(DomainError):
        book.commit(put_aside)


def test_who_is_limited_to_sites_runs_there_only(engine: Engine) -> None:
    book = fill(engine, on_hand=5)
    (line,) = book.order(5)
    here = person("here", Role.LEAD, sites=frozenset({book.world.site_id}))
    there = Actor("there", frozenset({Role.LEAD}), sites=frozenset({book.world.site_id + 1}))
    assert do(engine, runs.simulate, actor=here, variant=redistribute())["lines"] == 1
    assert do(engine, runs.simulate, actor=there, variant=redistribute())["lines"] == 0
    with pytest.raises(Denied):
        do(
            engine,
            runs.simulate,
            actor=there,
            variant=redistribute(),
            scope=LineSelection(site_ids=(book.world.site_id,)),
        )
    assert line


def test_an_override_is_kept_and_its_effect_on_others_is_told(engine: Engine) -> None:
    book = fill(engine, on_hand=10)
    (first,), (second,) = book.order(10, customer=book.customer(3)), book.order(10, customer=book.customer(4))
    run_id = book.simulate(redistribute())
    part = runs.Part(TODAY + timedelta(days=1), Decimal(6))
    told = do(
        engine,
        runs.override,
        run_id=run_id,
        line_id=second,
        pattern=[part],
        reason="the customer waits at the door",
    )
    assert told["computed"] == [] and [row["qty"] for row in told["override"]] == ["6"]
    assert [(row["line_id"], row["first"]["qty"], row["second"]["qty"]) for row in told["others"]] == [
        (first, "10", "4")
    ]
    much = runs.Part(TODAY, Decimal(11))
    with pytest.raises(DomainError) as refused:
        do(engine, runs.override, run_id=run_id, line_id=second, pattern=[much], reason="more")
    assert refused.value.code == "run.override"
    with reading(engine) as uow:
        assert replaying.replay(uow=uow, run_id=told["run_id"])["same"]
        compared = runs.compare(uow=uow, first=run_id, second=told["run_id"])
    assert compared["same_snapshot"] and len(compared["differences"]) == 2
    book.commit(told["run_id"])
    assert book.line(second, "qty_allocated") == (6_000,) and book.line(first, "qty_allocated") == (4_000,)
    settled(book)


def test_a_failure_in_the_middle_of_a_commit_leaves_nothing_behind(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from domain.services.allocating import commit_writing

    book = fill(engine, on_hand=10)
    book.order(6)
    run_id = book.simulate(redistribute())
    before = state(book)

    def broken(*_given: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(commit_writing, "_dates", broken)
    with pytest.raises(RuntimeError):
        book.commit(run_id)
    assert state(book) == before and book.drift() == []
    monkeypatch.undo()
    assert book.commit(run_id)["outcome"] == "COMMITTED"
    with engine.connect() as connection:
        assert oversold(connection) == 0


def test_a_run_that_changes_nothing_is_committed_and_taken_back_without_a_word(engine: Engine) -> None:
    book = fill(engine, on_hand=10)
    book.order(5)
    book.run(redistribute())
    before = state(book)
    run_id = book.simulate(redistribute())
    done = book.commit(run_id)
    assert done["outcome"] == "COMMITTED" and done["changed"] == 0
    assert state(book) == before
    empty = fill_nothing(book)
    assert book.commit(empty)["changed"] == 0
    settled(book)


def fill_nothing(book: Book) -> int:
    """Return a run of no line at all."""
    return book.simulate(redistribute(), scope=scope(999_999))


@pytest.mark.parametrize(
    ("days", "limit", "kind"), [(1, None, "PROMISE_OVERRIDE"), (30, 50, "ALLOCATION"), (30, 100, None)]
)
def test_what_waits_for_an_approval(engine: Engine, days: int, limit: int | None, kind: str | None) -> None:
    """A line whose ship day is near, or more value taken back than the rules allow; ten pieces at 10 are not above 100."""
    sign_up(engine, "lea", Role.LEAD)
    book = fill(engine, on_hand=10)
    book.receipt(10, TODAY + timedelta(days=40))
    (line,) = book.order(10, customer=book.customer(4), on=TODAY + timedelta(days=days))
    book.run(redistribute())
    done = book.commit(
        book.simulate(by(Strategy.LOSE, approval_retracted_above=limit)), reason="needed elsewhere"
    )
    asked = book.rows("select type, status from approval")
    if kind is None:
        assert done["outcome"] == "COMMITTED" and asked == []
        assert book.line(line, "qty_confirmed") == (0,)
    else:
        assert done["outcome"] == "REQUESTED" and asked == [(kind, "PENDING")]
        assert book.line(line, "qty_confirmed") == (10_000,)
