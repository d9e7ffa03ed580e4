"""What cards and box maps say, and what stops the use of a thing."""

from __future__ import annotations

import pytest

from cryoledger.database.store import Reading
from cryoledger.documents.box_map import box_map
from cryoledger.documents.card_words import amount, microlitres, thousandths
from cryoledger.documents.cards import card
from cryoledger.domain import times
from cryoledger.domain.events import lots
from cryoledger.errors import RequestError
from tests.documents.conftest import Site


def value(reading: Reading, kind: str, code: str, label: str, now: str) -> str:
    return dict(card(reading, kind, code, now).lines)[label]


def test_a_vial_s_card_says_where_it_is_and_what_it_is(site: Site, reading: Reading) -> None:
    now = site.lab.now
    where = value(reading, "vial", site.vials[2], "where", now)
    assert where == "freezer FRZ-1 (FRZ-1) > slot 1: rack RACK-1 (RACK-1) > slot 1: box BOX-1 (BOX-1) > position A3"
    assert value(reading, "vial", site.vials[1], "reserved", now) == "order ORDER-2, line 1"
    assert card(reading, "vial", site.vials[2], now).alerts == ()


def test_everything_that_stops_a_vial_is_an_alert(site: Site) -> None:
    number = site.lab.hold("donor", "DONOR-1")
    site.lab.record(lots.ConsentWithdrawn(donor="DONOR-1", withdrawn_on="2026-11-22"))
    with site.store.reading() as reading:
        alerts = card(reading, "vial", site.vials[2], "2028-01-01T00:00:00.000Z").alerts
    assert alerts == (
        f"hold {number} on donor DONOR-1: investigation",
        "expired on 2027-11-20",
        "donor DONOR-1 withdrew consent on 2026-11-22",
    )


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("vial", "LOT-1-001"), ("unit", "BOX-1"), ("lot", "OTHER"), ("donor", "DONOR-1"), ("donation", "DIN-BANK"),
        ("product", "MSC-1"), ("patient", "PATIENT-1"), ("order", "ORDER-1"), ("dose", "DOSE-1"),
    ],
)  # fmt: skip
def test_every_kind_has_a_card(site: Site, reading: Reading, kind: str, code: str) -> None:
    shown = card(reading, kind, code, site.lab.now)
    assert shown.text().startswith(f"{kind} {code}")
    assert shown.to_dict()["row"]
    with pytest.raises(RequestError):
        card(reading, kind, "nothing", site.lab.now)


def test_a_lot_without_results_says_which_it_lacks(site: Site, reading: Reading) -> None:
    assert value(reading, "lot", "OTHER", "test sterility", site.lab.now) == "no result yet; is negative"
    assert card(reading, "lot", "OTHER", site.lab.now).alerts == ("lot OTHER is quarantined",)


def test_box_map_shows_each_position_by_letter_with_its_legend(site: Site) -> None:
    site.lab.hold("vial", site.vials[3])
    with site.store.reading() as reading:
        drawn = box_map(reading, "BOX-1", site.lab.now)
        late = box_map(reading, "BOX-1", "2030-01-01T00:00:00.000Z")
    rows = drawn.text().splitlines()
    assert rows[2].split() == [str(number) for number in range(1, 10)]
    assert rows[3].split() == ["A", ".", "O", "R", "H", ".", ".", ".", ".", "."]
    assert "3 of 81 positions filled" in drawn.title
    assert [(mark.letter, count) for mark, count in drawn.legend()] == [(".", 78), ("R", 1), ("O", 1), ("H", 1)]
    assert late.rows[0][2].mark.word == "expired"
    assert drawn.to_dict()["vials"][0] == {
        "position": "A2", "vial": "LOT-1-002", "lot": "LOT-1", "shows": "reserved for an order",
    }  # fmt: skip


def test_a_held_box_holds_all_that_is_in_it(site: Site) -> None:
    site.lab.hold("unit", "FRZ-1")
    with site.store.reading() as reading:
        drawn = box_map(reading, "BOX-1", site.lab.now)
    assert {cell.mark.letter for cell in drawn.cells} == {".", "H"}


def test_a_unit_without_positions_has_no_map(site: Site, reading: Reading) -> None:
    with pytest.raises(RequestError, match="has no positions"):
        box_map(reading, "FRZ-1", site.lab.now)


def test_amounts_in_words() -> None:
    assert [amount(1), amount(10_000_000)] == ["1", "10 000 000"]
    assert [thousandths(92_500), thousandths(-150_000), thousandths(-5)] == ["92.5", "-150", "-0.005"]
    assert [microlitres(999), microlitres(1200)] == ["999 uL", "1.2 mL"]
    assert [times.span(59_999), times.span(600_000)] == ["59 s", "10 min 0 s"]
