"""Make the report views in a database, and take them away before its tables change."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    MetaData,
    String,
    Table,
    column,
    inspect,
    literal,
    select,
    table,
    union_all,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import CreateView, DDLElement, DropView, ExecutableDDLElement

from db.reports.catalogue import DICTIONARY, DICTIONARY_COLUMNS, views
from domain.vocabulary.errors import DomainError

PREFIX = "report_"
FINGERPRINT = "report_version"


class CommentOnView(DDLElement):
    """COMMENT ON VIEW, or with `column` COMMENT ON COLUMN (PostgreSQL)."""

    def __init__(self, view: str, meaning: str, column: str | None = None) -> None:
        self.view = view
        self.meaning = meaning
        self.column = column


@compiles(CommentOnView)
def _comment(element: CommentOnView, compiler: Any, **options: Any) -> str:
    quote = compiler.preparer.quote
    meaning = compiler.sql_compiler.render_literal_value(element.meaning, String())
    if element.column is None:
        return f"COMMENT ON VIEW {quote(element.view)} IS {meaning}"
    return f"COMMENT ON COLUMN {quote(element.view)}.{quote(element.column)} IS {meaning}"


def statements(connection: Connection) -> list[ExecutableDDLElement]:
    """Return the statements that make all views, for the database of `connection`."""
    made: list[ExecutableDDLElement] = [CreateView(view.select(), view.name) for view in views()]
    made.append(CreateView(_dictionary(), DICTIONARY))
    if connection.dialect.name == "postgresql":
        for view in views():
            made.append(CommentOnView(view.name, view.meaning))
            made += [CommentOnView(view.name, c.meaning, c.name) for c in view.columns]
    return made


def is_current(connection: Connection) -> bool:
    """Return whether the database has exactly the views of this version."""
    if FINGERPRINT not in inspect(connection).get_view_names():
        return False
    found: Any = connection.execute(
        select(column("fingerprint")).select_from(table(FINGERPRINT))
    ).scalar_one()
    return bool(found == _fingerprint(connection))


def drop(connection: Connection) -> None:
    """Drop the report views; views of others that rest on them are never dropped along.

    Raises DomainError database.report_views_in_use when there are such views (PostgreSQL).
    """
    names = [name for name in inspect(connection).get_view_names() if name.startswith(PREFIX)]
    try:
        for name in names:
            connection.execute(DropView(Table(name, MetaData())))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != "2BP01":  # dependent_objects_still_exist
            raise
        raise DomainError(
            "database.report_views_in_use",
            f"Other objects of this database rest on the report views: {_dependents(error)}.",
            fix="Drop those, upgrade, and make them again.",
        ) from None


def _dependents(error: DBAPIError) -> str:
    lines = str(error.orig).splitlines()
    return "; ".join(line.removeprefix("DETAIL:").strip() for line in lines if " depends on " in line)


def create(connection: Connection) -> None:
    """Make the report views; there must be none."""
    for statement in statements(connection):
        connection.execute(statement)
    mark = select(literal(_fingerprint(connection)).label("fingerprint"))
    connection.execute(CreateView(mark, FINGERPRINT))


def _dictionary() -> CompoundSelect[Any]:
    rows = [
        (view.name, position, column.name, column.kind.value, column.meaning)
        for view in views()
        for position, column in enumerate(view.columns, 1)
    ]
    return union_all(
        *[
            select(*[literal(v).label(n) for v, n in zip(row, DICTIONARY_COLUMNS, strict=True)])
            for row in rows
        ]
    )


def _fingerprint(connection: Connection) -> str:
    made = [str(statement.compile(dialect=connection.dialect)) for statement in statements(connection)]
    return hashlib.sha256("\n".join(made).encode()).hexdigest()
