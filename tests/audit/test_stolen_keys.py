"""Whoever holds keys too: what their holders may not sign is refused, and what a colleague sealed stays sealed."""

from __future__ import annotations

import pytest

from cryoledger.audit import Head, verify
from cryoledger.domain.events import storage, vault
from cryoledger.domain.fields import Event
from cryoledger.domain.roles import Role
from cryoledger.errors import Refusal
from cryoledger.ledger.canonical import parse_time
from cryoledger.ledger.entry import Envelope, SignerRole, entry_text, seal, uuid7
from cryoledger.ledger.keys import PrivateKey
from tests.audit.sources import Listed, Row, row_of
from tests.audit.stories import event, short_story
from tests.audit.tampering import entry_of, find, resigned, rewrite_from
from tests.audit.test_tampered_entries import assert_named
from tests.lab import (
    ADMIN,
    AUDITOR,
    ORIGIN,
    QUALITY,
    RECOVERY,
    STATION,
    TECHNICIAN,
    Lab,
    badge_of,
    hash_text,
    private_key,
    vkey,
)


def forged(source: Listed, what: Event, *signers: tuple[str, str], at: str = "", generation: int = 1) -> Row:
    """An entry after the last, made by whoever holds these keys, whatever the rules say."""
    last = entry_of(source.stored[-1])
    now = parse_time(at) if at else last.envelope.recorded_at
    envelope = Envelope(
        type(what).__name__, 1, 1, uuid7(int(now.timestamp() * 1000), bytes(9) + bytes((len(source.stored),))), now,
        now, STATION, tuple(SignerRole(*signer) for signer in signers),
        what.model_dump(mode="json", exclude_defaults=True),
    )  # fmt: skip
    text = entry_text(last.origin, last.sequence + 1, last.leaf_hash, envelope)
    return row_of(
        source.stored[-1].epoch, seal(text, [private_key(name, generation).sign(text) for name, _ in signers])
    )


MOVE = storage.StorageUnitMoved(unit="BOX-2", parent="RACK-2", slot="5")


def appended(source: Listed, row: Row) -> int:
    source.stored.append(row)
    return row.sequence


def test_signer_without_the_role_is_named(short: Listed) -> None:
    at = appended(short, forged(short, MOVE, (AUDITOR, "performed")))
    assert "technician" in assert_named(short, 1, at, "signers").message


def test_signer_whom_nobody_enrolled_is_named(short: Listed) -> None:
    assert_named(short, 1, appended(short, forged(short, MOVE, ("mallory", "performed"))), "signers")


def test_key_that_is_not_the_enrolled_one_is_named(short: Listed) -> None:
    at = appended(short, forged(short, MOVE, (TECHNICIAN, "performed"), generation=7))
    finding = assert_named(short, 1, at, "signatures")
    assert finding.expected == f"{TECHNICIAN}+{private_key(TECHNICIAN).verifier.key_id_hex}"


def test_revoked_key_signs_nothing_more() -> None:
    lab = Lab()
    short_story(lab)
    lab.enrol("lena.k", "Lena Krause", Role.TECHNICIAN)
    key = private_key("lena.k").verifier.key_id_hex
    lab.record(event("KeyRevoked", name="lena.k", key_id=key, reason="lost"), QUALITY)
    source = Listed.of(lab)
    assert verify(source).ok
    assert_named(source, 1, appended(source, forged(source, MOVE, ("lena.k", "performed"))), "signers")


def test_missing_second_person_is_named(short: Listed) -> None:
    clock = vault.ClockCorrected(head_recorded_at="2026-11-22T08:00:00.000Z", reason="battery")
    assert_named(short, 1, appended(short, forged(short, clock, (ADMIN, "corrected"))), "signers")


def test_wrong_meaning_is_named(short: Listed) -> None:
    assert_named(short, 1, appended(short, forged(short, MOVE, (TECHNICIAN, "witnessed"))), "signers")


def test_swapped_signers_are_named(short: Listed) -> None:
    index = find(short, "KeyIssued", 1)
    names = [(each.name, each.meaning) for each in entry_of(short.stored[index]).envelope.signers]
    swapped = (names[1], names[0], *names[2:])
    row = resigned(short.stored[index], signers=swapped)
    rewrite_from(short, index, row)
    assert_named(short, 1, index, "signers")


def test_station_cannot_sign_for_a_person(short: Listed) -> None:
    assert_named(short, 1, appended(short, forged(short, MOVE, (STATION, "performed"))), "signers")


def test_new_key_must_prove_possession(short: Listed) -> None:
    index = find(short, "KeyIssued", 1)
    accepted = entry_of(short.stored[index]).envelope.signers[-1].name

    row = resigned(
        short.stored[index],
        sign=lambda name, text: private_key(name, 2 if name == accepted else 1).sign(text),
    )
    rewrite_from(short, index, row)
    assert_named(short, 1, index, "signatures")


def test_back_dated_entry_is_named(short: Listed) -> None:
    at = appended(short, forged(short, MOVE, (TECHNICIAN, "performed"), at="2026-11-22T08:00:05.000Z"))
    assert "time" in (assert_named(short, 1, at, "rules").expected or "")


def test_illegal_move_is_named_with_its_rule(short: Listed) -> None:
    there = storage.StorageUnitMoved(unit="BOX-2", parent="RACK-9", slot="5")
    finding = assert_named(short, 1, appended(short, forged(short, there, (TECHNICIAN, "performed"))), "rules")
    assert finding.expected == "known"


def test_one_holder_who_changes_his_own_entry_is_named_by_the_next_signer(short: Listed) -> None:
    index = find(short, "StorageUnitMoved")
    short.stored[index] = resigned(short.stored[index], data={"slot": "7"})
    finding = assert_named(short, 1, index, "previous")
    assert finding.found == verify(short).findings[0].found


def test_entry_that_names_another_one_before_it_is_named(short: Listed) -> None:
    row = short.stored[12]
    text = row.note.replace(entry_of(row).note_text.split(b"\n")[3], b"A" * 42 + b"E=")
    row.note = text
    assert_named(short, 1, 12)


def test_holder_of_every_key_is_found_by_remembered_head_and_fingerprint_only(short: Listed) -> None:
    old = short.copy()
    index = find(short, "RequestRefused")
    rewrite_from(short, index, resigned(short.stored[index], data={"rule": "I4"}))
    last, before = short.stored[-1], old.stored[-1]
    assert verify(short).ok
    report = verify(short, remembered=Head(ORIGIN, 1, before.sequence, before.leaf_hash))
    assert report.first_bad is not None
    assert (report.first_bad.check, report.first_bad.sequence) == ("remembered head", last.sequence)
    other = verify(short, fingerprint=bytes(32)).first_bad
    assert other is not None
    assert (other.check, other.sequence) == ("fingerprint", 0)


def test_payload_has_one_spelling(short: Listed) -> None:
    row = resigned(short.stored[0], data={"training": 0})
    rewrite_from(short, 0, row)
    assert_named(short, 1, 0, "payload")


def test_payload_with_a_default_written_out_is_named(short: Listed) -> None:
    index = find(short, "StorageUnitMoved")
    rewrite_from(short, index, resigned(short.stored[index], data={"typed": []}))
    assert_named(short, 1, index, "payload")


@pytest.mark.parametrize(
    ("envelope", "check"),
    [({"rules": 2}, "rulebook"), ({"schema": 2}, "payload"), ({"type": "VialsBlessed"}, "payload")],
)
def test_what_this_program_does_not_know_fails(short: Listed, envelope: dict[str, object], check: str) -> None:
    index = find(short, "StorageUnitMoved")
    rewrite_from(short, index, resigned(short.stored[index], envelope=envelope))
    report = verify(short)
    assert_named(short, 1, index, check)
    assert any("derived tables" in line for line in report.not_run)
    assert not any(line.startswith("derived tables") for line in report.covers)


def test_vault_created_under_another_origin_is_named(short: Listed) -> None:
    for index, row in enumerate(short.stored):
        previous = short.stored[index - 1].leaf_hash if index else None
        keys = "elsewhere.example/lab"
        short.stored[index] = resigned(row, origin=keys, previous=previous)
    assert_named(short, 1, 0, "rules")


def test_id_that_stands_twice_is_named(short: Listed) -> None:
    twin = entry_of(short.stored[10]).envelope.id
    rewrite_from(short, 14, resigned(short.stored[14], envelope={"id": twin}))
    finding = assert_named(short, 1, 14, "id")
    assert "1/10" in finding.message


def test_restore_that_names_another_past_is_named(whole: Listed) -> None:
    index = find(whole, "LedgerRestored")
    rewrite_from(whole, index, resigned(whole.stored[index], data={"root": hash_text("another")}))
    assert_named(whole, 2, 0, "epochs")


def test_last_entry_before_a_restore_cannot_be_cut(whole: Listed) -> None:
    index = find(whole, "LedgerRestored") - 1
    del whole.stored[index]
    assert_named(whole, 1, index, "epochs")


def test_last_entry_before_a_restore_cannot_be_replaced(whole: Listed) -> None:
    index = find(whole, "LedgerRestored") - 1
    whole.stored[index] = resigned(whole.stored[index], data={"reason": "stolen"})
    assert_named(whole, 1, index, "epochs")


def test_key_that_is_no_key_is_named() -> None:
    lab = Lab()
    name = lab.origin
    event_ = vault.LogKeyReplaced(
        log_key=f"{name}+00000000+AQAA", log_key_ml_dsa=f"{name}+00000001+AQAA", reason="routine"
    )
    try:
        lab.record(event_)
    except Refusal:
        pytest.skip("the rulebook itself refuses it")
    assert_named(Listed.of(lab), 1, lab.last.sequence, "keys")


def test_reaffirmed_range_is_closed() -> None:
    lab = Lab()
    lab.furnish()
    lab.enrol("lena.k", "Lena Krause", Role.TECHNICIAN)
    lab.record(storage.StorageUnitMoved(unit="BOX-2", parent="RACK-2", slot="4"), "lena.k")
    suspect = lab.last
    key = private_key("lena.k").verifier.key_id_hex
    lab.record(event("KeyRevoked", name="lena.k", key_id=key, suspect_from=suspect.number, reason="stolen"), QUALITY)
    (finding,) = verify(Listed.of(lab)).findings
    assert (finding.severity, finding.check, finding.sequence) == ("open", "suspect range", suspect.sequence)
    lab.record(
        event(
            "EntriesReaffirmed", name="lena.k", key_id=key, first=suspect.number, last=suspect.number,
            leaf_hashes=[suspect.reference.leaf_hash],
        ),
        QUALITY,
    )  # fmt: skip
    report = verify(Listed.of(lab))
    assert (report.ok, report.findings) == (True, ())


def test_remembered_head_in_a_declared_lost_range_is_open(whole: Listed) -> None:
    last = whole.stored[find(whole, "LedgerRestored") - 1]
    head = Head(ORIGIN, 1, last.sequence + 5, hash_text("lost").encode()[:32])
    report = verify(whole, remembered=head)
    assert report.ok
    assert [finding.check for finding in report.findings] == ["suspect range", "remembered head"]


def test_remembered_head_of_another_origin_is_broken(short: Listed) -> None:
    last = short.stored[-1]
    head = Head("elsewhere.example/lab", 1, last.sequence, last.leaf_hash)
    bad = verify(short, remembered=head).first_bad
    assert bad is not None
    assert bad.check == "remembered head"


def test_recovery_key_is_marked_loudly() -> None:
    lab = Lab()
    name = "rosa.n"
    key = lab.key(name)
    new = vault.NewPerson(name=name, full_name="Rosa Nunez", badge=badge_of(key))
    lab.record(event("AdministratorRecovered", person=new.model_dump(), key=key), RECOVERY, name)
    report = verify(Listed.of(lab))
    assert report.ok
    assert [(finding.check, finding.severity) for finding in report.findings] == [("recovery key", "open")]


def test_one_key_under_two_names_is_listed() -> None:
    lab = Lab()
    twin = PrivateKey.from_seed("zoe.q", private_key(TECHNICIAN).seed)
    text = twin.verifier.encode()
    assert text != vkey(TECHNICIAN)
    lab.keys[text] = twin
    new = vault.NewPerson(name="zoe.q", full_name="Zoe Quill", badge=badge_of(text))
    issued = event("KeyIssued", person=new.model_dump(), roles=["technician"], key=text)
    try:
        lab.record(issued, ADMIN, "omar.b", "zoe.q")
    except Refusal:
        pytest.skip("the rulebook itself refuses it")
    (finding,) = verify(Listed.of(lab)).findings
    assert (finding.check, finding.severity, finding.sequence) == ("keys", "open", lab.last.sequence)


def test_keys_that_only_end_alike_are_two_keys() -> None:
    """Base64 may hold a plus, which also separates the parts of a verifier key."""
    tails: dict[str, str] = {}
    for number in range(10_000):
        name = f"t{number}"
        tail = vkey(name)[-3:]
        if tail[0] == "+" and tails.setdefault(tail, name) != name:
            break
    lab = Lab()
    for each in (tails[tail], name):
        lab.enrol(each, each, Role.TECHNICIAN)
    assert verify(Listed.of(lab)).findings == ()
