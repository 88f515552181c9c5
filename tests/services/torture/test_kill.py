"""kill -9 at every statement of a command, at statements of an import, and at random times: all or nothing, each once."""

from __future__ import annotations

import random

import pytest

from db.engine import create_engine
from tests.services.torture.killing import Judge, counts, kill_before, kill_sometime, statements_of
from tests.small_book import fill

SEED = 20260615
LONG = [pytest.param(200, marks=pytest.mark.long)]


@pytest.fixture
def judge(database_url: str, request: pytest.FixtureRequest) -> Judge:
    """A judge over a database with a small book; the kind of work is the test's `work`."""
    engine = create_engine(database_url, bulk=True)
    fill(engine, orders=10)
    engine.dispose()
    return Judge(database_url, request.getfixturevalue("work"))


def _counts(judge: Judge) -> dict[str, int]:
    engine = create_engine(judge.url)
    found = counts(engine)
    engine.dispose()
    return found


def _kill_at(judge: Judge, statements: list[int], number: int) -> None:
    before = _counts(judge)
    for statement in statements:
        number += 1
        kill_before(judge.url, judge.work, number, statement)
        before = judge.after_death(number, before)


@pytest.mark.parametrize("work", ["block"])
def test_at_every_statement_of_a_command(judge: Judge, work: str) -> None:
    statements_of(judge.url, work, 1)
    total = statements_of(judge.url, work, 2)
    assert total > 12
    _kill_at(judge, list(range(1, total + 2)), 2)
    assert judge.deaths == total + 1 and judge.survived == 1, "only the death after the commit leaves it done"


@pytest.mark.parametrize("work", ["file"])
@pytest.mark.parametrize("points", [8, *LONG])
def test_at_statements_of_an_import(judge: Judge, work: str, points: int) -> None:
    statements_of(judge.url, work, 1)
    total = statements_of(judge.url, work, 2)
    assert total > 20
    step = max(1, total // points)
    chosen = sorted({*range(1, total + 1, step), total, total + 1})
    _kill_at(judge, chosen, 2)
    assert judge.survived == 1


@pytest.mark.parametrize(("work", "longest"), [("block", 0.12), ("file", 0.4)])
@pytest.mark.parametrize("points", [25, *LONG])
def test_at_random_times(judge: Judge, work: str, longest: float, points: int) -> None:
    chance = random.Random(SEED)
    number = 1
    for _ in range(points):
        last = kill_sometime(judge.url, work, number, chance, longest)
        before = _before(judge, last)
        judge.after_death(last, before)
        number = last + 1
    assert judge.deaths == points
    assert judge.survived < points, "some must have died in the middle"


def _before(judge: Judge, last: int) -> dict[str, int]:
    """Return the counts without command `last`: as they are when it was lost, else less what each command adds."""
    found = _counts(judge)
    engine = create_engine(judge.url)
    done = judge.is_done(engine, last)
    engine.dispose()
    return {**found, "command": found["command"] - 1} if done else found
