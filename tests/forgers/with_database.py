"""Whoever writes the database, and no key: edits, inserts, deletes, swaps, cuts, and what stands beside the entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cryoledger.database.trees import StoredTile
from cryoledger.domain.records import StorageUnit, Vial
from cryoledger.ledger.checkpoint import Checkpoint, sign_checkpoint
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.tiles import Growth
from cryoledger.ledger.tree import root
from tests.audit.tampering import entry_of, find
from tests.forgers.scene import Attempt, Scene, moved
from tests.lab import ORIGIN, TECHNICIAN

HOLDER = "the database"
ORDER = 2**252 + 27742317777372353535851937790883648493  # of Ed25519's group (RFC 8032, 5.1)


def edit(scene: Scene) -> None:
    """The dose went to another patient; the signers' lines stay."""
    for part in (b"PATIENT-1", b"ORDER-1"):
        scene.respell(scene.truth.administered, part, part[:-1] + b"7")
    scene.tidy()


def edit_and_chain(scene: Scene) -> None:
    scene.change(scene.truth.administered, data={"given_microlitres": 1})
    scene.follow(scene.truth.administered + 1)
    scene.tidy()


def edit_column(scene: Scene) -> None:
    scene.source.stored[5].leaf_hash = bytes(32)


def insert(scene: Scene) -> None:
    row = scene.source.copy().stored[12]
    scene.source.stored.insert(12, row)
    scene.follow(13)
    scene.tidy()


def append_invented(scene: Scene) -> None:
    scene.append(moved("6"), (TECHNICIAN, "performed"))
    scene.tidy()


def delete(scene: Scene) -> None:
    del scene.source.stored[find(scene.source, "HoldPlaced")]
    scene.tidy()


def delete_and_close(scene: Scene) -> None:
    index = find(scene.source, "HoldPlaced")
    del scene.source.stored[index]
    scene.follow(index)
    scene.tidy()


def swap(scene: Scene) -> None:
    one, other = scene.source.stored[-2:]
    one.sequence, other.sequence = other.sequence, one.sequence
    scene.source.stored[-2:] = [other, one]
    scene.tidy()


def repeat(scene: Scene) -> None:
    twin = replace(scene.source.stored[-1], sequence=scene.truth.size)
    scene.source.stored.append(twin)
    scene.tidy()


def other_epoch(scene: Scene) -> None:
    row = scene.source.stored.pop()
    scene.source.stored.append(replace(row, epoch=2, sequence=0))
    scene.tidy()


def cut(scene: Scene, size: int) -> None:
    scene.cut(size)
    scene.tidy()


def strip_witness(scene: Scene) -> None:
    """The line of the second person is taken away."""
    index = find(scene.source, "VialsDiscarded")
    row = scene.source.stored[index]
    lines = row.note.rstrip(b"\n").split(b"\n")
    assert len(entry_of(row).signatures) == 2
    scene.respell(index, lines[-1] + b"\n", b"")
    scene.tidy()


def strip_witness_and_name(scene: Scene) -> None:
    index = find(scene.source, "VialsDiscarded")
    strip_witness(scene)
    scene.respell(index, b',{"meaning":"witnessed","name":"quinn.o"}', b"")
    scene.tidy()


def add_line(scene: Scene) -> None:
    row = scene.source.stored[-1]
    line = scene.sign("eve.x", entry_of(row).note_text).line().encode()
    scene.respell(-1, b"=\n", b"=\n" + line)
    scene.tidy()


def malleate(scene: Scene) -> None:
    """S + L verifies too, where a verifier does not ask for the canonical S."""
    (line,) = entry_of(scene.source.stored[-1]).signatures
    scalar = int.from_bytes(line.signature[32:], "little") + ORDER
    bent = replace(line, signature=line.signature[:32] + scalar.to_bytes(32, "little"))
    scene.respell(-1, line.line().encode(), bent.line().encode())
    scene.tidy()


def spare_bits(scene: Scene) -> None:
    """Another base64 of the same signature: two leaf hashes for one entry."""
    line = scene.source.stored[-1].note.rstrip(b"\n").split(b" ")[-1]
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    assert line.endswith(b"=")
    scene.respell(-1, line, line[:-2] + letters[letters.index(line[-2]) + 1 :][:1] + b"=")
    scene.tidy()


def edit_table(scene: Scene) -> None:
    """A discarded vial is back in its box."""
    rows = scene.source.tables[Vial]
    for at, row in enumerate(rows):
        if isinstance(row, Vial) and row.custody == "discarded":
            rows[at] = replace(row, custody="stored", unit="BOX-1", position=80)


def delete_row(scene: Scene) -> None:
    scene.source.tables[Vial].pop()


def insert_row(scene: Scene) -> None:
    row = scene.source.tables[StorageUnit][-1]
    assert isinstance(row, StorageUnit)
    scene.source.tables[StorageUnit].append(replace(row, code="ZZZ"))


def entry_of_another_ledger(scene: Scene) -> None:
    """The same people and keys at another site: an entry that they signed there, for this very place, is put in."""
    scene.source.stored.pop()
    honest = Scene(scene.truth, frozenset((TECHNICIAN,)))
    honest.source = scene.source.copy()
    honest.append(moved("5"), (TECHNICIAN, "performed"), origin="velar.example/other")
    scene.source.stored.append(honest.source.stored[-1])
    scene.tidy()


def forge_checkpoint(scene: Scene) -> None:
    """A head over the cut ledger, by a key of the forger's own under the log's name."""
    scene.cut(scene.truth.size - 1)
    scene.tidy()
    leaves = [row.leaf_hash for row in scene.source.stored]
    own = PrivateKey.from_seed(ORIGIN, bytes(31) + b"!")
    scene.kept.append(sign_checkpoint(Checkpoint(ORIGIN, len(leaves), root(leaves)), [own]))


def forge_tile(scene: Scene) -> None:
    growth = Growth()
    for number in range(256):
        for tile in growth.append(bytes([number]) * 32):
            scene.tiles.append(StoredTile(1, tile.level, tile.number, tile.root, tile.hashes))


def hide_checkpoints(scene: Scene) -> None:
    """The vault's own checkpoints are deleted; those outside stay where they are."""
    scene.kept.clear()


def hide_checkpoints_from_the_unprepared(scene: Scene) -> None:
    """The same, before an auditor who has a policy and no head."""
    scene.kept.clear()
    scene.brings = False


def _cutting(size: Callable[[Scene], int]) -> Callable[[Scene], None]:
    return lambda scene: cut(scene, size(scene))


SHORTER = {"remembered head": "shorter than the one this station remembers"}
ROLLED = "it was rolled back or cut"
ALL_OUTSIDE = {"paper": "was signed over other entries", "witness": "was signed over other entries"}
BROKEN_SIGNATURE = "signature of"

ATTEMPTS = (
    Attempt(HOLDER, "edit an entry, refit its hash", edit,
            {"verify": "saw another entry", **ALL_OUTSIDE, "receipt": "was signed over other entries"}),
    Attempt(HOLDER, "edit an entry, chain all later ones anew", edit_and_chain,
            {"verify": BROKEN_SIGNATURE, **ALL_OUTSIDE, "receipt": "was signed over other entries",
             "remembered head": "remembers another entry here"}),
    Attempt(HOLDER, "edit a column beside the entry", edit_column, {"verify": "The column leaf_hash does not say"}),
    Attempt(HOLDER, "insert a copy of an entry, renumber the rest", insert,
            {"verify": BROKEN_SIGNATURE, **ALL_OUTSIDE, "receipt": "was signed over other entries",
             "remembered head": "remembers another entry here"}),
    Attempt(HOLDER, "append an invented entry", append_invented, {"verify": BROKEN_SIGNATURE}),
    Attempt(HOLDER, "delete an entry", delete,
            {"verify": "An entry is missing here", **ALL_OUTSIDE}),
    Attempt(HOLDER, "delete an entry, renumber the rest", delete_and_close,
            {"verify": BROKEN_SIGNATURE, **ALL_OUTSIDE, **SHORTER}),
    Attempt(HOLDER, "swap the last two entries", swap,
            {"verify": "by its own signed sequence", "remembered head": "remembers another entry here"}),
    Attempt(HOLDER, "record the last entry once more", repeat, {"verify": "by its own signed sequence"}),
    Attempt(HOLDER, "move the last entry into an epoch of its own", other_epoch,
            {"verify": "by its own signed sequence", "witness": "The policy is not met", **SHORTER}),
    Attempt(HOLDER, "cut the last entry", _cutting(lambda scene: scene.truth.size - 1), SHORTER),
    Attempt(HOLDER, "cut below what the witness saw", _cutting(lambda scene: scene.truth.seen - 1),
            {**SHORTER, "witness": ROLLED}),
    Attempt(HOLDER, "cut below what was given out", _cutting(lambda scene: 30),
            {**SHORTER, "paper": ROLLED, "witness": ROLLED, "receipt": ROLLED}),
    Attempt(HOLDER, "strip the second person's line", strip_witness,
            {"verify": "signature lines are of", **ALL_OUTSIDE}),
    Attempt(HOLDER, "strip the second person's line and name", strip_witness_and_name,
            {"verify": "signed by", **ALL_OUTSIDE}),
    Attempt(HOLDER, "add a line of nobody's", add_line,
            {"verify": "signature lines are of", "remembered head": "remembers another entry here"}),
    Attempt(HOLDER, "another S for the same signature", malleate,
            {"verify": BROKEN_SIGNATURE, "remembered head": "remembers another entry here"}),
    Attempt(HOLDER, "another base64 of the same signature", spare_bits,
            {"verify": "base64", "remembered head": "remembers another entry here"}),
    Attempt(HOLDER, "edit a row of the inventory", edit_table, {"verify": "what the ledger says"}),
    Attempt(HOLDER, "delete a row of the inventory", delete_row, {"verify": "row"}),
    Attempt(HOLDER, "invent a row of the inventory", insert_row, {"verify": "row"}),
    Attempt(HOLDER, "put in an entry of another ledger", entry_of_another_ledger,
            {"verify": "for another ledger", "remembered head": "remembers another entry here"}),
    Attempt(HOLDER, "cut the tail, forge a checkpoint of it", forge_checkpoint,
            {"verify": "The log's signature does not hold", **SHORTER}),
    Attempt(HOLDER, "forge a tile of the tree", forge_tile, {"verify": "A tile is kept that no entries fill"}),
    Attempt(HOLDER, "delete the vault's own checkpoints", hide_checkpoints, {},
            untold="nothing is lost by it: those outside prove the same"),
    Attempt(HOLDER, "delete them before an auditor who brings none", hide_checkpoints_from_the_unprepared,
            {"witness": "The policy is not met"}),
)  # fmt: skip
