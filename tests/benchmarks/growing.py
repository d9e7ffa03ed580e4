"""Grows a vault in process: every entry is checked by the rulebook, signed by its person's key, and applied.

    with grown(folder, entries=10_000) as place: ...
    with filled(folder, vials=1_000_000) as place: ...

What is skipped is what a benchmark of one act at a time measures: a commit for each entry, and the signing process.
The vault is the sample clinic, whose PINs are known; what comes out passes `cryoledger verify`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryoledger.cli.sample import clinic, people, stock
from cryoledger.codes import Kind, make
from cryoledger.custody.create import end_of_day
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.record import By, record
from cryoledger.custody.station.station_folder import StationFolder
from cryoledger.custody.vault import FIRST_ENTRY, Vault
from cryoledger.database import rebuild, statements, trees
from cryoledger.database.facts import ENTRY_COLUMNS
from cryoledger.database.store import Head, Store, Transaction
from cryoledger.domain import catalogue, signing, times
from cryoledger.domain.events import lots, storage
from cryoledger.domain.facts import Draft, Inventory, Put, Signed
from cryoledger.domain.fields import Event, Placed
from cryoledger.domain.records import STATE, Person, Record, Station, Vial
from cryoledger.domain.rulebooks import CURRENT, rulebook
from cryoledger.ledger import canonical
from cryoledger.ledger.entry import TAG, uuid7
from cryoledger.ledger.keys import PrivateKey, WrappedKey, unwrap_key
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.note import Note

SIGNER = people.MARIA
STEP_MILLISECONDS = 3
COMMIT_EVERY = 2_000
VIALS_A_LOT = 800
_APPEND = f'INSERT INTO "entry" ({ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)'


class RunningClock:
    """A clock that runs as the machine's does, from another time on."""

    def __init__(self, start: datetime) -> None:
        self._offset = start - datetime.now(UTC)

    def now(self) -> datetime:
        now = datetime.now(UTC) + self._offset
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


@dataclass(frozen=True)
class Place:
    """A vault in a station's home of its own."""

    home: Path

    @property
    def location(self) -> str:
        return str(self.home / "clinic.cryoledger")

    def open(self) -> Vault:
        """The vault, with a clock that goes on a minute after its last entry, and the signer signed in."""
        os.environ["CRYOLEDGER_HOME"] = str(self.home)
        with Store.open(self.location) as store, store.reading() as reading:
            head = reading.head()
        assert head is not None
        clock = RunningClock(times.instant(head.recorded_at) + timedelta(minutes=1))
        vault = Vault.open(self.location, clock=clock, kdf=clinic.CHEAP)
        unlock(vault, SIGNER.name, SIGNER.pin)
        vault.signed_in = SIGNER.name
        return vault

    def stored_vial(self, number: int = 0) -> Vial:
        """A vial of the released lot that lies in a box."""
        with Store.open(self.location) as store, store.reading() as reading:
            rows = reading.facts.where(Vial, lot=stock.RELEASED)
        return [row for row in rows if row.custody == "stored"][number]


def base(folder: Path) -> Place:
    """The sample clinic, freshly made in a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["CRYOLEDGER_HOME"] = str(folder)
    place = Place(folder)
    now = datetime.now(UTC) + timedelta(days=clinic.STORY_DAYS - 36)
    clinic.make_clinic(place.location, lambda _text: None, now).vault.close()
    return place


def grown(folder: Path, entries: int) -> Place:
    """A clinic with so many entries: single vials taken out and put back. Made once, then copied."""
    made = folder / f"entries-{entries}"
    if not (made / "done").exists():
        place = base(made)
        with Store.open(place.location) as store:
            _Grower(store, made).routine(entries)
        (made / "done").touch()
    return _copy(made, folder / "work")


def filled(folder: Path, vials: int) -> Place:
    """A clinic with so many vials more, in lots, in boxes of 100, in racks and freezers. Made once, then copied."""
    made = folder / f"vials-{vials}"
    if not (made / "done").exists():
        place = base(made)
        with Store.open(place.location) as store:
            _Grower(store, made).stock(vials)
        (made / "done").touch()
    return _copy(made, folder / "work")


def _copy(made: Path, work: Path) -> Place:
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(made, work)
    return Place(work)


class _Grower:
    """Seals entries over an inventory in memory and the tables at once, a commit for some thousands of them."""

    def __init__(self, store: Store, home: Path) -> None:
        self._store = store
        self._book = rulebook(CURRENT)
        self._inventory = Inventory(past=self._past)
        with store.reading() as reading:
            head = reading.head()
            assert head is not None
            self._head: Head = head
            self._station = next(iter(sorted(each.name for each in reading.facts.where(Station))))
            for kind in STATE:
                self._inventory.apply([Put(row) for row in rebuild.rows(reading, kind)])
            self._vault_secret = _secret(home, reading.entry(FIRST_ENTRY).leaf_hash)  # type: ignore[union-attr]
            self._keys = {member.name: self._key(reading, member) for member in people.STAFF}
        self._transaction: Transaction | None = None
        self._recorded_at = times.instant(self._head.recorded_at)

    def routine(self, entries: int) -> None:
        """Take vials out and put them back until there are so many entries."""
        rows = [row for row in self._inventory.where(Vial, lot=stock.RELEASED) if row.custody == "stored"]
        for _ in self._batches(entries - self._head.sequence - 1, "entries"):
            row = rows[self._head.sequence // 2 % len(rows)]
            if self._inventory.get(Vial, row.code).custody == "stored":  # type: ignore[union-attr]
                self._seal(storage.VialsTakenOut(vials=(row.code,), purpose="order"))
            else:
                placed = Placed(vial=row.code, position=row.position or 0)
                self._seal(storage.VialsReturned(unit=row.unit or "", vials=(placed,)))

    def stock(self, vials: int) -> None:
        """Fill lots, and store all of them."""
        boxes = self._boxes((vials + 99) // 100)
        donation = stock.donation_codes()[0]
        codes = iter([make(stock.PREFIX, Kind.VIAL, 10_000_000 + number) for number in range(vials)])
        number, left = 0, vials
        acts: list[Event] = []
        while left > 0:
            lot, size = f"BULK-{number:05d}", min(left, VIALS_A_LOT)
            acts.append(_lot(lot, donation, self._recorded_at))
            for start in range(0, size, 800):
                part = tuple(next(codes) for _ in range(min(800, size - start)))
                acts.append(lots.LotFilled(lot=lot, vials=part))
                for first in range(0, len(part), 100):
                    placed = tuple(Placed(vial=code, position=at) for at, code in enumerate(part[first : first + 100]))
                    acts.append(storage.VialsStored(unit=boxes.pop(), vials=placed))
            number, left = number + 1, left - size
        pending = iter(acts)
        for _ in self._batches(len(acts), "acts", every=100):
            self._seal(next(pending))

    def _boxes(self, count: int) -> list[str]:
        units: list[Event] = []
        boxes: list[str] = []
        for box in range(count):
            freezer, rack = f"BF{box // 400:03d}", f"BF{box // 400:03d}-R{box // 20 % 20:02d}"
            if box % 400 == 0:
                units.append(storage.StorageUnitAdded(unit=freezer, kind="freezer", name=freezer))
            if box % 20 == 0:
                slot = f"R{box // 20 % 20:02d}"
                units.append(storage.StorageUnitAdded(unit=rack, kind="rack", name=rack, parent=freezer, slot=slot))
            boxes.append(f"{rack}-B{box % 20:02d}")
            values = {"unit": boxes[-1], "kind": "box", "name": boxes[-1], "parent": rack, "slot": f"B{box % 20:02d}"}
            units.append(catalogue.parse("StorageUnitAdded", {**values, "rows": 10, "columns": 10}))
        pending = iter(units)
        for _ in self._batches(len(units), "units"):
            self._seal(next(pending))
        return boxes[::-1]

    def _batches(self, count: int, what: str, every: int = COMMIT_EVERY) -> Iterator[None]:
        began = time.monotonic()
        for start in range(0, count, every):
            with self._store.writing() as self._transaction:
                for _ in range(min(every, count - start)):
                    yield
            if start // every % 50 == 0:
                rate = (start + every) / (time.monotonic() - began)
                print(f"    {start + every:,} of {count:,} {what} made, {rate:,.0f}/s", file=sys.stderr, flush=True)
        self._transaction = None

    def _seal(self, event: Event) -> None:
        assert self._transaction is not None
        head, name = self._head, type(event).__name__
        self._recorded_at += timedelta(milliseconds=STEP_MILLISECONDS)
        at = times.text_of(self._recorded_at)
        declaration = catalogue.of(name)
        (line,) = declaration.signing.lines
        salt = hashlib.sha256(b"%d" % head.sequence).digest()[:10]
        draft = Draft(
            epoch=head.epoch, sequence=head.sequence + 1, type=name, schema=declaration.schema, event=event,
            rules=CURRENT, id=uuid7(times.milliseconds("1970-01-01T00:00:00.000Z", at), salt), station=self._station,
            signers=(Signed(SIGNER.name, line.meaning),), occurred_at=at, recorded_at=at,
            previous_recorded_at=head.recorded_at, origin=head.origin,
        )  # fmt: skip
        self._book.check(draft, self._inventory)
        text = _text(draft, head.leaf_hash)
        signatures = [self._keys[line.name].sign(text) for line in signing.expected(draft, self._inventory)]
        note = Note(text, tuple(signatures)).encode()
        leaf = hashlib.sha256(b"\0" + note).digest()
        changes = self._book.changes(draft, self._inventory)
        driver = self._transaction.driver
        driver.execute(_APPEND, (draft.epoch, draft.sequence, draft.id, head.leaf_hash, leaf, note))
        statements.apply(driver, changes)
        trees.grow(driver, draft.epoch, draft.sequence)
        self._inventory.apply(changes)
        self._head = Head(head.epoch, draft.sequence, leaf, at, head.origin)

    def _past(self, kind: type[Record], equal: dict[str, str | int | None]) -> list[Record]:
        assert self._transaction is not None
        self._transaction.facts.forget_all()
        return self._transaction.facts.where(kind, **equal)

    def _key(self, reading: object, member: people.Member) -> PrivateKey:
        person = self._inventory.get(Person, member.name)
        assert person is not None
        stored = reading.wrapped_key(person.name, person.key_id)  # type: ignore[attr-defined]
        wrapped = WrappedKey.from_dict(json.loads(stored.wrapped))
        seed = unwrap_key(wrapped, pin=member.pin, vault_secret=self._vault_secret, origin=self._head.origin)
        return PrivateKey.from_seed(member.name, seed)


def _text(draft: Draft, previous: bytes) -> bytes:
    """As `entry_text` writes it, without its checks: the sample's words are clean."""
    line = canonical.encode(
        {
            "data": catalogue.data_of(draft.event), "id": draft.id, "occurred_at": draft.occurred_at,
            "recorded_at": draft.recorded_at, "rules": draft.rules, "schema": draft.schema,
            "signers": [{"meaning": each.meaning, "name": each.name} for each in draft.signers],
            "station": draft.station, "type": draft.type,
        }
    )  # fmt: skip
    first = f"{TAG}\n{draft.origin}\n{draft.sequence}\n{encode_base64(previous)}\n"
    return first.encode() + line + b"\n"


def _lot(lot: str, donation: str, now: datetime) -> Event:
    filled, expiry = now.date(), now.date() + timedelta(days=5 * 365)
    return lots.LotRegistered(
        lot=lot, product=stock.PRODUCT, version=1, donations=(donation,), passage=3, cells_per_vial=10_000_000,
        volume_microlitres=1_000, cryoprotectant="CryoStor CS10", filled_on=filled.isoformat(),
        expiry_on=expiry.isoformat(), expires_at=end_of_day(expiry, clinic.ZONE),
    )  # fmt: skip


def _secret(home: Path, fingerprint: bytes) -> bytes:
    os.environ["CRYOLEDGER_HOME"] = str(home)
    return StationFolder.for_vault(fingerprint).read_secret()


def take_out_and_return(vault: Vault, vial: Vial) -> tuple[Event, Event]:
    """The two routine acts that the append benchmark repeats."""
    placed = Placed(vial=vial.code, position=vial.position or 0)
    return (
        storage.VialsTakenOut(vials=(vial.code,), purpose="order"),
        storage.VialsReturned(unit=vial.unit or "", vials=(placed,)),
    )


def act(vault: Vault, event: Event) -> None:
    """One scan's act by the signed-in person."""
    record(vault, event, By(SIGNER.name))
