"""The house keeps its shape: who imports whom, what is at the top, that every module says what it is for."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "cryoledger"
MODULES = sorted(PACKAGE.rglob("*.py"))
ONE_FILE = PACKAGE / "exchange/audit_bundle/files/verify.py"
"""One file by its purpose, and bounded by a test of its own (tests/exchange/test_audit_bundle.py)."""
PURE = ("domain", "ledger", "codes", "audit")
HEAVY = {"sqlite3", "sqlalchemy", "sqlmodel", "textual", "typer"}
TOP = {"pyproject.toml", "README.md", "LICENSE", "cryoledger", "schema", "labels", "tests"}


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after a statement."""
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_load_no_database_and_no_screen(room: str) -> None:
    modules = [path for path in MODULES if path.is_relative_to(PACKAGE / room)]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in modules]
    assert names
    assert not loaded_by("\n".join(f"import {name}" for name in names)) & HEAVY


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_read_no_clock_and_open_no_file(room: str) -> None:
    for path in MODULES:
        if not path.is_relative_to(PACKAGE / room) or path.name == "schemas.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"now", "utcnow", "today", "monotonic"} or _own(node), f"{path}:{node.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"open", "print", "input"}, f"{path}:{node.lineno}"


def _own(node: ast.Attribute) -> bool:
    """A field called `now` of our own objects is no clock."""
    return isinstance(node.value, ast.Name) and node.value.id in {"self", "draft"}


def test_import_contract_holds() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(lint)], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_front_ends_append_only_through_record() -> None:
    for path in MODULES:
        if not path.is_relative_to(PACKAGE / "database"):
            calls = [
                node
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "append"
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in {"transaction", "tx"}
            ]
            allowed = {"custody/record.py", "custody/create.py", "custody/backups/epochs.py"}
            assert path.relative_to(PACKAGE).as_posix() in allowed or not calls, path


def test_top_level_holds_only_what_was_agreed() -> None:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=False, cwd=ROOT).stdout
    top = {line.split("/")[0] for line in listed.splitlines()}
    assert {name for name in top if not name.startswith(".")} <= TOP


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_module_says_what_it_is_for_and_stays_one_thing(path: Path) -> None:
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), "a module opens with one sentence"
    if path != ONE_FILE:
        assert text.count("\n") <= 600, "a module this long is usually two things"


def test_help_loads_neither_database_nor_screen_nor_crypto() -> None:
    program = "import sys; sys.argv = ['cryoledger', '--help']\nfrom cryoledger.cli import main\n"
    program += "try:\n    main()\nexcept SystemExit:\n    pass\n"
    program += "import json; print('MODULES', json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(json.loads(done.stdout.rsplit("MODULES ", 1)[1]))
    assert not loaded & {"sqlite3", "sqlalchemy", "sqlmodel", "textual", "cryptography"}


def test_no_machine_path_is_committed() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=False, cwd=ROOT).stdout
    homes = tuple(f"/{name}/" for name in ("root", "home"))
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".json", ".txt", ".svg"} and path.name != Path(__file__).name:
            text = path.read_text(errors="replace")
            assert not any(f" {home}" in text or f'"{home}' in text for home in homes), name
