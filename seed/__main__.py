"""`python -m seed`: demo world, books of any size, imports of order extracts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seed import import_command
from seed.demo.command import demo
from seed.scale import scale_command

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Fill the tower's database.")

Database = Annotated[str | None, typer.Option(help="sqlite:///file.db or postgresql://…")]


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(exists=True, help="Files or folders of one extract.")],
    profile: Annotated[str, typer.Option(help="Name of a profile, or the path of a .yaml file.")],
    date_format: Annotated[list[str] | None, typer.Option(help='"%d/%m/%Y" or "column=%d/%m/%Y".')] = None,
    number_format: Annotated[
        list[str] | None, typer.Option(help='",." or "column=,.": decimal, thousands.')
    ] = None,
    answer: Annotated[
        list[str] | None, typer.Option(help='"column=HEADER" for a column that was asked.')
    ] = None,
    clear: Annotated[
        list[str] | None, typer.Option(help="Field whose empty cells empty what is stored.")
    ] = None,
    database: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Run everything, keep nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Never ask.")] = False,
) -> None:
    """Import an order extract: 0 all taken, 6 some rows quarantined, 1 refused, 2 usage."""
    answers = import_command.said(date_format or [], number_format or [], answer or [])
    code = import_command.run(
        files, profile, answers=answers, clear=clear or [], as_json=as_json, dry_run=dry_run,
        database=database or import_command.default_database(),
    )  # fmt: skip
    raise typer.Exit(code)


@app.command()
def undo(
    batch_id: Annotated[int, typer.Argument(help="Number of the import, as its report says it.")],
    database: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, change nothing.")
    ] = False,
) -> None:
    """Undo an import: 0 all back, 6 some records kept because they changed since, 3 no such batch, 5 needed."""
    address = database or import_command.default_database()
    raise typer.Exit(import_command.take_back(batch_id, database=address, as_json=as_json, dry_run=dry_run))


@app.command()
def template(
    folder: Annotated[Path, typer.Argument(help="Where to write the empty files; made when missing.")],
    profile: Annotated[str, typer.Option(help="Name of a profile, or the path of a .yaml file.")] = "generic",
) -> None:
    """Write an empty CSV and XLSX with the right headers for each file of a profile."""
    raise typer.Exit(import_command.write_templates(folder, profile))


app.command("demo")(demo)
app.command("scale")(scale_command)


if __name__ == "__main__":
    app()
