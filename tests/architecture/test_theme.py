"""Colours of the theme are readable: 4.5 to 1 for text, light and dark, page and sidebar (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import itertools
import tomllib

import pytest

from pages.shared.charts import PALETTE
from tests.architecture.sources import ROOT

THEME = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))["theme"]
TEXTS = ("textColor", "linkColor", "redTextColor", "orangeTextColor", "greenTextColor", "grayTextColor")
GROUNDS = ("backgroundColor", "secondaryBackgroundColor")
LEAST_TEXT, LEAST_MARK = 4.5, 3.0


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_twenty_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize(("kind", "part"), list(itertools.product(("light", "dark"), ("page", "sidebar"))))
def test_text_is_readable(kind: str, part: str) -> None:
    colours = THEME[kind] if part == "page" else THEME[kind]["sidebar"]
    weak = {
        (text, ground): round(contrast(colours[text], colours[ground]), 2)
        for text in TEXTS
        for ground in GROUNDS
        if text in colours and contrast(colours[text], colours[ground]) < LEAST_TEXT
    }
    assert not weak


@pytest.mark.parametrize("kind", ["light", "dark"])
def test_marks_of_charts_stand_out(kind: str) -> None:
    ground = THEME[kind]["backgroundColor"]
    weak = {
        name: round(contrast(colour, ground), 2)
        for name, colour in PALETTE[kind].items()
        if name != "grey" and contrast(colour, ground) < (LEAST_TEXT if name == "text" else LEAST_MARK)
    }
    assert not weak
