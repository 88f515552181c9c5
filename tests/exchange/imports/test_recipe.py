"""A recipe reads the next file without asking, to the same records as the answers did."""

from __future__ import annotations

import pytest
import yaml

from domain.exchange.imports.intake import prepare
from domain.exchange.imports.profile import load
from domain.exchange.imports.recipe import recipe
from domain.vocabulary.imports import Answers, MappedImport
from domain.vocabulary.tabular import FileRefused
from tests.small_import import PROFILE, lines_file

ROWS = ("A-1,1,Northwind,BOLT-8,1.500,2.250,03/04/2026", "A-1,2,Northwind,NUT-8,2.000,1.000,05/06/2026")
FILE = ("lines.csv", lines_file(*ROWS, header="Order,Line,Customer,SKU,Pieces,Price,Promised"))


def records(mapped: MappedImport) -> list[dict[str, object]]:
    return [record.fields for found in mapped.sets for record in found.records]


@pytest.mark.parametrize(
    "answers",
    [
        Answers({"quantity": "Pieces"}, {"promised": "%d/%m/%Y"}, {"quantity": ",.", "price": ".,"}),
        Answers({"lines.quantity": "Pieces"}, {"*": "%m/%d/%Y"}, {"*": ",."}),
    ],
    ids=["by column", "for all columns"],
)
def test_a_recipe_needs_no_answers_and_reads_the_same(answers: Answers) -> None:
    profile = load(PROFILE, name="small.yaml")
    with pytest.raises(FileRefused):
        prepare(profile, [FILE])
    made = load(recipe(PROFILE, answers), name="recipe.yaml")
    assert records(prepare(made, [FILE])) == records(prepare(profile, [FILE], answers=answers))


def test_a_recipe_keeps_the_headers_that_the_profile_knows() -> None:
    said = yaml.safe_load(recipe(PROFILE, Answers(columns={"quantity": "Pieces"})))
    assert said["files"]["lines"]["columns"]["quantity"]["header"] == ["Pieces", "Qty"]
    assert said["files"]["lines"]["columns"]["customer"] == {"header": "Customer"}


def test_answers_of_one_kind_leave_columns_of_another_alone() -> None:
    said = yaml.safe_load(recipe(PROFILE, Answers(date_formats={"*": "%d/%m/%Y"}, number_marks={"*": ",."})))
    columns = said["files"]["lines"]["columns"]
    assert columns["promised"]["formats"] == ["%d/%m/%Y"]
    assert (columns["price"]["decimal"], columns["price"]["thousands"]) == (",", ".")
    assert set(columns["sku"]) == {"header"}
