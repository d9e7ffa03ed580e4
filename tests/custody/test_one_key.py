"""Two stations record something of the same new person in the same moment: one key is the person's, none is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from cryoledger.cli.sample import people
from cryoledger.cli.sample.clinic import CHEAP
from cryoledger.cli.sample.stock import make_event
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.identities import narrative, one_key
from cryoledger.custody.identities.identity_backup import back_up, bring_back
from cryoledger.custody.people import enrol
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import record
from cryoledger.custody.vault import Vault
from cryoledger.domain.fields import Document
from cryoledger.errors import CryoledgerError, StationError
from tests.custody.stations import make_site

DONOR, PATIENT = ("donor", "D9"), ("patient", "P9")
AtStation = Callable[[str], AbstractContextManager[Vault]]
MACHINES = ("bench-1", "room-2")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AtStation]:
    """Two stations of a vault on PostgreSQL."""
    with make_site(tmp_path, monkeypatch) as site:
        with site.vault("bench-1") as vault:
            carl = people.CARL
            enrol(vault, carl.full_name, carl.roles, carl.pin, people.ADA.by, people.QUINN.by, name=carl.name)
        site.join("room-2")
        yield site.vault


@pytest.fixture
def file(home: Path, clock: SteppingClock, monkeypatch: pytest.MonkeyPatch) -> AtStation:
    """Two folders of a station on one file: what a copied home leads to."""
    for machine in MACHINES:
        shutil.copytree(home, home.with_name(machine))

    @contextmanager
    def at(machine: str) -> Iterator[Vault]:
        monkeypatch.setenv("CRYOLEDGER_HOME", str(home.with_name(machine)))
        with Vault.open(str(home / "lab.cryoledger"), clock=clock, kdf=CHEAP) as vault:
            yield vault

    return at


def screen(vault: Vault, note: str) -> Document:
    """Record a result of the donor with a note, under the donor's key."""
    kept = narrative.keep(vault, note, DONOR)
    result = {"marker": "HBV", "sampled_on": "2026-01-05", "method": "NAT", "result": "nonreactive"}
    event = make_event("DonorScreened", donor=DONOR[1], results=[result])
    record(vault, narrative.with_document(event, kept), people.MARIA.by, also=kept.write)
    return kept.document


def register(vault: Vault, wristband: str) -> None:
    narrative.ensure_key(vault, PATIENT)
    event = make_event("PatientRegistered", patient=PATIENT[1], bands=[one_key.band(vault, PATIENT[1], wristband)])
    record(vault, event, people.CARL.by)


def work(at: AtStation, machine: str, meet: Any, told: Any, acts: list[str]) -> None:
    """In a process of its own: make the key, wait for the other station to have made its, then record."""
    answers: list[str] = []
    with at(machine) as vault:
        for act in acts:
            narrative.ensure_key(vault, DONOR if act == "screen" else PATIENT)
            meet.wait(60)
            try:
                screen(vault, f"Seen at {machine}.") if act == "screen" else register(vault, "BAND")
            except CryoledgerError as error:
                answers.append(error.message)
            else:
                answers.append("")
            meet.wait(60)
    told.put((machine, answers))
    told.close()
    told.join_thread()
    os._exit(0)  # what the test opened belongs to it


def both(at: AtStation, acts: list[str]) -> dict[str, list[str]]:
    """What each station was told, act by act; empty where it recorded."""
    context = get_context("fork")
    meet, told = context.Barrier(2), context.Queue()
    working = [context.Process(target=work, args=(at, machine, meet, told, acts)) for machine in MACHINES]
    for each in working:
        each.start()
    answers = dict(told.get(timeout=90) for _ in working)
    for each in working:
        each.join()
        assert each.exitcode == 0
    return answers


def test_of_two_keys_made_at_once_on_a_server_one_is_used_and_the_other_gives_way(
    server: AtStation, tmp_path: Path
) -> None:
    with server("bench-1") as vault:
        consent = {"scope": ["therapy"], "given_on": "2026-01-05"}
        record(vault, make_event("DonorRegistered", donor=DONOR[1], consent=consent), people.MARIA.by)
    answers = both(server, ["screen", "register"])
    for act, said in enumerate(("is not the one in use", "is already the code of patient")):
        texts = sorted(answers[machine][act] for machine in MACHINES)
        assert texts[0] == ""
        assert said in texts[1]
    winner, loser = sorted(MACHINES, key=lambda machine: answers[machine][0])
    (tmp_path / "safe").mkdir()
    for giver, taker in ((winner, loser), (loser, winner)):  # the patient may have been the other's
        with server(giver) as vault:
            copy = back_up(vault, tmp_path / "safe").path.rename(tmp_path / f"from-{giver}")
        with server(taker) as vault:
            bring_back(vault, copy)
    bands = set()
    for machine in MACHINES:
        with server(machine) as vault:
            narrative.ensure_key(vault, PATIENT)
            bands.add(one_key.band(vault, PATIENT[1], "BAND"))
            document = screen(vault, f"Again at {machine}.")
        with server(next(other for other in MACHINES if other != machine)) as vault:
            assert narrative.read(vault, document) == f"Again at {machine}.".encode()
            url = str(vault.store.location)
    assert len(bands) == 1
    report = verify_at(url)
    assert report.ok, report.findings


def test_a_station_with_another_key_compares_no_wristband(file: AtStation) -> None:
    """The right wristband would be a wrong one, and the station cannot know that."""
    with file("room-2") as vault:
        narrative.ensure_key(vault, PATIENT)
    with file("bench-1") as vault:
        register(vault, "BAND")
        assert list(one_key.known_here(vault, [PATIENT[1], PATIENT[1]])) == [PATIENT[1]]
    with file("room-2") as vault:
        assert list(one_key.known_here(vault, [PATIENT[1]])) == []
        for refused in (narrative.ensure_key, one_key.check):
            with pytest.raises(StationError, match="is not the one in use") as caught:
                refused(vault, PATIENT)
            assert "identity restore" in caught.value.advice
        with pytest.raises(StationError):
            one_key.band(vault, PATIENT[1], "BAND")


def test_two_processes_on_a_file_settle_on_one_key(file: AtStation) -> None:
    with file("bench-1") as vault:
        consent = {"scope": ["therapy"], "given_on": "2026-01-05"}
        record(vault, make_event("DonorRegistered", donor=DONOR[1], consent=consent), people.MARIA.by)
    answers = both(file, ["screen"])
    assert sorted(bool(said) for (said,) in answers.values()) == [False, True]
