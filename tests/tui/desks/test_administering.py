"""Enrolling, defining and ordering, played at the desks with keys and scans through the running program."""

from __future__ import annotations

from dataclasses import replace

from cryoledger.cli.sample import story
from cryoledger.domain.records import Person
from tests.tui.bench import PINS, Station
from tests.tui.desks.playing import last, panel, signed, typed

NEW = "660231"


async def test_administrator_enrols_a_person_who_chooses_a_pin_in_the_panel(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in("ada.k")
        await bench.press("down", "f11")
        await bench.see("printed name of the person")
        await typed(bench, "Rosa Lind")
        await bench.press("3", "enter")
        await bench.scan("CMD-DONE")
        await bench.see("ENROL: full name Rosa Lind, roles pharmacist")
        await bench.see("Nothing is signed yet")
        await bench.see("Rosa Lind, your PIN ▸")
        await bench.press(*NEW[:3])
        await bench.see("● ● ●")
        bench.app._line.add(NEW[3:])
        await bench.press("enter")
        await bench.scan(NEW)
        await bench.see("TO SIGN: ENROL")
        await bench.see("signs as rosa.l,")
        await signed(bench, "ada.k", "quinn.o")
        issued = last(bench, "KeyIssued")
        assert issued["roles"] == ["pharmacist"]
        await bench.see("Rosa Lind")
        panel(bench).place = replace(panel(bench).place, cursor=8)
        await bench.press("up", "f12")
        assert "The badge of Rosa Lind is written to" in bench.answer
        with bench.vault.store.reading() as reading:
            rosa = reading.facts.get(Person, "rosa.l")
        assert rosa is not None
        await bench.scan(rosa.badge, NEW)
        assert "PHARMACY" in bench.text("#where")
        await bench.see(NEW, gone=True)


async def test_clinician_places_an_order_at_the_bedside_and_nobody_else_does(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in("ada.k")
        await bench.press("left", "left", "left")
        await bench.see("Place an order")
        await bench.press("f5")
        assert bench.outcome == "refused"
        assert "is no clinician" in bench.answer
        await bench.sign_in("carl.w")
        await bench.press("left")
        await bench.see("Place an order")
        await bench.press("f5")
        await typed(bench, "O[red]9")
        await bench.scan(story.wristband(story.PATIENTS[1]), "CMD-QTY-1", "CMD-QTY-1", "CMD-QTY-1")
        await typed(bench, "18")
        await bench.scan("CMD-CONFIRM", "CMD-CONFIRM", "CMD-DONE")
        await bench.see("TO SIGN: ORDER: order O[red]9")
        await signed(bench, "carl.w")
        placed = last(bench, "OrderPlaced")
        assert (placed["order"], placed["patient"]) == ("O[red]9", story.PATIENTS[1])
        await bench.see("1 ordered")
        await bench.press("end", "f7")
        assert "The label of order" in bench.answer


async def test_quality_defines_the_next_version_of_a_product(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in("quinn.o")
        await bench.press("f3", "f3", "left", "left", "left", "left")
        await bench.see("New version")
        await bench.press("down", "up", "f5")
        await bench.see("printed name")
        await bench.scan("CMD-CONFIRM", "CMD-CONFIRM", "CMD-CONFIRM", "CMD-CONFIRM", "CMD-CONFIRM", "CMD-CONFIRM")
        bench.app._line.add("potency:%:7")
        await bench.press("0", ":")
        await bench.see("potency:%:70:▌")
        await bench.press("enter")
        await bench.scan("CMD-DONE")
        await bench.see("TO SIGN: PRODUCT")
        await bench.scan(PINS["quinn.o"])
        assert last(bench, "ProductDefined")["version"] == 2
        assert any("potency" in part.text for line in panel(bench).sheet.detail for part in line.parts)
