"""A new vault: keys, the first entry, this station's files and the recovery sheet, all or nothing."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from cryoledger import __version__
from cryoledger.codes import badge_code
from cryoledger.codes.local import check_prefix
from cryoledger.custody.clock import Clock
from cryoledger.custody.identities import identity_key
from cryoledger.custody.keys.kept_keys import stored_key
from cryoledger.custody.keys.keyring import Keyring
from cryoledger.custody.keys.recovery_sheet import RecoverySheet
from cryoledger.custody.record import new_id, note_text
from cryoledger.custody.station.station_folder import StationFolder
from cryoledger.custody.vault import Vault, clock_of, default_station_name, sheet_path
from cryoledger.database import migrate
from cryoledger.database.location import Location
from cryoledger.database.store import Store, Stored, Transaction
from cryoledger.domain import catalogue, times
from cryoledger.domain.events.vault import NewPerson, VaultCreated
from cryoledger.domain.facts import Draft, Signed
from cryoledger.domain.rulebook_1.vault import known_zone
from cryoledger.domain.rulebooks import CURRENT, rulebook
from cryoledger.errors import LedgerFormatError, RequestError, VaultError
from cryoledger.ledger.entry import ZERO_HASH, seal
from cryoledger.ledger.keys import KdfParameters, PrivateKey, WrappedKey, wrap_key
from cryoledger.ledger.lines import check_name
from cryoledger.ledger.note import Algorithm

TRAINING = "/training"
RECOVERY_NAME = "recovery"
MARKERS = ("HIV-1/2", "HBV", "HCV", "syphilis", "CMV")
IDLE_LOCK_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Request:
    """What `init` is told. `code_prefix` are the two characters that start this site's own labels."""

    location: str
    origin: str
    administrator: str
    zone: str = "UTC"
    name: str | None = None
    station: str | None = None
    code_prefix: str = "CR"
    screening_markers: tuple[str, ...] = MARKERS
    sheet: Path | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """What `init` tells: the open vault, the administrator's signing name and badge, the log's vkeys, the sheet."""

    vault: Vault
    name: str
    badge: str
    log_keys: tuple[str, str]
    sheet: Path


def signing_name(full_name: str, taken: Iterable[str] = ()) -> str:
    """A short name to sign with, from a printed name: "Maria Santos" -> "maria.s"; numbered where it is taken."""
    plain = unicodedata.normalize("NFKD", full_name).encode("ascii", "ignore").decode().lower()
    words: list[str] = re.findall(r"[a-z0-9]+", plain) or ["person"]
    base = words[0][:30] + (f".{words[-1][0]}" if len(words) > 1 else "")
    name, number, used = base, 2, set(taken)
    while name in used:
        name, number = f"{base}{number}", number + 1
    return name


def end_of_day(day: date, zone: str) -> str:
    """The first instant after a calendar day at the site: when what expires on that day is expired."""
    zone_info = ZoneInfo(zone)
    midnight = datetime.combine(day + timedelta(days=1), time(0), zone_info)
    return times.text_of(midnight)


def create(request: Request, pin: str, *, clock: Clock | None = None, kdf: KdfParameters | None = None) -> Created:
    """Make a vault; VaultError where there is one already, PinError for a weak PIN, RequestError for bad words."""
    try:
        check_name(request.origin, "origin")
    except LedgerFormatError as error:
        raise RequestError(error.message, "Write it such as clinic.example/lab.") from None
    place = Location.parse(request.location)
    if place.path is not None and place.path.exists():
        raise VaultError(f"{place} exists already.", "Name another place for a new vault, or open this one.")
    if request.code_prefix:
        check_prefix(request.code_prefix)
    known_zone(request.zone)
    sheet_at = request.sheet or sheet_path(request.location)
    if sheet_at.exists():
        raise VaultError(f"{sheet_at} exists already.", "Move it away, or name another place for the recovery sheet.")
    keyring = Keyring()
    try:
        return _create(request, pin, clock, kdf, keyring, sheet_at)
    except BaseException:
        keyring.close()
        raise


def _create(
    request: Request, pin: str, clock: Clock | None, kdf: KdfParameters | None, keyring: Keyring, sheet_at: Path
) -> Created:
    secret = secrets.token_bytes(32)
    origin, station = request.origin, request.station or default_station_name()
    name = request.name or signing_name(request.administrator)
    wrapped, verifier = keyring.enrol(name, pin, secret, origin, kdf)
    machine, recovery = PrivateKey.generate(station), PrivateKey.generate(RECOVERY_NAME)
    log, log_ml_dsa = PrivateKey.generate(origin), PrivateKey.generate(origin, Algorithm.ML_DSA_44)
    badge = badge_code(verifier.key_id)
    event = VaultCreated(
        origin=origin,
        zone=request.zone,
        code_prefix=request.code_prefix,
        training=origin.endswith(TRAINING),
        administrator=NewPerson(name=name, full_name=request.administrator, badge=badge),
        administrator_key=verifier.encode(),
        station_key=machine.verifier.encode(),
        log_key=log.verifier.encode(),
        log_key_ml_dsa=log_ml_dsa.verifier.encode(),
        recovery_key=recovery.verifier.encode(),
        screening_markers=request.screening_markers,
        idle_lock_seconds=IDLE_LOCK_SECONDS,
        program=f"cryoledger {__version__}",
    )
    event = catalogue.parse("VaultCreated", catalogue.data_of(event))  # type: ignore[assignment]
    kept = [wrapped, *(_wrap(key, secret, origin) for key in (log, log_ml_dsa))]
    kept.append(identity_key.wrapped(identity_key.of_sheet(recovery.seed, origin), pin, secret, origin, name, kdf))
    store = Store.create(request.location)
    try:
        draft = _first_draft(event, clock or clock_of(store), name, station, origin)
        text = note_text(draft, ZERO_HASH)
        own = [keyring.sign(name, text), machine.sign(text), log.sign(text), recovery.sign(text)]
        stored = Stored.of(1, seal(text, own))
        folder = StationFolder.for_vault(stored.leaf_hash)
        with store.writing() as transaction:
            rules = rulebook(CURRENT)
            rules.check(draft, transaction.facts)
            transaction.append(stored, rules.changes(draft, transaction.facts))
            _keep(transaction, kept)
            folder.write_secret(secret)
            folder.write_station(station, machine.seed)
            RecoverySheet(origin, stored.leaf_hash, secret, recovery.seed).write(sheet_at)
    except BaseException:
        store.close()
        migrate.remove(Location.parse(request.location))
        raise
    keyring.load_station(station, machine.seed)
    vault = Vault(store, folder, stored.leaf_hash, clock=clock, keyring=keyring, kdf=kdf)
    vault.remember(stored, origin)
    keyring.lock(name)
    return Created(vault, name, badge, (log.verifier.encode(), log_ml_dsa.verifier.encode()), sheet_at)


def _first_draft(event: VaultCreated, clock: Clock, name: str, station: str, origin: str) -> Draft:
    now = times.text_of(clock.now())
    return Draft(
        epoch=1,
        sequence=0,
        type="VaultCreated",
        schema=catalogue.of("VaultCreated").schema,
        event=event,
        rules=CURRENT,
        id=new_id(now),
        station=station,
        signers=(
            Signed(name, "created"),
            Signed(station, "accepted"),
            Signed(origin, "accepted"),
            Signed(RECOVERY_NAME, "accepted"),
        ),
        occurred_at=now,
        recorded_at=now,
        previous_recorded_at=None,
        origin=origin,
    )


def _wrap(key: PrivateKey, secret: bytes, origin: str) -> WrappedKey:
    return wrap_key(key.seed, pin=None, vault_secret=secret, origin=origin, name=key.name, key_id=key.verifier.key_id)


def _keep(transaction: Transaction, wrapped: Iterable[WrappedKey]) -> None:
    for each in wrapped:
        transaction.put_wrapped_key(stored_key(each))
