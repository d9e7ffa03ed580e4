"""A report as PDF: A4 upright, in the fonts of `fonts`. The same report and fonts give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from cryoledger.documents.fonts import BOLD, FONT, covered, footnotes, runs, width, write
from cryoledger.documents.pages import Table, Words
from cryoledger.documents.pictures import qr_modules
from cryoledger.documents.report import (
    Figures,
    Heading,
    Pairs,
    Part,
    Report,
    Step,
    Steps,
    Symbol,
    Tone,
    Tree,
    Verdict,
    title_of,
    tone_of,
)
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

__all__ = ["report_pdf"]

WIDTH, HEIGHT = 595.28, 841.89
_LEFT, _TOP, _BOTTOM = 42.0, 62.0, 54.0
_ROOM: Final = WIDTH - 2 * _LEFT
_INK, _MUTED, _LINE, _ACCENT, _BAND = "#16202c", "#5a6675", "#d4dae1", "#0f5d73", "#f3f6f8"
_TONES: Final[dict[Tone, tuple[str, str]]] = {
    "good": ("#17693f", "#e7f4ec"),
    "bad": ("#a3231b", "#fcebe9"),
    "open": ("#7d5200", "#fff3d9"),
    "plain": (_MUTED, "#eef1f4"),
}
_SYMBOL_SIDE: Final = 170.0
# A row goes on one page: what could make it taller than that is cut. The JSON has all of it.
_LETTERS_MOST, _MARKS_MOST = 1200, 10


def report_pdf(report: Report) -> bytes:
    """The PDF of a report; RequestError where reportlab is not installed."""
    try:
        from reportlab import rl_config
        from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate
    except ImportError:
        raise RequestError(
            "PDF needs the package reportlab, which is not installed here.",
            "Install it (`pip install reportlab`), or name a file that ends with .json or .txt.",
        ) from None
    rl_config.useA85 = 0
    covered()
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1,
        title=f"{report.title}: {report.subject} - {report.stamp.origin}", author="cryoledger", creator="cryoledger",
    )  # fmt: skip
    body = Frame(
        _LEFT, _BOTTOM, _ROOM, HEIGHT - _TOP - _BOTTOM, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0
    )
    document.addPageTemplates(PageTemplate(frames=[body], onPage=lambda canvas, _: _ground(canvas, report)))
    with footnotes():
        parts = [flowable for part in report.parts for flowable in _part(part)]
        document.build([_title(report), *parts], canvasmaker=_numbering(report))
    return buffer.getvalue()


def _numbering(report: Report) -> Any:
    """A canvas that holds its pages back until it is known how many there are, and writes that on each."""
    from reportlab.pdfgen.canvas import Canvas

    class Numbering(Canvas):  # type: ignore[misc]
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self.held: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self.held.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            held = self.held
            for number, page in enumerate(held, start=1):
                self.__dict__.update(page)
                _frame(self, report, number, len(held))
                super().showPage()
            super().save()

    return Numbering


# Every page


def _frame(canvas: Any, report: Report, number: int, count: int) -> None:
    """What stands on every sheet: whose it is, the ledger's fingerprint, the page of how many."""
    canvas.saveState()
    canvas.setFillColor(_ACCENT)
    canvas.rect(0, HEIGHT - 7, WIDTH, 7, stroke=0, fill=1)
    _line(canvas, _LEFT, HEIGHT - 36, f"{report.title} · {report.subject}", 8, colour=_ACCENT, bold=True)
    _line(canvas, WIDTH - _LEFT, HEIGHT - 36, report.stamp.origin, 8, right=True)
    canvas.setStrokeColor(_LINE)
    canvas.setLineWidth(0.6)
    canvas.line(_LEFT, HEIGHT - 43, WIDTH - _LEFT, HEIGHT - 43)
    canvas.line(_LEFT, 42, WIDTH - _LEFT, 42)
    _line(canvas, _LEFT, 31, f"Fingerprint {report.stamp.fingerprint}", 6.6)
    head = f"As of entry {report.stamp.head}, leaf hash {report.stamp.head_hash}"
    _line(canvas, _LEFT, 21, head, 6.6)
    _line(canvas, WIDTH - _LEFT, 31, f"Page {number} of {count}", 8, colour=_INK, bold=True, right=True)
    with footnotes() as notes:
        told = notes.footnote()
        wide = width(canvas, told, 6)
        _line(canvas, _LEFT, 11, told, max(2.5, 6 * min(1.0, _ROOM / wide)) if wide else 6)
    _line(canvas, WIDTH - _LEFT, 21, f"made {report.stamp.printed}", 6.6, right=True)
    canvas.restoreState()


def _ground(canvas: Any, report: Report) -> None:
    """What lies under all else: in training, that the sheet is void."""
    if report.stamp.void:
        _void(canvas, report.stamp.void)


def _void(canvas: Any, text: str) -> None:
    canvas.saveState()
    canvas.setFillGray(0.93)
    canvas.translate(WIDTH / 2, HEIGHT / 2)
    canvas.rotate(52)
    canvas.setFont(BOLD, 210)
    canvas.drawCentredString(0, -70, "VOID")
    canvas.restoreState()
    _line(canvas, WIDTH / 2 - canvas.stringWidth(text, BOLD, 8) / 2, HEIGHT - 20, text, 8, colour="#a3231b", bold=True)


def _line(
    canvas: Any, x: float, y: float, text: str, size: float, *, colour: str = _MUTED, bold: bool = False,
    right: bool = False,
) -> None:  # fmt: skip
    """One line on the canvas, in whatever fonts its letters need."""
    canvas.setFillColor(colour)
    write(canvas, x - width(canvas, text, size, bold=bold) if right else x, y, text, size, bold=bold)


# Parts


def _part(part: Part) -> list[Flowable]:
    match part:
        case Heading():
            return _heading(part)
        case Verdict():
            return _verdict(part)
        case Pairs():
            return [_pairs(part), _gap(8)]
        case Figures():
            return [_figures(part), _gap(8)]
        case Tree():
            return [_tree(part), _gap(6)]
        case Steps():
            return [_steps(part.steps) if part.steps else _say("None.", 8.5, _MUTED), _gap(8)]
        case Symbol():
            return [_symbol(part), _gap(6)]
        case Words():
            return [*(_say(line, 8.5) if line else _gap(5) for line in part.lines), _gap(6)]
        case Table():
            return [_listing(part) if part.rows else _say("None.", 8.5, _MUTED), _gap(8)]


def _title(report: Report) -> Flowable:
    rows = [[_say(report.title, 21, _INK, bold=True)], [_say(report.subject, 13, _ACCENT, bold=True)]]
    return _grid(rows, [_ROOM], [("BOTTOMPADDING", (0, 0), (-1, -1), 5), ("BOTTOMPADDING", (0, 1), (-1, 1), 12)])


def _heading(part: Heading) -> list[Flowable]:
    from reportlab.platypus import CondPageBreak

    note: list[Flowable] = [_gap(2), _say(part.note, 7.8, _MUTED)] if part.note else []
    return [_gap(7), CondPageBreak(90), _say(part.title, 12.5, _ACCENT, bold=True), *note, _gap(6)]


def _verdict(part: Verdict) -> list[Flowable]:
    strong, pale = _TONES[part.tone]
    rows = [[_say(part.sentence, 11, strong, bold=True)], *([_say(line, 7.8)] for line in part.lines)]
    style = [
        ("BACKGROUND", (0, 0), (-1, -1), pale),
        ("LINEBEFORE", (0, 0), (0, -1), 4, strong),
        ("LEFTPADDING", (0, 0), (-1, -1), 12),
        ("RIGHTPADDING", (0, 0), (-1, -1), 10),
        ("TOPPADDING", (0, 0), (-1, 0), 9),
        ("BOTTOMPADDING", (0, -1), (-1, -1), 9),
        ("BOTTOMPADDING", (0, 0), (-1, 0), 5),
    ]
    return [_grid(rows, [_ROOM], style), _gap(8)]


def _pairs(part: Pairs) -> Flowable:
    rows = [[_say(name, 8, _MUTED), _say(value, 8)] for name, value in part.rows]
    return _grid(rows, [_ROOM * 0.22, _ROOM * 0.78], [("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE), *_padded(3)])


def _figures(part: Figures) -> Flowable:
    """Counts as tiles, four in a row."""
    tiles = [_tile(*cell) for cell in part.cells]
    rows = [tiles[at : at + 4] for at in range(0, len(tiles), 4)]
    rows[-1] += [""] * (4 - len(rows[-1]))
    return _grid(rows, [_ROOM / 4] * 4, [("RIGHTPADDING", (0, 0), (-1, -1), 6), ("BOTTOMPADDING", (0, 0), (-1, -1), 6)])


def _tile(count: int, what: str, tone: Tone) -> Flowable:
    strong, pale = _TONES[tone if count else "plain"]
    rows = [[_say(str(count), 17, strong, bold=True)], [_say(what, 7.6)]]
    style = [
        ("BACKGROUND", (0, 0), (-1, -1), pale),
        ("LINEABOVE", (0, 0), (-1, 0), 2, strong),
        ("LEFTPADDING", (0, 0), (-1, -1), 8),
        ("TOPPADDING", (0, 0), (-1, 0), 6),
        ("BOTTOMPADDING", (0, -1), (-1, -1), 8),
    ]
    return _grid(rows, [_ROOM / 4 - 6], style)


def _tree(part: Tree) -> Flowable:
    rows, style = [], [("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE), *_padded(3)]
    for at, (depth, name, known, asked) in enumerate(part.rows):
        rows.append([_say(name, 8.2, _ACCENT if asked else _INK, bold=True, indent=11 * min(depth, 9)), _say(known, 8)])
        if asked:
            style += [("BACKGROUND", (0, at), (-1, at), _BAND), ("LINEBEFORE", (0, at), (0, at), 3, _ACCENT)]
    return _grid(rows, [_ROOM * 0.44, _ROOM * 0.56], style)


def _steps(steps: Iterable[Step]) -> Flowable:
    """When, what, and who signed with which meaning: a row an entry, its marks under it in colour."""
    rows: list[list[Any]] = [[_say(head, 7.6, _MUTED, bold=True) for head in ("when, entry", "what", "signed by")]]
    style = [("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE), ("LINEBELOW", (0, 0), (-1, 0), 1, _ACCENT), *_padded(4)]
    for at, step in enumerate(steps, start=1):
        rows.append([_when(step), _what(step), _signed(step)])
        tones = {tone_of(mark) for mark in step.told.marks}
        worst: Tone | None = next((tone for tone in ("bad", "open") if tone in tones), None)
        if worst is not None:
            strong, pale = _TONES[worst]
            style += [("LINEBEFORE", (0, at), (0, at), 3, strong), ("BACKGROUND", (0, at), (-1, at), pale)]
    return _grid(rows, [_ROOM * 0.19, _ROOM * 0.46, _ROOM * 0.35], style, heads=1)


def _when(step: Step) -> Flowable:
    day, clock, offset = (*step.told.occurred_local.split(" ", 3), "", "")[:3]
    return _runs_of(
        [
            (day, 8, _INK, True),
            (f"{clock} {offset}", 7.6, _INK, False),
            (f"entry {step.told.entry}", 7.2, _MUTED, False),
        ]
    )


def _what(step: Step) -> Flowable:
    lines: list[tuple[str, float, str, bool]] = [(title_of(step.told.type), 8.4, _INK, True)]
    lines += [(step.told.details, 7.8, _INK, False)] if step.told.details else []
    lines += [(step.concerns, 7.2, _MUTED, False)] if step.concerns else []
    lines += [(mark, 7.4, _TONES[tone_of(mark)][0], True) for mark in step.told.marks[:_MARKS_MOST]]
    rest = len(step.told.marks) - _MARKS_MOST
    lines += [(f"and {rest} more", 7.4, _MUTED, False)] if rest > 0 else []
    return _runs_of(lines)


def _signed(step: Step) -> Flowable:
    """21 CFR 11.50: printed name, date and time with zone, meaning."""
    lines: list[tuple[str, float, str, bool]] = []
    for line in step.told.signatures:
        local = line.local.split(" (", 1)[0]
        lines += [
            (line.who, 7.8, _INK, True),
            (f"{line.meaning} · {local}", 7.2, _MUTED, False),
        ]
    return _runs_of(lines)


def _listing(table: Table) -> Flowable:
    total = sum(table.weights)
    rows = [[_say(head, 7.6, _MUTED, bold=True) for head in table.heads]]
    rows += [[_say(cell, 7.8) for cell in row] for row in table.rows]
    style = [("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE), ("LINEBELOW", (0, 0), (-1, 0), 1, _ACCENT), *_padded(3)]
    return _grid(rows, [_ROOM * weight / total for weight in table.weights], style, heads=1)


def _symbol(part: Symbol) -> Flowable:
    from reportlab.graphics.shapes import Drawing, Path
    from reportlab.lib.colors import black

    modules = qr_modules(part.content)
    step, drawing, path = _SYMBOL_SIDE / len(modules), Drawing(_SYMBOL_SIDE, _SYMBOL_SIDE), Path(fillColor=black)
    path.strokeColor = None
    for row, cells in enumerate(modules):
        for column, dark in enumerate(cells):
            if dark:
                x, y = column * step, _SYMBOL_SIDE - (row + 1) * step
                path.moveTo(x, y)
                for corner in ((x + step, y), (x + step, y + step), (x, y + step)):
                    path.lineTo(*corner)
                path.closePath()
    drawing.add(path)
    words = _runs_of([(line or " ", 7.2, _INK, False) for line in part.lines])
    return _grid([[drawing, words]], [_SYMBOL_SIDE + 16, _ROOM - _SYMBOL_SIDE - 16], [])


# Pieces


def _grid(rows: list[list[Any]], widths: list[float], style: list[tuple[Any, ...]], *, heads: int = 0) -> Flowable:
    from reportlab.platypus import LongTable, TableStyle

    plain: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
    return LongTable(rows, colWidths=widths, style=TableStyle([*plain, *style]), repeatRows=heads)


def _padded(points: float) -> list[tuple[Any, ...]]:
    return [
        ("TOPPADDING", (0, 0), (-1, -1), points),
        ("BOTTOMPADDING", (0, 0), (-1, -1), points + 1),
        ("LEFTPADDING", (0, 0), (-1, -1), 7),
        ("RIGHTPADDING", (0, 0), (-1, -1), 5),
    ]


def _gap(points: float) -> Flowable:
    from reportlab.platypus import Spacer

    return Spacer(1, points)


def _say(text: str, size: float, colour: str = _INK, *, bold: bool = False, indent: float = 0) -> Flowable:
    return _runs_of([(text, size, colour, bold)], indent=indent)


def _runs_of(lines: list[tuple[str, float, str, bool]], *, indent: float = 0) -> Flowable:
    """A paragraph of lines, each with its size, colour and weight."""
    from reportlab.platypus import Paragraph

    largest = max((size for _, size, _, _ in lines), default=8.0)
    told = [
        f'<font size="{size}" color="{colour}">{_marked(text, bold=bold)}</font>' for text, size, colour, bold in lines
    ]
    return Paragraph("<br/>".join(told), _style(largest, indent))


@lru_cache(maxsize=256)
def _style(size: float, indent: float) -> Any:
    from reportlab.lib.styles import ParagraphStyle

    return ParagraphStyle("said", fontName=FONT, fontSize=size, leading=size * 1.32, leftIndent=indent)


def _marked(text: str, *, bold: bool) -> str:
    if len(text) > _LETTERS_MOST:
        text = f"{text[:_LETTERS_MOST]}..."
    return "".join(f'<font name="{font}">{escape(run)}</font>' for font, run in runs(text, bold=bold))
