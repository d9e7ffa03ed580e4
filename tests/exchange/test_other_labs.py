"""Another laboratory's file: other delimiters, encodings, languages, dates, and what a spreadsheet did to it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cryoledger.cli.sample import people
from cryoledger.custody.record import record
from cryoledger.custody.vault import Vault
from cryoledger.domain import catalogue
from cryoledger.domain.records import Donation, Lot, StorageUnit, Vial
from cryoledger.errors import RequestError
from cryoledger.exchange.column_map import ColumnMap, read_map
from cryoledger.exchange.import_inventory import prepare
from cryoledger.exchange.survey import Question
from tests.exchange.laboratory import HEADER, imported, judged, outcome, prepared, row, table

GERMAN = (
    "Tiefkühlschrank;Rack;Box;Platz;Röhrchen-ID;Produkt;Chargen-Nr.;Spender;Gewebe;Passage;Zellzahl (Mio.);"
    "Volumen (mL);Einfriermedium;Einfrierdatum;Verfallsdatum;Vitalität %;Bemerkungen\r\n"
    "K1;2;7;A1;R100;MSC-BM;CH1;SP1;Knochenmark;P4;12,5;1,8;CryoStor CS10;03.02.2024;03.02.2029;94,5;über Nacht\r\n"
    "K1;2;7;A2;R101;MSC-BM;CH1;SP1;Knochenmark;P4;12,5;1,8;CryoStor CS10;03.02.2024;03.02.2029;93;\r\n"
)

FRENCH = (
    "Congélateur|Portoir|Boîte|Emplacement|Code-barres|Produit|Numéro de lot|Donneur|Tissu|Passage|"
    "Cellules par tube (millions)|Volume (ml)|Milieu de congélation|Date de congélation|"
    "Date de péremption"
)
SPANISH = (
    "Congelador|Gradilla|Caja|Posición|Código de barras|Producto|Lote|Donante|Tejido|Pasaje|"
    "Células por vial (millones)|Volumen (ml)|Crioprotector|Fecha de congelación|Fecha de caducidad"
)
THAI = (
    "ตู้แช่แข็ง|แร็ค|กล่อง|ตำแหน่ง|บาร์โค้ด|ผลิตภัณฑ์|หมายเลขล็อต|ผู้บริจาค|เนื้อเยื่อ|พาสเสจ|"
    "จำนวนเซลล์ (ล้าน)|ปริมาตร (มล.)|น้ำยาแช่แข็ง|วันที่แช่แข็ง|วันหมดอายุ"
)
GERMAN_TOO = (
    "Gefrierschrank|Regal|Kasten|Pos.|Röhrchen-Nr.|Produkt-Nr.|Charge|Spender Nr|Gewebe|Passage|Zellen (Mio.)|"
    "Volumen (ml)|Kryoprotektor|Einfrierdatum|Verfallsdatum"
)
ENGLISH = (
    "LN2 freezer|Rack name|Cryobox|Well|Tube ID|Cell type|Batch No.|Donor-ID|Source Tissue|Passage #|"
    "cells/vial [x10^6]|Vial volume [mL]|Freezing medium|Freeze Date|Exp. Date"
)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def the_lot(vault: Vault, code: str) -> Lot:
    with vault.store.reading() as reading:
        lot = reading.facts.get(Lot, code)
    assert lot is not None
    return lot


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_german_with_semicolons_decimal_commas_and_points_in_dates(vault: Vault, tmp_path: Path, encoding: str) -> None:
    outcome = imported(vault, write(tmp_path / "k.csv", GERMAN, encoding))
    assert (outcome.vials, outcome.rejected) == (2, {})
    assert outcome.guessed["delimiter"] == "semicolon"
    assert (outcome.guessed["dates"], outcome.guessed["decimal"]) == ("day-first", ",")
    lot = the_lot(vault, "CH1")
    assert (lot.filled_on, lot.expiry_on, lot.passage) == ("2024-02-03", "2029-02-03", 4)
    assert (lot.cells_per_vial, lot.volume_microlitres) == (12_500_000, 1800)
    with vault.store.reading() as reading:
        donation = reading.facts.get(Donation, "SP1-BM")
    assert donation is not None
    assert donation.tissue == "bone marrow"


def test_a_donation_whose_barcode_was_scanned_into_the_list_is_known_by_its_number(
    vault: Vault, tmp_path: Path
) -> None:
    """In the list as scanned, with flags, or as typed: one donation."""
    header = (*HEADER, "DIN")
    rows = [(*row(), "=A99992600007700"), (*row(vial="CL2", position="A2"), "A999926000077")]
    outcome = imported(vault, write(tmp_path / "d.csv", table(rows, header)))
    assert (outcome.vials, outcome.rejected) == (2, {})
    with vault.store.reading() as reading:
        assert reading.facts.get(Donation, "A999926000077") is not None


@pytest.mark.parametrize("header", [FRENCH, SPANISH, THAI, GERMAN_TOO, ENGLISH])
def test_headers_of_other_languages_are_known(vault: Vault, tmp_path: Path, header: str) -> None:
    cells = [*row(frozen="25/12/2023", expiry="25/12/2028", tissue="umbilical cord")[:-2]]
    outcome = judged(vault, write(tmp_path / "h.csv", table([cells], header.split("|"), delimiter="\t")))
    assert outcome.rejected == {}
    assert outcome.vials == 1
    assert outcome.guessed["delimiter"] == "tab"
    assert "close_headers" not in outcome.guessed


def test_a_column_of_names_is_never_taken_for_one_of_codes(vault: Vault, tmp_path: Path) -> None:
    for name in ("Patient name", "Patient-Name", "Name patient"):
        header = [*HEADER, name]
        outcome = judged(vault, write(tmp_path / "n.csv", table([[*row(), "Somchai"]], header)))
        assert outcome.guessed["ignored_columns"] == [name]
        assert outcome.vials == 1


def test_a_slip_in_a_header_is_taken_and_said(vault: Vault, tmp_path: Path) -> None:
    header = [*HEADER]
    header[HEADER.index("Cryoprotectant")] = "Cryoprotectent"
    outcome = judged(vault, write(tmp_path / "s.csv", table([row()], header)))
    assert outcome.vials == 1
    assert outcome.guessed["close_headers"] == {"cryoprotectant": "Cryoprotectent"}


def test_a_title_above_the_header_is_passed_over_and_rows_keep_their_numbers(vault: Vault, tmp_path: Path) -> None:
    text = "Freezer list of 2026\n\n" + table([row(), row(vial="CL2", lot="")])
    outcome = judged(vault, write(tmp_path / "t.csv", text))
    assert outcome.guessed["header"] == 3
    assert outcome.rejected == {5: "no lot"}


def test_rows_are_numbered_as_a_spreadsheet_does_with_returns_in_cells(vault: Vault, tmp_path: Path) -> None:
    rows = [row(comments="two\nlines"), row(vial="CL2", position="A2", lot="")]
    outcome = judged(vault, write(tmp_path / "t.csv", table(rows)))
    assert outcome.rejected == {3: "no lot"}


@pytest.mark.parametrize(
    ("dates", "filled"),
    [
        (("13/02/2024", "13/02/2029"), "2024-02-13"),
        (("02/13/2024", "02/13/2029"), "2024-02-13"),
        (("2024/02/13", "2029/02/13"), "2024-02-13"),
        (("20240213", "20290213"), "2024-02-13"),
        (("13-Feb-2024", "13-Feb-29"), "2024-02-13"),
        (("13. März 2024", "13 März 2029"), "2024-03-13"),
        (("13 มี.ค. 2567", "13/03/2572"), "2024-03-13"),
        (("February 13, 2024", "Feb 13, 2029"), "2024-02-13"),
        (("45335", "47162"), "2024-02-13"),
        (("2024-02-13 00:00:00", "2029-02-13T00:00"), "2024-02-13"),
    ],
)
def test_dates(vault: Vault, tmp_path: Path, dates: tuple[str, str], filled: str) -> None:
    imported(vault, write(tmp_path / "d.csv", table([row(frozen=dates[0], expiry=dates[1])])))
    assert the_lot(vault, "L1").filled_on == filled


def test_day_and_month_are_told_apart_by_the_whole_column(vault: Vault, tmp_path: Path) -> None:
    rows = [
        row(frozen="03/02/2024", expiry="03/02/2029"),
        row(vial="2", position="A2", lot="L2", frozen="25/02/2024", expiry="25/02/2029"),
    ]
    imported(vault, write(tmp_path / "d.csv", table(rows)))
    assert the_lot(vault, "L1").filled_on == "2024-02-03"


def test_dates_that_nothing_decides_are_asked_and_never_guessed(vault: Vault, tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", table([row(frozen="03/02/2024", expiry="03/02/2029")]))
    with pytest.raises(RequestError, match=r"03/02/2024 .* map: dates = \"day-first\" or dates = \"month-first\""):
        judged(vault, path)
    asked: list[Question] = []

    def answer(question: Question) -> str:
        asked.append(question)
        return "month-first"

    with prepare(vault, path, ColumnMap(), answer) as job:
        assert job.guessed["dates"] == "month-first"
    assert [question.key for question in asked] == ["dates"]
    assert judged(vault, path, ColumnMap(dates="day-first")).vials == 1


def test_dates_that_contradict_each_other_are_asked(vault: Vault, tmp_path: Path) -> None:
    rows = [row(frozen="25/02/2024", expiry="25/02/2029"), row(lot="L2", frozen="02/25/2024", expiry="02/25/2029")]
    path = write(tmp_path / "d.csv", table(rows))
    with pytest.raises(RequestError, match="Row 2 writes the day first and row 3 the month"):
        judged(vault, path)
    assert "impossible date" in judged(vault, path, ColumnMap(dates="day-first")).rejected[3]


def test_a_comma_that_may_part_thousands_is_asked(vault: Vault, tmp_path: Path) -> None:
    header = [name.replace(" (million)", "") for name in HEADER]
    path = write(tmp_path / "n.csv", table([row(cells="10,000", volume="1")], header))
    with pytest.raises(RequestError, match="10,000 a number with three decimals"):
        judged(vault, path)
    imported(vault, path, ColumnMap(decimal=".", cells_unit="cells"))
    assert the_lot(vault, "L1").cells_per_vial == 10_000


@pytest.mark.parametrize(
    ("cells", "count"),
    [("10", 10_000_000), ("10.5", 10_500_000), ("1E+07", 10_000_000), ("10000000", 10_000_000),
     ("10,000,000", 10_000_000), ("10 000 000", 10_000_000), ("10 x 10^6", 10_000_000), ("10M", 10_000_000)],
)  # fmt: skip
def test_amounts_of_cells(vault: Vault, tmp_path: Path, cells: str, count: int) -> None:
    header = [name.replace(" (million)", "") for name in HEADER]
    imported(vault, write(tmp_path / "n.csv", table([row(cells=cells)], header)))
    assert the_lot(vault, "L1").cells_per_vial == count


@pytest.mark.parametrize("barcode", ["7.00001E+09", "1,23457E+11", "7000001.0", "#N/A", "########"])
def test_a_barcode_that_a_spreadsheet_mangled_is_never_taken(vault: Vault, tmp_path: Path, barcode: str) -> None:
    outcome = judged(vault, write(tmp_path / "m.csv", table([row(vial=barcode)])))
    assert outcome.rejected[2].startswith("barcode mangled by a spreadsheet")


def test_barcodes_that_may_have_lost_zeros_are_said_and_the_map_puts_them_back(vault: Vault, tmp_path: Path) -> None:
    rows = [row(vial="1000001"), row(vial="999999", position="A2")]
    path = write(tmp_path / "z.csv", table(rows))
    assert any("leading zeros" in note for note in judged(vault, path).guessed["notes"])
    imported(vault, path, ColumnMap(barcode_width=7))
    with vault.store.reading() as reading:
        assert {vial.code for vial in reading.facts.where(Vial)} == {"1000001", "0999999"}


def test_what_protects_a_cell_in_a_spreadsheet_is_taken_away(vault: Vault, tmp_path: Path) -> None:
    rows = [row(vial='="0012345"'), row(vial="'=W123", position="A2")]
    imported(vault, write(tmp_path / "p.csv", table(rows)))
    with vault.store.reading() as reading:
        assert {vial.code for vial in reading.facts.where(Vial)} == {"0012345", "=W123"}


def test_boxes_of_ten_and_running_numbers_are_seen(vault: Vault, tmp_path: Path) -> None:
    rows = [row(vial=f"V{at}", position=f"{'ABCDEFGHIJ'[at // 10]}{at % 10 + 1}") for at in range(100)]
    assert judged(vault, write(tmp_path / "b.csv", table(rows))).guessed["box"]["rows"] == 10
    rows = [row(vial=f"V{at}", position=str(at + 1)) for at in range(81)]
    outcome = imported(vault, write(tmp_path / "r.csv", table(rows)))
    assert outcome.guessed["box"] == {"rows": 9, "columns": 9, "scheme": "running"}
    with vault.store.reading() as reading:
        last = reading.facts.get(Vial, "V80")
    assert last is not None
    assert last.position == 80


def test_a_missing_column_is_asked_for_with_what_the_map_would_say(vault: Vault, tmp_path: Path) -> None:
    short = [name for name in HEADER if name not in ("Passage", "Donor")] + ["Farbe"]
    cells = [cell for name, cell in zip(HEADER, row(), strict=True) if name not in ("Passage", "Donor")] + ["rot"]
    path = write(tmp_path / "c.csv", table([cells], short))
    with pytest.raises(
        RequestError, match=r"No column says: donor, passage. Columns not understood: 'Farbe'.*\[defaults\]"
    ):
        judged(vault, path)
    outcome = judged(vault, path, ColumnMap(defaults={"passage": "3", "donor": "D7"}))
    assert (outcome.vials, outcome.guessed["ignored_columns"]) == (1, ["Farbe"])


def test_two_columns_for_one_thing_are_asked(vault: Vault, tmp_path: Path) -> None:
    path = write(tmp_path / "2.csv", table([(*row(), "X1")], (*HEADER, "Tube ID")))
    with pytest.raises(RequestError, match=r"'Vial barcode' and 'Tube ID' may both be the barcode"):
        judged(vault, path)
    assert judged(vault, path, ColumnMap(columns={"barcode": "Tube ID"})).vials == 1


def test_a_map_says_what_the_file_does_not(vault: Vault, tmp_path: Path) -> None:
    said = tmp_path / "map.toml"
    said.write_text(
        'dates = "day-first"\n[columns]\nbarcode = "N°"\n[defaults]\nproduct = "MSC-X"\n[prefixes]\n'
        'donor = "LAB2-"\nunit = "S2-"\n[box]\nrows = 10\ncolumns = 10\n[tissues]\nGelee = "wharton\'s jelly"\n'
    )
    header = [{"Vial barcode": "N°", "Product": "Farbe"}.get(name, name) for name in HEADER]
    rows = [row(frozen="03/02/2024", expiry="03/02/2029", position="J10", tissue="Gelee")]
    imported(vault, write(tmp_path / "f.csv", table(rows, header)), read_map(said))
    assert the_lot(vault, "L1").product == "MSC-X"
    with vault.store.reading() as reading:
        assert reading.facts.get(Donation, "LAB2-D1-WJ") is not None
        assert reading.facts.get(StorageUnit, "S2-F1-R1-B1") is not None


@pytest.mark.parametrize(
    "text",
    ["colour = 1", "dates = 'sometimes'", "[columns]\nvail = 'x'", "[box]\nrows = 0", "encoding = 'klingon'", "= 1",
     "encoding = 'zlib'", "[prefixes]\nvial = 'x'", "\x00"],
)  # fmt: skip
def test_a_map_that_says_nonsense_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(RequestError, match="The map"):
        read_map(write(tmp_path / "map.toml", text))


def test_a_map_naming_no_column_of_the_file_is_refused(vault: Vault, tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", table([row()]))
    with pytest.raises(RequestError, match="no column is called so"):
        judged(vault, path, ColumnMap(columns={"barcode": "Nothing"}))


def test_rows_of_one_lot_that_contradict_each_other_are_refused(vault: Vault, tmp_path: Path) -> None:
    rows = [
        row(),
        row(vial="CL2", position="A2", donor="D2"),
        row(vial="CL3", position="A3", lot="L2"),
        row(vial="CL4", position="A4", lot="L2", expiry="2030-01-01"),
        row(vial="CL5", position="A5", lot="L3"),
    ]
    outcome = judged(vault, write(tmp_path / "c.csv", table(rows)))
    assert outcome.vials == 1
    assert outcome.rejected.keys() == {2, 3, 4, 5}
    assert "rows of lot L1 contradict each other: donor, tissue or donation" in outcome.rejected[2]
    assert "expiry 2029-06-10 and 2030-01-01 (rows 4 and 5)" in outcome.rejected[5]


def test_dates_that_cannot_be_are_told_by_row(vault: Vault, tmp_path: Path) -> None:
    day = vault.clock.now().astimezone(ZoneInfo("Asia/Bangkok")).date()
    header = [*HEADER, "Collection date"]
    rows = [
        (*row(frozen=str(day), expiry="2099-01-01"), str(day)),
        (*row(vial="V2", position="A2", lot="L2", frozen=str(day + timedelta(days=1)), expiry="2099-01-01"), ""),
        (*row(vial="V3", position="A3", lot="L3", donor="D3", expiry="2099-01-01"), str(day)),
        (*row(vial="V4", position="A4", lot="L4", donor="D4", expiry="2099-01-01", frozen=str(day + timedelta(days=9))),
         str(day + timedelta(days=8))),
    ]  # fmt: skip
    path = tmp_path / "in.csv"
    path.write_text(table(rows, header))
    done = imported(vault, path)
    assert done.vials == 1
    assert done.rejected == {
        3: f"date frozen {day + timedelta(days=1)} lies ahead: it is {day} here",
        4: f"frozen before it was collected: 2024-06-10 is before {day}",
        5: f"date frozen {day + timedelta(days=9)} lies ahead: it is {day} here",
    }


def test_a_repeated_import_rejects_the_same_rows_whatever_became_of_the_others(vault: Vault, tmp_path: Path) -> None:
    first = tmp_path / "first.csv"
    first.write_text(table([row(vial="OLD", position="B1")]))
    imported(vault, first)
    rows = [
        row(vial="V1", position="A1"),
        row(vial="V2", position="A1"),
        row(vial="V3", position="B1"),
        row(vial="OLD", position="B5"),
        row(vial="V4", position="Z9"),
        row(vial="V5", position="A5", lot=""),
    ]
    path = tmp_path / "in.csv"
    path.write_text(table(rows))
    before = imported(vault, path)
    assert (before.vials, sorted(before.rejected)) == (1, [3, 4, 5, 6, 7])
    record(vault, catalogue.parse("VialsTakenOut", {"vials": ["V1"]}), people.MARIA.by)
    with prepared(vault, path) as job:
        again = outcome(job)
        assert job.before is not None
    assert (again.vials, again.rows) == (0, 6)
    told = "did not come in: something in the vault stood against it then"
    assert again.rejected == before.rejected | {4: told, 5: told}


def test_one_code_means_one_thing(vault: Vault, tmp_path: Path) -> None:
    rows = [row(lot="CL1"), row(vial="CL2", position="A2", lot="D1"), row(vial="ada.k", position="A3", lot="L4")]
    outcome = judged(vault, write(tmp_path / "o.csv", table(rows)))
    assert outcome.rejected[2] == "barcode CL1 is also the code of a lot in row 2"
    assert "D1" in outcome.rejected[3]


def test_a_lot_for_a_patient_unknown_here_stays_out_and_the_patient_is_never_repeated(
    vault: Vault, tmp_path: Path
) -> None:
    rows = [(*row(), "Somchai J."), (*row(vial="CL2", position="A2", lot="L2"), "P-17")]
    outcome = judged(vault, write(tmp_path / "p.csv", table(rows, (*HEADER, "Patient"))))
    assert outcome.rejected == {2: "the patient is no code", 3: "its patient is not registered in this vault"}


def test_a_donors_name_is_refused_and_not_repeated(vault: Vault, tmp_path: Path) -> None:
    outcome = judged(vault, write(tmp_path / "n.csv", table([row(donor="Maria Santos")])))
    assert outcome.rejected == {2: "the donor is no code; a name may not stand here"}


def test_xlsx_with_real_dates_and_numbers(vault: Vault, tmp_path: Path) -> None:
    openpyxl: Any = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "empty"
    sheet = book.create_sheet("Inventory")
    sheet.append(HEADER)
    cells: list[Any] = [*row(vial="x")]
    cells[HEADER.index("Vial barcode")] = 7000001
    cells[HEADER.index("Passage")] = 3.0
    cells[HEADER.index("Volume (mL)")] = 1.8
    cells[HEADER.index("Date frozen")] = datetime(2024, 6, 10)  # noqa: DTZ001 - a sheet knows no zones
    cells[HEADER.index("Expiry")] = date(2029, 6, 10)
    sheet.append(cells)
    cells[HEADER.index("Vial barcode")] = 123456789012345678
    sheet.append(cells)
    path = tmp_path / "book.xlsx"
    book.save(path)
    outcome = imported(vault, path)
    assert (outcome.guessed["format"], outcome.guessed["sheet"]) == ("XLSX", "Inventory")
    assert outcome.rejected.keys() == {3}
    lot = the_lot(vault, "L1")
    assert (lot.filled_on, lot.volume_microlitres, lot.passage) == ("2024-06-10", 1800, 3)
    with pytest.raises(RequestError, match="no sheet"):
        judged(vault, path, ColumnMap(sheet="Other"))
