"""Events at the freezer: storage units, and vials put into, moved between and taken out of positions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cryoledger.domain.declare import declared
from cryoledger.domain.fields import (
    Amount,
    ByTwo,
    Code,
    Event,
    Instant,
    LotReference,
    OrderReference,
    PlaceCode,
    Placed,
    RoutineMove,
    Sha256,
    ShipmentCode,
    SiteCode,
    Text,
    UnitCode,
    VialCode,
    Whole,
)
from cryoledger.domain.roles import Role, critical, dual, line, routine

AT_FREEZER = routine(Role.TECHNICIAN, Role.PHARMACIST)
SET_UP = critical("set up", Role.ADMINISTRATOR, Role.TECHNICIAN)

Vials = Annotated[tuple[VialCode, ...], Field(min_length=1, max_length=800)]
Placements = Annotated[tuple[Placed, ...], Field(min_length=1, max_length=600)]
Slot = Annotated[str, Field(pattern=r"^[!-~]{1,16}$")]


@declared(SET_UP)
class StorageUnitAdded(Event):
    """A freezer, tank, rack, box or whatever the site has between was set up.

    A unit with rows and columns holds vials in its positions; one without holds other units in named slots.
    """

    unit: UnitCode
    kind: Literal["freezer", "tank", "shelf", "canister", "tower", "rack", "drawer", "cane", "box"]
    name: Text
    parent: PlaceCode | None = None
    slot: Slot | None = None
    rows: Annotated[Amount, Field(le=64)] = 0
    columns: Annotated[Amount, Field(le=64)] = 0
    scheme: Literal["letters", "running", "columns"] = "letters"
    temperature_millicelsius_max: Whole | None = None


@declared(critical("retired", Role.ADMINISTRATOR, Role.TECHNICIAN))
class StorageUnitRetired(Event):
    """An empty storage unit went out of use."""

    unit: UnitCode
    reason: Literal["replaced", "broken", "sold", "other"]


@declared(AT_FREEZER)
class StorageUnitMoved(RoutineMove):
    """A box, rack or whole freezer went to another place, its contents keeping their places in it."""

    unit: UnitCode
    parent: PlaceCode | None = None
    slot: Slot | None = None


@declared(AT_FREEZER)
class StorageUnitTakenOut(RoutineMove):
    """A unit was taken out and is carried: everything inside is out of storage."""

    unit: UnitCode


@declared(AT_FREEZER)
class StorageUnitReturned(RoutineMove):
    """A carried unit was put back into a place."""

    unit: UnitCode
    parent: PlaceCode | None = None
    slot: Slot | None = None


@declared(AT_FREEZER, moves="expected -> stored")
class VialsStored(RoutineMove):
    """Filled vials were put into positions of a box."""

    unit: PlaceCode
    vials: Placements


@declared(AT_FREEZER, moves="stored -> stored")
class VialsMoved(RoutineMove):
    """Stored vials went to other positions of the same or another box."""

    unit: PlaceCode
    vials: Placements


@declared(AT_FREEZER, moves="stored -> stored")
class VialsTransferred(RoutineMove):
    """The vials of one box went slot for slot into another."""

    source: PlaceCode
    unit: PlaceCode
    vials: Placements


@declared(AT_FREEZER, moves="stored -> out")
class VialsTakenOut(RoutineMove):
    """Vials were taken out of their positions and are in a person's hands."""

    vials: Vials
    purpose: Literal["order", "transfer", "testing", "check", "discard", "shipment", "undo", "other"] = "other"
    order: OrderReference | None = None


@declared(AT_FREEZER, moves="out -> stored")
class VialsReturned(RoutineMove):
    """Vials that were out, unopened and still frozen, went back into positions."""

    unit: PlaceCode
    vials: Placements


@declared(AT_FREEZER)
class VialsLabelled(Event):
    """Labels of vials were printed; a reprint says why."""

    vials: Vials
    layout: Text
    layout_sha256: Sha256
    reprint: Literal["damaged", "unreadable", "lost", "misprinted"] | None = None


@declared(AT_FREEZER)
class VialLabelReplaced(Event):
    """A vial received a new label code; the old one, when scanned, says which vial it was."""

    vial: VialCode
    label: Code
    reason: Literal["fallen", "unreadable", "misprinted", "other"]


@declared(AT_FREEZER)
class VialTubeBound(Event):
    """The maker's code on a tube was bound to the vial: both scans find it."""

    vial: VialCode
    tube: Code


@declared(AT_FREEZER)
class VialTubeUnbound(Event):
    """The maker's code on a tube finds the vial no more: it was bound to the wrong one. It may be bound again."""

    vial: VialCode
    tube: Code
    reason: Literal["wrong-vial", "misread", "other"]


@declared(AT_FREEZER)
class BoxChecked(RoutineMove):
    """A box was scanned through and the outcome confirmed.

    `moved` are vials found in another position of this box or that came from elsewhere, with where they lie now;
    `missing` were expected and not seen; `unknown_count` counts scans that are no vial of ours.
    """

    unit: PlaceCode
    present: Annotated[tuple[VialCode, ...], Field(max_length=600)] = ()
    moved: Annotated[tuple[Placed, ...], Field(max_length=600)] = ()
    missing: Annotated[tuple[VialCode, ...], Field(max_length=600)] = ()
    unknown_count: Amount = 0


@declared(AT_FREEZER, moves="expected|stored|out|issued|thawed|prepared|in_transit -> missing")
class VialsReportedMissing(Event):
    """Vials are not where they should be; nobody knows who holds them."""

    vials: Vials
    reason: Literal["not-in-position", "not-arrived", "lost", "other"]


@declared(AT_FREEZER, moves="missing -> stored")
class VialsFound(Event):
    """Missing vials were found and stored; they are on hold until quality lifts it."""

    unit: PlaceCode
    vials: Placements


@declared(critical("recorded", Role.TECHNICIAN, Role.QUALITY))
class ExcursionRecorded(Event):
    """A storage unit was too warm for a time; every vial inside then is put on hold."""

    unit: UnitCode
    started_at: Instant
    ended_at: Instant
    worst_millicelsius: Whole
    file_sha256: Sha256 | None = None


@declared(critical("shipped", Role.TECHNICIAN, Role.PHARMACIST), moves="stored|out -> in_transit")
class VialsShipped(Event):
    """Vials left in a shipment.

    To a site with a ledger of its own, `site`, the shipment bears the SHA-256 of the manifest that goes with it.
    """

    shipment: ShipmentCode
    destination: Text
    vials: Vials
    site: SiteCode | None = None
    manifest_sha256: Sha256 | None = None


@declared(critical("received", Role.TECHNICIAN, Role.PHARMACIST), moves="in_transit -> stored")
class VialsReceived(Event):
    """Vials of a shipment arrived and were put into positions."""

    shipment: ShipmentCode
    unit: PlaceCode
    vials: Placements
    worst_millicelsius: Whole | None = None


@declared(
    dual(line("refused", Role.TECHNICIAN, Role.PHARMACIST), line("approved", Role.QUALITY)),
    moves="in_transit -> discarded",
    proposable=True,
)
class ShipmentRefused(ByTwo):
    """Vials of a shipment were not accepted."""

    shipment: ShipmentCode
    vials: Vials
    reason: Literal["temperature", "damaged", "papers", "wrong-vials", "other"]


@declared(
    dual(line("discarded", Role.TECHNICIAN, Role.PHARMACIST, Role.QUALITY), line("witnessed")),
    moves="expected|stored|out|issued|thawed|prepared|missing -> discarded",
    proposable=True,
)
class VialsDiscarded(ByTwo):
    """Vials were destroyed, by two."""

    vials: Vials
    reason: Literal["expired", "rejected", "recalled", "broken", "thawed-unused", "contaminated", "not-found", "other"]


@declared(critical("consumed", Role.TECHNICIAN, Role.QUALITY), moves="stored|out|thawed -> consumed")
class VialsConsumed(Event):
    """Vials were used up other than for a patient: expanded into a lot, tested, kept for stability, research."""

    vials: Vials
    purpose: Literal["expansion", "testing", "stability", "research"]
    lot: LotReference | None = None
