"""Promise stability against the worked example of domain.md 5.2."""

from __future__ import annotations

from fractions import Fraction

from domain.rules.promising.promise_stability import Moves, Stability, stability


def test_the_worked_example() -> None:
    lines = [
        Moves.of(100, [(10, 12, True), (12, 15, True)]),
        Moves.of(40, []),
        Moves.of(60, [(20, 18, True), (18, 20, True)]),
        Moves.of(10, [(5, 9, False)]),
    ]
    assert lines[2] == Moves(60, 2, 4)
    assert stability(lines) == Stability(Fraction(1, 2), Fraction(1), Fraction(740, 210))


def test_no_lines_have_no_stability() -> None:
    assert stability([]) == Stability(None, None, None)
