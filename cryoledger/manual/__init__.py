"""The manual: a page for each screen and for each role's day, in Markdown, versioned with the program.

    page("freezer").text(DEFAULTS)      # what F1 shows and `cryoledger manual freezer` prints

A page names a key as `{station.help}`, never as F1: keys can be remapped, and the page says the one that holds here.
`keys` is the table of them all, `keymap` reads a site's own; `texts` is what the screen says, in a site's words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from cryoledger.errors import RequestError, StationError
from cryoledger.manual.keys import DEFAULTS, KEYS, Key, shown

__all__ = ["DEFAULTS", "KEYS", "PAGES", "Key", "Page", "page", "pages", "shown", "use_pages"]

PAGES: Final = (
    "contents", "first-day", "sign-in", "signing", "freezer", "map", "pick-list", "box-check", "moving", "pharmacy",
    "preparation", "bedside", "quality", "audit", "administration", "labels", "palette", "typing", "keys",
    "leaving", "browser",
    "technician", "pharmacist", "clinician", "witness", "quality-officer", "auditor", "administrator",
)  # fmt: skip
"""In the order in which they are leafed through: the screens on a vial's way, then the roles."""
FOLDER: Final = "manual"
BYTES_MAX: Final = 64 * 1024
PLACEHOLDER: Final = re.compile(r"\{([a-z]+\.[a-z0-9]+)\}")


@dataclass(frozen=True, slots=True)
class Page:
    """A page; `source` is its Markdown, with names of keys in braces."""

    name: str
    title: str
    source: str

    def text(self, keys: Mapping[str, str] = DEFAULTS) -> str:
        """The Markdown with the keys that hold here, by the keys' names."""
        return PLACEHOLDER.sub(lambda match: shown(keys.get(match[1], DEFAULTS[match[1]])), self.source)

    def sections(self, keys: Mapping[str, str] = DEFAULTS) -> tuple[str, ...]:
        """What stands under each second heading, the heading with it."""
        _, *parts = re.split(r"^(?=## )", self.text(keys), flags=re.MULTILINE)
        return tuple(part.strip() for part in parts)


_site: dict[str, str] = {}


def use_pages(folder: Path) -> None:
    """From now on show a site's own pages, `manual/NAME.md` in this folder, in place of ours.

    StationError names what is wrong in one.
    """
    _site.clear()
    _site.update({path.stem: _site_source(path) for path in sorted((folder / FOLDER).glob("*.md"))})


def page(name: str) -> Page:
    """A page by its name; RequestError names those that there are."""
    if name not in PAGES:
        raise RequestError(f"The manual has no page {name!r}.", f"Its pages: {', '.join(PAGES)}.")
    source = _site.get(name) or _source(name)
    return Page(name, source.split("\n", 1)[0].removeprefix("# "), source)


@cache
def _source(name: str) -> str:
    return (resources.files(__package__) / "pages" / f"{name}.md").read_text("utf-8")


def _site_source(path: Path) -> str:
    def refused(why: str) -> StationError:
        return StationError(f"The page {path} is not used: {why}.", "Set it right, or move the file away.")

    if path.stem not in PAGES:
        raise refused(f"there is no page {path.stem!r} to replace; the pages are {', '.join(PAGES)}")
    try:
        with path.open("rb") as file:
            source = file.read(BYTES_MAX + 1).decode()
    except (OSError, UnicodeDecodeError):
        raise refused("it cannot be read as UTF-8 text") from None
    if len(source) > BYTES_MAX or not source.startswith("# "):
        raise refused("it is too big, or does not begin with a title, as `# Title`")
    unknown = sorted(set(PLACEHOLDER.findall(source)) - set(DEFAULTS))
    if unknown:
        raise refused(f"there is no key {unknown[0]!r}")
    return source


def pages() -> tuple[Page, ...]:
    """All pages in order."""
    return tuple(page(name) for name in PAGES)
