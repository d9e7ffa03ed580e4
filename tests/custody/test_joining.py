"""A further station: invited with a code, enrolled with the administrators' signatures, once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryoledger.cli.sample import people
from cryoledger.cli.sample.clinic import CHEAP
from cryoledger.cli.sample.stock import make_event
from cryoledger.custody.clock import SteppingClock, moment
from cryoledger.custody.desk import Desk
from cryoledger.custody.identities import narrative
from cryoledger.custody.identities.identity_backup import back_up, bring_back
from cryoledger.custody.people import enrol
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import By, record
from cryoledger.custody.station import invitation
from cryoledger.custody.station.invitation import About, Content
from cryoledger.custody.station.joining import Joining, invite
from cryoledger.custody.vault import Vault, person_by
from cryoledger.custody.workflow.arranging import INVITATION, Arranging
from cryoledger.domain.records import Station
from cryoledger.errors import (
    CryoledgerError,
    PinError,
    Refusal,
    RequestError,
    StationError,
    VaultDamagedError,
    VaultUnreachableError,
)
from cryoledger.tui.signing_reading import read_signing
from tests.custody.stations import Site, make_site
from tests.proxy import Cut, Proxy

ADMINISTRATORS = (people.ADA.by, people.QUINN.by)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with make_site(tmp_path, monkeypatch) as made:
        yield made


def files(site: Site, machine: str) -> list[str]:
    return sorted(path.name for path in (site.folder / machine).rglob("*") if path.is_file())


def test_a_joined_station_signs_and_people_sign_there(site: Site) -> None:
    with site.vault("bench-1") as vault:
        vault.subjects().create("patient", "P1")
    site.join("room-2")
    assert files(site, "room-2") == ["head", "head.lock", "head.synced", "station.key", "subjects.keys", "vault.secret"]
    for path in (site.folder / "room-2").rglob("*.key*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with site.vault("room-2") as vault:
        assert vault.station == "room-2"
        assert vault.subjects().get("patient", "P1") is not None
        sealed = record(vault, make_event("StorageUnitTakenOut", unit="B1"), people.MARIA.by)
        assert sealed.entry.envelope.station == "room-2"
        with vault.store.reading() as reading:
            assert [row.name for row in reading.facts.where(Station)] == ["bench-1", "room-2"]
            assert [row.key_id for row in reading.wrapped_keys() if row.key_id in ("invitation", "attempts")] == []
            enrolled = [stored.parse().envelope for stored in reading.entries()][-2]
    assert (enrolled.type, enrolled.station) == ("StationEnrolled", "room-2")
    assert [(line.name, line.meaning) for line in enrolled.signers] == [
        (people.ADA.name, "issued"), (people.QUINN.name, "approved"), ("room-2", "accepted"),
    ]  # fmt: skip
    report = verify_at(site.url)
    assert report.ok, report.findings


def test_a_station_makes_no_second_key_for_a_patient_of_another_one(site: Site, tmp_path: Path) -> None:
    """With two keys the right wristband would be a wrong one, and notes could be read only where they were written."""
    site.join("room-2")
    with site.vault("bench-1") as vault:
        for subject in (("patient", "P9"), ("donor", "D9")):
            narrative.ensure_key(vault, subject)
        band, carl = vault.subjects().band("P9", "BAND"), people.CARL
        enrol(vault, carl.full_name, carl.roles, carl.pin, *ADMINISTRATORS, name=carl.name)
        record(vault, make_event("PatientRegistered", patient="P9", bands=[band]), carl.by)
        kept = narrative.keep(vault, "Seen by the nurse.", ("donor", "D9"))
        with vault.store.writing() as transaction:
            kept.write(transaction)
        site_key = vault.subjects().get(*narrative.SITE)
        (tmp_path / "safe").mkdir()
        copy = back_up(vault, tmp_path / "safe").path
    with site.vault("room-2") as vault:
        for subject in (("patient", "P9"), ("donor", "D9")):
            with pytest.raises(StationError, match=r"lies where [PD]9 was first recorded") as refused:
                narrative.ensure_key(vault, subject)
            assert "identity backup" in refused.value.advice
            assert vault.subjects().get(*subject) is None
        assert vault.subjects().get(*narrative.SITE) == site_key is not None
        bring_back(vault, copy)
        narrative.ensure_key(vault, ("patient", "P9"))
        assert vault.subjects().band("P9", "BAND") == band
        assert narrative.read(vault, kept.document) == b"Seen by the nurse."


def test_a_code_works_once(site: Site) -> None:
    code = site.invite("room-2").code
    site.at("room-2")
    joining = Joining.begin(site.url, code, kdf=CHEAP)
    with joining.vault:
        joining.finish(*ADMINISTRATORS)
    site.at("elsewhere")
    with pytest.raises(PinError, match="was used"):
        Joining.begin(site.url, code)
    assert files(site, "elsewhere") == []


def test_of_two_machines_with_one_code_one_becomes_the_station(site: Site) -> None:
    code = site.invite("room-2").code
    site.at("room-2")
    first = Joining.begin(site.url, code, kdf=CHEAP)
    site.at("elsewhere")
    second = Joining.begin(site.url, code, kdf=CHEAP)
    with first.vault, second.vault:
        first.finish(*ADMINISTRATORS)
        with pytest.raises(Refusal, match="signed before"):
            second.finish(*ADMINISTRATORS)
    assert "station.key" not in files(site, "elsewhere")
    assert "vault.secret" not in files(site, "elsewhere")


def test_a_machine_joins_once(site: Site) -> None:
    site.join("room-2")
    code = site.invite("room-3").code
    site.at("room-2")
    with pytest.raises(StationError, match="station room-2 of the vault already"):
        Joining.begin(site.url, code)


@pytest.mark.parametrize(
    "spoil", [lambda code: code[:-1], lambda code: "0" + code[1:] if code[0] != "0" else "1" + code[1:], lambda _: ""]
)
def test_a_slip_in_the_code_is_said_and_not_counted(site: Site, spoil: object) -> None:
    code = site.invite("room-2").code
    site.at("room-2")
    for _ in range(9):
        with pytest.raises(RequestError, match="no invitation code"):
            Joining.begin(site.url, spoil(code))  # type: ignore[operator]
    Joining.begin(site.url, code.lower().replace("-", " ")).vault.close()


def test_a_wrong_code_is_counted_and_the_fifth_ends_the_invitation(site: Site) -> None:
    code = site.invite("room-2").code
    other, _ = invitation.seal(Content(bytes(32), b""), About("", "", "", ""), CHEAP)
    site.at("room-2")
    for _ in range(4):
        with pytest.raises(PinError, match="opens no invitation"):
            Joining.begin(site.url, other)
    Joining.begin(site.url, code).vault.close()
    with pytest.raises(PinError, match="opens no invitation"):
        Joining.begin(site.url, other)
    with pytest.raises(PinError, match="opens no invitation"):
        Joining.begin(site.url, code)


def test_an_invitation_expires_after_an_hour(site: Site) -> None:
    invited = site.invite("room-2")
    with site.vault("bench-1") as vault:
        now = vault.clock.now()
    clock = SteppingClock(now)
    clock.advance(minutes=59)
    site.at("room-2")
    Joining.begin(site.url, invited.code, clock=clock).vault.close()
    clock.advance(minutes=2)
    with pytest.raises(PinError, match="expired"):
        Joining.begin(site.url, invited.code, clock=clock)


def test_a_wrong_pin_leaves_no_secret_behind_and_the_code_can_be_tried_again(site: Site) -> None:
    code = site.invite("room-2").code
    site.at("room-2")
    joining = Joining.begin(site.url, code, kdf=CHEAP)
    with joining.vault:
        with pytest.raises(PinError):
            joining.finish(By(people.ADA.name, "918273"), people.QUINN.by)
        assert "vault.secret" not in files(site, "room-2")
    joining = Joining.begin(site.url, code, kdf=CHEAP)
    with joining.vault:
        joining.finish(*ADMINISTRATORS)


def test_who_is_no_administrator_neither_invites_nor_enrols(site: Site) -> None:
    with site.vault("bench-1") as vault:
        with pytest.raises(Refusal, match="no administrator"):
            invite(vault, "room-2", people.MARIA.by)
        with pytest.raises(PinError):
            invite(vault, "room-2", By(people.ADA.name))
        with pytest.raises(PinError, match="Wrong PIN"):
            invite(vault, "room-2", By(people.ADA.name, "918273"))
        assert vault.keyring.unlocked() <= {"bench-1"}
    code = site.invite("room-2").code
    site.at("room-2")
    joining = Joining.begin(site.url, code, kdf=CHEAP)
    with joining.vault, pytest.raises(Refusal):
        joining.finish(people.MARIA.by, people.QUINN.by)
    assert "vault.secret" not in files(site, "room-2")


@pytest.mark.parametrize("name", ["bench-1", people.ADA.name, "Room 2", ""])
def test_a_name_that_cannot_be_is_refused_before_the_code_is_made(site: Site, name: str) -> None:
    with site.vault("bench-1") as vault, pytest.raises(CryoledgerError):
        invite(vault, name, people.ADA.by)


def test_a_vault_in_a_file_is_for_one_station(vault: Vault) -> None:
    with pytest.raises(StationError, match="PostgreSQL") as caught:
        invite(vault, "room-2", people.ADA.by)
    assert "vault copy" in caught.value.advice


def test_neither_code_nor_secret_lies_in_the_database(site: Site) -> None:
    invited = site.invite("room-2")
    with site.vault("bench-1") as vault, vault.store.reading() as reading:
        (row,) = (row for row in reading.wrapped_keys() if row.key_id == "invitation")
        secret = (vault.folder.path / "vault.secret").read_text().strip()
    assert secret not in row.wrapped
    assert invited.code.split("-")[0] not in row.wrapped
    assert invited.code not in repr(invited)


def test_a_changed_invitation_opens_nothing() -> None:
    told = About("f" * 64, "room-2", "ines.a", "2026-11-22T04:00:00.000Z")
    code, text = invitation.seal(Content(bytes(32), b"lines"), told, CHEAP)
    key = invitation.parse_code(code)
    assert invitation.open_with(key, text) == Content(bytes(32), b"lines")
    assert invitation.about(text) == told
    assert invitation.open_with(key, text.replace("04:00", "05:00")) is None
    assert invitation.open_with(os.urandom(16), text) is None
    with pytest.raises(VaultDamagedError):
        invitation.about(text.replace("invitation/v1", "invitation/v2"))


@pytest.mark.parametrize("cut", ["before commit", "after commit"])
def test_a_connection_that_breaks_in_the_enrolment_enrols_once(site: Site, cut: Cut) -> None:
    code = site.invite("room-2").code
    site.at("room-2")
    with Proxy(site.url) as proxy:
        joining = Joining.begin(proxy.url, code, kdf=CHEAP)
        with joining.vault:
            proxy.cut = cut
            joining.finish(*ADMINISTRATORS)
            assert proxy.cuts == 1
    with site.vault("room-2") as vault, vault.store.reading() as reading:
        assert vault.station == "room-2"
        types = [stored.parse().envelope.type for stored in reading.entries()]
    assert types.count("StationEnrolled") == 1


def test_where_the_outcome_stays_open_the_files_stay_and_joining_again_finds_out(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = site.invite("room-2").code
    site.at("room-2")
    monkeypatch.setattr("cryoledger.custody.retrying.PAUSES_SECONDS", (0.01,))
    with Proxy(site.url) as proxy:
        joining = Joining.begin(proxy.url, code, kdf=CHEAP)
        with joining.vault:
            proxy.cut = "after commit for good"
            with pytest.raises(VaultUnreachableError) as caught:
                joining.finish(*ADMINISTRATORS)
    assert "not known" in caught.value.message
    with pytest.raises(StationError, match="station room-2 of the vault already"):
        Joining.begin(site.url, code)
    with site.vault("room-2") as vault:
        assert vault.station == "room-2"


def test_the_first_enrolment_of_a_vault_needs_one_administrator(site: Site) -> None:
    with site.vault("bench-1") as vault:
        assert vault.site().enrolments > 0
    code = site.invite("room-2").code
    site.at("room-2")
    joining = Joining.begin(site.url, code)
    with joining.vault:
        assert joining.persons == 2
        with pytest.raises(Refusal):
            joining.finish(people.ADA.by)


def test_a_moment_is_read_from_milliseconds() -> None:
    assert moment(1_795_402_715_631).isoformat() == "2026-11-23T02:58:35.631000+00:00"


def test_a_station_is_invited_at_the_desk_with_a_code_that_is_shown_once(site: Site) -> None:
    with site.vault("bench-1") as vault:
        desk = Desk(vault)
        with vault.store.reading() as now:
            badge = person_by(now, "ada.k").badge
        answers = [desk.scan(badge), desk.scan(people.ADA.pin), desk.begin(Arranging(INVITATION))]
        assert answers[-1].ask == "text", answers
        answers += [desk.scan("bench-1", typed=True)]
        assert "has signed before" in answers[-1].message
        answers += [desk.scan("room-7", typed=True)]
        assert (answers[-1].ask, desk.inviting is not None) == ("pin", True), answers[-1]
        answers += [desk.scan("999999")]
        assert (answers[-1].outcome, answers[-1].ask) == ("refused", "pin")
        answers += [desk.scan(people.ADA.pin)]
        assert desk.inviting is not None
        assert desk.inviting.made is not None
        code = desk.inviting.made.code
        shown = read_signing(desk)
        assert shown is not None
        assert code in shown.title
        answers += [desk.scan(badge)]
        assert "Write the code down now" in answers[-1].message
        answers += [desk.scan("CMD-CONFIRM")]
        assert answers[-1].ask == ""
        assert read_signing(desk) is None
        assert all(code not in f"{answer}" for answer in answers)
        with vault.store.reading() as now:
            assert all(code.encode() not in stored.note for stored in now.entries())
        desk.close()
    site.at("room-7")
    with Joining.begin(site.url, code, kdf=CHEAP).vault as vault:
        assert vault.origin() == "lab.example/test"
