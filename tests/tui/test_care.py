"""The person sees on the first screen how old the backups are, red after a day, and that a restore is undeclared."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Static

from cryoledger.custody.backups import backup, restore
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.record import observe
from cryoledger.custody.vault import Vault
from cryoledger.domain.events.vault import AlarmRaised
from tests.tui.bench import Bench, Station


def shown(bench: Bench, name: str) -> Static:
    return bench.app.station.query_one(f"#{name}", Static)


async def test_a_vault_that_was_never_backed_up_is_red(station: Station) -> None:
    async with station() as bench:
        assert str(shown(bench, "care").render()) == "never backed up"
        assert shown(bench, "care").has_class("-late")
        assert shown(bench, "keys").region.width >= len(" F1 help   F2 type a code   F9 light or dark   F10 leave")


async def test_a_fresh_backup_is_quiet_and_one_of_yesterday_is_red(
    station: Station, vault: Vault, tmp_path: Path
) -> None:
    made = backup.back_up(vault, tmp_path / "b")
    assert backup.restore_as_test(vault, made.path).ok
    async with station() as bench:
        assert str(shown(bench, "care").render()) == "backup 0min  tested 0min"
        assert not shown(bench, "care").has_class("-late")
        assert "F10 leave" in str(shown(bench, "keys").render())
    assert isinstance(vault.clock, SteppingClock)
    vault.clock.advance(hours=24, minutes=1)
    async with station() as bench:
        assert str(shown(bench, "care").render()) == "backup 24h  tested 24h"
        assert shown(bench, "care").has_class("-late")


async def test_unreconciled_work_has_a_band(station: Station, vault: Vault) -> None:
    async with station() as bench:
        assert "UNRECONCILED" not in str(shown(bench, "band").render())
    before = vault.folder.head.read()
    assert before is not None
    observe(vault, AlarmRaised(unit="TANK1", alarm="door"))
    with vault.store.writing() as transaction:  # as after a restore of this very state
        from cryoledger.database.local import Upkeep

        transaction.put_upkeep(Upkeep("restored", "2026-03-02T02:00:00.000Z", "b"))
    restore.go_on(vault)
    async with station() as bench:
        assert shown(bench, "band").has_class("-on")
        assert "UNRECONCILED" in str(shown(bench, "band").render())
