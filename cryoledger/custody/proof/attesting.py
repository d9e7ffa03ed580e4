"""What a printed report rests on: the checkpoint it was made under, and the verification of the whole vault.

    attested = attest(vault)                        # signs a checkpoint, verifies everything
    proofs = prove(reading, attested, entries)      # each entry told is in the tree that the checkpoint signs

Where this machine cannot sign (it lacks the vault secret), the last kept checkpoint serves, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cryoledger import audit
from cryoledger.audit.progress import Progress
from cryoledger.custody.proof import checkpoints
from cryoledger.custody.proof.auditing import verify_at
from cryoledger.custody.vault import Vault
from cryoledger.database.local import KeptCheckpoint
from cryoledger.database.store import Reading, Stored
from cryoledger.errors import CryoledgerError
from cryoledger.ledger.checkpoint import SignedCheckpoint
from cryoledger.ledger.policy import Policy
from cryoledger.ledger.tree import leaf_hash, verify_inclusion

__all__ = ["Attested", "Inclusion", "attest", "prove"]


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an entry is in the tree of its epoch's checkpoint: its place, and the path (RFC 6962, 2.1.1)."""

    number: int
    size: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Attested:
    """The verification of a vault, and the checkpoint under which it was made.

    `checkpoint` is None where the vault keeps none; `unsigned` says why no new one could be signed, else "".
    `by_fingerprint` and `by_policy` tell what the verifier brought. `missing` are entries (by number) that were told
    and are not in the checkpoint's tree; `later` are those after it.
    """

    report: audit.Report
    checkpoint: KeptCheckpoint | None
    window: checkpoints.Window
    unsigned: str = ""
    by_fingerprint: bool = False
    by_policy: bool = False
    missing: tuple[int, ...] = ()
    later: tuple[int, ...] = ()

    @property
    def ok(self) -> bool:
        """Nothing is broken, and all that was told is in the tree."""
        return self.report.ok and not self.missing

    @property
    def verdict(self) -> str:
        """The verdict in a sentence; "verified" only against what the verifier brought from elsewhere."""
        count = self.report.entries
        if not self.ok:
            broken = sum(finding.severity == "broken" for finding in self.report.findings) + len(self.missing)
            return f"NOT VERIFIED: {broken} broken in {count} entries"
        if self.by_fingerprint and self.by_policy:
            return f"VERIFIED: {count} entries, against the fingerprint and the policy that were brought"
        if self.by_fingerprint:
            return f"VERIFIED: {count} entries, against the fingerprint that was brought"
        return f"CONSISTENT WITH ITSELF: {count} entries; no fingerprint was brought from outside to compare with"

    @property
    def signed(self) -> SignedCheckpoint | None:
        """The checkpoint, parsed; None where there is none, or it cannot be read."""
        if self.checkpoint is None:
            return None
        try:
            return checkpoints.signed_of(self.checkpoint)
        except CryoledgerError:
            return None  # the verification names it


def attest(
    vault: Vault,
    *,
    fingerprint: bytes | None = None,
    policy: Policy | None = None,
    brought: Sequence[bytes] = (),
    progress: Progress | None = None,
) -> Attested:
    """Sign a checkpoint of the vault as it is, and verify all of it, as `verify_at` does with the same words."""
    unsigned = ""
    try:
        kept: KeptCheckpoint | None = checkpoints.sign(vault, given=True)
    except CryoledgerError as error:
        unsigned, kept = error.message, None
    report = verify_at(
        str(vault.store.location), fingerprint=fingerprint, policy=policy, brought=brought, progress=progress
    )
    with vault.store.reading() as reading:
        window = checkpoints.window(reading)
        if kept is None:
            kept = next(reversed(reading.checkpoints()), None)
    return Attested(report, kept, window, unsigned, fingerprint is not None, policy is not None)


def prove(reading: Reading, attested: Attested, entries: Iterable[Stored]) -> tuple[Attested, dict[int, Inclusion]]:
    """Prove each entry against its epoch's checkpoint; what cannot be proved is noted in the attestation."""
    newest = {each.epoch: each for each in reading.checkpoints()}
    if attested.checkpoint is not None:
        newest[attested.checkpoint.epoch] = attested.checkpoint
    found: dict[int, Inclusion] = {}
    missing, later = [], []
    trees = {epoch: reading.tree(epoch, kept.size) for epoch, kept in newest.items()}
    for stored in entries:
        kept = newest.get(stored.epoch)
        if kept is None or stored.sequence >= kept.size:
            later.append(stored.number)
            continue
        try:
            head = checkpoints.signed_of(kept).checkpoint
            path = trees[stored.epoch].inclusion_proof(stored.sequence)
            verify_inclusion(leaf_hash(stored.note), stored.sequence, head.size, path, head.root)
        except CryoledgerError:
            missing.append(stored.number)
            continue
        found[stored.number] = Inclusion(stored.number, head.size, tuple(path))
    return replace(attested, missing=tuple(missing), later=tuple(later)), found
