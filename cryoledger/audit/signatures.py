"""Signatures that are verified while the replay goes on: handed out in batches, and their outcome awaited.

Fails closed: whatever is not plainly reported good is verified again here, and judged by that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryoledger.ledger.note import Signature
from cryoledger.ledger.signature_batch import SignatureJob

__all__ = ["Outcome", "SignaturePass", "SignatureWorkers"]

Outcome = Callable[[], tuple[int, list[int]]]

BATCH = 256


class SignatureWorkers(Protocol):
    """Other processes that verify signatures (`ledger.signature_batch.failing`)."""

    waiting_most: int  # how many batches may be under way, which bounds the memory they take

    def start(self, batch: Sequence[SignatureJob]) -> Outcome:
        """Hand a batch out; what is returned waits for how many were tried and which failed, and may raise."""


@dataclass(frozen=True, slots=True)
class _Handed:
    """A batch under way: its outcome, and for each signature what verifies it here."""

    outcome: Outcome
    again: list[Callable[[], object]]


class SignaturePass:
    """Collects signatures into batches; every one of them is judged when `finish` returns."""

    def __init__(self, workers: SignatureWorkers) -> None:
        self._workers = workers
        self._jobs: list[SignatureJob] = []
        self._again: list[Callable[[], object]] = []
        self._handed: deque[_Handed] = deque()

    def add(self, verifier_key: str, text: bytes, signature: Signature, again: Callable[[], object]) -> None:
        """Have a signature verified; `again` verifies it here, and says what is wrong with it."""
        self._jobs.append((verifier_key, text, signature.name, signature.key_id, signature.signature))
        self._again.append(again)
        if len(self._jobs) >= BATCH:
            self._hand_out()

    def finish(self) -> None:
        """Wait for every outcome."""
        if self._jobs:
            self._hand_out()
        while self._handed:
            self._judge(self._handed.popleft())

    def _hand_out(self) -> None:
        jobs, again = self._jobs, self._again
        self._jobs, self._again = [], []
        try:
            self._handed.append(_Handed(self._workers.start(jobs), again))
        except Exception:  # noqa: BLE001 - workers that are gone verify nothing: it is done here
            _all(again)
        while len(self._handed) > self._workers.waiting_most:
            self._judge(self._handed.popleft())

    def _judge(self, handed: _Handed) -> None:
        try:
            tried, bad = handed.outcome()
            wrong = tried != len(handed.again) or any(not 0 <= index < tried for index in bad)
        except Exception:  # noqa: BLE001 - as above
            bad, wrong = [], True
        _all(handed.again if wrong else [handed.again[index] for index in bad])


def _all(acts: Sequence[Callable[[], object]]) -> None:
    for act in acts:
        act()
