"""Amounts, limits, results and holds in the words that cards use."""

from __future__ import annotations

from cryoledger.custody.amounts import milli_text as thousandths
from cryoledger.custody.workflow.amounts import words
from cryoledger.database.store import Reading
from cryoledger.domain import numbers
from cryoledger.domain.records import Lot, Screening, Specification, TestResult
from cryoledger.domain.rulebook_1.common import holds_on

__all__ = [
    "amount",
    "centigrade",
    "counted",
    "hold_lines",
    "limits",
    "microlitres",
    "percent",
    "result_lines",
    "screening_lines",
    "thousandths",
]


def amount(count: int) -> str:
    """A count in groups of three digits: "10 000 000"."""
    return f"{count:,}".replace(",", " ")


def counted(count: int, word: str) -> str:
    """A number of things, in groups of three digits: "1 vial", "12 000 vials"."""
    return f"{amount(count)} {words(count, word)}"


def microlitres(volume: int) -> str:
    """A volume: 1200 is "1.2 mL"."""
    return f"{thousandths(volume)} mL" if volume >= 1000 else f"{volume} uL"


def centigrade(millicelsius: int) -> str:
    """A temperature."""
    return f"{thousandths(millicelsius)} degC"


def percent(millipercent: int) -> str:
    """A share."""
    return f"{thousandths(millipercent)} %"


def limits(row: Specification) -> str:
    """The limits of one test of a specification."""
    if row.expected is not None:
        told = f"is {row.expected}"
    else:
        low = f"at least {thousandths(row.minimum_milli)}" if row.minimum_milli is not None else ""
        high = f"at most {thousandths(row.maximum_milli)}" if row.maximum_milli is not None else ""
        told = " and ".join(filter(None, (low, high))) + f" {row.unit}"
    return told if row.required else f"{told} (not required)"


def result_lines(reading: Reading, lot: Lot) -> list[tuple[str, str]]:
    """Every result of a lot, the corrected ones too, and the tests that have none yet."""
    lines, seen = [], set()
    for row in reading.facts.where(TestResult, lot=lot.code):
        value = row.outcome if row.value_milli is None else thousandths(row.value_milli)
        verdict = "within limits" if row.passed else "OUT OF LIMITS"
        old = f", corrected by entry {numbers.shown(row.corrected)}" if row.corrected is not None else ""
        seen.add(row.test)
        told = f"{value}, {verdict}, {row.method}, {row.tested_on} (entry {numbers.shown(row.number)}{old})"
        lines.append((f"test {row.test}", told))
    wanted = reading.facts.where(Specification, product=lot.product, version=lot.version)
    return lines + [(f"test {row.test}", f"no result yet; {limits(row)}") for row in wanted if row.test not in seen]


def screening_lines(reading: Reading, donor: str) -> list[tuple[str, str]]:
    """Every infectious-disease result of a donor."""
    lines = []
    for row in reading.facts.where(Screening, donor=donor):
        old = f", corrected by entry {numbers.shown(row.corrected)}" if row.corrected is not None else ""
        told = f"{row.result}, {row.method}, sampled {row.sampled_on} (entry {numbers.shown(row.number)}{old})"
        lines.append((row.marker, told))
    return lines


def hold_lines(reading: Reading, places: list[tuple[str, str]], now: str) -> list[str]:
    """The holds, recalls and waiting proposals that lie on these things."""
    return [
        f"{hold.kind} {numbers.shown(hold.number)} on {scope} {code}: {hold.reason}"
        for scope, code in dict.fromkeys(places)
        for hold in holds_on(reading.facts, scope, code, now)
    ]
