"""The vault's signed checkpoints: made when a session's work is done and on demand, kept, and cosigned by witnesses.

    kept = sign(vault)                              # of the tree as it is now; the log's two keys sign it
    accept(vault, cosigned, policy)                 # a witness's lines come back
    window(reading)                                 # how much nobody outside has seen

Every checkpoint that is signed extends those before it: a vault that was changed underneath signs no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryoledger.custody.keys.kept_keys import wrapped_key
from cryoledger.database.local import KeptCheckpoint
from cryoledger.database.store import Reading, Transaction
from cryoledger.domain import numbers, times
from cryoledger.domain.records import PublicKey
from cryoledger.errors import CryoledgerError, RequestError, SignatureError, StationError, VaultDamagedError
from cryoledger.ledger.checkpoint import Checkpoint, SignedCheckpoint, parse_checkpoint, sign_checkpoint
from cryoledger.ledger.keys import PrivateKey, unwrap_key
from cryoledger.ledger.note import Algorithm, Signature, VerifierKey
from cryoledger.ledger.policy import Policy
from cryoledger.ledger.witnessing import Request

if TYPE_CHECKING:
    from cryoledger.custody.vault import Vault

__all__ = [
    "Window",
    "accept",
    "base_log_keys",
    "cosigners",
    "log_keys",
    "origin_of",
    "request",
    "sign",
    "signed_of",
    "signers",
    "window",
]

_KINDS = ("log", "log-ml-dsa")
_COSIGNING = (Algorithm.COSIGNATURE_V1, Algorithm.ML_DSA_44)


@dataclass(frozen=True, slots=True)
class Window:
    """What nobody outside has seen: entries after the last checkpoint of this epoch that somebody else cosigned.

    `size` is that checkpoint's (0: none), `by` who cosigned it; the names are not verified here.
    """

    epoch: int
    entries: int
    size: int
    by: tuple[str, ...]

    @property
    def exposed(self) -> int:
        """How many entries only this vault and its stations vouch for."""
        return self.entries - self.size

    def text(self) -> str:
        """One line for people."""
        if not self.size:
            return f"exposed window: all {self.entries} entries; nobody outside has cosigned a checkpoint"
        return (
            f"exposed window: {self.exposed} of {self.entries} entries, since the head at {self.size} "
            f"that {', '.join(self.by)} cosigned"
        )


def sign(vault: Vault, *, given: bool = False) -> KeptCheckpoint:
    """The signed checkpoint of the tree as it is now, kept; the same again where nothing was recorded since.

    `given`: it leaves this vault, so it is kept for good. VaultDamagedError where the tree does not extend the last
    kept checkpoint; StationError where this machine lacks the vault secret.
    """
    with vault.store.writing() as transaction:
        return _sign(vault, transaction, given=given)


def _sign(vault: Vault, transaction: Transaction, *, given: bool) -> KeptCheckpoint:
    head = transaction.head()
    if head is None:
        raise VaultDamagedError("The vault has no entries.", "Restore a backup.")
    size = head.sequence + 1
    tree = transaction.tree(head.epoch, size)
    checkpoint = Checkpoint(head.origin, size, tree.root)
    kept = _last(transaction, head.epoch)
    if kept is not None:
        before = parse_checkpoint(kept.note).checkpoint
        if before.size > size or tree.root_at(before.size) != before.root:
            raise VaultDamagedError(
                f"The vault's tree of {size} entries does not extend the checkpoint of {before.size} that it signed "
                "before: entries were changed or are gone.",
                "Keep the file as it is, run `cryoledger verify`, and call the auditor.",
            )
        if before.size == size:
            if given and not kept.given:
                kept = KeptCheckpoint(kept.epoch, size, kept.note, kept.at, 1)
                transaction.put_checkpoint(kept)
            return kept
    signed = sign_checkpoint(checkpoint, signers(vault, transaction, head.origin))
    made = KeptCheckpoint(head.epoch, size, signed.encode(), times.text_of(vault.clock.now()), int(given))
    transaction.put_checkpoint(made)
    return made


def signers(vault: Vault, reading: Reading, origin: str) -> list[PrivateKey]:
    """The log's own keys, opened by the vault secret alone, under the name of the epoch's origin."""
    secret, made_as = vault.secret, vault.origin()
    found = []
    for row in _rows(reading):
        stored = reading.wrapped_key(row.name, row.key_id)
        if stored is None:
            continue
        seed = unwrap_key(wrapped_key(stored, "the log"), pin=None, vault_secret=secret, origin=made_as)
        algorithm = VerifierKey.parse(row.verifier_key).algorithm
        key = PrivateKey.from_seed(origin, seed, algorithm)
        if key.verifier.public_key != VerifierKey.parse(row.verifier_key).public_key:
            raise SignatureError("A log key in the vault is not the one that the ledger names.", "Restore a backup.")
        found.append(key)
    if not found:
        raise StationError("The vault keeps no log key, so no checkpoint can be signed.", "Restore the newest backup.")
    return found


def _rows(reading: Reading) -> Iterator[PublicKey]:
    """The log keys that sign now, Ed25519 first. A key replaced in a later epoch bears that epoch's name."""
    head = reading.head()
    first = reading.entry(numbers.number_of(1, 0))
    if head is None or first is None:
        return
    base = first.parse().origin
    names = [base, *(f"{base}/e{epoch}" for epoch in range(2, head.epoch + 1))]
    for kind in _KINDS:
        for name in names:
            for row in reading.facts.where(PublicKey, name=name):
                if row.kind == kind and row.revoked is None:
                    yield row


def log_keys(reading: Reading) -> tuple[VerifierKey, ...]:
    """The keys that verify this vault's checkpoints, under the name of the present epoch's origin."""
    head = reading.head()
    if head is None:
        return ()
    keys = (VerifierKey.parse(row.verifier_key) for row in _rows(reading))
    return tuple(VerifierKey(head.origin, key.algorithm, key.public_key) for key in keys)


def base_log_keys(reading: Reading) -> tuple[VerifierKey, ...]:
    """The same under the name of the ledger's first origin, as a policy lists them: they hold for every epoch."""
    first = reading.entry(numbers.number_of(1, 0))
    if first is None:
        return ()
    base = first.parse().origin
    return tuple(VerifierKey(base, key.algorithm, key.public_key) for key in log_keys(reading))


def origin_of(reading: Reading) -> str:
    """The origin of the present epoch."""
    head = reading.head()
    return head.origin if head is not None else ""


def signed_of(kept: KeptCheckpoint) -> SignedCheckpoint:
    """The checkpoint of a row; VaultDamagedError where the row holds none."""
    try:
        return parse_checkpoint(kept.note)
    except CryoledgerError as error:
        raise VaultDamagedError(
            f"The kept checkpoint of size {kept.size} is damaged: {error.message}", "Run `cryoledger verify`."
        ) from None


def _last(reading: Reading, epoch: int) -> KeptCheckpoint | None:
    found = [kept for kept in reading.checkpoints() if kept.epoch == epoch]
    return found[-1] if found else None


def window(reading: Reading) -> Window:
    """How far somebody outside has seen the present epoch, by the cosignatures that are kept."""
    head = reading.head()
    if head is None:
        return Window(1, 0, 0, ())
    size, by = 0, tuple[str, ...]()
    for kept in reading.checkpoints():
        names = cosigners(signed_of(kept)) if kept.epoch == head.epoch else ()
        if names:
            size, by = kept.size, names
    return Window(head.epoch, head.sequence + 1, size, by)


def cosigners(signed: SignedCheckpoint) -> tuple[str, ...]:
    """The names on the lines that are not the log's own."""
    origin = signed.checkpoint.origin
    return tuple(dict.fromkeys(line.name for line in signed.signatures if line.name != origin))


def request(vault: Vault, from_size: int | None = None) -> Request:
    """What a witness is asked: the present checkpoint, and that it extends the tree of `from_size` entries.

    Without a size, from the last checkpoint that anybody cosigned. RequestError for a size past the present one.
    """
    signed = signed_of(sign(vault, given=True))
    head = signed.checkpoint
    with vault.store.reading() as reading:
        seen = window(reading)
        old = seen.size if from_size is None else from_size
        if not 0 <= old <= head.size:
            raise RequestError(
                f"This vault has {head.size} entries; a proof from {old} cannot be made.",
                "If a witness says that it saw so many, the vault was set back: run `cryoledger verify`.",
            )
        proof = reading.tree(seen.epoch, head.size).consistency_proof(old)
    return Request(old, tuple(proof), signed)


def accept(vault: Vault, cosigned: SignedCheckpoint, policy: Policy) -> tuple[str, ...]:
    """Keep the lines of witnesses that the policy names; their names. SignatureError where there is none.

    `cosigned` may have lost lines on its way (paper carries the Ed25519 ones): those that are kept here stay.
    """
    head = cosigned.checkpoint
    with vault.store.writing() as transaction:
        kept = next(
            (each for each in transaction.checkpoints() if signed_of(each).checkpoint == head),
            None,
        )
        if kept is None:
            raise RequestError(
                f"This vault keeps no checkpoint of {head.origin} with {head.size} entries and this root.",
                "Make the request here first; if this answers a request of this vault, run `cryoledger verify`.",
            )
        signed = signed_of(kept)
        names, lines = [], list[Signature]()
        for line in cosigned.signatures:
            found = next((name for name, key in policy.witnesses.items() if key.matches(line)), None)
            if found is None:
                continue  # signed-note: lines of unknown keys are ignored
            policy.witnesses[found].verify(head.text, line)
            names.append(found)
            if line not in signed.signatures:
                lines.append(line)
        if not names:
            raise SignatureError(
                "No witness that the policy names has cosigned this checkpoint.", "Name the witness's own policy line."
            )
        note = signed.with_signatures(*lines).encode()
        transaction.put_checkpoint(KeptCheckpoint(kept.epoch, kept.size, note, kept.at, 1))
    return tuple(dict.fromkeys(names))
