"""Guards of the house plan (ARCHITECTURE.md): each names the place that breaks a rule."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest

from tests.architecture.sources import CODE, ROOT, calls, modules, name_of, own_files

MOST_LINES = 400
MOST_FUNCTION_LINES = 70
VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "misc", "manager", "managers"}
CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "datetime.datetime.now",
}
EDGES = (
    "app.py",
    "pages/shared/server.py",
    "seed/",
    "domain/commands/",
    "domain/__main__.py",
    "domain/worker/",
)


def test_files_are_short() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in own_files()
        if (count := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert not long


def test_functions_are_short() -> None:
    long = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in modules().items()
        if "migrations/versions" not in path
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > MOST_FUNCTION_LINES
    ]
    assert not long


def test_no_vague_names() -> None:
    vague = [str(path) for path in own_files() if {path.stem, path.parent.name} & VAGUE]
    assert not vague


def test_every_folder_is_a_package() -> None:
    bare = {
        str(path.parent.relative_to(ROOT))
        for folder in (*CODE, "tests")
        for path in (ROOT / folder).rglob("*.py")
        if not (path.parent / "__init__.py").exists()
    }
    assert not bare


def test_only_the_unit_of_work_commits() -> None:
    """A connection's or session's commit takes no argument; a service called `commit` takes its unit of work."""
    found = [
        f"{path}:{call.lineno}"
        for path, tree in modules().items()
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "commit"
        and not call.args
        and not call.keywords
        and path != "db/unit_of_work.py"
    ]
    assert not found


def test_the_clock_is_read_at_the_edges() -> None:
    found = [
        f"{path}:{call.lineno} {name_of(call.func)}"
        for path, tree in modules().items()
        if not path.startswith(EDGES) and path != "db/unit_of_work.py"
        for call in calls(tree)
        if name_of(call.func) in CLOCKS
    ]
    assert not found


@pytest.mark.parametrize("word", ["session_state", "cache_data", "cache_resource"])
def test_tab_state_and_caches_live_in_pages_shared(word: str) -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules().items()
        if not path.startswith("pages/shared/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == word
    ]
    assert not found


@pytest.mark.parametrize(
    "banned", ["unsafe_allow_html", "unsafe_allow_javascript", "enable_enterprise_modules"]
)
def test_unsafe_switches_are_never_used(banned: str) -> None:
    found = [
        f"{path}:{call.lineno}"
        for path, tree in modules().items()
        for call in calls(tree)
        for word in call.keywords
        if word.arg == banned and not (isinstance(word.value, ast.Constant) and word.value.value is False)
    ]
    assert not found


def test_sql_is_never_built_from_strings() -> None:
    found = [
        f"{path}:{call.lineno}"
        for path, tree in modules().items()
        for call in calls(tree)
        if name_of(call.func).rpartition(".")[2] in {"text", "exec_driver_sql", "execute", "executemany"}
        and call.args
        and _is_built(call.args[0])
    ]
    assert not found


def _is_built(value: ast.expr) -> bool:
    if isinstance(value, ast.JoinedStr):
        return True
    if isinstance(value, ast.BinOp):
        parts = (value.left, value.right)
        return any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts)
    return isinstance(value, ast.Call) and name_of(value.func).endswith(".format")


def test_each_screen_opens_with_its_frame() -> None:
    screens = [
        p for p in modules() if re.fullmatch(r"pages/(?!shared)\w+/\w+\.py", p) and "__init__" not in p
    ]
    assert len(screens) >= 7
    entries = {
        path
        for path in screens
        if any(isinstance(node, ast.Expr | ast.Assign) for node in modules()[path].body[1:])
        and not all(isinstance(n, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign)
                    and not _draws(n) for n in modules()[path].body[1:])
    }  # fmt: skip
    closed = [path for path in entries if not _opens(modules()[path])]
    assert not closed


def _draws(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(
        name_of(c.func).startswith(("st.", "frame.")) for c in calls(node)
    )


def _opens(tree: ast.Module) -> bool:
    for node in tree.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        for call in calls(node) if isinstance(node, ast.Expr | ast.Assign) else []:
            name = name_of(call.func)
            if name == "frame.open_page":
                return True
            if name.startswith("st."):
                return False
    return False


def test_every_refusal_says_how_to_mend_it() -> None:
    errors = {"DomainError", "NotFound", "Conflict", "FileRefused"}
    found = [
        f"{path}:{call.lineno}"
        for path, tree in modules().items()
        for call in calls(tree)
        if name_of(call.func) in errors and not any(word.arg in {"fix", None} for word in call.keywords)
    ]
    assert not found


def test_import_contracts_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
