"""The process that is killed: it runs real commands and dies by SIGKILL before a chosen statement, or when told to.

`statements` counts what the database itself is sent: on SQLite every statement and row that its trace reports, on
PostgreSQL every statement and the commit.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Any

from sqlalchemy import Engine, event

from db.engine import create_engine
from domain.exchange.imports.intake import prepare
from domain.services.commands import Request, perform
from domain.services.editing import edits
from domain.services.importing import imports
from domain.vocabulary.statuses import Role
from tests.acting import person
from tests.small_import import lines_file, profile

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
LINES = 9
ORDERS_OF_FILE, LINES_OF_ORDER = 8, 2
PROMISED = date(2026, 6, 25)
Work = Callable[[Engine, int], Any]


def edit_block(engine: Engine, number: int) -> Any:
    """Save block `number`, after block `number` − 1: a promise and a note in nine lines, and a priority in three orders."""

    def cell(entity: str, key: int, field: str, value: Callable[[int], Any]) -> dict[str, Any]:
        return {
            "entity": entity, "record_id": key, "field": field, "old": value(number - 1), "new": value(number),
            "row_version": 1,
        }  # fmt: skip

    block = [cell("sales_order_line", key, "promised_on", promise) for key in range(1, LINES + 1)]
    block += [cell("sales_order_line", key, "note", note) for key in range(1, LINES + 1)]
    block += [cell("sales_order", key, "priority", priority) for key in (1, 2, 3)]
    request = Request(
        f"block-{number}", person("ann", Role.ASSOC), NOW + timedelta(seconds=number), "torture"
    )
    return perform(engine, edits.apply, request, edits=block)


def promise(number: int) -> str:
    """Return the promise of block `number`; −1 is what the small book says."""
    return (PROMISED + timedelta(days=number + 1)).isoformat()


def note(number: int) -> str | None:
    """Return the note of block `number`."""
    return f"block {number}" if number >= 0 else None


def priority(number: int) -> int:
    """Return the priority of block `number`."""
    return number % 4 + 1 if number >= 0 else 5


def import_file(engine: Engine, number: int) -> Any:
    """Import file `number`: eight orders of two lines each, of numbers of its own."""
    rows = [
        f"F{number}-{order},{line},Customer {order % 4},SKU-{line},10,2.50,2026-07-0{line}"
        for order in range(1, ORDERS_OF_FILE + 1)
        for line in range(1, LINES_OF_ORDER + 1)
    ]
    mapped = prepare(profile(), [(f"lines{number}.csv", lines_file(*rows))])
    request = Request(f"file-{number}", person("imp", Role.ASSOC), NOW + timedelta(seconds=number), "torture")
    return perform(engine, imports.commit, request, mapped=mapped)


WORKS: dict[str, Work] = {"block": edit_block, "file": import_file}


def serve(url: str, work: str, orders: Pipe, told: Pipe) -> None:
    """Do command 0 to get warm, then fork a victim for each order; answer how it ended.

    An order is ("count", number), ("die", number, statement) or ("run", number); None ends. A victim that runs tells
    its process first; `told` carries what victims say: a count of statements, or the number of each command begun.
    """
    engine = create_engine(url)
    WORKS[work](engine, 0)
    engine.dispose()
    while (order := orders.recv()) is not None:
        what, *rest = order
        process = os.fork()
        if process == 0:
            os._exit(_victim(url, work, what, rest, told))
        orders.send(process)
        orders.send(os.waitpid(process, 0)[1])


def _victim(url: str, work: str, what: str, rest: list[int], told: Pipe) -> int:
    try:
        engine = create_engine(url)
        number = rest[0]
        if what == "count":
            counted = [0]
            count_statements(engine, lambda count: counted.__setitem__(0, count))
            WORKS[work](engine, number)
            told.send(counted[0])
        elif what == "die":
            count_statements(engine, lambda count: count == rest[1] and _die())
            WORKS[work](engine, number)
            _die()
        else:
            while True:
                told.send(number)
                WORKS[work](engine, number)
                number += 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def count_statements(engine: Engine, told: Callable[[int], Any]) -> None:
    """Call `told` with a running number before each statement of the command."""
    counted = [0]

    def another(*_: Any) -> None:
        counted[0] += 1
        told(counted[0])

    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _trace(connection: Any, _record: Any) -> None:
            connection.set_trace_callback(lambda sql: None if sql.startswith(("--", "PRAGMA")) else another())

        return
    event.listen(engine, "before_cursor_execute", another)
    event.listen(engine, "commit", another)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
