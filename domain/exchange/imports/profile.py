"""Import profiles: what a source's files look like and what their columns mean, as YAML.

docs/reference/import_profiles.md describes every key for people who write one.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from domain.exchange.imports.expressions import Expression, parse
from domain.exchange.imports.plain_yaml import load_yaml
from domain.exchange.imports.profile_checks import contradictions, plain_format
from domain.vocabulary.errors import DomainError


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, (str, int, float)) else value


def _texts(value: Any) -> Any:
    listed = _listed(value)
    return [_text(item) for item in listed] if isinstance(listed, list) else listed


def _text(item: Any) -> Any:
    if isinstance(item, bool):
        return "true" if item else "false"
    return str(item) if isinstance(item, (int, float)) else item


def _parsed(value: Any) -> Any:
    if isinstance(value, bool):
        value = "true" if value else "false"
    if not isinstance(value, (str, int, float)):
        return value
    try:
        return parse(str(value))
    except DomainError as error:  # told as a value error it comes back with its place in the profile
        raise ValueError(str(error).rstrip(".")) from None


Names = Annotated[list[str], BeforeValidator(_texts)]
Formula = Annotated[Expression, BeforeValidator(_parsed)]


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", arbitrary_types_allowed=True, populate_by_name=True, frozen=True
    )


TYPES = {
    "string": "text", "str": "text", "id": "key", "identifier": "key", "decimal": "number", "integer": "number",
    "int": "number", "float": "number", "amount": "number", "money": "number", "quantity": "number",
    "datetime": "instant", "timestamp": "instant", "boolean": "bool", "flag": "bool",
}  # fmt: skip
"""Other words that people use for a column's type."""


def _type(value: Any) -> Any:
    return TYPES.get(value.lower(), value.lower()) if isinstance(value, str) else value


def _formats(value: Any) -> Any:
    listed = _texts(value)
    return [plain_format(item) if isinstance(item, str) else item for item in listed] if listed else listed


DateFormats = Annotated[list[str], BeforeValidator(_formats)]


class Word(_Strict):
    """A text that stands in a typed column and means something instead of a value."""

    means: str | None = None
    category: str | None = None


def _words(value: Any) -> Any:
    if isinstance(value, list):
        value = dict.fromkeys(value)
    if isinstance(value, dict):
        return {
            str(text): ({"category": word} if isinstance(word, str) else word or {})
            for text, word in value.items()
        }
    return value


class Reference(_Strict):
    """A cell that points at another row of the same file, e.g. "See {shipment} (ID#:{ID})".

    `{column}` in the pattern is a column of the file; the row is the one whose columns equal what the cell says.
    """

    pattern: str
    category: str = "reference"
    unresolved: str = "reference_without_value"


class Column(_Strict):
    """One column: how its header may read, what its cells are, what missing means."""

    header: Names = Field(default_factory=list)
    type: Annotated[Literal["text", "key", "number", "date", "instant", "bool"], BeforeValidator(_type)] = (
        "text"
    )
    required: bool = False
    blank: Literal["allow", "refuse"] | str = "allow"
    formats: DateFormats = Field(default_factory=list)
    decimal: str | None = None
    thousands: str | None = None
    nulls: Names = Field(default_factory=list)
    words: Annotated[dict[str, Word], BeforeValidator(_words)] = Field(default_factory=dict)
    reference: Reference | None = None
    normalise: Names = Field(default_factory=list)
    true: Names = Field(default_factory=list)
    false: Names = Field(default_factory=list)
    sign: Literal["keep", "flip", "abs"] = "keep"
    on_error: Literal["quarantine", "warn"] = "quarantine"
    about: str = ""


def _column(value: Any) -> Any:
    if value is None:
        return {}
    if isinstance(value, (str, list, int)):
        return {"header": value}
    if isinstance(value, dict) and "aliases" in value:
        rest = {key: item for key, item in value.items() if key not in ("aliases", "header")}
        return {**rest, "header": [*(_texts(value.get("header")) or []), *(_texts(value["aliases"]) or [])]}
    return value


def _join(value: Any) -> Any:
    """`{orders: order_no}` and `{orders: [order_no]}` mean the same column on both sides."""
    if not isinstance(value, dict):
        return value
    short = {parent: _listed(pairs) for parent, pairs in value.items()}
    return {p: {c: c for c in pairs} if isinstance(pairs, list) else pairs for p, pairs in short.items()}


def _source(value: Any) -> Any:
    return {"system": value} if isinstance(value, str) else value


class Pairs(_Strict):
    """Cancelling documents: rows whose `cancels` names another row's `number` drop both (imports.md T4)."""

    number: str
    cancels: str


class Latest(_Strict):
    """Among rows of one key keep the one with the greatest `column`, after `where`."""

    latest: str | None = None
    where: Formula | None = None


class SourceFile(_Strict):
    """One file of the bundle."""

    match: Names = Field(default_factory=list)
    required: bool = True
    key: Names
    columns: dict[str, Annotated[Column, BeforeValidator(_column)]]
    filter: Formula | None = None
    join: Annotated[dict[str, dict[str, str]], BeforeValidator(_join)] = Field(default_factory=dict)
    orphans: Literal["quarantine", "warn", "ignore"] = "quarantine"
    duplicates: Literal["quarantine", "first", "last", "keep"] | Latest = "quarantine"
    drop_pairs: Pairs | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    sheet: str | None = None
    json_path: str | None = None
    has_header: bool = True
    column_names: Names = Field(default_factory=list)

    def must_have(self, name: str) -> bool:
        """Whether the file must have this column: required ones, and key columns that do not say otherwise."""
        column = self.columns[name]
        return column.required or (name in self.key and "required" not in column.model_fields_set)


class Records(_Strict):
    """How records of one kind are made: one per row of `from`, or one per distinct `group`.

    `unless` names a file that, when it is given, makes these records instead.
    """

    from_: str = Field(alias="from")
    group: Annotated[list[Formula], BeforeValidator(_listed)] = Field(default_factory=list)
    when: Formula | None = None
    unless: str | None = None
    fields: dict[str, Formula]


class Check(_Strict):
    """A remark about rows that are taken all the same, counted by category.

    `repeats` names columns: values that stand together in several rows are remarked once, at the second row.
    """

    category: str
    file: str
    when: Formula | None = None
    text: str
    column: str | None = None
    repeats: Names = Field(default_factory=list)


class HoldRule(_Strict):
    """Place a hold on the order of each line for which `when` is true."""

    when: Formula
    type: Formula
    reason: Formula
    file: str | None = None


class Source(_Strict):
    """Where the files come from and how they write things unless a column says otherwise."""

    system: str
    company: str = ""
    tz: str = "UTC"
    currency: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    dates: DateFormats = Field(default_factory=list)
    nulls: Names = Field(default_factory=lambda: [""])
    null_dates: Names = Field(default_factory=list)


class Snapshot(_Strict):
    """Whether the bundle is everything, and what a line that is no longer in it means."""

    mode: Literal["full", "delta"] = "delta"
    missing_rows: Literal["flag", "ignore", "close"] = "ignore"


class Profile(_Strict):
    """A whole profile; `sha` identifies its text."""

    profile: str
    version: int | str = 1
    title: str = ""
    description: str = ""
    owner: str = ""
    source: Annotated[Source, BeforeValidator(_source)]
    files: dict[str, SourceFile]
    lines: str | None = None
    records: dict[str, Records]
    codes: dict[str, dict[str, str | None]] = Field(default_factory=dict)
    holds: list[HoldRule] = Field(default_factory=list)
    release_holds: Literal["absent_in_snapshot", "never"] = "never"
    checks: list[Check] = Field(default_factory=list)
    snapshot: Snapshot = Snapshot()
    stubs: bool = True
    sha: str = ""

    @cached_property
    def line_file(self) -> str:
        """The file whose rows are order lines: the unit of all counts."""
        if self.lines:
            return self.lines
        record = self.records.get("line")
        return record.from_ if record else next(iter(self.files))


def load(text: str, *, name: str) -> Profile:
    """Return the profile in `text`; raise DomainError import.profile_invalid naming each place that is wrong."""
    try:
        data = load_yaml(text)
    except yaml.YAMLError as error:
        raise _invalid(name, [f"it is not YAML: {error}"]) from None
    if not isinstance(data, Mapping):
        raise _invalid(name, ["it is not a mapping of keys"])
    try:
        profile = Profile.model_validate(data)
    except ValidationError as error:
        raise _invalid(name, [_problem(dict(item)) for item in error.errors()]) from None
    except DomainError as error:
        raise _invalid(name, [str(error)]) from None
    if wrong := contradictions(profile):
        raise _invalid(name, wrong)
    return profile.model_copy(update={"sha": sha256(text.encode()).hexdigest()})


def find(name_or_path: str, folder: Path) -> Profile:
    """Return the profile of that name in `folder`, or the one at that path."""
    path = Path(name_or_path)
    if path.suffix not in {".yaml", ".yml"}:
        path = folder / f"{name_or_path}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.yaml")))
        raise DomainError(
            "import.profile_unknown",
            f"There is no profile {name_or_path!r}.",
            fix=f"Name one of {known}, or give the path of a .yaml file.",
        )
    return load(path.read_text(encoding="utf-8"), name=path.name)


def _problem(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        known = {
            name
            for model in (Profile, SourceFile, Column, Records, Source, Check)
            for name in model.model_fields
        }
        near = difflib.get_close_matches(key, known, n=1)
        return f"{place} is not a key of profiles" + (f"; did you mean {near[0]!r}?" if near else "")
    return f"{place}: {message}" if place else message


def _invalid(name: str, problems: list[str]) -> DomainError:
    return DomainError(
        "import.profile_invalid",
        f"The profile {name!r} cannot be used: " + "; ".join(problems) + ".",
        fix="Mend those places; docs/reference/import_profiles.md describes every key.",
        problems=problems,
    )
