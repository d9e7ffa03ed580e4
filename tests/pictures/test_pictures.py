"""The README's pictures come from the program, by one command, and ask no other machine for anything."""

from __future__ import annotations

import html
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cryoledger.cli.sample import story
from cryoledger.cli.sample.people import STAFF
from tests.pictures import __main__ as pictures

README = Path(__file__).parents[2] / "README.md"
SHOWS = {
    "freezer": ("NOT ON THE LIST", story.ORDERS[1], "1 of 2 picked"),
    "pharmacy": ("PHARMACY", "Vials for"),
    "quality": ("QUALITY", "Deviations"),
    "audit": ("from donor to patient", story.DOSE),
}


def words(svg: str) -> str:
    """What a picture says, as one text."""
    parts = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)
    return html.unescape(" ".join(parts)).replace("\xa0", " ")


async def test_one_command_draws_every_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYOLEDGER_HOME", str(tmp_path))
    await pictures.main(tmp_path / "drawn")
    drawn = {path.stem: path.read_text("utf-8") for path in (tmp_path / "drawn").iterdir()}
    assert set(drawn) == set(SHOWS) == {path.stem for path in pictures.FOLDER.glob("*.svg")}
    for name, svg in drawn.items():
        assert ElementTree.fromstring(svg).tag.endswith("svg")
        for text in (*SHOWS[name], "TRAINING"):
            assert text in words(svg), (name, text)
        assert "url(http" not in svg
        assert "<script" not in svg
        assert not [member.pin for member in STAFF if member.pin in words(svg)]


def test_the_readme_shows_a_picture_that_is_there() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+\.svg)\)", README.read_text("utf-8"))
    assert shown
    assert all((README.parent / path).is_file() for path in shown)
