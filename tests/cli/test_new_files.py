"""A command that writes a file leaves one that is there as it is, unless it was asked to replace it."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from cryoledger import whole_file
from cryoledger.cli import asking
from tests.cli.conftest import Terminal
from tests.test_architecture import PACKAGE

COMMANDS = {
    "downtime print --out": "pages.txt",
    "checkpoint sign --out": "head.note",
    "checkpoint sheet --out": "head.txt",
    "label commands --to": "commands.pdf",
    "label scanner-check --to": "check.pdf",
    "label unit FRZ-1 --to": "unit.png",
    "report custody L1 --to": "lot.json",
    "report audit --from today --to today --out": "day.txt",
    "export inventory --out": "export.csv",
    "witness request --out": "head.request",
    "receipt FRZ-1 --to": "unit.tlog-proof",
}


def test_a_file_that_is_there_stays_and_is_replaced_when_asked(furnished: Terminal) -> None:
    for command, name in COMMANDS.items():
        path = furnished.folder / name
        path.write_bytes(b"of somebody's")
        refused = furnished.run(*command.split(), path)
        assert refused.code == 2, (command, refused)
        assert refused.err.strip().endswith(f"{path} exists already. Name another file, or add --replace.")
        assert path.read_bytes() == b"of somebody's"
        furnished.does(*command.split(), path, "--replace")
        assert path.read_bytes() != b"of somebody's"
        assert not list(furnished.folder.glob(f".{name}.*")), "a part was left"


def test_several_labels_do_not_write_over_numbered_files(furnished: Terminal) -> None:
    first = furnished.folder / "unit-001.png"
    first.write_bytes(b"of somebody's")
    refused = furnished.run("label", "unit", "FRZ-1", "FRZ-1-R1", "--to", furnished.folder / "unit.png")
    assert (refused.code, first.read_bytes()) == (2, b"of somebody's")


def test_at_a_terminal_it_is_asked(furnished: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    path, asked = furnished.folder / "pages.txt", []
    path.write_bytes(b"old")

    def answer(question: str, *, says: bool) -> bool:
        asked.append(question)
        return says

    monkeypatch.setattr(asking, "yes", lambda question: answer(question, says=False))
    assert furnished.run("downtime", "print", "--out", path).code == 2
    monkeypatch.setattr(asking, "yes", lambda question: answer(question, says=True))
    furnished.does("downtime", "print", "--out", path)
    assert asked == [f"{path} exists already. Replace it?"] * 2
    assert path.read_bytes() != b"old"


def test_nothing_is_recorded_where_the_file_cannot_be_written(furnished: Terminal) -> None:
    furnished.does("lot", "fill", "L1", "--count", 1, by="maria.s")
    before = furnished.read("verify")["entries"]
    (furnished.folder / "labels.pdf").touch()
    for path in (furnished.folder / "labels.pdf", furnished.folder):
        assert furnished.run("label", "lot", "L1", "--to", path, "--as", "maria.s", stdin="161803\n").code == 2
    assert furnished.read("verify")["entries"] == before


def test_no_command_writes_a_file_in_another_way() -> None:
    for path in sorted((PACKAGE / "cli").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"write_bytes", "write_text"}, f"{path}:{node.lineno}"


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    with pytest.raises(TypeError), whole_file.opened(path, replace=False) as file:
        file.writelines([b"half", "no bytes"])  # type: ignore[list-item]
    assert list(tmp_path.iterdir()) == []
    whole_file.write(path, b"first", replace=False)
    path.chmod(0o640)
    with pytest.raises(FileExistsError):
        whole_file.write(path, b"second", replace=False)
    with pytest.raises(FileExistsError), whole_file.opened(tmp_path / "new", replace=False) as file:
        (tmp_path / "new").write_bytes(b"came meanwhile")
    assert (path.read_bytes(), (tmp_path / "new").read_bytes()) == (b"first", b"came meanwhile")
    link = tmp_path / "link"
    link.symlink_to(path)
    whole_file.write(link, b"third", replace=True)
    assert (path.read_bytes(), path.stat().st_mode & 0o777, link.is_symlink()) == (b"third", 0o640, True)
    assert not whole_file.is_taken(tmp_path / "nowhere")
    whole_file.write(tmp_path / "secret", b"x", replace=False, mode=0o600)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_device_takes_what_is_written_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert not whole_file.is_taken(pipe)
    whole_file.write(pipe, b"on", replace=False)
    assert os.read(reader, 10) == b"on"
    os.close(reader)
    assert pipe.is_fifo()
