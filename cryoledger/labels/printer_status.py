"""Reads the answers of a ZPL printer to `~HS` and `~HI` (host status and identification, ZPL II Programming Guide).

The status is three lines, each between STX and ETX, of numbers with commas. Read here, by line and place from 0:

    0: 1 paper out, 2 paused, 4 formats waiting, 5 buffer full, 9 memory lost, 10 too cold, 11 too hot
    1: 2 head open, 3 ribbon out, 8 labels still to print of the present batch
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["IDENTITY_REQUEST", "STATUS_REQUEST", "Identity", "Status", "read_identity", "read_status"]

STATUS_REQUEST: Final = b"~HS\r\n"
IDENTITY_REQUEST: Final = b"~HI\r\n"
_LINE: Final = re.compile(rb"\x02([0-9,]+)\x03")
_FIELDS_MIN: Final = (12, 9)
_IDENTITY: Final = re.compile(rb"\x02([ -+\--~]{1,60}),[ -+\--~]{0,40},(6|8|12|24),[^\x03]{0,60}\x03")
_DPI_OF: Final = {6: 152, 8: 203, 12: 300, 24: 600}


@dataclass(frozen=True, slots=True)
class Identity:
    """What a printer says that it is, and the resolution of its head."""

    model: str
    dpi: int


@dataclass(frozen=True, slots=True)
class Status:
    """What a printer says of itself; `under_way` counts labels received and not yet printed."""

    paper_out: bool = False
    ribbon_out: bool = False
    head_open: bool = False
    paused: bool = False
    memory_lost: bool = False
    too_hot: bool = False
    under_way: int = 0

    @property
    def trouble(self) -> str:
        """Why it cannot print now, to follow "The printer"; empty if it can."""
        for is_so, words in (
            (self.paper_out, "is out of labels"),
            (self.ribbon_out, "is out of ribbon"),
            (self.head_open, "has its head open"),
            (self.memory_lost, "has lost its memory's contents"),
            (self.too_hot, "is too hot"),
            (self.paused, "is paused"),
        ):
            if is_so:
                return words
        return ""

    @property
    def advice(self) -> str:
        """What to do about the trouble."""
        if self.paper_out or self.ribbon_out:
            return "Load it, close the head, press feed until it is ready."
        if self.head_open:
            return "Close the head."
        return "Look at its display; switch it off and on if nothing else helps." if self.trouble else ""


def read_identity(answer: bytes) -> Identity | None:
    """Read the answer to `~HI` (model, version, dots a millimetre, memory); None where there is none."""
    found = _IDENTITY.search(answer)
    return Identity(found[1].decode("ascii"), _DPI_OF[int(found[2])]) if found else None


def read_status(answer: bytes) -> Status | None:
    """Read an answer; None while its three lines are not all there, or are not of this form."""
    lines = [line.split(b",") for line in _LINE.findall(answer)]
    if len(lines) < 3 or any(len(line) < least for line, least in zip(lines, _FIELDS_MIN, strict=False)):
        return None
    first, second = lines[0], lines[1]

    def flag(line: list[bytes], place: int) -> bool:
        return line[place].strip(b"0") != b""

    return Status(
        paper_out=flag(first, 1),
        paused=flag(first, 2),
        memory_lost=flag(first, 9),
        too_hot=flag(first, 11),
        head_open=flag(second, 2),
        ribbon_out=flag(second, 3),
        under_way=int(first[4] or 0) + int(second[8] or 0),
    )
