"""QR codes of signed notes, for paper: drawn as a picture or a page, and read back from a photograph or a scan.

    png = qr_png(note)
    read_symbol(png, "sheet.png") == note

A note goes in byte for byte, in the QR code's byte mode.
"""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING, Any, Final

from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["picture_page", "qr_modules", "qr_pdf", "qr_png", "read_symbol"]

QR_BYTES_MAX: Final = 2331  # version 40 with error correction M, byte mode (ISO/IEC 18004)
_MODULE_DOTS: Final = 6
_QUIET: Final = 4
_PIXELS_MAX: Final = 60_000_000
_A4: Final = (595.28, 841.89)
_MARGIN: Final = 48.0
_LINE_CHARACTERS: Final = 84


def read_symbol(content: bytes, name: str) -> bytes:
    """What the one QR code in a picture says; RequestError where there is none, or more than one."""
    import zxingcpp
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > _PIXELS_MAX:
                raise RequestError(f"The picture {name} is too big.", "Scan it at 300 dots an inch.")
            grey = image.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise RequestError(f"{name} is no picture that can be read.", "Take it as PNG or JPEG.") from None
    found = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    said = {bytes(each.bytes) for each in found}
    if len(said) != 1:
        what = "no QR code" if not said else f"{len(said)} different QR codes"
        raise RequestError(f"The picture {name} shows {what}.", "Take it again: flat, sharp, and one code only.")
    return said.pop()


def qr_png(content: bytes, lines: tuple[str, ...] = ()) -> bytes:
    """A picture of the QR code with some lines of text under it."""
    from PIL import Image, ImageDraw, ImageFont

    code = _image(content)
    font: Any = ImageFont.load_default(20)
    wrapped = _wrapped(lines, max(40, code.width // 12))
    page = Image.new("L", (max(code.width, 560), code.height + 28 * len(wrapped) + 24), 255)
    page.paste(code, ((page.width - code.width) // 2, 0))
    draw = ImageDraw.Draw(page)
    for at, line in enumerate(wrapped):
        draw.text((16, code.height + 28 * at), line, fill=0, font=font)
    buffer = io.BytesIO()
    page.save(buffer, "PNG", dpi=(150, 150))
    return buffer.getvalue()


def qr_pdf(content: bytes, title: str, lines: tuple[str, ...]) -> bytes:
    """An A4 page with the QR code, a title and lines of text."""
    try:
        from reportlab import rl_config
        from reportlab.pdfgen.canvas import Canvas
    except ImportError:
        raise RequestError(
            "PDF needs the package reportlab, which is not installed here.",
            "Install it (`pip install reportlab`), or name a file that ends with .png or .txt.",
        ) from None
    rl_config.useA85 = 0
    buffer = io.BytesIO()
    canvas: Any = Canvas(buffer, pagesize=_A4, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    canvas.setCreator("cryoledger")
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(_MARGIN, _A4[1] - _MARGIN - 12, title)
    side = 300.0
    top = _A4[1] - _MARGIN - 30
    _draw(canvas, qr_modules(content), _MARGIN, top - side, side)
    canvas.setFont("Courier", 9)
    y = top - side - 24
    for line in _wrapped(lines, _LINE_CHARACTERS):
        canvas.drawString(_MARGIN, y, line)
        y -= 12
    canvas.save()
    return buffer.getvalue()


def picture_page(content: bytes, suffix: str, title: str, lines: tuple[str, ...]) -> bytes:
    """What a file with this suffix holds: .png, .pdf, or the lines and the note as text for any other."""
    if suffix.lower() == ".png":
        return qr_png(content, (title, *lines))
    if suffix.lower() == ".pdf":
        return qr_pdf(content, title, lines)
    return "\n".join((title, "", *lines, "")).encode()


def qr_modules(content: bytes) -> list[list[bool]]:
    """The modules of a QR code of some bytes, row by row; RequestError where they do not fit."""
    if len(content) > QR_BYTES_MAX:
        raise RequestError(
            f"{len(content)} bytes do not fit a QR code; {QR_BYTES_MAX} do.", "Carry it in a file, on a USB stick."
        )
    import qrcode

    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(qrcode.util.QRData(content, mode=qrcode.util.MODE_8BIT_BYTE), optimize=0)
    code.make(fit=True)
    matrix: list[list[bool]] = code.get_matrix()
    return matrix


def _image(content: bytes) -> Image.Image:
    from PIL import Image

    modules = qr_modules(content)
    dots = bytes(0 if dark else 255 for row in modules for dark in row)
    code = Image.frombytes("L", (len(modules), len(modules)), dots)
    code = code.resize((code.width * _MODULE_DOTS, code.height * _MODULE_DOTS), Image.Resampling.NEAREST)
    edge = _QUIET * _MODULE_DOTS
    page = Image.new("L", (code.width + 2 * edge, code.height + 2 * edge), 255)
    page.paste(code, (edge, edge))
    return page


def _draw(canvas: Any, modules: list[list[bool]], left: float, low: float, side: float) -> None:
    """All dark modules as one path: separate rectangles leave seams that do not read."""
    step = side / len(modules)
    path = canvas.beginPath()
    for row, cells in enumerate(modules):
        for column, dark in enumerate(cells):
            if dark:
                path.rect(left + column * step, low + side - (row + 1) * step, step, step)
    canvas.drawPath(path, stroke=0, fill=1)


def _wrapped(lines: tuple[str, ...], width: int) -> list[str]:
    return [part for line in lines for part in (textwrap.wrap(line, width, break_on_hyphens=False) or [""])]
