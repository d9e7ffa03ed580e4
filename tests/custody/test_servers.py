"""A vault on a server as its stations meet it: its clock, broken commits, many at once, commits lost by a failover."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NoReturn

import pytest

from cryoledger.cli.sample import people
from cryoledger.cli.sample.clinic import CHEAP
from cryoledger.cli.sample.stock import make_event
from cryoledger.custody import clock as clocks
from cryoledger.custody.clock import ServerClock, SteppingClock, moment
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import By, new_id, record
from cryoledger.custody.vault import Vault
from cryoledger.database.store import Stored
from cryoledger.domain.fields import Event
from cryoledger.errors import ConflictError, RequestError, VaultDamagedError, VaultUnreachableError
from tests import postgresql
from tests.custody.stations import Site, make_site
from tests.proxy import Cut, Proxy

OUT = make_event("StorageUnitTakenOut", unit="B1")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with make_site(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def proxy(site: Site) -> Iterator[Proxy]:
    with Proxy(site.url) as made:
        yield made


def entries(vault: Vault) -> list[Stored]:
    with vault.store.reading() as reading:
        return list(reading.entries())


def note(number: int) -> Event:
    return make_event("AlarmRaised", unit="F1", alarm=("door", "power", "level")[number % 3])


# The clock


def test_entries_are_dated_by_the_servers_clock(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(_: object) -> NoReturn:
        raise AssertionError("the machine's clock was asked")

    monkeypatch.setattr(clocks.SystemClock, "now", wrong)
    with site.vault("bench-1") as vault, postgresql.admin(site.url) as admin:
        now = "SELECT date_trunc('milliseconds', clock_timestamp())"
        before = admin.execute(now).fetchall()[0][0]
        sealed = record(vault, OUT, people.MARIA.by)
        after = admin.execute(now).fetchall()[0][0]
    assert before <= sealed.entry.envelope.recorded_at <= after
    assert sealed.entry.envelope.occurred_at == sealed.entry.envelope.recorded_at


def test_a_clock_that_was_given_is_used(site: Site) -> None:
    site.at("bench-1")
    clock = SteppingClock(datetime.now(UTC) + timedelta(hours=3))
    with Vault.open(site.url, clock=clock, kdf=CHEAP) as vault:
        assert record(vault, OUT, people.MARIA.by).entry.envelope.recorded_at == clock.now()


def test_between_its_answers_a_servers_clock_goes_on() -> None:
    answers: list[int | Exception] = [1_000_000, 2_000_000, VaultUnreachableError("gone", ""), 5_000_000]
    seconds = 0.0

    def ask() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    clock = ServerClock(ask, lambda: seconds)
    assert clock.now() == moment(1_000_000)
    seconds = 4.5
    assert clock.now() == moment(1_004_500)
    seconds = 11.0
    assert clock.now() == moment(2_000_000)
    seconds = 30.0  # nobody answers: the last answer is carried on
    assert clock.now() == moment(2_019_000)
    assert clock.now() == moment(5_000_000)
    assert clock.of(7_000_000) == clock.now() == moment(7_000_000)


def test_a_servers_clock_that_never_answered_says_so() -> None:
    def ask() -> NoReturn:
        raise VaultUnreachableError("gone", "")

    with pytest.raises(VaultUnreachableError):
        ServerClock(ask).now()
    with pytest.raises(RuntimeError):
        ServerClock(ask).of(None)


# Commits without an answer


@pytest.mark.parametrize("cut", ["before commit", "after commit"])
def test_a_commit_without_an_answer_is_found_or_made_once(site: Site, proxy: Proxy, cut: Cut) -> None:
    with site.vault("bench-1", proxy.url) as vault:
        before = entries(vault)
        proxy.cut = cut
        sealed = record(vault, OUT, people.MARIA.by)
        assert proxy.cuts == 1
        after = entries(vault)
        assert [each.id for each in after] == [*(each.id for each in before), sealed.entry.envelope.id]
        head = vault.folder.head.read()
        assert head is not None
        assert head.leaf_hash == sealed.entry.leaf_hash
    report = verify_at(site.url)
    assert report.ok, report.findings


@pytest.mark.parametrize("kept", [True, False])
def test_an_open_outcome_names_the_id_and_the_repeat_finds_out(
    site: Site, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    monkeypatch.setattr("cryoledger.custody.retrying.PAUSES_SECONDS", (0.01, 0.01))
    with site.vault("bench-1", proxy.url) as vault:
        count = len(entries(vault))
        id_ = new_id("2026-11-22T03:00:00.000Z")
        proxy.cut = "after commit for good" if kept else "before commit for good"
        with pytest.raises(VaultUnreachableError, match="not known whether") as caught:
            record(vault, OUT, people.MARIA.by, id=id_)
        assert caught.value.unknown
        assert id_ in caught.value.advice
    with site.vault("bench-1") as vault:
        assert len(entries(vault)) == count + kept
        sealed = record(vault, OUT, people.MARIA.by, id=id_)
        assert len(entries(vault)) == count + 1
        assert sealed.entry.envelope.id == id_
        with pytest.raises(ConflictError):
            record(vault, make_event("StorageUnitTakenOut", unit="F1"), people.MARIA.by, id=id_)


def test_a_server_that_does_not_answer_at_all_recorded_nothing(
    site: Site, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cryoledger.custody.retrying.PAUSES_SECONDS", (0.01,))
    with site.vault("bench-1", proxy.url) as vault:
        assert vault.station
        unlock(vault, people.MARIA.name, people.MARIA.pin)
        proxy.cut = "always"
        proxy.drop()
        with pytest.raises(VaultUnreachableError) as caught:
            record(vault, OUT, By(people.MARIA.name))
        assert not caught.value.unknown
        assert "--id" not in str(caught.value)


def test_a_session_ended_by_the_servers_administrator_is_taken_up_again(site: Site) -> None:
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = %s"
    with site.vault("bench-1") as vault, postgresql.admin() as admin:
        name = site.url.split("/")[3].split("?")[0]
        for number in range(3):
            admin.execute(end, (name,))
            record(vault, note(number))
        in_the_middle: list[Any] = [lambda: admin.execute(end, (name,))]
        record(vault, OUT, people.MARIA.by, also=lambda _: in_the_middle.pop()() if in_the_middle else None)
        assert [each.parse().envelope.type for each in entries(vault)[-4:]] == [
            "AlarmRaised", "AlarmRaised", "AlarmRaised", "StorageUnitTakenOut",
        ]  # fmt: skip


# Many stations


def work(site: Site, machine: str, count: int) -> None:
    with site.vault(machine) as vault:
        for number in range(count):
            record(vault, note(number))


def test_many_stations_record_at_once_and_the_ledger_verifies(site: Site) -> None:
    machines = ["bench-1", "room-2", "room-3"]
    for machine in machines[1:]:
        site.join(machine)
    with site.vault("bench-1") as vault:
        before = len(entries(vault))
    stations = [get_context("fork").Process(target=work, args=(site, machine, 25)) for machine in machines]
    for each in stations:
        each.start()
    for each in stations:
        each.join()
        assert each.exitcode == 0
    with site.vault("bench-1") as vault:
        made = entries(vault)
    assert [each.sequence for each in made] == list(range(before + 75))
    assert all(after.previous == one.leaf_hash for one, after in pairwise(made))
    signed = [each.parse().envelope.station for each in made[before:]]
    assert {machine: signed.count(machine) for machine in machines} == dict.fromkeys(machines, 25)
    report = verify_at(site.url)
    assert report.ok, report.findings


# A failover that lost commits


def test_a_failover_that_lost_commits_is_noticed_before_anything_is_recorded(site: Site) -> None:
    site.join("room-2")
    name = site.url.split("/")[3].split("?")[0]
    with postgresql.database(name) as standby, Proxy(site.url) as proxy:  # the standby stays behind from here on
        with site.vault("bench-1", proxy.url) as here, site.vault("room-2", proxy.url) as there:
            record(here, note(1))
            proxy.server_of(standby)
            proxy.drop()
            for _ in range(2):
                with pytest.raises(VaultDamagedError, match="ALARM: this station saw entry"):
                    record(here, note(2))
            # The other station saw nothing that is lost, and cannot know.
            record(there, note(0))
        site.at("bench-1")
        with pytest.raises(VaultDamagedError, match="ALARM"):
            Vault.open(proxy.url)
        report = verify_at(proxy.url)
        assert not report.ok


def test_a_password_in_the_vaults_url_is_refused() -> None:
    with pytest.raises(RequestError, match="password"):
        Vault.open("postgresql+psycopg://maria:sesame@server/vault")
