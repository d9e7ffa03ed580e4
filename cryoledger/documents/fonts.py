"""The fonts of a PDF: those that come with what we install, then the machine's own; a footnote for what none has.

    with footnotes() as notes:
        for font, run in runs("Somchai", bold=False): ...       # reportlab's names of fonts, registered
    notes.sentence()                                            # "" where every letter was drawn

A letter that no font has is never left out: `¤1` stands for it, and the footnote tells its code points. So are scripts
whose letters join or run from the right, which would be drawn wrongly here. Further folders of fonts are named by the
variable CRYOLEDGER_FONTS, as PATH names folders of programs.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

__all__ = ["BOLD", "FONT", "OTHER", "VARIABLE", "Footnotes", "covered", "footnotes", "runs", "width", "write"]

FONT, BOLD, OTHER = "cryoledger", "cryoledger-bold", "cryoledger-other"
VARIABLE: Final = "CRYOLEDGER_FONTS"
MARK: Final = "¤"
FOLDERS: Final = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/Library/Fonts",
    "/System/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
FILES_MOST, BYTES_MOST = 300, 60_000_000
# Scripts whose letters change their shape or place beside each other; Thai and Lao marks lie right by their own width.
_SHAPED: Final = ((0x0590, 0x0DFF), (0x0F00, 0x109F), (0x1780, 0x18AF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFF))


@dataclass(slots=True)
class Footnotes:
    """What could not be drawn, in the order of its first place, each with its number."""

    numbers: dict[str, int] = field(default_factory=dict)

    def mark(self, letters: str) -> str:
        """What stands in the text for letters that no font has."""
        return f"{MARK}{self.numbers.setdefault(letters, len(self.numbers) + 1)}"

    def lines(self) -> tuple[str, ...]:
        """The footnotes: mark and code points."""
        return tuple(
            f"{MARK}{number} {' '.join(f'U+{ord(letter):04X}' for letter in letters)}"
            for letters, number in self.numbers.items()
        )

    def footnote(self) -> str:
        """One line for the foot of a page; "" where nothing is missing."""
        return f"Letters that no font here can draw: {'; '.join(self.lines())}" if self.numbers else ""

    def sentence(self) -> str:
        """What a person is told who had the PDF made; "" where nothing is missing."""
        if not self.numbers:
            return ""
        return (
            f"No font of this machine can draw some letters; their code points stand at the foot of the page: "
            f"{'; '.join(self.lines())}. Install a TrueType font that has them, or name its folder in {VARIABLE}."
        )


_ACTIVE: ContextVar[Footnotes | None] = ContextVar("footnotes", default=None)


@contextmanager
def footnotes() -> Iterator[Footnotes]:
    """Gather what cannot be drawn within; an outer gathering goes on."""
    outer = _ACTIVE.get()
    if outer is not None:
        yield outer
        return
    token = _ACTIVE.set(Footnotes())
    try:
        made = _ACTIVE.get()
        assert made is not None
        yield made
    finally:
        _ACTIVE.reset(token)


def runs(text: str, *, bold: bool) -> list[tuple[str, str]]:
    """A text in pieces of one font each."""
    drawn, wanted = covered(), BOLD if bold else FONT
    if all(ord(letter) in drawn[wanted] for letter in text):
        return [(wanted, text)]

    def font_of(letter: str) -> str:
        if _drawn_wrongly(letter):
            return ""
        return next((font for font in (wanted, OTHER) if ord(letter) in drawn[font]), "") or _of_the_machine(letter)

    found = []
    notes = _ACTIVE.get() or Footnotes()
    for font, letters in groupby(text, font_of):
        run = "".join(letters)
        found.append((font, run) if font else (wanted, notes.mark(run)))
    return found


def width(canvas: Canvas, text: str, size: float, *, bold: bool = False) -> float:
    """How wide a line of text is, in points, in whatever fonts its letters need."""
    return float(sum(canvas.stringWidth(run, font, size) for font, run in runs(text, bold=bold)))


def write(canvas: Canvas, x: float, y: float, text: str, size: float, *, bold: bool = False) -> None:
    """One line of text from x on, in those fonts."""
    for font, run in runs(text, bold=bold):
        canvas.setFont(font, size)
        canvas.drawString(x, y, run)
        x += canvas.stringWidth(run, font, size)


@cache
def covered() -> dict[str, frozenset[int]]:
    """The fonts that come with what we install, registered once, and what each can draw."""
    import barcode
    import reportlab

    vera = Path(reportlab.__file__).parent / "fonts"
    files = {
        FONT: vera / "Vera.ttf",
        BOLD: vera / "VeraBd.ttf",
        OTHER: Path(barcode.__file__).parent / "fonts" / "DejaVuSansMono.ttf",
    }
    return {name: _registered(name, path) for name, path in files.items()}


def _registered(name: str, path: Path) -> frozenset[int]:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    font = TTFont(name, str(path))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


# Fonts of the machine: looked for once a letter asks for one


def _of_the_machine(letter: str) -> str:
    """The name of the first font of the machine that has a letter; "" where none has."""
    return _having(ord(letter), os.environ.get(VARIABLE, ""))


def _drawn_wrongly(letter: str) -> bool:
    """Whether a letter joins its neighbours, runs from the right or cannot be seen: a font's picture is not enough."""
    shaped = any(first <= ord(letter) <= last for first, last in _SHAPED)
    return shaped or unicodedata.bidirectional(letter) in ("R", "AL") or not letter.isprintable()


@cache
def _having(point: int, named: str) -> str:
    for path in _files(named):
        if point in _points_of(path):
            name = f"machine-{path}"
            _registered(name, path)
            return name
    return ""


@cache
def _points_of(path: Path) -> frozenset[int]:
    """What a font can draw; nothing where it is none that can be put into a PDF here, whatever is wrong with it."""
    from reportlab.pdfbase.ttfonts import TTFontFace

    try:
        return frozenset(TTFontFace(str(path)).charToGlyph)
    except Exception:  # noqa: BLE001 - a broken or foreign file among the machine's fonts must not stop a report
        return frozenset()


@cache
def _files(named: str) -> tuple[Path, ...]:
    """Font files: those of named folders first, upright ones of even width before others, else by name."""
    found: list[Path] = []
    for folder in (*filter(None, named.split(os.pathsep)), *FOLDERS):
        inside: list[Path] = []
        for place, _, names in os.walk(Path(folder).expanduser()):
            inside += [Path(place) / name for name in names if name.lower().endswith((".ttf", ".ttc"))]
        found += sorted(inside, key=_rank)
    return tuple(path for path in found[:FILES_MOST] if _small(path))


def _rank(path: Path) -> tuple[int, str]:
    name = path.stem.lower()
    slanted = sum(word in name for word in ("bold", "italic", "oblique", "light", "condensed", "mono", "serif"))
    return slanted, str(path)


def _small(path: Path) -> bool:
    try:
        return path.stat().st_size <= BYTES_MOST
    except OSError:
        return False
