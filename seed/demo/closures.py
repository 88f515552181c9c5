"""Holidays: nothing is promised for, delivered to or shipped from a place that is closed on that day.

Dates of the book are working-day numbers that know no holidays of single countries. History moves as whole orders
(every relation of its dates stays as drawn); the open book moves each date away from today, so that what is overdue,
due today or ahead stays so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seed.demo.book import Book
from seed.demo.parties import Parties
from seed.demo.world import NEVER, REACH, Ints, World

RECEIVED = ("req0", "req", "prom0", "prom", "del1", "del2")
SENT = ("ship1", "ship2")
SHIFTS = (0, *(sign * step for step in range(1, 16) for sign in (-1, 1)))
Bools = np.ndarray[Any, np.dtype[np.bool_]]


class Closures:
    """Which working-day numbers are closed at which ship-to (by place) and site (by key)."""

    def __init__(self, world: World, parties: Parties) -> None:
        exceptions, _ = world.sheets["calendar_exception"][0]
        laid = world.days.plan(np.arange(-REACH, REACH + 1))
        by_day = {int(day): number for number, day in enumerate(laid.tolist())}
        self._closed = np.zeros((max(parties.calendar_id.values()) + 1, len(laid)), dtype=bool)
        for calendar, day in zip(exceptions["calendar_id"], exceptions["on_day"], strict=True):
            if day in by_day:
                self._closed[calendar, by_day[day]] = True
        self._ship_to = np.array(world.sheets["ship_to"][0][0]["receiving_calendar_id"], dtype=np.int64)
        sites = world.sheets["site"][0][0]
        self._site = np.zeros(max(parties.site_id.values()) + 1, dtype=np.int64)
        self._site[list(parties.site_id.values())] = sites["calendar_id"]
        self._away, self._before = self._moved_away(), self._moved_back()

    def _moved_away(self) -> Ints:
        """For each calendar and number the next open number, away from today."""
        moved = np.tile(np.arange(-REACH, REACH + 1), (len(self._closed), 1))
        for place in range(2 * REACH - 1, REACH - 1, -1):
            moved[:, place] = np.where(self._closed[:, place], moved[:, place + 1], moved[:, place])
        for place in range(1, REACH):
            moved[:, place] = np.where(self._closed[:, place], moved[:, place - 1], moved[:, place])
        return moved

    def _moved_back(self) -> Ints:
        """For each calendar and number the last open number up to it; plans go back to today at most."""
        moved = np.tile(np.arange(-REACH, REACH + 1), (len(self._closed), 1))
        for place in (*range(1, REACH), *range(REACH + 1, 2 * REACH + 1)):
            moved[:, place] = np.where(self._closed[:, place], moved[:, place - 1], moved[:, place])
        return moved

    def receives(self, ship_to: Ints, number: Ints) -> Bools:
        """Return whether the ship-to is open on that working day (also for NEVER)."""
        return self._open(self._ship_to[ship_to], number)

    def ships(self, site: Ints, number: Ints) -> Bools:
        """Return whether the site is open on that working day (also for NEVER)."""
        return self._open(self._site[site], number)

    def received_by(self, ship_to: Ints, number: Ints) -> Ints:
        """Return the open working day of the ship-to nearest to `number` on its far side from today."""
        return self._look_up(self._away, self._ship_to[ship_to], number)

    def shipped_by(self, site: Ints, number: Ints) -> Ints:
        """Return the last open working day of the site up to `number`; what is ahead stays ahead."""
        return self._look_up(self._before, self._site[site], number)

    def _open(self, calendar: Ints, number: Ints) -> Bools:
        return np.asarray((number == NEVER) | ~self._closed[calendar, np.clip(number, -REACH, REACH) + REACH])

    def _look_up(self, table: Ints, calendar: Ints, number: Ints) -> Ints:
        return np.where(number == NEVER, NEVER, table[calendar, np.clip(number, -REACH, REACH) + REACH])


def open_entries(closures: Closures, book: Book, entry: Ints, latest: Ints) -> Ints:
    """Return the working day of entry of each order, moved so that its relative dates meet open places.

    `entry` is what was drawn; none becomes later than `latest`. An order that finds no such day within three weeks
    takes the one with the fewest closed dates.
    """
    order, ship_to = book.lines["order"], book.orders["ship_to"]
    best, fewest = entry.copy(), np.full(len(entry), 1_000_000, dtype=np.int64)
    for shift in SHIFTS:
        row = np.flatnonzero((fewest[order] > 0) & (entry + shift <= latest)[order])
        if not len(row):
            continue
        of, begin = order[row], (entry + shift)[order[row]]
        closed = np.zeros(len(entry), dtype=np.int64)
        tried = np.zeros(len(entry), dtype=bool)
        tried[of] = True
        for name in (*RECEIVED, *SENT):
            drawn = book.lines[name][row]
            number = np.where(drawn == NEVER, NEVER, drawn + begin)
            site = book.lines["site_id"][row]
            is_open = closures.ships(site, number) if name in SENT else closures.receives(ship_to[of], number)
            np.add.at(closed, of, ~is_open)
        better = tried & (closed < fewest)
        best[better], fewest[better] = entry[better] + shift, closed[better]
    return best


def observe_closures(closures: Closures, book: Book) -> None:
    """Move the dates of orders that are no history, and of lines for which no day of entry was found, to open days."""
    lines = book.lines
    history = book.orders["kind"][lines["order"]] == "HISTORY"
    row = np.flatnonzero(~history | _closed_somewhere(closures, book))
    order = lines["order"][row]
    ship_to, site = book.orders["ship_to"][order], lines["site_id"][row]
    lapsed = lines["change_at"][row] > lines["prom0"][row]
    for name in ("req0", "req", "prom0", "prom", "due"):
        lines[name][row] = closures.received_by(ship_to, lines[name][row])
    entry = book.orders["entry"]
    for ship, arrival in (("ship1", "del1"), ("ship2", "del2")):
        arrived = closures.received_by(ship_to, lines[arrival][row])
        sent = np.where(arrived == NEVER, lines[ship][row], np.minimum(lines[ship][row], arrived - 1))
        lines[ship][row] = closures.shipped_by(site, sent)
        lines[arrival][row] = arrived
        # Where no day between entry and departure was open, the order came before the closed days.
        np.minimum.at(entry, order, np.where(sent == NEVER, -NEVER, lines[ship][row] - 1))
    first = np.full(book.order_count, -NEVER, dtype=np.int64)
    np.minimum.at(first, order, np.where(lines["ship1"][row] == NEVER, -NEVER, lines["ship1"][row] - 1))
    released = book.orders["released"]
    book.orders["released"] = np.where(
        released == NEVER, NEVER, np.maximum(np.minimum(released, first), entry)
    )
    lines["change_at"][row] = np.where(
        (lines["change_at"][row] == NEVER) | lapsed,
        lines["change_at"][row],
        np.minimum(lines["change_at"][row], lines["prom0"][row]),
    )
    same = row[(lines["prom0"][row] == lines["prom"][row]) & (lines["req0"][row] == lines["req"][row])]
    lines["change_at"][same], lines["change_by"][same] = NEVER, ""


def _closed_somewhere(closures: Closures, book: Book) -> Bools:
    """Return whether a date of a line falls on a day on which its place is closed."""
    lines = book.lines
    ship_to = book.orders["ship_to"][lines["order"]]
    result = np.zeros(book.line_count, dtype=bool)
    for name in RECEIVED:
        result |= ~closures.receives(ship_to, lines[name])
    for name in SENT:
        result |= ~closures.ships(lines["site_id"], lines[name])
    return result


def settle_causes(book: Book) -> None:
    """Drop the cause of lateness where the closed days of a place brought the promise to the arrival."""
    lines = book.lines
    late = np.maximum(lines["del1"], lines["del2"]) > lines["prom"]
    told = book.orders["kind"][lines["order"]] == "STORY"
    lines["cause"] = np.where(told | late, lines["cause"], "")
