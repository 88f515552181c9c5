"""Warming up leaves nothing to compile for the first run."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from domain.rules.allocation.allocating import allocate, empty_book
from domain.rules.allocation.book import NOBODY
from domain.rules.allocation.compiled import _kept_in, kernel, pegs
from domain.rules.allocation.pegging import peg
from domain.rules.allocation.warming import warm_up
from tests.rules.allocation.random_books import random_book


def test_the_first_run_finds_the_kernel_compiled() -> None:
    warm_up()
    known = list(kernel.run.signatures), list(kernel.gather.signatures), list(pegs.draw.signatures)
    assert all(known)
    none = np.zeros(0, dtype=np.int64)
    for seed in range(20):
        book = random_book(seed)
        old_supply = np.full(len(book.lines.old_day), NOBODY)
        peg(book, allocate(book, "numba"), none, none, none, old_supply)
    after = list(kernel.run.signatures), list(kernel.gather.signatures), list(pegs.draw.signatures)
    assert after == known


def test_a_book_without_lines_has_an_empty_plan() -> None:
    for engine in ("numba", "python"):
        plan = allocate(empty_book(), engine)
        assert plan.start.tolist() == [0]
        assert len(plan.qty) == 0


def test_compiled_code_is_kept_where_nobody_else_can_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the sources cannot be written to, a folder of one's own; a planted one that others can write to is not used."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda *_: False)
    own = _kept_in()
    assert own.parent == tmp_path
    assert own.stat().st_mode & 0o777 == 0o700
    assert _kept_in() == own
    own.chmod(0o777)
    other = _kept_in()
    assert other != own
    assert other.stat().st_mode & 0o777 == 0o700
