"""What came after a head that witnesses saw: the rest is taken on their word, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from cryoledger.audit import Head, Outside, Report, verify, verify_since
from cryoledger.audit.chain import Chain
from cryoledger.audit.findings import Findings
from cryoledger.audit.since import SIGNER_TYPES, Signers
from cryoledger.domain.records import Person, PublicKey, Site, Station
from cryoledger.ledger.checkpoint import Checkpoint, SignedCheckpoint, cosign, sign_checkpoint
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.note import Signature
from cryoledger.ledger.policy import Policy, parse_policy
from cryoledger.ledger.signature_batch import SignatureJob, failing
from cryoledger.ledger.tree import EMPTY_ROOT
from tests.audit.sources import Listed
from tests.audit.tampering import entry_of, find, resigned, rewrite_from
from tests.audit.test_trees import OTHER, WITNESS, head, origin
from tests.lab import ORIGIN, TECHNICIAN, Lab, private_key

LOG = private_key(ORIGIN).verifier.encode()
POLICY = parse_policy(f"log {LOG}\nwitness w {WITNESS.verifier.encode()}\nquorum w\n".encode())
NOBODY = parse_policy(f"log {LOG}\nquorum none\n".encode())
UNKNOWN_LOG = parse_policy(f"witness w {WITNESS.verifier.encode()}\nquorum w\n".encode())


def seen(source: Listed, size: int) -> SignedCheckpoint:
    return head(source, size, WITNESS)


def judged(
    source: Listed, since: SignedCheckpoint | bytes, policy: Policy = POLICY, kept: SignedCheckpoint | None = None
) -> Report:
    note = since if isinstance(since, bytes) else since.encode()
    outside = Outside(None, [kept.encode()] if kept is not None else [])
    return verify_since(source, since=note, policy=policy, outside=outside)


def second_epoch(source: Listed) -> SignedCheckpoint:
    """A checkpoint of the first entry of the second epoch, which the witness saw."""
    (opened, *_) = [row for row in source.stored if row.epoch == 2]
    there = Checkpoint(entry_of(opened).origin, 1, opened.leaf_hash)
    log = PrivateKey.from_seed(there.origin, private_key(ORIGIN).seed)
    return sign_checkpoint(there, [log]).with_signatures(cosign(there, WITNESS, 1_700_000_000))


@pytest.mark.parametrize("left", [0, 1, 5, 18])
def test_newer_entries_are_checked_and_older_ones_taken_on_the_witnesses_word(short: Listed, left: int) -> None:
    size = len(short.stored) - left
    report = judged(short, seen(short, size))
    assert (report.ok, report.scope, report.findings) == (True, "since", ())
    assert report.covers[0].startswith(f"taken on the word of w and of the log: the first {size} entries")
    assert report.covers[1].startswith(f"signatures: of the {left} {'entry' if left == 1 else 'entries'} after it")
    assert any(line.startswith(f"signatures of the first {size} entries") for line in report.not_run)
    for what in ("rules", "derived tables", "documents", "remembered head", "fingerprint"):
        assert any(line.startswith(what) for line in report.not_run), what


def test_a_checkpoint_of_an_earlier_epoch_is_a_beginning_too(whole: Listed) -> None:
    """The policy still asks that somebody saw the present epoch, as it does of the whole verification."""
    first = find(whole, "LedgerRestored")
    for size in (first - 3, first):
        assert [each.check for each in judged(whole, seen(whole, size)).findings] == ["policy"]
        report = judged(whole, seen(whole, size), kept=second_epoch(whole))
        assert report.ok, report.findings
        assert report.covers[1].startswith(f"signatures: of the {len(whole.stored) - size} entries")


def test_who_may_sign_is_what_the_whole_replay_says(whole: Listed, whole_lab: Lab) -> None:
    findings = Findings()
    chain, signers = Chain(findings), Signers(whole, findings, None)
    for stored in whole.stored:
        step = chain.step(stored)
        assert step is not None
        if entry_of(stored).envelope.type in SIGNER_TYPES:
            signers.carry(step)
    assert findings.listed() == ()
    found, expected = signers.inventory, whole_lab.inventory
    assert set(found.rows(PublicKey)) == set(expected.rows(PublicKey))
    assert set(found.rows(Site)) == set(expected.rows(Site))
    assert standing(found.rows(Person)) == standing(expected.rows(Person))
    assert {(row.name, row.key_id, row.status) for row in found.rows(Station)} == {
        (row.name, row.key_id, row.status) for row in expected.rows(Station)
    }


def standing(rows: Iterable[Person]) -> set[tuple[str, ...]]:
    return {(row.name, row.full_name, row.badge, row.roles, row.key_id, row.status) for row in rows}


def test_an_older_entry_cannot_be_altered(short: Listed) -> None:
    since = seen(short, 15)
    row = short.stored[9]
    row.note = row.note.replace(b'"station":"', b'"station":"x')
    assert not judged(short, since).ok


def test_whoever_holds_every_key_cannot_rewrite_what_the_witnesses_saw(short: Listed) -> None:
    since = seen(short, 15)
    rewrite_from(
        short, 9, resigned(short.stored[9], envelope={"station": entry_of(short.stored[9]).envelope.station + "x"})
    )
    report = judged(short, since)
    assert not report.ok
    assert any("signed over other entries" in finding.message for finding in report.findings)


def test_every_byte_of_a_newer_entry_counts(short: Listed) -> None:
    since = seen(short, 15)
    row = short.stored[17]
    note = row.note
    for at in range(0, len(note), 3):
        row.note = note[:at] + bytes((note[at] ^ 1,)) + note[at + 1 :]
        bad = judged(short, since).first_bad
        assert bad is not None
        assert (bad.epoch, bad.sequence) == (1, 17)


def by_a_forger(name: str, text: bytes) -> Signature:
    return replace(private_key("forger").sign(text), name=name)


@pytest.mark.parametrize("with_workers", [False, True])
def test_a_newer_entry_that_another_key_signed_is_named(short: Listed, with_workers: bool) -> None:
    class Here:
        waiting_most = 1

        def start(self, batch: list[SignatureJob]) -> Callable[[], tuple[int, list[int]]]:
            return lambda: failing(batch)

    at = len(short.stored) - 2
    since = seen(short, at)
    short.stored[at] = resigned(short.stored[at], sign=by_a_forger)
    short.stored[at + 1] = resigned(short.stored[at + 1], previous=short.stored[at].leaf_hash)
    workers = Here() if with_workers else None
    report = verify_since(short, since=since.encode(), policy=POLICY, workers=workers)  # type: ignore[arg-type]
    assert [(finding.check, finding.sequence) for finding in report.findings] == [("signatures", at)]
    assert judged(short, head(short, at + 1, WITNESS)).ok, "what the witnesses saw is taken on their word"


def test_a_newer_entry_by_a_key_that_was_revoked_before_is_named(whole: Listed) -> None:
    at = len(whole.stored) - 1
    assert [signer.name for signer in entry_of(whole.stored[at]).envelope.signers] == [TECHNICIAN]
    since = seen(whole, find(whole, "LedgerRestored"))
    kept = second_epoch(whole)
    assert judged(whole, since, kept=kept).ok
    whole.stored[at] = resigned(whole.stored[at], signers=(("lena.k", "performed"),))
    bad = judged(whole, since, kept=kept).first_bad
    assert bad is not None
    assert (bad.check, bad.sequence) == ("signers", whole.stored[at].sequence)


def test_a_ledger_shorter_than_the_checkpoint_is_broken(short: Listed) -> None:
    since = seen(short, len(short.stored))
    del short.stored[-2:]
    report = judged(short, since)
    assert not report.ok
    assert any("rolled back or cut" in finding.message for finding in report.findings)
    assert not any("taken on the word" in line for line in report.covers)


def test_a_gap_is_broken(short: Listed) -> None:
    for at in (5, 17):
        source, since = short.copy(), seen(short, 15)
        del source.stored[at]
        assert not judged(source, since).ok


def empty(source: Listed) -> bytes:
    nothing = Checkpoint(origin(source), 0, EMPTY_ROOT)
    signed = sign_checkpoint(nothing, [private_key(origin(source))])
    return signed.with_signatures(cosign(nothing, WITNESS, 1_700_000_000)).encode()


def elsewhere(source: Listed) -> bytes:
    """A checkpoint that the witness cosigned, by a log that the policy does not list."""
    there = Checkpoint("elsewhere.example", 3, bytes(32))
    signed = sign_checkpoint(there, [PrivateKey.generate("elsewhere.example")])
    return signed.with_signatures(cosign(there, WITNESS, 1_700_000_000)).encode()


REFUSED: dict[str, tuple[Callable[[Listed], bytes], Policy]] = {
    "no cosignature": (lambda source: head(source, 15).encode(), POLICY),
    "a stranger's cosignature": (lambda source: head(source, 15, OTHER).encode(), POLICY),
    "a policy that asks for no witness": (lambda source: head(source, 15, WITNESS).encode(), NOBODY),
    "a policy that does not list the log": (lambda source: head(source, 15, WITNESS).encode(), UNKNOWN_LOG),
    "an empty tree": (empty, POLICY),
    "another log": (elsewhere, POLICY),
    "rubbish": (lambda _: b"rubbish", POLICY),
}


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_taken_on_the_word_of(short: Listed, name: str) -> None:
    made, policy = REFUSED[name]
    report = judged(short, made(short), policy)
    assert (report.ok, report.covers) == (False, ())
    assert [finding.check for finding in report.findings] == ["since"]


def test_remembered_head_and_fingerprint_are_compared(short: Listed) -> None:
    last = short.stored[-1]
    remembered = Head(ORIGIN, 1, last.sequence, last.leaf_hash)
    since = seen(short, 15).encode()
    known = {"since": since, "policy": POLICY, "remembered": remembered, "fingerprint": short.stored[0].leaf_hash}
    report = verify_since(short, **known)  # type: ignore[arg-type]
    assert report.ok
    assert {"remembered head", "fingerprint"} <= set(report.covers)
    assert not verify_since(short, **{**known, "fingerprint": bytes(32)}).ok  # type: ignore[arg-type]
    del short.stored[-1]
    assert not verify_since(short, **known).ok  # type: ignore[arg-type]


def test_checkpoints_that_the_vault_keeps_are_compared_too(short: Listed) -> None:
    forged = sign_checkpoint(Checkpoint(ORIGIN, 17, bytes(32)), [private_key(ORIGIN)])
    outside = Outside(None, [forged.encode()])
    assert not verify_since(short, since=seen(short, 15).encode(), policy=POLICY, outside=outside).ok


def test_a_name_in_a_signature_line_hides_no_revocation() -> None:
    from cryoledger.audit.since import _about_signers

    line = b'{"data":{},"type":"KeyRevoked"}\n\n\xe2\x80\x94 x"type":"VialsMoved"} AAAA\n'
    assert _about_signers(line)
    assert not _about_signers(line.replace(b"KeyRevoked", b"VialsMoved"))


def test_the_whole_verification_asks_more(short: Listed) -> None:
    """An illegal act by the right person is none of this pass's business, and it says so."""
    at = find(short, "StorageUnitMoved", -1)
    since = seen(short, at)
    rewrite_from(short, at, resigned(short.stored[at], data={"parent": "RACK-99"}))
    report = judged(short, since)
    assert report.ok
    assert any(line.startswith("rules") for line in report.not_run)
    assert not verify(short).ok
