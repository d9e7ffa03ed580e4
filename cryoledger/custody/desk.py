"""One station's scan desk: it drives the pure workflow, asks for PINs, signs and records; every front end uses it.

    desk = Desk(vault)
    answer = desk.scan("BDG-A5E1214A-Y")          # answer.ask == "pin"
    answer = desk.scan("402719")                  # the PIN is the next line, and is in no answer
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cryoledger.custody.vault import Vault
from cryoledger.domain.records import Person

Outcome = Literal["recorded", "question", "refused", "info", "broken"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one scan led to.

    `scan` is the text as scanned, "" for a PIN or a wristband; `ask` what is awaited now; `sequence` that of the
    entry recorded; `subject` the kind and code of the thing whose card is to be shown.
    """

    scan: str
    outcome: Outcome
    message: str
    ask: str
    sequence: int | None
    subject: tuple[str, str] | None = None


class Desk:
    """The desk of one station. May be used from several threads; scans are handled one at a time."""

    def __init__(self, vault: Vault, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.vault = vault
        self._monotonic = monotonic
        self.person: Person | None = None

    @property
    def task(self) -> str:
        """The word of the open task, "" for none."""
        return ""

    @property
    def hint(self) -> str:
        """One line: what can be scanned now."""
        return "Scan your badge."

    def scan(self, text: str, *, typed: bool = False) -> Answer:
        """Handle one scan, or the PIN where one was asked for."""
        return Answer(text, "refused", "Scan your badge.", "badge", None)

    def tick(self) -> Answer | None:
        """Lock the station where nothing was scanned for too long; None where it was not."""
        return None

    def close(self) -> None:
        """Lock the station."""
        self.vault.lock()
