"""Letters beyond the shipped fonts: in a font of the machine, else by their code points, never left out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cryoledger.documents import fonts
from cryoledger.documents.fonts import BOLD, FONT, OTHER, footnotes, runs
from cryoledger.documents.pages import Document, Page, Stamp, Words
from cryoledger.documents.pages_pdf import to_pdf
from cryoledger.documents.report import Report
from cryoledger.documents.report_pdf import report_pdf

ARMENIAN = "Արամ"  # in DejaVu Sans of Debian's fonts-dejavu-core, in none of the shipped fonts
DEJAVU = Path("/usr/share/fonts/truetype/dejavu")
STAMP = Stamp("o.example/x", "f", "h", "hash", "2026-11-28", "")
needs_dejavu = pytest.mark.skipif(not (DEJAVU / "DejaVuSans.ttf").exists(), reason="fonts-dejavu-core is not here")

VOID = """
import sys
from cryoledger.documents.pages import Document, Page, Stamp, Words
from cryoledger.documents.pages_pdf import to_pdf
stamp = Stamp("o.example/x", "f", "h", "hash", "2026-11-28", "TRAINING")
sys.stdout.buffer.write(to_pdf(Document("t", stamp, (Page("t", (Words(("x",)),)),))))
"""


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with no font of its own."""
    monkeypatch.setattr(fonts, "FOLDERS", ())
    monkeypatch.delenv(fonts.VARIABLE, raising=False)
    fonts._files.cache_clear()
    fonts._having.cache_clear()


def printed(pdf: bytes, folder: Path) -> str:
    """What other people's reader finds in a PDF."""
    (folder / "x.pdf").write_bytes(pdf)
    return subprocess.run(["pdftotext", folder / "x.pdf", "-"], capture_output=True, text=True, check=True).stdout


def page(text: str) -> bytes:
    return to_pdf(Document("t", STAMP, (Page("t", (Words((text,)),)),)))


def report(text: str) -> bytes:
    return report_pdf(Report("Report", text, STAMP, (Words((text,)),)))


def test_the_first_page_of_a_process_may_be_void() -> None:
    """VOID across a page of a training vault is the first text that is drawn."""
    made = subprocess.run([sys.executable, "-c", VOID], capture_output=True, check=True).stdout
    assert made.startswith(b"%PDF")


def test_shipped_fonts_come_first() -> None:
    assert runs("Maria", bold=False) == [(FONT, "Maria")]
    assert runs("Maria", bold=True) == [(BOLD, "Maria")]
    assert {font for font, _ in runs("Ελένη", bold=False)} <= {FONT, OTHER}


@needs_dejavu
@pytest.mark.usefixtures("without")
def test_a_font_of_a_named_folder_draws_what_the_shipped_ones_lack(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(fonts.VARIABLE, str(DEJAVU))
    with footnotes() as notes:
        found = runs(f"By {ARMENIAN}", bold=False)
        pdf = page(f"By {ARMENIAN}")
    assert [run for _, run in found] == ["By ", ARMENIAN]
    assert "DejaVuSans" in found[1][0]
    assert notes.sentence() == ""
    assert ARMENIAN in printed(pdf, tmp_path)
    assert pdf.count(b"/FontFile2") > 1


@pytest.mark.usefixtures("without")
def test_letters_that_no_font_has_stand_in_a_footnote_and_are_told(tmp_path: Path) -> None:
    name = "สมชาย"
    points = " ".join(f"U+{ord(letter):04X}" for letter in name)
    for made in (page, report):
        with footnotes() as notes:
            told = printed(made(f"By {name}, {name}"), tmp_path)
        assert f"By {fonts.MARK}1, {fonts.MARK}1" in told
        assert f"{fonts.MARK}1 {points}" in told
        assert "?" not in told
        assert points in notes.sentence()


def test_scripts_that_join_or_run_from_the_right_are_not_drawn_wrongly() -> None:
    for name in ("محمد", "דוד", "अनिल"):
        with footnotes() as notes:
            runs(name, bold=False)
        assert notes.numbers == {name: 1}


@pytest.mark.usefixtures("without")
def test_a_broken_file_among_the_fonts_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    monkeypatch.setenv(fonts.VARIABLE, str(tmp_path))
    with footnotes() as notes:
        runs(ARMENIAN, bold=False)
    assert notes.numbers == {ARMENIAN: 1}
