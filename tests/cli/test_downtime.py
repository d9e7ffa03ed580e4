"""Downtime, excursions and training from the command line: printed, entered, drawn, recorded."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cryoledger.custody.clock import SystemClock
from tests.cli.conftest import PINS, Terminal, furnish, release
from tests.exchange.loggers import DOOR, german

BOX, OTHER = "FRZ-1-R1-B1", "FRZ-1-R1-B2"
TWO = ("--as", "maria.s", "--with", "quinn.o")
ZONE = ZoneInfo("Asia/Bangkok")
VOID = "TRAINING / VOID"


class Hours:
    """Makes the machine's clock go ahead."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = timedelta()
        now = SystemClock.now
        monkeypatch.setattr(SystemClock, "now", lambda clock: now(clock) + self.ahead)

    def pass_(self, **time: float) -> None:
        self.ahead += timedelta(**time)

    def ago(self, minutes: float) -> str:
        at = datetime.now(UTC) + self.ahead - timedelta(minutes=minutes)
        return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}"


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    return Hours(monkeypatch)


@pytest.fixture
def stocked(furnished: Terminal) -> list[str]:
    """Three released vials in a box."""
    release(furnished)
    codes = [row["code"] for row in furnished.read("vial", "list", "--of", "L1")]
    furnished.does("vial", "store", BOX, *codes, by="maria.s")
    return [str(code) for code in codes]


def table(folder: Path, *lines: str) -> Path:
    path = folder / "forms.csv"
    path.write_text("\n".join(["time,act,vial,unit,position,reason,who", *lines]) + "\n")
    return path


# Printing


def test_the_printed_pages_tell_where_everything_lies(furnished: Terminal, stocked: list[str]) -> None:
    furnished.does("patient", "add", "P1", by="carlos.m", first="BAND-OF-P1")
    furnished.does(
        "order", "add", "O1", "--patient", "P1", "--product", "MSC-1", "--cells", "10M", "--due", "2026-01-01",
        "--route", "intravenous infusion", by="carlos.m",
    )  # fmt: skip
    furnished.does("reserve", "O1", stocked[1], by="petra.v")
    furnished.does("vial", "take-out", stocked[2], by="maria.s")
    told = furnished.does("downtime", "print", "--forms", 2).out
    pages = told.split("=" * 100)
    told_json = furnished.read("downtime", "print", "--forms", 2)
    assert told_json["boxes"] == 2
    assert len(pages) == told_json["pages"] == 7  # cover, out, pick list, two boxes, two forms
    assert f"R {stocked[0]}" in pages[3]
    assert f"O {stocked[1]}" in pages[3]
    assert stocked[2] in pages[1]
    assert "with Maria Silva (maria.s)" in pages[1]
    assert re.search(rf"Pick list: order O1.*FRZ-1 > FRZ-1-R1 > {BOX} > A2 *\|{stocked[1]}", pages[2], re.DOTALL)
    assert "signature" in pages[-1]
    for number, page in enumerate(pages, start=1):
        assert f"page {number} of 7" in page
        assert told_json["fingerprint"] in page
        assert told_json["head_hash"] in page
        assert VOID not in page


def test_pages_go_into_files_of_three_kinds(furnished: Terminal, stocked: list[str]) -> None:
    for name in ("d.txt", "d.html", "d.pdf"):
        done = furnished.does("downtime", "print", "--out", furnished.folder / name, "--unit", OTHER)
        assert done.out == ""
        assert "6 pages" in done.err
    html = (furnished.folder / "d.html").read_text()
    assert html.count("<section>") == 6
    assert BOX not in html.replace(OTHER, "")
    pdf = (furnished.folder / "d.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") == 6
    assert furnished.run("downtime", "print", "--out", furnished.folder / "d.docx").code == 2
    assert furnished.run("downtime", "print", "--out", furnished.folder / "none" / "d.txt").code == 2
    assert furnished.run("downtime", "print", "--unit", "NOPE").code == 2


def test_without_reportlab_the_pdf_says_what_to_do(furnished: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "reportlab", None)
    done = furnished.run("downtime", "print", "--out", furnished.folder / "d.pdf")
    assert done.code == 2
    assert "reportlab" in done.err
    assert ".txt" in done.err


def test_names_from_data_are_not_markup(furnished: Terminal) -> None:
    furnished.does("unit", "add", "B-X", "--kind", "box", "--name", "<b>x</b>", "--into", "FRZ-1-R1", "--slot", "9",
                   "--size", "20x20", by="ines.a")  # fmt: skip
    furnished.does("downtime", "print", "--out", furnished.folder / "d.html")
    assert "<b>x</b>" not in (furnished.folder / "d.html").read_text()
    furnished.does("downtime", "print", "--out", furnished.folder / "d.pdf")


# Entering


def test_paper_is_checked_told_and_entered(furnished: Terminal, stocked: list[str], hours: Hours) -> None:
    hours.pass_(hours=2)
    path = table(
        furnished.folder,
        f"{hours.ago(60)},take out,{stocked[0]},,,testing,Maria Silva",
        "# Maria came back",
        f"{hours.ago(50)},return,{stocked[0]},{OTHER},A1,,Maria Silva",
    )
    dry = furnished.run("downtime", "enter", path, "--dry-run", *TWO, "--json")
    assert dry.code == 0, dry
    assert dry.json["would_record"] == 2
    assert dry.json["recorded"] == []
    done = furnished.does("downtime", "enter", path, by="maria.s quinn.o")
    assert "2 of 2 acts are recorded" in done.out
    assert f"({BOX})" in done.out
    assert f"({OTHER})" in done.out
    card = furnished.read("vial", stocked[0])
    assert card["row"]["unit"] == OTHER
    told = furnished.does("history", stocked[0]).out
    assert told.count("[late: downtime") == 2
    assert told.count("Quinn Osei (quinn.o), countersigned") == 2
    again = furnished.does("downtime", "enter", path, *TWO)
    assert "2 acts were recorded before" in again.out
    assert furnished.does("verify").code == 0


def test_a_refused_line_stops_all_unless_it_is_skipped(furnished: Terminal, stocked: list[str], hours: Hours) -> None:
    hours.pass_(hours=2)
    path = table(
        furnished.folder,
        f"{hours.ago(60)},take out,{stocked[0]},,,testing,",
        f"{hours.ago(55)},eat,{stocked[0]},,,,",
        f"yesterday,take out,{stocked[1]},,,,",
        f"{hours.ago(50)},take out,NOPE,,,,",
    )
    stopped = furnished.run("downtime", "enter", path, *TWO)
    assert stopped.code == 3
    assert "Nothing is recorded: 3 lines are refused" in stopped.out
    assert re.findall(r"^line (\d+):", stopped.err, re.MULTILINE) == ["3", "4", "5"]
    assert furnished.read("vial", stocked[0])["row"]["custody"] == "stored"
    pins = f"{PINS['maria.s']}\n{PINS['quinn.o']}\n"
    skipped = furnished.run("downtime", "enter", path, *TWO, "--skip-refused", "--json", stdin=pins)
    assert skipped.code == 3
    assert len(skipped.json["recorded"]) == 1
    assert [each["line"] for each in skipped.json["refused"]] == [3, 4, 5]
    assert furnished.read("vial", stocked[0])["row"]["custody"] == "out"


def test_the_table_may_come_from_stdin_with_the_pins_behind_it(
    furnished: Terminal, stocked: list[str], hours: Hours
) -> None:
    hours.pass_(hours=1)
    lines = f"time;act;vial\n{hours.ago(20)};take out;{stocked[0]}\n\n{PINS['maria.s']}\n{PINS['quinn.o']}\n"
    done = furnished.run("downtime", "enter", "-", *TWO, stdin=lines)
    assert done.code == 0, done
    assert PINS["maria.s"] not in done.out + done.err


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a,b\n1,2\n", b"# only a remark\n", b"time,act,vial\n"])
def test_what_is_no_form_is_refused_without_a_fault(furnished: Terminal, content: bytes) -> None:
    path = furnished.folder / "forms.csv"
    path.write_bytes(content)
    done = furnished.run("downtime", "enter", path, *TWO)
    assert done.code in (0, 2)
    assert "fault" not in done.err
    assert furnished.run("downtime", "enter", path, "--as", "maria.s").code == 2


def test_the_template_is_a_table_that_can_be_entered(furnished: Terminal, stocked: list[str], hours: Hours) -> None:
    hours.pass_(hours=1)
    template = furnished.does("downtime", "template").out
    path = furnished.folder / "forms.csv"
    path.write_text(f"{template}{hours.ago(20)},take out,{stocked[0]},,,testing,Maria\n")
    assert furnished.run("downtime", "enter", path, "--dry-run", *TWO, "--json").json["would_record"] == 1
    for word in ("store", "unit move", "contaminated", "stability"):
        assert word in template


# Excursions


def test_a_logger_s_file_is_drawn_and_recorded(furnished: Terminal, stocked: list[str], hours: Hours) -> None:
    start = datetime.now(UTC) + timedelta(hours=1)
    log = german(furnished.folder, DOOR, start)
    hours.pass_(hours=8)
    looked = furnished.run("excursion", log, "--unit", "FRZ-1", "--limit", "-130")
    assert looked.code == 1
    assert "●" in looked.out
    assert "limit -130 degC" in looked.out
    assert "row 11 was left out" in looked.out
    assert re.search(r"^1: from .*, 25 min, worst -119.35 degC at ", looked.out, re.MULTILINE)
    assert "Nothing is recorded" in looked.err
    svg = furnished.folder / "curve.svg"
    words = ("excursion", log, "--unit", "FRZ-1", "--limit", "-130", "--record", "all", "--svg", svg)
    done = furnished.does(*words, by="maria.s")
    assert "On hold until quality lifts it: 3 vials." in done.out
    assert f"    3  Freezer 1 (FRZ-1) > slot 1: Rack 1 (FRZ-1-R1) > slot 1: Box 1.1 ({BOX})" in done.out
    ElementTree.parse(svg)
    number = furnished.read("hold", "list")[0]["number"]
    assert base64.b64decode(furnished.read("note", number)["content"]) == log.read_bytes()
    assert all("temperature" in str(furnished.read("vial", code)["alerts"]) for code in stocked)
    again = furnished.run("excursion", log, "--unit", "FRZ-1", "--limit", "-130", "--json")
    assert again.code == 0
    assert again.json["excursions"][0]["entry"] == number
    assert furnished.does("verify").code == 0


def test_a_quiet_log_is_quiet_and_a_wrong_choice_refused(furnished: Terminal, hours: Hours) -> None:
    log = german(furnished.folder, DOOR, datetime.now(UTC) - timedelta(hours=8))
    assert furnished.run("excursion", log, "--unit", "FRZ-1", "--limit", "-100").code == 0
    assert furnished.run("excursion", log, "--unit", "FRZ-1").code == 2
    assert furnished.run("excursion", log, "--unit", "FRZ-1", "--limit", "-130", "--record", "7").code == 2
    assert furnished.run("excursion", log, "--unit", "FRZ-1", "--limit", "-130", "--dates", "x").code == 2
    assert furnished.run("excursion", furnished.folder, "--unit", "FRZ-1", "--limit", "-130").code == 2


# Training, and a person's own signatures


def test_a_training_vault_says_so_with_every_command_and_on_every_document(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.cli.conftest.ORIGIN", "velar.example/lab/training")
    terminal.init()
    terminal.enrol()
    furnish(terminal)
    box = terminal.does("box", BOX)
    for done in (
        box, terminal.does("trace", "L1"), terminal.does("downtime", "print"), terminal.does("recall", "--help"),
    )[:3]:  # fmt: skip
        assert "TRAINING vault" in done.err
        assert VOID in done.out.splitlines()[0]
    assert "TRAINING vault" in terminal.does("verify").err
    assert "TRAINING vault" in terminal.does("person", "list", "--json").err
    assert terminal.does("downtime", "print").out.count(VOID) == terminal.read("downtime", "print")["pages"]


def test_a_real_vault_says_nothing_of_training(furnished: Terminal) -> None:
    for done in (furnished.does("box", BOX), furnished.does("trace", "L1"), furnished.does("verify")):
        assert "TRAINING" not in done.out + done.err


def test_a_person_sees_the_list_of_own_signatures(furnished: Terminal) -> None:
    told = furnished.does("person", "signatures", "quinn.o").out
    assert "Quinn Osei (quinn.o). Entries with your signature so far: " in told
    assert re.search(r"^\d+ +\d{4}-\d\d-\d\d .* \w+ +ProductDefined: product MSC-1", told, re.MULTILINE)
    assert len(furnished.read("person", "signatures", "quinn.o", "--limit", 2)["signatures"]) == 2
    assert furnished.run("person", "signatures").code == 2
    badge = {row["name"]: row["badge"] for row in furnished.read("person", "list")}["quinn.o"]
    scanned = furnished.run("scan", stdin=f"{badge}\n{PINS['quinn.o']}\nCMD-CANCEL\n").out.splitlines()
    assert "See them: `cryoledger person signatures quinn.o`." in scanned[1]
    assert "See them" not in scanned[0] + scanned[2]
