"""The machines against state_machines.json: every listed transition exists, every other pair is refused with what is legal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from domain.rules.lifecycle.machine import Machine
from domain.vocabulary.errors import IllegalTransition

MODULES = {
    "order": "order",
    "line": "line",
    "hold": "hold",
    "exception": "exception_case",
    "allocation": "allocation",
    "approval": "approval",
}
"""Machine of the vectors -> its file in domain/rules/lifecycle."""
Case = tuple[str, str | None]


def state_machines(path: Path) -> Iterator[Case]:
    """state_machines.json: start and terminal states, transitions, refusals, reachability, of the machines there are."""
    told = json.loads(path.read_text(encoding="utf-8"))
    for name, file in MODULES.items():
        if name not in told:
            continue
        found = _machine(file)
        if found is None:
            yield f"{name} exists", f"domain/rules/lifecycle/{file}.py has no machine"
            continue
        yield from _shape(name, found, told[name])
        yield from _pairs(name, found, told[name])
        yield from _paths(name, found)


def _machine(file: str) -> Machine[Any] | None:
    try:
        module = import_module(f"domain.rules.lifecycle.{file}")
    except ModuleNotFoundError:
        return None
    return next((value for value in vars(module).values() if isinstance(value, Machine)), None)


def _shape(name: str, machine: Machine[Any], told: dict[str, Any]) -> Iterator[Case]:
    yield _same(f"{name} start", str(machine.start), told["start"])
    yield _same(f"{name} terminal", sorted(map(str, machine.terminal)), sorted(told["terminal"]))
    yield _same(f"{name} states", sorted(map(str, machine.states)), sorted(told["states"]))
    wanted = sorted((t["from"], t["event"], t["to"]) for t in told["transitions"])
    found = sorted((str(t.source), t.event, str(t.target)) for t in machine.transitions)
    yield _same(f"{name} transitions", found, wanted)


def _pairs(name: str, machine: Machine[Any], told: dict[str, Any]) -> Iterator[Case]:
    """Each (state, event): the listed ones lead where they say, each other is refused with the legal list."""
    target = {(t["from"], t["event"]): t["to"] for t in told["transitions"]}
    events = list(dict.fromkeys(t["event"] for t in told["transitions"]))
    for state in told["states"]:
        legal = sorted(event for event in events if (state, event) in target)
        yield _same(f"{name} {state} legal", sorted(machine.legal(state)), legal)
        for event in [*events, "no_such_event"]:
            wanted = target.get((state, event))
            try:
                found: Any = str(machine.step(state, event).target)
            except IllegalTransition as refused:
                found = None
                if (
                    sorted(refused.data["legal"]) != legal
                    or refused.data["event"] != event
                    or not refused.fix
                ):
                    yield f"{name} {state} {event}", f"the refusal says {refused.data}"
                    continue
            yield _same(f"{name} {state} {event}", found, wanted)


def _paths(name: str, machine: Machine[Any]) -> Iterator[Case]:
    """Every state can be reached from the start, and from every state a terminal one can be."""
    forward: dict[str, set[str]] = {}
    backward: dict[str, set[str]] = {}
    for t in machine.transitions:
        forward.setdefault(t.source, set()).add(t.target)
        backward.setdefault(t.target, set()).add(t.source)
    yield _same(f"{name} reachable", _closure({machine.start}, forward), set(machine.states))
    yield _same(f"{name} no dead end", _closure(set(machine.terminal), backward), set(machine.states))


def _closure(start: set[str], steps: dict[str, set[str]]) -> set[str]:
    found, fresh = set(start), set(start)
    while fresh:
        fresh = set().union(*(steps.get(state, set()) for state in fresh)) - found
        found |= fresh
    return found


def _same(name: str, found: Any, wanted: Any) -> Case:
    return name, None if found == wanted else f"found {found}, wanted {wanted}"
