"""On time and backlog broken out by a dimension, read-only: the parts add up to the whole figure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from db.queries.kpi_rows import by_dimension
from db.unit_of_work import UnitOfWork
from domain.rules.kpi.on_time import Share
from domain.vocabulary.figures import Basis, Dimension, Drill, Figure
from domain.vocabulary.window import Window


@dataclass(frozen=True)
class Part:
    """Lines on time over lines measured for one value; `name` None where the value is not recorded."""

    name: str | None
    share: Share
    quantity: Share


@dataclass(frozen=True)
class OpenPart:
    """Open and overdue lines for one value; `name` None where the value is not recorded."""

    name: str | None
    open_lines: int
    overdue_lines: int


def breakdown(
    uow: UnitOfWork,
    *,
    dimension: Dimension | str,
    as_of: date,
    window: Window | None = None,
    basis: Basis = Basis.CURRENT,
    source: str | None = None,
) -> list[Part]:
    """Return the on-time shares per value of `dimension`, most lines first."""
    window = window or Window()
    drill = Drill(
        Figure.DELIVERED, as_of, early=window.early, late=window.late, basis=basis, source=source, live=False
    )
    found = uow.connection.execute(by_dimension(drill=drill, dimension=Dimension(dimension)))
    return [
        Part(
            row.name,
            Share(int(row.on_time), int(row.delivered)),
            Share(int(row.quantity_on_time), int(row.quantity)),
        )
        for row in found
    ]


breakdown.read_only = True  # type: ignore[attr-defined]


def open_breakdown(
    uow: UnitOfWork, *, dimension: Dimension | str, as_of: date, source: str | None = None
) -> list[OpenPart]:
    """Return open and overdue lines per value of `dimension`, most lines first."""
    drill = Drill(Figure.OPEN, as_of, source=source, live=False)
    found = uow.connection.execute(by_dimension(drill=drill, dimension=Dimension(dimension)))
    return [OpenPart(row.name, int(row.open), int(row.overdue)) for row in found]


open_breakdown.read_only = True  # type: ignore[attr-defined]
