"""At the desk a person chooses a PIN twice, the key is shown as it will be enrolled, and two others sign for it."""

from __future__ import annotations

from cryoledger.custody.workflow.entering import Entering
from cryoledger.domain import catalogue
from cryoledger.domain.records import Person
from tests.station import PINS, Station

NEW = "660231"


def person(station: Station, name: str) -> Person:
    with station.vault.store.reading() as reading:
        row = reading.facts.get(Person, name)
    assert row is not None
    return row


def asked_for_a_pin(station: Station) -> str:
    """As far as the new person's PIN; what was said."""
    station.sign_in("ada.k")
    station.desk.begin(Entering("KeyIssued"))
    station.desk.scan("Rosa Lind", typed=True)
    station.play("CMD-QTY-1", "CMD-QTY-3")
    return station.last("CMD-DONE").message


def test_a_person_is_enrolled_by_two_after_choosing_a_pin_twice(station: Station) -> None:
    assert "ENROL: full name Rosa Lind, roles technician, pharmacist" in asked_for_a_pin(station)
    assert (station.desk.ask, station.desk.choosing_pin is not None) == ("pin", True)
    assert station.last("1234").outcome == "refused", "too short, and not counted"
    first = station.last(NEW)
    assert (first.scan, first.outcome) == ("", "question")
    assert "again" in first.message
    assert "differ" in station.last("660232").message
    assert "123456" not in station.last("123456").message
    weak = station.last("123456")
    assert weak.outcome == "refused", weak.message
    shown = station.play(NEW, NEW)[-1]
    assert "issued by Ada Kessler" in shown.message
    assert station.desk.to_sign is not None
    (event,) = station.desk.to_sign.step.events
    badge = catalogue.data_of(event)["person"]["badge"]
    assert badge in shown.message, "exactly what is signed is shown"
    assert "no administrator or quality officer" in station.last("@pin ada.k", "@badge pia.n").message
    done = station.last("@badge quinn.o", "@pin quinn.o")
    assert done.outcome == "recorded", done.message
    assert "signs as rosa.l" in done.message
    assert catalogue.data_of(station.entries("KeyIssued")[-1].event)["person"]["badge"] == badge
    assert "rosa.l" not in station.vault.keyring.unlocked()
    assert station.play(badge, NEW)[-1].outcome == "recorded"
    assert not any(NEW in answer.message for answer in (first, shown, done))


def test_who_leaves_it_unsigned_has_enrolled_nobody_and_no_key_stays_open(station: Station) -> None:
    asked_for_a_pin(station)
    station.play(NEW, NEW)
    assert "rosa.l" in station.vault.keyring.unlocked()
    assert "nothing is recorded" in station.last("CMD-CANCEL").message
    assert "rosa.l" not in station.vault.keyring.unlocked()
    assert not station.entries("KeyIssued")[-1].event.person.name.startswith("rosa")  # type: ignore[attr-defined]


def test_a_forgotten_pin_gets_a_new_key_and_badge_by_two_others(station: Station) -> None:
    old = person(station, "maria.s").badge
    station.sign_in("ada.k")
    refused = station.desk.begin(Entering("KeyReplaced", (("person", "ada.k"), ("reason", "forgotten"))))
    assert "Nobody replaces their own key" in refused.message
    station.play("CMD-CANCEL")
    station.desk.begin(Entering("KeyReplaced", (("person", "maria.s"),)))
    station.play("CMD-QTY-1", NEW, NEW, "@pin ada.k", "@badge boris.l")
    assert station.last("@pin boris.l").outcome == "recorded"
    new = person(station, "maria.s").badge
    assert new != old
    assert "was replaced" in station.last(old).message
    assert station.play(new, NEW)[-1].outcome == "recorded"


def test_one_s_own_pin_is_changed_with_the_old_one_and_key_and_badge_stay(station: Station) -> None:
    station.sign_in("maria.s")
    before = person(station, "maria.s")
    station.desk.begin(Entering("PinChanged", (("person", "maria.s"),)))
    assert "Wrong PIN" in station.last("111222").message
    assert station.play("@pin maria.s", NEW, NEW)[-1].outcome == "recorded"
    assert person(station, "maria.s").key_id == before.key_id
    station.play("CMD-SIGN-OUT", "@badge maria.s")
    assert "Wrong PIN" in station.last(PINS["maria.s"]).message
    assert station.last(NEW).outcome == "recorded"
