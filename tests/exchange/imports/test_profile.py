"""Profiles: wrong ones are refused with place, value and remedy, reasonable spellings are taken."""

from __future__ import annotations

import pytest

from domain.exchange.imports.expressions import parse
from domain.exchange.imports.profile import load
from domain.vocabulary.errors import DomainError
from tests.exchange.imports.extracts import SMALL


@pytest.mark.parametrize(
    ("old", "new", "place", "hint"),
    [
        ("key: [order, line]", "key: [order, lin]", "files.lines.key", "did you mean 'line'"),
        ("qty_ordered: qty", "qty_orderd: qty", "records.line", "did you mean 'qty_ordered'"),
        ("net_price: price", "net_price: prise", "records.line.net_price", "did you mean 'price'"),
        ("sku: sku,", "", "records.line", "must have sku"),
        ("type: number, required", "type: numbr, required", "files.lines.columns.qty.type", "'number'"),
        ("max(delivered)", "maximum(delivered)", "records.shipment", "The functions are"),
        ("max(delivered)", "max(delivered", "records.shipment", "cannot be read"),
        ("from: lines, group: [order]", "from: line, group: [order]", "records.order.from", "did you mean 'lines'"),
        ("  order: {from", "  orders: {from", "records.orders", "did you mean 'order'"),
        ("{header: Promised, type: date}", "{header: Promised, type: date, formats: [banana]}", "promised.formats", "DD.MM.YYYY"),
        ("customer: Customer", "Customer Name: Customer", "files.lines.columns", "customer_name"),
        ("match:", "matches:", "files.lines.matches", "did you mean 'match'"),
        ("system: SMALL", "system: SMALL, tz: Berlin", "source.tz", "did you mean"),
        ("profile: small", "profile: small\nprofile: other", "'profile'", "written twice"),
        ("profile: small", "profile: [small", "not YAML", "line"),
    ],
)  # fmt: skip
def test_a_wrong_profile_is_refused_with_its_place_and_the_nearest_word(
    old: str, new: str, place: str, hint: str
) -> None:
    assert old in SMALL
    with pytest.raises(DomainError) as refused:
        load(SMALL.replace(old, new), name="small.yaml")
    assert refused.value.code == "import.profile_invalid"
    assert place in refused.value.message
    assert hint in refused.value.message
    assert "small.yaml" in refused.value.message


def test_all_mistakes_are_said_at_once() -> None:
    text = SMALL.replace("qty_ordered: qty", "qty_ordered: quantity").replace(
        "net_price: price", "net_price: cost"
    )
    with pytest.raises(DomainError) as refused:
        load(text, name="small.yaml")
    assert len(refused.value.data["problems"]) == 2


def test_reasonable_spellings_are_taken() -> None:
    text = (
        SMALL.replace('source: {system: SMALL, decimal: ".", thousands: ","}', "source: SMALL")
        .replace("type: number", "type: Decimal")
        .replace(
            "header: Promised, type: date", "aliases: [Promised, Zugesagt], type: date, formats: DD.MM.YY"
        )
        .replace("shipment is not null", "shipment IS NOT NULL AND qty <> 0")
    )
    profile = load(text, name="small.yaml")
    columns = profile.files["lines"].columns
    assert profile.source.system == "SMALL"
    assert (columns["qty"].type, columns["promised"].header) == ("number", ["Promised", "Zugesagt"])
    assert columns["promised"].formats == ["%d.%m.%y"]


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "a.b.c",
        "open('x')",
        "a if b else c",
        "[x for x in y]",
        "lambda: 1",
        "a < b < c",
        "a ** b",
    ],
)
def test_the_language_is_closed(text: str) -> None:
    with pytest.raises(DomainError) as refused:
        parse(text)
    assert refused.value.code == "import.expression_invalid"
