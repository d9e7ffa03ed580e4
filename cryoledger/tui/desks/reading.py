"""Reads a desk's sheet from one snapshot of the vault: called in the worker, whenever the desk is shown or moved in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cryoledger.custody.workflow.bedside import Bedside as Check
from cryoledger.domain import numbers, times
from cryoledger.errors import CryoledgerError
from cryoledger.tui.desks import administration, audit, bedside, pharmacy, preparation, quality
from cryoledger.tui.desks import audit_sheet as audits
from cryoledger.tui.desks.administration_sheet import administration_sheet
from cryoledger.tui.desks.ask import Ask
from cryoledger.tui.desks.bedside_sheet import bedside_sheet
from cryoledger.tui.desks.excursions import open_excursion
from cryoledger.tui.desks.pharmacy_sheet import pharmacy_sheet
from cryoledger.tui.desks.preparation_sheet import preparation_sheet
from cryoledger.tui.desks.quality_sheet import quality_sheet
from cryoledger.tui.desks.sheet import Line, Sheet
from cryoledger.tui.desks.timeline import stairs

if TYPE_CHECKING:
    from cryoledger.custody.desk import Desk
    from cryoledger.database.store import Reading
    from cryoledger.documents.telling import Told

PAGE: Final = 200
UNITS: Final = 3
"""The place of the storage units among the administrator's lists: counting their vials takes a while."""
SCAN_FIRST: Final = "Scan a vial, dose, lot, donor, order or patient: its chain is drawn here."


Read = Callable[["Reading", "Desk", Ask], Sheet]


def read_sheet(desk: Desk, name: str, ask: Ask) -> Sheet:
    """The sheet of a desk, by the desk's name."""
    with desk.vault.store.reading() as now:
        return READERS[name](now, desk, ask)


def _now(desk: Desk) -> str:
    return times.text_of(desk.vault.clock.now())


def _name(desk: Desk) -> str:
    return desk.person.name if desk.person is not None else ""


def _pharmacy(now: Reading, desk: Desk, ask: Ask) -> Sheet:
    order, _, line = ask.chosen.rpartition(" ")
    chosen = (order, int(line)) if order and line.isdecimal() else None
    opened = _opened(pharmacy.LISTS, ask.tab)
    view = pharmacy.read_pharmacy(now, _now(desk), _name(desk), chosen, opened, or_first=True)
    issued = ask.key if opened == "Issued" else ""
    return _detailed(pharmacy_sheet(view, issued), ask, "Orders", "Vials", "Issued" if issued else "Orders")


def _opened(names: Sequence[str], tab: int) -> str:
    """The name of the list that is open; the last one's where it lies behind them."""
    return names[max(0, min(tab, len(names) - 1))]


def _detailed(sheet: Sheet, ask: Ask, *names: str) -> Sheet:
    """A sheet whose detail is of rows of some lists, without it where another list is open."""
    name = sheet.tabs[ask.tab].name if ask.tab < len(sheet.tabs) else ""
    return sheet if name.startswith(names) else replace(sheet, detail=())


def _preparation(now: Reading, desk: Desk, _ask: Ask) -> Sheet:
    return preparation_sheet(preparation.read_preparation(now, _now(desk), desk.open_task))


def _bedside(now: Reading, desk: Desk, ask: Ask) -> Sheet:
    signing = desk.to_sign
    subject = signing.step.subject if signing is not None and isinstance(desk.open_task, Check) else None
    opened = _opened(bedside.LISTS, ask.tab)
    view = bedside.read_bedside(now, _now(desk), desk.open_task, subject[1] if subject is not None else "", opened)
    return bedside_sheet(view, ask.stop)


def _quality(now: Reading, desk: Desk, ask: Ask) -> Sheet:
    opened = _opened(quality.LISTS, ask.tab - quality.before(desk.open_task))
    view = quality.read_quality(now, _now(desk), _name(desk), ask.chosen, desk.open_task, opened)
    if view.chosen is None and view.lots and opened == "Lots":
        view = quality.read_quality(now, _now(desk), _name(desk), view.lots[0].code, desk.open_task, opened)
    if opened == "Excursions":
        view = replace(view, opened=open_excursion(now, desk.vault, view.excursions, ask.key))
    return _detailed(quality_sheet(view), ask, "Lots", *(["Excursions"] if view.opened is not None else []))


def _audit(now: Reading, desk: Desk, ask: Ask) -> Sheet:
    ledger = audit.read_ledger(now)
    first = max(0, min(ask.at - PAGE // 2, ledger.count - PAGE))
    thing, why = None, SCAN_FIRST
    story: tuple[Told, ...] = ()
    nodes: tuple[audit.Node, ...] = ()
    if ask.subject is not None:
        try:
            nodes = audit.read_tree(now, ask.subject[1])
            thing, story = audit.read_timeline(now, ask.subject[1])
        except CryoledgerError as error:
            why = str(error)
    tabs = (
        audits.ledger_tab(ledger, audit.read_page(now, ledger.spans, first, PAGE), first),
        audits.tree_tab(nodes, why),
        audits.vial_tab(stairs(story, _now(desk))) if thing is not None and thing.kind == "vial"
        else audits.timeline_tab(story, why),
        audits.typed_tab(audit.read_typed(now)) if ask.tab == 3 else audits.typed_tab(()),
        audits.signers_tab(audit.read_signers(now) if ask.tab == 4 else ()),
    )  # fmt: skip
    return Sheet(tabs, (), _audit_detail(now, ask, story), recorded=True)


def _audit_detail(now: Reading, ask: Ask, story: tuple[Told, ...]) -> tuple[Line, ...]:
    if ask.tab in (0, 3):
        number = _number(ask.key)
        return audits.entry_detail(audit.read_entry(now, number)) if number is not None else ()
    if ask.tab == 2:
        return audits.told_detail(next((told for told in story if told.entry == ask.key), None))
    if ask.tab == 4 and ask.key:
        return audits.signed_detail(ask.key, audit.read_signed_by(now, ask.key))
    return ()


def _number(shown: str) -> int | None:
    """An entry's number from what people read: "417" or "2/417"."""
    epoch, _, sequence = shown.rpartition("/")
    if not sequence.isdecimal() or not (epoch.isdecimal() or not epoch):
        return None
    return numbers.number_of(int(epoch or 1), int(sequence))


def _administration(now: Reading, desk: Desk, ask: Ask) -> Sheet:
    view = administration.read_administration(desk.vault, now, units=ask.tab == UNITS)
    return administration_sheet(view, ask.key, desk.person.name if desk.person is not None else "")


READERS: Final[Mapping[str, Read]] = {
    "pharmacy": _pharmacy,
    "preparation": _preparation,
    "bedside": _bedside,
    "quality": _quality,
    "audit": _audit,
    "administration": _administration,
}
