"""How every command ends and speaks: results to stdout, refusals to stderr, exit codes of friendly.md P1."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Annotated, Any

import typer

from domain.vocabulary.errors import Conflict, Denied, DomainError, NotFound

Database = Annotated[
    str | None,
    typer.Option(
        help="sqlite:///file.db or postgresql://user@host/name; default DATABASE_URL.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


class ExitCode(IntEnum):
    """What a command's exit status means; the same for all commands."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    DENIED = 4
    CONFLICT = 5
    PARTLY_DONE = 6


def print_json(document: Any) -> None:
    """Print `document` as one line of JSON; decimals and days become text."""
    typer.echo(json.dumps(document, ensure_ascii=False, default=str))


@contextmanager
def refusals(as_json: bool) -> Iterator[None]:
    """Turn a DomainError into a sentence with its fix on stderr, and end with the exit code of its kind.

    With `as_json` the refusal is printed on stdout as {"error": {"code", "message", "fix"}} too.
    """
    try:
        yield
    except DomainError as refusal:
        typer.echo(str(refusal), err=True)
        if as_json:
            print_json({"error": {"code": refusal.code, "message": refusal.message, "fix": refusal.fix}})
        raise typer.Exit(exit_code(refusal)) from None


def exit_code(refusal: DomainError) -> ExitCode:
    """Return the exit code for a refusal: what does not exist is 3, who may not is 4, what changed meanwhile is 5, else 1."""
    if isinstance(refusal, NotFound):
        return ExitCode.NOT_FOUND
    if isinstance(refusal, Denied):
        return ExitCode.DENIED
    if isinstance(refusal, Conflict):
        return ExitCode.CONFLICT
    return ExitCode.FAILED
