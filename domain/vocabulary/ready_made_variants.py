"""Variants that every database begins with; people change them by saving new versions."""

from __future__ import annotations

from domain.vocabulary.allocation import Sequencing, Strategy, ViolationRule
from domain.vocabulary.run_variants import LineSelection, Segment, VariantSpec

READY_MADE: dict[str, tuple[str, VariantSpec]] = {
    "STANDARD": (
        "Best customers first, nobody else pushed back without need",
        VariantSpec(
            segments=(
                Segment(name="Tier 1 must be on time", selection=LineSelection(tiers=(1,)), strategy=Strategy.WIN),
                Segment(name="Tier 2 keeps or gains", selection=LineSelection(tiers=(2,)), strategy=Strategy.GAIN),
                Segment(name="Everybody else", strategy=Strategy.IMPROVE),
            ),
            violations=ViolationRule.BEST_EFFORT,
        ),
    ),
    "KEEP_ALL": (
        "Nobody loses: free stock to those who wait",
        VariantSpec(
            segments=(
                Segment(name="Confirmed lines keep what they have or better", strategy=Strategy.GAIN),
            ),
            violations=ViolationRule.BEST_EFFORT,
        ),
    ),
    "REDISTRIBUTE": (
        "Everything anew by tier and requested day",
        VariantSpec(segments=(Segment(name="All lines", strategy=Strategy.REDISTRIBUTE),)),
    ),
    "FAIR_SHARE": (
        "Everything anew, shared by need",
        VariantSpec(
            segments=(
                Segment(name="All lines", strategy=Strategy.REDISTRIBUTE, sequencing=Sequencing.FAIR_SHARE),
            ),
        ),
    ),
}  # fmt: skip
