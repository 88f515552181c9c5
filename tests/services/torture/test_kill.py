"""kill -9 at every statement of a command, at statements of an import, and at random times: all or nothing, each once."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from db.engine import create_engine
from tests.services.torture.killing import Judge, Victims
from tests.small_book import fill

SEED = 20260615
LONG = [pytest.param(200, marks=pytest.mark.long)]


@pytest.fixture
def judge(database_url: str, work: str) -> Judge:
    """A judge over a database with a small book."""
    engine = create_engine(database_url, bulk=True)
    fill(engine, orders=10)
    engine.dispose()
    return Judge(database_url, work)


@pytest.fixture
def victims(judge: Judge) -> Iterator[Victims]:
    """A process that forks victims over the judge's database."""
    made = Victims(judge.url, judge.work)
    yield made
    made.close()


def _kill_at(judge: Judge, victims: Victims, statements: list[int], number: int) -> None:
    before = judge.counts()
    for statement in statements:
        victims.kill_before(number, statement)
        before = judge.after_death(number, before)
        number += 1


@pytest.mark.parametrize("work", ["block"])
def test_at_every_statement_of_a_command(judge: Judge, victims: Victims) -> None:
    total = victims.statements_of(1)
    assert total > 12
    _kill_at(judge, victims, list(range(1, total + 2)), 2)
    assert judge.deaths == total + 1 and judge.survived == 1, "only the death after the commit leaves it done"


@pytest.mark.parametrize("work", ["file"])
@pytest.mark.parametrize("points", [8, *LONG])
def test_at_statements_of_an_import(judge: Judge, victims: Victims, points: int) -> None:
    total = victims.statements_of(1)
    assert total > 20
    chosen = sorted({*range(1, total + 1, max(1, total // points)), total, total + 1})
    _kill_at(judge, victims, chosen, 2)
    assert judge.survived == 1


@pytest.mark.parametrize(("work", "longest"), [("block", 0.1), ("file", 0.4)])
@pytest.mark.parametrize("points", [13, *LONG])
def test_at_random_times(judge: Judge, victims: Victims, longest: float, points: int) -> None:
    chance, number = random.Random(SEED), 1
    for _ in range(points):
        last = victims.kill_sometime(number, chance, longest)
        before = judge.counts()
        if judge.is_done(last):
            before["command"] -= 1
        judge.after_death(last, before)
        number = last + 1
    assert judge.deaths == points
    assert judge.survived < points, "some must have died in the middle"
