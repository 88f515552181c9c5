"""`python -m domain`: what the tower answers and does from the command line."""

from __future__ import annotations

import typer

from domain.commands.backup import backup
from domain.commands.config import config
from domain.commands.kpi import kpi
from domain.commands.report_views import report_views
from domain.commands.restore import restore
from domain.commands.upgrade import upgrade
from domain.commands.users import users
from domain.commands.verify import verify

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The order control tower on the command line. Exit codes: 0 done, 1 failed, 2 usage, 3 not found, "
    "4 denied, 5 conflict, 6 partly done.",
)
app.command()(kpi)
app.command()(config)
app.command()(upgrade)
app.command("report-views")(report_views)
app.command()(verify)
app.command()(backup)
app.command()(restore)
app.add_typer(users, name="users")

if __name__ == "__main__":
    app()
