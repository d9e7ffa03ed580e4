"""Documents beside the ledger: altered, missing, swapped or erased ones are named; lawfully erased ones are told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from cryoledger.audit import Report, verify
from cryoledger.audit.documents import SALT_BYTES
from cryoledger.ledger.lines import encode_base64
from tests.audit.sources import Listed
from tests.audit.stories import event
from tests.lab import ADMIN, CLINICIAN, QUALITY, Lab, hash_text

SALT = bytes(range(SALT_BYTES))


@dataclass(frozen=True)
class Kept:
    """A document, under no encryption."""

    sha256: str
    salt_id: str
    subject_kind: str | None
    subject_code: str | None
    size_bytes: int
    content: bytes | None


@dataclass
class Shelf:
    """Documents that a test may bend; `locked` are those of whom this machine has no key."""

    kept: dict[str, Kept] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)

    def put(self, content: bytes, kind: str = "site", code: str = "site") -> dict[str, object]:
        """Keep a document; what an entry says of it."""
        sha256 = encode_base64(hashlib.sha256(SALT + content).digest())
        self.kept[sha256] = Kept(sha256, "5a17", kind, code, len(content), SALT + content)
        return {"sha256": sha256, "size_bytes": len(content), "salt_id": "5a17"}

    def change(self, sha256: str, **values: object) -> None:
        self.kept[sha256] = replace(self.kept[sha256], **values)  # type: ignore[arg-type]

    def document(self, sha256: str) -> Kept | None:
        return self.kept.get(sha256)

    def opened(self, document: Kept) -> bytes | None:
        return None if document.subject_code in self.locked else document.content

    def named(self) -> Iterator[str]:
        yield from self.kept


@dataclass
class Story:
    source: Listed
    shelf: Shelf
    site: tuple[int, str]  # sequence of the entry, hash of the document
    patient: tuple[int, str]

    def report(self) -> Report:
        return verify(self.source, documents=self.shelf)  # type: ignore[arg-type]


@pytest.fixture
def story() -> Story:
    """An alarm with a note under the site's key, and a patient's identity under the patient's."""
    lab, shelf = Lab(), Shelf()
    lab.furnish()
    noted = shelf.put(b"the door stood open")
    lab.record(event("AlarmRaised", unit="FRZ-1", alarm="door", document=noted))
    alarm = lab.last.sequence
    lab.record(event("PatientRegistered", patient="P-1", bands=[hash_text("band")]), CLINICIAN)
    lab.record(event("IdentityReaderGranted", person=QUALITY, key_id="0a1b2c3d"), ADMIN, QUALITY)
    who = shelf.put(b"who it is", "patient", "P-1")
    lab.record(event("IdentityRecorded", scope="patient", code="P-1", document=who), QUALITY)
    return Story(Listed.of(lab), shelf, (alarm, str(noted["sha256"])), (lab.last.sequence, str(who["sha256"])))


def test_documents_that_are_what_entries_say_are_covered(story: Story) -> None:
    report = story.report()
    assert (report.ok, report.findings) == (True, ())
    assert "documents: 2 compared with the hashes that their entries commit to" in report.covers
    assert not any("document" in line for line in report.not_run)


def test_without_documents_nothing_is_said_of_them(story: Story) -> None:
    report = verify(story.source)
    assert "documents: none given" in report.not_run
    assert not any(line.startswith("documents") for line in report.covers)


TAMPERINGS: dict[str, tuple[Callable[[Shelf, str], object], str]] = {
    "missing": (lambda shelf, sha256: shelf.kept.pop(sha256), "is missing"),
    "altered": (lambda shelf, sha256: shelf.change(sha256, content=SALT + b"the door was shut!!"), "altered"),
    "salt": (lambda shelf, sha256: shelf.change(sha256, content=bytes(16) + b"the door stood open"), "altered"),
    "size": (lambda shelf, sha256: shelf.change(sha256, size_bytes=3), "size or salt"),
    "salt id": (lambda shelf, sha256: shelf.change(sha256, salt_id="other"), "size or salt"),
    "erased": (lambda shelf, sha256: shelf.change(sha256, content=None), "was erased"),
    "of another": (
        lambda shelf, sha256: shelf.change(sha256, subject_kind="patient", subject_code="P-1"),
        "whom this entry does not name",
    ),
    "of nobody": (lambda shelf, sha256: shelf.change(sha256, subject_kind=None), "whom this entry does not name"),
    "no bytes": (lambda shelf, sha256: shelf.change(sha256, content="text"), "cannot be read"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_a_tampered_document_is_a_finding_that_names_its_entry(story: Story, name: str) -> None:
    tamper, told = TAMPERINGS[name]
    sequence, sha256 = story.site
    tamper(story.shelf, sha256)
    report = story.report()
    bad = report.first_bad
    assert bad is not None
    assert (bad.check, bad.epoch, bad.sequence, bad.row) == ("document", 1, sequence, sha256)
    assert told in bad.message
    assert [each for each in report.findings if each.severity == "broken"] == [bad]


def test_contents_of_two_documents_that_were_swapped_are_both_named(story: Story) -> None:
    (one, first), (other, second) = story.site, story.patient
    kept = story.shelf.kept
    contents = kept[second].content, kept[first].content
    for sha256, content in zip((first, second), contents, strict=True):
        story.shelf.change(sha256, content=content)
    assert [finding.sequence for finding in story.report().findings] == [one, other]


def test_a_document_that_no_entry_names_is_listed(story: Story) -> None:
    sha256 = str(story.shelf.put(b"a stray")["sha256"])
    report = story.report()
    assert report.ok
    assert [(each.severity, each.row) for each in report.findings] == [("open", sha256)]


def test_what_this_machine_has_no_key_for_is_counted_as_not_compared(story: Story) -> None:
    story.shelf.locked.add("P-1")
    report = story.report()
    assert report.ok
    assert "documents: 1 compared with the hashes that their entries commit to" in report.covers
    assert "documents: 1 are there, but cannot be opened: this machine lacks their keys" in report.not_run


def forgotten() -> Story:
    lab, shelf = Lab(), Shelf()
    lab.record(event("PatientRegistered", patient="P-9", bands=[hash_text("band")]), CLINICIAN)
    lab.record(event("IdentityReaderGranted", person=QUALITY, key_id="0a1b2c3d"), ADMIN, QUALITY)
    who = shelf.put(b"who it was", "patient", "P-9")
    lab.record(event("IdentityRecorded", scope="patient", code="P-9", document=who), QUALITY)
    place = lab.last.sequence, str(who["sha256"])
    gone = {"scope": "patient", "code": "P-9", "reason": "subject-request", "copies_until": "2199-01-01"}
    lab.record(event("IdentityForgotten", **gone), ADMIN, QUALITY)
    shelf.change(place[1], content=None)
    return Story(Listed.of(lab), shelf, place, place)


def test_a_document_erased_with_a_forgotten_patient_is_told_and_not_red() -> None:
    report = forgotten().report()
    assert (report.ok, report.findings) == (True, ())
    assert "documents: 1 erased with the donors and patients whom the ledger forgot" in report.covers


def test_a_document_of_somebody_else_is_not_erased_under_the_name_of_the_forgotten() -> None:
    story = forgotten()
    sequence, sha256 = story.site
    story.shelf.change(sha256, subject_kind="site", subject_code="site")
    bad = story.report().first_bad
    assert bad is not None
    assert (bad.sequence, bad.check) == (sequence, "document")
    assert "forgot nobody" in bad.message


def test_documents_that_break_are_a_finding(story: Story) -> None:
    class Torn(Shelf):
        def document(self, sha256: str) -> Kept | None:
            raise OSError("torn")

        def named(self) -> Iterator[str]:
            raise OSError("torn")

    story.shelf = Torn()
    report = story.report()
    assert not report.ok
    assert len(report.findings) == 3
