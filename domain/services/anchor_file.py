"""The file of anchors: heads of the audit chain outside the database, so that a tail cut off there is missed here.

One line per anchor: instant, seal number, hash. Lines are only ever appended. Keep the file where those who can write
the database cannot write, or copy it away (docs/decisions/0010_the_audit_log_is_a_chain.md).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from db.engine import normalised_url
from domain.settings import settings
from domain.vocabulary.errors import DomainError
from domain.vocabulary.integrity import Anchor

SUFFIX = ".anchors"
FOLDER = Path("var")


def place(url: str) -> Path:
    """Return where the anchors of a database are kept: the setting, else beside the SQLite file, else under var/."""
    address = normalised_url(url)
    chosen = settings().anchor_file
    if chosen and address == normalised_url(settings().database_url):
        return Path(chosen)
    if address.get_backend_name() == "sqlite":
        return Path(str(address.database) + SUFFIX)
    return FOLDER / f"{address.host or 'local'}_{address.database}{SUFFIX}"


def read(path: Path) -> list[Anchor]:
    """Return the anchors of a file in order; none where there is no file yet.

    Raises DomainError anchors.unreadable for a line that is no anchor: the file was edited or torn.
    """
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(_whole_lines(path), start=1):
        at, _, rest = line.partition(" ")
        seal_no, _, head = rest.partition(" ")
        if not seal_no.isdecimal() or len(head) != 64:
            raise DomainError(
                "anchors.unreadable",
                f"Line {number} of {path} is no anchor: {line[:80]!r}.",
                fix="Compare the file with its copy elsewhere; it is only ever appended to by the worker.",
                line=number,
            )
        found.append(Anchor(at, int(seal_no), head))
    return found


def append(path: Path, anchors: Iterable[Anchor]) -> int:
    """Append those anchors that lie behind the last one of the file, flushed to the disk; return how many."""
    there = read(path)
    last = there[-1].seal_no if there else 0
    fresh = [anchor for anchor in anchors if anchor.seal_no > last]
    if fresh:
        path.parent.mkdir(parents=True, exist_ok=True)
        _drop_torn_line(path)
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"{a.at} {a.seal_no} {a.head}\n" for a in fresh)
            file.flush()
            os.fsync(file.fileno())
    return len(fresh)


def _whole_lines(path: Path) -> list[str]:
    """Return the lines that were written to their end; a crash may tear the last one."""
    return path.read_text("utf-8").split("\n")[:-1]


def _drop_torn_line(path: Path) -> None:
    if path.exists():
        kept = path.read_bytes()
        whole = kept.rfind(b"\n") + 1
        if whole < len(kept):
            os.truncate(path, whole)
