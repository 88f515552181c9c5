"""`python -m tests.benchmarks [--bench NAME] [--lines N]`: one JSON line per measure; exit 1 when a target is missed.

A benchmark is a module `bench_<name>.py` in this folder with `measures(lines) -> Iterator[Measure]`.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

PREFIX = "bench_"


def names() -> list[str]:
    """Return the names of all benchmarks in this folder."""
    return sorted(path.stem.removeprefix(PREFIX) for path in Path(__file__).parent.glob(f"{PREFIX}*.py"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen benchmarks and print their measures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure against baselines.")
    parser.add_argument("--bench", default="", help=f"one of: {', '.join(names())}; default all")
    parser.add_argument("--lines", type=int, default=100_000, help="order lines of the book (default 100000)")
    options = parser.parse_args(arguments)
    chosen = names() if not options.bench else [options.bench]
    if unknown := [name for name in chosen if name not in names()]:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(names())}")
    if options.lines < 1:
        parser.error(f"--lines {options.lines}: give at least one line")
    met = True
    for name in chosen:
        module = importlib.import_module(f"tests.benchmarks.{PREFIX}{name}")
        for measure in module.measures(options.lines):
            print(measure.to_json(), flush=True)
            met &= measure.ok
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
