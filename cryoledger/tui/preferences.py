"""What this station's people chose for its screen: colours and keys, and whether the tour was offered.

`keys.toml` is written by people and only read here; `screen.json` is written here. Both lie in the station's folder,
beside what holds for every vault, because they are read before any vault is opened.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from cryoledger.errors import StationError
from cryoledger.manual import texts, use_pages
from cryoledger.manual.keymap import read_keys
from cryoledger.manual.keys import DEFAULTS
from cryoledger.manual.texts_file import read_texts

FILE: Final = "screen.json"
BYTES_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Preferences:
    """Without a folder nothing is kept."""

    folder: Path | None = None
    theme: str = ""
    toured: bool = False
    keys: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULTS))

    @classmethod
    def read(cls, folder: Path) -> Preferences:
        """Those of a station's folder; StationError where `keys.toml` says what cannot be."""
        told = _told(folder / FILE)
        theme = told.get("theme")
        return cls(folder, theme if isinstance(theme, str) else "", told.get("toured") is True, read_keys(folder))

    def with_theme(self, theme: str) -> Preferences:
        """With other colours, kept for next time."""
        return _kept(replace(self, theme=theme))

    def with_tour(self) -> Preferences:
        """With the tour taken or skipped, kept: it is not offered again."""
        return _kept(replace(self, toured=True))


def _kept(preferences: Preferences) -> Preferences:
    if preferences.folder is not None:
        told = {"theme": preferences.theme, "toured": preferences.toured}
        _write(preferences.folder / FILE, json.dumps(told))
    return preferences


def station_preferences() -> Preferences:
    """Those of this station, whose words the screen says from now on; StationError as in `read`."""
    from cryoledger.custody.station.station_folder import default_config_folder

    folder = default_config_folder()
    texts.use(read_texts(folder))
    use_pages(folder)
    return Preferences.read(folder)


def _told(path: Path) -> dict[str, Any]:
    """What the file says; nothing where it is damaged, for colours keep nobody from a freezer."""
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(BYTES_MAX))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _write(path: Path, text: str) -> None:
    from cryoledger.custody.keys.secret_file import make_folder

    try:
        make_folder(path.parent)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        Path(temporary).replace(path)
    except (OSError, StationError):
        return  # the choice holds until the program ends, and no longer
