"""Bring files in: choose them and a profile, answer what is open, look at the preview, commit."""

from __future__ import annotations

import streamlit as st

from db.queries import imports as queries
from domain.exchange.imports import templates
from domain.exchange.imports.recipe import recipe
from domain.vocabulary.errors import DomainError
from pages.shared import (
    frame,
    import_draft,
    import_profiles,
    import_questions,
    import_report,
    linked,
    runtime,
    state,
    wording,
)
from pages.shared.frame import Opened
from pages.shared.import_draft import Draft
from pages.shared.import_profiles import Choice
from pages.shared.import_words import words

OWN = "own"
DONE = "import_done"


def show(opened: Opened) -> None:
    """Draw the step at which this tab's import stands."""
    linked.leave("batch", "held")
    done = state.recall(DONE, lambda: None)
    draft = import_draft.current()
    if done is not None:
        _done(opened, done)
    elif draft is None:
        _choose()
    else:
        _prepare(draft)


def _choose() -> None:
    profiles = import_profiles.shipped()
    for refusal in import_profiles.broken():
        frame.refused(refusal)
    left, right = st.columns([3, 2], gap="small")
    with left.container(border=True, height="stretch"):
        st.subheader("Files", anchor=False)
        files = st.file_uploader(
            "One file, or all files of a bundle together: orders, lines, shipments, invoices, stock, supplies",
            accept_multiple_files=True,
            key="import_files",
        )
        st.caption("CSV, TSV, XLSX, XLS, ODS or JSON. Nothing is written before you have seen the preview.")
    likely = import_profiles.likely([file.name for file in files], profiles)
    with right.container(border=True, height="stretch"):
        st.subheader("Profile", anchor=False)
        chosen = _profile(profiles, likely)
        clear = _clear(chosen) if chosen is not None else frozenset()
    if chosen is not None:
        _expected(chosen)
    ready = bool(files) and chosen is not None
    with st.container(horizontal=True, vertical_alignment="center"):
        go = st.button(
            "Preview", type="primary", icon=":material/preview:", disabled=not ready, key="import_preview"
        )
        if not ready:
            st.caption(
                "Choose at least one file first." if not files else "Choose a profile first.", width="content"
            )
    if go and chosen is not None:
        draft = Draft([(file.name, file.getvalue()) for file in files], chosen, clear)
        import_draft.begin(draft)
        _run(draft)


def _profile(profiles: dict[str, Choice], likely: str | None) -> Choice | None:
    names = [*profiles, OWN]
    name = st.selectbox(
        "What system are the files from?",
        names,
        index=names.index(likely) if likely else 0,
        format_func=lambda key: (
            "A profile or recipe of your own (YAML)" if key == OWN else _titled(profiles[key])
        ),
        # A new guess is a new field, so that the guess shows; a choice made by hand stays while the files stay.
        key=f"import_profile_{likely or 'none'}",
    )
    if name != OWN:
        choice = profiles[name]
        if likely == name:
            st.caption(":material/check: The file names fit this profile.")
        if choice.profile.description:
            st.markdown(wording.plain(choice.profile.description))
        return choice
    given = st.file_uploader("Profile or recipe", type=["yaml", "yml"], key="import_own_profile")
    if given is None:
        st.caption("docs/reference/import_profiles.md describes every key of a profile.")
        return None
    try:
        return import_profiles.brought(given.name, given.getvalue())
    except DomainError as refusal:
        frame.refused(refusal)
        return None


def _titled(choice: Choice) -> str:
    profile = choice.profile
    return f"{profile.title} ({profile.profile})" if profile.title else profile.profile


def _clear(chosen: Choice) -> frozenset[str]:
    fields = sorted({field for records in chosen.profile.records.values() for field in records.fields})
    return frozenset(
        st.multiselect(
            "Fields that an empty cell empties",
            fields,
            format_func=words,
            placeholder="None: an empty cell keeps what is stored",
            key=f"import_clear_{chosen.profile.profile}",
        )
    )


def _expected(chosen: Choice) -> None:
    profile = chosen.profile
    with st.expander(
        f"Files that {_titled(chosen)} takes · {len(profile.files)}", icon=":material/folder_open:"
    ):
        for name, file in profile.files.items():
            need = "needed" if file.required else "if you have it"
            by = (
                f" · recognised by {', '.join(f'`{pattern}`' for pattern in file.match)}"
                if file.match
                else ""
            )
            columns = [column.header[0] if column.header else key for key, column in file.columns.items()]
            left, right = st.columns([4, 1], vertical_alignment="center")
            left.markdown(f"**{words(name)}** ({need}){by}  \n:small[Columns: {', '.join(columns)}]")
            with right.popover("Template", icon=":material/download:", key=f"import_template_{name}"):
                for label, suffix, make in (
                    ("CSV", "csv", lambda file=file: templates.as_csv(file)),
                    (
                        "Excel, with a guide",
                        "xlsx",
                        lambda name=name, file=file: templates.as_workbook(name, file),
                    ),
                ):
                    st.download_button(
                        label,
                        data=make,
                        file_name=f"{name}.{suffix}",
                        on_click="ignore",
                        key=f"import_template_{name}_{suffix}",
                        width="stretch",
                    )


def _run(draft: Draft) -> None:
    """Preview the draft with its steps shown, then draw the outcome."""
    with st.status(f"Looking at {wording.plain(draft.names)}", expanded=True) as status:
        import_draft.preview(draft, _progress(draft))
        status.update(label="Looked at all files", state="complete", expanded=False)
    st.rerun()


def _progress(draft: Draft) -> import_draft.Tell:
    """Draw a bar and return what moves it: one step per file, one to map, one to compare or write."""
    steps = len(draft.files) + 2
    bar = st.progress(0.0, "Starting")
    made: list[str] = []

    def tell(step: str) -> None:
        made.append(step)
        bar.progress(
            min(len(made) / (steps + 1), 1.0),
            f"Step {min(len(made), steps)} of {steps}: {wording.plain(step)}",
        )

    return tell


def _prepare(draft: Draft) -> None:
    _head(draft)
    if draft.refusal is not None:
        if draft.asks:
            if import_questions.ask(draft):
                _run(draft)
            return
        frame.refused(draft.refusal)
        st.caption("Nothing was imported. Mend the file or choose another profile, then start over.")
        return
    if draft.report is None or draft.mapped is None:
        _run(draft)
        return
    _preview(draft)


def _head(draft: Draft) -> None:
    """Draw what was given and answered, the recipe of it, and the way back."""
    profile = draft.chosen.profile
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{wording.plain(draft.names)}** · profile **{wording.plain(_titled(draft.chosen))}**, "
            f"version {wording.plain(str(profile.version))}",
            width="content",
        )
        st.space("stretch")
        if draft.answers.questions():
            st.download_button(
                "Save answers as recipe",
                data=recipe(draft.chosen.text, draft.answers),
                file_name=f"{profile.profile}_recipe.yaml",
                mime="application/yaml",
                icon=":material/save:",
                on_click="ignore",
                help="A profile with your answers in it: for the next file, here or by python -m seed import --profile.",
                key="import_recipe",
            )
        if draft.remembered and st.button(
            "Ask again",
            icon=":material/contact_support:",
            help="Leaves out what was answered for this source before.",
            key="import_ask_again",
        ):
            draft.ask_again = True
            draft.report = draft.mapped = None
        if st.button("Start over", icon=":material/restart_alt:", key="import_restart"):
            import_draft.discard()
            st.rerun()


def _preview(draft: Draft) -> None:
    assert draft.report is not None
    assert draft.mapped is not None
    report = draft.report
    writes = sum(f["accepted"] + f["amended"] + f["quarantined"] for f in report["files"].values())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Preview: nothing is written yet", anchor=False, width="content")
        st.space("stretch")
        lines = report["accepted"] + report["amended"]
        label = "Nothing to import" if not writes else "Import what changed"
        if lines:
            label = f"Import {wording.lines(lines, 'order line')}"
        commit = st.button(
            label, type="primary", icon=":material/done:", disabled=not writes, key="import_commit"
        )
    stale = state.recall("import_stale", lambda: None)
    if stale is not None:
        frame.refused(stale)
        st.caption("The preview below is of the data as they are now.")
    if not writes:
        st.info("Everything in these files is known already: 0 new, 0 amended.", icon=":material/task_alt:")
    st.markdown(import_report.sentence(report))
    import_report.show(import_report.of_preview(draft.mapped, report, draft.remembered))
    if commit:
        _commit(draft)


def _commit(draft: Draft) -> None:
    state.forget("import_stale")
    with st.status(f"Importing {wording.plain(draft.names)}", expanded=True) as status:
        told = import_draft.commit(draft, _progress(draft))
        status.update(label="Done", state="complete", expanded=False)
    if isinstance(told, runtime.Refused):
        state.remember("import_stale", told)
    elif told is not None:
        state.remember(DONE, told)
    st.rerun()


def _done(opened: Opened, batch_id: int) -> None:
    batch = runtime.read(queries.batch, batch_id=batch_id)
    if batch is None:
        state.forget(DONE)
        st.rerun()
    held = sum(file["quarantined"] for file in batch["report"]["files"].values())
    st.success(
        f"Imported as batch {batch_id}. {import_report.sentence(batch['report'])}",
        icon=":material/check_circle:",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if held:
            label = f"Correct {wording.lines(held, 'row')} held back"
            _leave(label, "build", "problems", held=str(batch_id))
        _leave("Look back or undo", "history", "history", batch=str(batch_id))
        if st.button("Import more", icon=":material/upload_file:", key="import_more"):
            state.forget(DONE)
            st.rerun()
        frame.link("orders", "See the orders", opened, icon="list_alt")
    import_report.show(import_report.of_batch(batch))


def _leave(label: str, icon: str, view: str, **chosen: str) -> None:
    """Draw a button to another view of this screen, with what is chosen there."""
    go = {"view": view, **chosen}
    st.button(label, icon=f":material/{icon}:", on_click=linked.turn, kwargs=go, key=f"import_to_{view}")
