"""Who releases which hold, alone or with a second person, and up to which value."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.rules.holds.blocks import DEFAULT_BLOCKS, as_actions, as_text, default_text
from domain.rules.holds.release import RELEASERS, SEGREGATED, How, Release, Verdict, decidable, judge, who_may
from domain.vocabulary.statuses import BlockedAction, HoldType, Role

NO, FIRST, RELEASE = Verdict.NO, Verdict.FIRST, Verdict.RELEASE
OWN = {HoldType.CUSTOMER_REQUEST, HoldType.DATA, HoldType.ADDRESS, HoldType.DUPLICATE}


def _judge(kind: HoldType, role: Role, **more: object) -> Verdict:
    given = {
        "placed_by": "ann",
        "first_released_by": None,
        "actor": "bob",
        "limit": Decimal(100),
        "value": Decimal(50),
    }
    return judge(Release(kind, roles=frozenset({role}), **{**given, **more})).verdict  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", HoldType)
def test_the_matrix_of_types_and_roles(kind: HoldType) -> None:
    assert _judge(kind, Role.ASSOC) is (RELEASE if kind in OWN else NO)
    assert _judge(kind, Role.LEAD) is (NO if kind is HoldType.COMPLIANCE else RELEASE)
    assert _judge(kind, Role.CREDIT) is (RELEASE if kind in (HoldType.CREDIT, HoldType.PAYMENT) else NO)
    assert _judge(kind, Role.COMPL) is (FIRST if kind is HoldType.COMPLIANCE else NO)
    assert _judge(kind, Role.QA) is (RELEASE if kind is HoldType.QUALITY else NO)
    for role in (Role.MGR, Role.DIRECTOR):
        assert _judge(kind, role) is (NO if kind is HoldType.COMPLIANCE else RELEASE)
    for role in (
        Role.SALES,
        Role.PLAN,
        Role.BILL,
        Role.CONTROLLER,
        Role.WHSE,
        Role.TRANS,
        Role.MDM,
        Role.EDI,
        Role.ADMIN,
    ):
        assert _judge(kind, role) is NO


@pytest.mark.parametrize("kind", HoldType)
def test_the_own_hold_is_somebody_elses_for_three_types(kind: HoldType) -> None:
    for role in RELEASERS[kind]:
        verdict = _judge(kind, role, actor="ann")
        assert (verdict is NO) is (kind in SEGREGATED)


@pytest.mark.parametrize(("value", "verdict"), [("100", RELEASE), ("100.0001", NO), (None, NO)])
@pytest.mark.parametrize("kind", [HoldType.CREDIT, HoldType.PRICE])
def test_the_lead_stops_at_the_own_limit(kind: HoldType, value: str | None, verdict: Verdict) -> None:
    worth = None if value is None else Decimal(value)
    assert _judge(kind, Role.LEAD, value=worth) is verdict
    assert _judge(kind, Role.LEAD, value=worth, first_released_by="kim") is verdict
    assert _judge(kind, Role.LEAD, limit=None, value=worth) is NO


@pytest.mark.parametrize(("value", "verdict"), [("100", RELEASE), ("100.0001", FIRST), (None, FIRST)])
@pytest.mark.parametrize("kind", [HoldType.CREDIT, HoldType.PAYMENT])
def test_credit_needs_a_second_person_above_its_limit(
    kind: HoldType, value: str | None, verdict: Verdict
) -> None:
    worth = None if value is None else Decimal(value)
    assert _judge(kind, Role.CREDIT, value=worth) is verdict
    assert _judge(kind, Role.CREDIT, value=worth, first_released_by="kim") is RELEASE
    assert _judge(kind, Role.CREDIT, value=worth, first_released_by="bob") is NO


def test_compliance_is_always_two_people() -> None:
    assert _judge(HoldType.COMPLIANCE, Role.COMPL, value=Decimal(0)) is FIRST
    assert _judge(HoldType.COMPLIANCE, Role.COMPL, first_released_by="cara") is RELEASE
    assert _judge(HoldType.COMPLIANCE, Role.COMPL, first_released_by="bob") is NO
    assert _judge(HoldType.COMPLIANCE, Role.COMPL, first_released_by="cara", actor="ann") is NO


def test_of_several_roles_the_strongest_counts() -> None:
    both = Release(
        HoldType.CREDIT, "ann", None, "bob", frozenset({Role.LEAD, Role.MGR}), Decimal(1), Decimal(9)
    )
    assert judge(both).verdict is RELEASE


def test_every_type_says_who_may_release_it_and_somebody_may() -> None:
    for kind in HoldType:
        assert RELEASERS[kind]
        assert ("not who placed it" in who_may(kind)) is (kind in SEGREGATED)
    assert decidable({Role.QA}) == {HoldType.QUALITY}
    assert {way for ways in RELEASERS.values() for way in ways.values()} == set(How)


def test_default_blocks_are_those_of_the_domain() -> None:
    expected = {
        "CREDIT": "RELEASE,SHIP", "COMPLIANCE": "CONFIRM,ALLOCATE,RELEASE,SHIP,INVOICE", "PRICE": "CONFIRM,INVOICE",
        "PAYMENT": "RELEASE,SHIP", "ADDRESS": "RELEASE,SHIP", "DATA": "CONFIRM", "DUPLICATE": "CONFIRM",
        "QUALITY": "ALLOCATE,SHIP", "CUSTOMER_REQUEST": "RELEASE,SHIP", "MANAGEMENT": "RELEASE,SHIP",
    }  # fmt: skip
    assert {kind.value: default_text(kind) for kind in DEFAULT_BLOCKS} == expected


def test_blocks_are_kept_in_one_order_each_once() -> None:
    text = as_text([BlockedAction.SHIP, BlockedAction.CONFIRM, BlockedAction.SHIP])
    assert text == "CONFIRM,SHIP"
    assert as_actions(text) == {BlockedAction.CONFIRM, BlockedAction.SHIP}
    assert as_actions("") == frozenset()
    with pytest.raises(ValueError, match="EVERYTHING"):
        as_actions("EVERYTHING")
