"""An open vault at a station: the store, this station's files and keys, the clock, who is unlocked.

`Vault.open` notices a vault that went back behind what this station saw. Acts are recorded through
`cryoledger.custody.record`, and nowhere else.
"""

from __future__ import annotations

import platform
import re
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from cryoledger.custody.clock import Clock, ServerClock, SystemClock
from cryoledger.custody.keys.keyring import Keyring
from cryoledger.custody.keys.subject_keys import SubjectKeys
from cryoledger.custody.station.remembered_head import RememberedHead
from cryoledger.custody.station.set_back import check_head, check_pending, forked, unreconciled_text
from cryoledger.custody.station.station_folder import StationFolder
from cryoledger.database.store import Head, Reading, Store, Stored
from cryoledger.domain import numbers
from cryoledger.domain.identity_records import Identity
from cryoledger.domain.records import Person, ScanCode, Site, Station
from cryoledger.errors import CryoledgerError, RequestError, StationError, VaultDamagedError

if TYPE_CHECKING:
    from cryoledger.ledger.keys import KdfParameters

FIRST_ENTRY = numbers.number_of(1, 0)


class Vault:
    """One vault, open at one station.

    `kdf` is what new PINs are wrapped with; `clock_confirmed` says that a person compared a clock that leapt;
    `batch` are those whose PINs, given once, hold for every act of a batch that they sign as a whole.
    """

    def __init__(
        self,
        store: Store,
        folder: StationFolder,
        fingerprint: bytes,
        *,
        clock: Clock | None = None,
        keyring: Keyring | None = None,
        kdf: KdfParameters | None = None,
    ) -> None:
        self.store = store
        self.folder = folder
        self.fingerprint = fingerprint
        self.clock = clock or clock_of(store)
        self.keyring = keyring or Keyring()
        self.kdf = kdf
        self.clock_confirmed = False
        self.warning = ""
        self.signed_in: str | None = None
        self.batch: frozenset[str] = frozenset()
        self._station: str | None = None
        self._subjects: SubjectKeys | None = None
        self._head_folder = folder.head
        self._unsigned = False

    @classmethod
    def open(
        cls, location: str, *, clock: Clock | None = None, kdf: KdfParameters | None = None, remembered: bool = True
    ) -> Vault:
        """The vault at a path or URL; VaultDamagedError where it does not continue what this station saw."""
        store = Store.open(location)
        try:
            with store.reading() as reading:
                first = reading.entry(FIRST_ENTRY)
                if first is None:
                    raise VaultDamagedError(
                        f"The vault {location} has no first entry: its creation was not finished.",
                        "Remove the file and run `cryoledger init` again.",
                    )
                folder = StationFolder.for_vault(first.leaf_hash)
                if remembered:
                    check_head(reading, folder.head.read())
                    check_pending(reading)
                warning = unreconciled_text(reading)
            if remembered:
                # What answers after a break may be another server, which lacks the last commits.
                store.when_reconnected(lambda reading: check_head(reading, folder.head.read()))
            vault = cls(store, folder, first.leaf_hash, clock=clock, kdf=kdf)
            vault.warning = warning
            return vault
        except BaseException:
            store.close()
            raise

    @property
    def station(self) -> str:
        """This station's name; its key is loaded with the first question."""
        if self._station is None or self._station not in self.keyring.unlocked():
            name, seed = self.folder.read_station()
            with self.store.reading() as reading:
                row = reading.facts.get(Station, name)
            if row is None or row.status != "active":
                raise StationError(
                    f"The station {name} is not enrolled in this vault, or is retired.",
                    "An administrator enrols it with `cryoledger station join`.",
                )
            self.keyring.load_station(name, seed)
            self._station = name
        return self._station

    def act_as(self, name: str, seed: bytes) -> None:
        """Sign as a station that is about to enrol itself."""
        self.keyring.load_station(name, seed)
        self._station = name

    def now_in(self, reading: Reading) -> datetime:
        """The present, for an entry of this transaction: of the server, unless another clock was given."""
        return self.clock.of(reading.server_milliseconds()) if isinstance(self.clock, ServerClock) else self.clock.now()

    @property
    def secret(self) -> bytes:
        """The vault secret, read from the station's own file each time."""
        return self.folder.read_secret()

    def site(self) -> Site:
        """What the ledger says of the site as a whole."""
        with self.store.reading() as reading:
            return site_of(reading)

    def subjects(self) -> SubjectKeys:
        """The keys of donors and patients that this station holds."""
        if self._subjects is None:
            keys = SubjectKeys(self.folder.path, self.secret, self.origin())
            with self.store.reading() as reading:
                gone = [(row.kind, row.code) for row in reading.facts.where(Identity) if row.forgotten is not None]
            if gone:
                keys.destroy(gone)  # another station forgot them, or a run here that was killed
            self._subjects = keys
        return self._subjects

    def origin(self) -> str:
        """The ledger's origin as it was created: keys stay wrapped under it through every epoch."""
        with self.store.reading() as reading:
            return first_of(reading).parse().origin

    def remember(self, stored: Stored, origin: str) -> None:
        """Keep the entry just committed as the last that this station saw.

        The entry is recorded whether or not the folder can be written; `warning` then says so.
        """
        self._unsigned = True
        head = RememberedHead(origin, stored.epoch, stored.sequence, stored.leaf_hash)
        try:
            standing = self._head_folder.remember(head)
        except StationError as error:
            self.warning = str(error)
            return
        if standing.place == head.place and standing.leaf_hash != head.leaf_hash:
            raise forked(standing)
        if standing.place > head.place:  # of another program at this station, unless a copy of the vault is in use
            with self.store.reading() as reading:
                check_head(reading, standing)

    def lock(self) -> None:
        """Forget every unlocked key, sign a checkpoint over what was recorded, put the remembered head on the disk."""
        self.keyring.lock()
        self.signed_in, self.batch = None, frozenset()
        self._sign_checkpoint()
        if self._head_folder.read() is not None:
            self._head_folder.sync()

    def _sign_checkpoint(self) -> None:
        """The session's work is done; where no checkpoint can be signed, `warning` says so."""
        if not self._unsigned:
            return
        from cryoledger.custody.proof import checkpoints

        self._unsigned = False
        try:
            checkpoints.sign(self)
        except CryoledgerError as error:
            self.warning = f"No checkpoint was signed: {error}"

    def close(self) -> None:
        """Lock, and let go of the vault."""
        try:
            self.lock()
        finally:
            self._head_folder.close()
            self.store.close()

    def __enter__(self) -> Vault:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def clock_of(store: Store) -> Clock:
    """The clock that dates a vault's entries: its server's, or this machine's where the vault is a file."""
    if store.location.path is not None:
        return SystemClock()

    def ask() -> int:
        with store.reading() as reading:
            return reading.server_milliseconds() or 0

    return ServerClock(ask)


def site_of(reading: Reading) -> Site:
    """The site's row."""
    site = reading.facts.get(Site, "site")
    if site is None:
        raise VaultDamagedError("The vault has no site row.", "Run `cryoledger verify`, and restore a backup.")
    return site


def first_of(reading: Reading) -> Stored:
    """The entry that created the vault."""
    first = reading.entry(FIRST_ENTRY)
    if first is None:
        raise VaultDamagedError("The vault has no first entry.", "Restore a backup.")
    return first


def head_of(reading: Reading) -> Head:
    """The last entry of a vault that has one."""
    head = reading.head()
    if head is None:
        raise VaultDamagedError("The vault has no entries.", "Restore a backup.")
    return head


def person_by(reading: Reading, who: str) -> Person:
    """A person by signer's name or badge; RequestError where there is none."""
    person = reading.facts.get(Person, who)
    if person is None:
        code = reading.facts.get(ScanCode, who)
        person = reading.facts.get(Person, code.code) if code is not None and code.kind == "person" else None
    if person is None:
        raise RequestError(f"Nobody is enrolled as {who!r}.", "See `cryoledger person list`.")
    return person


def default_station_name() -> str:
    """A station's name made from this machine's."""
    text = re.sub(r"[^a-z0-9._-]+", "-", platform.node().lower()).strip("-._")[:32]
    return text or "station-1"


def sheet_path(location: str) -> Path:
    """Where the recovery sheet of a new vault is written: beside its file, or in the working folder."""
    if "://" in location:
        return Path.cwd() / "cryoledger-recovery-sheet.txt"
    path = Path(location)
    return path.with_name(path.stem + ".recovery-sheet.txt")
