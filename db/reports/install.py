"""Make the report views in a database, and take them away before its tables change."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, inspect, literal, union_all
from sqlalchemy import select as sql_select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from db.reports.catalogue import DICTIONARY, DICTIONARY_COLUMNS, views
from domain.vocabulary.errors import DomainError

PREFIX = "report_"
FINGERPRINT = "report_version"


def statements(connection: Connection) -> list[str]:
    """Return the statements that make all views, in the database's own dialect."""
    made = [f"CREATE VIEW {view.name} AS {_text(connection, view.select())}" for view in views()]
    made.append(f"CREATE VIEW {DICTIONARY} AS {_dictionary(connection)}")
    if connection.dialect.name == "postgresql":
        for view in views():
            made.append(f"COMMENT ON VIEW {view.name} IS {_quoted(view.meaning)}")
            made += [f"COMMENT ON COLUMN {view.name}.{c.name} IS {_quoted(c.meaning)}" for c in view.columns]
    return made


def is_current(connection: Connection) -> bool:
    """Return whether the database has exactly the views of this version."""
    if FINGERPRINT not in inspect(connection).get_view_names():
        return False
    found = connection.exec_driver_sql(f"SELECT fingerprint FROM {FINGERPRINT}").scalar_one()
    return bool(found == _fingerprint(statements(connection)))


def drop(connection: Connection) -> None:
    """Drop the report views; views of others that rest on them are never dropped along.

    Raises DomainError database.report_views_in_use when there are such views (PostgreSQL).
    """
    names = [name for name in inspect(connection).get_view_names() if name.startswith(PREFIX)]
    try:
        for name in names:
            connection.exec_driver_sql(f'DROP VIEW "{name}"')
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
    made = statements(connection)
    made.append(f"CREATE VIEW {FINGERPRINT} AS SELECT {_quoted(_fingerprint(made))} AS fingerprint")
    for statement in made:
        connection.exec_driver_sql(statement)


def _dictionary(connection: Connection) -> str:
    rows = [
        (view.name, position, column.name, column.kind.value, column.meaning)
        for view in views()
        for position, column in enumerate(view.columns, 1)
    ]
    first, *rest = [
        sql_select(*[literal(v).label(n) for v, n in zip(row, DICTIONARY_COLUMNS, strict=True)])
        for row in rows
    ]
    return _text(connection, union_all(first, *rest))


def _text(connection: Connection, statement: object) -> str:
    compiled = statement.compile(  # type: ignore[attr-defined]
        dialect=connection.dialect, compile_kwargs={"literal_binds": True}
    )
    assert isinstance(compiled, SQLCompiler)
    return str(compiled)


def _fingerprint(made: list[str]) -> str:
    return hashlib.sha256("\n".join(made).encode()).hexdigest()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
