"""The page of refusals, made from the code: `python -m tests.architecture.refusals > docs/reference/refusals.md`."""

from __future__ import annotations

import ast

from tests.architecture.sources import calls, modules, name_of

ERRORS = {"DomainError", "NotFound", "Conflict", "Denied", "IllegalTransition", "FileRefused", "Refusal"}
HEAD = """\
# Refusals

What the tower says when it does not do something: the code that a refusal shows, its sentence, and what to do. Words
in braces stand for the values of the case. This page is made from the code by `python -m tests.architecture.refusals`.

| code | what it says | what to do |
|---|---|---|
"""


def page() -> str:
    """Return the page: one row per code and sentence, sorted."""
    rows = {row for tree in modules().values() for call in calls(tree) if (row := _row(call)) is not None}
    return HEAD + "".join(f"| `{code}` | {says} | {fix} |\n" for code, says, fix in sorted(rows))


def _row(call: ast.Call) -> tuple[str, str, str] | None:
    if name_of(call.func).rpartition(".")[2] not in ERRORS or len(call.args) < 2:
        return None
    code, says = _text(call.args[0]), _text(call.args[1])
    given = [word.value for word in call.keywords if word.arg == "fix"] + call.args[2:3]
    fix = next(((_text(value) or "{" + _named(value) + "}") for value in given), "")
    if code is None or says is None or "." not in code:
        return None
    return code, says, fix or ""


def _text(value: ast.expr) -> str | None:
    """Return a text with its values as {names}; None for what is no text."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return _cell(value.value)
    if isinstance(value, ast.JoinedStr):
        parts = [
            part.value if isinstance(part, ast.Constant) else "{" + _named(part) + "}"
            for part in value.values
        ]
        return _cell("".join(map(str, parts)))
    if isinstance(value, ast.IfExp):
        return " / ".join(text for side in (value.body, value.orelse) if (text := _text(side))) or None
    return None


def _named(part: ast.expr) -> str:
    inner = part.value if isinstance(part, ast.FormattedValue) else part
    return name_of(inner).rpartition(".")[2] or next(
        (
            name_of(node).rpartition(".")[2]
            for node in ast.walk(inner)
            if isinstance(node, ast.Name | ast.Attribute)
        ),
        "value",
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
