"""A site's own words for the screen and the manual: taken from files, or refused with what is wrong in them."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryoledger import manual
from cryoledger.errors import StationError
from cryoledger.manual import texts_file
from cryoledger.manual.desk_words import DESK_WORDS
from cryoledger.manual.texts import MESSAGE, TEXTS, say, use
from cryoledger.manual.texts_file import FILE, read_texts, template
from cryoledger.tui import blocks
from cryoledger.tui.words import verdict
from tests import desk_words

PACKAGE = Path(manual.__file__).parents[1]


@pytest.fixture(autouse=True)
def _ours_again(tmp_path: Path) -> Iterator[None]:
    yield
    use({})
    manual.use_pages(tmp_path / "none")


def test_every_text_that_is_said_is_in_the_table_and_every_one_of_the_table_is_said() -> None:
    said = set()
    for file in (PACKAGE / "tui").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in TEXTS:
                said.add(node.value)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                (name,) = node.args
                assert not isinstance(name, ast.Constant) or name.value in TEXTS, ast.unparse(node)
    drawn = {name for name in TEXTS if name.startswith("desk/") or name.partition(".")[0] in ("key", "verdict")}
    assert set(TEXTS) - drawn <= said


def test_every_name_that_a_desk_draws_is_in_the_table() -> None:
    """`python -m tests.desk_words` writes it anew."""
    assert list(DESK_WORDS) == desk_words.words()
    assert len(DESK_WORDS) > 150


def test_template_is_the_texts_as_they_are(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(template())
    assert read_texts(tmp_path) == {}
    without = "\n".join(line.removeprefix("# ") for line in template().splitlines()[1:] if not line.startswith("# --"))
    said = tomllib.loads(without)
    assert said["texts"] == TEXTS
    (tmp_path / FILE).write_text(without)
    assert read_texts(tmp_path) == {**TEXTS, **{f"{MESSAGE}{each}": each for each in said["messages"]}}


def test_a_site_s_words_stand_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[texts]\n"leave.many" = "Faltam {count}."\n"verdict.recorded" = "GRAVADO"\n')
    use(read_texts(tmp_path))
    assert say("leave.many", count=3) == "Faltam 3."
    assert verdict("recorded").word == "GRAVADO"
    assert say("leave.question") == TEXTS["leave.question"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"leave.qestion" = "x"', "there is no text"), ('"leave.question" = ""', "no text of one line"),
        ('"leave.question" = "a\\nb"', "no text of one line"), ('"leave.question" = 3', "no text of one line"),
        (f'"leave.question" = "{"x" * 77}"', "76 columns"),
        ('"leave.question" = "\u202eabc"', "no text of one line"), ('"leave.many" = "none"', "in braces"),
        ('"leave.many" = "{count} {count}"', "in braces"), ('"leave.many" = "{count.real}"', "in braces"),
        ('"leave.many" = "{count:>9}"', "in braces"), ('"leave.many" = "{count!r}"', "in braces"),
        ('"leave.question" = "{x}"', "in braces"), ('"leave.question" = "{"', "brace"),
        ('"verdict.info" = "İNFO"', "block letters"), ("=", "no TOML"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_the_file_and_the_reason(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE).write_text(f"[texts]\n{text}\n")
    with pytest.raises(StationError) as refused:
        read_texts(tmp_path)
    assert said in str(refused.value)
    assert str(tmp_path / FILE) in str(refused.value)


def test_every_letter_that_a_verdict_may_have_can_be_drawn() -> None:
    unknown = blocks.dots("?")
    assert not [letter for letter in texts_file._VERDICT if blocks.dots(letter) == unknown]


def test_a_site_s_page_stands_for_ours(tmp_path: Path) -> None:
    folder = tmp_path / "manual"
    folder.mkdir()
    (folder / "freezer.md").write_text("# Congelador\n\n{station.help} abre esta página.\n")
    manual.use_pages(tmp_path)
    assert manual.page("freezer").title == "Congelador"
    assert "F1 abre" in manual.page("freezer").text()
    assert manual.page("map").title == "The map"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("freezr.md", b"# x\n"), ("map.md", b"no title"), ("map.md", b"# \xff"), ("map.md", b"# x\n{station.hlep}"),
        ("map.md", b"# " + b"x" * (1 << 17)),
    ],
)  # fmt: skip
def test_a_site_s_page_that_cannot_be_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "manual").mkdir()
    (tmp_path / "manual" / name).write_bytes(content)
    with pytest.raises(StationError, match=name):
        manual.use_pages(tmp_path)
