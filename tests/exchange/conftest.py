"""A staffed vault, made once and copied: Argon2 is slow by design."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cryoledger.custody.vault import Vault
from tests.exchange.laboratory import make_vault, open_copy


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRYOLEDGER_HOME", str(home))
        make_vault(home)
    return home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("CRYOLEDGER_HOME", str(folder))
    return folder


@pytest.fixture
def vault(made: Path, home: Path) -> Iterator[Vault]:
    with open_copy(made, home) as vault:
        yield vault
