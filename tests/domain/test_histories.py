"""Whole histories: random legal and illegal events, judged after each step by code that shares nothing with the rules.

After every step I1, I2 and I5 are read off the rows, and I3 and I4 are judged anew for whatever was issued, thawed,
prepared, handed over or checked; a refused event leaves every row as it was; at the end the entries' bytes are replayed
from nothing and must give the same rows (I8).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cryoledger.domain import catalogue
from cryoledger.domain.events import treatment
from cryoledger.domain.fields import Event
from cryoledger.domain.records import (
    Deviation,
    Donation,
    Donor,
    Dose,
    DoseSource,
    Hold,
    Lot,
    LotDonation,
    Order,
    OrderLine,
    PatientBand,
    Proposal,
    StorageUnit,
    Vial,
    VialPlacement,
)
from cryoledger.domain.rulebook_1.common import vial_exposure
from cryoledger.errors import Refusal
from tests.lab import (
    BEDSIDE,
    CELLS,
    CLINICIAN,
    PHARMACIST,
    STATION,
    TECHNICIAN,
    TECHNICIAN_2,
    WITNESS,
    Lab,
    band,
    event,
    hash_text,
    later,
    prepared,
    replay,
    rows_of,
)

BOXES = ("BOX-1", "BOX-2", "BOX-3")
UNITS = (*BOXES, "RACK-1", "RACK-2", "FRZ-1", "FRZ-2")
VIALS = ("LOT-1-001", "LOT-1-002", "LOT-1-003", "LOT-1-004", "LOT-2-001", "LOT-2-002", "LOT-3-001")
ORDERS = (("ORDER-1", 1), ("ORDER-1", 2), ("ORDER-2", 1))
DOSES = ("DOSE-1", "DOSE-2", "DOSE-3", "LOT-1-001")
HOLDER = {
    "expected": "process", "stored": "position", "out": "person", "issued": "person", "thawed": "person",
    "prepared": "person", "in_transit": "shipment", "missing": "nobody", "administered": "patient",
    "consumed": "process", "discarded": "waste",
}  # fmt: skip
INTO_A_BOX = {
    "missing": "VialsFound", "in_transit": "VialsReceived", "issued": "IssuedVialsReturned", "out": "VialsReturned",
    "expected": "VialsStored", "stored": "VialsMoved",
}  # fmt: skip
CLOSED = {"administered", "consumed", "discarded"}

Rows = dict[Any, dict[Any, Any]]

vial = st.sampled_from(VIALS)
index = st.integers(0, 1000)
unit = st.sampled_from(UNITS)
box = st.sampled_from(BOXES)
position = st.integers(0, 5)
order = st.sampled_from(ORDERS)
dose = st.sampled_from(DOSES)
volume = st.sampled_from([300, 500, 700, 1000, 1001])


def chain_of(rows: Rows, code: str | None) -> list[str]:
    found: list[str] = []
    while code is not None:
        assert code not in found, "a unit stands inside itself"
        found.append(code)
        code = rows[StorageUnit][(code,)].parent
    return found


def fit(rows: Rows, code: str, order_code: str, line: int, at: str) -> bool:
    """I3 for a vial and an order line, judged from rows alone."""
    row = rows[Vial][(code,)]
    lots = [rows[Lot][(row.lot,)]]
    while lots[-1].parent is not None:
        lots.append(rows[Lot][(lots[-1].parent,)])
    own = lots[0]
    asked = rows[Order][(order_code,)]
    donations = {link.donation for link in rows[LotDonation].values() if link.lot in {lot.code for lot in lots}}
    donors = {rows[Donation][(donation,)].donor for donation in donations}
    places = {("vial", code), *(("unit", each) for each in chain_of(rows, row.unit))}
    places |= {("lot", lot.code) for lot in lots} | {("donation", each) for each in donations}
    places |= {("donor", each) for each in donors}
    held = [
        hold
        for hold in rows[Hold].values()
        if hold.lifted is None and (hold.scope, hold.code) in places and not over(rows, hold, at)
    ]
    withdrawn = [each for each in donors if rows[Donor][(each,)].consent_withdrawn_on is not None]
    released = own.disposition == "released" or (
        own.disposition == "conditionally released" and own.conditional_order == order_code
    )
    return (
        released
        and not held
        and not withdrawn
        and own.expires_at > at
        and (own.donor_kind == "allogeneic" or own.patient == asked.patient)
        and (row.order_code, row.order_line) == (order_code, line)
        and asked.status == "open"
        and rows[OrderLine][(order_code, line)].status == "open"
    )


def over(rows: Rows, hold: Hold, at: str) -> bool:
    """Whether a proposal's hold has ended."""
    if hold.kind != "proposal":
        return False
    proposal = rows[Proposal][(hold.number,)]
    return bool(proposal.status != "open" or proposal.expires_at <= at)


def accepted(rows: Rows, kind: str, code: str, limit: str) -> list[Deviation]:
    return [row for row in rows[Deviation].values() if (row.kind, row.code, row.limit_name) == (kind, code, limit)]


class Histories(RuleBasedStateMachine):
    """A site with three lots (one quarantined, one of PATIENT-1 alone), two patients, two orders."""

    def __init__(self) -> None:
        super().__init__()
        lab = self.lab = Lab()
        lab.furnish()
        lab.register_lot("LOT-2", donor="DONOR-2", filled=2)
        lab.release_lot("LOT-1", filled=4)
        lab.release_lot("LOT-3", donor="DONOR-3", filled=1, donor_kind="autologous", patient="PATIENT-1")
        lab.store_vials(VIALS[:3], "BOX-1")
        lab.store_vials(VIALS[4:], "BOX-2")
        lab.place_order("ORDER-1", "PATIENT-1", lines=2)
        lab.place_order("ORDER-2", "PATIENT-2", cells_max=2 * CELLS)
        lab.sign_in(TECHNICIAN)
        self.exposure = dict.fromkeys(VIALS, 0)

    def attempt(self, made: Event, *signers: str, station: str = STATION, at: str | None = None) -> bool:
        """Record an event or see it refused: then nothing has changed."""
        before, count = self.lab.rows(), len(self.lab.entries)
        try:
            self.lab.record(made, *signers, station=station, at=at)
        except Refusal:
            assert self.lab.rows() == before
            assert len(self.lab.entries) == count
            return False
        occurred = at or later(self.lab.now, -self.lab.tick_ms)
        self.judge(made, before, occurred)
        return True

    def judge(self, made: Event, before: Rows, at: str) -> None:
        """I3 and I4 of what was just recorded, from the rows before it."""
        if isinstance(made, treatment.VialsIssued):
            assert all(fit(before, code, made.order, made.line, at) for code in made.vials)
        elif isinstance(made, treatment.VialsThawed) and made.purpose == "therapy":
            for code in made.vials:
                row = before[Vial][(code,)]
                assert fit(before, code, row.order_code, row.order_line, at)
        elif isinstance(made, treatment.DosePrepared):
            assert all(fit(before, source.vial, made.order, made.line, at) for source in made.sources)
        elif isinstance(made, treatment.DoseHandedOver | treatment.BedsideCheckPassed):
            row = before[Dose][(made.dose,)]
            sources = [source.vial for source in before[DoseSource].values() if source.dose == made.dose]
            assert sources
            assert all(fit(before, code, row.order_code, row.order_line, at) for code in sources)
            reached = [each.reach or 0 for each in accepted(before, "dose", row.code, "post-thaw-window")]
            assert later(row.deadline, max(reached, default=0)) >= at
            if isinstance(made, treatment.BedsideCheckPassed):
                self.judge_bedside(made, before, row)
        elif isinstance(made, treatment.AdministrationCompleted):
            assert before[Dose][(made.dose,)].custody == "checked"

    def judge_bedside(self, made: treatment.BedsideCheckPassed, before: Rows, row: Dose) -> None:
        line = before[OrderLine][(made.order, made.line)]
        assert (row.order_code, row.order_line, row.patient) == (made.order, made.line, made.patient)
        assert before[Order][(made.order,)].patient == made.patient
        assert (made.patient, made.band) in before[PatientBand]
        within = line.cells_given + row.cells <= line.cells_max
        assert within or accepted(before, "order", made.order, "dose-amount")
        assert len({signer.name for signer in self.lab.last.entry.envelope.signers}) == 2

    def pick(self, index: int, *custodies: str) -> str:
        """Mostly a vial in one of these custodies, where there is one; now and then any vial."""
        fitting = [code for code in VIALS if self.lab.vial(code).custody in custodies]
        return fitting[index % len(fitting)] if fitting and index % 8 != 7 else VIALS[index % len(VIALS)]

    def dose_of(self, index: int) -> str:
        """Mostly a dose that is not closed, where there is one."""
        fitting = [row.code for row in self.lab.inventory.rows(Dose) if row.custody not in CLOSED]
        return fitting[index % len(fitting)] if fitting and index % 8 != 7 else DOSES[index % len(DOSES)]

    # Acts

    @rule(minutes=st.sampled_from([1, 1, 5, 5, 20, 90]))
    def time_passes(self, minutes: int) -> None:
        self.lab.wait(minutes=minutes)

    @rule(odd=st.none() | st.sampled_from(sorted(set(INTO_A_BOX.values()))), unit=box, at=index, place=position)
    def placed(self, odd: str | None, unit: str, at: int, place: int) -> None:
        """By the door that the vial's custody asks for, or by an odd one."""
        code = self.pick(at, *list(INTO_A_BOX)[: 1 + at % len(INTO_A_BOX)])
        vials = [{"vial": code, "position": place}]
        if (neighbour := self.pick(at // 7, self.lab.vial(code).custody)) != code:
            vials.append({"vial": neighbour, "position": (place + 1) % 6})
        act = odd or INTO_A_BOX.get(self.lab.vial(code).custody, "VialsFound")
        more = {"VialsReceived": {"shipment": "SHIP-1"}, "IssuedVialsReturned": {"cold_chain_sha256": hash_text("c")}}
        self.attempt(event(act, unit=unit, vials=vials, **more.get(act, {})))

    @rule(code=vial, unit=box, there=st.booleans(), place=position)
    def transferred(self, code: str, unit: str, there: bool, place: int) -> None:
        row = self.lab.vial(code)
        vials = [{"vial": code, "position": row.position if there and row.position is not None else place}]
        self.attempt(event("VialsTransferred", source=row.unit or "BOX-1", unit=unit, vials=vials), TECHNICIAN)

    @rule(picks=st.lists(index, min_size=1, max_size=2), minutes=st.sampled_from([0, 0, 9, 15]), late=st.booleans())
    def taken_out(self, picks: list[int], minutes: int, late: bool) -> None:
        vials = [self.pick(each, "stored") for each in picks]
        made = event("VialsTakenOut", vials=vials, late="forgotten" if late else None)
        self.attempt(made, TECHNICIAN, at=later(self.lab.now, -minutes * 60_000))

    @rule(unit=unit, parent=st.none() | unit, slot=st.sampled_from(["1", "2"]))
    def unit_placed(self, unit: str, parent: str | None, slot: str) -> None:
        act = "StorageUnitReturned" if self.lab.unit(unit).status == "out" else "StorageUnitMoved"
        self.attempt(event(act, unit=unit, parent=parent, slot=slot), TECHNICIAN)

    @rule(unit=unit)
    def unit_out_or_back(self, unit: str) -> None:
        """A carried unit goes where it stood first, so that not everything is out for ever."""
        home = {"BOX-1": ("RACK-1", "1"), "BOX-2": ("RACK-1", "2"), "BOX-3": ("RACK-2", "1"), "RACK-1": ("FRZ-1", "1"),
                "RACK-2": ("FRZ-1", "2")}  # fmt: skip
        parent, slot = home.get(unit, (None, None))
        if self.lab.unit(unit).status == "out":
            self.attempt(event("StorageUnitReturned", unit=unit, parent=parent, slot=slot), TECHNICIAN)
        else:
            self.attempt(event("StorageUnitTakenOut", unit=unit), TECHNICIAN)

    @rule(unit=box, missing=st.sets(vial, max_size=1), moved=st.lists(st.tuples(index, position), max_size=2))
    def box_checked(self, unit: str, missing: set[str], moved: list[tuple[int, int]]) -> None:
        found = [{"vial": self.pick(each, "stored", "missing"), "position": place} for each, place in moved]
        elsewhere = {str(item["vial"]) for item in found}
        inside = {row.code for row in self.lab.inventory.where(Vial, unit=unit)} - elsewhere
        gone = sorted(missing & inside)
        present = sorted(inside - set(gone))
        self.attempt(event("BoxChecked", unit=unit, present=present, missing=gone, moved=found), TECHNICIAN_2)

    @rule(
        act=st.sampled_from(
            [
                ("VialsDiscarded", {"reason": "broken"}, ("thawed", "out", "missing")),
                ("VialsConsumed", {"purpose": "testing"}, ("thawed", "stored")),
                ("VialsReportedMissing", {"reason": "lost"}, ("stored", "thawed", "prepared")),
                ("VialsShipped", {"shipment": "SHIP-1", "destination": "x"}, ("stored", "out")),
                ("ShipmentRefused", {"shipment": "SHIP-1", "reason": "damaged"}, ("in_transit",)),
                ("ReservationReleased", {}, ("out", "stored")),
                ("VialsThawed", {"purpose": "testing"}, ("stored",)),
                ("VialsThawed", {"purpose": "therapy"}, ("issued",)),
            ]
        ),
        at=index,
    )
    def vial_act(self, act: tuple[str, dict[str, Any], tuple[str, ...]], at: int) -> None:
        self.attempt(event(act[0], vials=[self.pick(at, *act[2])], **act[1]))

    @rule(act=st.sampled_from(["VialsReserved", "VialsIssued"]), order=order, at=index)
    def for_order(self, act: str, order: tuple[str, int], at: int) -> None:
        self.attempt(event(act, order=order[0], line=order[1], vials=[self.pick(at, "out")]))

    @rule(at=index, volume=volume)
    def sampled(self, at: int, volume: int) -> None:
        code = self.pick(at, "thawed", "prepared")
        self.attempt(event("SampleTaken", vial=code, volume_microlitres=volume, purpose="count"), PHARMACIST)

    @rule(at=index, all_of_it=st.booleans(), volume=volume)
    def wasted(self, at: int, all_of_it: bool, volume: int) -> None:
        code = self.pick(at, "prepared", "thawed", "missing")
        amount = (self.lab.vial(code).remaining_microlitres if all_of_it else 0) or volume
        self.attempt(event("RemaindersWasted", vials=[{"vial": code, "volume_microlitres": amount}]))

    @rule(dose=dose, order=order, own=st.booleans(), sources=st.lists(st.tuples(index, volume), min_size=1, max_size=2))
    def dose_prepared(self, dose: str, order: tuple[str, int], own: bool, sources: list[tuple[int, int]]) -> None:
        taken = [(self.pick(each, "thawed", "prepared"), amount) for each, amount in sources]
        row = self.lab.vial(taken[0][0])
        if own and row.order_code is not None and row.order_line is not None:
            order = (row.order_code, row.order_line)
        container = "vial" if dose in VIALS else "syringe"
        made = prepared(dose, order[0], taken, line=order[1], container=container)  # type: ignore[arg-type]
        self.attempt(made, PHARMACIST)

    @rule(at=index, giver=st.sampled_from([PHARMACIST, PHARMACIST, TECHNICIAN]))
    def handed_over(self, at: int, giver: str) -> None:
        self.attempt(treatment.DoseHandedOver(dose=self.dose_of(at), receiver=CLINICIAN), giver, CLINICIAN)

    @rule(at=index, order=order, patient=st.sampled_from(["PATIENT-1", "PATIENT-2"]), right=st.booleans())
    def checked_at_bedside(self, at: int, order: tuple[str, int], patient: str, right: bool) -> None:
        dose = self.dose_of(at)
        if self.lab.inventory.get(Dose, dose) is not None and right:
            made = self.lab.bedside_check(dose)
        else:
            made = treatment.BedsideCheckPassed(
                dose=dose, order=order[0], line=order[1], patient=patient, band=band("PATIENT-1")
            )
        self.attempt(made, CLINICIAN, WITNESS, station=BEDSIDE)

    @rule(at=index, given=st.sampled_from([0, 200, None]))
    def administered(self, at: int, given: int | None) -> None:
        dose = self.dose_of(at)
        if self.lab.inventory.get(Dose, dose) is not None:
            amount = None if given is None else min(given, self.lab.dose(dose).volume_microlitres)
            self.attempt(self.lab.administration(dose, amount), CLINICIAN, WITNESS, station=BEDSIDE)

    @rule(at=index)
    def dose_discarded(self, at: int) -> None:
        self.attempt(event("DoseDiscarded", dose=self.dose_of(at), reason="broken"))

    @rule(order=st.sampled_from(["ORDER-1", "ORDER-2"]))
    def order_cancelled(self, order: str) -> None:
        if len(self.lab.entries) % 4 == 0:
            self.attempt(event("OrderCancelled", order=order, reason="mistake"))

    @rule(
        thing=st.sampled_from(
            [("unit", "BOX-1"), ("unit", "RACK-1"), ("lot", "LOT-1"), ("donor", "DONOR-1"), ("vial", VIALS[0])]
        )
    )
    def held(self, thing: tuple[str, str]) -> None:
        if len(self.lab.entries) % 3 == 0:  # now and then: under holds nothing else happens
            self.attempt(event("HoldPlaced", scope=thing[0], codes=[thing[1]], reason="investigation"))

    @rule()
    def all_holds_lifted(self) -> None:
        for number in sorted({row.number for row in self.lab.inventory.rows(Hold) if row.lifted is None}):
            self.attempt(event("HoldLifted", number=number, reason="cleared"))

    @rule(unit=box, minutes=st.integers(1, 30))
    def excursion(self, unit: str, minutes: int) -> None:
        start = later(self.lab.now, -minutes * 60_000)
        values = {"unit": unit, "started_at": start, "ended_at": self.lab.now, "worst_millicelsius": -90_000}
        inside = {row.code for row in self.lab.inventory.where(Vial, unit=unit)}
        if len(self.lab.entries) % 4 == 0 and self.attempt(event("ExcursionRecorded", **values)):
            assert all(self.lab.holds("vial", code) for code in inside)

    @rule(code=vial, limit=st.sampled_from(["out-of-storage", "post-thaw-window"]))
    def deviation(self, code: str, limit: str) -> None:
        concerning = [{"kind": "vial", "code": code}]
        self.attempt(event("DeviationRecorded", limit=limit, concerning=concerning, reason="clinical-need"))

    @rule(at=index)
    def final_state_corrected(self, at: int) -> None:
        code = self.pick(at, "discarded", "consumed")
        entry = next(each for each in self.lab.entries if each.number == self.lab.vial(code).last_entry)
        corrects = entry.reference.model_dump()
        self.attempt(event("FinalStateCorrected", corrects=corrects, reason="other", vial=code))

    @rule()
    def last_act_undone(self) -> None:
        """Undo what the last entry did, as the terminal would offer it."""
        last = self.lab.last
        inverse = {"VialsTakenOut": "VialsReturned", "VialsMoved": "VialsMoved", "VialsReturned": "VialsTakenOut"}
        kind = last.entry.envelope.type
        if kind not in inverse:
            return
        undoes = [last.reference.model_dump()]
        stays = {row.vial: row for row in self.lab.inventory.rows(VialPlacement) if row.ended == last.number}
        if kind == "VialsReturned":
            codes = [item["vial"] for item in last.entry.envelope.data["vials"]]  # type: ignore[index, union-attr, call-overload]
            self.attempt(event("VialsTakenOut", vials=codes, purpose="undo", undoes=undoes), TECHNICIAN)
        elif len({row.unit for row in stays.values()}) == 1:
            vials = [{"vial": code, "position": row.position} for code, row in stays.items()]
            back = next(iter(stays.values())).unit
            self.attempt(event(inverse[kind], unit=back, vials=vials, undoes=undoes), TECHNICIAN)

    @precondition(lambda self: not hasattr(self, "proposed"))
    @rule(code=vial, minutes=st.sampled_from([1, 60]))
    def discard_proposed(self, code: str, minutes: int) -> None:
        act = event("VialsDiscarded", vials=[code], reason="broken")
        made = catalogue.proposal_type("VialsDiscarded").payload.model_validate(
            {"act": act, "expires_at": later(self.lab.now, minutes * 60_000)}
        )
        if self.attempt(made, TECHNICIAN):
            self.proposed = act.model_copy(update={"proposal": self.lab.last.reference})

    @precondition(lambda self: hasattr(self, "proposed"))
    @rule(by=st.sampled_from([WITNESS, TECHNICIAN]))
    def discard_completed(self, by: str) -> None:
        self.attempt(self.proposed, by)

    @rule(at=index, order=order, steps=st.integers(4, 9))
    def fast_track(self, at: int, order: tuple[str, int], steps: int) -> None:
        """A vial of the released lot goes towards a patient in one go, holds lifted first."""
        self.all_holds_lifted()
        self.run(VIALS[at % 4], order, steps)

    @rule(at=index, unit=box, place=position, back=st.booleans())
    def there_and_back(self, at: int, unit: str, place: int, back: bool) -> None:
        """A vial is shipped and arrives, or is issued and comes back."""
        code = self.pick(at, "stored")
        vials = [{"vial": code, "position": place}]
        if back:
            self.run(code, ORDERS[at % 3], 3)
            self.attempt(event("IssuedVialsReturned", unit=unit, vials=vials, cold_chain_sha256=hash_text("c")))
        elif self.attempt(event("VialsShipped", shipment="SHIP-1", destination="x", vials=[code])):
            self.attempt(event("VialsReceived", shipment="SHIP-1", unit=unit, vials=vials))

    @rule(code=st.sampled_from(VIALS[:4]), order=order, stop=st.integers(1, 6))
    def advanced(self, code: str, order: tuple[str, int], stop: int) -> None:
        """Bring a vial some way towards a patient, so that late states are met often."""
        self.run(code, order, stop)

    def run(self, code: str, order: tuple[str, int], steps: int) -> None:
        for _ in range(steps):
            made = self.next_act(code, order)
            if made is None or not self.attempt(made[0], *made[1], station=made[2]):
                return

    def next_act(self, code: str, order: tuple[str, int]) -> tuple[Event, tuple[str, ...], str] | None:
        row = self.lab.vial(code)
        if row.custody in ("stored", "out") and row.order_code is None:
            return event("VialsReserved", order=order[0], line=order[1], vials=[code]), (), STATION
        if row.custody == "stored":
            return event("VialsTakenOut", vials=[code]), (TECHNICIAN,), STATION
        if row.custody == "out":
            return event("VialsIssued", order=row.order_code, line=row.order_line, vials=[code]), (), STATION
        if row.custody == "issued":
            return event("VialsThawed", vials=[code], purpose="therapy"), (PHARMACIST,), STATION
        if row.custody == "thawed" and row.order_code is not None and row.remaining_microlitres:
            sources = [(code, row.remaining_microlitres)]
            return prepared(f"D-{code}", row.order_code, sources, line=row.order_line or 1), (PHARMACIST,), STATION
        made = self.lab.inventory.get(Dose, f"D-{code}")
        if made is None:
            return None
        if made.custody == "prepared":
            return treatment.DoseHandedOver(dose=made.code, receiver=CLINICIAN), (PHARMACIST, CLINICIAN), STATION
        if made.custody == "handed over":
            return self.lab.bedside_check(made.code), (CLINICIAN, WITNESS), BEDSIDE
        return (self.lab.administration(made.code), (CLINICIAN, WITNESS), BEDSIDE) if made.checked else None

    # What must hold whatever happened

    @invariant()
    def i1_one_custodian(self) -> None:
        """I1: every vial is held by exactly who its custody says; stays follow each other; nothing is refrozen."""
        stays: dict[str, list[VialPlacement]] = defaultdict(list)
        for stay in self.lab.inventory.rows(VialPlacement):
            stays[stay.vial].append(stay)
        for row in self.lab.inventory.rows(Vial):
            assert row.custodian_kind == HOLDER[row.custody]
            assert (row.unit is not None) == (row.position is not None) == (row.custody == "stored")
            assert row.custody != "stored" or (row.custodian == row.unit and row.thawed_at is None)
            assert (row.out_since is not None) == (row.custody in ("out", "issued", "in_transit"))
            past = sorted(stays[row.code], key=lambda stay: stay.ended)
            ends = [*(stay.started_at for stay in past[1:]), row.since]
            assert all(stay.started_at <= stay.ended_at <= end for stay, end in zip(past, ends, strict=False))
            exposed = vial_exposure(self.lab.inventory, row, self.lab.now)
            assert exposed >= self.exposure.get(row.code, 0)
            self.exposure[row.code] = exposed

    @invariant()
    def i2_one_vial_per_position(self) -> None:
        """I2: of positions, and of the slots of units, which never form a circle."""
        rows: Rows = rows_of(self.lab.inventory)
        places = [(row.unit, row.position) for row in rows[Vial].values() if row.unit is not None]
        assert len(places) == len(set(places))
        assert all(0 <= place < 81 for _, place in places)
        slots = [(row.parent, row.slot) for row in rows[StorageUnit].values() if row.parent is not None]
        assert len(slots) == len(set(slots))
        for code in UNITS:
            chain_of(rows, code)
            row = rows[StorageUnit][(code,)]
            assert (row.status == "out") == (row.out_since is not None) == (row.custodian is not None)
            assert row.status != "out" or row.parent is None

    @invariant()
    def i5_amounts_balance(self) -> None:
        """I5: filled = into doses + sampled + wasted + remaining; nothing remains in what is closed."""
        rows: Rows = rows_of(self.lab.inventory)
        for row in rows[Vial].values():
            sources = [source for source in rows[DoseSource].values() if source.vial == row.code]
            doses = [rows[Dose][(source.dose,)] for source in sources]
            spent = row.dosed_microlitres + row.sampled_microlitres + row.wasted_microlitres
            assert row.dosed_microlitres == sum(source.volume_microlitres for source in sources)
            assert min(row.dosed_microlitres, row.sampled_microlitres, row.wasted_microlitres) >= 0
            assert 0 <= spent <= row.filled_microlitres
            assert row.custody not in CLOSED or spent == row.filled_microlitres
            assert len({each.patient for each in doses}) <= 1
            assert (row.custody == "administered") == (
                row.custody in CLOSED and any(each.custody == "administered" for each in doses)
            )
            if doses and spent == row.filled_microlitres:
                open_ = [each for each in doses if each.custody not in ("administered", "discarded")]
                assert open_ or row.custody in CLOSED
        for line in rows[OrderLine].values():
            given = [
                each
                for each in rows[Dose].values()
                if (each.order_code, each.order_line) == (line.order_code, line.line) and each.custody == "administered"
            ]
            assert line.cells_given == sum(
                each.cells * each.given_microlitres // each.volume_microlitres for each in given
            )
            assert line.cells_given <= line.cells_max
            assert all(
                each.given_microlitres + each.wasted_microlitres == each.volume_microlitres and each.given_microlitres
                for each in given
            )

    def teardown(self) -> None:
        """I8: replayed from the stored bytes, the ledger gives the very same rows."""
        assert rows_of(replay(self.lab.entries)) == self.lab.rows()


Histories.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRandomHistories = Histories.TestCase
