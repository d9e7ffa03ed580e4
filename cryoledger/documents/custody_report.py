"""The custody report of a vial, patient, lot or any thing of a chain: the chain, every step with its signatures.

An entry that concerns several things of the chain stands once. For machines each step carries its signed note and the
proof that it is in the tree of the checkpoint, so that the file proves itself with the log's and the signers' keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cryoledger.custody.proof import checkpoints
from cryoledger.custody.proof.attesting import Attested, Inclusion, prove
from cryoledger.database.store import Reading, Stored
from cryoledger.documents.checkpoint_sheet import paper
from cryoledger.documents.graph import Thing
from cryoledger.documents.other_sites import AtHand, there_of
from cryoledger.documents.pages import stamp_of
from cryoledger.documents.pictures import QR_BYTES_MAX
from cryoledger.documents.report import (
    Heading,
    Pairs,
    Part,
    Report,
    Step,
    Steps,
    Tree,
    attestation,
    checkpoint_part,
)
from cryoledger.documents.signatures import zone_of
from cryoledger.documents.telling import Told
from cryoledger.documents.trace import Trace, trace
from cryoledger.ledger.checkpoint import SignedCheckpoint
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.note import parse_note

__all__ = ["custody_report", "paper_of"]

TITLE = "Custody report"
NAMED_MOST = 4
LISTED_MOST = 60
NOTHING_AT_HAND = AtHand()


def custody_report(
    reading: Reading, attested: Attested, code: str, now: str, at_hand: AtHand = NOTHING_AT_HAND
) -> Report:  # fmt: skip
    """The report of the thing with this code; RequestError where it is none of a chain. `now` is when it is made.

    `at_hand` are receipts of other sites' entries: what they prove of the chain is told apart, as theirs.
    """
    chain = trace(reading, code, at_hand.receipts)
    there = there_of(reading, chain, at_hand)
    steps = _steps(chain)
    stored = {step.told.number: _stored(reading, step.told.number) for step in steps}
    attested, proofs = prove(reading, attested, stored.values())
    stamp, zone = stamp_of(reading, now), zone_of(reading)
    proof_parts, proof_data = attestation(attested, zone)
    parts: tuple[Part, ...] = (
        *proof_parts,
        *_marked(steps),
        Heading("The chain, from donor to patient", "Donors and patients appear by code only."),
        _tree(chain),
        Heading(
            "Every step", f"In the order of the ledger. Times are the site's ({zone}); the offset is that from UTC."
        ),
        Steps(steps),
        *there.parts,
        *checkpoint_part(paper_of(reading, attested)),
    )
    data = {**_data(chain, steps, stored, proofs), **there.data, **proof_data, "zone": zone}
    return Report(TITLE, str(chain.asked), stamp, parts, data)


def paper_of(reading: Reading, attested: Attested) -> bytes | None:
    """The lines of the checkpoint that fit a QR code on paper; None where there is no checkpoint."""
    signed = attested.signed
    if signed is None:
        return None
    small = paper(signed, checkpoints.log_keys(reading))
    if len(small.encode()) > QR_BYTES_MAX:  # a dozen witnesses and more: the log's own line is enough to compare with
        small = SignedCheckpoint(small.checkpoint, small.signatures[:1])
    return small.encode()


def _steps(chain: Trace) -> tuple[Step, ...]:
    """Every entry of the chain once, told about the thing that was asked for wherever it concerns that."""
    told: dict[int, Told] = {}
    concerns = _concerns(chain)
    for traced in sorted(chain.things, key=lambda each: each.thing != chain.asked):
        for event in traced.events:
            before = told.setdefault(event.number, event)
            marks = tuple(dict.fromkeys((*before.marks, *event.marks)))
            told[event.number] = replace(before, marks=marks)
    return tuple(Step(told[number], _named(concerns[number])) for number in sorted(told))


def _concerns(chain: Trace) -> dict[int, list[Thing]]:
    """By entry, the things of the chain that it concerns."""
    found: dict[int, list[Thing]] = {}
    for traced in chain.things:
        for event in traced.events:
            found.setdefault(event.number, []).append(traced.thing)
    return found


def _named(things: list[Thing]) -> str:
    shown = ", ".join(map(str, things[:NAMED_MOST]))
    return shown if len(things) <= NAMED_MOST else f"{shown} and {len(things) - NAMED_MOST} more"


def _stored(reading: Reading, number: int) -> Stored:
    stored = reading.entry(number)
    if stored is None:
        raise RuntimeError(f"entry {number} was told and is not in the ledger")
    return stored


def _marked(steps: tuple[Step, ...]) -> tuple[Part, ...]:
    """What a reader must not overlook: entries that came late, were typed, or were set right later."""
    rows = []
    for name, start in (("late", "late"), ("typed, not scanned", "typed"), ("corrected later", "corrected"),
                        ("undone later", "undone"), ("done by another", "done by")):  # fmt: skip
        found = [step.told.entry for step in steps if any(mark.startswith(start) for mark in step.told.marks)]
        listed = ", ".join(found[:LISTED_MOST]) + (" and more, marked below" if len(found) > LISTED_MOST else "")
        rows.append((name, f"{len(found)}: entries {listed}" if found else "none"))
    return Heading("What to look at twice"), Pairs(tuple(rows))


def _tree(chain: Trace) -> Tree:
    rows: list[tuple[int, str, str, bool]] = []
    for depth, traced, repeated in chain.rows():
        known = "see above" if repeated else "; ".join((traced.summary, *traced.outcomes))
        rows.append((depth, str(traced.thing), known, traced.thing == chain.asked and not repeated))
    return Tree(tuple(rows))


def _data(
    chain: Trace, steps: tuple[Step, ...], stored: Mapping[int, Stored], proofs: Mapping[int, Inclusion]
) -> dict[str, Any]:
    told, concerns = chain.to_dict(), _concerns(chain)
    things = [{name: value for name, value in thing.items() if name != "events"} for thing in told["things"]]
    rows = [
        {
            **step.told.to_dict(),
            "concerns": [{"kind": thing.kind, "code": thing.code} for thing in concerns[step.told.number]],
            "note": stored[step.told.number].note.decode(),
            "signature_lines": [
                {"name": line.name, "key_id": line.key_id.hex(), "signature": encode_base64(line.signature)}
                for line in parse_note(stored[step.told.number].note).signatures
            ],
            "inclusion": _inclusion(proofs.get(step.told.number)),
        }
        for step in steps
    ]
    return {"of": told["of"], "things": things, "links": told["links"], "steps": rows}


def _inclusion(proof: Inclusion | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {"size": proof.size, "path": [encode_base64(node) for node in proof.path]}
