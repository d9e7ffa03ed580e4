"""Receipts of this vault's entries: for whoever must be able to prove one of them without the vault.

    number = entry_of(reading, thing.kind, thing.code)      # the last entry that names it
    receipt_of(vault, number, policy).encode()
    receipts_of(vault, numbers, policy)                     # several, under one checkpoint

Which receipt holds, and for whom, is `ledger.proof`'s to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cryoledger.custody.proof import checkpoints
from cryoledger.database import queries
from cryoledger.database.store import Reading
from cryoledger.domain import catalogue, numbers
from cryoledger.errors import CryoledgerError, RequestError, SignatureError, VaultDamagedError
from cryoledger.ledger.checkpoint import SignedCheckpoint
from cryoledger.ledger.policy import Policy
from cryoledger.ledger.proof import Receipt

if TYPE_CHECKING:
    from cryoledger.custody.vault import Vault

__all__ = ["entry_of", "receipt_of", "receipts_of"]


def entry_of(reading: Reading, kind: str, code: str, event: str = "") -> int:
    """The number of the last entry that names a thing, of one type where `event` is given; RequestError for none."""
    for entry in reversed(queries.history(reading, kind, code)):
        if event in ("", entry.type) and any(
            (thing.kind, thing.code) == (kind, code) for thing in catalogue.subjects(entry.event)
        ):
            return entry.number
    raise RequestError(
        f"No entry{f' {event}' if event else ''} names {kind} {code}.", f"See `cryoledger history {code}`."
    )


def receipt_of(vault: Vault, number: int, policy: Policy | None = None) -> Receipt:
    """The receipt of an entry, as `receipts_of`."""
    return receipts_of(vault, [number], policy)[0]


def receipts_of(vault: Vault, wanted: Sequence[int], policy: Policy | None = None) -> list[Receipt]:
    """The receipts of entries of one epoch, under the newest checkpoint after them that the policy accepts.

    Without a policy, under the newest that somebody outside cosigned; where there is none, under the present head,
    which only this vault's log vouches for. RequestError for an entry that is not there; SignatureError where the
    policy accepts no checkpoint that holds them; VaultDamagedError where the vault's tree does not hold them any more.
    """
    last = numbers.shown(max(wanted))
    epoch, sequence = numbers.place_of(max(wanted))
    with vault.store.reading() as reading:
        found = [reading.entry(number) for number in wanted]
        head = reading.head()
        stored = [each for each in found if each is not None]
        if len(stored) < len(wanted):
            raise RequestError(f"There is no entry {last}.", "See `cryoledger history CODE`.")
        if any(each.epoch != epoch for each in stored):
            raise RequestError(
                "These entries lie in two epochs, before and after a restore.", "Write a receipt of each by itself."
            )
        signed = _accepted(_holding(reading, epoch, sequence), policy)
        present = head is not None and head.epoch == epoch
    if signed is None and present:
        # Read again: the head may have grown, and what `sign` writes is in no older snapshot.
        signed = _accepted([checkpoints.signed_of(checkpoints.sign(vault, given=True))], policy, cosigned=False)
    if signed is None:
        raise SignatureError(
            f"No checkpoint that holds entry {last} has the signatures that are asked for.",
            "Have the present head cosigned (`cryoledger witness request`), then repeat.",
        )
    with vault.store.reading() as reading:
        tree = reading.tree(epoch, signed.checkpoint.size)
        made = [
            Receipt(each.note, each.sequence, tuple(tree.inclusion_proof(each.sequence)), signed) for each in stored
        ]
    for receipt in made:
        _holds(receipt)
    return made


def _holds(receipt: Receipt) -> None:
    try:
        receipt.check_inclusion()
    except CryoledgerError as error:
        raise VaultDamagedError(
            f"The vault's tree does not hold entry {receipt.index} as its checkpoint of "
            f"{receipt.checkpoint.checkpoint.size} entries does: {error.message}",
            "Keep the file as it is, run `cryoledger verify`, and call the auditor.",
        ) from None


def _holding(reading: Reading, epoch: int, sequence: int) -> list[SignedCheckpoint]:
    """The kept checkpoints that were signed after an entry, the newest first."""
    kept = [each for each in reading.checkpoints() if each.epoch == epoch and each.size > sequence]
    return [checkpoints.signed_of(each) for each in reversed(kept)]


def _accepted(
    found: list[SignedCheckpoint], policy: Policy | None, *, cosigned: bool = True
) -> SignedCheckpoint | None:
    for signed in found:
        if policy is None:
            if checkpoints.cosigners(signed) or not cosigned:
                return signed
            continue
        try:
            policy.judge(signed)
        except SignatureError:
            continue
        return signed
    return None
