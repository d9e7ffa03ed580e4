"""kill -9 at every step of an append, of a backup and of a restore, in real processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cryoledger.cli.sample.people import ADA, QUINN
from cryoledger.custody.backups import backup, restore
from cryoledger.custody.record import observe
from cryoledger.custody.vault import Vault
from tests.faults.conftest import ALARM, Fresh, Victim, move, moves
from tests.faults.killing import Tell, Work, chosen, killed_at, steps_of

PARTS = 4  # each test is cut in so many, for parallel runs
SHARE = 6  # steps of a part
NOW = "2026-03-02T02:00:00.000Z"


def recording(victim: Victim, count: int = 2) -> Work:
    """Work that records moves, and tells each once it is acknowledged."""

    def work(tell: Tell) -> None:
        with victim.open() as vault:
            for _, place in zip(range(count), moves(), strict=False):
                tell(move(vault, place))

    return work


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_in_an_append(part: int, fresh: Fresh) -> None:
    total = steps_of(recording(fresh()))
    assert total > 60
    before = fresh().entries()
    for step in chosen(total, part, PARTS, SHARE):
        victim = fresh()
        told = killed_at(step, recording(victim))
        victim.is_whole(told, before)


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_in_a_backup(part: int, fresh: Fresh, tmp_path: Path) -> None:
    def backing_up(victim: Victim, target: Path) -> Work:
        def work(tell: Tell) -> None:
            with victim.open() as vault:
                tell(str(backup.back_up(vault, target).path))

        return work

    total = steps_of(backing_up(fresh(), tmp_path / "first"))
    victim = fresh()
    before = victim.entries()
    for step in chosen(total, part, PARTS, SHARE):
        target = tmp_path / f"b{step}"
        told = killed_at(step, backing_up(victim, target))
        assert target.exists() or not told
        with victim.open() as vault:
            if not target.exists():
                backup.back_up(vault, target)  # the leftovers of the killed one are in nobody's way
            if step % 12 == part:
                assert backup.restore_as_test(vault, target).ok
        left = {path.name for path in tmp_path.iterdir() if path.name.startswith((".b", "b"))}
        assert {name for name in left if name.startswith(".")} == set(), (step, left)
    assert victim.entries() == before
    victim.is_whole([], before)


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_in_a_restore(part: int, fresh: Fresh, tmp_path: Path) -> None:
    victim = fresh()
    with victim.open() as vault:
        made = backup.back_up(vault, tmp_path / "b")
        observe(vault, ALARM)

    def restoring(target: Path) -> Work:
        def work(tell: Tell) -> None:
            restore.restore(made.path, target, now=NOW)
            tell("restored")
            with Vault.open(str(target), remembered=False) as vault:
                tell(restore.go_on(vault).entry.envelope.id)

        return work

    state = victim.home
    kept = {path: path.read_bytes() for path in state.rglob("head*")}
    total = steps_of(restoring(tmp_path / "first"))
    for step in chosen(total, part, PARTS, SHARE):
        for path in state.rglob("head*"):
            path.unlink()
        for path, content in kept.items():
            path.write_bytes(content)
        target = tmp_path / f"t{step}"
        told = killed_at(step, restoring(target))
        if not target.exists():
            assert not told
            restore.restore(made.path, target, now=NOW)
        with Vault.open(str(target), remembered=False) as vault:
            with vault.store.reading() as reading:
                opened = reading.entry(2**40)
            if opened is None:
                assert len(told) < 2
                restore.declare(vault, ADA.by, QUINN.by)
        with Vault.open(str(target)) as vault:
            assert observe(vault, ALARM).epoch == 2


def test_a_killed_station_comes_back_whole_while_another_goes_on(victim: Victim) -> None:
    """Its locks and its log die with it; nobody waits."""
    before = victim.entries()
    told = killed_at(40, recording(victim))
    with victim.open() as vault:
        places = moves()
        observe(vault, ALARM)
        if len(told) % 2:
            next(places)
    assert os.path.lexists(victim.path)
    assert len(victim.entries()) >= len(before) + len(told) + 1
