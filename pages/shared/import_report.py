"""What an import did or would do: counts, files, amendments, rows held, warnings, gaps and totals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from db.queries import imports as queries
from db.queries import quarantine
from domain.vocabulary.canonical import FIELDS
from domain.vocabulary.imports import MappedImport
from domain.vocabulary.units import (
    MONEY_SCALE,
    QUANTITY_SCALE,
    RATE_SCALE,
    from_day,
    from_instant,
    from_units,
)
from pages.shared import runtime, table, wording
from pages.shared.import_words import answer, date_format, plain, words

MOST_SHOWN = 5_000
PREVIEW = "preview"
SCALES = {"money": MONEY_SCALE, "quantity": QUANTITY_SCALE, "rate": RATE_SCALE}
FILES = (
    table.Column("file", "File", width="large"),
    table.Column("entity", "Taken as"),
    table.Column("rows", "Rows", "count"),
    table.Column("accepted", "New", "count"),
    table.Column("amended", "Amended", "count"),
    table.Column("unchanged", "Unchanged", "count"),
    table.Column("quarantined", "Held back", "count"),
    table.Column("left_out", "Left out by the profile"),
)
AMENDMENTS = (
    table.Column("what", "What", width="small"),
    table.Column("record", "Number"),
    table.Column("field", "Field"),
    table.Column("old", "Before"),
    table.Column("new", "After"),
)
PROBLEMS = (
    table.Column("file", "File"),
    table.Column("row_no", "Row", "count", "small", help="As the spreadsheet shows it."),
    table.Column("column", "Column"),
    table.Column("value", "Value"),
    table.Column("text", "Problem", width="large"),
    table.Column("fix", "What to do", width="large"),
)
WARNINGS = (
    table.Column("file", "File"),
    table.Column("row_no", "Row", "count", "small", help="As the spreadsheet shows it."),
    table.Column("column", "Column"),
    table.Column("value", "Value"),
    table.Column("text", "Remark", width="large"),
)
Rows = Callable[[], pd.DataFrame]


@dataclass(frozen=True)
class Told:
    """A report with the rows behind its counts; the rows are fetched only when they are looked at."""

    report: dict[str, Any]
    amendments: Rows
    problems: Rows
    warnings: Callable[[str], pd.DataFrame]
    key: str
    answered: tuple[tuple[str, str], ...] = ()

    @property
    def preview(self) -> bool:
        """Whether nothing is written yet."""
        return self.key == PREVIEW


def of_preview(
    mapped: MappedImport, report: dict[str, Any], remembered: Mapping[str, Mapping[str, str]]
) -> Told:
    """Return the report of a preview, rows from the mapped files themselves."""
    return Told(
        report,
        lambda: _amended(report),
        lambda: _held(mapped),
        lambda kind: _remarked(mapped, kind),
        PREVIEW,
        tuple((file, answer(*said)) for file, told in remembered.items() for said in told.items()),
    )


def of_batch(batch: dict[str, Any]) -> Told:
    """Return the report of a committed batch, rows from the database."""
    number = int(batch["batch_id"])
    return Told(
        batch["report"],
        lambda: _changed(number),
        lambda: runtime.read(quarantine.problems, batch_id=number),
        lambda kind: runtime.read(queries.warnings, batch_id=number, category=kind),
        f"batch_{number}",
    )


def sentence(report: dict[str, Any]) -> str:
    """Return what happened, or would, in one sentence about order lines."""
    kinds = (
        ("accepted", "new"),
        ("amended", "amended"),
        ("unchanged", "unchanged"),
        ("quarantined", "held back"),
    )
    parts = ", ".join(f"{wording.count(report[name])} {word}" for name, word in kinds)
    return f"{wording.lines(report['rows'], 'order line')}: {parts}."


def show(told: Told) -> None:
    """Draw the counts as cards, then one part of the report at a time."""
    report = told.report
    _cards(report)
    held = sum(file["quarantined"] for file in report["files"].values())
    amended = sum(file["amended"] for file in report["files"].values())
    parts: dict[str, tuple[str, Callable[[Told], None]]] = {
        "files": (f"Files · {len(report['files'])}", _files)
    }
    if amended:
        parts["amendments"] = ("Before and after", _amendments)
    if held:
        parts["problems"] = (f"Held back · {wording.count(held)}", _problems)
    if report["warnings"]:
        parts["warnings"] = (f"Warnings · {wording.count(sum(report['warnings'].values()))}", _warnings)
    if report.get("unknown_fields") or report.get("unmapped_codes"):
        parts["gaps"] = ("Not known", _gaps)
    parts["totals"] = ("Records and totals", _totals)
    first = next(name for name in ("problems", "amendments", "warnings", "files") if name in parts)
    chosen = st.segmented_control(
        "Part of the report",
        list(parts),
        default=first,
        required=True,
        format_func=lambda name: parts[name][0],
        key=f"{told.key}_part",
        label_visibility="collapsed",
    )
    parts[chosen or first][1](told)


def _cards(report: dict[str, Any]) -> None:
    cards = (
        ("Order lines read", report["rows"], "Rows of the file whose rows are order lines."),
        ("New", report["accepted"], "Lines that the tower did not know."),
        ("Amended", report["amended"], "Known lines of which at least one field changes."),
        ("Unchanged", report["unchanged"], "Known lines that the file repeats as they are."),
        (
            "Held back",
            report["quarantined"],
            "Lines with a problem: kept apart until a person corrects them.",
        ),
    )
    with st.container(horizontal=True, gap="small"):
        for label, value, rule in cards:
            st.metric(label, wording.count(value), border=True, help=rule)


def _files(told: Told) -> None:
    rows = pd.DataFrame(
        {"file": name, **counts, "left_out": _left_out(counts.get("skipped", {}))}
        for name, counts in told.report["files"].items()
    )
    table.show(rows, FILES, alt="Files of the import with their counts of rows", key=f"{told.key}_files")
    for file, said in told.answered:
        st.caption(
            f":material/how_to_reg: {wording.plain(file)}: {wording.plain(said)}, as answered for this source."
        )
    for one in told.report.get("decided", ()):
        st.caption(
            f":material/rule: {wording.plain(one['file'])}, column {wording.plain(one['column'])}: {date_format(one['format'])}, because row "
            f"{wording.count(one['row'])} says “{wording.plain(str(one['value']))}”, which fits nothing else."
        )


def _left_out(skipped: dict[str, int]) -> str:
    return ", ".join(f"{wording.count(number)} {words(why).lower()}" for why, number in skipped.items())


def _amendments(told: Told) -> None:
    rows = told.amendments()
    if rows.empty:
        st.caption("The text of rows changed, and none of the fields that the tower keeps.")
        return
    if told.preview and len(told.report["amendments"]) < sum(
        f["amended"] for f in told.report["files"].values()
    ):
        st.caption("The first amended records are shown; once imported, History shows every one.")
    table.show(rows, AMENDMENTS, alt="Amended fields before and after", key=f"{told.key}_amended")
    with st.container(horizontal=True):
        table.offer(
            rows, AMENDMENTS, title="Amendments", filters=_about(told), key=f"{told.key}_amended_offer"
        )


def _problems(told: Told) -> None:
    rows = told.problems()
    if rows.empty:
        st.success(
            "None of its rows waits any more: all were corrected or left out.", icon=":material/check_circle:"
        )
        return
    st.caption(
        f"{wording.count(rows.drop_duplicates(['file', 'row_no']).shape[0])} rows with "
        f"{wording.lines(len(rows), 'problem')}. The good rows go in without them; correct these under Problems."
    )
    table.show(rows.head(MOST_SHOWN), PROBLEMS, alt="Problems of the rows held back", key=f"{told.key}_held")


def _warnings(told: Told) -> None:
    counts = dict(sorted(told.report["warnings"].items(), key=lambda item: (-item[1], item[0])))
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.caption("These rows are taken all the same. The count says how many rows carry the remark.")
        kinds = pd.DataFrame({"kind": words(name), "rows": number} for name, number in counts.items())
        shown = (table.Column("kind", "Kind", width="medium"), table.Column("rows", "Rows", "bar", "small"))
        table.show(kinds, shown, alt="Warnings by kind with their counts", key=f"{told.key}_kinds")
    with right:
        kind = st.selectbox(
            "Show the rows of",
            list(counts),
            format_func=lambda name: f"{words(name)} · {wording.count(counts[name])}",
            key=f"{told.key}_warning",
        )
        rows = told.warnings(kind)
        if rows.empty:
            st.caption("This kind is counted over the whole import and has no rows of its own.")
            return
        table.show(rows, WARNINGS, alt=f"Rows with the remark {words(kind)}", key=f"{told.key}_warned")
        about = {**_about(told), "Kind": words(kind)}
        table.offer(rows, WARNINGS, title="Import warnings", filters=about, key=f"{told.key}_warned_offer")


def _gaps(told: Told) -> None:
    unknown, unmapped = told.report.get("unknown_fields", {}), told.report.get("unmapped_codes", {})
    if unknown:
        st.markdown("**Fields that stay unknown, because their file or column was not given**")
        st.markdown(
            "\n".join(
                f"- {wording.plain(words(kind))}: {', '.join(map(plain, names))}"
                for kind, names in unknown.items()
            )
        )
        st.caption(
            "Unknown is shown as not recorded, never as 0. Import the missing file later: it fills them in."
        )
    if unmapped:
        st.markdown("**Codes without a meaning here**")
        rows = pd.DataFrame(
            {"field": words(said.split("=", 1)[0]), "code": said.split("=", 1)[1], "rows": number}
            for said, number in unmapped.items()
        )
        shown = (
            table.Column("field", "Field"),
            table.Column("code", "Code"),
            table.Column("rows", "Rows", "count"),
        )
        table.show(rows, shown, alt="Codes that the profile does not know", key=f"{told.key}_codes")
        st.caption(
            "The rows are taken, the field stays unknown, the stage comes from quantities. Name the code under `codes` in the profile."
        )


def _totals(told: Told) -> None:
    created = told.report.get("created", {})
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Records created**")
        if created:
            rows = pd.DataFrame({"kind": words(kind), "records": number} for kind, number in created.items())
            shown = (table.Column("kind", "Record"), table.Column("records", "Created", "count"))
            table.show(rows, shown, alt="Records created by kind", key=f"{told.key}_created")
        else:
            st.caption("None: everything in the files was known.")
        if told.report.get("stubs"):
            stubs = ", ".join(
                f"{wording.count(n)} {words(kind).lower()}" for kind, n in told.report["stubs"].items()
            )
            st.caption(f"Of these only the code was given (stubs): {stubs}.")
    with right:
        st.markdown("**Control totals of the order lines in the files**")
        totals = told.report.get("control_totals", {})
        if totals:
            rows = pd.DataFrame(
                {
                    "currency": currency or "no currency",
                    "quantity": None if sums["quantity"] is None else float(sums["quantity"]),
                    "value": None if sums["value"] is None else float(sums["value"]),
                }
                for currency, sums in totals.items()
            )
            shown = (
                table.Column("currency", "Currency", width="small"),
                table.Column("quantity", "Quantity", "quantity"),
                table.Column("value", "Value", "quantity"),
            )
            table.show(rows, shown, alt="Sum of quantity and value by currency", key=f"{told.key}_totals")
        else:
            st.caption("The files have no order lines.")


def _about(told: Told) -> dict[str, str]:
    return {"Files": ", ".join(told.report["files"]), "Profile": str(told.report["profile"])}


def _amended(report: dict[str, Any]) -> pd.DataFrame:
    rows = [
        {"what": words(one["kind"]), "record": " / ".join(one["key"]), "field": words(field),
         "old": _said(one["kind"], field, old), "new": _said(one["kind"], field, new)}
        for one in report["amendments"] for field, (old, new) in one["fields"].items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[column.name for column in AMENDMENTS])


def _changed(batch_id: int) -> pd.DataFrame:
    rows = runtime.read(queries.changes, batch_id=batch_id)
    return rows.assign(what=rows["table_name"].map(wording.code), field=rows["field"].map(wording.code))


def _said(kind: str, field: str, value: Any) -> str | None:
    """Return a value in stored units as people read it."""
    holds = FIELDS.get(kind, {}).get(field)
    if value is None or isinstance(holds, type):
        return words(value) if value else None
    if holds in SCALES:
        return wording.quantity(from_units(int(value), SCALES[str(holds)]))
    if holds == "day" or field.endswith("_on"):
        return from_day(int(value)).isoformat()
    if holds == "instant":
        return wording.instant(from_instant(int(value)))
    return str(value)


def _held(mapped: MappedImport) -> pd.DataFrame:
    rows = [
        (p.file, p.row, p.column, None if p.value is None else str(p.value), p.text, p.fix)
        for file in mapped.files for held in file.held for p in held.problems
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[column.name for column in PROBLEMS])


def _remarked(mapped: MappedImport, kind: str) -> pd.DataFrame:
    rows = [(r.file, r.row, r.column, r.value, r.text) for r in mapped.remarks if r.category == kind]
    return pd.DataFrame(rows, columns=[column.name for column in WARNINGS])
