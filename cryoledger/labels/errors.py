"""Errors of labels and printers: what cannot be drawn, and what a printer did not take."""

from __future__ import annotations

from cryoledger.errors import CryoledgerError

__all__ = ["LabelError", "NoRoomError", "PrinterError"]


class LabelError(CryoledgerError):
    """A stock, a layout or a content from which no label can be made; nothing was printed."""


class NoRoomError(LabelError):
    """A text or a symbol that is too large for its place in the layout; another layout may have room."""


class PrinterError(LabelError):
    """A printer that is off, out of paper, silent or stopped half-way.

    `sent` is the number of labels handed over whole before the trouble: at most so many were printed.
    `confirmed` is how many of them the printer itself has reported as done: at least so many were printed.
    """

    def __init__(self, message: str, advice: str = "", *, sent: int = 0, confirmed: int = 0) -> None:
        super().__init__(message, advice)
        self.sent = sent
        self.confirmed = confirmed
