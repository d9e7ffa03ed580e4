"""Someone at a station: the running program, a scanner that posts key events, and the vault behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from textual import events
from textual.pilot import Pilot

from cryoledger.cli.sample import stock
from cryoledger.cli.sample.people import STAFF
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.vault import Vault
from cryoledger.domain.records import Person, Vial
from cryoledger.tui.app import StationApp
from cryoledger.tui.box_map import BoxMap
from cryoledger.tui.lines import Lines
from cryoledger.tui.lists import RecentView
from cryoledger.tui.scan_gate import SUFFIX_SECONDS

NAMES = {
    "\x1d": "ctrl+right_square_bracket", "\x02": "ctrl+b", "\r": "enter", "]": "right_square_bracket", "-": "minus",
    "/": "slash", "[": "left_square_bracket", " ": "space", "=": "equals_sign",
}  # fmt: skip
START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
NEW = tuple(stock.vial_code(900 + number) for number in range(5))
"""Vials that are filled and not stored yet."""

PINS = {member.name: member.pin for member in STAFF}


@dataclass
class Bench:
    """The program, someone's hand on its keys, and the vault behind it."""

    app: StationApp
    pilot: Pilot[None]
    vault: Vault
    clock: SteppingClock
    idle: list[float]
    rings: list[float] = field(default_factory=list)

    def post(self, text: str) -> None:
        """Key events as a scanner makes them, into the program's queue."""
        for character in text:
            self.app.post_message(events.Key(NAMES.get(character, character), character))

    async def scan(self, *texts: str) -> None:
        """Scan and wait for the answers."""
        for text in texts:
            self.post(text + "\r")
            await self.settle()

    async def burst(self, *texts: str) -> None:
        """Scan one after another, as fast as it goes, and wait once until all are answered."""
        for text in texts:
            self.post(text + "\r")
        await self.settle()

    async def press(self, *keys: str) -> None:
        """Keys of a hand that looks at the screen before the next."""
        for key in keys:
            await asyncio.sleep(SUFFIX_SECONDS)  # what is sooner after a scan belongs to it
            self.app.post_message(events.Key(key, key if len(key) == 1 else None))
            await self.settle()

    async def settle(self) -> None:
        """Until all is answered and painted.

        Textual's pilot waits for an idle processor, or sends every widget a message: most of a test's time.
        """
        calm = 0
        for _ in range(5000):
            await asyncio.sleep(0.002)
            if self.app._exception is not None:  # the program is broken: do not wait for it
                raise self.app._exception
            calm = calm + 1 if self._at_rest() else 0
            if calm == 4:
                break
        await self.pilot.pause(0)

    def _at_rest(self) -> bool:
        """Whether no key, no scan and no message waits anywhere."""
        parts = (self.app, *self.app.screen.walk_children(with_self=True))
        told = all(part._message_queue.empty() for part in parts)
        return told and self.app._gate.deadline is None and self.app.at_rest

    async def see(self, text: str, *, gone: bool = False) -> None:
        """Wait until a text is painted, or is painted no more."""
        for _ in range(1000):
            if (text in self.screen) is not gone:
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"{text!r} is {'still' if gone else 'not'} on the screen:\n{self.screen}")

    def badge(self, name: str) -> str:
        """The badge of a person."""
        with self.vault.store.reading() as reading:
            person = reading.facts.get(Person, name)
        assert person is not None
        return person.badge

    async def sign_in(self, name: str = "maria.s") -> None:
        """Badge, then PIN."""
        await self.scan(self.badge(name), PINS[name])

    def text(self, selector: str) -> str:
        """What a part of the station's screen says."""
        part = self.app.station.query_one(selector)
        if isinstance(part, Lines):
            return "\n".join("".join(text for text, _ in line) for line in part.lines)
        return str(part.render())

    @property
    def answer(self) -> str:
        return self.text("#message")

    @property
    def outcome(self) -> str:
        panel = self.app.station.query_one("#answer")
        return next(
            (name[1:] for name in panel.classes if name.startswith("-") and name not in ("-large", "-compact")), ""
        )

    @property
    def answers(self) -> list[tuple[str, str]]:
        """Every (scan, outcome) shown, oldest first."""
        rows = self.app.station.query_one(RecentView).rows
        return [(shown.text, shown.answer.outcome) for _, shown in reversed(rows)]

    @property
    def map(self) -> str:
        widget = self.app.station.query_one(BoxMap)
        return "\n".join(widget.render_line(y).text for y in range(widget.size.height))

    @property
    def screen(self) -> str:
        """The whole screen, as text."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text for strip in lines)

    def vials(self, custody: str, lot: str = stock.RELEASED) -> list[str]:
        with self.vault.store.reading() as reading:
            return [row.code for row in reading.facts.where(Vial, custody=custody) if row.lot == lot]

    def vial(self, code: str) -> Vial:
        with self.vault.store.reading() as reading:
            row = reading.facts.get(Vial, code)
        assert row is not None
        return row

    @property
    def recorded(self) -> list[str]:
        """The types of all entries."""
        with self.vault.store.reading() as reading:
            return [stored.parse().envelope.type for stored in reading.entries()]


Station: TypeAlias = Callable[..., AbstractAsyncContextManager[Bench]]
