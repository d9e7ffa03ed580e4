"""schema/events: a file for every event type, never overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cryoledger.domain import catalogue, schemas

FOLDER = Path(__file__).parents[2] / "schema" / "events"


def test_every_type_has_its_file_and_every_file_its_type() -> None:
    assert schemas.differences(FOLDER) == ()


def test_writing_where_all_is_there_writes_nothing() -> None:
    assert schemas.write(FOLDER) == ()


def test_written_files_are_sorted_and_end_in_a_newline(tmp_path: Path) -> None:
    written = schemas.write(tmp_path / "events")
    assert [path.name for path in written] == [schemas.file_name(each) for each in catalogue.TYPES.values()]
    text = written[0].read_text()
    assert text.endswith("}\n")
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def test_a_file_that_says_another_thing_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "VialsMoved.v1.json").write_text("{}\n")
    with pytest.raises(RuntimeError, match="higher schema"):
        schemas.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["VialsMoved.v1.json"]


def test_stray_missing_and_changed_files_are_told_apart(tmp_path: Path) -> None:
    schemas.write(tmp_path)
    (tmp_path / "VialsMoved.v1.json").write_text("{}\n")
    (tmp_path / "VialsStored.v1.json").unlink()
    for stray in ("VialsEaten.v1.json", "VialsStored.v2.json", "notes.txt"):
        (tmp_path / stray).write_text("")
    assert schemas.differences(tmp_path) == (
        "VialsMoved.v1.json is not what the catalogue declares.",
        "VialsStored.v1.json is missing.",
        "VialsEaten.v1.json belongs to no event type.",
        "VialsStored.v2.json belongs to no event type.",
        "notes.txt belongs to no event type.",
    )
