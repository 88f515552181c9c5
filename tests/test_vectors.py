"""Every shared vector file passes, and its sections are all either run or named as not run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.allocation_vectors import cases, runs
from tests.state_machine_vectors import MODULES
from tests.vectors import NOT_YET, RUNNERS, NotYet, Runner, main

DATA_OF_OTHERS = {"period", "as_of", "columns", "note"}
RUN_SECTIONS = {
    "kpi_vectors.json": {"otif", "otif_rows_requested", "fill_first_pass", "aging", "promise_stability"},
    "state_machines.json": set(MODULES),
    "alloc_vectors.json": {"buckets", "supply", "lines", "runs", "pal_quota", "atp_table"},
    "alloc_random.json": {"cases"},
    "misc_vectors.json": {"safety_stock", "safety_stock_fill_rate"},
}


@pytest.mark.parametrize("runner", RUNNERS, ids=[runner.file for runner in RUNNERS])
def test_vectors_pass(runner: Runner, shared_dir: Path) -> None:
    cases = list(runner.run(shared_dir / "vectors" / runner.file))
    assert cases
    assert [(name, problem) for name, problem in cases if problem] == []


@pytest.mark.parametrize("runner", RUNNERS, ids=[runner.file for runner in RUNNERS])
def test_every_section_is_run_or_named(runner: Runner, shared_dir: Path) -> None:
    sections = set(json.loads((shared_dir / "vectors" / runner.file).read_text(encoding="utf-8")))
    named = RUN_SECTIONS[runner.file] | set(runner.not_run)
    assert sections - DATA_OF_OTHERS == named - DATA_OF_OTHERS


@pytest.mark.parametrize("engine", ["numba", "python"])
def test_both_engines_pass_the_allocation_vectors(engine: str, shared_dir: Path) -> None:
    for file, run in (("alloc_vectors.json", runs), ("alloc_random.json", cases)):
        told = json.loads((shared_dir / "vectors" / file).read_text(encoding="utf-8"))
        assert [(name, wanted, got) for name, wanted, got in run(told, engine) if wanted != got] == []


def test_files_are_known_by_their_content(
    shared_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failing case of a file of another name is printed with file, case, expected and got."""
    told = json.loads((shared_dir / "vectors" / "alloc_random.json").read_text(encoding="utf-8"))
    told["cases"] = told["cases"][:1]
    conf = told["cases"][0]["expected"]["conf"]
    line = next(name for name, buckets in conf.items() if sum(buckets))
    conf[line] = [9_999] * len(conf[line])
    (tmp_path / "some_other_name.json").write_text(json.dumps(told), encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert f"some_other_name.json, {told['cases'][0]['id']} conf: expected" in said
    assert said.splitlines()[-1] == "1 passed, 1 failed, 0 skipped"


@pytest.mark.parametrize("waits", NOT_YET, ids=[waits.file for waits in NOT_YET])
def test_what_cannot_be_run_is_known_and_named(waits: NotYet, shared_dir: Path) -> None:
    told = json.loads((shared_dir / "vectors" / waits.file).read_text(encoding="utf-8"))
    assert [each.file for each in NOT_YET if each.knows(told)] == [waits.file]
    assert not [runner.file for runner in RUNNERS if runner.knows(told)]
