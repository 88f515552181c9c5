"""Rows held back: correct them in a grid, one value at a time or all its rows at once, and replay."""

from __future__ import annotations

from pages.shared.frame import Opened


def show(opened: Opened) -> None:
    """Draw the problems."""
