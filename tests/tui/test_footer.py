"""The last line says what can be done now, and says it whole."""

from __future__ import annotations

import itertools

import pytest
from rich.cells import cell_len

from cryoledger.manual.keys import DEFAULTS
from cryoledger.tui.footer import footer, items
from cryoledger.tui.view import Box, Level, Unit, View

UNIT = Unit("F1", "freezer", "F1", "", "in place", 0, 0, "", False)
VIEWS = {
    "nobody": View(hidden=True),
    "freezer": View(person="Maria"),
    "all storage": View(person="Maria", level=Level((UNIT,))),
    "inside": View(person="Maria", level=Level((UNIT,), inside="F1")),
    "box": View(person="Maria", box=Box("B", "B", "B", 9, 9, "A1", {})),
}


@pytest.mark.parametrize("name", VIEWS)
def test_footer_is_never_cut_and_always_has_help_and_the_way_out(name: str) -> None:
    for desk, pin, line in itertools.product((False, True), repeat=3):
        found = items(VIEWS[name], DEFAULTS, desk=desk, pin=pin, line=line)
        for width in (63, 80, 160):
            text = footer(found, width)
            assert cell_len(text) <= width
            shown = [item for item in found if f" {item[0]} {item[1]} " in text]
            assert "".join(f" {key} {label} " for key, label in shown) == text
            assert "F1 help" in text
            assert "F10 leave" in text
        assert cell_len(footer(found, 160)) == sum(cell_len(f" {key} {label} ") for key, label in found)


def test_footer_says_what_can_be_done_now() -> None:
    def said(name: str, *, desk: bool = False, pin: bool = False, line: bool = False) -> str:
        return footer(items(VIEWS[name], DEFAULTS, desk=desk, pin=pin, line=line), 160)

    assert "next place" not in said("nobody")
    assert "F5 up" in said("box")
    assert "F5 up" in said("inside")
    assert "F5 up" not in said("all storage")
    assert "←→ lists" in said("freezer", desk=True)
    assert "0-9 Enter PIN" in said("freezer", pin=True)
    assert "Enter hand over" in said("freezer", line=True)
    assert "F2" not in said("freezer", line=True)
