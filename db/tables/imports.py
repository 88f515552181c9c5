"""Import batches: what was read, landed raw, changed, and held back (imports.md 1)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import Base, choice, key, reference
from db.types import Instant, Key
from domain.vocabulary.statuses import BatchStatus, ChangeKind, QuarantineStatus


class ImportBatch(Base):
    """One committed import; `report` is the JSON that the import printed."""

    __tablename__ = "import_batch"
    batch_id: Mapped[int] = key()
    source: Mapped[str] = mapped_column(index=True)
    profile: Mapped[str]
    profile_sha: Mapped[str]
    imported_at: Mapped[datetime] = mapped_column(Instant)
    imported_by: Mapped[str]
    status: Mapped[BatchStatus] = choice(BatchStatus, default=BatchStatus.COMMITTED)
    report: Mapped[str]
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_by: Mapped[str | None]
    undo_report: Mapped[str | None]


class ImportFile(Base):
    """A file of a batch with its counts of rows; rows = accepted + unchanged + amended + quarantined."""

    __tablename__ = "import_file"
    file_id: Mapped[int] = key()
    batch_id: Mapped[int] = reference("import_batch.batch_id")
    name: Mapped[str]
    entity: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    rows: Mapped[int]
    accepted: Mapped[int]
    unchanged: Mapped[int]
    amended: Mapped[int]
    quarantined: Mapped[int]


class Landing(Base):
    """The raw row as it came: newest version per (source, entity, natural_key); `payload` is JSON text.

    `raw_sha` is the hash of the row's own text, so that an unchanged row is known without mapping it.
    """

    __tablename__ = "landing"
    __table_args__ = (UniqueConstraint("source", "entity", "natural_key"),)
    landing_id: Mapped[int] = key()
    batch_id: Mapped[int] = reference("import_batch.batch_id")
    file_id: Mapped[int] = reference("import_file.file_id", index=False)
    source: Mapped[str]
    entity: Mapped[str]
    natural_key: Mapped[str]
    row_no: Mapped[int]
    row_sha: Mapped[str]
    payload: Mapped[str]


class RecordSource(Base):
    """Where a record comes from: which raw row it was made of ("Where does this come from?")."""

    __tablename__ = "record_source"
    __table_args__ = (UniqueConstraint("table_name", "record_id", "landing_id"),)
    record_source_id: Mapped[int] = key()
    table_name: Mapped[str]
    record_id: Mapped[int] = mapped_column(Key)
    landing_id: Mapped[int] = reference("landing.landing_id")


class ImportChange(Base):
    """What a batch did to a record, so that it can be taken back. UPDATED rows carry one field each.

    `old` and `new` are JSON text of stored units; `version_after` is the record's row_version after the batch.
    """

    __tablename__ = "import_change"
    __table_args__ = (Index("ix_import_change_record", "table_name", "record_id"),)
    change_id: Mapped[int] = key()
    batch_id: Mapped[int] = reference("import_batch.batch_id")
    kind: Mapped[ChangeKind] = choice(ChangeKind)
    table_name: Mapped[str]
    record_id: Mapped[int] = mapped_column(Key)
    field: Mapped[str | None]
    old: Mapped[str | None]
    new: Mapped[str | None]
    version_after: Mapped[int | None]


class QuarantineRow(Base):
    """A row that was refused, with all its problems, until a person corrects and replays it.

    JSON text: `payload` (columns as read), `problems` ([{column, value, rule, fix}]), `correction`.
    """

    __tablename__ = "quarantine_row"
    quarantine_id: Mapped[int] = key()
    batch_id: Mapped[int] = reference("import_batch.batch_id")
    file_id: Mapped[int] = reference("import_file.file_id", index=False)
    source: Mapped[str]
    entity: Mapped[str]
    natural_key: Mapped[str | None] = mapped_column(index=True)
    row_no: Mapped[int]
    row_sha: Mapped[str] = mapped_column(index=True)
    payload: Mapped[str]
    problems: Mapped[str]
    correction: Mapped[str | None]
    status: Mapped[QuarantineStatus] = choice(QuarantineStatus, default=QuarantineStatus.OPEN)
    replayed_batch_id: Mapped[int | None] = reference("import_batch.batch_id", nullable=True)


class ImportWarning(Base):
    """A row that was taken with a remark, by category."""

    __tablename__ = "import_warning"
    __table_args__ = (Index("ix_import_warning_batch_category", "batch_id", "category"),)
    warning_id: Mapped[int] = key()
    batch_id: Mapped[int] = reference("import_batch.batch_id", index=False)
    file_id: Mapped[int] = reference("import_file.file_id", index=False)
    category: Mapped[str]
    row_no: Mapped[int | None]
    column: Mapped[str | None]
    value: Mapped[str | None]
    text: Mapped[str]


class CodeMap(Base):
    """What a source's code means here, editable; `target` NULL means known and ignored."""

    __tablename__ = "code_map"
    __table_args__ = (UniqueConstraint("source", "field", "code"),)
    code_map_id: Mapped[int] = key()
    source: Mapped[str]
    field: Mapped[str]
    code: Mapped[str]
    target: Mapped[str | None]


class ImportAnswer(Base):
    """A person's answer (column mapping, date or number format) remembered per source and header fingerprint."""

    __tablename__ = "import_answer"
    __table_args__ = (UniqueConstraint("source", "fingerprint", "question"),)
    answer_id: Mapped[int] = key()
    source: Mapped[str]
    fingerprint: Mapped[str]
    question: Mapped[str]
    answer: Mapped[str]
    answered_by: Mapped[str]
    answered_at: Mapped[datetime] = mapped_column(Instant)
