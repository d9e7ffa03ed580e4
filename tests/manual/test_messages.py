"""Sentences in a site's words: every one can be found again in what is said, and what stands in a file is judged."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryoledger.errors import StationError
from cryoledger.manual import messages as ours
from cryoledger.manual.messages import Table, fields, rooms, told
from cryoledger.manual.texts import MESSAGE, use
from cryoledger.manual.texts_file import FILE, read_texts, review, template
from tests import messages

ALL = tuple(each for room in rooms().values() for each in room)
MARKED = Table({each: re.sub(r"^(.*?)([.!?]?)$", r"«\1»\2", each) for each in ALL}, ALL)
GERMAN = Path(__file__).parents[1] / "vectors" / "texts"


@pytest.fixture(autouse=True)
def _ours_again() -> Iterator[None]:
    yield
    use({})


def write(folder: Path, lines: str) -> Path:
    (folder / FILE).write_text(f"[messages]\n{lines}\n", encoding="utf-8")
    return folder


def test_every_sentence_of_the_sources_is_in_the_table() -> None:
    """`python -m tests.messages` writes it anew."""
    assert {name: list(each) for name, each in rooms().items()} == messages.messages()
    assert len(ALL) > 1500


def test_templates_are_read_off_literals_and_f_strings() -> None:
    said = messages.templates("Vial \0 is \0. \0")
    assert list(said) == ["Vial {1} is {2}."]
    assert list(messages.templates("\0 of \0 go to \0.\0 \0")) == ["{1} of {2} go to {3}."]
    assert list(messages.templates("Take one of: ")) == ["Take one of: {1}"]
    assert not [*messages.templates("vial"), *messages.templates("\0 \0"), *messages.templates("#a { b: c; }")]


def test_every_template_is_found_again_in_what_it_says_and_in_no_other() -> None:
    """Two that cannot be told from each other would fail here. Such as "{1} of {2}" needs a word of ours beside it."""
    for each in ALL:
        if ours._LOOSE.fullmatch(each):
            continue
        said = re.sub(r"\{([0-9]+)\}", r"X\1-Q", each)
        assert MARKED.tell(said) == re.sub(r"^(.*?)([.!?]?)$", r"«\1»\2", said)


@pytest.mark.parametrize(
    "said",
    [
        "«Vial AB-12 is «stored», not out». «Scan each vial that you take out; CMD-DONE ends».",
        "«Vial V1: ««stored» in F1 > B1 > A5», «lot L1 is «released»», «no holds»». «Its story is closed».",
        "«Type or scan the number: 1 «expired», 2 «rejected», 3 «other»».",
        "Dr. «Maria Silva, enter your PIN to sign as '«performed»'».",
        "«Dose D1 is prepared». «CMD-WASTE for what remains of its vials, then CMD-HAND-OVER».",
        "«Vial V1 is «stored» «in A»; this needs it «out»». «Take it out first».",
        "«TO SIGN: «HOLD: «lot L1», «reason «investigation»»»»",
        "«TO SIGN: «DISCARD V1, V2 («expired»), which is final»»",
        "Ada of Berlin",
        "1 «Keyboard layout»: «right». «This scanner is set right».",
        "1 «Keyboard layout»: «It came as 'a, b', not as 'c'». «Switch its prefix off».",
        "Nobody wrote this. «3 more and the key locks». Nor this.",
        "«The refusal itself could not be recorded: «The disk of the vault v is full; nothing was recorded»».",
    ],
)
def test_a_message_is_taken_apart_into_what_it_was_made_of(said: str) -> None:
    """With every template marked, and nothing else changed."""
    assert MARKED.tell(said.translate({0xAB: None, 0xBB: None})) == said


@pytest.mark.parametrize("hostile", ["", " ", ".", ". . .", "a: b: c: d", "x" * 9000, "Vial " * 300, ": , ; " * 90])
def test_nothing_is_lost_of_what_nobody_says(hostile: str) -> None:
    assert MARKED.tell(hostile).translate({0xAB: None, 0xBB: None}) == hostile


def test_a_site_without_words_of_its_own_looks_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "Table", None)
    use({})
    said = "Vial V1 is stored, not out."
    assert told(said) is said
    assert not ours.has_messages()


def test_what_a_site_translated_stands_with_its_fields_and_the_rest_stays(tmp_path: Path) -> None:
    lines = '"Vial {1} is {2}, not out." = "{2} ist {1}, nicht heraußen."\n"stored" = "eingelagert"'
    use(read_texts(write(tmp_path, lines)))
    assert told("Vial V1 is stored, not out. Put it aside.") == "eingelagert ist V1, nicht heraußen. Put it aside."
    assert told("Dose D1 is prepared.") == "Dose D1 is prepared."


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('"Vial {1} is {2}." = "{1}"', "must have {1}, {2}"), ('"Vial {1} is {2}." = "{1} {2} {2}"', "must have"),
        ('"Vial {1} is {2}." = "{1} {2} {3}"', "must have"), ('"Vial {1} is {2}." = "{1} {2!r}"', "must have"),
        ('"Vial {1} is {2}." = "{1} {2} {"', "no other braces"), ('"Why?" = "{1}"', "must have nothing"),
        ('"Why?" = ""', "no text"), ('"Why?" = 1', "no text"), ('"Why?" = "a\\u001b[31mb"', "no text"),
        ('"Why?" = "a\\u202eb"', "no text"), ('"Why?" = "a\\nb"', "no text"), (f'"Why?" = "{"x" * 401}"', "no text"),
        (f'"Why?" = "{"x" * 153}"', "two lines of 76"), (f'"Why?" = "{"漢" * 77}"', "two lines of 76"),
        ('"CMD-ISSUE issues them." = "CMD-AUSGABE gibt sie aus."', "must name CMD-ISSUE"),
        ('"Why?" = "a"\n"Why?" = "b"', "no TOML"),
    ],
)  # fmt: skip
def test_what_cannot_stand_for_a_sentence_is_refused_with_its_line_and_the_reason(
    tmp_path: Path, line: str, said: str
) -> None:
    with pytest.raises(StationError) as refused:
        read_texts(write(tmp_path, line))
    assert said in str(refused.value)
    assert str(tmp_path / FILE) in str(refused.value)
    assert "line 2" in str(refused.value) or "TOML" in said


def test_a_sentence_or_name_that_is_there_no_more_keeps_no_station_closed_and_is_told(tmp_path: Path) -> None:
    lines = '"Said by an older version {1}." = "\\u202e"\n"Why?" = "Warum?"\n"How?" = "a\\nb"\n"Which key?" = "{9}"'
    found = review(write(tmp_path, lines) / FILE)
    assert found.unsaid == ["Said by an older version {1}."]
    assert len(found.wrong) == 2
    (tmp_path / FILE).write_text('[texts]\n"desk/x" = ""\n[messages]\n"Said no more." = "x"\n"Why?" = "Warum?"\n')
    assert read_texts(tmp_path) == {f"{MESSAGE}Why?": "Warum?"}


def test_the_german_station_s_words_are_whole() -> None:
    found = review(GERMAN / FILE)
    assert not found.wrong
    assert len(found.texts) > 100
    assert next(room for room in found.rooms if room.name == "codes").missing


def test_a_file_to_go_on_with_has_what_was_translated(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(template(read_texts(GERMAN)), encoding="utf-8")
    assert read_texts(tmp_path) == read_texts(GERMAN)
    everything = "\n".join(line.removeprefix("# ") for line in template().splitlines() if not line.startswith("# -"))
    assert set(tomllib.loads(everything.partition("\n")[2])["messages"]) == set(ALL)
    assert fields("Vial {1} is {2}.") == ["1", "2"]
