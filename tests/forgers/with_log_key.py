"""Whoever has the log's key too: a new head over whatever stands there, or two heads."""

from __future__ import annotations

from dataclasses import replace

from cryoledger.ledger.checkpoint import Checkpoint, cosign, sign_checkpoint
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.note import Algorithm
from tests.forgers.scene import SECONDS, Attempt, Scene, head_of
from tests.forgers.with_database import ROLLED, SHORTER, cut, edit_and_chain, strip_witness
from tests.lab import ORIGIN, private_key

HOLDER = "+ the log's key"
HELD = frozenset((ORIGIN,))
OTHER = "was signed over other entries"


def below_the_witness(scene: Scene) -> None:
    cut(scene, scene.truth.seen - 1)


def the_last(scene: Scene) -> None:
    cut(scene, scene.truth.size - 1)


def same_size_other_root(scene: Scene) -> None:
    """A head of the true size over entries that are not there: the vault stays, the paper lies."""
    scene.kept.append(sign_checkpoint(Checkpoint(ORIGIN, scene.truth.size, bytes(32)), [private_key(ORIGIN)]))


def ahead(scene: Scene) -> None:
    """A head over more entries than there are."""
    scene.kept.append(sign_checkpoint(Checkpoint(ORIGIN, scene.truth.size + 5, bytes(32)), [private_key(ORIGIN)]))


def in_the_witnesss_name(scene: Scene) -> None:
    """A cosignature line with the witness's name and key ID, shown to an auditor who brings no head."""
    signed = head_of(scene.source, scene.truth.size, private_key(ORIGIN))
    true = scene.truth.witness.signatures[-1]
    own = PrivateKey.from_seed(true.name, bytes(31) + b"!", Algorithm.COSIGNATURE_V1)
    line = replace(cosign(signed.checkpoint, own, SECONDS), key_id=true.key_id)
    scene.kept, scene.brings = [signed.with_signatures(line)], False


def under_another_head(scene: Scene) -> None:
    """The witness's true line, put under a later head."""
    signed = head_of(scene.source, scene.truth.size, private_key(ORIGIN))
    scene.kept, scene.brings = [signed.with_signatures(scene.truth.witness.signatures[-1])], False


ATTEMPTS = (
    Attempt(HOLDER, "edit an entry, sign a head over it", edit_and_chain,
            {"verify": "signature of", "paper": OTHER, "witness": OTHER, "receipt": OTHER, "witness asked": "REWRITE",
             "remembered head": "remembers another entry here"}, HELD),
    Attempt(HOLDER, "cut below the witness's head, sign a head", below_the_witness,
            {**SHORTER, "witness": ROLLED, "witness asked": "ROLLBACK"}, HELD),
    Attempt(HOLDER, "cut the last entry, sign a head", the_last, SHORTER, HELD),
    Attempt(HOLDER, "strip a signer, sign a head over it", strip_witness,
            {"verify": "signature lines are of", "paper": OTHER, "witness": OTHER, "witness asked": "REWRITE"}, HELD),
    Attempt(HOLDER, "sign a second head of the same size", same_size_other_root,
            {"verify": "A checkpoint that the vault keeps was signed over other entries"}, HELD),
    Attempt(HOLDER, "sign a head of entries to come", ahead, {"verify": ROLLED}, HELD),
    Attempt(HOLDER, "cosign in the witness's name", in_the_witnesss_name, {"witness": "The policy is not met"}, HELD),
    Attempt(HOLDER, "the witness's line under another head", under_another_head,
            {"witness": "The policy is not met"}, HELD),
)  # fmt: skip
