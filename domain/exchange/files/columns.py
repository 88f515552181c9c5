"""Which header is which column: exact name, remembered answer, else a suggestion with its score.

Nothing weak is ever applied: a likeness below 85 is a question, and so is a tie (friendly.md I1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rapidfuzz import fuzz

from domain.exchange.files.headers import folded

STRONG = 85.0
# Below this a likeness says nothing and is not shown.
WORTH_SHOWING = 40.0


class Suggestion(NamedTuple):
    """A header that may be meant, and how alike it is from 0 to 100."""

    header: str
    score: float


@dataclass(frozen=True, slots=True)
class ColumnMatches:
    """Columns found (`taken`: column -> header, `how` it was found) and columns to ask a person about."""

    taken: dict[str, str]
    how: dict[str, Literal["alias", "remembered", "alike"]]
    questions: dict[str, list[Suggestion]]
    unused: tuple[str, ...]


def likeness(name: str, header: str) -> float:
    """How alike two column names are, 0 to 100.

    The words they share weigh as much as the words they do not: a shared word alone ("Date") is weak.
    """
    left, right = _words(name), _words(header)
    if not left or not right:
        return 0.0
    if folded(name) == folded(header):
        return 100.0
    shared = fuzz.token_set_ratio(left, right)
    whole = max(fuzz.token_sort_ratio(left, right), fuzz.ratio(folded(name), folded(header)))
    return round((shared + whole) / 2, 1)


def suggestions(names: Iterable[str], headers: Sequence[str]) -> list[Suggestion]:
    """Headers that may be meant by a column with these names, best first; the unlike ones are left out."""
    known = list(names)
    scored = [
        Suggestion(header, max((likeness(name, header) for name in known), default=0.0)) for header in headers
    ]
    return sorted((found for found in scored if found.score >= WORTH_SHOWING), key=lambda found: -found.score)


def match_columns(
    wanted: Mapping[str, Sequence[str]],
    headers: Sequence[str],
    remembered: Mapping[str, str] | None = None,
) -> ColumnMatches:
    """Match columns to headers: alias, then remembered answer, then a likeness of 85 or more without rival.

    `wanted` maps a column to the names it may bear (its own name counts as one), `remembered` a column to
    the header a person chose for this source before. What is left comes back as questions with suggestions.
    """
    taken: dict[str, str] = {}
    how: dict[str, Literal["alias", "remembered", "alike"]] = {}
    by_name = {folded(header): header for header in reversed(headers)}
    for column, aliases in wanted.items():
        hit = next((by_name[key] for name in (*aliases, column) if (key := folded(name)) in by_name), None)
        if hit is not None and hit not in taken.values():
            taken[column], how[column] = hit, "alias"
    for column, header in (remembered or {}).items():
        if column in wanted and column not in taken and header in headers and header not in taken.values():
            taken[column], how[column] = header, "remembered"
    free = [header for header in headers if header not in taken.values()]
    asked = {
        column: suggestions((*aliases, column), free)
        for column, aliases in wanted.items()
        if column not in taken
    }
    for column, found in asked.items():
        best = _without_rival(column, found, asked)
        if best is not None:
            taken[column], how[column] = best, "alike"
    used = set(taken.values())
    questions = {
        column: [suggestion for suggestion in found if suggestion.header not in used]
        for column, found in asked.items()
        if column not in taken
    }
    return ColumnMatches(taken, how, questions, tuple(header for header in headers if header not in used))


def _without_rival(
    column: str, found: Sequence[Suggestion], asked: Mapping[str, Sequence[Suggestion]]
) -> str | None:
    """The header that is strongly alike to this column and to no other, and without a second such header."""
    strong = [suggestion.header for suggestion in found if suggestion.score >= STRONG]
    if len(strong) != 1:
        return None
    for other, others in asked.items():
        if other != column and any(s.header == strong[0] and s.score >= STRONG for s in others):
            return None
    return strong[0]


def _words(text: str) -> str:
    separated = "".join(letter if letter.isalnum() else " " for letter in text)
    spread = "".join(
        f" {letter}" if letter.isupper() and index and separated[index - 1].islower() else letter
        for index, letter in enumerate(separated)
    )
    return " ".join(spread.casefold().split())
