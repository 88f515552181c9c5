"""What fields of master data accept, and who may write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.rules.editing import fields, values
from domain.rules.editing.values import Refusal
from domain.vocabulary.approvals import ApprovalType
from domain.vocabulary.edits import FieldKind
from domain.vocabulary.statuses import CreditRisk, PartialPolicy, Role

GOOD: list[tuple[str, str, Any]] = [
    ("ship_to", "tz", "Europe/Berlin"),
    ("ship_to", "tz", "UTC"),
    ("ship_to", "country", "DE"),
    ("customer", "currency", "BHD"),
    ("customer", "language", "pt-BR"),
    ("customer", "tier", "4"),
    ("customer", "credit_limit", "0"),
    ("customer", "credit_risk", CreditRisk.CIA),
    ("customer", "under_tolerance", "0.05"),
    ("sku", "hs_code", "841370"),
    ("sku_site", "service_level", "0.98"),
    ("site", "ship_cutoff_minute", "1440"),
]
BAD: list[tuple[str, str, Any]] = [
    ("ship_to", "tz", "+01:00"),
    ("ship_to", "tz", "Etc/GMT-1"),
    ("ship_to", "tz", "Europe/Atlantis"),
    ("ship_to", "country", "EU"),
    ("ship_to", "country", "de"),
    ("customer", "currency", "DEM"),
    ("customer", "currency", "EURO"),
    ("customer", "language", "klingon"),
    ("customer", "tier", "5"),
    ("customer", "tier", "0"),
    ("customer", "tier", "1.5"),
    ("customer", "credit_limit", "-1"),
    ("customer", "credit_limit", "0.00001"),
    ("customer", "credit_risk", "NONE"),
    ("customer", "under_tolerance", "1.01"),
    ("customer", "name", ""),
    ("sku", "hs_code", "84137"),
    ("sku", "hs_code", "84A370"),
    ("sku", "order_multiple", "0"),
    ("sku_site", "service_level", "1"),
    ("sku_site", "service_level", "0.4"),
    ("sku_site", "safety_stock", "-1"),
    ("site", "ship_cutoff_minute", "1441"),
]


def _judged(entity: str, name: str, typed: Any, **facts: Any) -> str | None:
    field = fields.find(entity, name)
    assert field is not None
    value = values.parse(field, typed, "en_GB")
    return value.message if isinstance(value, Refusal) else field.check(value, facts)


@pytest.mark.parametrize(("entity", "name", "typed"), GOOD)
def test_accepted(entity: str, name: str, typed: Any) -> None:
    assert _judged(entity, name, typed) is None


@pytest.mark.parametrize(("entity", "name", "typed"), BAD)
def test_refused_with_a_sentence(entity: str, name: str, typed: Any) -> None:
    assert _judged(entity, name, typed)


def test_days_of_a_life_stand_in_order() -> None:
    launch, end = date(2025, 1, 1), date(2026, 1, 1)
    assert _judged("sku", "last_ship_on", "2024-12-31", launch_on=launch, last_ship_on=None)
    assert _judged("sku", "launch_on", "2026-01-02", eol_announced_on=end)
    assert _judged("sku", "last_order_on", "2026-01-01", launch_on=launch, eol_announced_on=end) is None


def test_policies_and_parameters_agree() -> None:
    assert _judged("customer", "ship_complete", True, partial_policy=PartialPolicy.ANY)
    assert _judged("customer", "ship_complete", True, partial_policy=PartialPolicy.ORDER_COMPLETE) is None
    assert _judged("customer", "partial_policy", PartialPolicy.ANY, ship_complete=True)
    assert _judged("customer", "partial_policy", PartialPolicy.ANY, ship_complete=False) is None
    assert _judged("sku_site", "safety_stock", "101", reorder_point=Decimal(100))
    assert _judged("sku_site", "safety_stock", "100", reorder_point=Decimal(100)) is None
    assert _judged("sku_site", "reorder_point", "9", safety_stock=Decimal(10))
    superseded = fields.find("sku", "superseded_by_id")
    assert superseded is not None
    assert superseded.check(7, {"sku_id": 7})
    assert superseded.check(8, {"sku_id": 7}) is None


RIGHTS = [
    ("customer", "credit_limit", Role.ASSOC, False, True),
    ("customer", "credit_limit", Role.LEAD, False, True),
    ("customer", "credit_limit", Role.CREDIT, True, True),
    ("customer", "credit_limit", Role.SALES, False, False),
    ("customer", "credit_limit", Role.ADMIN, False, False),
    ("customer", "payment_terms", Role.CREDIT, True, True),
    ("customer", "tier", Role.CREDIT, False, False),
    ("customer", "tier", Role.ASSOC, False, True),
    ("customer", "tier", Role.MDM, True, True),
    ("customer", "name", Role.ASSOC, True, False),
    ("customer", "name", Role.PLAN, False, False),
    ("sku", "standard_cost", Role.ASSOC, False, True),
    ("sku", "standard_cost", Role.MDM, True, True),
    ("sku_site", "safety_stock", Role.PLAN, True, True),
    ("sku_site", "safety_stock", Role.LEAD, False, True),
    ("calendar", "tz", Role.ASSOC, False, True),
]


@pytest.mark.parametrize(("entity", "name", "role", "writes", "asks"), RIGHTS)
def test_who_may_write_and_who_may_ask(entity: str, name: str, role: Role, writes: bool, asks: bool) -> None:
    field = fields.find(entity, name)
    assert field is not None
    assert (field.may({role}), field.may_propose({role})) == (writes, asks)


def test_credit_and_cost_are_hidden_from_who_may_not_see_them() -> None:
    limit, cost = fields.find("customer", "credit_limit"), fields.find("sku", "standard_cost")
    assert limit is not None
    assert cost is not None
    assert not limit.visible({Role.SALES})
    assert limit.visible({Role.ASSOC})
    assert not cost.visible({Role.ASSOC})
    assert cost.visible({Role.PLAN})


def test_every_sensitive_field_has_a_route_and_somebody_to_propose_it() -> None:
    sensitive = [field for field in fields.catalogue().values() if field.sensitive is not None]
    assert len(sensitive) > 20
    for field in sensitive:
        assert field.proposes
        assert field.may_propose({Role.ASSOC})
        if field.kind is FieldKind.MONEY and field.entity == "customer":
            assert field.sensitive is ApprovalType.CREDIT
