"""The preparation room's view as a sheet: the dose being made, vials with their clocks, doses that may leave or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryoledger.custody.workflow.entering import Entering
from cryoledger.custody.workflow.preparing import Prepare
from cryoledger.custody.workflow.treatment import HandOver, Thaw
from cryoledger.custody.workflow.waste import Waste
from cryoledger.tui.desks.sheet import Cell, Column, Line, Offer, Row, Sheet, Tab, heading, labelled

if TYPE_CHECKING:
    from cryoledger.tui.desks.preparation import Made, Opened, Preparation

_FROZEN: Final = (Column("vial", 14), Column("order", 16), Column("with"))
_OPENED: Final = (
    Column("vial", 14), Column("left", 10), Column("remaining", 10), Column("into doses", 10), Column("sampled", 8),
    Column("wasted", 8), Column("order", 14, wide=True), Column("with", 0, wide=True),
)  # fmt: skip
_MADE: Final = (
    Column("dose", 14), Column("left", 10), Column("volume", 8), Column("cells", 12), Column("viable", 8, wide=True),
    Column("may it leave?"),
)  # fmt: skip


def preparation_sheet(view: Preparation) -> Sheet:
    """What is to be thawed, what is open, what is made."""
    thaw, prepare = Offer("f5", "Thaw", Thaw()), Offer("f6", "Prepare a dose", Prepare())
    waste = Offer("f7", "Waste the rest", Waste())
    unbalanced = any(dose.why for dose in view.made)
    tabs = (
        Tab("To thaw", _FROZEN, tuple(_frozen(*each) for each in view.frozen), "Nothing issued waits to be thawed.",
            (thaw,)),
        Tab("On the bench", _OPENED, tuple(map(_opened, view.opened)), "No vial is open.", (prepare, waste)),
        Tab("Doses", _MADE, tuple(map(_made, view.made)), "No dose waits here.", (waste,), unbalanced),
    )  # fmt: skip
    return Sheet(tabs, _head(view), ())


def _head(view: Preparation) -> tuple[Line, ...]:
    if view.making is None:
        return ()
    told = [labelled(label, value, "strong", width=20) for label, value in view.making.facts]
    return (heading(f"A dose for order {view.making.order} line {view.making.line}"), *told)


def _frozen(vial: str, order: str, holder: str) -> Row:
    return Row(vial, (Cell(vial, "strong"), Cell(order), Cell(holder, "quiet")))


def _opened(vial: Opened) -> Row:
    cells = (
        Cell(vial.vial, "strong"), Cell("", "", vial.deadline),
        Cell("✓ nothing" if vial.balanced else vial.left, "good" if vial.balanced else "wait"), Cell(vial.dosed),
        Cell(vial.sampled), Cell(vial.wasted), Cell(vial.order or vial.purpose, "quiet"), Cell(vial.holder, "quiet"),
    )  # fmt: skip
    sample = Entering("SampleTaken", (("vial", vial.vial),))
    return Row(vial.vial, cells, (Offer("f8", "Sample", sample),))


def _made(dose: Made) -> Row:
    may = Cell(f"✗ {dose.why}", "bad") if dose.why else Cell("✓ amounts balance", "good")
    cells = (
        Cell(dose.code, "strong"), Cell("", "", dose.deadline), Cell(dose.volume), Cell(dose.cells),
        Cell(dose.viability), may,
    )  # fmt: skip
    return Row(dose.code, cells, (
        Offer("f5", "Hand over", HandOver(dose.code)), Offer("f6", "Print label", act="label"),
        Offer("f8", "Papers", act="papers"),
    ))  # fmt: skip
