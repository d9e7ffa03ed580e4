"""Writes labels to a file: .pdf, .zpl, .png or .svg, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cryoledger import whole_file
from cryoledger.labels.bitmap import to_png, to_svg
from cryoledger.labels.errors import LabelError
from cryoledger.labels.pdf import to_pdf
from cryoledger.labels.render import Label
from cryoledger.labels.stock import Stock
from cryoledger.labels.zpl import to_zpl

__all__ = ["SUFFIXES", "write_labels"]

SUFFIXES: Final = (".pdf", ".png", ".svg", ".zpl")


def write_labels(labels: Sequence[Label], stock: Stock, path: Path, *, start: int = 1) -> tuple[Path, ...]:
    """Write labels in the form that the file's name ends with; return the files.

    A file that is there is replaced. PDF and ZPL hold all labels. A PNG or SVG holds one; with more, `name.png` becomes
    `name-001.png` and so on.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise LabelError(f"{path.name!r} does not end with {', '.join(SUFFIXES)}.", "Choose one of these endings.")
    if not labels:
        raise LabelError("There is no label to write.")
    if suffix == ".pdf":
        return (_write(path, to_pdf(labels, stock, start=start)),)
    if suffix == ".zpl":
        return (_write(path, b"".join(to_zpl(label, stock) for label in labels)),)
    draw: Callable[[Label], bytes] = _png if suffix == ".png" else _svg
    if len(labels) == 1:
        return (_write(path, draw(labels[0])),)
    return tuple(
        _write(path.with_name(f"{path.stem}-{number:03d}{path.suffix}"), draw(label))
        for number, label in enumerate(labels, start=1)
    )


def _png(label: Label) -> bytes:
    return to_png(label.bitmap)


def _svg(label: Label) -> bytes:
    return to_svg(label.bitmap).encode()


def _write(path: Path, content: bytes) -> Path:
    try:
        whole_file.write(path, content, replace=True)
    except OSError as error:
        raise LabelError(f"{path} cannot be written ({error.strerror}).", "Check the folder and its space.") from error
    return path
