"""kill -9 at every step of an import and of its withdrawal: nothing half is there, and the same command goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from cryoledger.cli.sample.people import MARIA, TOMAS
from cryoledger.custody.imports import import_parts
from cryoledger.custody.imports.importing import abandon, carry_out, comments_of
from cryoledger.custody.record import record
from cryoledger.domain import catalogue
from tests.exchange.laboratory import prepared
from tests.faults.conftest import Fresh, Victim
from tests.faults.imports import brought, import_file, imports, is_sound, nothing_is_usable
from tests.faults.killing import Tell, Work, chosen, killed_at, steps_of

PARTS = 4  # each test is cut in so many, for parallel runs
SHARE = 5  # steps of a part


@pytest.fixture(autouse=True)
def two_vials_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_parts, "PART_VIALS", 2)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return import_file(tmp_path / "in.csv")


def importing(victim: Victim, file: Path) -> Work:
    """Work that imports the file, and tells when it is completed."""

    def work(tell: Tell) -> None:
        with victim.open() as vault, prepared(vault, file) as job:
            carry_out(vault, job.plan, MARIA.by)
        tell("completed")

    return work


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_in_an_import(part: int, fresh: Fresh, file: Path) -> None:
    whole = fresh()
    total = steps_of(importing(whole, file))
    assert total > 150
    with whole.open() as vault:
        expected = brought(vault)
    for step in chosen(total, part, PARTS, SHARE):
        victim = fresh()
        before = victim.entries()
        told = killed_at(step, importing(victim, file))
        is_sound(victim)
        with victim.open() as vault:
            found = imports(vault)
            done = found[0].done if found else -1
            assert len(victim.entries()) == len(before) + 1 + done + (bool(found) and found[0].status == "completed")
            if found and found[0].status == "open":
                assert not told
                nothing_is_usable(vault)
            with prepared(vault, file) as job:
                if job.before is None:
                    assert carry_out(vault, job.plan, MARIA.by).resumed_after == max(done, 0)
            assert brought(vault) == expected, step
            assert comments_of(vault, "IV0") == ["seen"]
            record(vault, catalogue.parse("VialsTakenOut", {"vials": ["IV0"]}), TOMAS.by)
        is_sound(victim)


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_in_a_withdrawal(part: int, fresh: Fresh, file: Path) -> None:
    """An import of which two parts came in is abandoned; the file can come again, or the rest be withdrawn."""

    class Stop(Exception):
        pass

    def stopped() -> Victim:
        victim = fresh()

        def stop(done: int, _total: int) -> None:
            if done == 4:
                raise Stop

        with victim.open() as vault, prepared(vault, file) as job, pytest.raises(Stop):
            carry_out(vault, job.plan, MARIA.by, stop)
        return victim

    def withdrawing(victim: Victim) -> Work:
        def work(tell: Tell) -> None:
            with victim.open() as vault:
                abandon(vault, imports(vault)[0], "wrong-file", MARIA.by)
            tell("withdrawn")

        return work

    with fresh().open() as vault:
        expected = brought(vault)
    for step in chosen(steps_of(withdrawing(stopped())), part, PARTS, SHARE):
        victim = stopped()
        killed_at(step, withdrawing(victim))
        is_sound(victim)
        with victim.open() as vault:
            nothing_is_usable(vault)
            (own,) = imports(vault)
            if own.status == "open":
                abandon(vault, own, "wrong-file", MARIA.by)
            assert brought(vault) == expected, step
        is_sound(victim)
