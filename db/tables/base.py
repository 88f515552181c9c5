"""What every table shares: metadata with constraint names, key, audit columns, closed lists."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Enum, ForeignKey, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from db.types import Instant, Key

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Root of all tables."""

    metadata = MetaData(naming_convention=NAMING)


class Recorded:
    """Who made and last changed a row, and its version for optimistic locking (domain.md 2)."""

    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(default="system")
    updated_at: Mapped[datetime] = mapped_column(Instant)
    updated_by: Mapped[str] = mapped_column(default="system")
    row_version: Mapped[int] = mapped_column(default=1)


def key() -> Mapped[int]:
    """Return a surrogate primary key column."""
    return mapped_column(Key, primary_key=True)


def reference(target: str, *, index: bool = True, nullable: bool = False, **options: Any) -> Mapped[Any]:
    """Return a foreign key column to `target` ("customer.customer_id"), indexed unless said otherwise."""
    return mapped_column(Key, ForeignKey(target), index=index, nullable=nullable, **options)


def choice(words: type[StrEnum], *, nullable: bool = False, rule: str = "", **options: Any) -> Mapped[Any]:
    """Return a text column that the database keeps within the members of `words`.

    `rule` names the constraint where two columns of one table use the same words.
    """
    name = rule or "".join("_" + c.lower() if c.isupper() else c for c in words.__name__).lstrip("_")
    kind = Enum(words, native_enum=False, create_constraint=True, name=name, length=32)
    return mapped_column(kind, nullable=nullable, **options)
