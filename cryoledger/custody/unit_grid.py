"""Sizes as people type them: a box's positions, and a freezer with all its racks and boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from cryoledger.errors import RequestError

__all__ = ["UNITS_MAX", "grid_of", "inside", "size_of"]

UNITS_MAX: Final = 400
"""So many racks and boxes are set up in one go, the freezer aside."""


def size_of(text: str) -> tuple[int, int]:
    """ROWSxCOLUMNS, such as 9x9; RequestError for anything else."""
    rows, cross, columns = text.lower().partition("x")
    if not (cross and rows.isdecimal() and columns.isdecimal() and len(text) < 8):
        raise RequestError(f"{text[:40]!r} is not a size of rows and columns.", "Write it as 9x9.")
    return int(rows), int(columns)


def grid_of(text: str) -> tuple[int, int, int, int]:
    """RACKSxBOXESxROWSxCOLUMNS, such as 4x5x9x9; RequestError for anything else, and for more than go in one."""
    parts = text.lower().split("x")
    if len(parts) != 4 or not all(part.isdecimal() and len(part) < 4 and int(part) for part in parts):
        raise RequestError(f"{text[:40]!r} is no grid.", "Write racks x boxes x rows x columns: 4x5x9x9.")
    racks, boxes, rows, columns = map(int, parts)
    count = racks * (boxes + 1)
    if count > UNITS_MAX:
        raise RequestError(f"That are {count} units; at most {UNITS_MAX} go in one.", "Make a smaller grid.")
    return racks, boxes, rows, columns


def inside(freezer: str, grid: str, scheme: str, codes: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """The racks and boxes of a freezer, as StorageUnitAdded says them; without `codes` theirs follow its own."""
    racks, boxes, rows, columns = grid_of(grid)
    fresh = iter(codes)
    for rack in range(1, racks + 1):
        rack_code = next(fresh, f"{freezer}-R{rack}")
        yield {"unit": rack_code, "kind": "rack", "name": f"Rack {rack}", "parent": freezer, "slot": str(rack)}
        for box in range(1, boxes + 1):
            yield {
                "unit": next(fresh, f"{rack_code}-B{box}"), "kind": "box", "name": f"Box {rack}.{box}",
                "parent": rack_code, "slot": str(box), "rows": rows, "columns": columns, "scheme": scheme,
            }  # fmt: skip
