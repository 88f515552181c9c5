"""The approval matrix: levels of domain.md 8.4, second persons, and who may take a step."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from domain.rules.approvals import routing
from domain.rules.approvals.routing import Asked, Person, can_take, deciders, route, staffed, takers
from domain.rules.lifecycle.approval import APPROVAL, ApprovalFacts
from domain.rules.lifecycle.machine import Transition
from domain.vocabulary.approvals import ApprovalStatus, ApprovalType
from domain.vocabulary.errors import DomainError, IllegalTransition
from domain.vocabulary.statuses import Role
from tests.shared_folder import SHARED

LEVELS = {
    "AUTO": (),
    "TEAM_LEAD": (Role.LEAD,),
    "MANAGER": (Role.MGR,),
    "DIRECTOR_AND_FINANCE": (Role.DIRECTOR, Role.CONTROLLER),
}
PRICES = [
    ("PA1", 100, 60, 100, "AUTO"),
    ("PA2", 100, 60, 94, "TEAM_LEAD"),
    ("PA3", 100, 60, 89, "MANAGER"),
    ("PA4", 100, 60, 79, "DIRECTOR_AND_FINANCE"),
    ("PA5", 90, 60, 90, "AUTO"),
    ("PA6", 100, 82, 100, "TEAM_LEAD"),
    ("PA7", 85, 60, 85, "AUTO"),
    ("PA8", 100, 91, 100, "DIRECTOR_AND_FINANCE"),
]
"""The table of domain.md 8.4: id, reference price, cost, asked net, level."""


@pytest.mark.parametrize(("name", "reference", "cost", "net", "level"), PRICES)
def test_price_levels_of_the_reference(name: str, reference: int, cost: int, net: int, level: str) -> None:
    asked = Asked(
        ApprovalType.PRICE,
        share=Decimal(reference - net) / Decimal(reference),
        margin=Decimal(net - cost) / Decimal(net),
    )
    assert route(asked).steps == LEVELS[level]


def test_equality_stays_on_the_lower_level_and_an_unknown_margin_is_never_small() -> None:
    at_the_edge = Asked(ApprovalType.PRICE, share=Decimal("0.05"), margin=Decimal("0.20"))
    assert route(at_the_edge).auto
    unknown = Asked(ApprovalType.PRICE, share=Decimal(0), margin=None)
    assert route(unknown).steps == (Role.DIRECTOR, Role.CONTROLLER)


def test_every_type_has_a_default_row_with_a_time_to_decide() -> None:
    for kind in ApprovalType:
        found = route(Asked(kind))
        assert found.steps
        assert found.hours > 0


@pytest.mark.parametrize(
    ("amount", "direct", "roles", "steps"),
    [
        ("50000", False, {Role.ASSOC}, (Role.CREDIT,)),
        ("50000.0001", False, {Role.ASSOC}, (Role.CREDIT, Role.CONTROLLER)),
        ("50000", True, {Role.CREDIT}, ()),
        ("50000.0001", True, {Role.CREDIT}, (Role.CONTROLLER,)),
        ("1", False, {Role.LEAD}, (Role.CREDIT,)),
    ],
)
def test_credit_needs_a_second_person_above_the_threshold(
    amount: str, direct: bool, roles: set[Role], steps: tuple[Role, ...]
) -> None:
    asked = Asked(ApprovalType.CREDIT, "customer", Decimal(amount))
    assert route(asked, direct=direct, roles=roles).steps == steps


@pytest.mark.parametrize(
    ("amount", "share", "steps"),
    [
        ("5000", "0.20", ()),
        ("5000.01", "0.05", (Role.PLAN,)),
        ("10", "0.2001", (Role.PLAN,)),
        (None, "0.01", (Role.PLAN,)),
        ("10", None, (Role.PLAN,)),
    ],
)
def test_safety_stock_by_value_and_share(
    amount: str | None, share: str | None, steps: tuple[Role, ...]
) -> None:
    asked = Asked(
        ApprovalType.SAFETY_STOCK,
        "sku_site",
        None if amount is None else Decimal(amount),
        None if share is None else Decimal(share),
    )
    assert route(asked, direct=True, roles={Role.PLAN}).steps == steps
    assert route(asked, direct=False, roles={Role.ASSOC}).steps == (Role.PLAN,)


def test_a_higher_role_takes_a_lower_step_unless_it_has_its_own() -> None:
    assert takers(Role.LEAD) == (Role.LEAD, Role.MGR, Role.DIRECTOR)
    assert takers(Role.CREDIT, (Role.CREDIT, Role.CONTROLLER)) == (Role.CREDIT,)
    assert takers(Role.COMPL) == (Role.COMPL,)
    ladder = routing.ladder()
    assert Role.ADMIN not in {*ladder, *ladder.values()}


def test_the_limit_binds_at_the_last_step_alone() -> None:
    kim = Person("kim", frozenset({Role.CREDIT}), limit=Decimal(100))
    steps = (Role.CREDIT, Role.CONTROLLER)
    assert can_take(kim, Role.CREDIT, steps, last=False, amount=Decimal(101))
    assert can_take(kim, Role.CREDIT, (Role.CREDIT,), last=True, amount=Decimal(100))
    assert not can_take(kim, Role.CREDIT, (Role.CREDIT,), last=True, amount=Decimal("100.01"))


def test_steps_need_different_persons_and_none_is_the_asker() -> None:
    ann = Person("ann", frozenset({Role.COMPL}), mark="ann@x")
    ann_two = Person("ann2", frozenset({Role.COMPL}), mark="ann@x")
    bo = Person("bo", frozenset({Role.COMPL}))
    cy = Person("cy", frozenset({Role.COMPL}))
    two = (Role.COMPL, Role.COMPL)
    asker = Person("dee", frozenset())
    assert not staffed(deciders(two, (ann, ann_two), asker, None))
    assert staffed(deciders(two, (ann, ann_two, bo), asker, None))
    assert not staffed(deciders(two, (ann, ann_two, bo), bo, None))
    assert not staffed(deciders((Role.COMPL,), (ann, ann_two), ann, None))
    assert staffed(deciders(two, (ann, bo, cy), ann, None))


def _vectors() -> dict[str, object]:
    return dict(json.loads((Path(SHARED) / "vectors" / "state_machines.json").read_text("utf-8"))["approval"])


def test_the_machine_is_that_of_the_vectors(shared_dir: Path) -> None:
    wanted = _vectors()
    assert wanted["start"] == APPROVAL.start
    assert set(wanted["terminal"]) == APPROVAL.terminal  # type: ignore[call-overload]
    assert {(t["from"], t["event"], t["to"]) for t in wanted["transitions"]} == {  # type: ignore[attr-defined]
        (str(t.source), t.event, str(t.target)) for t in APPROVAL.transitions
    }


FITS = {
    "route": ApprovalFacts(),
    "approve_step": ApprovalFacts(steps=2),
    "approve_last": ApprovalFacts(steps=1),
    "reject": ApprovalFacts(),
    "withdraw": ApprovalFacts(by_asker=True),
    "expire": ApprovalFacts(expired=True),
    "object_changed": ApprovalFacts(same_snapshot=False),
    "auto_approve": ApprovalFacts(inside_auto=True),
}
BREAKS = {
    "route": [ApprovalFacts(staffed=False), ApprovalFacts(inside_auto=True)],
    "approve_step": [
        ApprovalFacts(steps=1),
        ApprovalFacts(steps=2, segregation="You asked for it."),
        ApprovalFacts(steps=2, expired=True),
        ApprovalFacts(steps=2, same_snapshot=False),
    ],
    "approve_last": [
        ApprovalFacts(steps=2),
        ApprovalFacts(segregation="You asked for it."),
        ApprovalFacts(expired=True),
        ApprovalFacts(same_snapshot=False),
    ],
    "reject": [ApprovalFacts(commented=False), ApprovalFacts(segregation="Not yours.")],
    "withdraw": [ApprovalFacts()],
    "expire": [ApprovalFacts()],
    "object_changed": [ApprovalFacts()],
    "auto_approve": [ApprovalFacts()],
}


@pytest.mark.parametrize("transition", APPROVAL.transitions, ids=lambda t: t.event)
def test_each_step_works_and_its_guard_refuses(transition: Transition[ApprovalFacts]) -> None:
    fired = APPROVAL.fire(transition.source, transition.event, FITS[transition.event])
    assert fired.target == transition.target
    for facts in BREAKS[transition.event]:
        with pytest.raises(DomainError, match="refused") as refused:
            APPROVAL.fire(transition.source, transition.event, facts)
        assert refused.value.code == "approval.guard"


def test_every_other_step_is_refused_with_the_legal_ones() -> None:
    legal = {(t.source, t.event) for t in APPROVAL.transitions}
    events = {t.event for t in APPROVAL.transitions}
    refused = 0
    for state in ApprovalStatus:
        for event in events:
            if (state, event) in legal:
                continue
            with pytest.raises(IllegalTransition) as told:
                APPROVAL.fire(state, event, FITS[event])
            assert set(told.value.data["legal"]) == {e for s, e in legal if s == state}
            refused += 1
    assert refused == len(ApprovalStatus) * len(events) - len(legal)
