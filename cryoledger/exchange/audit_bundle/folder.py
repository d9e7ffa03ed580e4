"""Writes a bundle: per epoch a folder in the tlog-tiles layout, or the chosen entries each with its proof."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryoledger import __version__
from cryoledger.database.local import KeptCheckpoint
from cryoledger.database.store import Reading, Stored
from cryoledger.documents.graph import Thing
from cryoledger.domain import numbers
from cryoledger.domain.records import PublicKey
from cryoledger.errors import RequestError
from cryoledger.exchange.audit_bundle import guide, selection
from cryoledger.exchange.audit_bundle.tiles import entry_bundle, entry_bundle_path
from cryoledger.exchange.audit_bundle.verifiers import VERIFIERS, page, verifier
from cryoledger.ledger.checkpoint import Checkpoint, SignedCheckpoint, parse_checkpoint
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.note import VerifierKey
from cryoledger.ledger.tiles import HASH_BYTES, WIDTH, Growth, tile_path
from cryoledger.ledger.tree import leaf_hash

__all__ = ["Exported", "Sign", "export_audit"]

INLINED_MOST = 4_000_000  # bytes of a bundle that fit into one page without making it slow to open
COPY = "reading-copy.html"
Sign = Callable[[Checkpoint], SignedCheckpoint]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: how many entries of how many, and the fingerprint that an auditor has from elsewhere."""

    folder: Path
    origin: str
    fingerprint: str
    entries: int
    of: int
    subject: str
    bytes: int


def export_audit(reading: Reading, sign: Sign, folder: Path, subject: str | None = None, made_at: str = "") -> Exported:
    """Write a bundle into a new folder; RequestError where it cannot be written.

    `sign` has the log sign the head of an epoch that no kept checkpoint covers.
    """
    thing = selection.subject_of(reading, subject) if subject is not None else None
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise RequestError(f"{folder} is there already.", "Name a folder that is not there yet.") from None
    except OSError as error:
        raise RequestError(f"{folder} cannot be made: {error.strerror}.", "Name another place.") from None
    return _Export(reading, sign, folder, thing, made_at).run()


class _Export:
    def __init__(self, reading: Reading, sign: Sign, folder: Path, subject: Thing | None, made_at: str) -> None:
        self._reading, self._sign, self._folder, self._subject = reading, sign, folder, subject
        self._made_at = made_at
        self._wanted = selection.entries_of(reading, subject) if subject is not None else None
        self._key_events: list[int] = []
        self._sizes: list[tuple[str, int]] = []
        self._fingerprint = ""
        self._entries = self._bytes = 0

    def run(self) -> Exported:
        """Write it all."""
        for epoch, first in enumerate(self._openings(), start=1):
            self._epoch(epoch, first)
        of = sum(size for _, size in self._sizes)
        origin, about = self._sizes[0][0], str(self._subject or "")
        whole = self._subject is None
        self._write("keys.txt", self._keys())
        self._write("key-events.txt", selection.key_story(self._reading, self._key_events) + "\n")
        if self._subject is not None:
            self._write("story.txt", selection.story(self._reading, self._subject) + "\n")
        self._write("bundle.json", json.dumps(self._about(about), indent=1) + "\n")
        copied = self._bytes <= INLINED_MOST
        if copied:
            self._write(COPY, page(self._inlined()))
        for name in VERIFIERS:
            self._write(name, verifier(name))
        self._write("VERIFY.md", guide.text(origin, about, whole=whole, copied=copied))
        return Exported(self._folder, origin, self._fingerprint, self._entries, of, about, self._bytes)

    def _openings(self) -> Iterator[int]:
        """The number of the first entry of each epoch."""
        head = self._reading.head()
        for epoch in range(1, head.epoch + 1 if head is not None else 1):
            yield numbers.number_of(epoch, 0)

    def _epoch(self, epoch: int, first: int) -> None:
        place, growth = f"epoch-{epoch}", Growth()
        chosen: list[Stored] = []
        waiting: list[bytes] = []
        origin = ""
        for stored in self._reading.entries(first, numbers.number_of(epoch, numbers.SEQUENCES - 1)):
            origin = origin or stored.parse().origin
            leaf = leaf_hash(stored.note)
            self._fingerprint = self._fingerprint or encode_base64(leaf)
            full = growth.append(leaf)
            if selection.is_key_event(stored.note):
                self._key_events.append(stored.number)
            if self._wanted is None:
                waiting.append(stored.note)
                for tile in full:
                    self._write(f"{place}/{tile_path(tile.level, tile.number)}", tile.hashes)
                if len(waiting) == WIDTH:
                    self._bundle(place, growth.size, waiting)
            elif stored.sequence == 0 or stored.number in self._wanted or stored.number in self._key_events[-1:]:
                chosen.append(stored)
        head = Checkpoint(origin, growth.size, growth.root)
        kept = [each for each in self._reading.checkpoints() if each.epoch == epoch]
        if self._wanted is None:
            self._tail(place, growth, waiting)
            self._heads(place, head, kept)
        else:
            self._proofs(place, epoch, chosen, self._head_over(head, kept, chosen[-1].sequence + 1))
        self._sizes.append((origin, growth.size))

    def _tail(self, place: str, growth: Growth, waiting: list[bytes]) -> None:
        """What fills no file yet."""
        self._entries += growth.size
        self._bundle(place, growth.size, waiting)
        for level, number, hashes in growth.partial():
            self._write(f"{place}/{tile_path(level, number, len(hashes) // HASH_BYTES)}", hashes)

    def _bundle(self, place: str, done: int, waiting: list[bytes]) -> None:
        if waiting:
            self._write(f"{place}/{entry_bundle_path((done - 1) // WIDTH, len(waiting))}", entry_bundle(waiting))
            waiting.clear()

    def _heads(self, place: str, head: Checkpoint, kept: list[KeptCheckpoint]) -> None:
        """The head, and every earlier checkpoint that somebody outside may hold."""
        for each in kept:
            if each.given and each.size < head.size:
                self._write(f"{place}/checkpoints/{each.size}", each.note)
        whole = [each.note for each in kept if each.size == head.size]
        self._write(f"{place}/checkpoint", whole[-1] if whole else self._sign(head).encode())

    def _head_over(self, head: Checkpoint, kept: list[KeptCheckpoint], needed: int) -> SignedCheckpoint:
        """The last checkpoint that covers so many entries and was cosigned, else the head: a witness's word counts."""
        for each in reversed(kept):
            signed = parse_checkpoint(each.note)
            if each.size >= needed and any(line.name != head.origin for line in signed.signatures):
                return signed
        whole = [each.note for each in kept if each.size == head.size]
        return parse_checkpoint(whole[-1]) if whole else self._sign(head)

    def _proofs(self, place: str, epoch: int, chosen: list[Stored], signed: SignedCheckpoint) -> None:
        """Each chosen entry, with a C2SP tlog-proof beside it."""
        self._entries += len(chosen)
        checkpoint, tree = signed.encode(), self._reading.tree(epoch, signed.checkpoint.size)
        self._write(f"{place}/checkpoint", checkpoint)
        for stored in chosen:
            self._write(f"{place}/entries/{stored.sequence}", stored.note)
            path = "".join(f"{encode_base64(each)}\n" for each in tree.inclusion_proof(stored.sequence))
            head = f"c2sp.org/tlog-proof@v1\nindex {stored.sequence}\n{path}\n"
            self._write(f"{place}/proofs/{stored.sequence}.tlog-proof", head.encode() + checkpoint)

    def _keys(self) -> str:
        """Every key that the ledger enrolled, as other people's tools read them; the log's under each epoch's name."""
        rows = sorted(self._reading.facts.where(PublicKey), key=lambda row: (row.enrolled, row.name, row.kind))
        keys = dict.fromkeys(row.verifier_key for row in rows)
        for row in rows:
            if row.kind.startswith("log"):
                key = VerifierKey.parse(row.verifier_key)
                for origin, _ in self._sizes:
                    keys[VerifierKey(origin, key.algorithm, key.public_key).encode()] = None
        return "".join(f"{key}\n" for key in keys)

    def _about(self, about: str) -> dict[str, object]:
        return {
            "bundle": "cryoledger/bundle/v1",
            "subject": about,
            "made_at": self._made_at,
            "program": f"cryoledger {__version__}",
            "epochs": [{"origin": origin, "size": size} for origin, size in self._sizes],
        }

    def _inlined(self) -> str:
        """The whole bundle as one JSON object of base64, which no HTML can break out of."""
        paths = sorted(path for path in self._folder.rglob("*") if path.is_file())
        files = {
            path.relative_to(self._folder).as_posix(): base64.b64encode(path.read_bytes()).decode() for path in paths
        }
        return json.dumps(files)

    def _write(self, path: str, content: str | bytes) -> None:
        data = content.encode() if isinstance(content, str) else content
        target = self._folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(data)
        except OSError as error:
            raise RequestError(
                f"{target} cannot be written: {error.strerror}.", "Remove the folder, make room, and export again."
            ) from None
        self._bytes += len(data)
