"""Every shared vector file passes, and its sections are all either run or named as not run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.state_machine_vectors import MODULES
from tests.vectors import RUNNERS, Runner

DATA_OF_OTHERS = {"period", "as_of", "columns"}
RUN_SECTIONS = {
    "kpi_vectors.json": {"otif", "otif_rows_requested", "fill_first_pass", "aging"},
    "state_machines.json": set(MODULES),
}


@pytest.mark.parametrize("runner", RUNNERS, ids=[runner.file for runner in RUNNERS])
def test_vectors_pass(runner: Runner, shared_dir: Path) -> None:
    cases = list(runner.run(shared_dir / "vectors"))
    assert cases
    assert [(name, problem) for name, problem in cases if problem] == []


@pytest.mark.parametrize("runner", RUNNERS, ids=[runner.file for runner in RUNNERS])
def test_every_section_is_run_or_named(runner: Runner, shared_dir: Path) -> None:
    sections = set(json.loads((shared_dir / "vectors" / runner.file).read_text(encoding="utf-8")))
    named = RUN_SECTIONS[runner.file] | set(runner.not_run)
    assert sections - DATA_OF_OTHERS == named - DATA_OF_OTHERS
