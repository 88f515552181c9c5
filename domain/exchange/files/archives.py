"""A zipped workbook is judged by its directory before anything is unpacked."""

from __future__ import annotations

import re
import struct
import zipfile
from io import BytesIO

from domain.exchange.files.intake import Intake
from domain.exchange.files.options import MEGABYTE, ReadOptions
from domain.exchange.files.signatures import Kind
from domain.vocabulary.tabular import FileRefused

MOST_ENTRIES = 5_000
MOST_DIRECTORY_BYTES = 2 * MEGABYTE
# Real sheets shrink to a tenth, very repetitive ones to a fiftieth.
MOST_RATIO = 150
RATIO_COUNTS_FROM = 20 * MEGABYTE
PROLOGUE = 65_536
DOCTYPE = re.compile(rb"<\0?!\0?D\0?O\0?C\0?T\0?Y\0?P\0?E|<\0?!\0?E\0?N\0?T\0?I\0?T\0?Y", re.IGNORECASE)
MAIN_PART = {Kind.XLSX: "xl/workbook.xml", Kind.XLSB: "xl/workbook.bin", Kind.ODS: "content.xml"}


def inspect(intake: Intake, options: ReadOptions) -> int:
    """Refuse a damaged archive, a zip bomb, an entity attack and an archive that is no workbook.

    The kind by content has to agree with the name's. Returns the bytes that it unpacks to, as its directory says.
    """
    name = intake.name
    _bounded_directory(intake)
    try:
        archive = zipfile.ZipFile(BytesIO(intake.raw))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error) as broken:
        raise damaged(name, str(broken)) from None
    total = sum(entry.file_size for entry in entries)
    ratio = total / max(1, len(intake.raw))
    if total > options.max_unpacked_bytes or (total > RATIO_COUNTS_FROM and ratio > MOST_RATIO):
        raise FileRefused(
            "file.zip_bomb",
            f"{name} unpacks from {len(intake.raw) / MEGABYTE:,.1f} MB to {total / MEGABYTE:,.0f} MB, "
            f"the limit is {options.max_unpacked_bytes / MEGABYTE:,.0f} MB and {MOST_RATIO} times its size.",
            fix="Export fewer rows per file, or export as CSV.",
            file=name,
            value=total,
        )
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise damaged(name, "two parts have the same name")
    if any(entry.flag_bits & 1 for entry in entries):
        raise protected(name)
    found = next((kind for kind, part in MAIN_PART.items() if part in names), None)
    if found is None or found is not intake.kind:
        held = f"a workbook of the kind .{found}" if found else "a zip archive without a workbook"
        raise FileRefused(
            "file.content_differs",
            f"{name} is named .{intake.kind} but holds {held}.",
            fix="Unpack an archive first; name a workbook by its kind.",
            file=name,
        )
    _refuse_doctypes(archive, entries, name)
    return total


def _bounded_directory(intake: Intake) -> None:
    """The end record says how long the directory is: a huge one is refused before it is parsed."""
    place = intake.raw.rfind(b"PK\x05\x06", max(0, len(intake.raw) - 66_000))
    if place < 0 or len(intake.raw) - place < 22:
        raise damaged(intake.name, "its directory at the end is missing, so it was cut off")
    count, size = struct.unpack("<HI", intake.raw[place + 10 : place + 16])
    if count > MOST_ENTRIES or size > MOST_DIRECTORY_BYTES:
        raise FileRefused(
            "file.zip_bomb",
            f"{intake.name} is an archive of {count:,} parts, the limit is {MOST_ENTRIES:,}.",
            fix="Save the workbook again in a spreadsheet program, or export as CSV.",
            file=intake.name,
            value=count,
        )


def _refuse_doctypes(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], name: str) -> None:
    """Workbooks never declare document types; one that does wants entities expanded."""
    for entry in entries:
        if not entry.filename.lower().endswith((".xml", ".rels")):
            continue
        try:
            with archive.open(entry) as part:
                start = part.read(PROLOGUE)
        except (
            zipfile.BadZipFile,
            OSError,
            ValueError,
            RuntimeError,
            NotImplementedError,
            EOFError,
        ) as broken:
            raise damaged(name, f"part {entry.filename}: {broken}") from None
        except (
            Exception
        ) as broken:  # zlib.error is raised for broken streams and derives from Exception alone
            raise damaged(name, f"part {entry.filename}: {broken}") from None
        if DOCTYPE.search(start):
            raise FileRefused(
                "file.xml_entities",
                f"{name}: its part {entry.filename} declares XML entities, which workbooks never do.",
                fix="Do not trust this file; ask its sender for a fresh export as CSV or XLSX.",
                file=name,
                value=entry.filename,
            )


def damaged(name: str, reason: str) -> FileRefused:
    """The refusal of a workbook that cannot be read."""
    reason = " ".join(reason.split())[:160]
    return FileRefused(
        "file.damaged",
        f"{name} is a damaged or cut-off workbook ({reason}).",
        fix="Export or download it again; check that it opens in a spreadsheet program.",
        file=name,
        value=reason,
    )


def protected(name: str) -> FileRefused:
    """The refusal of a workbook with a password."""
    return FileRefused(
        "file.protected",
        f"{name} is protected by a password.",
        fix="Save it without a password.",
        file=name,
    )
