"""What is handed out imports elsewhere as it was, and no spreadsheet calculates anything in it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryoledger.cli.sample import people
from cryoledger.custody.record import record
from cryoledger.custody.vault import Vault
from cryoledger.domain import catalogue
from cryoledger.domain.records import Donation, Lot, LotDonation, StorageUnit, Vial
from cryoledger.exchange.export_inventory import Exported, export_inventory
from cryoledger.exchange.formulas import neutral, restored, restored_start
from tests.exchange.laboratory import VECTORS, imported, open_copy, row, table

TRIGGERS = "=+-@\t\r＝＋－＠"


def exported(vault: Vault, path: Path) -> Exported:
    with path.open("w", encoding="utf-8", newline="") as out, vault.store.reading() as reading:
        return export_inventory(reading, out)


def inventory(vault: Vault) -> dict[str, Any]:
    """What lies where, and what it is: everything but when and by which entry."""
    with vault.store.reading() as reading:
        facts = reading.facts
        return {
            "vials": [(v.label, v.lot, v.unit, v.position, v.cells, v.filled_microlitres) for v in facts.where(Vial)],
            "lots": [replace(x, last_at="", last_entry=0) for x in facts.where(Lot)],
            "origins": facts.where(LotDonation),
            "donations": [replace(x, last_at="", last_entry=0) for x in facts.where(Donation)],
            "units": [replace(x, last_at="", last_entry=0, since="") for x in facts.where(StorageUnit)],
        }


def test_the_whole_inventory_goes_out_and_into_another_vault(
    vault: Vault, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(vault, VECTORS / "inventory.csv")
    out = tmp_path / "out.csv"
    assert exported(vault, out) == Exported(2386, 0, 0)
    monkeypatch.setenv("CRYOLEDGER_HOME", str(tmp_path / "other"))
    with open_copy(made, tmp_path / "other") as other:
        outcome = imported(other, out)
        assert (outcome.vials, outcome.rejected) == (2386, {})
        assert "ignored_columns" not in outcome.guessed
        assert inventory(other) == inventory(vault)
        again = tmp_path / "again.csv"
        exported(other, again)
    assert again.read_bytes() == out.read_bytes()


def event(kind: str, **data: Any) -> Any:
    return catalogue.parse(kind, data)


def test_units_of_other_kinds_lots_of_several_donations_and_replaced_labels(
    vault: Vault, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in.csv"
    header = ["Tank", "Canister", "Box", "Position", "Vial barcode", "Product", "Lot", "Donor", "Donation", "Tissue",
              "Passage", "Cells per vial", "Volume (uL)", "Cryoprotectant", "Date frozen", "Expiry"]  # fmt: skip
    cells = ["=Tank", "C 1", "@B;=1", "A1", "=W1", "P", "-L1", "D1;D2", "+DON1;DON2", "WJ;WJ", "3", "10000000", "1000",
             "-DMSO,=1", "2024-06-10", "2029-06-10"]  # fmt: skip
    path.write_text(table([cells], header))
    assert imported(vault, path).rejected == {}
    record(vault, event("VialLabelReplaced", vial="=W1", label="@W2", reason="fallen"), people.MARIA.by)
    out = tmp_path / "out.csv"
    exported(vault, out)
    monkeypatch.setenv("CRYOLEDGER_HOME", str(tmp_path / "other"))
    with open_copy(made, tmp_path / "other") as other:
        assert imported(other, out).rejected == {}
        assert inventory(other) == inventory(vault)


def test_vials_in_no_position_are_counted_and_said(vault: Vault, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(table([row(), row(vial="CL2", position="A2")]))
    imported(vault, path)
    record(vault, event("VialsTakenOut", vials=["CL2"]), people.MARIA.by)
    assert exported(vault, tmp_path / "out.csv") == Exported(1, 1, 0)


def test_the_table_says_which_lots_came_from_which_donors_through_their_banks(vault: Vault, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(table([row()]))
    imported(vault, path)
    text = io.StringIO(newline="")
    with vault.store.reading() as reading:
        export_inventory(reading, text)
    (cells,) = csv.DictReader(io.StringIO(text.getvalue().removeprefix("\ufeff"), newline=""))
    assert (cells["Donor"], cells["Donation"], cells["Tissue"]) == ("D1", "D1-WJ", "wharton's jelly")


texts = st.text(alphabet=st.sampled_from([*TRIGGERS, *"ab'\",;|\n 1"]), max_size=12)


@given(texts)
def test_neutral_text_comes_back(text: str) -> None:
    assert restored(neutral(text)) == text


@given(texts)
def test_no_cell_starts_a_formula_whatever_delimiter_it_is_opened_with(text: str) -> None:
    cell = neutral(text)
    for delimiter in ("", ",", ";", "\t", "|", '"'):
        for piece in cell.split(delimiter) if delimiter else [cell]:
            assert not piece.lstrip("\n").startswith(tuple("=+-@＝＋－＠")), (cell, delimiter)


@given(st.text(max_size=10))
def test_the_start_of_others_cells_is_restored_once(text: str) -> None:
    if text[:1] in TRIGGERS and text:
        assert restored_start(f"'{text}") == text


codes = st.text(alphabet="ABCabc019._=+-@'!", min_size=1, max_size=12)
names = st.text(
    alphabet=st.characters(codec="utf-8", categories=("Lu", "Ll", "Nd", "Zs", "Po")), min_size=1, max_size=12
)


@st.composite
def laboratories(draw: st.DrawFn) -> list[tuple[str, ...]]:
    """A few hundred rows: lots that agree with themselves, boxes of any name, each code and position once."""
    lots = draw(st.lists(codes, min_size=1, max_size=6, unique_by=str.casefold))
    boxes = draw(st.lists(st.tuples(st.sampled_from("12"), st.sampled_from("123"), names), min_size=1, max_size=5))
    rows = []
    for at in range(draw(st.integers(1, 300))):
        box = boxes[at % len(boxes)]
        index = at // len(boxes)
        if index >= 81:
            break
        lot = lots[draw(st.integers(0, len(lots) - 1))]
        number = lots.index(lot)
        rows.append(
            row(
                freezer=f"F{box[0]}",
                rack=f"R{box[1]}",
                box=box[2],
                position=f"{'ABCDEFGHI'[index // 9]}{index % 9 + 1}",
                vial=f"V{at}",
                lot=f"L{lot}",
                donor=f"D{number % 3}",
                cells=str(number + 1),
                passage=str(number % 5),
            )
        )
    return rows


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(laboratories())
def test_any_laboratory_goes_round(made: Path, monkeypatch: pytest.MonkeyPatch, rows: list[tuple[str, ...]]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in.csv").write_text(table(rows), encoding="utf-8", newline="")
        monkeypatch.setenv("CRYOLEDGER_HOME", str(folder / "one"))
        with open_copy(made, folder / "one") as one:
            first = imported(one, folder / "in.csv")
            exported(one, folder / "out.csv")
            before = inventory(one)
        monkeypatch.setenv("CRYOLEDGER_HOME", str(folder / "two"))
        with open_copy(made, folder / "two") as two:
            second = imported(two, folder / "out.csv")
            assert (second.vials, second.rejected) == (first.vials, {})
            assert inventory(two) == before
