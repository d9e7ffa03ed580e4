"""Everything that can be done now, by name: what the palette offers and how it is found.

The list is made anew each time it is opened. What is chosen counts as typed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from cryoledger import manual
from cryoledger.codes.commands import Command
from cryoledger.manual.messages import told
from cryoledger.manual.texts import say
from cryoledger.tui.desks.workplaces import WORKPLACES
from cryoledger.tui.themes import THEMES
from cryoledger.tui.words import clean, plain

if TYPE_CHECKING:
    from cryoledger.tui.desks.sheet import Offer


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the palette; `name` and `help` are text, never markup."""

    name: str
    help: str
    do: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Doing:
    """What the program does when a deed is chosen."""

    say: Callable[[str], None]
    go: Callable[[str], None]
    begin: Callable[[str], None]
    read: Callable[[str], None]
    colour: Callable[[str], None]
    act: Callable[[str], None]
    perform: Callable[[str], None]


def deeds(doing: Doing, offers: Sequence[Offer], row: str, *, signed_in: bool) -> list[Deed]:
    """What can be done now, the row's acts first; without a person, what needs none."""

    def with_(act: Callable[[str], None], word: str) -> Callable[[], None]:
        return lambda: act(word)

    found = [
        Deed(f"{offer.label}: {row}" if row else offer.label, say("palette.row"), with_(doing.begin, offer.key))
        for offer in offers
    ]
    if signed_in:
        found += [
            Deed(say("palette.go", place=told(place.title)), say("palette.workplace"), with_(doing.go, place.name))
            for place in WORKPLACES
        ]
        found += [
            Deed(f"{told(command.value)} ({command.barcode})", told(command.help), with_(doing.say, command.barcode))
            for command in Command
            if command is not Command.QUANTITY
        ]
        found += [
            Deed(say("palette.pin"), say("palette.pin-help"), with_(doing.perform, "own-pin")),
            Deed(say("palette.scanner"), say("palette.scanner-help"), with_(doing.perform, "scanner-check")),
        ]
    found += [
        Deed(say("palette.type"), say("palette.type-help"), with_(doing.act, "entry")),
        Deed(say("palette.tour"), say("palette.tour-help"), with_(doing.act, "tour")),
        Deed(say("palette.leave"), say("palette.leave-help"), with_(doing.act, "leave")),
    ]
    found += [
        Deed(say("palette.colours", name=told(theme.title)), told(theme.help), with_(doing.colour, theme.theme.name))
        for theme in THEMES
    ]
    found += [
        Deed(say("palette.page", title=page.title), say("palette.page-help"), with_(doing.read, page.name))
        for page in manual.pages()
    ]
    return found


class Deeds(Provider):
    """Finds deeds by their names."""

    def _all(self) -> list[Deed]:
        offered: list[Deed] = self.app.deeds()  # type: ignore[attr-defined]
        return offered

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for deed in self._all():
            name = clean(deed.name)
            yield DiscoveryHit(plain(name), deed.do, text=name, help=clean(deed.help))

    async def search(self, query: str) -> Hits:
        """What the typed text is part of, the best match first."""
        matcher = self.matcher(query)
        for deed in self._all():
            name = clean(deed.name)
            score = max(matcher.match(name), 0.5 * matcher.match(clean(deed.help)))
            if score > 0:
                yield Hit(score, plain(name), deed.do, text=name, help=clean(deed.help))


def palette() -> CommandPalette:
    """The palette over the station's screen."""
    return CommandPalette(providers=[Deeds], placeholder=say("palette.placeholder"))
