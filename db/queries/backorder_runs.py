"""Backorder runs: the variants, the latest runs, and the lines of one with what it wants of them."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import Connection, Float, Integer, case, cast, func, or_, select, type_coerce

from db.queries.frame import frame
from db.tables import (
    BopPlanRow,
    BopResult,
    BopRun,
    Customer,
    RunVariant,
    SalesOrder,
    SalesOrderLine,
    Site,
    Sku,
    Supply,
)
from db.types import Quantity
from domain.vocabulary.units import FX_SCALE

LATEST = 50


def variants(connection: Connection) -> pd.DataFrame:
    """Return the newest active version of each variant: code, version, name, rules."""
    variant: Any = RunVariant
    newest = (
        select(variant.code, func.max(variant.version).label("version"))
        .where(variant.active.is_(True))
        .group_by(variant.code)
        .subquery()
    )
    return frame(
        connection,
        select(variant.code, variant.version, variant.name, variant.spec)
        .join(newest, (newest.c.code == variant.code) & (newest.c.version == variant.version))
        .order_by(variant.variant_id),
    )


def latest(connection: Connection) -> pd.DataFrame:
    """Return the newest runs, newest first."""
    run: Any = BopRun
    return frame(
        connection,
        select(
            run.run_id, run.started_at, run.started_by, run.title, run.status, run.trigger, run.lines, run.committed_at,
            run.committed_by, run.undo_until, run.undone_at, run.parent_run_id, run.plan_hash,
        )
        .order_by(run.run_id.desc())
        .limit(LATEST),
    )  # fmt: skip


def head(connection: Connection, *, run_id: int) -> pd.DataFrame:
    """Return a run's own row; no row where there is none of that number."""
    run: Any = BopRun
    columns = (
        run.run_id, run.started_at, run.started_by, run.title, run.status, run.trigger, run.lines, run.variant, run.scope,
        run.kpi_before, run.kpi_after, run.plan_hash, run.snapshot_hash, run.committed_at, run.committed_by, run.undo_until,
        run.undone_at, run.reason, run.approval_id, run.parent_run_id, run.engine,
    )  # fmt: skip
    return frame(connection, select(*columns).where(run.run_id == run_id))


def results(connection: Connection, *, run_id: int, only: str = "changed") -> pd.DataFrame:
    """Return lines of a run, the biggest value first. `only`: changed, promise, gain, lose, waiting, violation, all."""
    found: Any = BopResult
    line: Any = SalesOrderLine
    order: Any = SalesOrder
    new, old = type_coerce(found.new_qty, Integer), type_coerce(found.old_qty, Integer)
    later = (found.new_on > found.old_on) | (found.old_on.is_not(None) & found.new_on.is_(None))
    earlier = (found.new_on < found.old_on) | (found.new_on.is_not(None) & found.old_on.is_(None))
    chosen = {
        "changed": or_(new != old, later, earlier, found.changes.is_(True)),
        "promise": or_(
            found.new_promised_on != found.old_promised_on,
            found.old_promised_on.is_(None) & found.new_promised_on.is_not(None),
        ),
        "gain": or_(new > old, earlier) & ~or_(new < old, later),
        "lose": or_(new < old, later),
        "waiting": new < type_coerce(found.qty, Integer),
        "violation": found.violation.is_not(None),
        "all": found.run_id == run_id,
    }[only]
    delta = type_coerce(new - old, Quantity)
    days = case(
        (found.new_on.is_not(None) & found.old_on.is_not(None), found.new_on - found.old_on), else_=None
    )
    blocker: Any = SalesOrderLine.__table__.alias("blocker")
    blocking: Any = SalesOrder.__table__.alias("blocking")
    statement = (
        select(
            found.line_id, order.order_no, line.line_no, Customer.name.label("customer"), Customer.tier, Sku.sku,
            Site.code.label("site"), found.strategy, found.rank, found.rank_of, found.qty, found.old_qty, found.new_qty,
            delta.label("delta_qty"), found.old_on, found.new_on, type_coerce(days, Integer).label("delta_days"),
            line.requested_on, found.old_promised_on, found.new_promised_on, found.cause, found.violation, found.status,
            line.net_price, order.currency, blocking.c.order_no.label("blocker_order"), blocker.c.line_no.label("blocker_line"),
        )
        .join(line, line.line_id == found.line_id)
        .join(order, order.order_id == line.order_id)
        .join(Customer, Customer.customer_id == order.customer_id)
        .join(Sku, Sku.sku_id == line.sku_id)
        .outerjoin(Site, Site.site_id == line.site_id)
        .outerjoin(blocker, blocker.c.line_id == found.blocker_line_id)
        .outerjoin(blocking, blocking.c.order_id == blocker.c.order_id)
        .where(found.run_id == run_id, chosen)
        .order_by(_worth(found, line, order).desc(), found.line_id)
    )  # fmt: skip
    return frame(connection, statement)


def _worth(found: Any, line: Any, order: Any) -> Any:
    """Return what the wanted quantity is worth in the company's currency, near enough to sort by."""
    rate = func.coalesce(type_coerce(order.fx_rate, Integer), FX_SCALE)
    parts = (type_coerce(found.qty, Integer), func.coalesce(type_coerce(line.net_price, Integer), 0), rate)
    first, second, third = (cast(part, Float) for part in parts)
    return first * second * third


def pegs(connection: Connection, *, run_id: int, line_id: int) -> pd.DataFrame:
    """Return the quantities of a line by day and supply, before and as the run wants it."""
    row: Any = BopPlanRow
    return frame(
        connection,
        select(
            row.is_new,
            row.day,
            row.qty,
            Supply.ref,
            Supply.type,
            Supply.available_on,
            Site.code.label("site"),
        )
        .outerjoin(Supply, Supply.supply_id == row.supply_id)
        .join(Site, Site.site_id == row.site_id)
        .where(row.run_id == run_id, row.line_id == line_id)
        .order_by(row.is_new, row.day, row.plan_row_id),
    )
