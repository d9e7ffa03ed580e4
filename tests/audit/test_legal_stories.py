"""What the program records verifies: no legal history makes a broken finding."""

from __future__ import annotations

from pathlib import Path

from cryoledger.audit import Head, verify
from cryoledger.domain.records import DERIVED
from tests.audit.sources import File, Listed
from tests.audit.stories import restore, short_story
from tests.lab import Lab


def test_whole_story_leaves_a_row_in_every_derived_table(whole: Listed) -> None:
    assert [record.table for record in DERIVED if not whole.tables[record]] == []


def test_whole_story_verifies_with_its_suspect_range_open(whole: Listed) -> None:
    report = verify(whole)
    assert report.ok, report.first_bad
    assert report.entries == len(whole.stored)
    assert [(finding.check, finding.severity, finding.found) for finding in report.findings] == [
        ("suspect range", "open", "1")
    ]


def test_whole_story_verifies_in_a_real_file(whole_file: Path) -> None:
    source = File(whole_file)
    report = verify(source)
    source.close()
    assert report.ok, report.first_bad


def test_a_fresh_vault_verifies() -> None:
    report = verify(Listed.of(Lab(enrolled=False)))
    assert report.ok
    assert report.entries == 1


def test_two_restores_verify() -> None:
    lab = Lab()
    short_story(lab)
    restore(lab)
    restore(lab)
    assert verify(Listed.of(lab)).ok


def test_report_names_what_it_covers_and_what_was_not_run(short: Listed) -> None:
    report = verify(short)
    assert any(line.startswith("signatures:") for line in report.covers)
    assert "first enrolment: entry 1 bears one administrator's signature" in report.covers
    for part in ("checkpoints", "witness cosignatures", "remembered head", "fingerprint"):
        assert any(line.startswith(part) for line in report.not_run), part


def test_what_was_given_is_covered(short: Listed) -> None:
    last = short.stored[-1]
    head = Head("velar.example/lab", last.epoch, last.sequence, last.leaf_hash)
    report = verify(short, remembered=head, fingerprint=short.stored[0].leaf_hash)
    assert report.ok
    assert {"remembered head", "fingerprint"} <= set(report.covers)
    assert not any(line.startswith(("remembered head", "fingerprint")) for line in report.not_run)


def test_report_as_json_has_the_fields_of_the_command(whole: Listed) -> None:
    told = verify(whole).to_dict()
    assert list(told) == ["ok", "scope", "covers", "not_run", "entries", "findings"]
    assert list(told["findings"][0]) == [
        "check", "severity", "epoch", "sequence", "table", "row", "expected", "found", "message",
    ]  # fmt: skip


def test_progress_is_told_and_ends_at_all(whole: Listed) -> None:
    told: list[tuple[int, int]] = []
    verify(whole, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(whole.stored), len(whole.stored))


def test_exposed_window_names_who_signed_last_alone(short: Listed) -> None:
    (window,) = [line for line in verify(short).covers if line.startswith("exposed window")]
    assert "maria.s" in window
