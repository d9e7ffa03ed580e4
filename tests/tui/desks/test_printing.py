"""A dose's label and papers, printed or written from the desk; the scanner check; acts of an administrator."""

from __future__ import annotations

from cryoledger.cli.sample import stock
from cryoledger.cli.sample.people import MARIA, PIA, TOMAS
from cryoledger.cli.sample.stock import make_event
from cryoledger.codes import Kind, make
from cryoledger.custody.desk import Desk
from cryoledger.custody.labels import vial_scheme
from cryoledger.custody.record import record
from cryoledger.custody.station import printer_settings
from cryoledger.custody.station.printer_settings import PrinterSetting
from cryoledger.custody.vault import Vault
from cryoledger.database import queries
from cryoledger.domain.records import Person, Vial
from cryoledger.labels.sheets import SCANNER_CHECKS
from cryoledger.tui.service import Service
from cryoledger.tui.view import Shown
from tests.labels.test_printers import answer, printer
from tests.tui.bench import PINS, Bench, Station

ORDER = make(stock.PREFIX, Kind.ORDER, 7_000)
DOSE = make(stock.PREFIX, Kind.DOSE, 9_000)


def made(vault: Vault) -> str:
    """A prepared dose whose amounts balance."""
    with vault.store.reading() as now:
        stored = [row.code for row in now.facts.where(Vial, lot=stock.RELEASED) if row.custody == "stored"]
    vials = sorted(stored)[:2]
    record(vault, make_event("VialsReserved", order=ORDER, line=1, vials=vials), PIA.by)
    record(vault, make_event("VialsTakenOut", vials=vials, purpose="order", order=ORDER), MARIA.by)
    record(vault, make_event("VialsIssued", order=ORDER, line=1, vials=vials), PIA.by, MARIA.by)
    record(vault, make_event("VialsThawed", vials=vials, purpose="therapy", method="dry thawer"), PIA.by)
    sources = [{"vial": vial, "volume_microlitres": 950} for vial in vials]
    dose = make_event(
        "DosePrepared", dose=DOSE, order=ORDER, line=1, container="syringe", sources=sources,
        diluent_microlitres=18_200, sampled_microlitres=100, volume_microlitres=20_000, cells=18_400_000,
        viability_millipercent=93_100,
    )  # fmt: skip
    record(vault, dose, PIA.by)
    rest = [{"vial": vial, "volume_microlitres": 50} for vial in vials]
    record(vault, make_event("RemaindersWasted", vials=rest), PIA.by, TOMAS.by)
    return DOSE


async def test_dose_label_and_papers_are_written_where_no_printer_is(station: Station, vault: Vault) -> None:
    code = made(vault)
    async with station((120, 40)) as bench:
        await bench.sign_in("pia.n")
        await bench.press("f3")
        await bench.press("right", "right")
        await bench.see("Print label")
        await bench.press("f6")
        assert bench.outcome == "info", bench.answer
        label = vault.folder.state / "papers" / f"label-{code}.pdf"
        assert label.read_bytes().startswith(b"%PDF")
        await bench.press("f8")
        assert bench.outcome == "info", bench.answer
        assert f"The document of dose {code} is written" in bench.answer
        before = len(list((vault.folder.state / "papers").iterdir()))
        await bench.press("f5")
        await bench.scan(bench.badge("carl.w"), PINS["pia.n"], PINS["carl.w"])
        assert bench.recorded[-1] == "DoseHandedOver"
        assert f"The document of dose {code} is written" in bench.answer
        files = list((vault.folder.state / "papers").iterdir())
        assert len(files) == before + 1
        assert all(each.stat().st_mode & 0o077 == 0 for each in files if not each.name.startswith("label"))
        await bench.press("f4")
        await bench.press("right", "right")
        assert "never: a prepared dose" in bench.screen  # at once, not with the next look at what others did
        assert "today" in bench.screen


async def test_scanner_check_judges_each_code_and_records_nothing(station: Station) -> None:
    async with station((120, 40)) as bench:
        await bench.sign_in("ada.k")
        await bench.press("left")
        await bench.see("own folder")
        await bench.press("f5")
        before = len(bench.recorded)
        assert "Scan code 1 of the scanner-check sheet" in bench.answer
        for check in SCANNER_CHECKS[:-1]:
            await bench.scan(check.content)
            assert bench.outcome == "question", bench.answer
        await bench.scan(SCANNER_CHECKS[-1].content.lower() + "x")
        assert bench.outcome == "refused"
        assert "1 of 6 codes came wrong" in bench.answer
        await bench.scan(bench.vials("stored")[0])
        assert bench.outcome == "info"
        assert len(bench.recorded) == before


async def test_administrator_grants_a_role_with_quality(station: Station) -> None:
    async with station((120, 40)) as bench:
        await bench.sign_in("ada.k")
        await bench.press("down")
        await grant(bench, "audrey.b", "witness")
        await bench.scan(PINS["ada.k"], bench.badge("quinn.o"), PINS["quinn.o"])
        assert bench.recorded[-1] == "RoleGranted", bench.answer
        await bench.see("auditor, witness")


async def grant(bench: Bench, name: str, role: str) -> None:
    assert bench.app.station.desk.key == name
    await bench.press("f5")
    assert "Which role?" in bench.answer
    number = bench.answer.split(f" {role}")[0].rsplit(" ", 1)[-1]
    await bench.press("f2") if "▌" not in bench.screen else None
    await bench.press(*number, "enter")
    await bench.see("TO SIGN: GRANT ROLE")


def replace_label(vault: Vault, vial: str) -> tuple[Shown, str]:
    """Maria replaces a vial's label with the site's next code, by scanner alone: the answer, and the label."""
    service = Service(Desk(vault))
    with vault.store.reading() as now:
        badge = next(row.badge for row in now.facts.where(Person, name="maria.s"))
    service.scan(badge)
    service.scan(PINS["maria.s"], secret=True)
    for text in ("CMD-LABEL", vial, "1"):
        service.scan(text)
    shown = service.scan("CMD-CONFIRM")
    with vault.store.reading() as now:
        row = now.facts.get(Vial, vial)
    assert row is not None
    return shown, row.label


def test_a_fallen_label_is_replaced_by_the_next_code_and_printed_at_the_freezer(vault: Vault) -> None:
    """What is printed is recorded; without a printer, or with one that is off, the code stands and is yet to print."""
    with vault.store.reading() as now:
        one, two, three = sorted(row.code for row in now.facts.where(Vial, lot=stock.RELEASED))[:3]
        first = vial_scheme.next_label(now, one)
    shown, label = replace_label(vault, one)
    assert (shown.answer.outcome, label) == ("recorded", first)
    assert f"Print it: cryoledger label vial {one}." in shown.answer.message
    with printer(lambda _: answer()) as fake:
        address = f"tcp://127.0.0.1:{fake.port}"
        printer_settings.add(vault.folder.state, PrinterSetting("bench", address, stock="roll-33x13"))
        shown, label = replace_label(vault, two)
        assert "It is printed at bench." in shown.answer.message
        assert fake.labels == 1
    shown, label = replace_label(vault, three)
    assert (shown.answer.outcome, label != three) == ("recorded", True)
    assert "Its label is not printed: The printer" in shown.answer.message
    with vault.store.reading() as now:
        told = {code: [each.type for each in queries.history(now, "vial", code)] for code in (one, two, three)}
    assert [each.count("VialLabelReplaced") for each in told.values()] == [1, 1, 1]
    assert [each.count("VialsLabelled") for each in told.values()] == [0, 1, 0]
