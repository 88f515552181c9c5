"""The service tests run on both databases, or say why not (reliability.md 5.17)."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.sources import ROOT

BOTH = {"engine", "database_url", "demo_engine", "scms_engine", "empty_world", "book"}
"""Fixtures that run a test once per kind of database."""
FOLDERS = ("tests/services", "tests/queries")
EXCUSED = {
    "tests/services/concurrency/test_interleavings.py": "SQLite has one writer at a time: commands do not interleave",
    "tests/services/test_lifecycle_model.py": "thousands of steps on SQLite for speed; lifecycle/ and concurrency/ run both",
    "tests/services/test_planted_bugs.py": "bugs of rules and services that the lifecycle model must find",
}
"""Modules that one database is enough for, each with the reason."""


def modules() -> list[str]:
    """Return every test module of services and queries."""
    return sorted(
        str(path.relative_to(ROOT)) for folder in FOLDERS for path in (ROOT / folder).rglob("test_*.py")
    )


def fixtures_of(path: str) -> set[str]:
    """Return the fixtures that a module's tests and fixtures reach, through its own ones and those beside it."""
    trees = [ast.parse((ROOT / path).read_text("utf-8"))]
    trees += [ast.parse(found.read_text("utf-8")) for found in (ROOT / path).parent.glob("conftest.py")]
    return {
        argument.arg
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (node.name.startswith("test_") or _is_fixture(node))
        for argument in (*node.args.args, *node.args.kwonlyargs)
    }


def _is_fixture(node: ast.FunctionDef) -> bool:
    return any("fixture" in ast.unparse(mark) for mark in node.decorator_list)


@pytest.mark.parametrize("path", modules())
def test_a_service_test_runs_on_both_databases_or_says_why_not(path: str) -> None:
    both = bool(fixtures_of(path) & BOTH)
    if path in EXCUSED:
        assert not both, "it needs no excuse any more"
    else:
        assert both, f"{path} takes none of {sorted(BOTH)}, and EXCUSED does not say why"


def test_no_excuse_outlives_its_module() -> None:
    assert set(EXCUSED) <= set(modules())


def test_the_shared_fixtures_have_both_kinds() -> None:
    text = (ROOT / "tests" / "conftest.py").read_text("utf-8") + (ROOT / "tests" / "worlds.py").read_text(
        "utf-8"
    )
    assert text.count('"sqlite"') >= 2 and text.count('"postgresql"') >= 2
