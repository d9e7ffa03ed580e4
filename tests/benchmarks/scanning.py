"""Scan to answer, as line mode does it: the desk's `scan` of a look-up and of an act, in a vault of many vials."""

from __future__ import annotations

import os
from pathlib import Path

from cryoledger.cli.sample import stock
from cryoledger.codes import Kind, make
from cryoledger.custody.desk import Desk
from cryoledger.database import rebuild
from cryoledger.domain.records import Person, Vial
from tests.benchmarks.figures import milliseconds, percentile, progress, row, say, timed
from tests.benchmarks.growing import SIGNER, filled


def run(folder: Path, *, quick: bool) -> None:
    vials, count = (10_000, 200) if quick else (1_000_000, 1_000)
    progress(f"a vault of {vials:,} vials")
    place = filled(folder, vials)
    os.environ["CRYOLEDGER_HOME"] = str(place.home)
    with place.open() as vault:
        vault.signed_in = None
        with vault.store.reading() as reading:
            person = reading.facts.get(Person, SIGNER.name)
            vials = rebuild.len_of(reading, Vial)
        assert person is not None
        desk = Desk(vault)
        for line in (person.badge, SIGNER.pin):
            last = desk.scan(line)
        assert desk.person is not None, last
        codes = [make(stock.PREFIX, Kind.VIAL, 10_000_000 + number * 7919 % (vials - 400)) for number in range(count)]
        looks = [_answered(desk, code, "info") for code in codes]
        say(f"scan to answer at {vials:,} vials ({count} scans of each kind)")
        _show("look-up of a vial", looks)
        takes = []
        for code in codes[: count // 2]:
            desk.scan("CMD-TAKE-OUT")
            takes.append(_answered(desk, code, "recorded"))
            desk.scan("CMD-DONE")
        _show("take out, recorded", takes)
        desk.close()


def _answered(desk: Desk, code: str, outcome: str) -> float:
    answers = []
    seconds = timed(lambda: answers.append(desk.scan(code)))
    assert answers[0].outcome == outcome, answers[0]
    return seconds


def _show(name: str, values: list[float]) -> None:
    p99 = percentile(values, 0.99)
    row(name, milliseconds(percentile(values, 0.5)), f"p99 {milliseconds(p99)}", "aim: p99 20 ms")
