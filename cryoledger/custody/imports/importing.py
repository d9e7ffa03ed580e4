"""Imports on record: begun, part after part, completed; resumed where they stopped, or abandoned.

    with Plan(vault, sha256) as plan:
        for row in rows:                       # GoodRow, or (row, reason)
            plan.take(row)
        plan.judge()
        done = carry_out(vault, plan, By("maria.s", pin="402719"))

Each part is a transaction of its own, so scans pass between; a process that is killed leaves whole parts, and the
same file goes on behind the last of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Literal

from cryoledger.custody.identities.narrative import keep, read, with_document
from cryoledger.custody.imports.import_checks import Known
from cryoledger.custody.imports.import_facts import GoodRow, SizeOf
from cryoledger.custody.imports.import_parts import Cut, Part, cut, parts
from cryoledger.custody.imports.import_scratch import Scratch
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.record import By, record
from cryoledger.custody.vault import Vault, site_of
from cryoledger.database.queries import history
from cryoledger.domain import times
from cryoledger.domain.events.imports import (
    ImportAbandoned,
    ImportBegun,
    ImportCompleted,
    ImportPartRecorded,
    ImportPartWithdrawn,
)
from cryoledger.domain.facts import Facts
from cryoledger.domain.import_records import Import
from cryoledger.errors import RequestError, VaultBusyError

__all__ = ["Plan", "Progress", "abandon", "carry_out", "comments_of", "find_import"]

Progress = Callable[[int, int], None]
Reason = Literal["wrong-file", "wrong-columns", "interrupted", "other"]
# A station that waits for the database tries again every some milliseconds: it must find a moment without us.
PAUSE_SHARE = 0.1
PAUSE_SECONDS_MAX = 0.02
BUSY_SECONDS = 120


def find_import(facts: Facts, sha256: str) -> Import | None:
    """The import of a file, open or completed; None where there is none in force."""
    rows = [row for row in facts.where(Import, sha256=sha256) if row.status != "abandoned"]
    return max(rows, key=lambda row: row.number, default=None)


class Plan:
    """What a file would bring into a vault: rows as they are read, then judged together, then cut into parts.

    The vault is read as of one moment. `own` is the import of the same file: open, and resumed; or completed.
    """

    def __init__(self, vault: Vault, sha256: str) -> None:
        self.sha256 = sha256
        self.scratch = Scratch()
        self._snapshot = vault.store.reading()
        reading = self._snapshot.__enter__()
        self._zone = site_of(reading).zone
        self.own = find_import(reading.facts, sha256)
        begun = reading.recorded(self.own.number) if self.own is not None else None
        # What lay ahead when it was begun still does when it is resumed, or other parts would follow.
        now = begun.occurred_at if begun is not None else times.text_of(vault.clock.now())
        self._known = Known(reading, times.local_day(now, self._zone), self.own)
        self.rows = 0
        self.cut: Cut | None = None

    @property
    def size_of(self) -> SizeOf:
        """How large the boxes are that the vault knows."""
        return self._known.size_of

    def take(self, row: GoodRow | tuple[int, str]) -> None:
        """Take a row: sound, or rejected with its reason."""
        self.rows += 1
        if isinstance(row, GoodRow):
            self.scratch.add(row)
        else:
            self.scratch.reject(*row)

    def judge(self) -> Cut:
        """Judge the rows together and against the vault, and cut what comes in into parts."""
        self._known.judge(self.scratch)
        self.cut = cut(self.scratch, self._known, self._zone)
        self._release()
        return self.cut

    def judge_again(self) -> None:
        """Judge the rows of an import that is completed: the same are rejected, though the vault has gone on since."""
        self._known.judge_again(self.scratch)
        self._release()

    def begun(self) -> ImportBegun:
        """The event that begins this import; RuntimeError before it was judged."""
        if self.cut is None:
            raise RuntimeError("the rows were not judged")
        return ImportBegun(
            sha256=self.sha256,
            plan_sha256=self.cut.plan_sha256,
            rows=self.rows,
            vial_count=self.cut.vials,
            parts=self.cut.parts,
        )

    @property
    def vials(self) -> int:
        """How many vials would come in."""
        return self.cut.vials if self.cut is not None else 0

    def rejected(self) -> Iterator[tuple[int, str]]:
        """Rows that do not come in, each with its reason, in the file's order."""
        return self.scratch.rejected()

    def held(self) -> int:
        """How many vials come in on hold."""
        return int(self.scratch.one("SELECT count(*) FROM good WHERE held = 1")[0])

    def _release(self) -> None:
        if self._snapshot is not None:
            self._snapshot.__exit__(None, None, None)
            self._snapshot = None  # type: ignore[assignment]

    def __enter__(self) -> Plan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()
        self.scratch.close()


@dataclass(frozen=True, slots=True)
class Carried:
    """An import as carried out: its number, the vials that came in now, and how many parts an earlier try had done."""

    number: int
    vials: int
    resumed_after: int


def carry_out(vault: Vault, plan: Plan, by: By, progress: Progress | None = None) -> Carried:
    """Record a plan, from its beginning or from where it stopped.

    RequestError where the vault or the map changed since it was begun, so that other parts would follow; Refusal as
    from `record`. Whatever stops it, the parts recorded so far stay, and nothing of them can be used.
    """
    planned = plan.cut
    if planned is None or not planned.parts:
        raise RuntimeError("there is nothing to import, or it was not judged")
    with _signing(vault, by):
        number, done = _begin(vault, plan, planned, by)
        vials = 0
        for part in parts(plan.scratch, done):
            started = time.monotonic()
            _patiently(partial(_record_part, vault, number, part, by.name))
            vials += part.vials
            if progress is not None:
                progress(plan.vials if part.number == planned.parts else vials, plan.vials)
            time.sleep(min(PAUSE_SHARE * (time.monotonic() - started), PAUSE_SECONDS_MAX))
        record(vault, ImportCompleted(number=number), by)
    return Carried(number, vials, done)


def _patiently(act: Callable[[], object]) -> None:
    """Do what others may go before: a part that found the vault busy, and so was not recorded, waits its turn."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            act()
        except VaultBusyError:
            if time.monotonic() >= until:
                raise
            time.sleep(PAUSE_SECONDS_MAX)
        else:
            return


@contextmanager
def _signing(vault: Vault, by: By) -> Iterator[None]:
    """One PIN opens the key for all parts of one act, and the key is locked again behind them."""
    before, vault.signed_in = vault.signed_in, by.name
    try:
        yield
    finally:
        vault.signed_in = before
        if before != by.name:
            vault.keyring.lock(by.name)


def _begin(vault: Vault, plan: Plan, planned: Cut, by: By) -> tuple[int, int]:
    """The import's number, and how many of its parts are done."""
    own = plan.own
    if own is None:
        return record(vault, plan.begun(), by).number, 0
    if own.status != "open" or own.abandoned is not None:
        raise RequestError(f"Import {own.number} of this file is over.", "Finish abandoning it first.")
    if own.plan_sha256 != planned.plan_sha256:
        raise RequestError(
            f"Import {own.number} of this file was begun with another map or program, or the vault has changed since.",
            "Repeat it as it was begun; or abandon it with --abandon, and import the file again.",
        )
    unlock(vault, by.name, by.pin or "")
    return own.number, own.done


def _record_part(vault: Vault, number: int, part: Part, name: str) -> None:
    event = ImportPartRecorded.model_validate({**part.payload, "number": number})
    if not part.comments:
        record(vault, event, By(name))
        return
    kept = keep(vault, part.comments, ("import", str(number)))
    record(vault, with_document(event, kept), By(name), also=kept.write)


def abandon(vault: Vault, own: Import, reason: Reason, by: By, progress: Progress | None = None) -> None:
    """Give up an import that is not completed: all that it brought leaves the inventory, the last part first."""
    with _signing(vault, by):
        if own.abandoned is None:
            record(vault, ImportAbandoned(number=own.number, reason=reason), by)
        else:
            unlock(vault, by.name, by.pin or "")
        for part in range(own.done, 0, -1):
            event = ImportPartWithdrawn(number=own.number, part=part)
            _patiently(partial(record, vault, event, By(by.name)))
            if progress is not None:
                progress(own.done - part + 1, own.done)


def comments_of(vault: Vault, vial: str) -> list[str]:
    """What the imported file said beside a vial, from the documents of the parts that brought it."""
    with vault.store.reading() as reading:
        events = [entry.event for entry in history(reading, "vial", vial)]
    found: list[str] = []
    for event in events:
        content = (
            read(vault, event.document)
            if isinstance(event, ImportPartRecorded) and event.document is not None
            else None
        )
        found += [str(each["comment"]) for each in json.loads(content or b"[]") if each["vial"] == vial]
    return found
