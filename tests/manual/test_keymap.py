"""Other keys for the screen: taken from a file, or refused with what is wrong in it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cryoledger.errors import StationError
from cryoledger.manual.keymap import FILE, check_keys, read_keys, template
from cryoledger.manual.keys import DEFAULTS, KEYS


def test_no_file_means_the_keys_as_they_are(tmp_path: Path) -> None:
    assert read_keys(tmp_path) == DEFAULTS


def test_defaults_and_template_are_good_themselves(tmp_path: Path) -> None:
    assert check_keys({}) == DEFAULTS
    (tmp_path / FILE).write_text(template())
    assert read_keys(tmp_path) == DEFAULTS
    without = "\n".join(line.removeprefix("# ") for line in template().splitlines()[1:])
    assert tomllib.loads(without)["keys"] == DEFAULTS


def test_another_key_takes_its_place(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[keys]\n"station.help" = "f13"\n"desk.f5" = "Shift+Ctrl+F5"\n')
    keys = read_keys(tmp_path)
    assert keys["station.help"] == "f13"
    assert keys["desk.f5"] == "ctrl+shift+f5"
    assert keys["station.entry"] == "f2"


def test_two_acts_may_change_places() -> None:
    keys = check_keys({"station.help": "f2", "station.entry": "f1"})
    assert (keys["station.help"], keys["station.entry"]) == ("f2", "f1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[keys]\n"station.hlep" = "f1"', "there is no key 'station.hlep'"),
        ('[keys]\n"station.help" = "h"', "bare letters"),
        ('[keys]\n"station.help" = "shift+h"', "bare letters"),
        ('[keys]\n"station.help" = "7"', "bare letters"),
        ('[keys]\n"station.help" = "enter"', "write it as"),
        ('[keys]\n"station.help" = "ctrl+m"', "a terminal sends the same"),
        ('[keys]\n"station.help" = "ctrl+d"', "a terminal sends the same"),
        ('[keys]\n"station.help" = "f25"', "write it as"),
        ('[keys]\n"station.help" = "ctrl+ctrl+f5"', "write it as"),
        ('[keys]\n"station.help" = ""', "write it as"),
        ('[keys]\n"station.help" = 1', "is no text"),
        ('[keys]\n"station.help" = "f2"', '"station.help" and "station.entry" would both be'),
        ('[keys]\n"desk.f5" = "f6"', '"desk.f5" and "desk.f6" would both be'),
        ('[keys]\n"desk.f5" = "f1"', '"station.help" and "desk.f5" would both be'),
        ('[keys]\n"desk.f5" = "pagedown"', "list needs that key"),
        ("[keys", "no TOML"),
        ("keys = 3", "a table [keys] and nothing else"),
        ("[colours]", "a table [keys] and nothing else"),
    ],
)
def test_what_cannot_be_is_refused_with_the_file_and_the_reason(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(StationError) as refused:
        read_keys(tmp_path)
    assert said in str(refused.value)
    assert str(tmp_path / FILE) in str(refused.value)
    assert "cryoledger manual keys" in str(refused.value)


def test_file_that_is_no_text_or_too_big_is_refused(tmp_path: Path) -> None:
    for content in (b"\xff\xfe", b"#" * (1 << 17)):
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(StationError):
            read_keys(tmp_path)


def test_the_map_and_a_desk_may_share_a_key() -> None:
    assert DEFAULTS["map.above"] == DEFAULTS["desk.f5"]
    assert len({key.name for key in KEYS}) == len(KEYS)
