"""Labels from the command line: what is printed is recorded, once, and a reprint says why."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from cryoledger.labels.sheets import SCANNER_CHECKS
from tests.cli.conftest import Terminal
from tests.labels.test_cups import programs
from tests.labels.test_printers import IDENTITY, answer, printer


def codes(lab: Terminal, count: int) -> list[str]:
    lab.does("lot", "fill", "L1", "--count", count, by="maria.s")
    return [row["code"] for row in lab.read("vial", "list", "--of", "L1")]


def labelled(lab: Terminal, vial: str) -> list[str]:
    return [each["type"] for each in lab.read("history", vial)].count("VialsLabelled") * ["VialsLabelled"]


def test_a_printed_vial_label_reads_and_is_recorded_with_its_layout(furnished: Terminal, tmp_path: Path) -> None:
    (vial,) = codes(furnished, 1)
    path = tmp_path / "label.png"
    told = furnished.does("label", "vial", vial, "--to", path, "--json", by="maria.s").json
    assert [each.text for each in zxingcpp.read_barcodes(Image.open(path).convert("L"))] == [vial]
    assert (told["printed"], told["layout"], len(told["entries"])) == (1, "vial-33x13", 1)
    layout = base64.b64decode(furnished.read("note", told["entries"][0])["content"])
    assert layout.startswith(b"# For rolls of 33 x 13 mm")
    assert furnished.read("verify")["ok"]


def test_a_reprint_is_refused_without_a_reason(furnished: Terminal, tmp_path: Path) -> None:
    """label.reprint: where a label is twice, somebody says why."""
    (vial,) = codes(furnished, 1)
    words = ("label", "vial", vial, "--to", tmp_path / "label.zpl", "--replace")
    furnished.does(*words, by="maria.s")
    refused = furnished.run(*words, "--as", "maria.s", stdin="161803\n")
    assert refused.code == 3
    assert "--reprint" in refused.err
    furnished.does(*words, "--reprint", "damaged", by="maria.s")
    assert len(labelled(furnished, vial)) == 2
    furnished.does("label", "vial", vial, "--to", tmp_path / "cap.zpl", "--layout", "cap-25x9", by="maria.s")
    furnished.does("vial", "relabel", vial, "NEW-LABEL", "--reason", "fallen", by="maria.s")
    assert "NEW-LABEL" in furnished.does(*words, "--json", by="maria.s").out


def test_nothing_is_printed_for_a_wrong_pin_or_role_and_nothing_recorded_by_a_preview(
    furnished: Terminal, tmp_path: Path
) -> None:
    (vial,) = codes(furnished, 1)
    path = tmp_path / "label.pdf"
    assert furnished.run("label", "vial", vial, "--to", path, "--as", "maria.s", stdin="999999\n").code == 4
    assert furnished.run("label", "vial", vial, "--to", path, "--as", "quinn.o", stdin="314159\n").code == 3
    assert furnished.run("label", "vial", vial, "--to", path).code == 2
    assert not path.exists()
    assert vial in furnished.does("label", "vial", vial, "--preview").out
    assert furnished.run("label", "vial", vial).code == 2
    assert labelled(furnished, vial) == []


def test_a_partly_used_sheet_is_begun_where_it_is_free(furnished: Terminal, tmp_path: Path) -> None:
    """Asked before any PIN: a label that is on no sheet, a sheet for a roll printer."""
    vials = codes(furnished, 3)
    path = tmp_path / "sheet.pdf"
    words = ("label", "lot", "L1", "--stock", "LCRY-1700", "--to", path)
    for start, more in ((86, ()), (2, ("--stock", "roll-33x13"))):
        refused = furnished.run(*words, "--start", start, *more, "--as", "maria.s")  # nothing on stdin
        assert (refused.code, "PIN" in refused.err) == (2, False), refused
    assert furnished.run("label", "lot", "NO-LOT", "--to", path, "--as", "maria.s").err.startswith("There is no lot")
    furnished.does(*words, "--start", 84, by="maria.s")
    if shutil.which("pdftoppm"):
        subprocess.run(["pdftoppm", "-r", "300", "-gray", str(path), str(tmp_path / "page")], check=True, timeout=60)
        pages = [Image.open(page).convert("L") for page in sorted(tmp_path.glob("page-*"))]
        assert [sorted(each.text for each in zxingcpp.read_barcodes(page)) for page in pages] == [vials[:2], vials[2:]]


def test_a_lot_goes_to_a_printer_and_a_stop_half_way_is_recorded_as_it_was(furnished: Terminal) -> None:
    vials = codes(furnished, 30)
    with printer(lambda count: answer(paper_out=1, waiting=2) if count >= 12 else answer()) as fake:
        furnished.does("printer", "add", "bench", f"tcp://127.0.0.1:{fake.port}", "--stock", "roll-33x13")
        stopped = furnished.run("label", "lot", "L1", "--printer", "bench", "--as", "maria.s", stdin="161803\n")
    assert stopped.code == 2
    assert "out of labels" in stopped.err
    assert [len(labelled(furnished, vial)) for vial in vials] == [1] * fake.labels + [0] * (30 - fake.labels)
    assert 0 < fake.labels < 30
    with printer(lambda _: answer()) as second:
        address = f"tcp://127.0.0.1:{second.port}"
        told = furnished.does("label", "lot", "L1", "--printer", address, "--json", by="maria.s").json
    assert (told["printed"], told["confirmed"], second.labels) == (30 - fake.labels,) * 3


def test_printers_are_entered_tested_and_removed(furnished: Terminal) -> None:
    with printer(lambda _: answer()) as fake:
        furnished.does("printer", "add", "bench", f"tcp://127.0.0.1:{fake.port}", "--dpi", 203)
        assert [row["name"] for row in furnished.read("printer", "list")] == ["bench"]
        furnished.does("printer", "test", "bench")
        assert fake.labels == 1
    with printer(lambda _: IDENTITY + answer()) as fake:
        furnished.does("printer", "add", "other", f"tcp://127.0.0.1:{fake.port}", "--dpi", 300)
        refused = furnished.run("printer", "test", "other")
        assert (refused.code, fake.labels) == (2, 0)
        assert "ZD421-203dpi ZPL of 203 dpi" in refused.err
        address = f"tcp://127.0.0.1:{fake.port}"  # not entered: it says itself what it is
        assert furnished.does("label", "unit", "FRZ-1", "--printer", address, "--json").json["dpi"] == 203
    furnished.does("printer", "remove", "bench")
    assert furnished.run("printer", "test", "bench").code == 2
    assert furnished.run("printer", "add", "x", "ftp://a").code == 2
    assert "takes ZPL, not PDF" in furnished.run("printer", "add", "x", "tcp://h", "--pdf").err


def test_a_queue_with_a_driver_takes_a_roll_s_labels_as_pages(
    furnished: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(tmp_path, monkeypatch, f'echo "$@" > {tmp_path}/asked; cat > {tmp_path}/sent; echo "request id is Q-none"')
    furnished.does("printer", "add", "desk", "cups:Q", "--stock", "roll-50x25", "--pdf")
    furnished.does("label", "unit", "FRZ-1-R1-B1", "--printer", "desk")
    assert (
        "-o print-scaling=none -o sides=one-sided -o number-up=1 -o media=Custom.50x25mm"
        in (tmp_path / "asked").read_text()
    )
    assert (tmp_path / "sent").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("words", [("unit", "FRZ-1"), ("unit", "FRZ-1-R1-B1"), ("badge", "maria.s"), ("patient", "P1")])
def test_other_labels_read_and_leave_no_entry(furnished: Terminal, tmp_path: Path, words: tuple[str, str]) -> None:
    furnished.does("patient", "add", "P1", by="carlos.m", first="BAND")
    before = len(furnished.read("verify")["findings"]), furnished.read("verify")["entries"]
    path = tmp_path / "label.png"
    furnished.does("label", *words, "--to", path)
    read = {each.text for each in zxingcpp.read_barcodes(Image.open(path).convert("L"))}
    assert len(read) == 1
    assert words[0] == "badge" or read == {words[1]}
    assert (len(furnished.read("verify")["findings"]), furnished.read("verify")["entries"]) == before


def test_all_boxes_of_a_freezer_are_labelled_in_one_go(furnished: Terminal, tmp_path: Path) -> None:
    """In the order of the walk, on the label that fits a box."""
    told = furnished.does("label", "unit", "FRZ-1", "--inside", "box", "--to", tmp_path / "boxes.pdf", "--json").json
    boxes = [row["code"] for row in furnished.read("unit", "list") if row["kind"] == "box"]
    assert (told["printed"], told["layout"]) == (len(boxes), "unit-50x25")
    assert len(boxes) > 1
    refused = furnished.run("label", "unit", "FRZ-1", "--inside", "canes", "--preview")
    assert "no unit of the kind 'canes' inside FRZ-1. Inside are: box, rack." in refused.err


def test_a_copied_layout_and_stock_are_used_and_a_wrong_one_is_named_by_line_and_key(
    furnished: Terminal, tmp_path: Path
) -> None:
    """The folder to copy to is told by `label list`, which also names what is wrong, and goes on without it."""
    (vial,) = codes(furnished, 1)
    told = furnished.does("label", "list")
    ours, own = (Path(path) for path in re.findall(r"from (/\S+) into .* in (/\S+), and", told.err)[0])
    for shelf in ("layouts", "stock"):
        (own / shelf).mkdir(parents=True)
    text = (ours / "layouts" / "vial-33x13.toml").read_text(encoding="utf-8")
    mine = own / "layouts" / "mine.toml"
    mine.write_text(text.replace('"Lot {lot}"', '"LOT {lot}"'), encoding="utf-8")
    shutil.copy(ours / "stock" / "roll-33x13.toml", own / "stock" / "mine.toml")
    to = ("--to", tmp_path / "label.png", "--replace")
    mine_twice = ("label", "vial", vial, "--layout", "mine", "--stock", "mine", *to)
    shown = furnished.does(*mine_twice, "--json", by="maria.s").json
    assert (shown["layout"], shown["stock"], shown["printed"]) == ("mine", "mine", 1)
    assert furnished.read("label", "list")[0]["wrong"] == ""

    (own / "stock" / "a4-commands.toml").write_text("kind = 'sheet'\n", encoding="utf-8")  # in place of ours
    assert (
        "stock/a4-commands.toml, line 1, title: is missing" in furnished.run("label", "commands", *to[:1], "x.pdf").err
    )
    (own / "stock" / "a4-commands.toml").unlink()

    mine.write_text(text.replace("size = 4.5", "size = 4.4", 1), encoding="utf-8")
    (own / "stock" / "mine.toml").write_text("kind = 'roll'\ntitle = 'x'\ncolour = 'blue'\n", encoding="utf-8")
    wrong = furnished.run(*mine_twice, "--reprint", "damaged", "--as", "maria.s")
    line = text[: text.index("size = 4.5")].count("\n") + 1
    assert wrong.code == 2
    assert f"mine.toml, line {line}, texts[0].size: 4.4 is not between 4.5 and 200" in wrong.err
    listed = furnished.run("label", "list")
    assert listed.code == 1
    assert f"line {line}, texts[0].size" in listed.err
    assert "stock/mine.toml, line 1, label: is missing" in listed.err
    furnished.does("label", "vial", vial, *to, "--reprint", "damaged", by="maria.s")


def test_a_sheet_s_outlines_are_written_for_its_calibration(furnished: Terminal, tmp_path: Path) -> None:
    furnished.does("label", "calibration", "LCRY-1700", "--to", tmp_path / "outlines.pdf")
    assert (tmp_path / "outlines.pdf").read_bytes().startswith(b"%PDF")
    assert "is a roll" in furnished.run("label", "calibration", "roll-33x13", "--to", tmp_path / "x.pdf").err


def test_the_sheets_are_written_and_a_scanner_is_judged(terminal: Terminal, tmp_path: Path) -> None:
    for sheet in ("commands", "scanner-check"):  # before there is a vault
        terminal.does("label", sheet, "--to", tmp_path / f"{sheet}.pdf")
        assert (tmp_path / f"{sheet}.pdf").read_bytes().startswith(b"%PDF")
    right = "".join(f"{each.content}\n" for each in SCANNER_CHECKS)
    assert terminal.run("scan", "--check", stdin=right).code == 0
    twice = "".join(f"{each.content}\n{each.content}\n" for each in SCANNER_CHECKS)
    again = terminal.run("scan", "--check", stdin=twice)
    assert (again.code, "That was code 1. Scan code 2" in again.err) == (0, True)
    done = terminal.run("scan", "--check", stdin=right.swapcase().replace("\x1d", ""))
    assert done.code == 1
    assert "Caps Lock is on" in done.out
    assert "was not scanned" in terminal.run("scan", "--check", stdin="=<&>%]\n").out


@pytest.mark.parametrize(
    ("scheme", "scan", "said"),
    [
        ("gs1", "0112345678901234", "error at character 16  misread: the check digit"),
        ("gs1", "15990229", "not a day of the calendar"),
        ("gs1", "891234", "not a GS1 application identifier"),
        ("isbt128", "GARBAGE", "error at character 1  An ISBT 128 structure starts with"),
        ("local", "BKV000010W", "error at character 10  misread"),
        ("sec", "SEC: too short", "has 40 characters, this has 9"),
    ],
)
def test_a_supplier_s_label_is_proved_to_be_of_its_scheme(
    terminal: Terminal, scheme: str, scan: str, said: str
) -> None:
    """Without --scheme most of these are some tube maker's code; a lab that tests a label knows what it must be."""
    done = terminal.run("codes", "read", "--scheme", scheme, stdin=f"{scan}\n")
    assert (done.code, said in done.out) == (1, True), done.out
    assert terminal.run("codes", "read", "--scheme", "gs2", stdin="x\n").code == 2


def test_the_structures_of_a_message_are_told_in_words(terminal: Terminal) -> None:
    done = terminal.does("codes", "read", "--scheme", "isbt128", first="=A99991712345600")
    assert "din A999917123456" in done.out
    assert "001 Donation Identification Number" in done.out
    assert "{" not in done.out


def test_a_site_s_own_product_names_are_told(terminal: Terminal, tmp_path: Path) -> None:
    table = tmp_path / "products.csv"
    table.write_text("code,name\nS1295,Our own cells\n", encoding="utf-8")
    assert terminal.read("codes", "import", table) == {"products": 1}
    assert "Our own cells" in terminal.run("codes", "read", stdin="=<S1295400\n").out
    table.write_text("Code;Name\r\nS1295;Own, thawed\r\n", encoding="utf-8")  # as a spreadsheet of Europe saves it
    assert terminal.read("codes", "import", table) == {"products": 1}
    assert "Own, thawed" in terminal.run("codes", "read", stdin="=<S1295400\n").out
    table.write_text("S1295\n", encoding="utf-8")
    wrong = terminal.run("codes", "import", table)
    assert (wrong.code, "Line 1" in wrong.err) == (2, True)
