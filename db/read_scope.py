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
MINE = "IN ({accounts})"
HERE = "IN ({sites})"


def _order(key: str) -> str:
    """The order of `key` is of an own account. Looked up by its key, row by row: a list of all would be made anew."""
    return (
        f"EXISTS (SELECT 1 FROM {{base}}sales_order so WHERE so.order_id = {key} AND so.customer_id {MINE})"
    )


def _line(key: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM {base}sales_order_line sl JOIN {base}sales_order lo ON lo.order_id = sl.order_id "
        f"WHERE sl.line_id = {key} AND lo.customer_id {MINE})"
    )


def _goods(key: str, customer: str) -> str:
    """A shipment is to an own account, or carries something of one."""
    return (
        f"{customer} {MINE} OR EXISTS (SELECT 1 FROM {{base}}shipment_line hl WHERE hl.shipment_id = {key} "
        f"AND {_line('hl.line_id')})"
    )


def _shipment(key: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {{base}}shipment sh WHERE sh.shipment_id = {key} "
        f"AND ({_goods('sh.shipment_id', 'sh.customer_id')}))"
    )


def _invoice(key: str) -> str:
    return f"EXISTS (SELECT 1 FROM {{base}}invoice iv WHERE iv.invoice_id = {key} AND iv.customer_id {MINE})"


def _case(of: str) -> str:
    return f"{of}.customer_id {MINE} OR {_order(of + '.order_id')} OR {_line(of + '.line_id')}"


def _hold(of: str) -> str:
    """Holds on own orders, lines, shipments and accounts, and those on SKUs, which everybody's lines wait for."""
    return (
        f"{_order(of + '.order_id')} OR ({of}.scope = 'ORDER' AND {_order(of + '.scope_id')}) "
        f"OR ({of}.scope = 'LINE' AND {_line(of + '.scope_id')}) OR ({of}.scope = 'CUSTOMER' AND {of}.scope_id {MINE}) "
        f"OR ({of}.scope = 'SHIPMENT' AND {_shipment(of + '.scope_id')}) OR {of}.scope = 'SKU'"
    )


def _clock(key: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {{base}}sla_clock ck WHERE ck.clock_id = {key} AND {_order('ck.order_id')})"
    )


def _object(kind: str, key: str) -> str:
    """Rows that name their object by the table's name and key: those of own objects."""
    own = {
        "customer": f"{key} {MINE}",
        "sales_order": _order(key),
        "sales_order_line": _line(key),
        "shipment": _shipment(key),
        "invoice": _invoice(key),
        "hold": f"EXISTS (SELECT 1 FROM {{base}}hold ho WHERE ho.hold_id = {key} AND ({_hold('ho')}))",
        "exception_case": f"EXISTS (SELECT 1 FROM {{base}}exception_case ec WHERE ec.exception_id = {key} "
        f"AND ({_case('ec')}))",
    }
    return " OR ".join(f"({kind} = '{name}' AND {test})" for name, test in own.items())


def _approval(key: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {{base}}approval ap WHERE ap.approval_id = {key} "
        f"AND ({_object('ap.object_type', 'ap.object_id')}))"
    )


def _landing(key: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {{base}}record_source rs WHERE rs.landing_id = {key} "
        f"AND ({_object('rs.table_name', 'rs.record_id')}))"
    )


BY_ACCOUNT = {
    **{
        name: f"{name}.customer_id {MINE}"
        for name in ("customer", "ship_to", "contact", "customer_sku", "payment", "sales_order", "invoice")
    },
    **{
        name: _line(f"{name}.line_id")
        for name in (
            "schedule_line",
            "date_change",
            "reservation",
            "shipment_line",
            "bop_result",
            "bop_plan_row",
            "bop_before",
        )
    },
    **{name: _order(f"{name}.order_id") for name in ("sales_order_line", "order_event", "sla_clock")},
    **{name: _shipment(f"{name}.shipment_id") for name in ("package", "tracking_event")},
    **{name: _invoice(f"{name}.invoice_id") for name in ("invoice_line", "payment_application")},
    **{name: _clock(f"{name}.clock_id") for name in ("sla_segment", "sla_level_event")},
    **{name: _approval(f"{name}.approval_id") for name in ("approval", "approval_step")},
    **{
        name: _object(f"{name}.table_name", f"{name}.record_id")
        for name in ("record_source", "import_change")
    },
    "price_agreement": f"price_agreement.customer_id IS NULL OR price_agreement.customer_id {MINE}",
    "stock_movement": f"stock_movement.line_id IS NULL OR {_line('stock_movement.line_id')}",
    "shipment": _goods("shipment.shipment_id", "shipment.customer_id"),
    "hold": _hold("hold"),
    "exception_case": _case("exception_case"),
    "communication": f"communication.customer_id {MINE} OR {_order('communication.order_id')}",
    "audit_log": _object("audit_log.object_type", "audit_log.object_id"),
    "landing": _landing("landing.landing_id"),
    **{
        name: f"EXISTS (SELECT 1 FROM {{base}}landing ld WHERE ld.{key} = {name}.{key} AND {_landing('ld.landing_id')})"
        for name, key in (("import_batch", "batch_id"), ("import_file", "file_id"))
    },
    "promise_quote": f"promise_quote.customer_id {MINE}",
    "promise_notice": "EXISTS (SELECT 1 FROM {base}date_change dc WHERE dc.date_change_id = promise_notice.date_change_id "
    f"AND {_line('dc.line_id')})",
    **dict.fromkeys(("quarantine_row", "import_warning", "outbox_message", "bop_snapshot"), NEVER),
}
"""What a person sees who is limited to accounts, by table."""
OPEN = frozenset({
    "calendar", "calendar_window", "calendar_exception", "site", "carrier", "supplier", "sku", "sku_site",
    "uom_conversion", "supply", "stock_balance", "sla_policy", "code_map", "import_answer", "worker_lease", "command",
    "audit_anchor", "saved_view", "app_user", "user_role", "user_account", "user_site", "user_session",
    "sign_in_attempt", "presence", "run_variant", "bop_run", "quota", "supply_protection", "sourcing_rule",
    "safety_stock_change", "atp_bucket",
})  # fmt: skip
"""Tables that hold nothing of one customer."""


def _own_or_none(site: str) -> str:
    return f"{site} IS NULL OR {site} {HERE}"


def _site_line(key: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {{base}}sales_order_line tl WHERE tl.line_id = {key} "
        f"AND ({_own_or_none('tl.site_id')}))"
    )


def _site_order(key: str) -> str:
    """An order has a line of the site, or no line at all."""
    lines = f"SELECT 1 FROM {{base}}sales_order_line tl WHERE tl.order_id = {key}"
    return f"EXISTS ({lines} AND ({_own_or_none('tl.site_id')})) OR NOT EXISTS ({lines})"


BY_SITE = {
    "sales_order": _site_order("sales_order.order_id"),
    **{name: _own_or_none(f"{name}.site_id") for name in ("sales_order_line", "shipment", "supply")},
    **{
        name: f"{name}.site_id {HERE}"
        for name in (
            "stock_balance",
            "stock_movement",
            "sku_site",
            "atp_bucket",
            "supply_protection",
            "safety_stock_change",
        )
    },
    **{
        name: _site_line(f"{name}.line_id")
        for name in (
            "schedule_line",
            "date_change",
            "reservation",
            "shipment_line",
            "bop_result",
            "bop_plan_row",
            "bop_before",
        )
    },
    **{
        name: f"{name}.order_id IS NULL OR {_site_order(f'{name}.order_id')}"
        for name in ("order_event", "hold", "exception_case", "invoice", "communication")
    },
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
