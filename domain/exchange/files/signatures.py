"""What a file is: its extension and its first bytes have to say the same."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePath

from domain.vocabulary.tabular import FileRefused

ACCEPTED = "CSV, TSV, TXT, XLSX, XLSM, XLSB, XLS, ODS, JSON or JSONL"


class Kind(StrEnum):
    """The families of files, each with one reader."""

    DELIMITED = "delimited"
    JSON = "json"
    JSON_LINES = "json_lines"
    XLSX = "xlsx"
    XLSB = "xlsb"
    XLS = "xls"
    ODS = "ods"


KIND_OF_EXTENSION = {
    "csv": Kind.DELIMITED, "tsv": Kind.DELIMITED, "txt": Kind.DELIMITED, "tab": Kind.DELIMITED,
    "psv": Kind.DELIMITED, "asc": Kind.DELIMITED, "dat": Kind.DELIMITED,
    "json": Kind.JSON, "jsonl": Kind.JSON_LINES, "ndjson": Kind.JSON_LINES,
    "xlsx": Kind.XLSX, "xlsm": Kind.XLSX, "xlsb": Kind.XLSB, "xls": Kind.XLS, "ods": Kind.ODS,
}  # fmt: skip

# Signatures of things that are not tables, or that run code when they are opened.
REFUSED_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow/Feather file"),
    (b"FEA1", "a Feather file"),
    (b"ORC", "an ORC file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
REFUSED_EXTENSIONS = {
    "pkl": "a Python pickle", "pickle": "a Python pickle", "joblib": "a Python pickle",
    "parquet": "a Parquet file", "pq": "a Parquet file",
    "feather": "a Feather file", "arrow": "an Arrow file", "orc": "an ORC file", "zip": "an archive",
    "gz": "an archive", "7z": "an archive", "rar": "an archive", "pdf": "a PDF document",
    "html": "a web page", "htm": "a web page", "xml": "an XML document", "h5": "an HDF5 file",
    "db": "a database", "sqlite": "a database", "npy": "a NumPy file",
}  # fmt: skip
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PICKLES = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))


def kind_of(name: str, head: bytes) -> Kind:
    """The kind of the file, from its extension and its first bytes; refuses when they disagree.

    `head` is the beginning of the file (a few kilobytes are enough). A name without extension is judged
    by content alone.
    """
    extension = PurePath(name).suffix.lower().lstrip(".")
    content = _content(head)
    if content.startswith(("a ", "an ")):
        raise FileRefused(
            "file.kind_refused",
            f"{name} is {content}, and only {ACCEPTED} are read.",
            fix="Export the table as CSV or XLSX and upload that.",
            file=name,
        )
    if extension in REFUSED_EXTENSIONS:
        raise FileRefused(
            "file.kind_refused",
            f"{name} is named like {REFUSED_EXTENSIONS[extension]}, and only {ACCEPTED} are read.",
            fix="Export the table as CSV or XLSX and upload that.",
            file=name,
            value=extension,
        )
    if extension and extension not in KIND_OF_EXTENSION:
        raise FileRefused(
            "file.extension_unknown",
            f"{name} ends in .{extension}, and only {ACCEPTED} are read.",
            fix="Name the file by what it holds, for example .csv.",
            file=name,
            value=extension,
        )
    return _agree(name, extension, content, head)


def _agree(name: str, extension: str, content: str, head: bytes) -> Kind:
    named = KIND_OF_EXTENSION.get(extension)
    if content == "text":
        if named in (Kind.DELIMITED, Kind.JSON, Kind.JSON_LINES):
            return named
        if named is None:
            return Kind.JSON if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else Kind.DELIMITED
        raise FileRefused(
            "file.content_differs",
            f"{name} is named as a workbook (.{extension}) but holds plain text.",
            fix="Rename it to .csv or .txt, or open it in a spreadsheet program and save it as .xlsx.",
            file=name,
            value=extension,
        )
    fitting = {"zip": (Kind.XLSX, Kind.XLSB, Kind.ODS), "ole": (Kind.XLS,)}[content]
    if named is None:
        return fitting[0]
    if named in fitting:
        return named
    if content == "ole":
        protected = named in (Kind.XLSX, Kind.XLSB)
        raise FileRefused(
            "file.protected" if protected else "file.content_differs",
            f"{name} is named .{extension} but holds "
            + ("a workbook with a password, or an old .xls one." if protected else "an old workbook."),
            fix="Save it without a password as .xlsx, or rename it to .xls when it is one.",
            file=name,
            value=extension,
        )
    raise FileRefused(
        "file.content_differs",
        f"{name} is named .{extension} but holds a zip archive or a workbook.",
        fix="Rename it to .xlsx when it is a workbook; unpack it first when it is an archive.",
        file=name,
        value=extension,
    )


def _content(head: bytes) -> str:
    """The word text, zip or ole, or what the refused thing is ("a picture")."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:256].lower()
    found = (
        ((ZIP, b"PK\x05\x06"), head, "zip"),
        ((OLE,), head, "ole"),
        *(((signature,), head, what) for signature, what in REFUSED_SIGNATURES),
        (PICKLES, head, "a Python pickle"),
        ((b"<!doctype html", b"<html", b"<table", b"<meta"), start, "a web page"),
        ((b"<?xml", b"<!doctype"), start, "an XML document"),
    )
    return next((what for signatures, text, what in found if text.startswith(signatures)), "text")
