"""A station in another language than ours: what is asked, refused and signed stands there in the site's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cryoledger.cli.sample import stock
from cryoledger.custody.desk import Desk
from cryoledger.custody.vault import Vault
from cryoledger.domain.records import Person, Vial
from cryoledger.manual.messages import rooms, told
from cryoledger.manual.texts import MESSAGE, use
from cryoledger.manual.texts_file import read_texts
from cryoledger.tui.desks.ask import Ask
from cryoledger.tui.desks.reading import read_sheet
from cryoledger.tui.desks.sheet import Cell, Row, Sheet, Tab, in_words, line
from tests.tui.bench import NEW, PINS, Bench, Station

GERMAN = Path(__file__).parents[1] / "vectors" / "texts"


@pytest.fixture(autouse=True)
def _ours_again() -> Iterator[None]:
    yield
    use({})


def stands(bench: Bench, *said: str) -> None:
    """Each text stands on the screen whole, however its lines are broken."""
    screen = " ".join(bench.screen.replace("▌", " ").split())
    for each in said:
        assert each in screen, bench.screen


async def test_questions_refusals_and_signatures_stand_in_the_site_s_words(station: Station) -> None:
    use(read_texts(GERMAN))
    async with station() as bench:
        stands(bench, "▶ Niemand ist angemeldet: Ausweis scannen.")
        await bench.scan(bench.badge("maria.s"))
        stands(
            bench, "Maria Santos, Ihre PIN ▸", "= ANMELDUNG: Maria Santos · Laborkraft", "ein Ausweis wird wie immer"
        )
        await bench.scan("111111")
        stands(bench, "Falsche PIN für Maria Santos. Noch 4, dann wird der Schlüssel gesperrt.")
        await bench.scan(PINS["maria.s"])
        stored = bench.vials("stored")[0]
        await bench.scan(stored)
        stands(
            bench, "Charge WJ-2601 ist freigegeben", "keine Sperren. CMD-MOVE, CMD-TAKE-OUT, oder CMD-PICK mit seinem"
        )
        await bench.scan("CMD-STORE", stored)
        assert bench.outcome == "refused"
        stands(
            bench,
            f"Röhrchen {stored} ist eingelagert in TANK1 > TANK1-C1 > TANK1-C1-B1 > A1. CMD-MOVE lagert es um.",
            "▶ Box, dann Röhrchen in Füllfolge scannen; oder Röhrchen, dann seine Position.",
        )
        await bench.scan("CMD-CANCEL", "CMD-DISCARD", stored, "CMD-DONE", "CMD-QTY-1")
        await signatures(bench, stored)


async def signatures(bench: Bench, vial: str) -> None:
    """What is signed stands there as it is recorded, and what it means beside it."""
    what = f"TO SIGN: DISCARD {vial} (expired), which is final"
    stands(bench, what, f"= ZU UNTERSCHREIBEN: VERWERFEN von {vial} (verfallen), endgültig")
    stands(bench, "▶ discarded = verworfen Maria Santos · Laborkraft", "· witnessed = bezeugt (Ausweis folgt)")
    await bench.scan(PINS["maria.s"])
    stands(bench, what, "Ausweis und PIN einer anderen Person", "Zweite Person (aus dem Personal): Ausweis scannen")


async def test_a_translation_is_drawn_as_it_is_and_what_it_hides_is_nowhere(station: Station) -> None:
    """Markup is text; nothing that a file cannot hold, handed over all the same, reaches the terminal."""
    said = {
        "Nobody is signed in: scan your badge.": "[red]Ausweis[/lot 7] [@click=app.quit]scannen[/]",
        "{1}, enter your PIN.": "\x1b[31m{1}\u202e PIN\x07",
        "This badge is of nobody enrolled here.": "漢" * 400,
    }
    use({MESSAGE + each: text for each, text in said.items()})
    async with station() as bench:
        stands(bench, "[red]Ausweis[/lot 7] [@click=app.quit]scannen[/]")
        await bench.scan(bench.badge("maria.s"))
        stands(bench, "␛[31mMaria Santos� PIN␇")
        await bench.scan("BDG-00000000-0")
        assert all(len(line) <= 80 for line in bench.screen.splitlines())


def test_every_answer_is_made_of_sentences_that_can_be_translated(vault: Vault) -> None:
    """With each of them put between marks, no words are left outside, and nothing else is changed."""
    with vault.store.reading() as reading:
        badge = next(row.badge for row in reading.facts.where(Person, name="maria.s"))
        stored = [row.code for row in reading.facts.where(Vial, custody="stored") if row.lot == stock.RELEASED]
    day = (
        "X", badge, "111111", PINS["maria.s"], "CMD-HELP", stored[0], "TANK1-C1-B1", "TANK1", "CMD-STORE", stored[0],
        "TANK1", NEW[0], "TANK1-C3-B1", NEW[1], "CMD-CANCEL", "CMD-UNDO-LAST", "CMD-TAKE-OUT", *stored[:2], NEW[3],
        "CMD-LATE", "CMD-QTY-1", "00:00", "CMD-CANCEL", "CMD-DONE", stored[0], "CMD-RETURN", stored[0], "CMD-CANCEL",
        "CMD-MOVE", stored[3], "TANK1-C3-B1", "CMD-CANCEL", "CMD-BOX-CHECK", "TANK1-C3-B1", NEW[0], "CMD-DONE",
        "CMD-CONFIRM", "CMD-DISCARD", stored[4], badge, "CMD-DONE", "CMD-QTY-1", "NO-PIN", "CMD-CANCEL", "CMD-CANCEL",
        "CMD-XYZ", "CMD-TRANSFER", "TANK1-C1-B1", "TANK1-C3-B1", "CMD-CANCEL", "CMD-UNIT-MOVE", "TANK1-C3-B1",
        "CMD-CANCEL", "CMD-FOUND", stored[5], "CMD-CANCEL", "CMD-RESERVE", "CMD-CANCEL", "CMD-THAW", stored[6],
        "CMD-SIGN-OUT", "X",
    )  # fmt: skip
    desk = Desk(vault)
    said = [desk.scan(text).message for text in day]
    marked = {each: re.sub(r"^(.*?)([.!?]?)$", r"«\1»\2", each) for room in rooms().values() for each in room}
    use({MESSAGE + each: text for each, text in marked.items()})
    assert len(set(said)) > 40
    for each in said:
        shown = outside = told(each)
        assert re.sub("[«»]", "", shown) == each
        while "«" in outside:
            outside = re.sub("«[^«»]*»", "", outside)
        assert not re.search(r"(?<![\w.])[a-z]{3,}(?![\w.])", outside), shown


def test_what_the_ledger_holds_is_shown_as_it_is_recorded(vault: Vault) -> None:
    """At the auditor's desk names of lists are the site's, an entry's note and meanings are not."""
    use({"desk/Ledger": "Hauptbuch", f"{MESSAGE}recorded": "erfasst", f"{MESSAGE}The signed note": "Die Note"})
    assert read_sheet(Desk(vault), "audit", Ask()).recorded
    rows = (Row("1", (Cell("recorded"),)),)
    shown = in_words(Sheet((Tab("Ledger", (), rows),), detail=(line("The signed note"),), recorded=True))
    assert shown.tabs[0].name == "Hauptbuch"
    assert shown.tabs[0].rows == rows
    assert shown.detail == (line("The signed note"),)
    assert in_words(replace(shown, recorded=False)).detail == (line("Die Note"),)
