"""The documents are true: glossary, settings, dependencies, help pages, links."""

from __future__ import annotations

import inspect
import re
from enum import Enum
from importlib import import_module
from pkgutil import iter_modules

import pytest

import domain.vocabulary
from domain.settings import Settings, variable
from pages.shared.menu import SCREENS
from tests.architecture import refusals
from tests.architecture.sources import ROOT

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def enums() -> list[type[Enum]]:
    """Return every closed set of words of the vocabulary."""
    found = {}
    for info in iter_modules(domain.vocabulary.__path__, "domain.vocabulary."):
        for _, kind in inspect.getmembers(import_module(info.name), inspect.isclass):
            if issubclass(kind, Enum) and kind.__module__.startswith("domain.vocabulary") and list(kind):
                found[kind.__name__] = kind
    return list(found.values())


@pytest.mark.parametrize("kind", enums(), ids=lambda kind: kind.__name__)
def test_glossary_has_every_word(kind: type[Enum]) -> None:
    glossary = (ROOT / "GLOSSARY.md").read_text("utf-8")
    assert f"**{kind.__name__}**" in glossary
    row = next(line for line in glossary.splitlines() if f"**{kind.__name__}**" in line)
    missing = [member.value for member in kind if f"`{member.value}`" not in row]
    assert not missing


def test_settings_page_lists_every_setting() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        assert f"| `{variable(name)}` | `{field.default}` | {field.description} |" in page
    assert page.count("\n| `") == len(Settings.model_fields)


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_dependencies_are_pinned_and_explained(file: str) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    lines = [line.strip() for line in (ROOT / file).read_text("utf-8").splitlines()]
    for line in lines:
        if line and not line.startswith(("#", "-r")):
            name, mark, version = line.partition("==")
            assert mark, f"{line} is not pinned"
            assert re.fullmatch(r"[\w.]+", version), f"{line} is not an exact version"
            assert f"`{name.partition('[')[0]}`" in readme, f"README does not say why {name} is there"


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.key)
def test_every_screen_has_its_help(screen: object) -> None:
    page = ROOT / "docs/how_to/screens" / screen.help_file  # type: ignore[attr-defined]
    text = page.read_text("utf-8")
    steps = re.findall(r"^\d+\. ", text, re.MULTILINE)
    assert text.startswith("# ")
    assert 1 <= len(steps) <= 10


def test_the_page_of_refusals_is_made_from_the_code() -> None:
    wanted = refusals.page()
    assert (ROOT / "docs/reference/refusals.md").read_text("utf-8") == wanted, (
        "run python -m tests.architecture.refusals > docs/reference/refusals.md"
    )
    assert [line for line in wanted.splitlines() if line.endswith("|  |")] == []


def test_links_lead_somewhere() -> None:
    dead = []
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    for page in pages:
        for target in LINK.findall(page.read_text("utf-8")):
            if (
                not target.startswith(("http", "#", "mailto:"))
                and not (page.parent / target.partition("#")[0]).exists()
            ):
                dead.append(f"{page.relative_to(ROOT)} -> {target}")
    assert not dead


def test_product_speaks_of_itself_alone() -> None:
    """No path of a developer's machine in anything that is shipped."""
    shipped = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile", ROOT / ".ci/run"]
    found = [str(page) for page in shipped if re.search(r"/(work|home|Users|tmp)/", page.read_text("utf-8"))]
    assert not found
