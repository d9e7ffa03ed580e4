"""Layout files: what ships reads; texts, symbols and marks that cannot be right are refused at once."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryoledger.labels import LabelError, load_layout, names
from cryoledger.labels.content import FIELDS
from cryoledger.labels.layout import read_layout
from cryoledger.labels.stock import find_file

VIAL = find_file("layouts", "vial-33x13").read_text()


def written(folder: Path, old: str, new: str) -> Path:
    assert old in VIAL
    path = folder / "mine.toml"
    path.write_text(VIAL.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", names("layouts"))
def test_layout_that_ships_is_valid(name: str) -> None:
    layout = load_layout(name)
    assert layout.sha256 == hashlib.sha256(find_file("layouts", name).read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("size = 4.5", "size = 4.4", "texts[0].size: 4.4 is not between 4.5"),
        ("smallest = 5.0", "smallest = 4", "texts[5].smallest: 4 is not between 4.5"),
        ("{lot}", "{donor_name}", "there is no {donor_name} on a vial label"),
        ("{lot}", "{lot", "a brace without a name"),
        ("Lot {lot}", "Lot", "a vial label must show lot"),
        ('form = "datamatrix"', 'form = "qr"', "a vial takes a datamatrix alone"),
        ('form = "datamatrix"', 'form = "aztec"', "'aztec' is not one of"),
        ("203 = 3", "203 = 2", "symbols[0].module.203: 2 dots are 0.25 mm"),
        ("203 = 3", "204 = 3", "symbols[0].module.203: is missing"),
        ("width = 20.8", "width = 30", "off the label"),
        ("y = 2.05", "y = 1.5", "overlaps"),
        ('mark = "void"', 'mark = "autologous"', "needs a box for the void mark"),
        ("bold = true", "bold = 1", "must be true or false"),
        ("bold = true", "colour = 1", "texts[0].colour: is not a key that is known"),
        ('kind = "vial"', 'kind = "patient"', "there is no {product} on a patient label"),
    ],
)
def test_wrong_layout_is_refused_with_line_and_key(tmp_path: Path, old: str, new: str, why: str) -> None:
    path = written(tmp_path, old, new)
    with pytest.raises(LabelError) as refused:
        read_layout(path)
    assert why in refused.value.message
    assert f"{path}, line " in refused.value.message


def test_line_of_a_wrong_text_is_its_own(tmp_path: Path) -> None:
    path = written(tmp_path, "size = 4.5", "size = 3")
    line = path.read_text().splitlines().index("size = 3") + 1
    with pytest.raises(LabelError, match=f"line {line}, "):
        read_layout(path)


JUNK = ("nan", "inf", "1e400", "1" + "0" * 400, "-1", "0", '""', "[]", "{}", "[[]]", "true", "2026-01-01", "'{}'", "")


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    line=st.integers(0, VIAL.count("\n") - 1), junk=st.sampled_from(JUNK), kind=st.sampled_from(["=", "key", "drop"])
)
def test_no_damage_raises_anything_else(tmp_path: Path, line: int, junk: str, kind: str) -> None:
    lines = VIAL.splitlines()
    if kind == "drop":
        del lines[line]
    elif kind == "key":
        lines.insert(line, f"junk = {junk}")
    else:
        lines[line] = lines[line].split("=")[0] + f"= {junk}"
    path = tmp_path / "mine.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with contextlib.suppress(LabelError):
        read_layout(path)


def test_a_name_of_a_person_has_no_place_on_patient_labels() -> None:
    for kind in ("vial", "cap", "dose", "patient", "order", "unit"):
        assert not {each for each in FIELDS[kind] if "person" in each or "holder" in each or "born" in each}
