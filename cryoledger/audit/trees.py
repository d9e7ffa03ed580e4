"""Step 4 of a verification: the tree's tiles, every checkpoint against the tree, cosignatures against the policy.

All checkpoints are compared with one tree, so they cannot contradict each other without one of them being a finding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryoledger.audit.chain import Chain, Step
from cryoledger.audit.commitments import own_head
from cryoledger.audit.findings import Finding, Findings
from cryoledger.domain import numbers
from cryoledger.domain.events.shipments import OwnHead
from cryoledger.domain.facts import Inventory
from cryoledger.domain.fields import Event
from cryoledger.domain.records import PublicKey
from cryoledger.domain.restore_records import Restoration
from cryoledger.errors import CryoledgerError
from cryoledger.ledger.checkpoint import SignedCheckpoint, parse_checkpoint
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.note import VerifierKey
from cryoledger.ledger.policy import Policy
from cryoledger.ledger.tiles import Growth, Tile

__all__ = ["Outside", "StoredTile", "Trees"]

TILES, CHECKPOINTS = "tile", "checkpoint"
_LOG_KINDS = ("log", "log-ml-dsa")


class StoredTile(Protocol):
    """A full tile as it lies in the vault; any of these may hold anything."""

    @property
    def epoch(self) -> int:
        """From 1."""

    @property
    def level(self) -> int:
        """0 over the leaves."""

    @property
    def number(self) -> int:
        """From 0, in its level."""

    @property
    def root(self) -> bytes:
        """What stands for the tile one level up."""

    @property
    def hashes(self) -> bytes:
        """256 of them."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What a ledger's tree is compared with: tiles (None: none are kept), signed checkpoints, the verifier's policy.

    `kept` are the vault's own checkpoints, `brought` those that the verifier holds; `policy` is the verifier's and
    never part of what is verified.
    """

    tiles: Iterable[StoredTile] | None = None
    kept: Sequence[bytes] = ()
    brought: Sequence[bytes] = ()
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class _Head:
    """A parsed checkpoint, where it came from, and the place of its last entry's successor."""

    signed: SignedCheckpoint
    brought: bool

    @property
    def origin(self) -> str:
        return self.signed.checkpoint.origin

    @property
    def size(self) -> int:
        return self.signed.checkpoint.size


class Trees:
    """Watches the tree of each epoch grow as the ledger goes by, and judges at the end what was kept of it."""

    def __init__(self, findings: Findings, outside: Outside) -> None:
        self._findings = findings
        self._outside = outside
        self._heads = self._parsed()
        self._wanted = {head.size for head in self._heads}
        self._roots: dict[tuple[str, int], bytes] = {}
        self._epochs: dict[str, tuple[int, Growth]] = {}  # by origin
        self._epoch, self._origin, self._growth = 0, "", Growth()
        self._tiles: dict[tuple[int, int, int], bytes] = {}
        self._lines: list[str] = []
        self._skipped: list[str] = []
        self._restores: list[Restoration] = []
        self._claims: list[tuple[Step, OwnHead]] = []

    def claimed(self, step: Step, event: Event) -> None:
        """Keep the head of this ledger to which an entry says that another site committed."""
        own = own_head(event)
        if own is not None:
            self._claims.append((step, own))

    def pass_by(self, chain: Chain, tiles: Iterable[Tile]) -> None:
        """Take note of the tree as it is after one more entry, which filled these tiles."""
        growth = chain.growth
        if growth is not self._growth:
            self._epoch, self._origin, self._growth = chain.epoch, "", growth
        if not self._origin and chain.origin:
            self._origin = chain.origin
            self._epochs[self._origin] = self._epoch, growth
        for tile in tiles:
            self._tiles[self._epoch, tile.level, tile.number] = _digest(tile.root, tile.hashes)
        if growth.size in self._wanted:
            self._roots[self._origin, growth.size] = growth.root

    def finish(self, inventory: Inventory | None) -> None:
        """Compare; `inventory` is None where the ledger could not be replayed, so that its log keys are unknown."""
        self._compare_tiles()
        keys = list(inventory.rows(PublicKey)) if inventory is not None else []
        log_keys = [key for key in keys if key.kind in _LOG_KINDS]
        self._restores = list(inventory.rows(Restoration)) if inventory is not None else []
        for head in self._heads:
            self._compare(head, log_keys)
        if self._heads:
            signed = " and signed by the log" if log_keys else ""
            self._lines.append(f"checkpoints: {len(self._heads)}, each of this tree{signed}")
            if not log_keys:
                self._skipped.append("the log's signatures on checkpoints: its keys come from a replay of the ledger")
        self._compare_claims()
        self._judge(keys)

    def lines(self) -> tuple[str, ...]:
        """What was covered, and how much nobody outside has seen."""
        return tuple(self._lines)

    def not_run(self) -> tuple[str, ...]:
        """What was not asked for, or could not be done."""
        missing = []
        if self._outside.tiles is None:
            missing.append("tiles of the tree: none given")
        if not self._heads:
            missing.append("checkpoints and the tree's root: none kept yet")
        if self._outside.policy is None:
            missing.append("witness cosignatures: no policy given")
        return (*missing, *self._skipped)

    def _parsed(self) -> list[_Head]:
        found = []
        for notes, brought in ((self._outside.kept, False), (self._outside.brought, True)):
            for note in notes:
                try:
                    found.append(_Head(parse_checkpoint(note), brought))
                except (CryoledgerError, TypeError, AttributeError) as error:
                    whose = "that was given" if brought else "that is kept"
                    message = f"A checkpoint {whose} cannot be read: {error}"[:300]
                    self._findings.add(Finding("checkpoint", "broken", table=CHECKPOINTS, message=message))
        return found

    def _compare_tiles(self) -> None:
        if self._outside.tiles is None:
            return
        left = dict(self._tiles)
        try:
            for tile in self._outside.tiles:
                place = tile.epoch, tile.level, tile.number
                expected = left.pop(place, None)
                if expected is None:
                    self._tile(place, "A tile is kept that no entries fill.")
                elif not _is_tile(tile) or _digest(tile.root, tile.hashes) != expected:
                    self._tile(place, "The tile does not hold the hashes of the tree.")
        except CryoledgerError as error:
            self._findings.add(Finding("tiles", "broken", table=TILES, message=f"They cannot be read: {error}"))
            return
        for place in left:
            self._tile(place, "A full tile of the tree is not kept.")
        self._lines.append("tree: every full tile holds the hashes of the entries")

    def _tile(self, place: tuple[object, ...], message: str) -> None:
        row = "/".join(str(part)[:20] for part in place)
        self._findings.add(Finding("tiles", "broken", table=TILES, row=row, message=message))

    def _compare(self, head: _Head, keys: Sequence[PublicKey]) -> None:
        """One checkpoint with the tree, and with the log keys that were enrolled at its size."""
        epoch, growth = self._epochs.get(head.origin, (0, Growth()))
        entries = growth.size
        whose = "A checkpoint that the verifier holds" if head.brought else "A checkpoint that the vault keeps"
        if not epoch:
            self._bad(head, None, f"{whose} is of another ledger, {head.origin[:80]}.")
            return
        if head.size > entries and self._lost(head, epoch):
            self._signatures(head, epoch, keys)
            return
        if head.size > entries:
            message = f"{whose} covers {head.size} entries; the ledger has {entries}: it was rolled back or cut."
            self._bad(head, (epoch, entries), message, str(head.size), str(entries))
            return
        root = self._roots.get((head.origin, head.size), b"")
        if head.size and root != head.signed.checkpoint.root:
            message = f"{whose} was signed over other entries: the ledger was rewritten before entry {head.size}."
            expected = encode_base64(head.signed.checkpoint.root)
            self._bad(head, (epoch, head.size - 1), message, expected, encode_base64(root) if root else "")
            return
        if keys:
            self._signatures(head, epoch, keys)

    def _compare_claims(self) -> None:
        """What other sites committed to, as this ledger's own entries have it, is this tree."""
        if not self._outside.kept:
            return
        for step, own in self._claims:
            root = self._roots.get((own.origin, own.size))
            if root is None or encode_base64(root) != own.root:
                message = f"Another site committed to {own.origin[:80]} at {own.size} entries, says this entry; " + (
                    "no checkpoint of that size is kept." if root is None else "the tree there is another one."
                )
                found = encode_base64(root) if root is not None else None
                self._findings.add(step.broken("commitments", message, expected=own.root, found=found))
        if self._claims:
            self._lines.append(f"other sites: {len(self._claims)} times one committed to a head of this tree")

    def _lost(self, head: _Head, epoch: int) -> bool:
        """Whether two persons declared the head's last entry lost: that is listed, as for a remembered head."""
        last = numbers.number_of(epoch, head.size - 1)
        for row in self._restores:
            within = row.lost_from <= last < row.number and (row.lost_to is None or last <= row.lost_to)
            if within and row.declared is not None:
                said = f"as entry {numbers.shown(row.declared)} declares"
                first = numbers.shown(row.lost_from)
                message = f"A checkpoint covers {head.size} entries; those from {first} on were lost, {said}."
                place = f"{head.origin[:80]} {head.size}"
                self._findings.add(
                    Finding("checkpoint", "open", epoch, head.size - 1, CHECKPOINTS, place, message=message)
                )
                return True
        return False

    def _signatures(self, head: _Head, epoch: int, keys: Sequence[PublicKey]) -> None:
        last = numbers.number_of(epoch, max(head.size - 1, 0))
        valid = [key for key in keys if key.enrolled <= last and (key.revoked is None or last < key.revoked)]
        try:
            known = [VerifierKey.parse(key.verifier_key) for key in valid]
            head.signed.verify(VerifierKey(head.origin, key.algorithm, key.public_key) for key in known)
        except CryoledgerError as error:
            self._bad(head, (epoch, max(head.size - 1, 0)), f"The log's signature does not hold: {error.message}")

    def _judge(self, keys: Sequence[PublicKey]) -> None:
        """Cosignatures under the policy; and the exposed window, which is always told."""
        policy, entries = self._outside.policy, self._growth.size
        if policy is None:
            seen = [head for head in self._heads if head.origin == self._origin and _cosigners(head.signed)]
            size = max((head.size for head in seen), default=0)
            names = sorted({name for head in seen if head.size == size for name in _cosigners(head.signed)})
            told = f"that {', '.join(names)} cosigned (not verified: no policy given)" if names else ""
            self._expose(entries, size, told)
            return
        log = [VerifierKey.parse(key.verifier_key) for key in keys if key.kind in _LOG_KINDS]
        best, problem = 0, "no checkpoint of the present epoch is kept or given"
        for head in sorted(self._heads, key=lambda head: head.size):
            if head.origin != self._origin:
                continue
            known = [VerifierKey(head.origin, key.algorithm, key.public_key) for key in log]
            try:
                policy.judge(head.signed, logs=known)
                best = max(best, head.size)
            except CryoledgerError as error:
                problem = error.message
        if not best:
            message = f"The policy is not met: {problem}"
            self._findings.add(Finding("policy", "broken", self._epoch or 1, table=CHECKPOINTS, message=message[:400]))
        else:
            self._lines.append(f"witness cosignatures: the policy is met by the checkpoint of size {best}")
        self._expose(entries, best, "that meets the policy" if best else "")

    def _expose(self, entries: int, size: int, told: str) -> None:
        if told:
            text = f"the last {entries - size} of {entries} entries, since the checkpoint of {size} {told}"
        else:
            text = f"all {entries} entries of this epoch: no head of it is known to be held outside"
        self._lines.append(f"not seen outside (the exposed window of a rollback): {text}")

    def _bad(
        self, head: _Head, place: tuple[int, int] | None, message: str, expected: str = "", found: str = ""
    ) -> None:
        epoch, sequence = place if place is not None else (None, None)
        row = f"{head.origin[:80]} {head.size}"
        self._findings.add(
            Finding("checkpoint", "broken", epoch, sequence, CHECKPOINTS, row, expected or None, found or None, message)
        )


def _cosigners(signed: SignedCheckpoint) -> tuple[str, ...]:
    return tuple(line.name for line in signed.signatures if line.name != signed.checkpoint.origin)


def _is_tile(tile: StoredTile) -> bool:
    return type(tile.root) is bytes and type(tile.hashes) is bytes


def _digest(root: bytes, hashes: bytes) -> bytes:
    return hashlib.sha256(root + hashes).digest()
