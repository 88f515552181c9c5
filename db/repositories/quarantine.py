"""Write side of the quarantine: rows that wait for a correction, and their code maps."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from db.repositories.imports import CHUNK, stored, table

Row = tuple[int, int, str, str, int, str]


def rows(connection: Connection, quarantine_ids: Sequence[int]) -> list[Row]:
    """Return waiting rows: (id, batch, file of the profile, file name, row number, payload)."""
    held, file = table("quarantine_row"), table("import_file")
    columns = (
        held.c.quarantine_id,
        held.c.batch_id,
        held.c.entity,
        file.c.name,
        held.c.row_no,
        held.c.payload,
    )
    chosen = (
        select(*columns).join(file, file.c.file_id == held.c.file_id).where(stored(held, "status") == "OPEN")
    )
    found: list[Row] = []
    for start in range(0, len(quarantine_ids), CHUNK):
        some = chosen.where(held.c.quarantine_id.in_(quarantine_ids[start : start + CHUNK]))
        found.extend(tuple(row) for row in connection.execute(some))
    return found


def discard(connection: Connection, quarantine_ids: Sequence[int]) -> int:
    """Mark waiting rows as left out for good; return how many there were."""
    held = table("quarantine_row")
    count = 0
    for start in range(0, len(quarantine_ids), CHUNK):
        some = held.c.quarantine_id.in_(quarantine_ids[start : start + CHUNK])
        chosen = (
            update(held).where(some, stored(held, "status") == "OPEN").values({held.c.status: "DISCARDED"})
        )
        count += connection.execute(chosen).rowcount
    return count


def codes(connection: Connection, source: str) -> dict[str, dict[str, str | None]]:
    """Return the edited code maps of a source: per field what its codes mean."""
    owner = table("code_map")
    chosen = select(owner.c.field, owner.c.code, owner.c.target).where(owner.c.source == source)
    found: dict[str, dict[str, str | None]] = {}
    for field, code, target in connection.execute(chosen):
        found.setdefault(field, {})[code] = target
    return found
