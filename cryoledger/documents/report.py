"""A report: parts that follow one another over as many pages as they need; as text here, as PDF in `report_pdf`.

Every report says what it rests on: the verification of the whole vault, and the checkpoint it was made under.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from cryoledger.custody.proof.attesting import Attested
from cryoledger.custody.proof.checkpoints import cosigners
from cryoledger.documents.pages import Stamp, Table, Words, text_of
from cryoledger.documents.signatures import local_time
from cryoledger.documents.telling import Told
from cryoledger.domain import numbers
from cryoledger.ledger.lines import encode_base64

__all__ = [
    "Figures",
    "Heading",
    "Pairs",
    "Part",
    "Report",
    "Step",
    "Steps",
    "Symbol",
    "Tone",
    "Tree",
    "Verdict",
    "attestation",
    "checkpoint_part",
    "title_of",
    "tone_of",
]

Tone = Literal["good", "bad", "open", "plain"]
LISTED_MOST = 20
SYMBOL_SAYS = (
    "Scan the code, or read its picture with `cryoledger verify --checkpoint`. Compare it with the bound log and with "
    "what a witness keeps: a ledger that was rewritten since has another root at this size."
)


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a section, and a line under it where there is something to say."""

    title: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One sentence that must be seen, and the lines that belong to it."""

    tone: Tone
    sentence: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names with their values."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts, each with what it counts and how it is to be taken."""

    cells: tuple[tuple[int, str, Tone], ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """A chain of things: depth, name, what is known of it, and whether the report is about it."""

    rows: tuple[tuple[int, str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """An entry of the story, and which things of it the entry concerns."""

    told: Told
    concerns: str = ""


@dataclass(frozen=True, slots=True)
class Steps:
    """Entries in order, with every signature."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR code of some bytes, and the lines beside it."""

    content: bytes
    lines: tuple[str, ...]


Part = Heading | Verdict | Pairs | Figures | Tree | Steps | Symbol | Words | Table


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked, what every page says of the ledger, the parts for people, and the same as data for machines."""

    title: str
    subject: str
    stamp: Stamp
    parts: tuple[Part, ...]
    data: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def text(self) -> str:
        """The report for a terminal."""
        lines = [self.stamp.void, ""] if self.stamp.void else []
        lines += [f"{self.title}: {self.subject}", *self.stamp.lines]
        for part in self.parts:
            lines += ["", *_text(part)]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON writes it."""
        return {"report": self.title, "subject": self.subject, **asdict(self.stamp), **self.data}


def title_of(event: str) -> str:
    """The name of an event as people read it: "VialsTakenOut" is "Vials taken out"."""
    words = re.findall(r"[A-Z][a-z0-9]*", event)
    return " ".join([words[0], *(word.lower() for word in words[1:])])


def tone_of(mark: str) -> Tone:
    """How a mark is to be taken: what was set right or undone is not what it says any more."""
    if mark.startswith(("corrected", "undone", "done by")):
        return "bad"
    return "open" if mark.startswith(("late", "typed", "deviation", "overridden")) else "plain"


# What a report rests on


def attestation(attested: Attested, zone: str) -> tuple[tuple[Part, ...], dict[str, Any]]:
    """The verification and the checkpoint, for people and for machines."""
    report = attested.report
    broken = [finding for finding in report.findings if finding.severity == "broken"]
    waiting = [finding for finding in report.findings if finding.severity == "open"]
    lines = [f"broken: {_where(finding.epoch, finding.sequence)}{finding.message}" for finding in broken[:LISTED_MOST]]
    lines += [f"open: {_where(finding.epoch, finding.sequence)}{finding.message}" for finding in waiting[:LISTED_MOST]]
    rest = max(0, len(broken) - LISTED_MOST) + max(0, len(waiting) - LISTED_MOST)
    lines += [f"{rest} more findings: `cryoledger verify` lists them."] if rest else []
    if attested.missing:
        lines.append(f"broken: not in the checkpoint's tree: entries {_numbers(attested.missing)}")
    if attested.later:
        lines.append(f"after the checkpoint, or under none: entries {_numbers(attested.later)}")
    lines += [f"checked: {name}" for name in report.covers]
    lines += [f"not run: {name}" for name in report.not_run]
    tone: Tone = "bad" if not attested.ok else "good" if attested.by_fingerprint and not waiting else "open"
    parts: tuple[Part, ...] = (Verdict(tone, attested.verdict, tuple(lines)), Pairs(_checkpoint(attested, zone)))
    return parts, {"verification": _verification(attested), "checkpoint": _checkpoint_data(attested)}


def checkpoint_part(content: bytes | None) -> tuple[Part, ...]:
    """The checkpoint as it was signed, with its QR code, for the end of a report; nothing where there is none.

    `content` are its lines that fit on paper.
    """
    if content is None:
        return ()
    said = (
        SYMBOL_SAYS,
        "",
        *content.decode().rstrip("\n").split("\n"),
    )
    return Heading("The checkpoint, as it was signed"), Symbol(content, said)


def _checkpoint(attested: Attested, zone: str) -> tuple[tuple[str, str], ...]:
    kept, signed = attested.checkpoint, attested.signed
    if kept is None or signed is None:
        return (("checkpoint", f"none: {attested.unsigned or 'the vault keeps none that can be read'}"),)
    head = signed.checkpoint
    rows = [
        ("checkpoint", f"{head.origin}, {head.size} entries, signed {local_time(kept.at, zone)}"),
        ("root", encode_base64(head.root)),
        ("cosigned by", ", ".join(cosigners(signed)) or "nobody yet"),
    ]
    if attested.unsigned:
        rows.append(("why not newer", attested.unsigned))
    return tuple(rows)


def _verification(attested: Attested) -> dict[str, Any]:
    return {
        "verdict": attested.verdict,
        **attested.report.to_dict(),
        "ok": attested.ok,
        "against_fingerprint": attested.by_fingerprint,
        "against_policy": attested.by_policy,
        "not_in_checkpoint": [_place(number) for number in attested.missing],
        "after_checkpoint": [_place(number) for number in attested.later],
        "exposed_window": {
            "entries": attested.window.exposed,
            "since_size": attested.window.size,
            "cosigned_by": list(attested.window.by),
        },
    }


def _checkpoint_data(attested: Attested) -> dict[str, Any] | None:
    kept, signed = attested.checkpoint, attested.signed
    if kept is None or signed is None:
        return None
    return {
        "epoch": kept.epoch,
        "origin": signed.checkpoint.origin,
        "size": signed.checkpoint.size,
        "root": encode_base64(signed.checkpoint.root),
        "signed_at": kept.at,
        "cosigned_by": list(cosigners(signed)),
        "note": kept.note.decode("utf-8", "replace"),
    }


def _place(number: int) -> dict[str, int]:
    epoch, sequence = numbers.place_of(number)
    return {"epoch": epoch, "sequence": sequence}


def _where(epoch: int | None, sequence: int | None) -> str:
    if epoch is None or sequence is None:
        return ""
    return f"entry {numbers.place_shown(epoch, sequence)}: "


def _numbers(entries: Iterable[int]) -> str:
    listed = list(entries)
    told = ", ".join(numbers.shown(number) for number in listed[:LISTED_MOST])
    return told if len(listed) <= LISTED_MOST else f"{told} and {len(listed) - LISTED_MOST} more"


# As text


def _text(part: Part) -> list[str]:
    match part:
        case Heading():
            return [part.title.upper(), *([part.note] if part.note else [])]
        case Verdict():
            return [part.sentence, *(f"  {line}" for line in part.lines)]
        case Pairs():
            width = max((len(name) for name, _ in part.rows), default=0)
            return [f"{name:<{width}}  {value}" for name, value in part.rows]
        case Figures():
            width = max((len(str(count)) for count, _, _ in part.cells), default=0)
            return [f"{count:>{width}}  {what}" for count, what, _ in part.cells]
        case Tree():
            return [
                f"{'  ' * depth}{name}: {known}{'  <--' if asked else ''}" for depth, name, known, asked in part.rows
            ]
        case Steps():
            return [line for step in part.steps for line in _step(step)]
        case Symbol():
            return list(part.lines)
        case _:
            return text_of(part)


def _step(step: Step) -> list[str]:
    first, *signed = step.told.lines()
    return [first, *([f"    {step.concerns}"] if step.concerns else []), *signed]
