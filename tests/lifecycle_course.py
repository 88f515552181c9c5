"""The natural course of orders for the lifecycle machine, so that its examples get far, with and against open holds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import rule

from db.engine import WRITE, create_engine
from domain.vocabulary.statuses import HoldType
from tests import lifecycle_world as world_of
from tests.lifecycle_machine import BLOCKS, ON_HAND, PLACES, SCOPES, SKUS, Lifecycle

BLOCKING = {
    "allocate": HoldType.QUALITY,
    "release": HoldType.MANAGEMENT,
    "release_line": HoldType.MANAGEMENT,
    "ship": HoldType.MANAGEMENT,
}
"""The type of hold that blocks a step; PRICE blocks confirming and invoicing."""
Step = tuple[str, int, Callable[[], None]]
"""A step by its name in the model, the line it is about, and what takes it on both sides."""
DETOURS = [
    "recall", "report_short", "deallocate", "amend", "short_close", "short_close_line", "cancel_line", "reject",
    "cancel", "close_line", "settle",
]  # fmt: skip
"""Ways to leave the natural course, by their names in the model."""
FOR_EVERY_LINE = ("report_short", "deallocate", "cancel_line", "close_line")
"""Detours that all lines take which may."""
BLOCKED_STEPS = ["confirm", "allocate", "release", "release_line", "ship", "invoice"]
MOST_STEPS = 12


class Course(Lifecycle):
    """Steps that the model allows, in the order of an order's life."""

    @rule(place=PLACES, missing=st.integers(0, 2), late=st.booleans())
    def go_on(self, place: int, missing: int, late: bool) -> None:
        for _ in range(3):
            self.advance(place, missing, late)

    @rule(kind=st.sampled_from(list(BLOCKS)), scope=st.sampled_from(SCOPES), place=PLACES, line=PLACES)
    def go_on_under_a_hold(self, kind: HoldType, scope: str, place: int, line: int) -> None:
        """Whatever comes next for an order is tried while a hold is open on it."""
        step = self._next(place)
        self.place_hold(kind, scope, place, line)
        self._take(step)
        self.advance(place)

    @rule(
        what=st.sampled_from(BLOCKED_STEPS), scope=st.sampled_from(SCOPES), place=PLACES, late=st.booleans()
    )
    def go_on_against_a_hold(self, what: str, scope: str, place: int, late: bool) -> None:
        """An order goes on until this step comes next; it is tried while just it is blocked, and again once it is free."""
        step = self._next(place, late=late)
        for _ in range(MOST_STEPS):
            if step is None or step[0] == what:
                break
            self._take(step)
            step = self._next(place, late=late)
        if step is None:
            return
        before = set(self.book.holds)
        self.place_hold(BLOCKING.get(step[0], HoldType.PRICE), scope, place, step[1])
        self._take(step)
        for hold_id in set(self.book.holds) - before:
            self._free(hold_id)
        self.advance(place, late=late)

    @rule(what=st.sampled_from(DETOURS), place=PLACES, missing=st.integers(0, 2), late=st.booleans())
    def go_on_to_a_detour(self, what: str, place: int, missing: int, late: bool) -> None:
        """An order goes on until it may leave its course in some way, and does."""
        for _ in range(MOST_STEPS):
            steps = self._detours(what, place)
            while steps:
                self._take(steps[0])
                steps = self._detours(what, place) if what in FOR_EVERY_LINE else []
                if not steps:
                    return
            self.advance(place, missing, late)

    def _detours(self, what: str, place: int) -> list[Step]:
        """The first way to take this detour that the model allows now, if there is one."""
        o, _ = self.at(place)
        whole = what in ("recall", "short_close", "reject", "cancel", "settle")
        for n in range(1 if whole else len(self.line_ids[o])):
            more = (1,) if what == "amend" else ()
            if getattr(deepcopy(self.book), what)(*((o,) if whole else (o, n, *more))):
                given = (place,) if whole else (place, n, *more)
                return [(what, n, partial(getattr(self, what), *given))]
        return []

    @rule(place=PLACES, missing=st.integers(0, 2))
    def go_far(self, place: int, missing: int) -> None:
        """An order goes on in small shipments, the first of which arrives then."""
        for _ in range(MOST_STEPS):
            self.advance(place, missing)
        if self.book.under_way:
            self.deliver(0)

    def advance(self, place: int, missing: int = 0, late: bool = False) -> None:
        self._take(self._next(place, missing, late))

    def _take(self, step: Step | None) -> None:
        if step is not None:
            self.meant = True
            step[2]()
            self.meant = False

    def _next(self, place: int, missing: int = 0, late: bool = False) -> Step | None:
        """The first step that the model allows an order: what is nearest to the door first, or last."""
        o, _ = self.at(place)
        steps = self._steps(o, place, missing)
        for step in reversed(steps) if late else steps:
            name, n, _ = step
            line = self.book.orders[o].lines[n] if self.line_ids[o] else None
            more = {"confirm": (line.net if line else 0,), "pack": (missing,)}.get(name, ())
            on_line = name in ("confirm", "pack", "release_line")
            if getattr(deepcopy(self.book), name)(*((o, n, *more) if on_line else (o,))):
                return step
        return None

    def _steps(self, o: int, place: int, missing: int) -> list[Step]:
        lines = range(len(self.line_ids[o]))
        net = [line.net for line in self.book.orders[o].lines]
        return [
            ("ship", 0, lambda: self.ship(place)),
            *(("pack", n, partial(self.pack, place, n, missing)) for n in lines),
            *(("release_line", n, partial(self.release_line, place, n)) for n in lines),
            ("release", 0, lambda: self.release(place)),
            ("allocate", 0, lambda: self.allocate(place)),
            *(("confirm", n, partial(self.confirm, place, n, net[n])) for n in lines if self._is_new(o, n)),
            ("validate", 0, lambda: self.validate(place)),
            ("submit", 0, lambda: self.submit(place)),
            ("invoice", 0, lambda: self.invoice(place)),
        ]

    def _is_new(self, o: int, n: int) -> bool:
        return self.book.orders[o].lines[n].stage == "NEW"


def lifecycle(template: Path, folder: Path) -> type[Course]:
    """Return the machine on a database of its own: a copy of the empty one, with the small world in it."""
    path = folder / "model.db"
    shutil.copy(template, path)
    engine = create_engine(f"sqlite:///{path}")
    made = world_of.fill(engine, skus=SKUS, on_hand=ON_HAND)
    connection = engine.connect().execution_options(**{WRITE: True})
    return type("LifecycleOnDatabase", (Course,), {"connection": connection, "world": made})
