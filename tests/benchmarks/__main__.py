"""`python -m tests.benchmarks [--only NAME] [--lines N]`: one JSON line per measure; exit 1 when a target is missed.

A benchmark is a module `bench_<name>.py` in this folder with `measures(lines) -> Iterator[Measure]`. The variables
BENCH and LINES say the same as the options, which win. Standard output holds measures only.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

PREFIX = "bench_"
DEFAULT_LINES = "100000"


def names() -> list[str]:
    """Return the names of all benchmarks in this folder."""
    return sorted(path.stem.removeprefix(PREFIX) for path in Path(__file__).parent.glob(f"{PREFIX}*.py"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen benchmarks and print their measures."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure against baselines timed in the same run; one JSON line per measure.",
        epilog="Exit codes: 0 all targets met, 1 a target missed, 2 usage.",
    )
    parser.add_argument(
        "--only",
        metavar="NAME",
        default=os.environ.get("BENCH", ""),
        help=f"one of: {', '.join(names())}; default all",
    )
    parser.add_argument(
        "--lines",
        default=os.environ.get("LINES") or DEFAULT_LINES,
        help=f"order lines of the book, {DEFAULT_LINES}",
    )
    options = parser.parse_args(arguments)
    chosen = names() if not options.only else [options.only]
    if unknown := [name for name in chosen if name not in names()]:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are: {', '.join(names())}")
    text = options.lines.replace("_", "")
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        parser.error(f"--lines {options.lines}: give a whole number of lines, at least 1")
    met = True
    for name in chosen:
        module = importlib.import_module(f"tests.benchmarks.{PREFIX}{name}")
        for measure in module.measures(int(text)):
            print(measure.to_json(), flush=True)
            met &= measure.ok
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
