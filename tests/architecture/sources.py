"""The project's own Python files, parsed once."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("pages", "domain", "db", "seed")
GENERATED = ROOT / "db" / "migrations" / "versions"


@lru_cache(maxsize=1)
def modules() -> dict[str, ast.Module]:
    """Return every module of the product by path from the root."""
    files = [ROOT / "app.py", *(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8")) for path in sorted(files)}


def own_files() -> list[Path]:
    """Return every Python file, tests included, but for generated migrations."""
    found = [ROOT / "app.py", *(p for folder in (*CODE, "tests") for p in (ROOT / folder).rglob("*.py"))]
    return [path for path in found if GENERATED not in path.parents]


def calls(tree: ast.AST) -> list[ast.Call]:
    """Return every call of a module."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def name_of(function: ast.expr) -> str:
    """Return the dotted name of what is called: `a.b.c`, or only its last part where the rest is an expression."""
    if isinstance(function, ast.Name):
        return function.id
    if isinstance(function, ast.Attribute):
        head = name_of(function.value)
        return f"{head}.{function.attr}" if head else function.attr
    return ""
