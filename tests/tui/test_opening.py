"""The first frame waits for nothing, and what is scanned meanwhile is not lost."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

from textual import events

from cryoledger.custody.desk import Desk
from cryoledger.custody.vault import Vault
from cryoledger.errors import VaultMissingError
from cryoledger.tui.app import StationApp
from cryoledger.tui.lists import RecentView
from cryoledger.tui.opening import Opening


def loaded_by(statement: str) -> set[str]:
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_the_package_loads_no_screen_and_the_screen_no_database() -> None:
    assert not {"textual", "sqlite3", "sqlmodel"} & loaded_by("import cryoledger.tui")
    heavy = {"sqlmodel", "sqlalchemy", "sqlite3", "cryptography", "cryoledger.custody.vault", "pydantic"}
    loaded = loaded_by("import cryoledger.tui.app")
    assert not (heavy | {"markdown_it", "cryoledger.tui.palette", "textual_serve", "aiohttp"}) & loaded


async def test_what_is_scanned_before_the_vault_is_open_is_answered_after_it(vault: Vault) -> None:
    ready = threading.Event()

    def slow() -> Desk:
        assert ready.wait(5)
        return Desk(vault)

    app = StationApp(slow)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)
        assert "█" in "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        for character in "NOPE":
            app.post_message(events.Key(character, character))
        app.post_message(events.Key("enter", "\r"))
        await pilot.pause(0.2)
        ready.set()
        for _ in range(200):
            await pilot.pause(0.01)
            if app.station.query_one(RecentView).rows:
                break
        ((clock, shown),) = app.station.query_one(RecentView).rows
        assert (shown.text, shown.answer.outcome) == ("NOPE", "refused")
        assert clock


async def test_vault_that_is_not_there_ends_the_program_with_its_error(tmp_path: Path) -> None:
    app = StationApp(Opening(str(tmp_path / "none.cryoledger")))
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(200):
            await pilot.pause(0.01)
            if app._exit:
                break
    assert isinstance(app.failure, VaultMissingError)
    assert app.return_code == 2
