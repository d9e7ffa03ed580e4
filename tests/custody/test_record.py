"""The write path: what is recorded, what is refused, and that a refusal leaves the inventory as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from cryoledger.cli.sample.people import ADA, CARL, MARIA, PIA, QUINN, TOMAS
from cryoledger.cli.sample.stock import make_event
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.record import By, late, new_id, record
from cryoledger.custody.vault import Vault
from cryoledger.database.store import Stored
from cryoledger.domain.records import Person, PublicKey, Station, StorageUnit
from cryoledger.domain.times import text_of
from cryoledger.errors import ConflictError, PinError, Refusal, RequestError, TextError, VaultDamagedError
from cryoledger.ledger.note import VerifierKey


def entries(vault: Vault) -> list[Stored]:
    with vault.store.reading() as reading:
        return list(reading.entries())


def types(vault: Vault, last: int) -> list[str]:
    return [stored.parse().envelope.type for stored in entries(vault)[-last:]]


def sign_in(vault: Vault, member: By) -> None:
    assert member.pin is not None
    unlock(vault, member.name, member.pin)
    vault.signed_in = member.name
    record(vault, make_event("PersonSignedIn", person=member.name), By(member.name))


def test_a_recorded_event_is_signed_chained_and_in_the_inventory(vault: Vault) -> None:
    before = entries(vault)[-1]
    sealed = record(vault, make_event("StorageUnitTakenOut", unit="CF2-R1-B1"), MARIA.by)
    assert sealed.entry.previous == before.leaf_hash
    with vault.store.reading() as reading:
        person = reading.facts.get(Person, MARIA.name)
        unit = reading.facts.get(StorageUnit, "CF2-R1-B1")
        assert person is not None
        assert unit is not None
        assert (unit.status, unit.custodian) == ("out", MARIA.name)
    (signature,) = sealed.entry.signatures
    with vault.store.reading() as reading:
        row = reading.facts.get(PublicKey, person.name, person.key_id)
        assert row is not None
    VerifierKey.parse(row.verifier_key).verify(sealed.entry.note_text, signature)


def test_routine_act_without_pin_needs_an_unlocked_key_I7(vault: Vault) -> None:
    with pytest.raises(PinError):
        record(vault, make_event("StorageUnitTakenOut", unit="CF2-R1-B1"), By(MARIA.name))


def test_signed_in_person_needs_no_pin_for_routine_acts(vault: Vault) -> None:
    sign_in(vault, MARIA.by)
    record(vault, make_event("StorageUnitTakenOut", unit="CF2-R1-B1"), By(MARIA.name))
    assert types(vault, 2) == ["PersonSignedIn", "StorageUnitTakenOut"]


def test_critical_act_asks_the_pin_even_of_the_signed_in_person(vault: Vault) -> None:
    sign_in(vault, TOMAS.by)
    event = make_event("StorageUnitAdded", unit="CF9", kind="freezer", name="Nine")
    with pytest.raises(PinError, match="asked"):
        record(vault, event, By(TOMAS.name))


def test_second_person_signs_once_and_is_locked_again(vault: Vault) -> None:
    sign_in(vault, MARIA.by)
    grant = make_event("RoleGranted", person=MARIA.name, role="witness")
    record(vault, grant, ADA.by, QUINN.by)
    assert vault.keyring.unlocked() == {MARIA.name, "bench-1"}


def test_missing_second_signature_is_refused_and_nothing_is_written(vault: Vault) -> None:
    before = len(entries(vault))
    with pytest.raises(Refusal, match="signed by"):
        record(vault, make_event("RoleGranted", person=MARIA.name, role="witness"), ADA.by)
    assert len(entries(vault)) == before


def test_missing_role_is_refused_and_the_refusal_recorded_I10(vault: Vault) -> None:
    with pytest.raises(Refusal) as caught:
        record(vault, make_event("HoldPlaced", scope="unit", codes=["CF2"], reason="investigation"), PIA.by)
    assert caught.value.rule == "I7"
    last = entries(vault)[-1].parse().envelope
    assert (last.type, last.data["person"], last.data["act"]) == ("RequestRefused", PIA.name, "HoldPlaced")
    assert [line.name for line in last.signers] == ["bench-1"]


def test_refused_event_leaves_the_inventory_as_it_was(vault: Vault) -> None:
    with vault.store.reading() as reading:
        before = reading.facts.get(StorageUnit, "CF2-R1-B1")
    with pytest.raises(Refusal):
        record(vault, make_event("StorageUnitMoved", unit="CF2-R1-B1", parent="CF2-R1", slot="B2"), MARIA.by)
    with vault.store.reading() as reading:
        assert reading.facts.get(StorageUnit, "CF2-R1-B1") == before


def test_retry_with_the_same_id_returns_the_entry_before_any_check(vault: Vault, clock: SteppingClock) -> None:
    event = make_event("StorageUnitTakenOut", unit="CF2-R1-B1")
    id_ = new_id(text_of(clock.now()))
    first = record(vault, event, MARIA.by, id=id_)
    again = record(vault, event, MARIA.by, id=id_)  # the unit is out now: a check would refuse
    assert again == first
    assert [stored.id for stored in entries(vault)].count(id_) == 1


def test_same_id_with_other_content_or_signer_is_a_conflict(vault: Vault, clock: SteppingClock) -> None:
    id_ = new_id(text_of(clock.now()))
    record(vault, make_event("StorageUnitTakenOut", unit="CF2-R1-B1"), MARIA.by, id=id_)
    with pytest.raises(ConflictError):
        record(vault, make_event("StorageUnitTakenOut", unit="CF2-R1-B2"), MARIA.by, id=id_)
    with pytest.raises(ConflictError):
        record(vault, make_event("StorageUnitTakenOut", unit="CF2-R1-B1"), TOMAS.by, id=id_)


def test_wrong_pin_is_recorded_counted_and_the_fifth_locks_I10(vault: Vault) -> None:
    for attempt in range(1, 6):
        with pytest.raises(PinError):
            unlock(vault, CARL.name, "927461")
        assert "PinRefused" in types(vault, 2), attempt
    assert types(vault, 2) == ["PinRefused", "KeyLocked"]
    with pytest.raises(PinError, match="locked"):
        unlock(vault, CARL.name, CARL.pin)
    assert types(vault, 1) == ["RequestRefused"]


def test_a_right_pin_starts_the_count_anew(vault: Vault) -> None:
    for _ in range(4):
        with pytest.raises(PinError):
            unlock(vault, MARIA.name, "927461")
    record(vault, make_event("PersonSignedIn", person=MARIA.name), MARIA.by)
    with pytest.raises(PinError, match="Wrong PIN"):
        unlock(vault, MARIA.name, "927461")
    with vault.store.reading() as reading:
        person = reading.facts.get(Person, MARIA.name)
    assert person is not None
    assert person.wrong_pins == 1


def test_clock_behind_the_head_by_little_takes_the_heads_time(vault: Vault, clock: SteppingClock) -> None:
    first = record(vault, make_event("StorageUnitTakenOut", unit="CF2-R1-B1"), MARIA.by)
    clock.advance(seconds=-4)
    second = record(vault, make_event("StorageUnitTakenOut", unit="CF2-R1-B2"), MARIA.by)
    assert second.entry.envelope.recorded_at == first.entry.envelope.recorded_at


def test_clock_far_behind_is_refused_until_two_accept_it(vault: Vault, clock: SteppingClock) -> None:
    head = record(vault, make_event("StorageUnitTakenOut", unit="CF2-R1-B1"), MARIA.by)
    clock.advance(hours=-3)
    with pytest.raises(Refusal, match="before the last entry"):
        record(vault, make_event("StorageUnitTakenOut", unit="CF2-R1-B2"), MARIA.by)
    at = text_of(head.entry.envelope.recorded_at)
    record(vault, make_event("ClockCorrected", head_recorded_at=at, reason="clock-was-ahead"), ADA.by, MARIA.by)
    record(vault, make_event("StorageUnitTakenOut", unit="CF2-R1-B2"), MARIA.by)


def test_clock_leap_asks_first_and_then_records_the_step(vault: Vault, clock: SteppingClock) -> None:
    clock.advance(hours=60)
    event = make_event("StorageUnitTakenOut", unit="CF2-R1-B1")
    with pytest.raises(Refusal, match="after the last entry"):
        record(vault, event, MARIA.by)
    vault.clock_confirmed = True
    record(vault, event, MARIA.by)
    assert types(vault, 2) == ["ClockStepped", "StorageUnitTakenOut"]


def test_late_event_needs_its_reason(vault: Vault, clock: SteppingClock) -> None:
    clock.advance(hours=2)
    occurred = text_of(clock.now().replace(hour=2))
    event = make_event("StorageUnitTakenOut", unit="CF2-R1-B1")
    with pytest.raises(Refusal, match="no reason"):
        record(vault, event, MARIA.by, occurred_at=occurred)
    sealed = record(vault, late(event, "forgotten"), MARIA.by, occurred_at=occurred)
    assert text_of(sealed.entry.envelope.occurred_at) == occurred


def test_text_that_may_not_be_recorded_is_refused_before_signing(vault: Vault) -> None:
    with pytest.raises(TextError):
        record(vault, make_event("StorageUnitAdded", unit="X1", kind="freezer", name="a\u202eb"), TOMAS.by)


def test_hostile_payload_is_a_request_error_that_names_the_field() -> None:
    with pytest.raises(RequestError, match="unit"):
        make_event("StorageUnitTakenOut", unit="with blank and \x00")


def test_rolled_back_vault_raises_the_alarm_at_start(vault: Vault, home: Path) -> None:
    path = home / "lab.cryoledger"
    vault.store._connections._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = path.read_bytes()
    record(vault, make_event("StorageUnitTakenOut", unit="CF2-R1-B1"), MARIA.by)
    vault.close()
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes(copy)
    with pytest.raises(VaultDamagedError, match="ALARM"):
        Vault.open(str(path))


def test_station_row_follows_sign_in_and_out(vault: Vault) -> None:
    sign_in(vault, MARIA.by)
    with vault.store.reading() as reading:
        station = reading.facts.get(Station, "bench-1")
    assert station is not None
    assert station.person == MARIA.name
    record(vault, make_event("PersonSignedOut", person=MARIA.name), By(MARIA.name))
    with vault.store.reading() as reading:
        station = reading.facts.get(Station, "bench-1")
    assert station is not None
    assert station.person is None


def test_no_pin_is_in_any_repr() -> None:
    assert MARIA.pin not in repr(MARIA.by)
