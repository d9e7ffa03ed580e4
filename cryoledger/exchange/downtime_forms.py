"""The paper forms of a downtime as a table: one act a line, in the columns of the printed form.

    time,act,vial,unit,position,reason,who
    2026-11-22 10:41,take out,BKV000001W,,,testing,Maria Silva

Columns may stand in any order, under any of the words in `HEADS`; a line that starts with # is a remark.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from cryoledger.custody.paper_acts import ACTS, PaperAct, word_of
from cryoledger.domain import times
from cryoledger.errors import CryoledgerError, RequestError
from cryoledger.exchange.column_map import ColumnMap
from cryoledger.exchange.logger_time import Moment, order_of, read_moment
from cryoledger.exchange.tables import open_table
from cryoledger.exchange.temperature_log import text_of

__all__ = ["Forms", "read_forms", "template"]

HEADS: Final = {
    "time": ("time", "date and time", "when", "zeit", "uhrzeit", "datum", "date"),
    "act": ("act", "action", "what", "vorgang", "was"),
    "vial": ("vial", "code", "thing", "vial or unit", "probe", "röhrchen"),
    "unit": ("unit", "box", "to", "into", "nach"),
    "position": ("position", "slot", "pos", "pos.", "platz"),
    "reason": ("reason", "purpose", "why", "grund"),
    "who": ("who", "by", "person", "wer"),
}
_NEEDED: Final = ("time", "act", "vial")


@dataclass(frozen=True, slots=True)
class Forms:
    """The acts of a file, and the lines that cannot be read at all, each with the reason."""

    acts: tuple[PaperAct, ...]
    unread: tuple[tuple[int, str], ...] = field(default=())


def template() -> str:
    """An empty table with a remark for each column and each act."""
    remarks = [
        "# One act a line, in the order of time or not. Lines that start with # are remarks.",
        "# time: 2026-11-22 10:41, at the site. who: as on the paper; it stays in the kept file.",
        "# unit and position: where it went; a position's own code (BOX-1/A5) may stand in either.",
        "# For boxes and racks: the column vial names what is carried; unit and position the unit and the slot.",
        *(f"# {word}: {kind.help}{_reasons(kind.event, kind.reason)}" for word, kind in ACTS.items()),
    ]
    return "\n".join([*(remark.replace(",", ";") for remark in remarks), ",".join(HEADS)]) + "\n"


def _reasons(event: str, reason: str) -> str:
    from cryoledger.domain import catalogue

    if not reason:
        return ""
    schema = catalogue.schema_of(catalogue.of(event))["properties"][reason]
    return f" (reason: {' | '.join(map(str, schema.get('enum', ())))})"


def read_forms(content: bytes, zone: str, now: int, day: str | None = None) -> Forms:
    """The acts of a file's bytes; `day` (a date) holds for times that have none. RequestError where it is no table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "the file")
        path.write_bytes(_without_remarks(content))
        rows = [(number, cells) for number, cells in open_table(path, ColumnMap()).rows() if _says(cells)]
    if not rows:
        raise RequestError("The file has no lines.", "Start from `cryoledger downtime template`.")
    heads, rows = _heads(rows[0][1]), rows[1:]
    cells = [(number, {name: _cell(row, at) for name, at in heads.items()}) for number, row in rows]
    moments = [_moment(told["time"], day) for _, told in cells]
    order, _ = order_of(moments, None, now)
    acts: list[PaperAct] = []
    unread: list[tuple[int, str]] = []
    for (number, told), moment in zip(cells, moments, strict=True):
        try:
            at = moment.instant(order, ZoneInfo(zone)) if moment is not None else None
            if at is None:
                raise RequestError(f"{told['time'][:30]!r} is no time.", "Write it as 2026-11-22 10:41.")
            acts.append(_act(number, text_of(at), told))
        except CryoledgerError as error:
            unread.append((number, str(error)))
    return Forms(tuple(acts), tuple(unread))


def _act(number: int, occurred_at: str, told: dict[str, str]) -> PaperAct:
    return PaperAct(
        line=number,
        occurred_at=occurred_at,
        act=word_of(told["act"]),
        vial=told["vial"],
        unit=told.get("unit", ""),
        position=told.get("position", ""),
        reason=told.get("reason", ""),
    )


def _says(cells: list[str]) -> bool:
    return any(cell.strip() for cell in cells) and not cells[0].lstrip().startswith("#")


def _without_remarks(content: bytes) -> bytes:
    """The lines that count, each still in its place: a remark has no columns, and would hide the delimiter."""
    if b"\x00" in content:
        return content  # a workbook, or UTF-16
    return b"\n".join(b"" if line.lstrip().startswith(b"#") else line for line in content.splitlines())


def _heads(row: list[str]) -> dict[str, int]:
    words = [cell.strip().casefold() for cell in row]
    found = {name: at for name, names in HEADS.items() for at, word in enumerate(words) if word in names}
    lacking = [name for name in _NEEDED if name not in found]
    if lacking:
        raise RequestError(
            f"The file has no column {lacking[0]!r}.",
            "Start from `cryoledger downtime template`, and keep its headings.",
        )
    return found


def _cell(row: list[str], at: int) -> str:
    return row[at].strip() if at < len(row) else ""


def _moment(text: str, day: str | None) -> Moment | None:
    moment = read_moment(text)
    if moment is not None or day is None:
        return moment
    return read_moment(f"{times.day(day).isoformat()} {text}")
