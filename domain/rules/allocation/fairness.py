"""How evenly scarce stock was shared among customers: fill per customer and Jain's index (bar.md 2.6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from domain.rules.allocation.book import Book, Ints
from domain.rules.allocation.run_figures import Confirmations, confirmed_units


@dataclass(frozen=True)
class CustomerFill:
    """Per customer, ascending by key: demand, and what of it is confirmed; in the book's units."""

    customer_id: Ints
    demand: Ints
    confirmed: Ints

    @property
    def share(self) -> np.ndarray:
        """Confirmed of demand, 0 to 1."""
        return np.asarray(self.confirmed / self.demand)

    @property
    def worst(self) -> int | None:
        """The customer with the lowest share; of equals the one with the greatest demand, then the lowest key."""
        if not len(self.customer_id):
            return None
        return int(self.customer_id[np.lexsort((self.customer_id, -self.demand, self.share))[0]])


def by_customer(book: Book, rows: Confirmations) -> CustomerFill:
    """Return the fill of every customer that wants something; more than was asked for does not count."""
    lines = book.lines
    confirmed = np.minimum(confirmed_units(book, rows), lines.qty)
    wants = lines.qty > 0
    customer, place = np.unique(lines.customer_id[wants], return_inverse=True)
    demand, got = np.zeros((2, len(customer)), dtype=np.int64)
    np.add.at(demand, place, lines.qty[wants])
    np.add.at(got, place, confirmed[wants])
    return CustomerFill(customer, demand, got)


def jain(share: np.ndarray) -> float | None:
    """Return (Σx)² ÷ (n·Σx²): 1 when all customers are filled alike, 1/n when one gets everything.

    None where nobody got anything: there is nothing to be shared fairly.
    """
    squares = float((share * share).sum())
    return float(share.sum()) ** 2 / (len(share) * squares) if squares else None
