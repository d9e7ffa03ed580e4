"""The manual: a page for each screen and for each role's day, in Markdown, versioned with the program.

    page("freezer").text(DEFAULTS)      # what F1 shows and `cryoledger manual freezer` prints

A page names a key as `{station.help}`, never as F1: keys can be remapped, and the page says the one that holds here.
`keys` is the table of them all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from cryoledger.errors import RequestError
from cryoledger.manual.keys import DEFAULTS, KEYS, Key, shown

__all__ = ["DEFAULTS", "KEYS", "PAGES", "Key", "Page", "page", "pages", "shown"]

PAGES: Final = (
    "contents", "first-day", "sign-in", "signing", "freezer", "map", "pick-list", "box-check", "moving", "pharmacy",
    "preparation", "bedside", "quality", "audit", "administration", "palette", "typing", "keys", "leaving", "browser",
    "technician", "pharmacist", "clinician", "witness", "quality-officer", "auditor", "administrator",
)  # fmt: skip
"""In the order in which they are leafed through: the screens on a vial's way, then the roles."""
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


@cache
def page(name: str) -> Page:
    """A page by its name; RequestError names those that there are."""
    if name not in PAGES:
        raise RequestError(f"The manual has no page {name!r}.", f"Its pages: {', '.join(PAGES)}.")
    source = (resources.files(__package__) / "pages" / f"{name}.md").read_text("utf-8")
    return Page(name, source.split("\n", 1)[0].removeprefix("# "), source)


def pages() -> tuple[Page, ...]:
    """All pages in order."""
    return tuple(page(name) for name in PAGES)
