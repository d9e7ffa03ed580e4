"""`vault copy`: a vault moves to another database, and only one of the two can be used on.

    copied = copy("lab.cryoledger", "postgresql+psycopg://station@server/lab")

The ledger is copied byte for byte and replayed; the copy is verified whole, and compared with the old vault row for
row. While that lasts nobody records: the old vault is held as a writer holds it. Its mark `left` and the end of that
hold are one commit; the copy opens only after it. Stopped anywhere, the same command goes on or starts anew.

What cannot be prevented: whoever has an older file copy or backup of the old vault can use it, for it bears no mark.
A station that saw entries of both notices the fork by its remembered head.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryoledger import audit
from cryoledger.audit.draft import draft_of
from cryoledger.audit.progress import Progress
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.vault import clock_of
from cryoledger.database import migrate, transfer
from cryoledger.database.facts import Stored, recorded_of
from cryoledger.database.location import Location
from cryoledger.database.relocation import Mark, mark
from cryoledger.database.store import Store, Transaction
from cryoledger.database.transfer import Filling
from cryoledger.domain import times
from cryoledger.domain.facts import Inventory, Put, Recorded
from cryoledger.domain.records import STATE
from cryoledger.domain.rulebooks import rulebook
from cryoledger.errors import RequestError, VaultDamagedError, VaultError, VaultUnreachableError
from cryoledger.ledger.canonical import format_time

__all__ = ["Copied", "copy"]

VERIFY_FIRST = "Run `cryoledger verify` on the old vault, which stays as it is and in use."


@dataclass(frozen=True, slots=True)
class Copied:
    """A finished copy: from where, to where, how many entries, and the last one's leaf hash."""

    source: str
    target: str
    entries: int
    head: bytes


def copy(source: str, target: str, *, progress: Progress | None = None) -> Copied:
    """Move a vault into a new file or an empty database; VaultError, and no change, where that cannot be done whole.

    `progress(done, total)` is called now and then while the copy is verified.
    """
    old, new = Location.parse(source), Location.parse(target)
    if old == new:
        raise RequestError("That is the vault's own place.", "Name a new file, or an empty database.")
    here, there = transfer.mark_of(old), transfer.mark_of(new)
    if there is not None and (there.direction, there.place) == ("arriving", str(old)):
        if here is not None and (here.direction, here.place) == ("left", str(new)):
            return _finish(old, new)
        migrate.remove(new)  # an earlier try that did not get to the end
    with Store.open(old, busy_seconds=60) as store:
        since = times.text_of(clock_of(store).now())
        transfer.prepare(new, Mark("arriving", str(old), since))
        try:
            _fill_and_mark(store, new, since, progress)
        except VaultUnreachableError as error:
            if not error.unknown:
                migrate.remove(new)
            raise
        except BaseException:
            migrate.remove(new)
            raise
    return _finish(old, new)


def _fill_and_mark(store: Store, new: Location, since: str, progress: Progress | None) -> None:
    with store.writing() as transaction:  # nobody records meanwhile
        transfer.unhurried(transaction)
        with transfer.filling(new) as filled:
            for name, columns, rows in transfer.local_rows(transaction):
                filled.local(name, columns, rows)
            _replay(transaction, filled)
        _judge(verify_at(str(new), progress=progress))
        if differing := transfer.differences(transaction, new):
            raise VaultDamagedError(
                f"The copy differs from the old vault in {', '.join(differing)}; it was taken away.", VERIFY_FIRST
            )
        mark(transaction.driver, Mark("left", str(new), since))


def _replay(transaction: Transaction, filled: Filling) -> None:
    """Carry out every entry again; journals go to the copy as they are written, the inventory at the end."""

    def earlier(number: int) -> Recorded | None:
        stored = transaction.entry(number) if number >= 0 else None
        return recorded_of(stored) if stored is not None else None

    inventory = Inventory(past=filled.past, entry=earlier)
    previous: str | None = None
    for stored in transaction.entries():
        previous = _carry_out(stored, previous, inventory, filled)
    for record in STATE:
        for row in inventory.rows(record):
            filled.row(row)


def _carry_out(stored: Stored, previous: str | None, inventory: Inventory, filled: Filling) -> str:
    """Copy one entry and what it changes; when it was recorded."""
    entry = stored.parse()
    if Stored.of(stored.epoch, entry) != stored:
        raise VaultDamagedError("An entry's columns do not say what its note says; nothing was copied.", VERIFY_FIRST)
    draft = draft_of(entry, stored.epoch, previous)
    changes = rulebook(draft.rules).changes(draft, inventory)
    filled.entry(stored)
    for change in changes:
        if isinstance(change, Put) and change.row.journal:
            filled.row(change.row)
    inventory.apply(changes)
    return format_time(entry.envelope.recorded_at)


def _judge(report: audit.Report) -> None:
    if report.ok:
        return
    bad = report.first_bad
    raise VaultDamagedError(
        f"The copy does not verify{f' ({bad.message})' if bad is not None else ''}; it was taken away.", VERIFY_FIRST
    )


def _finish(old: Location, new: Location) -> Copied:
    """The old vault is marked: let the copy be the vault."""
    transfer.release(new)
    with Store.open(new) as store, store.reading() as reading:
        head = reading.head()
        count = sum(1 for _ in reading.entries())
    if head is None:
        raise VaultError(f"The copy {new} has no entries.", VERIFY_FIRST)
    return Copied(str(old), str(new), count, head.leaf_hash)
