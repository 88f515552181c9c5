"""`python -m seed import`: read, map, validate, preview, commit in one transaction, report as JSON."""

from __future__ import annotations

import json
import os
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db.engine import create_engine
from db.migrate import upgrade
from db.queries import imports as queries
from db.unit_of_work import reading
from domain.exchange.imports.intake import Given, prepare
from domain.exchange.imports.profile import find
from domain.exchange.imports.templates import templates
from domain.services.commands import Request, perform
from domain.services.importing import import_undo, imports
from domain.vocabulary.actor import Actor, service
from domain.vocabulary.errors import Conflict, DomainError, NotFound
from domain.vocabulary.imports import Answers

PROFILES = Path(__file__).parent / "profiles"
ALL_TAKEN, REFUSED, USAGE, NOT_FOUND, CONFLICT, SOME_QUARANTINED = 0, 1, 2, 3, 5, 6


def default_database() -> str:
    """Return the database address of this installation."""
    return os.environ.get("DATABASE_URL") or "sqlite:///var/tower.db"


def said(dates: list[str], numbers: list[str], answers: list[str]) -> Answers:
    """Turn "column=format" (or a format for all columns) and "column=header" into answers."""

    def pairs(texts: list[str]) -> dict[str, str]:
        found = {}
        for text in texts:
            name, mark, rest = text.partition("=")
            named = bool(mark) and not name.startswith("%") and rest
            found[name if named else "*"] = rest if named else text
        return found

    return Answers(pairs(answers), pairs(dates), pairs(numbers))


def run(
    files: list[Path],
    profile: str,
    *,
    answers: Answers,
    clear: list[str],
    database: str,
    as_json: bool,
    dry_run: bool,
) -> int:
    """Import the files and print the report; return the exit code."""
    try:
        chosen = find(profile, PROFILES)
        given: list[Given] = []
        for path in files:
            if path.is_dir():
                given.extend(sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith(".")))
            else:
                given.append(path)
        engine = create_engine(database, bulk=True)
        upgrade(engine)
        source = chosen.source.system
        with reading(engine) as unit:
            remembered = queries.answers(unit.connection, source=source)
            codes = queries.codes(unit.connection, source=source)
        mapped = prepare(
            chosen, given, answers=answers, remembered=remembered, codes=codes, clear=frozenset(clear),
            progress=None if as_json else _progress,
        )  # fmt: skip
        act = imports.preview if dry_run else imports.commit
        now = datetime.now(UTC)
        report = perform(engine, act, at_the_console(now), mapped=mapped)
        engine.dispose()
    except DomainError as error:
        return _refuse(error, as_json)
    if as_json:
        print(json.dumps(report, ensure_ascii=False, default=str))
    else:
        _tell(report)
    return SOME_QUARANTINED if any(f["quarantined"] for f in report["files"].values()) else ALL_TAKEN


def at_the_console(now: datetime) -> Request:
    """Return a request of whoever runs the command line, under the rights of the console."""
    rights = service("cli").roles
    return Request(
        f"cli:{uuid.uuid4()}", Actor(os.environ.get("USER") or "local", rights), now, "command line"
    )


def take_back(batch_id: int, *, database: str, as_json: bool, dry_run: bool) -> int:
    """Undo a batch and print what went, what went back and what stays; return the exit code."""
    try:
        engine = create_engine(database, bulk=True)
        upgrade(engine)
        act = import_undo.preview if dry_run else import_undo.undo
        report = perform(engine, act, at_the_console(datetime.now(UTC)), batch_id=batch_id)
        engine.dispose()
    except DomainError as error:
        _refuse(error, as_json)
        return (
            NOT_FOUND if isinstance(error, NotFound) else CONFLICT if isinstance(error, Conflict) else REFUSED
        )
    if as_json:
        print(json.dumps(report, ensure_ascii=False, default=str))
    else:
        gone = ", ".join(f"{count} {table}" for table, count in report["deleted"].items()) or "no record"
        print(
            f"Batch {batch_id}: removed {gone}; {report['restored']} fields set back; {len(report['kept'])} kept."
        )
        for kept in report["kept"]:
            who = f" by {kept['by']} at {kept['at']}" if kept["by"] else ""
            print(f"  kept {kept['table']} {kept['name']} {kept.get('field') or ''}: {kept['why']}{who}")
    return SOME_QUARANTINED if report["kept"] else ALL_TAKEN


def write_templates(folder: Path, profile: str) -> int:
    """Write the empty files of a profile into `folder` and say which; return the exit code."""
    try:
        chosen = find(profile, PROFILES)
    except DomainError as error:
        return _refuse(error, as_json=False)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in templates(chosen).items():
        (folder / name).write_bytes(content)
        print(folder / name)
    return ALL_TAKEN


def _refuse(error: DomainError, as_json: bool) -> int:
    print(str(error), file=sys.stderr)
    if as_json:
        told = {k: v for k, v in error.data.items() if v is not None}
        body = {"code": error.code, "message": error.message, "fix": error.fix, **told}
        print(json.dumps({"error": body}, ensure_ascii=False, default=str))
    return USAGE if error.code == "import.profile_unknown" else REFUSED


def _progress(step: str) -> None:
    print(step, file=sys.stderr)


def _tell(report: dict[str, Any]) -> None:
    what = "would be " if report["dry_run"] else ""
    print(
        f"{report['file']}: {report['rows']} lines; {what}accepted {report['accepted']}, unchanged "
        f"{report['unchanged']}, amended {report['amended']}, quarantined {report['quarantined']}."
    )
    for category, count in report["warnings"].items():
        print(f"  {count:>8}  {category}")
    for problem in report["problems"][:20]:
        place = f"{problem['file']} row {problem['row']}, {problem['column'] or 'row'}"
        print(f"  {place}: {problem['value']!r}: {problem['text']}. {problem['fix']}", file=sys.stderr)
