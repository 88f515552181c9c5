"""Orders, stock and holds against a model in plain Python, any steps in any order (reliability.md 5, test 3).

One database and one transaction per example, rolled back at its end; each command runs in a savepoint of its own, as
it would in a transaction. After every step the product and the model say the same, and the invariants hold.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import seed as seeded
from hypothesis.stateful import run_state_machine_as_test

from tests.lifecycle_course import lifecycle

SEED = int(os.environ.get("LIFECYCLE_SEED", "20260615"))


def _run(template: Path, folder: Path, *, examples: int, steps: int, seed: int) -> None:
    """Run the machine with a printed seed; the first step that fails shows how it came to it."""
    print(f"LIFECYCLE_SEED={seed} ({examples} examples of {steps} steps)")
    machine = lifecycle(template, folder)
    found = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=False,
        print_blob=True,
        verbosity=Verbosity.normal,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seeded(seed)(machine), settings=found)


def test_the_product_does_what_the_model_says(sqlite_template: Path, tmp_path: Path) -> None:
    _run(sqlite_template, tmp_path, examples=300, steps=50, seed=SEED)


@pytest.mark.long
def test_the_product_does_what_the_model_says_for_long(sqlite_template: Path, tmp_path: Path) -> None:
    _run(sqlite_template, tmp_path, examples=5_000, steps=100, seed=SEED)
