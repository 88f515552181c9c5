"""The frame of the benchmarks: what it prints, how it times, and what it answers to a wrong name."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.benchmarks import __main__ as frame
from tests.benchmarks import bench_read
from tests.benchmarks.measure import Measure, interleaved

FIELDS = [
    "measure",
    "seconds",
    "baseline",
    "baseline_seconds",
    "ratio",
    "target",
    "ok",
    "lines",
    "engine",
    "load",
]


def _measure(seconds: float, lines: int = 10) -> Measure:
    return Measure("m", seconds, "something plain", 2.0, 0.5, lines)


def test_a_measure_is_one_line_of_json_with_the_agreed_fields() -> None:
    line = _measure(0.5).to_json()
    told = json.loads(line)
    assert "\n" not in line
    assert list(told) == FIELDS
    assert (told["ratio"], told["ok"]) == (0.25, True)
    assert told["engine"] in ("python", "numba")


@pytest.mark.parametrize(("seconds", "met"), [(1.0, True), (1.01, False)])
def test_a_target_is_met_up_to_the_ratio_itself(seconds: float, met: bool) -> None:
    assert _measure(seconds).ok is met


def test_both_sides_run_in_turn_and_each_gives_its_median() -> None:
    order: list[str] = []
    ours, bare = iter((5.0, 1.0, 3.0)), iter((9.0, 7.0, 8.0))

    def one() -> float:
        order.append("ours")
        return next(ours)

    def other() -> float:
        order.append("bare")
        return next(bare)

    assert interleaved(one, other, rounds=3) == (3.0, 8.0)
    assert order == ["ours", "bare", "bare", "ours", "ours", "bare"]


def test_a_side_that_states_no_time_is_timed() -> None:
    seconds, baseline = interleaved(lambda: None, lambda: 1.0, rounds=1)
    assert 0 <= seconds < 1.0 == baseline


def test_lines_and_name_come_from_options_or_variables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measures(lines: int) -> Iterator[Measure]:
        yield _measure(0.5, lines)

    monkeypatch.setattr(bench_read, "measures", measures)
    monkeypatch.setenv("BENCH", "read")
    monkeypatch.setenv("LINES", "1_000")
    assert frame.main([]) == 0
    assert frame.main(["--only", "read", "--lines", "7"]) == 0
    told = [json.loads(line)["lines"] for line in capsys.readouterr().out.splitlines()]
    assert told == [1_000, 7]


def test_a_missed_target_ends_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_read, "measures", lambda lines: iter([_measure(5.0, lines)]))
    assert frame.main(["--only", "read"]) == 1


@pytest.mark.parametrize(
    "arguments", [["--only", "nope"], ["--lines", "0"], ["--lines", "many"], ["--lines", "-5"]]
)
def test_wrong_usage_is_said_and_ends_with_two(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        frame.main(arguments)
    assert ended.value.code == 2
    assert arguments[1] in capsys.readouterr().err


def test_the_benchmarks_of_the_book_are_there() -> None:
    assert {"read", "scale"} <= set(frame.names())
