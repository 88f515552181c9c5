"""Variants are versioned data: saved anew, retired, and every database begins with the ready-made ones."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from db.tables import RunVariant
from db.unit_of_work import reading
from domain.services.allocating import variants
from domain.vocabulary.errors import DomainError
from domain.vocabulary.ready_made_variants import READY_MADE
from domain.vocabulary.run_variants import LineSelection, VariantSpec
from tests import small_book
from tests.acting import do


def test_every_database_begins_with_the_ready_made_ones(engine: Engine) -> None:
    with engine.connect() as connection:
        rows = connection.execute(select(RunVariant.code, RunVariant.version, RunVariant.spec)).all()
    assert {row.code: VariantSpec.model_validate_json(row.spec) for row in rows} == {
        c: s for c, (_, s) in READY_MADE.items()
    }
    assert {row.version for row in rows} == {1}


def test_a_change_is_a_new_version(engine: Engine) -> None:
    rules = {"segments": [{"name": "All", "strategy": "REDISTRIBUTE"}]}
    given = {"code": "standard", "name": "All anew", "spec": rules, "reason": "a new season"}
    assert do(engine, variants.save, **given) == 2
    assert do(engine, variants.save, **given) == 3
    assert do(engine, variants.retire, code="STANDARD", reason="not used") == 3
    with pytest.raises(DomainError) as refused:
        do(engine, variants.retire, code="STANDARD", reason="again")
    assert refused.value.code == "run.variant_unknown"


def test_rules_that_cannot_be_read_are_refused_with_their_place(engine: Engine) -> None:
    rules = {"segments": [{"name": "All", "strategy": "WINN"}]}
    with pytest.raises(DomainError) as refused:
        do(engine, variants.save, code="X", name="X", spec=rules, reason="try")
    assert refused.value.code == "run_variant.rules"
    assert "segments › 0 › strategy" in str(refused.value)
    assert "'WINN'" in str(refused.value)


def test_a_filter_says_what_it_means(engine: Engine) -> None:
    small_book.fill(engine, orders=4, lines=3)
    with reading(engine) as uow:
        everything = variants.meant(uow=uow, selection=LineSelection())
        some = variants.meant(uow=uow, selection=LineSelection(customer_ids=(1,)))
        none = variants.meant(uow=uow, selection=LineSelection(tiers=(1,)))
    assert (everything.lines, everything.customers, everything.value) == (12, 2, 12 * 25.0)
    assert (some.lines, some.customers) == (6, 1)
    assert (none.lines, none.value) == (0, 0.0)
