"""Commands that documents show exist, with the options that they are shown with."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import lru_cache

import pytest

from tests.architecture.sources import ROOT

SHOWN = re.compile(r"python -m (seed|domain) (\w[\w-]*)([^`\n]*)")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@lru_cache
def help_of(module: str, command: str) -> str:
    """Return what `--help` prints; empty when there is no such command."""
    done = subprocess.run(
        [sys.executable, "-m", module, command, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_shown_commands_exist(page: object) -> None:
    wrong = []
    for module, command, rest in SHOWN.findall(page.read_text("utf-8")):  # type: ignore[attr-defined]
        told = help_of(module, command)
        if not told:
            wrong.append(f"{module} {command}")
        wrong += [
            f"{module} {command} {option}" for option in re.findall(r"--[\w-]+", rest) if option not in told
        ]
    assert not wrong


def test_every_make_target_is_explained() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    assert set(targets) == {"help", "setup", "run", "test", "test-long", "bench", "check", "demo-reset"}
    missing = [name for name in targets if name not in {"help", "setup"} and f"`make {name}" not in readme]
    assert not missing
