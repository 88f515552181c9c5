"""An import that is being prepared in this tab: its files, the person's answers, the preview, and its commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from db.queries import imports as queries
from domain.exchange.imports.intake import prepare
from domain.services.importing import imports
from domain.vocabulary.errors import DomainError
from domain.vocabulary.imports import Answers, MappedImport
from pages.shared import runtime, state
from pages.shared.import_profiles import Choice

NAME = "import_draft"
Tell = Callable[[str], None]


@dataclass
class Draft:
    """What a person gave and said so far, and what came of it.

    `ask_again` leaves out what was answered for this source before; `remembered` are those answers by file and question. Exactly one of `refusal`, `report` and neither (not yet previewed) holds; `mapped` stands beside a preview.
    """

    files: list[tuple[str, bytes]]
    chosen: Choice
    clear: frozenset[str] = frozenset()
    columns: dict[str, str] = field(default_factory=dict)
    date_formats: dict[str, str] = field(default_factory=dict)
    number_marks: dict[str, str] = field(default_factory=dict)
    ask_again: bool = False
    remembered: dict[str, dict[str, str]] = field(default_factory=dict)
    mapped: MappedImport | None = None
    report: dict[str, Any] | None = None
    refusal: runtime.Refused | None = None

    @property
    def answers(self) -> Answers:
        """The person's answers as the mapper takes them."""
        return Answers(self.columns, self.date_formats, self.number_marks)

    @property
    def asks(self) -> bool:
        """Whether the refusal is a question that this person can answer here."""
        refusal = self.refusal
        return refusal is not None and bool(refusal.data.get("choices") or refusal.data.get("headers"))

    @property
    def names(self) -> str:
        """The files by name."""
        return ", ".join(name for name, _ in self.files)


def current() -> Draft | None:
    """Return the import that this tab prepares, if any."""
    draft: Draft | None = state.recall(NAME, lambda: None)
    return draft


def begin(draft: Draft) -> None:
    """Make `draft` the import of this tab."""
    state.remember(NAME, draft)


def discard() -> None:
    """Drop the import that this tab prepares."""
    state.forget(NAME)


def answer(draft: Draft, question: str, value: str) -> None:
    """Take an answer: `question` is "column:NAME", "date:NAME" or "number:NAME"; the name "*" is all columns."""
    kind, _, name = question.partition(":")
    {"column": draft.columns, "date": draft.date_formats, "number": draft.number_marks}[kind][name] = value


def preview(draft: Draft, tell: Tell) -> None:
    """Read, map and compare; afterwards the draft has a report or a refusal."""
    draft.mapped = draft.report = draft.refusal = None
    mapped = _mapped(draft, tell)
    if isinstance(mapped, runtime.Refused):
        draft.refusal = mapped
        return
    tell("Comparing with what is stored")
    told = runtime.execute(imports.preview, intent=state.fresh("import_preview"), mapped=mapped)
    if isinstance(told, runtime.Refused):
        draft.refusal = told
    else:
        draft.mapped, draft.report = mapped, told.value
        draft.remembered = _remembered(draft, mapped)


def _remembered(draft: Draft, mapped: MappedImport) -> dict[str, dict[str, str]]:
    """Return the earlier answers that were used without asking, by file and question."""
    if draft.ask_again:
        return {}
    before = runtime.read(queries.answers, source=mapped.source)
    now = set(draft.answers.questions())
    found = {
        file.name: before[file.fingerprint].questions() for file in mapped.files if file.fingerprint in before
    }
    used = {name: {q: a for q, a in said.items() if q not in now} for name, said in found.items()}
    return {name: said for name, said in used.items() if said}


def commit(draft: Draft, tell: Tell) -> runtime.Refused | int | None:
    """Write what the preview showed and drop the draft; return the batch, None for nothing new, or why not.

    The files are mapped anew, because what mapping adds from the database belongs to the preview's moment. A plan
    that became stale leaves the draft with the preview of the data as they are now.
    """
    assert draft.report is not None
    mapped = _mapped(draft, tell)
    if isinstance(mapped, runtime.Refused):
        return mapped
    tell("Writing in one transaction")
    told = runtime.execute(
        imports.commit, intent=state.fresh("import_commit"), mapped=mapped, expected_plan=draft.report["plan"]
    )
    if isinstance(told, runtime.Refused):
        if told.code == "import.plan_stale":
            preview(draft, tell)
        return told
    discard()
    batch_id: int | None = told.value["batch_id"]
    return batch_id


def _mapped(draft: Draft, tell: Tell) -> MappedImport | runtime.Refused:
    """Read and map the files; what cannot be taken comes back as a refusal."""
    profile = draft.chosen.profile
    source = profile.source.system
    try:
        return prepare(
            profile,
            draft.files,
            answers=draft.answers,
            remembered=None if draft.ask_again else runtime.read(queries.answers, source=source),
            codes=runtime.read(queries.codes, source=source),
            clear=draft.clear,
            progress=tell,
        )
    except DomainError as refusal:
        return runtime.Refused(refusal.code, refusal.message, refusal.fix, dict(refusal.data))
    except Exception:
        reference = runtime.unexpected()
        return runtime.Refused(
            "unexpected",
            f"Something unexpected happened while reading, reference {reference}.",
            "Nothing was imported. Compare the files with what the profile takes, then try again.",
        )
