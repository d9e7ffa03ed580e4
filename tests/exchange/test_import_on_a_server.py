"""An import on PostgreSQL whose connection breaks: in a part, in its commit, for a while; it completes once."""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cryoledger import cli
from cryoledger.cli.sample import people
from cryoledger.custody.imports import import_parts
from cryoledger.custody.imports.importing import carry_out, comments_of
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.record import record
from cryoledger.custody.vault import Vault
from cryoledger.database.postgresql import PostgresqlDriver
from cryoledger.domain import catalogue
from cryoledger.domain.import_records import Import
from cryoledger.domain.records import Lot, Vial
from cryoledger.errors import Refusal, VaultUnreachableError
from tests.custody.stations import Site, make_site
from tests.exchange.laboratory import prepared, row, table
from tests.proxy import Proxy

VIALS = 12
PARTS = 4


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(import_parts, "PART_VIALS", VIALS // PARTS)
    monkeypatch.setattr("cryoledger.custody.retrying.PAUSES_SECONDS", (0.01, 0.01))
    with make_site(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def proxy(site: Site) -> Iterator[Proxy]:
    with Proxy(site.url) as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    rows = [
        row(
            freezer="IF",
            vial=f"IV{at}",
            position=f"{'ABCDEFGHI'[at // 9]}{at % 9 + 1}",
            comments="seen" if at == 4 else "",
        )
        for at in range(VIALS)
    ]
    path.write_text(table(rows))
    return path


@pytest.fixture
def in_the_middle(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], None]], None]:
    """Lets something happen before the rows of the n-th table are written from now on."""
    write = PostgresqlDriver.execute_many

    def happen(at: int, what: Callable[[], None]) -> None:
        left = [at]

        def writing(driver: PostgresqlDriver, sql: str, rows: Any) -> None:
            left[0] -= 1
            if left[0] == 0:
                what()
            write(driver, sql, rows)

        monkeypatch.setattr(PostgresqlDriver, "execute_many", writing)

    return happen


def came_in_once(vault: Vault, entries: int) -> None:
    """Every vial is there once and can be used, and no entry is there twice."""
    with vault.store.reading() as reading:
        vials, (own,) = reading.facts.where(Vial, lot="L1"), reading.facts.where(Import)
        (lot,) = reading.facts.where(Lot)
        assert len(list(reading.entries())) == entries + PARTS + 2
    assert (own.status, own.done, lot.vial_count) == ("completed", PARTS, VIALS)
    assert {vial.code for vial in vials} == {f"IV{at}" for at in range(VIALS)}
    assert comments_of(vault, "IV4") == ["seen"]
    record(vault, catalogue.parse("VialsTakenOut", {"vials": ["IV0"]}), people.MARIA.by)
    report = verify_at(str(vault.store.location))
    assert report.ok, report.findings


def count(vault: Vault) -> int:
    with vault.store.reading() as reading:
        return len(list(reading.entries()))


@pytest.mark.parametrize("at", [1, 3, 8])
def test_a_connection_that_drops_in_the_middle_of_a_part(
    site: Site, proxy: Proxy, file: Path, in_the_middle: Callable[[int, Callable[[], None]], None], at: int
) -> None:
    with site.vault("bench-1", proxy.url) as vault, prepared(vault, file) as job:
        before = count(vault)
        in_the_middle(at, proxy.drop)
        carry_out(vault, job.plan, people.MARIA.by)
        came_in_once(vault, before)


def test_commits_without_an_answer(site: Site, proxy: Proxy, file: Path) -> None:
    with site.vault("bench-1", proxy.url) as vault, prepared(vault, file) as job:
        before = count(vault)

        def cut(done: int, _total: int) -> None:
            if done < VIALS - 3:
                proxy.cut = "before commit" if done == 3 else "after commit"

        carry_out(vault, job.plan, people.MARIA.by, cut)
        assert proxy.cuts == 2
        came_in_once(vault, before)


@pytest.mark.parametrize("kept", [True, False])
def test_a_server_that_is_gone_for_a_while(site: Site, proxy: Proxy, file: Path, kept: bool) -> None:
    with site.vault("bench-1", proxy.url) as vault, prepared(vault, file) as job:
        before = count(vault)

        def cut(done: int, _total: int) -> None:
            if done == 3:
                proxy.cut = "after commit for good" if kept else "before commit for good"

        with pytest.raises(VaultUnreachableError):
            carry_out(vault, job.plan, people.MARIA.by, cut)
    with site.vault("bench-1") as vault:
        with pytest.raises(Refusal, match="not completed"):
            record(vault, catalogue.parse("VialsTakenOut", {"vials": ["IV0"]}), people.MARIA.by)
        report = verify_at(site.url)
        assert report.ok, report.findings
        with prepared(vault, file) as job:
            assert carry_out(vault, job.plan, people.MARIA.by).resumed_after == 1 + kept
        with vault.store.reading() as reading:
            refused = sum(b'"type":"RequestRefused"' in stored.note for stored in reading.entries())
        came_in_once(vault, before + refused)


def test_a_person_is_told_what_to_type_though_the_server_is_gone(
    site: Site,
    proxy: Proxy,
    file: Path,
    in_the_middle: Callable[[int, Callable[[], None]], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site.at("bench-1")

    def gone() -> None:
        proxy.cut = "always"
        proxy.drop()

    def run(*words: str) -> int:
        pin = io.BytesIO(f"{people.MARIA.pin}\n".encode())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(pin, encoding="utf-8"))
        return cli.run(words)

    in_the_middle(5, gone)
    assert run("--vault", proxy.url, "import", "inventory", str(file), "--as", people.MARIA.name) == 5
    (told,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("    cryoledger ")]
    proxy.cut = ""
    assert run(*shlex.split(told)[1:]) == 0
    with site.vault("bench-1") as vault, vault.store.reading() as reading:
        assert [row.status for row in reading.facts.where(Import)] == ["completed"]
