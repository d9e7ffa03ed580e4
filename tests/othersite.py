"""Another site's ledger, as much of it as an entry here can commit to: leaves, a log key, a witness.

other = OtherLedger()
lab.record(other.trusted("HCM"), QUALITY, ADMIN)
other.add("an entry")                       # its sequence
other.head(extends=0), other.proven(3)
"""

from __future__ import annotations

import hashlib

from cryoledger.domain.events.shipments import ForeignHead, ProvenEntry, SiteTrusted
from cryoledger.ledger import tree
from cryoledger.ledger.checkpoint import Checkpoint, SignedCheckpoint, cosign, sign_checkpoint
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.note import Algorithm

ORIGIN = "lotus.example/saigon"


def key(name: str, algorithm: Algorithm = Algorithm.ED25519) -> PrivateKey:
    """The key whose seed is SHA-256(name and algorithm)."""
    return PrivateKey.from_seed(name, hashlib.sha256(f"{name} {int(algorithm)}".encode()).digest(), algorithm)


class OtherLedger:
    """Leaves of a ledger elsewhere; `witnessed` says whether its policy asks for a witness."""

    def __init__(self, origin: str = ORIGIN, *, witnessed: bool = True, entries: int = 5) -> None:
        self.origin = origin
        self.witnessed = witnessed
        self.log = key(origin)
        self.witness = key("hospital.example/it", Algorithm.COSIGNATURE_V1)
        self.leaves = [tree.leaf_hash(f"{origin} {at}".encode()) for at in range(entries)]

    def add(self, text: str) -> int:
        """One more entry; its sequence."""
        self.leaves.append(tree.leaf_hash(text.encode()))
        return len(self.leaves) - 1

    def policy(self) -> tuple[str, ...]:
        """Whose word is enough, line by line."""
        log = f"log {self.log.verifier.encode()}"
        if not self.witnessed:
            return log, "quorum none"
        return log, f"witness it {self.witness.verifier.encode()}", "quorum it"

    def trusted(self, code: str = "HCM") -> SiteTrusted:
        """The event by which another site accepts this one."""
        return SiteTrusted(site=code, name="Lotus Clinic", origin=self.origin, policy=self.policy())

    def signed(self, size: int | None = None, *, cosigned: bool = True) -> SignedCheckpoint:
        """The checkpoint of the first `size` entries."""
        leaves = self.leaves[:size]
        signed = sign_checkpoint(Checkpoint(self.origin, len(leaves), tree.root(leaves)), [self.log])
        return signed.with_signatures(cosign(signed.checkpoint, self.witness, 1_764_000_000)) if cosigned else signed

    def head(self, extends: int = 0, *, size: int | None = None, cosigned: bool = True) -> ForeignHead:
        """That checkpoint as an event commits to it, going on from an earlier one."""
        signed = self.signed(size, cosigned=cosigned)
        head = signed.checkpoint
        proof = tree.consistency_proof(self.leaves[:size], extends) if extends else []
        return ForeignHead(
            origin=head.origin,
            size=head.size,
            root=encode_base64(head.root),
            checkpoint=signed.encode().decode(),
            extends=extends,
            proof=tuple(map(encode_base64, proof)),
        )

    def proven(self, sequence: int, *, size: int | None = None) -> ProvenEntry:
        """An entry, and how it leads to the head of that size."""
        proof = tree.inclusion_proof(self.leaves[:size], sequence)
        return ProvenEntry(
            sequence=sequence,
            leaf_hash=encode_base64(self.leaves[sequence]),
            proof=tuple(map(encode_base64, proof)),
        )
