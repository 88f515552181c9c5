"""What a commit or an undo of a run changed, before and after, as columns: the way back, and what `verify` compares with.

Rows that a run writes have no audit entries of their own; this is their record, under the one entry of the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from domain.rules.allocation.book import Ints
from domain.services.allocating.packing import pack, unpack

EFFECT = "effect"
"""The name under which a run keeps what its commit changed; undos are kept as UNDONE."""
UNDONE = "undone"


@dataclass
class Changed:
    """Rows of a table that were changed: their keys, and columns before and after in stored units."""

    keys: Ints
    old: Mapping[str, np.ndarray]
    new: Mapping[str, np.ndarray]

    def of(self, chosen: np.ndarray) -> Changed:
        """Return some of the rows."""
        return Changed(
            self.keys[chosen],
            {name: part[chosen] for name, part in self.old.items()},
            {name: part[chosen] for name, part in self.new.items()},
        )


@dataclass
class Effect:
    """All that one command changed: rows changed, made and removed by table. `made` may name whole rows."""

    command_id: int
    changed: dict[str, Changed] = field(default_factory=dict)
    made: dict[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    removed: dict[str, Mapping[str, np.ndarray]] = field(default_factory=dict)

    def packed(self) -> bytes:
        """Return it as `bop_snapshot` keeps it."""
        found: dict[str, Any] = {"command": self.command_id}
        for table, rows in self.changed.items():
            found[f"changed|{table}|key"] = rows.keys
            found |= {f"old|{table}|{name}": part for name, part in rows.old.items()}
            found |= {f"new|{table}|{name}": part for name, part in rows.new.items()}
        for kind in ("made", "removed"):
            for table, columns in getattr(self, kind).items():
                found |= {f"{kind}|{table}|{name}": part for name, part in columns.items()}
        return pack(found)


def unpacked(packed: bytes) -> Effect:
    """Return the effect that was packed."""
    told = unpack(packed)
    found = Effect(int(told.pop("command")))
    sides: dict[str, dict[str, dict[str, np.ndarray]]] = {"old": {}, "new": {}, "made": {}, "removed": {}}
    keys: dict[str, Ints] = {}
    for name, part in told.items():
        kind, table, column = name.split("|")
        if kind == "changed":
            keys[table] = part
        else:
            sides[kind].setdefault(table, {})[column] = part
    for table, own in keys.items():
        found.changed[table] = Changed(own, sides["old"].get(table, {}), sides["new"].get(table, {}))
    found.made |= sides["made"]
    found.removed |= sides["removed"]
    return found
