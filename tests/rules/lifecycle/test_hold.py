"""The machine of a hold: its table is the one of the domain, and each guard opens and stays shut."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.rules.holds.release import Judged, Verdict
from domain.rules.lifecycle.hold import HOLD, HoldFacts
from domain.vocabulary.errors import DomainError, IllegalTransition
from domain.vocabulary.statuses import HoldType

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
FINE = HoldFacts(
    HoldType.CUSTOMER_REQUEST, "ann", NOW, actor="bob", assignee="bob", expires_at=NOW, reason="why",
    judged=Judged(Verdict.RELEASE), asked=True, answered=True, cause_gone=True,
)  # fmt: skip


def test_the_table_is_that_of_the_domain(shared_dir: Path) -> None:
    told = json.loads((shared_dir / "vectors" / "state_machines.json").read_text("utf-8"))["hold"]
    assert {(t.source, t.event, t.target) for t in HOLD.transitions} == {
        (t["from"], t["event"], t["to"]) for t in told["transitions"]
    }
    assert (HOLD.start, HOLD.terminal) == (told["start"], set(told["terminal"]))


def test_each_transition_of_the_table_works_and_every_other_is_refused() -> None:
    legal = {(t.source, t.event): t.target for t in HOLD.transitions}
    for state in HOLD.states:
        for event in {t.event for t in HOLD.transitions}:
            if (state, event) in legal:
                assert HOLD.fire(state, event, FINE).target == legal[state, event]
            else:
                with pytest.raises(IllegalTransition) as refused:
                    HOLD.fire(state, event, FINE)
                assert refused.value.data["legal"] == list(HOLD.legal(state))


@pytest.mark.parametrize(
    ("state", "event", "changed", "why"),
    [
        ("OPEN", "start_review", {"assignee": None}, "somebody who does it"),
        ("OPEN", "start_review", {"barred": "not yours."}, "not yours"),
        ("OPEN", "start_review", {"hold_type": HoldType.CREDIT, "assignee": "ann"}, "placed this hold"),
        ("OPEN", "start_review", {"hold_type": HoldType.COMPLIANCE, "assignee": "ann"}, "placed this hold"),
        ("OPEN", "start_review", {"hold_type": HoldType.PRICE, "assignee": "ann"}, "placed this hold"),
        ("IN_REVIEW", "request_info", {"asked": False}, "not recorded"),
        ("IN_REVIEW", "request_info", {"silenced": True}, "only compliance"),
        ("WAITING_CUSTOMER", "reply", {"answered": False}, "no answer"),
        ("IN_REVIEW", "release", {"judged": Judged(Verdict.NO, "above your limit.")}, "above your limit"),
        ("IN_REVIEW", "release", {"judged": Judged(Verdict.FIRST)}, "two people"),
        ("IN_REVIEW", "release", {"reason": " "}, "reason"),
        ("IN_REVIEW", "refuse", {"reason": ""}, "reason"),
        ("IN_REVIEW", "refuse", {"hold_type": HoldType.PRICE, "actor": "ann"}, "somebody else"),
        ("OPEN", "auto_release", {"cause_gone": False}, "still true"),
        ("IN_REVIEW", "auto_release", {"cause_gone": False}, "still true"),
        ("IN_REVIEW", "auto_release", {"hold_type": HoldType.COMPLIANCE}, "two people"),
        ("WAITING_CUSTOMER", "auto_release", {"hold_type": HoldType.COMPLIANCE}, "two people"),
        ("OPEN", "expire", {"hold_type": HoldType.ADDRESS}, "does not end by itself"),
        ("OPEN", "expire", {"expires_at": None}, "no until-date"),
        ("WAITING_CUSTOMER", "expire", {"expires_at": NOW + timedelta(seconds=1)}, "has not come"),
    ],
)
def test_each_guard_refuses_with_its_sentence(
    state: str, event: str, changed: dict[str, object], why: str
) -> None:
    with pytest.raises(DomainError, match=why) as refused:
        HOLD.fire(state, event, replace(FINE, **changed))  # type: ignore[arg-type]
    assert refused.value.code == "hold.guard"


def test_what_is_no_matter_of_segregation_may_be_reviewed_by_who_placed_it() -> None:
    assert HOLD.fire("OPEN", "start_review", replace(FINE, assignee="ann")).target == "IN_REVIEW"
    gone = replace(FINE, hold_type=HoldType.COMPLIANCE)
    assert HOLD.fire("OPEN", "auto_release", gone).target == "RELEASED"
