"""Makes Data Matrix, Code 128 and QR symbols, and reads them back from the final bitmap.

A symbol is trusted only once `verify` has decoded it, in its quiet zone, out of the very dots that are printed.

- `datamatrix` by zxing-cpp, always square: some readers lack the oblong sizes.
- `code128` by python-barcode, whose 0.16.1 drops a leading "99" (see `Code128`).
- `qrcode` by qrcode, error correction M.

zxing-cpp ends the whole process over a mistyped numeric option and ignores unknown ones, so no option given to
it comes from a user.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import barcode.codex
import zxingcpp
from PIL import Image

from cryoledger.codes import gs1 as gs1_codes
from cryoledger.errors import CodeError
from cryoledger.labels.errors import LabelError

__all__ = ["FORMS", "QUIET_MODULES", "Code128", "Symbol", "make_symbol", "verify"]

FORMS: Final = ("datamatrix", "code128", "qr")
# Data Matrix needs one module (ISO/IEC 16022); two, because a die-cut label is never quite where it should be.
QUIET_MODULES: Final = {"datamatrix": 2, "code128": 10, "qr": 4}
CONTENT_MAX: Final = 90
_READER: Final = {
    "datamatrix": zxingcpp.BarcodeFormat.DataMatrix,
    "code128": zxingcpp.BarcodeFormat.Code128,
    "qr": zxingcpp.BarcodeFormat.QRCode,
}
# The AIM identifier with which a scanner announces each form; with GS1 in it the second.
_IDENTIFIER: Final = {"datamatrix": ("]d1", "]d2"), "code128": ("]C0", "]C1"), "qr": ("]Q1", "]Q3")}


class Code128(barcode.codex.Code128):  # type: ignore[misc]  # python-barcode has no types
    """Code 128 in which digits at the start stay.

    python-barcode 0.16.1 starts in set C and then looks whether the first value is a change of set that it can
    save. The digits "99" have the value of such a change, and are lost: 9900123456 scans as 00123456.
    """

    def _try_to_optimize(self, encoded: list[int]) -> list[int]:
        if self.code[:2].isdigit():
            return encoded
        saved: list[int] = super()._try_to_optimize(encoded)
        return saved


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol's modules: `image` has one dot a module, without a quiet zone; `expected` is what it must read as."""

    form: str
    expected: bytes
    identifier: str
    image: Image.Image

    @property
    def modules(self) -> tuple[int, int]:
        """Width and height in modules, quiet zone included; a Code 128 has no height of its own (1)."""
        quiet = 2 * QUIET_MODULES[self.form]
        width, height = self.image.size
        return width + quiet, height if self.form == "code128" else height + quiet


def make_symbol(form: str, content: str, *, gs1: bool = False) -> Symbol:
    """Make the symbol of a content of printable ASCII.

    With `gs1` the content is an element string with its separators (ASCII 29), and becomes a GS1 Data Matrix.
    """
    if gs1:
        return _gs1_symbol(form, content)
    if not content or len(content) > CONTENT_MAX or not all(" " <= character <= "~" for character in content):
        raise LabelError(
            f"{content[:CONTENT_MAX]!r} cannot be put into a symbol.",
            f"It must be 1 to {CONTENT_MAX} printable ASCII characters.",
        )
    image = {"datamatrix": _data_matrix, "code128": _code128, "qr": _qr}[form](content)
    return Symbol(form, content.encode("ascii"), _IDENTIFIER[form][0], image)


def verify(image: Image.Image, box: tuple[int, int, int, int], symbol: Symbol) -> None:
    """Decode a symbol out of the final picture, from its quiet zone `box` (left, top, right, bottom), in dots.

    A LabelError refuses what does not read, or reads as something else.
    """
    found = zxingcpp.read_barcodes(
        image.crop(box).convert("L"), formats=zxingcpp.BarcodeFormats(_READER[symbol.form]), try_invert=False
    )
    read = [(each.bytes, each.symbology_identifier) for each in found]
    if read != [(symbol.expected, symbol.identifier)]:
        answer = " and ".join(repr(content) for content, _ in read) or "nothing"
        raise LabelError(
            f"The {symbol.form} symbol of {symbol.expected!r} reads as {answer}; nothing was printed.",
            "Report this with the code, the layout and the stock: a label that misreads must not exist.",
        )


def _gs1_symbol(form: str, content: str) -> Symbol:
    if form != "datamatrix":
        raise LabelError(f"A GS1 code is printed as a Data Matrix, not as {form}.", "Change the layout's symbol.")
    try:
        elements = gs1_codes.parse(content)
    except CodeError as error:
        raise LabelError(f"{content!r} is no GS1 element string: {error.message}", error.advice) from error
    if elements.text != content:
        raise LabelError(
            f"{content!r} would scan as {elements.text!r}.",
            "Write the separators (ASCII 29) that GS1 asks for, no others.",
        )
    try:
        image = _square(elements.human_readable, gs1=True)
    except ValueError as error:
        raise LabelError(f"{content!r} cannot be put into a GS1 symbol: {error}.", "Check the code.") from error
    return Symbol(form, elements.text.encode("ascii"), _IDENTIFIER[form][1], image)


def _data_matrix(content: str) -> Image.Image:
    return _square(content, gs1=False)


def _square(content: str, *, gs1: bool) -> Image.Image:
    options: dict[str, Any] = {"force_square": True, "gs1": True} if gs1 else {"force_square": True}
    made = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.DataMatrix, **options)
    view = memoryview(made.to_image(scale=1, add_quiet_zones=False))  # type: ignore[arg-type]  # a buffer
    rows, columns = view.shape or (0, 0)
    if rows != columns:
        raise LabelError(f"The Data Matrix of {content!r} is {columns} by {rows} modules, not square.")
    return Image.frombytes("L", (columns, rows), view.tobytes()).convert("1", dither=Image.Dither.NONE)


def _code128(content: str) -> Image.Image:
    bars = Code128(content).build()[0]
    return Image.frombytes("L", (len(bars), 1), bytes(0 if bar == "1" else 255 for bar in bars)).convert(
        "1", dither=Image.Dither.NONE
    )


def _qr(content: str) -> Image.Image:
    modules = _matrix(content)
    dots = bytes(0 if dark else 255 for row in modules for dark in row)
    return Image.frombytes("L", (len(modules), len(modules)), dots).convert("1", dither=Image.Dither.NONE)


@cache
def _qr_module() -> Any:
    import qrcode  # late: it loads more than it draws

    return qrcode


def _matrix(content: str) -> list[list[bool]]:
    library = _qr_module()
    code = library.QRCode(error_correction=library.constants.ERROR_CORRECT_M, border=0)
    code.add_data(content)
    code.make(fit=True)
    matrix: list[list[bool]] = code.get_matrix()
    return matrix
