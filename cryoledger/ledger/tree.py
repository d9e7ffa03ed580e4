"""The Merkle tree over the leaf hashes of a ledger (RFC 6962, section 2.1), and its proofs.

`Frontier` is all that an appender or a replay must remember of the tree. Proofs are made from the list of
leaf hashes and verified without it; a proof that does not hold raises SignatureError, so that it cannot be
forgotten to look at an answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryoledger.errors import LedgerFormatError, SignatureError

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root",
    "verify_consistency",
    "verify_inclusion",
]

EMPTY_ROOT = hashlib.sha256().digest()  # RFC 6962, 2.1: MTH({}) = SHA-256()


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\1" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The roots of the perfect subtrees that make up a tree, largest first: one for each 1 bit of its size."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Frontier:
        """The tree with one more leaf hash at its right."""
        hashes, size = self.hashes, self.size
        while size & 1:
            leaf = node_hash(hashes[-1], leaf)
            hashes, size = hashes[:-1], size >> 1
        return Frontier(self.size + 1, (*hashes, leaf))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The tree with these leaf hashes at its right, in order."""
        tree, size = list(self.hashes), self.size
        for leaf in leaves:
            carry = size
            while carry & 1:
                leaf = node_hash(tree.pop(), leaf)
                carry >>= 1
            tree.append(leaf)
            size += 1
        return Frontier(size, tuple(tree))

    @property
    def root(self) -> bytes:
        """The Merkle tree hash of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        result = self.hashes[-1]
        for left in self.hashes[-2::-1]:
            result = node_hash(left, result)
        return result

    def encode(self) -> bytes:
        """The size in eight bytes, big-endian, then the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def decode(cls, data: bytes) -> Frontier:
        """The frontier that `encode` wrote; LedgerFormatError for other bytes."""
        size = int.from_bytes(data[:8], "big")
        if len(data) != 8 + 32 * size.bit_count():
            raise LedgerFormatError("The stored frontier of the tree has the wrong length for its size.")
        return cls(size, tuple(data[at : at + 32] for at in range(8, len(data), 32)))


def root(leaves: Iterable[bytes]) -> bytes:
    """The Merkle tree hash of a list of leaf hashes."""
    return Frontier().extend(leaves).root


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path PATH(index, leaves) (RFC 6962, 2.1.1), from the leaf's sibling up to the root."""
    if not 0 <= index < len(leaves):
        raise RuntimeError(f"leaf {index} is not in a tree of {len(leaves)}")
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low = middle
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """SignatureError unless `proof` shows the leaf hash at `index` of the tree (RFC 9162, 2.1.3.2)."""
    _check_hashes(proof)
    if not 0 <= index < size:
        raise SignatureError(f"Leaf {index} cannot be in a tree of {size} entries.")
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise SignatureError("The inclusion proof is too long for its tree.")
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    if last or result != root:
        raise SignatureError(
            f"The inclusion proof of entry {index} does not lead to the root of the tree of {size} entries.",
            "The entry, the proof or the checkpoint is not of one ledger; ask its keeper for all three again.",
        )


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """PROOF(old_size, leaves) (RFC 6962, 2.1.2): that the first `old_size` leaves are still the same."""
    if not 0 <= old_size <= len(leaves):
        raise RuntimeError(f"a tree of {len(leaves)} has no earlier size {old_size}")
    path: list[bytes] = []
    if old_size == 0:
        return path
    low, high, whole = 0, len(leaves), True
    while old_size != high:
        middle = low + _split(high - low)
        if old_size <= middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low, whole = middle, False
    if not whole:
        path.append(root(leaves[low:high]))
    return path[::-1]


def verify_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """SignatureError unless `proof` shows that the newer tree extends the older (RFC 9162, 2.1.4.2)."""
    _check_hashes(proof)
    if not 0 <= old_size <= new_size:
        raise SignatureError(f"A tree of {new_size} entries cannot extend one of {old_size}.")
    if old_size in (0, new_size):
        expected = EMPTY_ROOT if old_size == 0 else new_root
        if proof or old_root != expected:
            raise _inconsistent(old_size, new_size)
        return
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    # An old tree that is a perfect subtree of the new one is itself the start of the path.
    path = list(proof) if node else [old_root, *proof]
    if not path:
        raise _inconsistent(old_size, new_size)
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise _inconsistent(old_size, new_size)
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last or old != old_root or new != new_root:
        raise _inconsistent(old_size, new_size)


def _split(size: int) -> int:
    """The largest power of two below `size` (RFC 6962, 2.1: k < n <= 2k)."""
    return 1 << (size - 1).bit_length() - 1


def _check_hashes(proof: Sequence[bytes]) -> None:
    if any(len(item) != 32 for item in proof):
        raise LedgerFormatError("A proof holds something that is not a SHA-256 hash.")


def _inconsistent(old_size: int, new_size: int) -> SignatureError:
    return SignatureError(
        f"The tree of {new_size} entries does not extend the tree of {old_size} entries that was seen before.",
        "History was rewritten, or two ledgers share a name: keep both checkpoints and call the quality officer.",
    )
