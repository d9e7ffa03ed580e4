"""The manual says nothing that is not there, and leaves out nothing that is."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from cryoledger import manual
from cryoledger.cli.app import program
from cryoledger.cli.teaching import ROLES
from cryoledger.codes.commands import Command
from cryoledger.custody.workflow.machine import ABOVE, STARTS
from cryoledger.errors import RequestError
from cryoledger.manual.keys import DEFAULTS, KEYS, shown
from cryoledger.tui import helping
from cryoledger.tui.box_map import FOUND, FREE, LEFT, NEXT, SYMBOLS
from cryoledger.tui.desks.workplaces import WORKPLACES
from cryoledger.tui.themes import THEMES
from cryoledger.tui.view import Box, Level, View

TUI = Path(helping.__file__).parent
ROLE_PAGES = manual.PAGES[manual.PAGES.index("technician") :]


def commands() -> dict[str, Any]:
    """Every command of the program by its words, groups included."""

    def leaves(command: Any, path: tuple[str, ...]) -> list[tuple[str, Any]]:
        found = [(" ".join(path), command)]
        if hasattr(command, "list_commands"):
            for name in command.list_commands(None):
                found += leaves(command.get_command(None, name), (*path, name))
        return found

    return dict(leaves(program(), ()))


def offers(desk: str) -> set[tuple[str, str]]:
    """The acts that the rows of a desk begin: key and label, from the source."""
    files = [TUI / "desks" / f"{desk}_sheet.py", *([TUI / "desks" / "verification.py"] if desk == "audit" else [])]
    return {
        (str(node.args[0].value), str(node.args[1].value))
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Offer"
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[1], ast.Constant)
    }


@pytest.mark.parametrize("page", manual.pages(), ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: manual.Page) -> None:
    assert page.source.startswith("# ")
    assert max(map(len, page.source.splitlines())) <= 130
    for name in re.findall(r"\{(.*?)\}", re.sub(r"```.*?```", "", page.source, flags=re.DOTALL)):
        assert name in DEFAULTS, name
    codes = {command.barcode for command in Command}
    assert set(re.findall(r"CMD-[A-Z-]+", page.source)) <= codes
    known = commands()
    for words in re.findall(r"`cryoledger ([a-z][^`]*)`", page.source):
        named = re.match(r"[a-z- ]*", words)
        assert named is not None
        parts = [part for part in named[0].split() if not part.startswith("-")]
        assert " ".join(parts) in known, words
        for option in re.findall(r"--[a-z-]+", words):
            options = [each for param in known[" ".join(parts)].params for each in param.opts]
            assert option in options or option == "--help", words
    for other in re.findall(r"page \*\*([a-z-]+)\*\*", page.source):
        assert other in manual.PAGES
    bare = re.findall(r"(?<![\w{.])F\d+\b", re.sub(r"```.*?```", "", page.source, flags=re.DOTALL))
    assert set(bare) <= ({"F1", "F24"} if page.name == "keys" else {"F11"} if page.name == "browser" else set())


def test_contents_names_every_page() -> None:
    told = manual.page("contents").source
    assert {name for name in manual.PAGES if f"**{name}**" not in told} == {"contents"}
    files = {path.stem for path in (Path(manual.__file__).parent / "pages").glob("*.md")}
    assert files == set(manual.PAGES)


def test_page_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(RequestError, match="pick-list"):
        manual.page("../keys")


def test_every_screen_has_its_page() -> None:
    over = set()
    for file in TUI.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ClassDef) and any("ModalScreen" in ast.unparse(base) for base in node.bases):
                over.add(node.name)
    assert over - {"HelpScreen"} <= set(helping.SCREENS)
    assert set(helping.DESKS) == {place.name for place in WORKPLACES if place.name}
    assert {*helping.SCREENS.values(), *helping.DESKS.values(), *helping.TASKS.values()} <= set(manual.PAGES)


def test_page_follows_what_is_on_the_screen() -> None:
    signed_in = View(person="Maria", task="")
    inside = View(person="Maria", level=Level((), inside="F1"))
    box = View(person="Maria", box=Box("B", "B", "B", 9, 9, "A1", {}))

    def of(view: View, desk: str = "", screen: str = "StationScreen", *, pin: bool = False, line: bool = False) -> str:
        return helping.page_of(screen, view, desk, pin=pin, line=line)

    assert of(View(hidden=True)) == "sign-in"
    assert of(View(hidden=True), screen="LeaveScreen") == "leaving"
    assert of(signed_in) == of(box) == "freezer"
    assert of(inside) == "map"
    assert of(signed_in, pin=True) == "signing"
    assert of(signed_in, line=True) == "typing"
    for place in WORKPLACES[1:]:
        assert of(signed_in, place.name) == place.name
    for command, task in {**STARTS, **ABOVE}.items():
        assert of(View(person="Maria", task=task.word)) in (*helping.TASKS.values(), "freezer"), command
    assert of(View(person="Maria", task="box check")) == "box-check"
    assert of(View(person="Maria", task="pick")) == "pick-list"


@pytest.mark.parametrize("desk", helping.DESKS)
def test_every_act_of_a_desk_is_in_its_page_under_its_key(desk: str) -> None:
    told = manual.page(helping.DESKS[desk]).source.replace("\n", " ")
    assert offers(desk)
    for key, label in offers(desk):
        assert f"{{desk.{key}}} **{label}**" in told, (key, label)


def test_every_command_of_the_sheet_is_in_a_page_of_its_screen() -> None:
    told = "\n".join(page.source for page in manual.pages() if page.name not in ROLE_PAGES)
    missing = {command for command in Command if f"`{command.barcode}`" not in told}
    assert missing <= {Command.QUANTITY, Command.HELP}


def test_every_key_and_every_colour_is_in_the_page_of_keys() -> None:
    told = manual.page("keys").source
    assert {key.name for key in KEYS if f"{{{key.name}}}" not in told} == set()
    assert all(scheme.title in told for scheme in THEMES)


def test_every_sign_of_the_map_is_in_its_page() -> None:
    told = manual.page("map").source
    assert all(sign in told for sign in (*SYMBOLS.values(), FREE, NEXT, LEFT, *(sign for sign, _, _ in FOUND.values())))


def test_every_role_has_its_day() -> None:
    assert len(ROLE_PAGES) == 7
    heads = " ".join(ROLES).lower()
    assert sum(name.split("-")[0] in heads for name in ROLE_PAGES) >= 6
    for name in ROLE_PAGES:
        assert "day" in manual.page(name).title


def test_tour_is_short() -> None:
    steps = manual.page("first-day").sections()
    assert len(steps) == 6
    assert all(step.startswith("## ") and len(step) < 600 for step in steps)


def test_pages_say_the_keys_that_hold_here() -> None:
    keys = {**DEFAULTS, "station.help": "ctrl+h", "desk.f5": "shift+f5"}
    assert "Ctrl+H" in manual.page("first-day").text(keys)
    assert "Shift+F5 **Pick**" in manual.page("pharmacy").text(keys)
    assert "{" not in "".join(re.sub(r"```.*?```", "", page.text(keys), flags=re.DOTALL) for page in manual.pages())
    assert shown("shift+up") == "Shift+↑"
