"""A receipt in words: which entry it proves, under what checkpoint, signed by which log, cosigned by whom.

    judged = judge(parse_receipt(data), policy)     # SignatureError or LedgerFormatError unless all of it holds
    judged.text()

Needs no vault: all that is told stands in the file, and is believed as far as the reader's own policy goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryoledger.documents.telling import details
from cryoledger.domain import catalogue
from cryoledger.errors import RequestError, SignatureError
from cryoledger.ledger.canonical import format_time
from cryoledger.ledger.checkpoint import cosignature_time
from cryoledger.ledger.entry import Entry
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.note import Algorithm, Signature, VerifierKey
from cryoledger.ledger.policy import Policy
from cryoledger.ledger.proof import Receipt

__all__ = ["Cosigned", "Judged", "judge"]

_PAST_YEAR_9999 = 253_402_300_800  # seconds since 1970; a witness may state any number
_NAMES = {
    Algorithm.ED25519: "Ed25519",
    Algorithm.COSIGNATURE_V1: "Ed25519 cosignature",
    Algorithm.ML_DSA_44: "ML-DSA-44",
}


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness by its name in the policy, and the time that its line states."""

    name: str
    at: str

    def __str__(self) -> str:
        return f"{self.name}, {self.at}"


@dataclass(frozen=True, slots=True)
class Judged:
    """A receipt that holds under a policy; `checked` are the signers whose own signatures were checked too."""

    receipt: Receipt
    entry: Entry
    logs: tuple[VerifierKey, ...]
    witnesses: tuple[Cosigned, ...]
    not_counted: tuple[Signature, ...]
    checked: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What the entry's type means; empty for a type that this version does not know."""
        try:
            return catalogue.of(self.entry.envelope.type).help.split("\n\n")[0]
        except RequestError:
            return ""

    def text(self) -> str:
        """The receipt for people."""
        entry, head = self.entry, self.receipt.checkpoint.checkpoint
        said = entry.envelope
        by = "; ".join(f"{cosigned}" for cosigned in self.witnesses) or "nobody; the policy asks for none"
        when = f"{format_time(said.occurred_at)}, recorded {format_time(said.recorded_at)}"
        lines = [
            f"PROVEN: entry {entry.sequence} of {entry.origin} is in its ledger, as it stands here.",
            "",
            f"{said.type}: {self.sentence}".rstrip(": "),
            f"  says      {details(said.data)}",
            f"  happened  {when}, at station {said.station}",
            f"  signed by {', '.join(self._signers())}",
            f"  leaf hash {encode_base64(entry.leaf_hash)}",
            "",
            f"under the checkpoint of {head.origin} at {head.size} entries",
            f"  root      {encode_base64(head.root)}",
            f"  log       {', '.join(_key(key) for key in self.logs)}",
            f"  cosigned  {by}",
        ]
        if self.not_counted:
            lines.append(f"  not counted: {', '.join(_line(line) for line in self.not_counted)}")
        return "\n".join(lines)

    def _signers(self) -> list[str]:
        return [
            f"{signer.name} ({signer.meaning}; {'checked' if signer.name in self.checked else 'key not given'})"
            for signer in self.entry.envelope.signers
        ]

    def to_dict(self) -> dict[str, Any]:
        """The receipt for machines."""
        entry, head = self.entry, self.receipt.checkpoint.checkpoint
        return {
            "origin": entry.origin,
            "sequence": entry.sequence,
            "leaf_hash": encode_base64(entry.leaf_hash),
            "event": entry.envelope.to_json(),
            "signatures_checked": list(self.checked),
            "checkpoint": {"origin": head.origin, "size": head.size, "root": encode_base64(head.root)},
            "logs": [key.encode() for key in self.logs],
            "cosigned": [{"name": each.name, "at": each.at} for each in self.witnesses],
            "not_counted": [line.line().rstrip("\n") for line in self.not_counted],
        }


def judge(receipt: Receipt, policy: Policy, signers: Iterable[VerifierKey] = ()) -> Judged:
    """What a receipt proves under a policy.

    `signers` are keys of people, such as their badges show: each must have signed the entry. SignatureError or
    LedgerFormatError unless all of it holds.
    """
    verdict = receipt.verify(policy)
    entry = receipt.entry
    witnesses = tuple(_cosigned(receipt, name, policy.witnesses[name]) for name in verdict.witnesses)
    checked = tuple(_checked(entry, key) for key in signers)
    return Judged(receipt, entry, verdict.logs, witnesses, verdict.not_counted, checked)


def _checked(entry: Entry, key: VerifierKey) -> str:
    line = next((line for line in entry.signatures if key.matches(line)), None)
    if line is None:
        raise SignatureError(
            f"The entry bears no signature by the key {_key(key)}.",
            "Compare the key ID with the badge; the entry may be signed by an earlier key of that person.",
        )
    key.verify(entry.note_text, line)
    return key.name


def _cosigned(receipt: Receipt, name: str, key: VerifierKey) -> Cosigned:
    seconds = max(cosignature_time(line) for line in receipt.checkpoint.signatures if key.matches(line))
    if not 0 < seconds < _PAST_YEAR_9999:
        return Cosigned(name, "at no stated time")
    return Cosigned(name, f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}")


def _key(key: VerifierKey) -> str:
    return f"{key.name}+{key.key_id_hex} ({_NAMES[key.algorithm]})"


def _line(line: Signature) -> str:
    return f"{line.name}+{line.key_id.hex()}"
