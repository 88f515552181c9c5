"""Words of imports: problems that keep a row out, remarks on rows taken, and a person's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Problem(NamedTuple):
    """Why a row is kept out: where, which value, which rule, and what to do."""

    file: str
    row: int
    column: str | None
    value: object
    rule: str
    text: str
    fix: str


class Remark(NamedTuple):
    """Something worth knowing about a row that is taken all the same, counted by category."""

    category: str
    file: str
    row: int | None
    column: str | None
    value: str | None
    text: str


class Decided(NamedTuple):
    """The one cell that settled how a column is read, where its other cells left it open."""

    file: str
    column: str
    row: int
    value: str
    format: str


@dataclass(frozen=True)
class Answers:
    """What a person said about columns and formats.

    `columns` maps "file.column" or "column" to a header; `date_formats` and `number_marks` map the same, or
    "*" for all, to formats ("%d/%m/%Y") and to marks ("," decimal, "." thousands as ",.").
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    date_formats: Mapping[str, str] = field(default_factory=dict)
    number_marks: Mapping[str, str] = field(default_factory=dict)

    def column(self, file: str, name: str) -> str | None:
        """Return the header that a person named for a column, if any."""
        return self.columns.get(f"{file}.{name}") or self.columns.get(name)

    def formats(self, file: str, name: str) -> tuple[str | None, str | None]:
        """Return (date format, number marks) that a person gave for a column, each None when not given."""

        def told(said: Mapping[str, str]) -> str | None:
            return said.get(f"{file}.{name}") or said.get(name) or said.get("*")

        return told(self.date_formats), told(self.number_marks)

    def over(self, earlier: Answers | None) -> Answers:
        """Return these answers with `earlier` ones behind them; an answer for all columns goes before those."""
        if earlier is None:
            return self

        def joined(now: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
            return dict(now) if "*" in now else {**before, **now}

        return Answers(
            joined(self.columns, earlier.columns),
            joined(self.date_formats, earlier.date_formats),
            joined(self.number_marks, earlier.number_marks),
        )

    def questions(self) -> dict[str, str]:
        """Return the answers by question: "column:NAME", "date:NAME", "number:NAME"."""
        kinds = (("column", self.columns), ("date", self.date_formats), ("number", self.number_marks))
        return {f"{kind}:{name}": value for kind, said in kinds for name, value in said.items()}

    @classmethod
    def of(cls, questions: Mapping[str, str]) -> Answers:
        """Return answers from what `questions` gave."""
        said: dict[str, dict[str, str]] = {"column": {}, "date": {}, "number": {}}
        for question, value in questions.items():
            kind, _, name = question.partition(":")
            said[kind][name] = value
        return cls(said["column"], said["date"], said["number"])


@dataclass
class LandedRow:
    """A raw row that is taken: natural key, row number, hash of its text, and its text as JSON."""

    natural_key: str
    row_no: int
    row_sha: str
    payload: str


@dataclass
class HeldRow:
    """A raw row that is kept out, with all that is wrong with it."""

    natural_key: str | None
    row_no: int
    row_sha: str
    payload: str
    problems: list[Problem]


@dataclass
class MappedFile:
    """One file of a bundle after mapping: rows taken, rows held, rows that said nothing new or were filtered.

    `context` are rows taken before that only help to map the others: they are neither landed nor counted.
    `fingerprint` identifies the file's headers, `answered` what a person said about it, by question.
    """

    entity: str
    name: str
    sha256: str
    rows: list[LandedRow]
    held: list[HeldRow]
    repeated: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    context: frozenset[int] = frozenset()
    fingerprint: str = ""
    answered: dict[str, str] = field(default_factory=dict)

    @property
    def counted(self) -> int:
        """Count of rows that this import accounts for."""
        return len(self.rows) - len(self.context) + len(self.held) + self.repeated


@dataclass
class Record:
    """One canonical record: its fields in stored units (absent = unknown) and the rows that it was made of.

    `rows` are indices into the rows of the file that its set names.
    """

    fields: dict[str, object]
    rows: list[int]


@dataclass
class RecordSet:
    """The records of one kind, all made from the rows of one file."""

    kind: str
    entity: str
    records: list[Record]


@dataclass
class MappedHold:
    """A hold that a source's code asks for, on the order of a line."""

    order_no: str
    type: str
    reason: str


@dataclass
class MappedImport:
    """A whole bundle, mapped and validated, ready to be compared with what is stored.

    `links` maps (child entity, parent entity) to the parent's row index per child row, -1 where none.
    `unmapped` counts unknown codes by (field, code). `clear` are the fields whose empty cells empty them.
    `tz` is the source's time zone, in which an instant has its day.
    """

    source: str
    company: str
    profile: str
    profile_sha: str
    line_entity: str
    files: list[MappedFile]
    sets: list[RecordSet]
    remarks: list[Remark]
    links: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    holds: list[MappedHold] = field(default_factory=list)
    release_holds: bool = False
    unmapped: dict[tuple[str, str], int] = field(default_factory=dict)
    unknown_fields: dict[str, list[str]] = field(default_factory=dict)
    missing_rows: str = "ignore"
    clear: frozenset[str] = frozenset()
    stubs: bool = True
    control_totals: dict[str, dict[str, str | None]] = field(default_factory=dict)
    decided: list[Decided] = field(default_factory=list)
    tz: str = "UTC"
