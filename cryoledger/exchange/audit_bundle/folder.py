"""Writes a bundle: per epoch a folder in the tlog-tiles layout, or the chosen entries each with its proof."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryoledger import __version__
from cryoledger.database.store import Reading, Stored
from cryoledger.documents.graph import Thing
from cryoledger.domain import numbers
from cryoledger.domain.records import PublicKey
from cryoledger.errors import RequestError
from cryoledger.exchange.audit_bundle import guide, selection
from cryoledger.exchange.audit_bundle.tiles import WIDTH, Tree, entry_bundle, tile_path
from cryoledger.exchange.audit_bundle.verifiers import VERIFIERS, page, verifier
from cryoledger.ledger.checkpoint import Checkpoint, SignedCheckpoint, sign_checkpoint
from cryoledger.ledger.keys import Signer
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.tree import root

__all__ = ["Exported", "export_audit"]

INLINED_MOST = 4_000_000  # bytes of a bundle that fit into one page without making it slow to open
COPY = "reading-copy.html"


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


def export_audit(
    reading: Reading, signers: Sequence[Signer], folder: Path, subject: str | None = None, made_at: str = ""
) -> Exported:
    """Write a bundle into a new folder; `signers` are the log keys. RequestError where it cannot be written."""
    thing = selection.subject_of(reading, subject) if subject is not None else None
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise RequestError(f"{folder} is there already.", "Name a folder that is not there yet.") from None
    except OSError as error:
        raise RequestError(f"{folder} cannot be made: {error.strerror}.", "Name another place.") from None
    return _Export(reading, signers, folder, thing, made_at).run()


class _Export:
    def __init__(
        self, reading: Reading, signers: Sequence[Signer], folder: Path, subject: Thing | None, made_at: str
    ) -> None:
        self._reading, self._signers, self._folder, self._subject = reading, signers, folder, subject
        self._made_at = made_at
        self._wanted = selection.entries_of(reading, subject) if subject is not None else None
        self._key_events: list[int] = []
        self._epochs: list[SignedCheckpoint] = []
        self._fingerprint = ""
        self._entries = self._bytes = 0

    def run(self) -> Exported:
        """Write it all."""
        for epoch, first in enumerate(self._openings(), start=1):
            self._epoch(epoch, first)
        of = sum(signed.checkpoint.size for signed in self._epochs)
        origin, about = self._epochs[0].checkpoint.origin, str(self._subject or "")
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
        place = f"epoch-{epoch}"
        leaves: list[bytes] = []
        chosen: list[Stored] = []
        waiting: list[bytes] = []
        origin = ""
        for stored in self._reading.entries(first, numbers.number_of(epoch, numbers.SEQUENCES - 1)):
            origin = origin or stored.parse().origin
            leaves.append(stored.leaf_hash)
            key_event = selection.is_key_event(stored.note)
            if key_event:
                self._key_events.append(stored.number)
            if self._wanted is None:
                waiting.append(stored.note)
                if len(waiting) == WIDTH:
                    self._bundle(place, len(leaves), waiting)
            elif key_event or stored.sequence == 0 or stored.number in self._wanted:
                chosen.append(stored)
        self._bundle(place, len(leaves), waiting)
        self._fingerprint = self._fingerprint or encode_base64(leaves[0])
        signed = sign_checkpoint(Checkpoint(origin, len(leaves), root(leaves)), self._signers)
        self._epochs.append(signed)
        self._write(f"{place}/checkpoint", signed.encode())
        if self._wanted is None:
            self._entries += len(leaves)
            for path, content in Tree(leaves).tiles():
                self._write(f"{place}/{path}", content)
        else:
            self._proofs(place, Tree(leaves), chosen, signed)

    def _bundle(self, place: str, done: int, waiting: list[bytes]) -> None:
        if waiting:
            path = tile_path("entries", (done - 1) // WIDTH, len(waiting))
            self._write(f"{place}/{path}", entry_bundle(waiting))
            waiting.clear()

    def _proofs(self, place: str, tree: Tree, chosen: list[Stored], signed: SignedCheckpoint) -> None:
        """Each chosen entry, with a C2SP tlog-proof beside it."""
        self._entries += len(chosen)
        checkpoint = signed.encode()
        for stored in chosen:
            self._write(f"{place}/entries/{stored.sequence}", stored.note)
            path = "".join(f"{encode_base64(each)}\n" for each in tree.inclusion(stored.sequence))
            head = f"c2sp.org/tlog-proof@v1\nindex {stored.sequence}\n{path}\n"
            self._write(f"{place}/proofs/{stored.sequence}.tlog-proof", head.encode() + checkpoint)

    def _keys(self) -> str:
        """Every key that the ledger enrolled, as other people's tools read them."""
        rows = sorted(self._reading.facts.where(PublicKey), key=lambda row: (row.enrolled, row.name, row.kind))
        return "".join(f"{row.verifier_key}\n" for row in rows)

    def _about(self, about: str) -> dict[str, object]:
        return {
            "bundle": "cryoledger/bundle/v1",
            "subject": about,
            "made_at": self._made_at,
            "program": f"cryoledger {__version__}",
            "epochs": [{"origin": signed.checkpoint.origin, "size": signed.checkpoint.size} for signed in self._epochs],
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
