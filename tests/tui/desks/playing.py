"""What people do at the desks, played with scans and keys; and what the ledger then says."""

from __future__ import annotations

from cryoledger.cli.sample import story
from cryoledger.custody.record import By, record
from cryoledger.domain import catalogue
from cryoledger.domain.records import Vial
from cryoledger.tui.desks.panel import DeskPanel
from tests.tui.bench import PINS, Bench

ORDER = story.ORDERS[0]


def panel(bench: Bench) -> DeskPanel:
    return bench.app.station.desk


def last(bench: Bench, kind: str) -> dict[str, object]:
    """The payload of the last entry of a type."""
    with bench.vault.store.reading() as reading:
        found = [reading.recorded(stored.number) for stored in list(reading.entries())]
    return catalogue.data_of([entry for entry in found if entry is not None and entry.type == kind][-1].event)


def issue(bench: Bench) -> list[str]:
    """Two vials of the order, issued to the pharmacist without a screen."""
    vials = bench.vials("stored")[:2]
    pia, maria = By("pia.n", PINS["pia.n"]), By("maria.s", PINS["maria.s"])
    given = {"order": ORDER, "line": 1, "vials": vials}
    record(bench.vault, catalogue.parse("VialsReserved", given), pia)
    record(bench.vault, catalogue.parse("VialsTakenOut", {"vials": vials, "purpose": "order", "order": ORDER}), maria)
    record(bench.vault, catalogue.parse("VialsIssued", given), pia, maria)
    return vials


async def typed(bench: Bench, *texts: str) -> None:
    """Lines typed into what asks for them."""
    for text in texts:
        assert bench.app._line.entry is not None, bench.screen
        bench.app._line.add(text)
        await bench.press("enter")


async def signed(bench: Bench, *names: str) -> None:
    """The PIN of the first, then badge and PIN of each other."""
    await bench.scan(PINS[names[0]])
    for name in names[1:]:
        await bench.scan(bench.badge(name), PINS[name])


async def at_pharmacy(bench: Bench) -> list[str]:
    """Two vials reserved by keys, picked by scans, checked out by two."""
    await bench.sign_in("pia.n")
    assert "PHARMACY" in bench.text("#where")
    await bench.press("down", "up", "right")
    await bench.press("f5")
    await bench.press("down", "f5")
    with bench.vault.store.reading() as reading:
        vials = [row.code for row in reading.facts.where(Vial, order_code=ORDER)]
    assert len(vials) == 2, bench.screen
    await bench.sign_in("maria.s")
    await bench.scan("CMD-PICK", ORDER, *vials, "CMD-DONE")
    assert {bench.vial(code).custody for code in vials} == {"out"}, bench.answer
    await bench.sign_in("pia.n")
    await bench.scan("CMD-ISSUE", ORDER, *vials, "CMD-DONE", "CMD-DONE")
    await bench.see("TO SIGN: ISSUE")
    await bench.see("witnessed")
    await signed(bench, "pia.n", "maria.s")
    assert {bench.vial(code).custody for code in vials} == {"issued"}, bench.answer
    return vials
