"""Taking a file in: its bytes within the limits, its fingerprint, its kind."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from domain.exchange.files.options import MEGABYTE, ReadOptions
from domain.exchange.files.signatures import Kind, kind_of
from domain.vocabulary.tabular import FileRefused

HEAD = 8192


@dataclass(frozen=True, slots=True)
class Intake:
    """A file in memory: `raw` bytes, `sha256` of them, and its kind."""

    name: str
    raw: bytes
    sha256: str
    kind: Kind


def take_in(source: Path | str | bytes, *, name: str, options: ReadOptions) -> Intake:
    """Read the bytes of a path (or take the bytes given), never more than the limits allow.

    A line of a delimited or JSON lines file that is longer than `max_line_bytes` is refused while it is
    being read, before it is in memory as a whole.
    """
    if isinstance(source, bytes):
        return _take(BytesIO(source), len(source), name, options)
    path = Path(source)
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            return _take(stream, size, name, options)
    except OSError as broken:
        raise FileRefused(
            "file.unreadable",
            f"{name} cannot be opened: {(broken.strerror or 'unknown reason').lower()}.",
            fix="Check the path and the permission to read it.",
            file=name,
        ) from None


def _take(stream: BinaryIO, size: int, name: str, options: ReadOptions) -> Intake:
    if size > options.max_bytes:
        raise _too_large(name, size, options.max_bytes)
    head = stream.read(HEAD)
    if size <= HEAD and not head.strip(b"\xef\xbb\xbf\xff\xfe\x00\x1a \t\r\n"):
        raise FileRefused(
            "file.empty",
            f"{name} is empty.",
            fix="Export it again; a table needs a header and rows.",
            file=name,
        )
    kind = kind_of(name, head)
    by_line = kind in (Kind.DELIMITED, Kind.JSON_LINES)
    parts, total = [head], len(head)
    step = min(MEGABYTE, options.max_line_bytes)
    carry, line = 0, 1
    if by_line:
        for start in range(0, len(head), step):
            carry, line = _longest_open(head[start : start + step], carry, line, name, options)
    while chunk := stream.read(step):
        total += len(chunk)
        if total > options.max_bytes:
            raise _too_large(name, total, options.max_bytes)
        if by_line:
            carry, line = _longest_open(chunk, carry, line, name, options)
        parts.append(chunk)
    raw = b"".join(parts)
    return Intake(name, raw, hashlib.sha256(raw).hexdigest(), kind)


def _longest_open(chunk: bytes, carry: int, line: int, name: str, options: ReadOptions) -> tuple[int, int]:
    """Bytes of the line still open after this chunk, and its number; refuses a line above the limit."""
    ends = [place for place in (chunk.find(b"\n"), chunk.find(b"\r")) if place >= 0]
    reach = carry + (min(ends) if ends else len(chunk))
    if reach > options.max_line_bytes:
        raise FileRefused(
            "file.line_too_long",
            f"{name} row {line} is longer than {_size(options.max_line_bytes)}, the limit for one line.",
            fix="Export it again with one record per line, and line ends between them.",
            file=name,
            row=line,
        )
    if not ends:
        return reach, line
    last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
    passed = chunk.count(b"\n") or chunk.count(b"\r")
    return len(chunk) - last - 1, line + passed


def _too_large(name: str, size: int, limit: int) -> FileRefused:
    return FileRefused(
        "file.too_large",
        f"{name} has {_size(size)}, the limit for one file is {_size(limit)}.",
        fix="Export a shorter period or split the file.",
        file=name,
        value=size,
    )


def _size(count: int) -> str:
    return f"{count / MEGABYTE:,.1f} MB" if count >= MEGABYTE else f"{count:,} bytes"
