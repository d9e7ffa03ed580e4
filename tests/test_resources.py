"""The folders beside the package are found in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from cryoledger import resources
from cryoledger.errors import StationError


def test_a_checkout_has_its_folders_beside_the_package() -> None:
    assert (resources.schema_folder() / "migrations" / "env.py").is_file()
    assert resources.labels_folder().is_dir()


def test_a_wheel_has_its_folders_inside_the_package(tmp_path: Path) -> None:
    inside = tmp_path / "site-packages" / "cryoledger" / "_data" / "schema"
    inside.mkdir(parents=True)
    (tmp_path / "site-packages" / "schema").mkdir()  # another package's
    assert resources.find("schema", tmp_path / "site-packages" / "cryoledger") == inside


def test_a_broken_installation_is_said(tmp_path: Path) -> None:
    with pytest.raises(StationError, match="'labels' is missing") as caught:
        resources.find("labels", tmp_path)
    assert "Install" in caught.value.advice
