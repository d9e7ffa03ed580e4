"""Files that are no table, or mean harm: each is refused in words or told row by row, never believed."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryoledger.custody.proof.auditing import verify_vault
from cryoledger.custody.vault import Vault
from cryoledger.errors import CryoledgerError, RequestError
from cryoledger.exchange import tables
from cryoledger.exchange.column_map import KINDS, ColumnMap
from tests.exchange.laboratory import HEADER, imported, judged, row, table


@pytest.mark.parametrize(
    "content",
    [b"", b"   \n", b"\x89PNG\r\n", b"%PDF-1.7", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), b"SQLite format 3\0",
     os.urandom(5000), b"a,b\0c\n" * 50, b"PK\x03\x04nonsense", b"just a line", b"\xff\xfe\x00"],
)  # fmt: skip
def test_what_is_no_table_is_refused(vault: Vault, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(RequestError):
        judged(vault, path)


def test_a_folder_a_missing_file_and_a_pipe_are_refused(vault: Vault, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "nothing.csv", tmp_path / "pipe", Path("a\0b")):
        with pytest.raises(RequestError):
            judged(vault, path)


def test_a_line_without_end_is_refused_before_it_is_read(vault: Vault, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("wb") as file:
        file.write(table([row()]).encode())
        file.truncate(1 << 30)  # a gigabyte of zeros in no space
    with pytest.raises(RequestError):
        judged(vault, path)
    path.write_bytes(table([row()]).encode() + b"x" * (3 * tables.RECORD_MOST))
    with pytest.raises(RequestError, match="more than 1000000 characters"):
        judged(vault, path)


@pytest.mark.parametrize(
    "rest", ['"never closed, A1\n' + "x,y\n" * 400_000, '"a""b""""c" "d\n' * 3 + '"' + "q" * 200_000]
)
def test_a_quotation_that_never_closes_is_refused(vault: Vault, tmp_path: Path, rest: str) -> None:
    path = tmp_path / "quote.csv"
    path.write_text(table([row()]) + rest)
    with pytest.raises(RequestError, match=r"Row [36] of"):
        judged(vault, path, ColumnMap(delimiter=","))


def test_nested_quotations_markup_and_formulas_are_text(vault: Vault, tmp_path: Path) -> None:
    comments = [
        'say "hi", ""twice""',
        "[/lot 7]",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "@SUM(1)",
        "+1",
        "{x}",
    ]
    rows = [row(vial=f"V{at}", position=f"A{at + 1}", comments=text) for at, text in enumerate(comments)]
    path = tmp_path / "text.csv"
    path.write_text(table(rows))
    assert judged(vault, path).vials == len(comments)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"vial": "CL 1"}, "the barcode is no code"),
        ({"vial": "CL\u202e1"}, "the barcode is no code"),
        ({"vial": "CL\u00001"}, "a cell holds a zero byte"),
        ({"vial": "C" * 65}, "the barcode is no code"),
        ({"vial": "C" * 40_000}, "a cell has more than 32767 characters"),
        ({"lot": "L\u200e1"}, "the lot is no code"),
        ({"box": "B\u202e1"}, "the box's name"),
        ({"box": "B" * 200}, "the box's name"),
        ({"box": ""}, "no box"),
        ({"freezer": ""}, "no freezer"),
        ({"cryoprotectant": "DMSO\u2066"}, "the cryoprotectant"),
        ({"cells": "1e99"}, "the cells"),
        ({"cells": "NaN"}, "the cells"),
        ({"cells": "0"}, "no cells"),
        ({"volume": "1.00001"}, "the volume"),
        ({"passage": "-3"}, "the passage"),
        ({"passage": "²"}, "the passage"),
        ({"viability": "101"}, "the viability"),
        ({"tissue": "liver"}, "the tissue 'liver' is not known"),
        ({"position": "A0"}, "position outside the box"),
        ({"position": "٣"}, "position outside the box"),
        ({"frozen": "2024-13-01"}, "impossible date"),
        ({"frozen": "0000-00-00"}, "impossible date"),
        ({"frozen": "999999999999"}, "impossible date"),
    ],
)
def test_a_row_with_harm_in_it_is_told(vault: Vault, tmp_path: Path, changed: dict[str, str], why: str) -> None:
    path = tmp_path / "row.csv"
    path.write_text(table([row(**changed), row(vial="CL9", position="B1", lot="L9")]))
    outcome = judged(vault, path, ColumnMap(encoding="utf-8"))
    assert outcome.rejected.keys() == {2}
    assert why in outcome.rejected[2]
    assert outcome.vials == 1


def test_rows_of_other_lengths(vault: Vault, tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_text(table([row()[:4], (*row(), "more"), ("", "", ""), (), (*row(), "", "")]))
    outcome = judged(vault, path)
    assert (outcome.rows, outcome.vials) == (3, 1)
    assert "no barcode" in outcome.rejected[2]
    assert "more cells than the header" in outcome.rejected[3]


def test_a_workbook_that_unpacks_without_end_is_refused(vault: Vault, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"0" * (300 << 20))
    with pytest.raises(RequestError, match="unpacks to more"):
        judged(vault, path)


@pytest.mark.parametrize("cut", [100, 1000, 3000])
def test_a_workbook_cut_off_is_refused(vault: Vault, tmp_path: Path, cut: int) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    path = tmp_path / "cut.xlsx"
    book.save(path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(RequestError):
        judged(vault, path)


MUTATIONS: list[Callable[[str, int, str], str]] = [
    lambda text, at, other: text[:at] + other + text[at:],
    lambda text, at, _: text[:at],
    lambda text, at, other: text[:at] + other + text[at + len(other) :],
]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(MUTATIONS), st.integers(0, 900), st.text(max_size=6))
def test_any_damage_ends_in_words(
    vault: Vault, tmp_path: Path, mutate: Callable[[str, int, str], str], at: int, other: str
) -> None:
    whole = table([row(), row(vial="CL2", position="A2"), row(vial="CL3", position="A3", lot="L2")])
    path = tmp_path / "damaged.csv"
    path.write_bytes(mutate(whole, at, other).encode(errors="surrogatepass"))
    with suppress(CryoledgerError):  # nothing else may be raised
        outcome = judged(vault, path)
        assert outcome.vials + len(outcome.rejected) == outcome.rows


@pytest.mark.parametrize("first", [7, 20, 34])  # what comes first fills an entry to different heights
def test_rows_that_bring_as_much_as_a_row_can_fit_into_entries(vault: Vault, tmp_path: Path, first: int) -> None:
    """Nine units with long names, and a lot of fifty donations, in each row: a part must not outgrow an entry."""
    header = [*HEADER, "Donation"]
    for kind in reversed(KINDS):
        if kind not in ("freezer", "rack", "box"):
            header.insert(1, kind.capitalize())
    rows = []
    for number in range(4):
        made = dict(zip(HEADER, row(vial=f"V{number}", lot=f"L{number:060}", product="P" * 64), strict=True))
        donors = ";".join(f"D{number}-{at:060}" for at in range(50 if number else first + 1))
        made |= {"Donor": donors, "Donation": donors.replace("D", "G"), "Cryoprotectant": "ü" * 120}
        made |= {kind.capitalize(): f"{kind}{number}{'ü' * 100}" for kind in KINDS if kind != "tank"}
        rows.append([made.get(name, "") for name in header])
    file = tmp_path / "large.csv"
    file.write_text(table(rows, header))
    outcome = imported(vault, file)
    assert (outcome.vials, outcome.rejected) == (4, {})
    assert verify_vault(vault).ok
