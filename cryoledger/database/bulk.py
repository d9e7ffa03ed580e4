"""Look-ups of many codes at once, for acts that concern hundreds of thousands of things."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryoledger.database import statements
from cryoledger.database.store import Reading
from cryoledger.domain.records import Vial

__all__ = ["Taken", "count_not_stored", "stored_vials", "taken"]

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """A text that means something already; `last_entry` is that of the vial it means, where it means one."""

    kind: str
    code: str
    last_entry: int | None


def taken(reading: Reading, texts: Sequence[str]) -> dict[str, Taken]:
    """Of some texts those that a label, badge or thing in the vault has, with what each means."""
    found: dict[str, Taken] = {}
    for start in range(0, len(texts), AT_ONCE):
        some = texts[start : start + AT_ONCE]
        marks = ", ".join("?" * len(some))
        sql = (
            'SELECT s."text", s."kind", s."code", v."last_entry" FROM "scan_code" AS s '  # noqa: S608 - marks only
            'LEFT JOIN "vial" AS v ON s."kind" = \'vial\' AND v."code" = s."code" '
            f'WHERE s."text" IN ({marks})'
        )
        found.update((text, Taken(kind, code, last)) for text, kind, code, last in reading.driver.all(sql, some))
    return found


def stored_vials(reading: Reading) -> Iterator[Vial]:
    """Every vial in a position, by box and position, one at a time however many there are."""
    sql = f'{statements.of(Vial).select} WHERE "custody" = ? ORDER BY "unit", "position"'
    for row in reading.driver.each(sql, ("stored",)):
        yield Vial(*row)


def count_not_stored(reading: Reading) -> int:
    """How many vials are expected, out, missing or on their way: somewhere, and in no position."""
    final = ("stored", "administered", "consumed", "discarded")
    row = reading.driver.one('SELECT COUNT(*) FROM "vial" WHERE "custody" NOT IN (?, ?, ?, ?)', final)
    return int(row[0]) if row is not None else 0
