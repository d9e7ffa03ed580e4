"""A site that labels its vials with ISBT 128 or GS1: the scheme is in the ledger, and every scan finds the vial."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from cryoledger.codes import iso7064
from tests.cli.conftest import PINS, Terminal

DIN, ITEM = "A999926123456", "S1234V"
GTIN = "09506000134352"
SCHEMES = {
    "isbt128": ("isbt128:A9999", ITEM, DIN, f"=+03000={DIN}00=<{ITEM}99=,000001"),
    "gs1": ("gs1:9506000", GTIN, "DIN1", f"01{GTIN}1745020121BKV000001W"),
}


def site_with(lab: Terminal, scheme: str) -> str:
    """A filled lot of two vials under a scheme; the label of the first."""
    registered, item, donation, label = SCHEMES[scheme]
    lab.does("setting", "vial_scheme", registered, by="ines.a")
    lab.does(
        "product", "add", "MSC-1", "--test", "sterility=negative", "--item-code", item,
        "--label-layout", "vial-38x19", by="quinn.o",
    )  # fmt: skip
    if donation != "DIN1":
        lab.does(
            "donation", "add", f"={donation}00", "--donor", "D1", "--tissue", "bone marrow",
            "--collected-on", "2025-01-02", by="maria.s",
        )  # fmt: skip
    lab.does(
        "lot", "add", "L2", "--product", "MSC-1", "--donation", donation, "--passage", 3, "--cells", "5M",
        "--volume", "1ml", "--filled-on", "2025-02-01", "--expiry-on", "2045-02-01", by="maria.s",
    )  # fmt: skip
    lab.does("lot", "fill", "L2", "--count", 2, by="maria.s")
    return label


def rows(lab: Terminal) -> list[tuple[str, str]]:
    return [(row["code"], row["label"]) for row in lab.read("vial", "list", "--of", "L2")]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_label_carries_the_whole_message_and_its_scan_finds_the_vial(
    furnished: Terminal, tmp_path: Path, scheme: str
) -> None:
    label = site_with(furnished, scheme)
    (first, second) = rows(furnished)
    assert first == ("BKV000001W", label)
    assert second[1] != label
    picture = tmp_path / "label.png"
    furnished.does("label", "vial", label, "--to", picture, by="maria.s")
    (read,) = zxingcpp.read_barcodes(Image.open(picture).convert("L"))
    assert read.bytes.decode() == label
    assert read.symbology_identifier == ("]d2" if scheme == "gs1" else "]d1")
    if shutil.which("dmtxread"):
        command = ["dmtxread", "-N1", "-m3000", "-G29", str(picture)]
        other = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout.decode()
        assert other.removeprefix("\x1d") == label
    mark = "]d2" if scheme == "gs1" else "]d1"
    badge = next(row["badge"] for row in furnished.read("person", "list") if row["name"] == "maria.s")
    lines = [badge, PINS["maria.s"], "CMD-STORE", mark + label, "FRZ-1-R1-B1/A1", mark + label]
    told = furnished.run("scan", stdin="".join(f"{line}\n" for line in lines))
    assert told.code == 0
    stored = {row["code"]: row["unit"] for row in furnished.read("vial", "list", "--of", "L2")}
    assert stored["BKV000001W"] == "FRZ-1-R1-B1"
    for text in (label, mark + label, "BKV000001W"):
        assert furnished.read("vial", "show", text)["row"]["code"] == "BKV000001W"
        assert furnished.read("find", text)[0]["code"] == "BKV000001W"
    assert furnished.read("verify")["ok"]


def test_a_donation_is_found_by_its_barcode_and_by_its_typed_number(furnished: Terminal) -> None:
    """Scanned with flags, or typed with its check character, it is the number; a code of two things is refused."""
    site_with(furnished, "isbt128")
    for text in (f"={DIN}00", f"]C0={DIN}51", DIN, f"{DIN}{iso7064.check_character(DIN)}"):
        assert furnished.read("donation", "show", text)["row"]["code"] == DIN
    badge = next(row["badge"] for row in furnished.read("person", "list") if row["name"] == "maria.s")
    told = furnished.run("scan", stdin=f"{badge}\n{PINS['maria.s']}\n={DIN}00\n")
    assert f"This is donation {DIN}." in told.out
    furnished.does("vial", "bind-tube", "BKV000001W", "FD12345678", by="maria.s")
    again = furnished.does("vial", "bind-tube", "BKV000001W", f"={DIN}00", by="maria.s")
    assert "is bound to the tube FD12345678 already" in again.err
    assert ["tube", f"={DIN}00, FD12345678"] in [
        [line["label"], line["value"]] for line in furnished.read("vial", "show", "BKV000001W")["lines"]
    ]
    told = furnished.run("show", f"={DIN}00")
    assert told.code == 2
    assert f"means two things: vial BKV000001W and donation {DIN}" in told.err
    furnished.does("vial", "unbind-tube", "BKV000001W", f"={DIN}00", "--reason", "misread", by="maria.s")
    assert furnished.read("donation", "show", f"={DIN}00")["row"]["code"] == DIN


def test_a_label_that_does_not_fit_names_the_layouts_that_have_room_and_a_cap_bears_the_short_code(
    furnished: Terminal, tmp_path: Path
) -> None:
    site_with(furnished, "isbt128")
    words = ("label", "vial", "BKV000001W", "--layout")
    refused = furnished.run(*words, "vial-33x13", "--preview")
    assert refused.code == 2
    assert "--layout vial-33x13-long (roll-33x13), --layout vial-38x19" in refused.err
    furnished.does(*words, "cap-25x9", "--to", tmp_path / "cap.png", by="maria.s")
    (read,) = zxingcpp.read_barcodes(Image.open(tmp_path / "cap.png").convert("L"))
    assert read.text == "BKV000001W"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_replaced_label_takes_the_next_code_and_the_old_one_says_which_vial(
    furnished: Terminal, tmp_path: Path, scheme: str
) -> None:
    label = site_with(furnished, scheme)
    badge = next(row["badge"] for row in furnished.read("person", "list") if row["name"] == "maria.s")
    lines = (badge, PINS["maria.s"], "CMD-LABEL", label, "1", "CMD-CONFIRM")  # as `vial relabel` does
    furnished.run("scan", stdin="".join(f"{line}\n" for line in lines))
    new = dict(rows(furnished))["BKV000001W"]
    assert new == (f"=+03000={DIN}00=<{ITEM}99=,000003" if scheme == "isbt128" else f"{label}-2")
    for text in (label, new):
        assert furnished.read("vial", "show", text)["row"]["code"] == "BKV000001W"
    (hit,) = furnished.read("find", label)[:1]
    assert (hit["code"], hit["note"]) == ("BKV000001W", f"replaced label {label}")
    furnished.does("lot", "fill", "L2", "--count", 1, by="maria.s")
    assert len({text for _, text in rows(furnished)}) == 3
    furnished.does("label", "lot", "L2", "--to", tmp_path / "lot.pdf", by="maria.s")
    assert furnished.read("verify")["ok"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_an_inventory_of_scanned_labels_finds_the_vials_that_are_here(
    furnished: Terminal, tmp_path: Path, scheme: str
) -> None:
    label = site_with(furnished, scheme)
    table = tmp_path / "inventory.csv"
    table.write_text(
        "Freezer,Rack,Box,Position,Vial barcode,Product,Lot,Donor,Tissue,Passage,Cells per vial (million),Volume (mL),"
        "Date frozen,Expiry\n"
        f'F9,R1,B1,A1,"{label}",MSC-1,L9,D9,bone marrow,3,10,1.0,2024-06-10,2029-06-10\n',
        encoding="utf-8",
    )
    done = furnished.run("import", "inventory", table, "--dry-run")
    assert "barcode already in the vault: vial BKV000001W" in done.out


def test_a_scheme_without_registration_or_item_code_is_refused_with_advice(furnished: Terminal) -> None:
    for value in ("isbt128", "gs1", "gs1:abc", "isbt128:99", "other"):
        refused = furnished.run("setting", "vial_scheme", value, "--as", "ines.a", stdin=f"{PINS['ines.a']}\n")
        assert refused.code != 0
        assert "isbt128:A9999" in refused.err
    furnished.does("setting", "vial_scheme", "gs1:9506000", by="ines.a")
    refused = furnished.run("lot", "fill", "L1", "--count", 1, "--as", "maria.s", stdin=f"{PINS['maria.s']}\n")
    assert refused.code == 2
    assert "--item-code" in refused.err
    furnished.does("setting", "vial_scheme", "local", by="ines.a")
    furnished.does("lot", "fill", "L1", "--count", 1, by="maria.s")
    (row,) = furnished.read("vial", "list", "--of", "L1")
    assert row["label"] == row["code"]


def test_labels_of_another_scheme_or_number_are_refused_by_the_rulebook(furnished: Terminal) -> None:
    """vial.scheme: what a fill's labels carry is of the scheme that the ledger has, one for each vial."""
    site_with(furnished, "gs1")
    for labels, why in (
        ('["=+03000X"]', "not of the site's vial scheme, gs1"),
        ('["BKV000009X","0109506000134352"]', "1 vials have 2 labels"),
        ('["BKV000001W"]', "is already the code of vial BKV000001W"),
    ):
        done = furnished.run(
            "record", "LotFilled", f'{{"lot":"L2","vials":["X-1"],"labels":{labels}}}', "--as", "maria.s",
            stdin=f"{PINS['maria.s']}\n",
        )  # fmt: skip
        assert done.code == 3, done
        assert why in done.err
