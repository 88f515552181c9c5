"""Triggers that a person with SQL meets: the audit log is append-only, and changes made outside the tower are seen.

A write of the tower runs inside an open command (SQLite: a command without its answer; PostgreSQL: a connection
marked `tower.inside`). Any other UPDATE or DELETE of a business row leaves an audit row with source OUTSIDE. Whoever
drops the triggers is found by `verify`, which looks for them and recomputes the chain (reliability.md 1.7).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table, column, select, table, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import DDLElement

from db.tables import Base

PREFIX = "guard_"
APPEND_ONLY = ("audit_log", "audit_anchor")
SEALED_ONCE = ("seal_no", "prev_hash", "hash")
UNWATCHED = frozenset({"saved_view"})
FUNCTIONS = ("guard_refuse", "guard_outside")


class Guard(DDLElement):
    """A statement that makes one trigger or its function; `sqlite` and `postgresql` are its texts."""

    def __init__(self, name: str, owner: str, *, sqlite: str = "", postgresql: str = "") -> None:
        self.name = name
        self.owner = owner
        self.texts = {"sqlite": sqlite, "postgresql": postgresql}


class DropGuard(DDLElement):
    """DROP of a trigger, or of a function where it has no owner."""

    def __init__(self, name: str, owner: str = "") -> None:
        self.name = name
        self.owner = owner


@compiles(Guard)
def _make(element: Guard, compiler: Any, **options: Any) -> str:
    return element.texts[compiler.dialect.name]


@compiles(DropGuard)
def _drop(element: DropGuard, compiler: Any, **options: Any) -> str:
    quote = compiler.preparer.quote
    if not element.owner:
        return f"DROP FUNCTION IF EXISTS {quote(element.name)} CASCADE"
    on = f" ON {quote(element.owner)}" if compiler.dialect.name == "postgresql" else ""
    return f"DROP TRIGGER IF EXISTS {quote(element.name)}{on}"


def watched() -> list[Table]:
    """Return the business tables whose rows have a version: an edit of them outside the tower is recorded."""
    return [t for t in Base.metadata.sorted_tables if "row_version" in t.c and t.name not in UNWATCHED]


def guards(dialect: str) -> list[Guard]:
    """Return every trigger of a kind of database, functions first."""
    made = [*_functions()] if dialect == "postgresql" else []
    made += [*_append_only(dialect), *_finished_commands(dialect)]
    for owner in watched():
        made += _outside(owner, dialect)
    return made


def create(connection: Connection) -> None:
    """Make the guards; there must be none."""
    for guard in guards(connection.dialect.name):
        connection.execute(guard)


def drop(connection: Connection) -> None:
    """Take the guards away, before tables change or a demo is emptied."""
    if connection.dialect.name == "postgresql":
        for name in FUNCTIONS:
            connection.execute(DropGuard(name))
        return
    for name, owner in _present(connection):
        connection.execute(DropGuard(name, owner))


def missing(connection: Connection) -> list[str]:
    """Return the names of guards that are not there, switched off, or not as this version makes them."""
    dialect = connection.dialect.name
    found = dict(_sqlite_texts(connection) if dialect == "sqlite" else _postgresql_texts(connection))
    return sorted(g.name for g in guards(dialect) if found.get(g.name) != _as_kept(g, dialect))


def _as_kept(guard: Guard, dialect: str) -> str:
    """Return what the database keeps of a guard: its text, a function's body, or (table, events, function)."""
    text_ = guard.texts[dialect]
    if dialect == "sqlite":
        return text_
    if guard.name in FUNCTIONS:
        return text_.split("$$")[1].replace("%%", "%")
    conditional = "if" if " WHEN (" in text_ else "always"
    called = "guard_refuse" if "guard_refuse()" in text_ else "guard_outside"
    return f"{guard.owner} {called} {conditional}"


def fingerprint(connection: Connection) -> str:
    """Return a hash of all guards of this version for the database of `connection`."""
    texts = [guard.texts[connection.dialect.name] for guard in guards(connection.dialect.name)]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _sqlite_texts(connection: Connection) -> list[tuple[str, str]]:
    schema = table("sqlite_master", column("type"), column("name"), column("tbl_name"), column("sql"))
    chosen = select(schema.c.name, schema.c.sql).where(
        schema.c.type == "trigger", schema.c.name.startswith(PREFIX)
    )
    return [(row[0], row[1]) for row in connection.execute(chosen)]


def _postgresql_texts(connection: Connection) -> list[tuple[str, str]]:
    """Return functions with their bodies, and triggers that are switched on with table, function and condition."""
    function = table("pg_proc", column("oid"), column("proname"), column("prosrc"))
    trigger = table(
        "pg_trigger",
        *[column(name) for name in ("tgname", "tgrelid", "tgenabled", "tgfoid", "tgqual", "tgisinternal")],
    )
    relation = table("pg_class", column("oid"), column("relname"))
    chosen = (
        select(trigger.c.tgname, relation.c.relname, function.c.proname, trigger.c.tgqual.is_not(None))
        .join(relation, relation.c.oid == trigger.c.tgrelid)
        .join(function, function.c.oid == trigger.c.tgfoid)
        .where(trigger.c.tgenabled != text("'D'"), trigger.c.tgname.startswith(PREFIX))
    )
    bodies = select(function.c.proname, function.c.prosrc).where(function.c.proname.in_(FUNCTIONS))
    found = [(row[0], row[1]) for row in connection.execute(bodies)]
    for name, owner, called, conditional in connection.execute(chosen):
        found.append((name, f"{owner} {called} {'if' if conditional else 'always'}"))
    return found


def _present(connection: Connection) -> list[tuple[str, str]]:
    """Return (trigger, table) of the guards that are there and switched on."""
    if connection.dialect.name == "sqlite":
        schema = table("sqlite_master", column("type"), column("name"), column("tbl_name"))
        chosen = select(schema.c.name, schema.c.tbl_name).where(schema.c.type == "trigger")
    else:
        trigger = table("pg_trigger", column("tgname"), column("tgrelid"), column("tgenabled"))
        relation = table("pg_class", column("oid"), column("relname"))
        chosen = (
            select(trigger.c.tgname, relation.c.relname)
            .join(relation, relation.c.oid == trigger.c.tgrelid)
            .where(trigger.c.tgenabled != text("'D'"))
        )
    return [(row[0], row[1]) for row in connection.execute(chosen) if row[0].startswith(PREFIX)]


def _functions() -> Iterable[Guard]:
    refuse = """CREATE FUNCTION guard_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%% is append-only: rows are neither changed nor removed', TG_TABLE_NAME;
END $$"""
    outside = """CREATE FUNCTION guard_outside() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO audit_log (at, actor, action, object_type, object_id, old, new, source)
  VALUES (extract(epoch FROM clock_timestamp())::bigint, session_user, 'outside.' || lower(TG_OP), TG_TABLE_NAME,
          (to_jsonb(OLD) ->> TG_ARGV[0])::bigint, to_jsonb(OLD)::text,
          CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(NEW)::text END, 'OUTSIDE');
  RETURN NULL;
END $$"""
    yield Guard("guard_refuse", "", postgresql=refuse)
    yield Guard("guard_outside", "", postgresql=outside)


def _append_only(dialect: str) -> Iterable[Guard]:
    for name in APPEND_ONLY:
        owner = Base.metadata.tables[name]
        sealing = "hash" in owner.c
        kept = [c.name for c in owner.columns if c.name not in SEALED_ONCE]
        if dialect == "postgresql":
            differs = " OR ".join(f"OLD.{c} IS DISTINCT FROM NEW.{c}" for c in kept)
            when = f"WHEN (OLD.hash IS NOT NULL OR {differs}) " if sealing else ""
            run = "EXECUTE FUNCTION guard_refuse()"
            texts = {
                "update": f"BEFORE UPDATE ON {name} FOR EACH ROW {when}{run}",
                "delete": f"BEFORE DELETE ON {name} FOR EACH ROW {run}",
                "truncate": f"BEFORE TRUNCATE ON {name} FOR EACH STATEMENT {run}",
            }
            for what, rest in texts.items():
                title = f"{PREFIX}{name}_{what}"
                yield Guard(title, name, postgresql=f"CREATE TRIGGER {title} {rest}")
            continue
        differs = " OR ".join(f"OLD.{c} IS NOT NEW.{c}" for c in kept)
        when = f" WHEN OLD.hash IS NOT NULL OR {differs}" if sealing else ""
        refuse = (
            f"BEGIN SELECT RAISE(ABORT, '{name} is append-only: rows are neither changed nor removed'); END"
        )
        for what, condition in (("update", when), ("delete", "")):
            title = f"{PREFIX}{name}_{what}"
            head = f"CREATE TRIGGER {title} BEFORE {what.upper()} ON {name} FOR EACH ROW{condition}"
            yield Guard(title, name, sqlite=f"{head} {refuse}")


def _finished_commands(dialect: str) -> Iterable[Guard]:
    """A command that has its answer stays as it is, so that its key and its audit digest can be trusted."""
    for what, when in (("update", "OLD.response IS NOT NULL"), ("delete", "")):
        title = f"{PREFIX}command_{what}"
        head = f"CREATE TRIGGER {title} BEFORE {what.upper()} ON command FOR EACH ROW"
        if dialect == "postgresql":
            condition = f" WHEN ({when})" if when else ""
            yield Guard(title, "command", postgresql=f"{head}{condition} EXECUTE FUNCTION guard_refuse()")
        else:
            condition = f" WHEN {when}" if when else ""
            refuse = "BEGIN SELECT RAISE(ABORT, 'a finished command is neither changed nor removed'); END"
            yield Guard(title, "command", sqlite=f"{head}{condition} {refuse}")


def _outside(owner: Table, dialect: str) -> Iterable[Guard]:
    key = next(iter(owner.primary_key.columns)).name
    for what in ("update", "delete"):
        title = f"{PREFIX}{owner.name}_{what}"
        head = f"CREATE TRIGGER {title} AFTER {what.upper()} ON {owner.name} FOR EACH ROW"
        if dialect == "postgresql":
            when = "WHEN (current_setting('tower.inside', true) IS DISTINCT FROM '1')"
            run = f"EXECUTE FUNCTION guard_outside('{key}')"
            yield Guard(title, owner.name, postgresql=f"{head} {when} {run}")
            continue
        when = "WHEN NOT EXISTS (SELECT 1 FROM command WHERE response IS NULL)"
        new = _json_object(owner, "NEW") if what == "update" else "NULL"
        insert = (
            "INSERT INTO audit_log (at, actor, action, object_type, object_id, old, new, source) VALUES "
            f"(CAST(strftime('%s', 'now') AS INTEGER), 'outside', 'outside.{what}', '{owner.name}', "
            f"OLD.{key}, {_json_object(owner, 'OLD')}, {new}, 'OUTSIDE')"
        )
        yield Guard(title, owner.name, sqlite=f"{head} {when} BEGIN {insert}; END")


def _json_object(owner: Table, row: str) -> str:
    return "json_object(" + ", ".join(f"'{c.name}', {row}.{c.name}" for c in owner.columns) + ")"
