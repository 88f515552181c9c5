"""`python -m seed import`: read, map, validate, preview, commit in one transaction, report as JSON."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from db.engine import create_engine
from db.migrate import upgrade
from db.unit_of_work import transact
from domain.exchange.imports.intake import Given, prepare
from domain.exchange.imports.profile import find
from domain.services import imports
from domain.vocabulary.errors import DomainError
from domain.vocabulary.imports import Answers

PROFILES = Path(__file__).parent / "profiles"
ALL_TAKEN, REFUSED, USAGE, SOME_QUARANTINED = 0, 1, 2, 6


def default_database() -> str:
    """Return the database address of this installation."""
    return os.environ.get("DATABASE_URL") or "sqlite:///var/tower.db"


def said(dates: list[str], numbers: list[str], answers: list[str]) -> Answers:
    """Turn "column=format" (or a format for all columns) and "column=header" into answers."""

    def pairs(texts: list[str], known: str) -> dict[str, str]:
        found = {}
        for text in texts:
            name, mark, rest = text.partition("=")
            named = bool(mark) and not name.startswith("%") and rest
            found[name if named else "*"] = rest if named else text
        return found

    return Answers(pairs(answers, ""), pairs(dates, "%"), pairs(numbers, ","))


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
        mapped = prepare(chosen, given, answers=answers, clear=frozenset(clear))
        engine = create_engine(database, bulk=True)
        upgrade(engine)
        act = imports.preview if dry_run else imports.commit
        now = datetime.now(UTC)
        actor = os.environ.get("USER") or "local"
        report = transact(engine, lambda uow: act(uow=uow, mapped=mapped, now=now, actor=actor))
        engine.dispose()
    except DomainError as error:
        print(str(error), file=sys.stderr)
        if as_json:
            told = {k: v for k, v in error.data.items() if v is not None}
            body = {"code": error.code, "message": error.message, "fix": error.fix, **told}
            print(json.dumps({"error": body}, ensure_ascii=False, default=str))
        return REFUSED
    if as_json:
        print(json.dumps(report, ensure_ascii=False, default=str))
    else:
        _tell(report)
    return SOME_QUARANTINED if any(f["quarantined"] for f in report["files"].values()) else ALL_TAKEN


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
