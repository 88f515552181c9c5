"""Mutated files of every kind: read or refused with a sentence, within two seconds, and nothing else."""

from __future__ import annotations

import io
import json
import random
import resource
import zipfile
from datetime import date
from typing import Any

import pytest

from domain.exchange.files.options import ReadOptions
from domain.exchange.files.reader import read_tables
from domain.vocabulary.tabular import FileRefused
from tests.exchange.files.workbook_files import ods, xls, xlsx, zipped

GRID: list[list[Any]] = [
    ["Order", "Day", "Qty", "Ort"],
    *[[f"{n:08d}", date(2026, 3, 1 + n % 28), n * 1.5, 'Zürich "West"; Tor, 3'] for n in range(40)],
]
TEXTS = [[str(cell) for cell in row] for row in GRID]
BASES: dict[str, bytes] = {
    "a.csv": "\n".join(";".join('"' + c.replace('"', '""') + '"' for c in row) for row in TEXTS).encode(),
    "b.tsv": "\r\n".join("\t".join(row) for row in TEXTS).encode("utf-16"),
    "c.txt": "\r".join("|".join(row) for row in TEXTS).encode("cp1252"),
    "d.json": json.dumps(
        {"d": {"results": [dict(zip(TEXTS[0], row, strict=True)) for row in TEXTS[1:]]}}
    ).encode(),
    "e.jsonl": "\n".join(json.dumps(dict(zip(TEXTS[0], row, strict=True))) for row in TEXTS[1:]).encode(),
    "f.xlsx": xlsx(GRID),
    "g.ods": ods({"Orders": GRID}),
    "h.xls": xls(GRID),
}
TWO_SECONDS = 2.0
SPICE = (
    b"\0",
    b"\xff\xfe",
    b'"',
    b"\n",
    b"\r",
    b",",
    b"\x1a",
    b"=cmd()",
    b"1E+999999",
    b"NaN",
    b"\xed\xa0\x80",
    b"PK\x03\x04",
    b"<!DOCTYPE",
)


def _mutated(raw: bytes, chance: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 12)):
        place = chance.randrange(len(changed) or 1)
        match chance.randrange(5):
            case 0:
                changed[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                changed[place:place] = chance.choice(SPICE)
            case 2:
                del changed[place : place + chance.randint(1, 200)]
            case 3:
                changed[place:place] = changed[place : place + chance.randint(1, 400)]
            case _:
                del changed[chance.randrange(len(changed) or 1) + 1 :]
    return bytes(changed)


def _mutated_inside(raw: bytes, chance: random.Random) -> bytes:
    """Change one part of a zipped workbook and close the archive properly, so that its readers get to see it."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    victim = chance.choice(sorted(parts))
    content = parts[victim]
    parts[victim] = _mutated(content if isinstance(content, bytes) else content.encode(), chance)
    return zipped(parts)


def _outcome(raw: bytes, name: str) -> str:
    """Return how the file ended: the code of its refusal, or "read"."""
    try:
        tables = read_tables(raw, name=name, options=ReadOptions())
    except FileRefused as refusal:
        return (
            refusal.code
            if refusal.message.endswith(".") and refusal.fix
            else f"no sentence: {refusal.message}"
        )
    whole = all(len(table.cells[column]) == len(table) for table in tables for column in table.columns)
    return "read" if whole else "columns of different lengths"


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _run(name: str, first: int, count: int) -> None:
    outcomes: dict[str, int] = {}
    for seed in range(first, first + count):
        chance = random.Random(f"{name}:{seed}")
        inside = name.endswith((".xlsx", ".ods")) and seed % 4
        raw = _mutated_inside(BASES[name], chance) if inside else _mutated(BASES[name], chance)
        started = _processor_seconds()
        outcome = _outcome(raw, name)
        spent = _processor_seconds() - started
        assert outcome == "read" or outcome.startswith("file."), f"seed {seed}: {outcome}"
        assert spent < TWO_SECONDS, f"seed {seed}: {spent:.1f} s"
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert len(outcomes) > 1, outcomes


@pytest.mark.parametrize("name", sorted(BASES))
def test_mutated_files_are_read_or_refused(name: str) -> None:
    _run(name, 0, 63)


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(BASES))
def test_ten_thousand_mutated_files_are_read_or_refused(name: str) -> None:
    _run(name, 1_000, 1_250)
