"""Printing is an event with the layout's hash: once, again only with a reason, and no more than was really sent."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from cryoledger.cli.sample import people
from cryoledger.codes import read
from cryoledger.custody.identities import narrative
from cryoledger.custody.labels import label_contents, vial_scheme
from cryoledger.custody.labels.labelling import Target, VialJob, deliver
from cryoledger.custody.proof.auditing import verify_vault
from cryoledger.custody.record import record
from cryoledger.custody.workflow.look import resolve
from cryoledger.database import queries
from cryoledger.domain import catalogue
from cryoledger.domain.events.storage import VialsLabelled
from cryoledger.domain.fields import Document
from cryoledger.domain.records import Mention, ScanCode, Vial
from cryoledger.errors import PinError, Refusal
from cryoledger.labels import Label, Layout, TcpPrinter, load_layout, load_stock, render_all
from tests.labels.test_printers import answer, closed_port, printer
from tests.station import FRESH_VIALS, Station


@pytest.fixture(autouse=True)
def _clock_is_right(station: Station) -> None:
    station.vault.clock_confirmed = True


ROLL = load_stock("roll-33x13")
LAYOUT = load_layout("vial-33x13")


def draw(station: Station, vials: tuple[str, ...], layout: Layout = LAYOUT) -> list[Label]:
    with station.vault.store.reading() as reading:
        return list(render_all([label_contents.vial_label(reading, code) for code in vials], layout, ROLL))


def print_to(station: Station, path: Path, *vials: str, reprint: str | None = None) -> list[int]:
    job = VialJob.plan(station.vault, vials, LAYOUT, reprint=reprint)
    signer = job.open(people.MARIA.by)
    done = deliver(draw(station, job.vials), ROLL, Target(path=path))
    return [sealed.number for sealed in job.record(signer, done.labels)]


def printed(station: Station) -> list[VialsLabelled]:
    with station.vault.store.reading() as reading:
        numbers = sorted({row.entry for code in FRESH_VIALS for row in reading.facts.where(Mention, code=code)})
        found = [reading.recorded(number) for number in numbers]
    return [each.event for each in found if each is not None and isinstance(each.event, VialsLabelled)]


def test_a_print_names_vials_layout_and_its_hash_and_keeps_the_layout(station: Station, tmp_path: Path) -> None:
    print_to(station, tmp_path / "two.pdf", *FRESH_VIALS[:2])
    (event,) = printed(station)
    assert (event.vials, event.layout, event.reprint) == (FRESH_VIALS[:2], "vial-33x13", None)
    assert base64.b64decode(event.layout_sha256) == hashlib.sha256(LAYOUT.source).digest()
    assert isinstance(event.document, Document)
    assert narrative.read(station.vault, event.document) == LAYOUT.source


def test_a_changed_layout_is_another_version_and_both_can_be_read_again(station: Station, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "layouts").mkdir(parents=True)
    changed = LAYOUT.source.replace(b'"Lot {lot}"', b'"LOT {lot}"')
    (site / "layouts" / "vial-33x13.toml").write_bytes(changed)
    print_to(station, tmp_path / "first.pdf", FRESH_VIALS[0])
    own = load_layout("vial-33x13", site)
    job = VialJob.plan(station.vault, FRESH_VIALS[1:2], own, site_folder=site)
    job.record(job.open(people.MARIA.by), 1)
    documents = [event.document for event in printed(station)]
    kept = [narrative.read(station.vault, each) for each in documents if each is not None]
    assert kept == [LAYOUT.source, changed]


def test_a_reprint_asks_for_a_reason_and_stands_in_an_entry_of_its_own(station: Station, tmp_path: Path) -> None:
    print_to(station, tmp_path / "one.pdf", FRESH_VIALS[0])
    with pytest.raises(Refusal, match="printed before") as refused:
        VialJob.plan(station.vault, FRESH_VIALS[:2], LAYOUT)
    assert refused.value.rule == "label.reprint"
    assert len(print_to(station, tmp_path / "two.pdf", *FRESH_VIALS[:2], reprint="damaged")) == 2
    assert [(event.vials, event.reprint) for event in printed(station)[1:]] == [
        (FRESH_VIALS[1:2], None),
        (FRESH_VIALS[:1], "damaged"),
    ]


def test_the_rest_of_a_lot_leaves_out_what_was_printed(station: Station, tmp_path: Path) -> None:
    print_to(station, tmp_path / "one.pdf", FRESH_VIALS[0])
    assert VialJob.plan(station.vault, FRESH_VIALS, LAYOUT, rest_only=True).vials == FRESH_VIALS[1:]


def test_a_replaced_label_keeps_the_history_and_the_old_code_still_says_which_vial(
    station: Station, tmp_path: Path
) -> None:
    vial = FRESH_VIALS[0]
    print_to(station, tmp_path / "one.pdf", vial)
    with station.vault.store.reading() as reading:
        new = vial_scheme.next_label(reading, vial)
    event = catalogue.parse("VialLabelReplaced", {"vial": vial, "label": new, "reason": "fallen"})
    record(station.vault, event, people.MARIA.by)
    with station.vault.store.reading() as reading:
        facts = reading.facts
        old, fresh = resolve(read(vial), facts), resolve(read(new), facts)
        content = label_contents.vial_label(reading, vial)
        stood = facts.get(Vial, vial)
        story = {each.type for each in queries.history(reading, "vial", vial)}
    assert (old.kind, old.code, old.retired) == ("vial", vial, True)
    assert (fresh.kind, fresh.code, fresh.retired) == ("vial", vial, False)
    assert stood is not None
    assert stood.label == new
    assert content.code == new
    assert {"LotFilled", "VialsLabelled", "VialLabelReplaced"} <= story
    print_to(station, tmp_path / "new.pdf", vial)  # a new code is no reprint
    with pytest.raises(Refusal) as again:
        record(station.vault, event, people.MARIA.by)
    assert again.value.rule == "one-meaning"


def test_a_tube_s_own_code_finds_the_vial_and_one_code_never_means_two(station: Station) -> None:
    first, second = FRESH_VIALS[:2]
    tube = {"vial": first, "tube": "FD00123456"}
    record(station.vault, catalogue.parse("VialTubeBound", tube), people.MARIA.by)
    with station.vault.store.reading() as reading:
        assert {resolve(read(text), reading.facts).code for text in (first, "FD00123456")} == {first}
    for taken in ("FD00123456", first, "TANK1"):
        with pytest.raises(Refusal) as refused:
            record(station.vault, catalogue.parse("VialTubeBound", {"vial": second, "tube": taken}), people.MARIA.by)
        assert refused.value.rule == "one-meaning"


def test_a_printer_that_dies_half_way_leaves_exactly_what_was_sent(station: Station) -> None:
    """The connection is cut after seven labels: no status, no goodbye."""
    vials = FRESH_VIALS[:20]
    job = VialJob.plan(station.vault, vials, LAYOUT)
    signer = job.open(people.MARIA.by)
    with printer(lambda count: b"" if count >= 7 else answer()) as fake:
        target = Target(printer=TcpPrinter("127.0.0.1", fake.port, timeout=0.5))
        done = deliver(draw(station, vials), ROLL, target)
    assert done.trouble is not None
    assert 7 <= done.labels < 20
    job.record(signer, done.labels)
    (event,) = printed(station)
    assert event.vials == vials[: done.labels]
    assert VialJob.plan(station.vault, vials, LAYOUT, rest_only=True).vials == vials[done.labels :]
    assert verify_vault(station.vault).ok


def test_a_printer_that_is_off_leaves_no_entry(station: Station) -> None:
    job = VialJob.plan(station.vault, FRESH_VIALS[:2], LAYOUT)
    signer = job.open(people.MARIA.by)
    with closed_port() as port:
        done = deliver(draw(station, FRESH_VIALS[:2]), ROLL, Target(printer=TcpPrinter("127.0.0.1", port, timeout=0.5)))
    assert done.labels == 0
    assert done.trouble is not None
    assert job.record(signer, done.labels) == []
    assert printed(station) == []


def test_who_may_not_sign_is_refused_before_anything_is_printed(station: Station) -> None:
    job = VialJob.plan(station.vault, FRESH_VIALS[:1], LAYOUT)
    with pytest.raises(Refusal) as refused:
        job.open(people.QUINN.by)
    assert refused.value.rule == "I7"
    with pytest.raises(PinError):
        job.open(people.MARIA.by.__class__(people.MARIA.name, "000000"))


def test_nothing_is_printed_while_the_clock_keeps_it_from_being_recorded(station: Station) -> None:
    station.vault.clock_confirmed = False
    with pytest.raises(Refusal) as refused:
        VialJob.plan(station.vault, FRESH_VIALS[:1], LAYOUT).open(people.MARIA.by)
    assert refused.value.rule == "time.ahead"


def test_a_label_s_entry_names_no_donor_or_patient(station: Station, tmp_path: Path) -> None:
    (number,) = print_to(station, tmp_path / "one.pdf", FRESH_VIALS[0])
    with station.vault.store.reading() as reading:
        recorded = reading.recorded(number)
        assert recorded is not None
        data = json.dumps(recorded.event.model_dump(mode="json"))
        assert not [row.text for row in reading.facts.where(ScanCode, kind="donor") if row.text in data]
