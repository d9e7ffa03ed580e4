"""The preparation room's view: thawed vials with their clocks, the dose being made, and what does not balance yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryoledger.custody.workflow import World
from cryoledger.custody.workflow.preparing import Prepare
from cryoledger.database import work_lists
from cryoledger.documents.card_words import amount, microlitres, percent
from cryoledger.documents.signatures import printed_name, zone_of
from cryoledger.domain.events.treatment import DoseHandedOver
from cryoledger.domain.records import Dose, DoseSource, Vial

if TYPE_CHECKING:
    from cryoledger.custody.workflow import Task
    from cryoledger.database.store import Reading


@dataclass(frozen=True, slots=True)
class Opened:
    """A vial on the bench: its clock, and where its content went. `left` is what does not balance yet."""

    vial: str
    order: str
    purpose: str
    custody: str
    holder: str
    thawed_at: str | None
    deadline: str | None
    filled: str
    dosed: str
    sampled: str
    wasted: str
    left: str
    balanced: bool


@dataclass(frozen=True, slots=True)
class Making:
    """The dose that is being prepared, as far as it was entered."""

    order: str
    line: int
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A prepared dose that has not left: `why` says why it cannot yet, in the rulebook's words."""

    code: str
    order: str
    patient: str
    container: str
    volume: str
    cells: str
    viability: str
    holder: str
    deadline: str
    sources: tuple[tuple[str, str], ...]
    why: str


@dataclass(frozen=True, slots=True)
class Preparation:
    """Everything on the preparation room's screen."""

    opened: tuple[Opened, ...] = ()
    making: Making | None = None
    made: tuple[Made, ...] = ()
    frozen: tuple[tuple[str, str, str], ...] = ()


def read_preparation(now: Reading, at: str, task: Task | None = None) -> Preparation:
    """The preparation room as of an instant; `task` is the open task."""
    opened = [_opened(now, vial) for vial in work_lists.vials_in_custody(now, "thawed")]
    doses = [dose for dose in work_lists.doses_waiting(now) if dose.custody == "prepared"]
    for code in dict.fromkeys(row.vial for dose in doses for row in now.facts.where(DoseSource, dose=dose.code)):
        vial = now.facts.get(Vial, code)
        if vial is not None:
            opened.append(_opened(now, vial))
    issued = work_lists.vials_in_custody(now, "issued")
    frozen = tuple((vial.code, vial.order_code or "", printed_name(now, vial.custodian)) for vial in issued)
    making = _making(task) if isinstance(task, Prepare) and task.order else None
    world = World(now.facts, at, zone=zone_of(now))
    return Preparation(tuple(opened), making, tuple(_made(now, world, dose) for dose in doses), frozen)


def _opened(now: Reading, vial: Vial) -> Opened:
    left = vial.remaining_microlitres
    return Opened(
        vial.code, vial.order_code or "", vial.purpose or "", vial.custody, printed_name(now, vial.custodian),
        vial.thawed_at, vial.deadline, microlitres(vial.filled_microlitres), microlitres(vial.dosed_microlitres),
        microlitres(vial.sampled_microlitres), microlitres(vial.wasted_microlitres), microlitres(left), not left,
    )  # fmt: skip


def _making(task: Prepare) -> Making:
    order = ("order", "vial", "volume", "diluent", "cells", "viability", "container", "dose")
    done = order.index(task.stage)
    pooled = sum(volume for _, volume in task.sources)
    told = [(f"vial {vial}", microlitres(volume)) for vial, volume in task.sources]
    told.append(("pooled", microlitres(pooled)))
    if done > order.index("diluent"):
        told += [("diluent", microlitres(task.diluent)), ("volume of the dose", microlitres(pooled + task.diluent))]
    if done > order.index("cells"):
        told.append(("viable cells", amount(task.cells)))
    if done > order.index("viability"):
        told.append(("viability", percent(task.viability)))
    if task.container:
        told.append(("container", task.container))
    return Making(task.order, task.line, tuple(told))


def _made(now: Reading, world: World, dose: Dose) -> Made:
    sources = [(row.vial, microlitres(row.volume_microlitres)) for row in now.facts.where(DoseSource, dose=dose.code)]
    # Its holder hands it over: whether it may leave is judged as if that person did so now.
    held = World(world.facts, world.now, zone=world.zone, person=dose.custodian)
    refusal = held.foreseen(DoseHandedOver(dose=dose.code, receiver="anybody"), "anybody")
    return Made(
        dose.code, f"{dose.order_code} line {dose.order_line}", dose.patient, dose.container,
        microlitres(dose.volume_microlitres), amount(dose.cells), percent(dose.viability_millipercent),
        printed_name(now, dose.custodian), dose.deadline, tuple(sources),
        "" if refusal is None else refusal.message,
    )  # fmt: skip
