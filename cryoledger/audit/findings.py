"""What a verification says: findings, each naming its place, and the report that sums them up."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Finding", "Findings", "Report", "Scope", "Severity"]

Severity = Literal["broken", "open"]
Scope = Literal["whole", "hashes", "since"]
"""What was asked of a ledger: everything, its hashes alone, or what came after a head that witnesses saw."""

# One torn table may differ in every row: what is listed stays readable and bounded, the rest is counted.
LISTED_MOST = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (`broken`) or waits for somebody (`open`: listed and counted, no failure).

    `epoch` and `sequence` name the entry, `table` and `row` the row by its key; each None where there is none.
    """

    check: str
    severity: Severity
    epoch: int | None = None
    sequence: int | None = None
    table: str | None = None
    row: str | None = None
    expected: str | None = None
    found: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict: `ok` where nothing is broken, what that covers, what was not run, how many entries were read.

    `ok` says no more than `scope` asks.
    """

    ok: bool
    covers: tuple[str, ...]
    not_run: tuple[str, ...]
    entries: int
    findings: tuple[Finding, ...]
    scope: Scope = "whole"

    @property
    def first_bad(self) -> Finding | None:
        """The broken finding that stands first in the ledger, else in the tables."""
        return next((finding for finding in self.findings if finding.severity == "broken"), None)

    def to_dict(self) -> dict[str, Any]:
        """The report as `verify --json` writes it."""
        return {
            "ok": self.ok,
            "scope": self.scope,
            "covers": list(self.covers),
            "not_run": list(self.not_run),
            "entries": self.entries,
            "findings": [asdict(finding) for finding in self.findings],
        }


class Findings:
    """Findings as they are made; at most `LISTED_MOST` of a kind are kept, the others counted."""

    def __init__(self) -> None:
        self._kept: list[tuple[int, Finding]] = []
        self._turn = 0
        self._counts: Counter[tuple[str, Severity, str | None]] = Counter()
        self.broken = False

    def turn(self) -> int:
        """The present place in the order of findings, for one that is known only later."""
        self._turn += 1
        return self._turn

    def add(self, finding: Finding, turn: int | None = None) -> None:
        """Keep or count a finding; `turn` puts it where it would have stood."""
        kind = (finding.check, finding.severity, finding.table)
        self._counts[kind] += 1
        self.broken |= finding.severity == "broken"
        if self._counts[kind] <= LISTED_MOST:
            self._kept.append((turn or self.turn(), finding))

    def listed(self) -> tuple[Finding, ...]:
        """All that were kept: those of entries in the order of the ledger, then those of tables, then the counts."""
        kept = [each for _, each in sorted(self._kept, key=lambda kept: (*_place(kept[1]), kept[0]))]
        rest = [
            Finding(check, severity, table=table, message=f"{count - LISTED_MOST} more findings of this kind.")
            for (check, severity, table), count in self._counts.items()
            if count > LISTED_MOST
        ]
        return (*kept, *rest)


def _place(finding: Finding) -> tuple[bool, int, int]:
    if finding.epoch is None or finding.sequence is None:
        return True, 0, 0
    return False, finding.epoch, finding.sequence
