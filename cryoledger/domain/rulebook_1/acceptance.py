"""How far an accepted deviation goes: over what two persons looked at, and no further.

Who accepts that a limit was passed looks at what happened until then. From there the product's own limit counts anew;
what passes it again is another deviation, with signatures of its own:

- out of storage: the time that the vial had been out when it was accepted, and the product's allowed time once more;
- post-thaw window: the lateness when it was accepted, and the product's window once more;
- dose amount: one preparation, the first that goes over a line of the order. The line then reaches as far as that dose
  took it, so that its bedside check and those of the doses beside it stand;
- test limit: results that were recorded before (`lots.none_failed`).
"""

from __future__ import annotations

from cryoledger.domain.facts import Facts, State
from cryoledger.domain.records import Deviation, OrderLine
from cryoledger.domain.row import altered

OUT_OF_STORAGE, WINDOW, AMOUNT, TEST = "out-of-storage", "post-thaw-window", "dose-amount", "test-limit"


def deviations(facts: Facts, kind: str, code: str, limit: str) -> list[Deviation]:
    """What two persons accepted of one thing and one limit, in the order of the entries."""
    found = [row for row in facts.where(Deviation, kind=kind, code=code) if row.limit_name == limit]
    return sorted(found, key=lambda row: row.number)


def reach(facts: Facts, kind: str, code: str, limit: str, line: int | None = None) -> int:
    """How far what was accepted of a thing goes, in the limit's own unit (`Deviation.reach`); 0 where nothing was."""
    rows = deviations(facts, kind, code, limit)
    return max((row.reach for row in rows if row.reach is not None and row.line == line), default=0)


def amount_accepted(facts: Facts, line: OrderLine, cells: int) -> bool:
    """Whether a line of an order may come to so many cells: within it, accepted so far, or by a deviation not used."""
    return _within(facts, line, cells) or _unused(facts, line) is not None


def use_amount(state: State, line: OrderLine, cells: int) -> None:
    """Let a line that comes to so many cells use up one deviation, where it goes over what was accepted so far."""
    row = None if _within(state, line, cells) else _unused(state, line)
    if row is not None:
        state.put(altered(row, reach=cells, line=line.line))


def _within(facts: Facts, line: OrderLine, cells: int) -> bool:
    return cells <= max(line.cells_max, reach(facts, "order", line.order_code, AMOUNT, line.line))


def _unused(facts: Facts, line: OrderLine) -> Deviation | None:
    rows = deviations(facts, "order", line.order_code, AMOUNT)
    return next((row for row in rows if row.reach is None), None)
