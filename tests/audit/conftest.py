"""The histories, recorded once; every test bends a copy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cryoledger.database.store import Store
from tests.audit.sources import Listed
from tests.audit.stories import short_story, whole_story
from tests.lab import Lab


@pytest.fixture(scope="session")
def short_lab() -> Lab:
    lab = Lab()
    short_story(lab)
    return lab


@pytest.fixture(scope="session")
def whole_lab() -> Lab:
    lab = Lab()
    whole_story(lab)
    return lab


@pytest.fixture
def short(short_lab: Lab) -> Listed:
    """A vault of some thirty entries."""
    return Listed.of(short_lab)


@pytest.fixture
def whole(whole_lab: Lab) -> Listed:
    """A vault with a row in every derived table."""
    return Listed.of(whole_lab)


@pytest.fixture(scope="session")
def whole_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same history in a real file, its guards dropped as an attacker would."""
    path = tmp_path_factory.mktemp("vault") / "whole.cryoledger"
    with Store.create(str(path)) as store:
        whole_story(Lab(store))
    return path


@pytest.fixture
def file_copy(whole_file: Path, tmp_path: Path) -> Callable[[], Path]:
    """Makes copies of that file."""
    made = 0

    def copied() -> Path:
        nonlocal made
        made += 1
        return Path(shutil.copy(whole_file, tmp_path / f"copy-{made}.cryoledger"))

    return copied
