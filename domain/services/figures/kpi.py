"""The first key figures, read-only: columns from storage, arithmetic from the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import numpy as np

from db.columns import read_columns
from db.queries import kpi as queries
from db.unit_of_work import UnitOfWork
from domain.rules.kpi.lateness import Lateness, lateness
from domain.rules.kpi.on_time import (
    Deliveries,
    Share,
    measurable,
    on_time,
    share_of_groups,
    share_of_rows,
    share_of_weight,
)
from domain.rules.kpi.otif import DueBasis, OtifPolicy
from domain.services.figures.otif import OtifReport, otif_report
from domain.vocabulary.units import MISSING
from domain.vocabulary.window import Window

Basis = Literal["current", "first"]


@dataclass(frozen=True)
class Backlog:
    """Open lines as of the day; value per currency, None where no open line of it has a value."""

    open_lines: int
    overdue_lines: int
    open_value: Mapping[str, Decimal | None]
    unvalued_lines: int


@dataclass(frozen=True)
class OnTimeReport:
    """On time over the lines delivered on or before `as_of`, and the backlog as of it.

    `value` holds one share per currency, in money units; amounts of different currencies are never added.
    `no_promise` counts delivered lines that no promise was recorded for: they are in no share.
    `requested` and `promised` are on time in full against the requested day and the first promise, side by side.
    """

    as_of: date
    basis: Basis
    window: Window
    line: Share
    order: Share
    shipment: Share
    value: Mapping[str, Share]
    quantity: Share
    lateness: Lateness
    no_promise: int
    backlog: Backlog
    requested: OtifReport
    promised: OtifReport

    @property
    def policy(self) -> str:
        """The rule in force, in words."""
        promise = "promise in force" if self.basis == "current" else "first promise"
        return (
            f"ON-TIME-PROMISED: delivered {self.window} against the {promise}, whole days; "
            f"lines delivered on or before {self.as_of.isoformat()}"
        )


def on_time_report(
    uow: UnitOfWork,
    *,
    as_of: date,
    window: Window | None = None,
    basis: Basis = "current",
    source: str | None = None,
) -> OnTimeReport:
    """Return the on-time figures and the backlog as of a day (domain.md 0a.11, 5)."""
    window = window or Window()
    connection = uow.connection
    lines = read_columns(connection, queries.delivered_lines(as_of, source=source))
    parts = read_columns(connection, queries.delivered_parts(as_of, source=source))
    deliveries = _deliveries(lines, "order_id", basis)
    shipped = _parts(parts, basis)
    verdict = on_time(deliveries, window)
    return OnTimeReport(
        as_of=as_of,
        basis=basis,
        window=window,
        line=share_of_rows(deliveries, verdict),
        order=share_of_groups(deliveries, verdict),
        shipment=share_of_groups(shipped, on_time(shipped, window)),
        value=_value(lines, deliveries, verdict),
        quantity=share_of_weight(deliveries, verdict, deliveries.quantity),
        lateness=lateness(deliveries),
        no_promise=int((~measurable(deliveries)).sum()),
        backlog=backlog(uow, as_of=as_of, source=source),
        requested=otif_report(uow, as_of=as_of, source=source),
        promised=otif_report(
            uow, as_of=as_of, policy=OtifPolicy(basis=DueBasis.PROMISED_FIRST), source=source
        ),
    )


on_time_report.read_only = True  # type: ignore[attr-defined]


def backlog(uow: UnitOfWork, *, as_of: date, source: str | None = None) -> Backlog:
    """Return open and overdue lines and the open value per currency as of a day."""
    rows = uow.connection.execute(queries.backlog(as_of, source=source)).all()
    return Backlog(
        open_lines=sum(row.open_lines for row in rows),
        overdue_lines=sum(int(row.overdue_lines or 0) for row in rows),
        open_value={
            row.currency: row.open_value if row.valued_lines else None
            for row in sorted(rows, key=lambda r: r.currency)
        },
        unvalued_lines=sum(row.open_lines - row.valued_lines for row in rows),
    )


backlog.read_only = True  # type: ignore[attr-defined]


def _deliveries(columns: Mapping[str, np.ndarray], group: str, basis: Basis) -> Deliveries:
    return Deliveries(
        group=columns[group],
        promised=columns["promised_on" if basis == "current" else "promised_on_first"],
        first=columns["first_delivered_on"],
        last=columns["delivered_on"],
        amount=columns["net_amount"],
        quantity=columns["qty_net"],
    )


def _parts(columns: Mapping[str, np.ndarray], basis: Basis) -> Deliveries:
    nothing = np.full(len(columns["shipment_id"]), MISSING, dtype=np.int64)
    return Deliveries(
        group=columns["shipment_id"],
        promised=columns["promised_on" if basis == "current" else "promised_on_first"],
        first=columns["delivered_on"],
        last=columns["delivered_on"],
        amount=nothing,
        quantity=nothing,
    )


def _value(lines: Mapping[str, np.ndarray], deliveries: Deliveries, verdict: np.ndarray) -> dict[str, Share]:
    currencies = lines["currency"]
    shares: dict[str, Share] = {}
    for currency in sorted(set(currencies.tolist())):
        weight = np.where(currencies == currency, deliveries.amount, MISSING)
        shares[str(currency)] = share_of_weight(deliveries, verdict, weight)
    return shares
