"""The hash-only pass: what it finds, what it cannot find, and that it says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from cryoledger.audit import Finding, Head, Outside, verify, verify_hashes
from cryoledger.ledger.note import Signature
from cryoledger.ledger.policy import parse_policy
from cryoledger.ledger.tree import leaf_hash
from tests.audit.sources import Listed, Row
from tests.audit.tampering import find, resigned, rewrite_from
from tests.audit.test_trees import WITNESS, head, origin
from tests.lab import ORIGIN, hash_text, private_key


def first_bad(source: Listed, remembered: Head | None = None) -> Finding:
    """The first broken finding of the hashes, which there must be."""
    found = verify_hashes(source, remembered=remembered).first_bad
    assert found is not None
    return found


def test_a_sound_ledger_of_two_epochs_holds(whole: Listed) -> None:
    report = verify_hashes(whole)
    assert (report.ok, report.scope, report.entries) == (True, "hashes", len(whole.stored))
    assert report.findings == ()


def test_it_says_what_it_does_not_prove(short: Listed) -> None:
    report = verify_hashes(short)
    for what in ("signatures", "rules", "derived tables", "documents", "remembered head", "fingerprint"):
        assert any(line.startswith(what) for line in report.not_run), what
        assert not any(line.startswith(what) for line in report.covers), what


def test_every_byte_of_a_stored_entry_counts(short: Listed) -> None:
    row = short.stored[7]
    note = row.note
    for at in range(len(note)):
        row.note = note[:at] + bytes((note[at] ^ 1,)) + note[at + 1 :]
        bad = first_bad(short)
        assert (bad.epoch, bad.sequence) == (1, 7)


def test_an_entry_whose_own_hash_was_made_to_fit_breaks_the_next(short: Listed) -> None:
    short.stored[7].note = short.stored[7].note.replace(b'"station":"', b'"station":"x')
    short.stored[7].leaf_hash = leaf_hash(short.stored[7].note)
    bad = first_bad(short)
    assert (bad.check, bad.sequence) == ("previous", 8)
    assert "one of the two" in bad.message


def by_a_forger(name: str, text: bytes) -> Signature:
    return replace(private_key("forger").sign(text), name=name)


def cut(source: Listed) -> None:
    del source.stored[5]


def swap(source: Listed) -> None:
    source.stored[5], source.stored[6] = source.stored[6], source.stored[5]


def twice(source: Listed) -> None:
    source.stored.insert(5, source.stored[5])


def rubbish(source: Listed) -> None:
    source.stored[5].note = b"rubbish"


def text(source: Listed) -> None:
    source.stored[5].note = source.stored[5].note.decode()  # type: ignore[assignment]


def column(source: Listed) -> None:
    source.stored[5].previous = bytes(32)


def emptied(source: Listed) -> None:
    source.stored.clear()


@pytest.mark.parametrize("tamper", [cut, swap, twice, rubbish, text, column, emptied])
def test_what_whoever_holds_the_database_can_do_is_found(short: Listed, tamper: Callable[[Listed], None]) -> None:
    tamper(short)
    assert not verify_hashes(short).ok


def test_a_source_that_breaks_in_the_middle_is_a_finding(short: Listed) -> None:
    class Torn(Listed):
        def entries(self) -> Iterator[Row]:
            yield from self.stored[:4]
            raise OSError("torn")

    report = verify_hashes(Torn(short.stored, short.tables))
    assert not report.ok
    assert "cannot be read from here on: torn" in report.findings[0].message


def test_an_entry_of_another_ledger_is_found(short: Listed) -> None:
    rewrite_from(short, 5, resigned(short.stored[5], origin="elsewhere.example"))
    assert first_bad(short).check == "origin"


def test_new_hashes_over_a_rewritten_ledger_are_found_by_a_head_held_outside_alone(short: Listed) -> None:
    """Why it is no verification: anybody can hash again, and sign with a key of his own."""
    kept = head(short, None, WITNESS).encode()
    last = short.stored[-1]
    remembered = Head(ORIGIN, 1, last.sequence, last.leaf_hash)
    changed = resigned(short.stored[5], envelope={"station": "elsewhere"}, sign=by_a_forger)
    rewrite_from(short, 5, changed)
    assert verify_hashes(short).ok
    assert not verify(short).ok
    assert not verify_hashes(short, outside=Outside(None, [], [kept])).ok
    assert first_bad(short, remembered).check == "remembered head"
    assert not verify_hashes(short, fingerprint=bytes(32)).ok


def test_a_policy_is_judged_by_the_keys_that_it_lists_itself(short: Listed) -> None:
    log = private_key(origin(short)).verifier.encode()
    witness = f"witness w {WITNESS.verifier.encode()}\nquorum w\n"
    policy, without = (parse_policy(text.encode()) for text in (f"log {log}\n{witness}", witness))
    seen = Outside(None, [head(short, None, WITNESS).encode()], [], policy)
    report = verify_hashes(short, outside=seen)
    assert report.ok
    assert any("the policy is met by the checkpoint" in line for line in report.covers)
    assert not any("signed by the log" in line for line in report.covers)
    unseen = Outside(None, [head(short).encode()], [], policy)
    assert not verify_hashes(short, outside=unseen).ok
    unnamed = Outside(None, [head(short, None, WITNESS).encode()], [], without)
    assert not verify_hashes(short, outside=unnamed).ok, "no key vouches for the log, so nobody does"


def test_a_cut_before_a_restore_is_found(whole: Listed) -> None:
    del whole.stored[find(whole, "LedgerRestored") - 1]
    assert first_bad(whole).check == "epochs"


def test_a_remembered_head_that_two_persons_declared_lost_is_open(whole: Listed) -> None:
    last = whole.stored[find(whole, "LedgerRestored") - 1]
    lost = Head(ORIGIN, 1, last.sequence + 5, hash_text("lost").encode()[:32])
    report = verify_hashes(whole, remembered=lost)
    assert report.ok
    assert [finding.check for finding in report.findings] == ["remembered head"]
    del whole.stored[-3:]
    tail = Head(ORIGIN + "/e2", 2, 99, bytes(32))
    assert first_bad(whole, tail).check == "remembered head"


def test_progress_ends_at_all(short: Listed) -> None:
    told: list[tuple[int, int]] = []
    verify_hashes(short, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(short.stored), len(short.stored))
