"""A day's scans in bursts through the running program: none is lost, doubled or invented, and the order is kept.

The times of keys are those that a scanner and a hand make, jitter and all; the program reads them as fast as it can.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field

from textual import events

from cryoledger.codes import Kind, make
from cryoledger.tui.service import Service
from tests.tui.bench import NAMES, Bench, Station

SCANNER, HAND = 0.0004, 0.16
SCANS = 1_000 if os.environ.get("CRYOLEDGER_EVERY_STEP") else 200


@dataclass
class Keys:
    """Key events with times of their own."""

    bench: Bench
    time: float
    sent: list[str] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(5))

    def key(self, key: str, character: str | None, gap: float) -> None:
        self.time += gap
        event = events.Key(key, character)
        event.time = self.time
        self.bench.app.post_message(event)

    def scan(self, text: str, *, kitty: bool = False) -> None:
        """One marked scan; under the kitty protocol without characters, and with Shift as a key of its own."""
        for letter in f"{text}\r":
            gap = self.chance.uniform(0.05, 0.28) if self.chance.random() < 0.01 else SCANNER
            if kitty and letter.isupper():
                self.key("left_shift", None, gap)
                gap = SCANNER
            self.key(NAMES.get(letter, letter), None if kitty else letter, gap)
        self.sent.append(text.removeprefix("\x02"))

    def paste(self, lines: list[str]) -> None:
        self.time += SCANNER
        event = events.Paste("\n".join(lines) + "\n")
        event.time = self.time
        self.bench.app.post_message(event)
        self.sent += lines

    def hand(self, keys: str) -> None:
        self.time += 1.0
        for each in keys:
            self.key(each, each, HAND)
        self.time += 1.0


async def test_scans_in_bursts_come_out_once_each_in_order(station: Station) -> None:
    async with station() as bench:
        await bench.sign_in()
        before = len(bench.recorded)
        answered = listening(bench)
        keys = Keys(bench, 1_000_000.0)
        while len(keys.sent) < SCANS:
            at = len(keys.sent)
            if at % 100 == 60:
                keys.paste([make("XX", Kind.VIAL, 500_000 + at + number) for number in range(20)])
            else:
                body = f"01095060001343521{at:04d}\x1d10L{at}" if at % 3 == 0 else make("XX", Kind.VIAL, at)
                keys.scan(keys.chance.choice(["]d1", "\x02"]) + body, kitty=at % 2 == 0)
            if keys.chance.random() < 0.1:
                keys.hand(keys.chance.choice(["7", "q", "xy"]))
            if at % 100 == 99:
                await bench.settle()
        await bench.settle()
        assert answered == keys.sent
        assert len(bench.recorded) == before


def listening(bench: Bench) -> list[str]:
    """What reaches the desk from now on."""
    answered: list[str] = []
    service = bench.app._service
    assert isinstance(service, Service)
    hand_on = service.scan

    def scan(text: str, typed: bool = False, secret: bool = False) -> object:
        answered.append(text)
        return hand_on(text, typed, secret)

    service.scan = scan  # type: ignore[assignment,method-assign]
    return answered
