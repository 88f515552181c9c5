"""What a limited reader sees: the accounts and sites of the actor, held by the database itself.

A limited read runs where views of the same names stand before the tables: temporary views on SQLite, the schemas
`tower_accounts`, `tower_sites` and `tower_both` first in the search path on PostgreSQL. So every statement is limited,
whatever it joins, nests or unites, and one that was forgotten is limited too. A table that is in neither list below is
a mistake that the tests find.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, column, func, select, table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import DDLElement

SCOPE = "tower_scope"
"""The execution option under which a connection carries its scope."""
NEVER = "1 = 0"
ORDERS = "SELECT order_id FROM {base}sales_order WHERE customer_id IN ({accounts})"
LINES = f"SELECT line_id FROM {{base}}sales_order_line WHERE order_id IN ({ORDERS})"
SHIPMENTS = (
    "SELECT shipment_id FROM {base}shipment WHERE customer_id IN ({accounts}) "
    f"UNION SELECT shipment_id FROM {{base}}shipment_line WHERE line_id IN ({LINES})"
)
INVOICES = "SELECT invoice_id FROM {base}invoice WHERE customer_id IN ({accounts})"
CASES = (
    "SELECT exception_id FROM {base}exception_case WHERE customer_id IN ({accounts}) "
    f"OR order_id IN ({ORDERS}) OR line_id IN ({LINES})"
)
HOLDS = (
    f"SELECT hold_id FROM {{base}}hold WHERE order_id IN ({ORDERS}) OR (scope = 'ORDER' AND scope_id IN ({ORDERS})) "
    f"OR (scope = 'LINE' AND scope_id IN ({LINES})) OR (scope = 'CUSTOMER' AND scope_id IN ({{accounts}})) "
    f"OR (scope = 'SHIPMENT' AND scope_id IN ({SHIPMENTS})) OR scope = 'SKU'"
)
CLOCKS = f"SELECT clock_id FROM {{base}}sla_clock WHERE order_id IN ({ORDERS})"


def _object(kind: str, key: str) -> str:
    """Rows that name their object by the table's name and key: those of own objects."""
    own = {
        "customer": "{accounts}",
        "sales_order": ORDERS,
        "sales_order_line": LINES,
        "shipment": SHIPMENTS,
        "hold": HOLDS,
        "exception_case": CASES,
        "invoice": INVOICES,
    }
    return " OR ".join(f"({kind} = '{name}' AND {key} IN ({keys}))" for name, keys in own.items())


APPROVALS = f"SELECT approval_id FROM {{base}}approval WHERE {_object('object_type', 'object_id')}"
LANDINGS = f"SELECT landing_id FROM {{base}}record_source WHERE {_object('table_name', 'record_id')}"
BY_ACCOUNT = {
    "customer": "customer_id IN ({accounts})",
    "ship_to": "customer_id IN ({accounts})",
    "contact": "customer_id IN ({accounts})",
    "customer_sku": "customer_id IN ({accounts})",
    "price_agreement": "customer_id IS NULL OR customer_id IN ({accounts})",
    "payment": "customer_id IN ({accounts})",
    "sales_order": "customer_id IN ({accounts})",
    "sales_order_line": f"order_id IN ({ORDERS})",
    "schedule_line": f"line_id IN ({LINES})",
    "date_change": f"line_id IN ({LINES})",
    "reservation": f"line_id IN ({LINES})",
    "order_event": f"order_id IN ({ORDERS})",
    "stock_movement": f"line_id IS NULL OR line_id IN ({LINES})",
    "hold": f"hold_id IN ({HOLDS})",
    "exception_case": f"exception_id IN ({CASES})",
    "shipment": f"shipment_id IN ({SHIPMENTS})",
    "shipment_line": f"line_id IN ({LINES})",
    "package": f"shipment_id IN ({SHIPMENTS})",
    "tracking_event": f"shipment_id IN ({SHIPMENTS})",
    "invoice": f"invoice_id IN ({INVOICES})",
    "invoice_line": f"invoice_id IN ({INVOICES})",
    "payment_application": f"invoice_id IN ({INVOICES})",
    "communication": f"customer_id IN ({{accounts}}) OR order_id IN ({ORDERS})",
    "sla_clock": f"clock_id IN ({CLOCKS})",
    "sla_segment": f"clock_id IN ({CLOCKS})",
    "sla_level_event": f"clock_id IN ({CLOCKS})",
    "approval": f"approval_id IN ({APPROVALS})",
    "approval_step": f"approval_id IN ({APPROVALS})",
    "audit_log": _object("object_type", "object_id"),
    "record_source": _object("table_name", "record_id"),
    "landing": f"landing_id IN ({LANDINGS})",
    "import_change": _object("table_name", "record_id"),
    "import_batch": f"batch_id IN (SELECT batch_id FROM {{base}}landing WHERE landing_id IN ({LANDINGS}))",
    "import_file": f"file_id IN (SELECT file_id FROM {{base}}landing WHERE landing_id IN ({LANDINGS}))",
    "quarantine_row": NEVER,
    "import_warning": NEVER,
    "outbox_message": NEVER,
}
"""What a person sees who is limited to accounts, by table."""
OPEN = frozenset({
    "calendar", "calendar_window", "calendar_exception", "site", "carrier", "supplier", "sku", "sku_site",
    "uom_conversion", "supply", "stock_balance", "sla_policy", "code_map", "import_answer", "worker_lease", "command",
    "audit_anchor", "saved_view", "app_user", "user_role", "user_account", "user_site", "user_session",
    "sign_in_attempt", "presence",
})  # fmt: skip
"""Tables that hold nothing of one customer."""
SITE_LINES = "SELECT line_id FROM {base}sales_order_line WHERE site_id IS NULL OR site_id IN ({sites})"
SITE_ORDERS = (
    "SELECT order_id FROM {base}sales_order_line WHERE site_id IS NULL OR site_id IN ({sites}) UNION "
    "SELECT order_id FROM {base}sales_order WHERE order_id NOT IN (SELECT order_id FROM {base}sales_order_line)"
)
OF_SITE_ORDER = f"order_id IS NULL OR order_id IN ({SITE_ORDERS})"
BY_SITE = {
    "sales_order": f"order_id IN ({SITE_ORDERS})",
    "sales_order_line": "site_id IS NULL OR site_id IN ({sites})",
    "schedule_line": f"line_id IN ({SITE_LINES})",
    "date_change": f"line_id IN ({SITE_LINES})",
    "reservation": f"line_id IN ({SITE_LINES})",
    "shipment_line": f"line_id IN ({SITE_LINES})",
    "order_event": OF_SITE_ORDER,
    "hold": OF_SITE_ORDER,
    "exception_case": OF_SITE_ORDER,
    "invoice": OF_SITE_ORDER,
    "communication": OF_SITE_ORDER,
    "shipment": "site_id IS NULL OR site_id IN ({sites})",
    "supply": "site_id IS NULL OR site_id IN ({sites})",
    "stock_balance": "site_id IN ({sites})",
    "stock_movement": "site_id IN ({sites})",
    "sku_site": "site_id IN ({sites})",
}
"""What a person sees who is limited to sites, by table; the others are whole."""
KINDS = ("accounts", "sites", "both")


@dataclass(frozen=True)
class ReadScope:
    """The keys of the customers and sites that a reader is limited to; None is no limit."""

    accounts: frozenset[int] | None = None
    sites: frozenset[int] | None = None

    @property
    def kind(self) -> str | None:
        """Which set of views holds it; None for a reader without limits."""
        if self.accounts is None:
            return None if self.sites is None else "sites"
        return "accounts" if self.sites is None else "both"


class _Statement(DDLElement):
    """A statement made of the words above."""

    def __init__(self, text: str) -> None:
        self.text = text


@compiles(_Statement)
def _as_written(element: _Statement, compiler: Any, **options: Any) -> str:
    return element.text


def conditions(kind: str) -> dict[str, str]:
    """Return the condition of each table that a kind of scope limits."""
    if kind == "accounts":
        return dict(BY_ACCOUNT)
    if kind == "sites":
        return dict(BY_SITE)
    both = {name: f"({BY_ACCOUNT[name]}) AND ({BY_SITE[name]})" for name in BY_SITE if name in BY_ACCOUNT}
    return {**BY_ACCOUNT, **BY_SITE, **both}


@lru_cache(maxsize=len(KINDS))
def _sqlite(kind: str) -> tuple[str, ...]:
    """Return the statements that put temporary views before the tables, after the two lists of keys."""
    words = {
        "base": "main.",
        "accounts": "SELECT key FROM temp.tower_accounts",
        "sites": "SELECT key FROM temp.tower_sites",
    }
    return tuple(
        f"CREATE TEMP VIEW {name} AS SELECT * FROM main.{name} WHERE {condition.format(**words)}"
        for name, condition in conditions(kind).items()
    )


def _postgresql(kind: str) -> list[str]:
    """Return the statements that make a kind's schema of views; the keys come from the session's settings."""
    words = {
        "base": "",
        **{
            what: f"SELECT unnest(string_to_array(current_setting('tower.{what}', true), ',')::bigint[])"
            for what in ("accounts", "sites")
        },
    }
    schema = f"tower_{kind}"
    return [
        f"CREATE SCHEMA {schema}",
        *(
            f"CREATE VIEW {schema}.{name} AS SELECT * FROM {name} WHERE {condition.format(**words)}"
            for name, condition in conditions(kind).items()
        ),
    ]


@lru_cache(maxsize=1)
def _fingerprint() -> str:
    texts = [text for kind in KINDS for text in _postgresql(kind)]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def is_current(connection: Connection) -> bool:
    """Return whether the database has exactly the views of this version; SQLite makes them for each read."""
    if connection.dialect.name == "sqlite":
        return True
    space = table("pg_namespace", column("oid"), column("nspname"))
    told = func.obj_description(space.c.oid, "pg_namespace")
    found = connection.execute(
        select(told).where(space.c.nspname.in_([f"tower_{k}" for k in KINDS]))
    ).scalars()
    return [*found] == [_fingerprint()] * len(KINDS)


def drop(connection: Connection) -> None:
    """Take the views away, before tables change."""
    if connection.dialect.name == "postgresql":
        for kind in KINDS:
            connection.execute(_Statement(f"DROP SCHEMA IF EXISTS tower_{kind} CASCADE"))


def create(connection: Connection) -> None:
    """Make the views; there must be none."""
    if connection.dialect.name == "postgresql":
        for kind in KINDS:
            for text in _postgresql(kind):
                connection.execute(_Statement(text))
            connection.execute(_Statement(f"COMMENT ON SCHEMA tower_{kind} IS '{_fingerprint()}'"))


def limit(connection: Connection, scope: ReadScope | None) -> None:
    """Limit what the rest of this transaction reads; a rollback lifts it."""
    for text in statements(scope, connection.dialect.name):
        connection.exec_driver_sql(text)


def scope_of(connection: Connection) -> ReadScope | None:
    """Return what the reads of a connection are limited to."""
    found: ReadScope | None = connection.get_execution_options().get(SCOPE)
    return found


def statements(scope: ReadScope | None, dialect: str) -> Iterable[str]:
    """Return the statements that limit a transaction of a kind of database; none for a reader without limits."""
    if scope is None or scope.kind is None:
        return []
    accounts, sites = _listed(scope.accounts), _listed(scope.sites)
    if dialect == "postgresql":
        return [
            f"SELECT set_config('tower.accounts', '{accounts}', true), set_config('tower.sites', '{sites}', true), "
            f"set_config('search_path', 'tower_{scope.kind}, ' || current_setting('search_path'), true)"
        ]
    keys = [
        "CREATE TEMP TABLE tower_accounts (key INTEGER PRIMARY KEY)",
        "CREATE TEMP TABLE tower_sites (key INTEGER PRIMARY KEY)",
        f"INSERT INTO temp.tower_accounts SELECT value FROM json_each('[{accounts}]')",
        f"INSERT INTO temp.tower_sites SELECT value FROM json_each('[{sites}]')",
    ]
    return [*keys, *_sqlite(scope.kind)]


def _listed(keys: frozenset[int] | None) -> str:
    """Return keys as a list of whole numbers; anything else is refused by `int`."""
    return ",".join(str(int(key)) for key in sorted(keys or ()))
