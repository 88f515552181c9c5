"""`python -m domain users`: who may sign in, from the server's command line."""

from __future__ import annotations

import json

from sqlalchemy import Engine
from typer.testing import CliRunner

from domain.__main__ import app
from domain.services.access import sign_in
from tests.identity.people import NOW, POLICY

RUN = CliRunner()


def test_a_user_is_made_listed_reset_and_shut_out(engine: Engine) -> None:
    place = ["--database", engine.url.render_as_string(hide_password=False)]

    def document(*arguments: str) -> dict[str, object]:
        done = RUN.invoke(app, ["users", *arguments, *place, "--json"])
        assert done.exit_code == 0, done.output
        return dict(json.loads(done.stdout))

    first = document("create", "ann", "--name", "Ann", "--role", "LEAD", "--also", "QA")["one_time_password"]
    assert sign_in.with_password(engine, "ann", str(first), now=NOW, policy=POLICY).must_change
    assert document("list")["users"] == [
        {
            "login": "ann",
            "name": "Ann",
            "roles": ["LEAD", "QA"],
            "active": True,
            "password": True,
            "provider": False,
        }
    ]
    second = document("reset-password", "ann")["one_time_password"]
    assert second != first
    assert sign_in.with_password(engine, "ann", str(second), now=NOW, policy=POLICY).actor.login == "ann"
    assert document("deactivate", "ann")["sign_ins_ended"] == 1
    assert document("activate", "ann") == {"login": "ann"}
    assert RUN.invoke(app, ["users", "deactivate", "nobody", *place]).exit_code == 3
    assert RUN.invoke(app, ["users", "create", "ann", "--name", "Ann", "--role", "QA", *place]).exit_code == 5
