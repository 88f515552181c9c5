"""The documentation of profiles names what the code knows, and its examples work."""

from __future__ import annotations

import re

import pytest
import yaml

from domain.exchange.imports.expressions import parse
from domain.exchange.imports.functions import AGGREGATES, ASPECTS, FUNCTIONS
from domain.exchange.imports.profile import Check, Column, Profile, SourceFile, load
from domain.vocabulary.canonical import FIELDS
from tests.conftest import ROOT
from tests.exchange.imports.extracts import prepare

REFERENCE = (ROOT / "docs/reference/import_profiles.md").read_text("utf-8")
HOW_TO = (ROOT / "docs/how_to/write_an_import_profile.md").read_text("utf-8")
EXAMPLES = re.findall(
    r"^\| `(\w+)` \| `(.+?)` \| .+ \|$", REFERENCE.partition("## Expressions")[2], re.MULTILINE
)


def test_each_function_has_one_example_that_calls_it() -> None:
    assert [name for name, _ in EXAMPLES] == [*FUNCTIONS, *AGGREGATES, *ASPECTS]
    for name, example in EXAMPLES:
        assert example.startswith(f"{name}(")
        assert list(parse(example).columns()) or name == "date"


def test_each_kind_and_field_is_described() -> None:
    for kind, fields in FIELDS.items():
        line = next(found for found in REFERENCE.splitlines() if found.startswith(f"| `{kind}` |"))
        assert not [field for field in fields if not re.search(rf"\b{field}\b", line)]


@pytest.mark.parametrize("model", [Profile, SourceFile, Column, Check])
def test_each_key_is_described(model: type) -> None:
    keys = {("from" if name == "from_" else name) for name in model.model_fields} - {"sha"}  # type: ignore[attr-defined]
    assert not [key for key in keys if not re.search(rf"\b{key}\b", REFERENCE)]


def test_the_first_profile_of_the_how_to_reads_its_extract() -> None:
    text = next(
        found for found in re.findall(r"```yaml\n(.+?)```", HOW_TO, re.DOTALL) if "profile: rep_2031" in found
    )
    extract = re.search(r"```\n(Report 2031.+?)```", HOW_TO, re.DOTALL)
    assert extract is not None
    mapped = prepare(load(text, name="rep_2031.yaml"), [("rep_2031.txt", extract[1].encode())])
    lines = next(found for found in mapped.sets if found.kind == "line")
    assert [(r.fields["sku"], r.fields["qty_ordered"], r.fields["promised_on"]) for r in lines.records] == [
        ("000815", 1_200_500, 20_536),
        ("004711", 3_000, None),
    ]
    assert not mapped.files[0].held


def test_the_other_pieces_of_the_how_to_are_yaml() -> None:
    pieces = re.findall(r"```yaml\n(.+?)```", HOW_TO, re.DOTALL)
    assert len(pieces) == 3
    assert all(isinstance(yaml.safe_load(piece), dict) for piece in pieces)
