"""A further station joins a vault: an administrator invites it, and it enrols itself with their signatures.

    invited = invite(vault, "freezer-room-2", By("ines.a", pin))       # at a station of the vault; show invited.code
    joining = Joining.begin(location, code)                            # at the new machine
    sealed = joining.finish(By("ines.a", pin), By("quinn.o", pin))     # PINs are entered there

The invitation lies in the vault, encrypted under the code (`invitation`), among the wrapped keys: it is itself a
secret under a key. It goes with the enrolment, in one transaction; after an hour, or after five wrong codes or PINs,
it opens nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryoledger.custody.clock import Clock
from cryoledger.custody.identities import narrative
from cryoledger.custody.keys.secret_file import read_private, write_new
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.people import taken_names
from cryoledger.custody.preview import preview
from cryoledger.custody.record import By, Sealed, record
from cryoledger.custody.station import invitation
from cryoledger.custody.station.invitation import About, Content
from cryoledger.custody.vault import Vault, person_by
from cryoledger.database.local import INVITATION, WRONG_CODES
from cryoledger.database.store import Reading, Transaction, WrappedKey
from cryoledger.domain import catalogue, times
from cryoledger.domain.records import Station
from cryoledger.domain.roles import Role
from cryoledger.errors import PinError, Refusal, RequestError, StationError, VaultUnreachableError
from cryoledger.ledger.keys import KdfParameters, PrivateKey

__all__ = ["Invited", "Joining", "invite"]

VALID_MINUTES = 60
WRONG_MAX = 5
STATION_KEY, SUBJECTS = "station.key", "subjects.keys"
SUBJECTS_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation as made: the code is shown once and kept nowhere."""

    station: str
    expires_at: str
    code: str = field(repr=False)


def may_invite(vault: Vault, station: str, by: str) -> None:
    """Raise what `invite` would refuse before the PIN: the vault's place, the new name, who is no administrator."""
    if vault.store.location.path is not None:
        raise StationError(
            "This vault is one file, for one machine: many stations need a vault on PostgreSQL.",
            "Move it with `cryoledger vault copy` to a URL postgresql+psycopg://user@host/name, then invite.",
        )
    catalogue.parse("StationEnrolled", {"station": station, "key": "unknown"})  # the name's form
    if station in taken_names(vault):
        raise RequestError(f"The name {station!r} has signed before.", "Choose another; names are never reused.")
    with vault.store.reading() as reading:
        person = person_by(reading, by)
    if Role.ADMINISTRATOR not in person.roles.split(","):
        raise Refusal("I7", f"{person.full_name} is no administrator.", "An administrator invites a station.")


def invite(vault: Vault, station: str, by: By) -> Invited:
    """Let a new station join within the hour; a second invitation of the same name replaces the first.

    StationError where the vault is a file; RequestError for a name that signed before; PinError, Refusal for who is
    no administrator.
    """
    may_invite(vault, station, by.name)
    _authorise(vault, by)
    with vault.store.reading() as reading:
        until = times.later(times.text_of(vault.now_in(reading)), minutes=VALID_MINUTES)
    told = About(vault.fingerprint.hex(), station, by.name, until)
    code, text = invitation.seal(Content(vault.secret, _subjects_of(vault)), told, vault.kdf)
    with vault.store.writing() as transaction:
        _forget(transaction, station)
        transaction.put_wrapped_key(WrappedKey(station, INVITATION, text))
    return Invited(station, until, code)


def _authorise(vault: Vault, by: By) -> None:
    """An administrator's PIN: the vault secret leaves this machine."""
    if by.pin is None:
        raise PinError(f"The PIN of {by.name} is asked for this.", "Enter it.")
    try:
        unlock(vault, by.name, by.pin)
    finally:
        if by.name != vault.signed_in:
            vault.keyring.lock(by.name)


def _subjects_of(vault: Vault) -> bytes:
    vault.subjects().create(*narrative.SITE)  # or each station would make one of its own, and read only its own notes
    path = vault.folder.path / SUBJECTS
    return read_private(path, "file of subjects' keys", limit=SUBJECTS_BYTES_MAX) if path.exists() else b""


@dataclass
class Joining:
    """A machine on its way into a vault: it holds the content of its invitation until it is enrolled."""

    vault: Vault
    station: str
    _content: Content = field(repr=False)
    _made: list[Path] = field(default_factory=list, repr=False)

    @classmethod
    def begin(
        cls, location: str, code: str, *, clock: Clock | None = None, kdf: KdfParameters | None = None
    ) -> Joining:
        """Open an invitation with its code; RequestError for a slip in it, PinError for a code of none.

        StationError where this machine is a station of the vault already.
        """
        vault = Vault.open(location, clock=clock, kdf=kdf)
        try:
            _refuse_second_time(vault)
            key = invitation.parse_code(code)
            with vault.store.reading() as reading:
                found = _open_invitations(vault, reading)
            for row in found:
                content = invitation.open_with(key, row.wrapped)
                if content is not None:
                    return cls(vault, row.name, content)
            _count_wrong(vault, [row.name for row in found])
        except BaseException:
            vault.close()
            raise
        vault.close()
        raise PinError(
            "This code opens no invitation that is open now: it was used, has expired, or is of another vault.",
            "Compare the code, or let an administrator make another with `cryoledger station invite`.",
        )

    @property
    def persons(self) -> int:
        """How many persons sign the enrolment: two, or one for the first enrolment of a vault."""
        return 2 if self.vault.site().enrolments else 1

    def judge(self, names: Sequence[str]) -> None:
        """Raise what the rules would refuse of an enrolment signed by these, before a PIN is asked."""
        key = PrivateKey.generate(self.station)
        event = catalogue.parse("StationEnrolled", {"station": self.station, "key": key.verifier.encode()})
        preview(self.vault, event, names, fresh=[self.station], station=self.station)

    def finish(self, *by: By) -> Sealed:
        """Enrol this station with a new key of its own; what was written here goes again where that is refused."""
        vault, key = self.vault, PrivateKey.generate(self.station)
        event = catalogue.parse("StationEnrolled", {"station": self.station, "key": key.verifier.encode()})
        try:
            self._keep(key)
            vault.act_as(self.station, key.seed)
            return record(
                vault,
                event,
                *by,
                By(self.station, fresh=True),
                also=lambda transaction: _forget(transaction, self.station),
            )
        except VaultUnreachableError as error:
            if not error.unknown:
                self._discard()
            raise
        except PinError:
            self._discard()
            _count_wrong(vault, [self.station])
            raise
        except BaseException:
            self._discard()
            raise

    def _keep(self, key: PrivateKey) -> None:
        folder, subjects = self.vault.folder, self.vault.folder.path / SUBJECTS
        (folder.path / STATION_KEY).unlink(missing_ok=True)  # of an enrolment that did not come about
        if not folder.exists:
            self._made.append(folder.path / "vault.secret")
        folder.write_secret(self._content.secret)
        if self._content.subjects and not (subjects.exists() and subjects.read_bytes() == self._content.subjects):
            write_new(subjects, self._content.subjects, "the file of subjects' keys")
            self._made.append(subjects)
        folder.write_station(self.station, key.seed)
        self._made.append(folder.path / STATION_KEY)

    def _discard(self) -> None:
        for path in self._made:
            path.unlink(missing_ok=True)
        self._made.clear()
        self.vault.keyring.lock()


def _refuse_second_time(vault: Vault) -> None:
    if not (vault.folder.path / STATION_KEY).exists():
        return
    name, _ = vault.folder.read_station()
    with vault.store.reading() as reading:
        row = reading.facts.get(Station, name)
    if row is not None:
        raise StationError(f"This machine is the station {name} of the vault already ({row.status}).", "")


def _open_invitations(vault: Vault, reading: Reading) -> list[WrappedKey]:
    """Those of this ledger that have not expired and were not tried too often."""
    now = times.text_of(vault.now_in(reading))
    found = []
    for row in reading.wrapped_keys():
        if row.key_id != INVITATION:
            continue
        told = invitation.about(row.wrapped)
        if told.vault == vault.fingerprint.hex() and told.station == row.name and now < told.expires_at:
            found.append(row)
    return found


def _count_wrong(vault: Vault, stations: list[str]) -> None:
    """Count a wrong code against every invitation that it might have been meant for; the fifth ends it."""
    with vault.store.writing() as transaction:
        for station in stations:
            counted = transaction.wrapped_key(station, WRONG_CODES)
            wrong = 1 + (int(counted.wrapped) if counted is not None else 0)
            if wrong >= WRONG_MAX:
                _forget(transaction, station)
            elif transaction.wrapped_key(station, INVITATION) is not None:
                transaction.put_wrapped_key(WrappedKey(station, WRONG_CODES, str(wrong)))


def _forget(transaction: Transaction, station: str) -> None:
    transaction.remove_wrapped_key(station, INVITATION)
    transaction.remove_wrapped_key(station, WRONG_CODES)
