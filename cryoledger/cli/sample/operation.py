"""The operation checks of a qualification: a sample clinic lives a day, and what must not happen is tried on it."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cryoledger.cli.sample import clinic as sample
from cryoledger.cli.sample import stock
from cryoledger.cli.sample.people import MARIA, QUINN
from cryoledger.cli.sample.stock import make_event
from cryoledger.custody.backups import backup
from cryoledger.custody.proof.auditing import verify_at, verify_vault
from cryoledger.custody.qualification import Check, checked, must
from cryoledger.custody.record import By, record
from cryoledger.domain.records import Vial
from cryoledger.errors import PinError, Refusal


def operation(folder: Path) -> list[Check]:
    """Make the sample clinic in `folder` (with CRYOLEDGER_HOME there too) and put it through its day."""
    told: list[str] = []
    made: list[sample.Clinic] = []

    def live() -> str:
        clinic = sample.make_clinic(str(folder / "qualification.cryoledger"), lambda _: None)
        made.append(clinic)
        sample.tell_story(clinic, told.append)
        refused = sum("REFUSED" in line for line in told)
        return must(refused == 2, f"a dose from donor to patient, {len(told)} steps, {refused} refused")

    checks = [checked("OQ-1", "A dose is made and given; an unreleased lot and the wrong patient are refused.", live)]
    if not made:
        return checks
    with made[0].vault:
        clinic = made[0]
        return [
            *checks,
            checked("OQ-2", "The whole ledger verifies, and its tables are what it says.", lambda: _sound(clinic)),
            checked("OQ-3", "A second vial in one position is refused (I2).", lambda: _occupied(clinic)),
            checked("OQ-4", "A wrong PIN signs nothing, and is recorded (I7, I10).", lambda: _wrong_pin(clinic)),
            checked("OQ-5", "A role that the act does not ask for is refused (I7).", lambda: _wrong_role(clinic)),
            checked("OQ-6", "A backup is made, verified, and restored on trial.", lambda: _backup(clinic, folder)),
            checked("OQ-7", "An altered byte of an entry is found.", lambda: _altered(folder)),
            checked("OQ-8", "An altered row of the inventory is found (I8).", lambda: _moved(clinic, folder)),
            checked("OQ-9", "A cut-off end of the ledger is found.", lambda: _cut(folder)),
            checked("OQ-10", "A label's symbols read back as what they stand for.", lambda: _label(clinic)),
        ]


def _sound(clinic: sample.Clinic) -> str:
    report = verify_vault(clinic.vault)
    return must(report.ok, f"{report.entries} entries, {len(report.findings)} findings")


def _occupied(clinic: sample.Clinic) -> str:
    first, second = clinic.vials[stock.RELEASED][10:12]
    with clinic.vault.store.reading() as reading:
        vial = reading.facts.get(Vial, second)
    assert vial is not None
    placed = [{"vial": first, "position": vial.position}]
    try:
        record(clinic.vault, make_event("VialsMoved", unit=vial.unit, vials=placed), MARIA.by)
    except Refusal as refusal:
        return must(refusal.rule.startswith("I2"), refusal.message)
    raise RuntimeError("it was recorded")


def _wrong_pin(clinic: sample.Clinic) -> str:
    lot = make_event("HoldPlaced", scope="lot", codes=[stock.RELEASED], reason="investigation")
    try:
        record(clinic.vault, lot, By(QUINN.name, "620951"))
    except PinError as error:
        with clinic.vault.store.reading() as reading:
            head = reading.head()
            last = reading.recorded(head.number) if head is not None else None
        return must(last is not None and last.type == "PinRefused", error.message)
    raise RuntimeError("it was recorded")


def _wrong_role(clinic: sample.Clinic) -> str:
    try:
        record(clinic.vault, make_event("LotReleased", lot=stock.QUARANTINED), MARIA.by)
    except Refusal as refusal:
        return must(refusal.rule == "I7", refusal.message)
    raise RuntimeError("it was recorded")


def _backup(clinic: sample.Clinic, folder: Path) -> str:
    made = backup.back_up(clinic.vault, folder / "qualification.backup")
    report = backup.restore_as_test(clinic.vault, made.path)
    return must(report.ok, f"{report.entries} entries came back")


@contextmanager
def _copy(folder: Path) -> Iterator[tuple[str, sqlite3.Connection]]:
    """A copy of the vault without its guards, as whoever holds the file could make one."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = str(Path(place) / "tampered.cryoledger")
        with closing(sqlite3.connect(folder / "qualification.cryoledger")) as source:
            copy = sqlite3.connect(path, isolation_level=None)
            source.backup(copy)
        for (name,) in copy.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            copy.execute(f'DROP TRIGGER "{name}"')
        try:
            yield path, copy
        finally:
            copy.close()


def _caught(path: str, check: str) -> str:
    report = verify_at(path)
    found = [finding.message for finding in report.findings if finding.severity == "broken" and finding.check == check]
    return must(not report.ok and bool(found), found[0] if found else f"nothing was found by the check {check!r}")


def _altered(folder: Path) -> str:
    with _copy(folder) as (path, copy):
        (note,) = copy.execute("SELECT note FROM entry WHERE sequence = 30").fetchone()
        at = note.index(b'"occurred_at":"2') + len('"occurred_at":"2')
        copy.execute("UPDATE entry SET note = ? WHERE sequence = 30", (note[:at] + b"1" + note[at + 1 :],))
        found = [finding.message for finding in verify_at(path).findings if finding.sequence == 30]
        return must(bool(found), found[0] if found else "nothing was found at the entry")


def _moved(clinic: sample.Clinic, folder: Path) -> str:
    with _copy(folder) as (path, copy):
        copy.execute("UPDATE vial SET cells = cells + 1 WHERE code = ?", (clinic.vials[stock.RELEASED][20],))
        return _caught(path, "derived tables")


def _cut(folder: Path) -> str:
    with _copy(folder) as (path, copy):
        copy.execute("DELETE FROM entry WHERE sequence = (SELECT max(sequence) FROM entry)")
        return _caught(path, "remembered head")


def _label(clinic: sample.Clinic) -> str:
    from cryoledger.custody.labels.label_contents import vial_label
    from cryoledger.labels import load_layout, load_stock, render

    code = clinic.vials[stock.RELEASED][20]
    with clinic.vault.store.reading() as reading:
        content = vial_label(reading, code)
    label = render(content, load_layout("vial-33x13"), load_stock("roll-33x13"), dpi=300, training=True)
    return must(label.bitmap.width > 0, f"vial {code}: every symbol of the label was read back from its dots")
