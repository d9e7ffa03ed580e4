"""Finds `schema/` and `labels/`: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cryoledger.errors import StationError

__all__ = ["labels_folder", "schema_folder"]

PACKAGE = Path(__file__).resolve().parent


def schema_folder() -> Path:
    """The folder with `migrations/` and `events/`; StationError where the installation lacks it."""
    return _folder("schema")


def labels_folder() -> Path:
    """The folder with `stock/` and `layouts/`; StationError where the installation lacks it."""
    return _folder("labels")


@cache
def _folder(name: str) -> Path:
    return find(name, PACKAGE)


def find(name: str, package: Path) -> Path:
    """The folder `name` of the program whose package stands at `package`.

    A wheel holds it at `_data/` (pyproject, force-include); an editable install leaves it in the checkout.
    """
    for place in (package / "_data" / name, package.parent / name):
        if place.is_dir():
            return place
    raise StationError(
        f"The program's folder {name!r} is missing: it is neither in the installed package nor beside it.",
        "Install cryoledger again.",
    )
