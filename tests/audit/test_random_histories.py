"""Any history that the program lets happen verifies, whatever is tried in it, and in whatever order."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from cryoledger.audit import Head, verify
from cryoledger.domain.events import people, storage
from cryoledger.domain.facts import Put
from cryoledger.domain.records import Dose, Hold, PublicKey, Vial, VialPlacement
from cryoledger.domain.roles import Role
from cryoledger.errors import CryoledgerError
from tests.audit.sources import Listed
from tests.audit.stories import event, restore
from tests.lab import BEDSIDE, CLINICIAN, PEOPLE, QUALITY, STATION, TECHNICIAN, TECHNICIAN_2, Lab

HISTORIES = int(os.environ.get("CRYOLEDGER_HISTORIES", "12"))
ATTEMPTS = 120

Try = Callable[[Lab, random.Random], object]


def a_vial(lab: Lab, chance: random.Random) -> str:
    return chance.choice(sorted(row.code for row in lab.inventory.rows(Vial)))


def a_box(chance: random.Random) -> str:
    return f"BOX-{chance.randrange(1, 4)}"


def sign_in(lab: Lab, chance: random.Random) -> None:
    lab.sign_in(chance.choice([TECHNICIAN, TECHNICIAN_2]), chance.choice([STATION, BEDSIDE]))


def take_out(lab: Lab, chance: random.Random) -> None:
    lab.take_out(a_vial(lab, chance))


def put_back(lab: Lab, chance: random.Random) -> None:
    box = a_box(chance)
    out = [row.code for row in lab.inventory.rows(Vial) if row.custody == "out"][: chance.randrange(1, 4)]
    lab.record(storage.VialsReturned(unit=box, vials=lab.placed(out, box, chance.randrange(70))), TECHNICIAN)


def move(lab: Lab, chance: random.Random) -> None:
    box = a_box(chance)
    placed = lab.placed([a_vial(lab, chance)], box, chance.randrange(70))
    lab.record(storage.VialsMoved(unit=box, vials=placed), chance.choice([TECHNICIAN, TECHNICIAN_2]))


def undo_move(lab: Lab, chance: random.Random) -> None:
    move(lab, chance)
    done, signer = lab.last, lab.last.entry.envelope.signers[0].name
    rows = [change.row for change in done.changes if isinstance(change, Put)]
    past = next(row for row in rows if isinstance(row, VialPlacement))
    item = {"vial": past.vial, "position": past.position}
    undo = event("VialsMoved", unit=past.unit, vials=[item], undoes=[done.reference.model_dump()])
    lab.record(undo, signer)


def move_unit(lab: Lab, chance: random.Random) -> None:
    rack, slot = chance.choice(["RACK-1", "RACK-2"]), str(chance.randrange(1, 9))
    lab.record(storage.StorageUnitMoved(unit=a_box(chance), parent=rack, slot=slot), TECHNICIAN)


def carry_unit(lab: Lab, chance: random.Random) -> None:
    box = a_box(chance)
    lab.record(storage.StorageUnitTakenOut(unit=box), TECHNICIAN)
    lab.wait(minutes=chance.randrange(5))
    lab.record(storage.StorageUnitReturned(unit=box, parent="RACK-2", slot=str(chance.randrange(9, 99))), TECHNICIAN)


def late_move(lab: Lab, chance: random.Random) -> None:
    at = lab.now
    lab.wait(minutes=chance.randrange(11, 200))
    box = a_box(chance)
    placed = lab.placed([a_vial(lab, chance)], box, chance.randrange(70))
    late = event("VialsMoved", unit=box, vials=[item.model_dump() for item in placed], late="forgotten")
    lab.record(late, TECHNICIAN, at=at, countersigned=chance.choice([None, TECHNICIAN_2]))


def hold(lab: Lab, chance: random.Random) -> None:
    lab.hold(*chance.choice([("vial", a_vial(lab, chance)), ("unit", a_box(chance)), ("lot", "LOT-1")]))


def lift(lab: Lab, chance: random.Random) -> None:
    held = [row.number for row in lab.inventory.rows(Hold) if row.lifted is None and row.kind == "hold"]
    lab.record(event("HoldLifted", number=chance.choice(held or [0]), reason="cleared"))


def discard(lab: Lab, chance: random.Random) -> None:
    act = storage.VialsDiscarded(vials=(a_vial(lab, chance),), reason="broken")
    if chance.random() < 0.5:
        lab.record(act, TECHNICIAN, TECHNICIAN_2)
        return
    reference = lab.propose(act, TECHNICIAN)
    lab.wait(minutes=chance.choice([1, 100]))
    lab.record(act.model_copy(update={"proposal": reference}), TECHNICIAN_2)


def missing(lab: Lab, chance: random.Random) -> None:
    lab.record(event("VialsReportedMissing", vials=[a_vial(lab, chance)], reason="not-in-position"))


def give(lab: Lab, chance: random.Random) -> None:
    number = len(lab.entries)
    order = lab.place_order(f"ORDER-{number}", f"PATIENT-{chance.randrange(3)}")
    vials = [row.code for row in lab.inventory.rows(Vial) if row.custody == "stored"][:1]
    dose = lab.to_dose(f"DOSE-{number}", order, vials)
    lab.give(dose)


def follow_up(lab: Lab, chance: random.Random) -> None:
    doses = [row.code for row in lab.inventory.rows(Dose)] or ["DOSE-0"]
    lab.record(event("FollowUpRecorded", dose=chance.choice(doses), month=3, outcome="unchanged"))


def excursion(lab: Lab, chance: random.Random) -> None:
    times = {"started_at": lab.ago(minutes=chance.randrange(1, 60)), "ended_at": lab.now}
    unit = chance.choice(["BOX-1", "RACK-1", "FRZ-1"])
    lab.record(event("ExcursionRecorded", unit=unit, worst_millicelsius=-60_000, **times))


def hire(lab: Lab, chance: random.Random) -> None:
    lab.enrol(f"temp.{len(lab.entries)}", "Temp", chance.choice(list(Role)))


def fire(lab: Lab, chance: random.Random) -> None:
    temps = [key for key in lab.inventory.rows(PublicKey) if key.name.startswith("temp") and key.revoked is None]
    key = chance.choice(temps)
    suspect = chance.choice([None, key.enrolled])
    lab.record(event("KeyRevoked", name=key.name, key_id=key.key_id, suspect_from=suspect, reason="left"), QUALITY)


def temp_moves(lab: Lab, chance: random.Random) -> None:
    names = [key.name for key in lab.inventory.rows(PublicKey) if key.name.startswith("temp")]
    box = a_box(chance)
    placed = lab.placed([a_vial(lab, chance)], box, chance.randrange(70))
    lab.record(storage.VialsMoved(unit=box, vials=placed), chance.choice(names))


def roles(lab: Lab, chance: random.Random) -> None:
    name, role = chance.choice(list(PEOPLE)), chance.choice([Role.WITNESS, Role.TECHNICIAN])
    kind = chance.choice([people.RoleGranted, people.RoleWithdrawn])
    lab.record(kind(person=name, role=role))


def observed(lab: Lab, chance: random.Random) -> None:
    lab.record(event("PinRefused", person=CLINICIAN, attempt=lab.person(CLINICIAN).wrong_pins + 1))
    lab.record(event("StationLocked", reason="idle"))


def pause(lab: Lab, chance: random.Random) -> None:
    lab.wait(minutes=chance.choice([1, 30, 60 * 13]))


def next_epoch(lab: Lab, chance: random.Random) -> None:
    if chance.random() < 0.2:
        restore(lab)


TRIES: tuple[Try, ...] = (
    sign_in, take_out, put_back, move, undo_move, move_unit, carry_unit, late_move, hold, lift, discard, missing, give,
    follow_up, excursion, hire, fire, temp_moves, roles, observed, pause, next_epoch,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_random_history_verifies(seed: int) -> None:
    chance, lab = random.Random(seed), Lab()
    lab.furnish()
    lab.register_lot("LOT-1")
    lab.vials("LOT-1", 30)
    lab.release_lot("LOT-1")
    done: set[Try] = set()
    for _ in range(ATTEMPTS):
        attempt = chance.choice(TRIES)
        try:
            attempt(lab, chance)
            done.add(attempt)
        except (CryoledgerError, ValueError, IndexError, StopIteration, AssertionError):
            continue  # refused, or there was nothing to try it on
    assert len(done) > len(TRIES) // 2
    last = lab.last
    report = verify(Listed.of(lab), remembered=Head(lab.origin, last.epoch, last.sequence, last.leaf_hash))
    assert report.ok, report.first_bad
    assert all(finding.check == "suspect range" for finding in report.findings)
