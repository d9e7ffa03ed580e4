"""Whoever has no vault but the bundle's files, on the way to the auditor: each of them altered, left out, put in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryoledger.exchange.audit_bundle.tiles import entry_bundle
from cryoledger.ledger.checkpoint import Checkpoint, cosign, parse_checkpoint, sign_checkpoint
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.note import Algorithm
from cryoledger.ledger.tree import inclusion_proof
from tests.audit.tampering import entry_of
from tests.forgers.bundles import Files, bundled
from tests.forgers.scene import SECONDS, WITNESS, Scene, Truth
from tests.forgers.with_an_old_backup import HELD as RESTORER
from tests.forgers.with_an_old_backup import declared, found_by_the_station
from tests.lab import ORIGIN, TECHNICIAN, private_key

HOLDER, LOG = "the bundle's files", "the bundle's files + the log's key"
PROGRAM = "the bundle's programs"
HEAD = "epoch-1/checkpoint"
BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@dataclass(frozen=True)
class Forgery:
    """One try at the files: by what of `tests.forgers.bundles.judged` it is caught, in which words each.

    `untold`: why no verifier of a bundle can catch it. `brings`: the auditor has what was given out before.
    """

    holder: str
    name: str
    forge: Callable[[Files, Truth], None]
    caught: Mapping[str, str]
    of: str = "whole"
    untold: str = ""
    remarked: str = ""
    brings: bool = True


# What is forged


def whole(truth: Truth) -> Files:
    """The true bundle of the whole ledger."""
    return bundled(Scene(truth, frozenset()))


def restored(truth: Truth) -> Files:
    """The true bundle of a ledger that two persons declared restored."""
    scene = Scene(truth, RESTORER)
    declared(scene)
    return bundled(scene)


def unreconciled(truth: Truth) -> Files:
    """The true bundle of a ledger that was restored, and that nobody has declared."""
    scene = Scene(truth, RESTORER)
    found_by_the_station(scene)
    return bundled(scene)


def part(truth: Truth) -> Files:
    """The true bundle of the dose alone, as an export writes it: under the head that the witness cosigned."""
    rows = truth.ledger.stored[: truth.seen]
    leaves = [row.leaf_hash for row in rows]
    files: Files = {HEAD: truth.witness.encode()}
    for at in (*range(10), *(at for at, row in enumerate(rows) if _in_part(entry_of(row).envelope.type))):
        proof = "".join(f"{encode_base64(each)}\n" for each in inclusion_proof(leaves, at))
        files[f"epoch-1/entries/{at}"] = rows[at].note
        text = f"c2sp.org/tlog-proof@v1\nindex {at}\n{proof}\n".encode()
        files[f"epoch-1/proofs/{at}.tlog-proof"] = text + truth.witness.encode()
    return files


def _in_part(name: str) -> bool:
    return name.startswith(("Key", "Station", "Role")) or name in ("AdministrationCompleted", "VialsDiscarded")


BUNDLES = {"whole": whole, "restored": restored, "unreconciled": unreconciled, "part": part}

# How it is forged


def altering(path: str, change: Callable[[bytes], bytes]) -> Callable[[Files, Truth], None]:
    """Other bytes in the files of a path; it must be there, and it must change."""

    def forge(files: Files, _truth: Truth) -> None:
        found = [name for name in files if re.fullmatch(path, name)]
        assert found, path
        for name in found:
            before = files[name]
            files[name] = change(before)
            assert files[name] != before

    return forge


def removing(path: str) -> Callable[[Files, Truth], None]:
    """Leave files out."""

    def forge(files: Files, _truth: Truth) -> None:
        found = [name for name in files if re.fullmatch(path, name)]
        assert found, path
        for name in found:
            del files[name]

    return forge


def renaming(path: str, to: str) -> Callable[[Files, Truth], None]:
    """Put a file somewhere else too, or over another."""

    def forge(files: Files, _truth: Truth) -> None:
        files[to] = files[path]

    return forge


def putting(path: str, data: Callable[[Truth], bytes]) -> Callable[[Files, Truth], None]:
    """Put in a file."""

    def forge(files: Files, truth: Truth) -> None:
        files[path] = data(truth)

    return forge


def _flip(data: bytes) -> bytes:
    return data[:100] + bytes([data[100] ^ 1]) + data[101:]


def _line(number: int, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def changed(data: bytes) -> bytes:
        lines = data.split(b"\n")
        lines[number] = change(lines[number])
        return b"\n".join(lines)

    return changed


def _spare_bits(line: bytes) -> bytes:
    """Another base64 of the same bytes."""
    assert line.endswith(b"=")
    return line[:-2] + BASE64[BASE64.index(line[-2]) + 1 :][:1] + b"="


def _without(mark: bytes) -> Callable[[bytes], bytes]:
    return lambda data: b"".join(line for line in data.splitlines(keepends=True) if not line.startswith(mark))


def _headed(size: int, root: bytes, *, key: bytes | None = None) -> Callable[[Truth], bytes]:
    """A head that was never true, by the log's key or by one of the forger's own."""
    seed = key or private_key(ORIGIN).seed
    return lambda truth: sign_checkpoint(
        Checkpoint(ORIGIN, size or truth.size, root), [PrivateKey.from_seed(ORIGIN, seed)]
    ).encode()


def _cosigned_by_own(truth: Truth) -> bytes:
    """A line in the witness's name and with its key ID, by a key of the forger's own."""
    true = truth.witness.signatures[-1]
    own = PrivateKey.from_seed(WITNESS.name, bytes(31) + b"!", Algorithm.COSIGNATURE_V1)
    made = cosign(truth.witness.checkpoint, own, SECONDS)
    line = type(made)(made.name, true.key_id, made.signature)
    log = truth.witness.signatures[0]
    return type(truth.witness)(truth.witness.checkpoint, (log, line)).encode()


def forget_the_witness(files: Files, _truth: Truth) -> None:
    """Every cosignature is stripped from every checkpoint."""
    for path in [path for path in files if "checkpoint" in path]:
        files[path] = _without(f"— {WITNESS.name}".encode())(files[path])


def cut_to_the_witness(files: Files, truth: Truth) -> None:
    """The bundle of some days ago, made of today's: cut at a head that everybody signed."""
    seen = parse_checkpoint(truth.witness.encode()).checkpoint.size
    notes = [row.note for row in truth.ledger.stored[:seen]]
    for path in [path for path in files if "tile" in path or path == f"epoch-1/checkpoints/{seen}"]:
        del files[path]
    files[HEAD] = truth.witness.encode()
    files[f"epoch-1/tile/entries/000.p/{seen}"] = entry_bundle(notes)
    files[f"epoch-1/tile/0/000.p/{seen}"] = b"".join(row.leaf_hash for row in truth.ledger.stored[:seen])


def key_of_own(files: Files, _truth: Truth) -> None:
    """OpenSSL and Go are given another key under a person's name."""
    own = PrivateKey.from_seed(TECHNICIAN, bytes(31) + b"!").verifier.encode()
    files["keys.txt"] += f"{own}\n".encode()


def log_key_for_a_person(files: Files, _truth: Truth) -> None:
    """The log's key stands under a person's name."""
    own = PrivateKey.from_seed(TECHNICIAN, private_key(ORIGIN).seed).verifier.encode()
    files["keys.txt"] += f"{own}\n".encode()


def leave_out_the_revocation(files: Files, _truth: Truth) -> None:
    at = next(path for path, data in files.items() if "/entries/" in path and b'"type":"KeyRevoked"' in data)
    del files[at], files[f"{at.replace('entries', 'proofs')}.tlog-proof"]


def leave_out_the_restore(files: Files, truth: Truth) -> None:
    """The old backup, as if nobody had ever restored it."""
    removing("epoch-2/.*")(files, truth)
    altering("keys.txt", _without(f"{ORIGIN}/e2".encode()))(files, truth)


def swap_entries_with_proofs(files: Files, _truth: Truth) -> None:
    for kind in ("entries/{}", "proofs/{}.tlog-proof"):
        one, other = (f"epoch-1/{kind.format(at)}" for at in (3, 4))
        files[one], files[other] = files[other], files[one]


def swap_and_renumber(files: Files, truth: Truth) -> None:
    """Two entries change places, and their proofs say that each is at its place."""
    swap_entries_with_proofs(files, truth)
    for at in (3, 4):
        path = f"epoch-1/proofs/{at}.tlog-proof"
        files[path] = re.sub(rb"index \d+", b"index %d" % at, files[path])


def proof_of_another_head(files: Files, truth: Truth) -> None:
    """A true proof, under another true checkpoint than the bundle's."""
    leaves = [row.leaf_hash for row in truth.ledger.stored[:43]]
    proof = "".join(f"{encode_base64(each)}\n" for each in inclusion_proof(leaves, 3))
    head = f"c2sp.org/tlog-proof@v1\nindex 3\n{proof}\n".encode()
    files["epoch-1/proofs/3.tlog-proof"] = head + truth.paper.encode()


SHA256 = "its SHA-256 is another than the release's and the checkpoint sheet's, which VERIFY.md says first"
WORDS = "nothing proves a guide: the verifiers' SHA-256, fingerprint and policy come from elsewhere"
UNPROVEN = "nothing proves it: VERIFY.md says so, and that the entries do"
CUT = "a checkpoint that somebody kept from before (`--held`), or a witness asked for its last head"
LEFT_OUT = "a part cannot show what was left out: both verifiers say so under every verdict"
ROLLED, REWRITTEN = "THE LEDGER WAS ROLLED BACK OR CUT", "THE LEDGER WAS REWRITTEN"
NOT_MET = "THE POLICY IS NOT MET"
V = "verify.py"

FORGERIES = (
    Forgery(HOLDER, "alter a tile of the tree", altering(r"epoch-1/tile/0/.*", _flip),
            {V: "does not hold the hashes of the entries"}),
    Forgery(HOLDER, "leave a tile out", removing(r"epoch-1/tile/0/.*"), {V: "is missing or too long"}),
    Forgery(HOLDER, "lengthen a tile", altering(r"epoch-1/tile/0/.*", lambda data: data + bytes(32)),
            {V: "does not hold the hashes of the entries"}),
    Forgery(HOLDER, "leave the entries' file out", removing(r"epoch-1/tile/entries/.*"),
            {V: "epoch 1, entry 0: it is missing", "held": "of another ledger", "policy": NOT_MET}),
    Forgery(HOLDER, "cut the entries' file off", altering(r"epoch-1/tile/entries/.*", lambda data: data[:-9]),
            {V: "is cut off at entry 45"}),
    Forgery(HOLDER, "append to the entries' file", altering(r"epoch-1/tile/entries/.*", lambda data: data + b"\0\1x"),
            {V: "holds more than its entries"}),
    Forgery(HOLDER, "an entry of no bytes", altering(r"epoch-1/tile/entries/.*", lambda data: b"\0\0" + data),
            {V: "is cut off at entry 0", "held": "of another ledger", "policy": NOT_MET}),
    Forgery(HOLDER, "alter the head's root", altering(HEAD, _line(2, lambda _: encode_base64(bytes(32)).encode())),
            {V: "the root of the checkpoint is not that of its 46 entries"}),
    Forgery(HOLDER, "another base64 of the root", altering(HEAD, _line(2, _spare_bits)),
            {"unread": "canonical base64"}),
    Forgery(HOLDER, "a size with a leading zero", altering(HEAD, _line(1, lambda size: b"0" + size)),
            {"unread": "not a canonical decimal"}),
    Forgery(HOLDER, "a line more in the head", altering(HEAD, _line(2, lambda root: root + b"\nextension")),
            {"unread": "a checkpoint is three lines"}),
    Forgery(HOLDER, "other line ends", altering(HEAD, lambda data: data.replace(b"\n", b"\r\n")),
            {"unread": "a control character"}),
    Forgery(HOLDER, "a head by a key of one's own", putting(HEAD, _headed(0, bytes(32), key=bytes(31) + b"!")),
            {V: "the root of the checkpoint is not that"}),
    Forgery(HOLDER, "strip the log's line from the head", altering(HEAD, _without("— velar".encode())),
            {"unread": "a note without signature lines"}),
    Forgery(HOLDER, "strip every cosignature", forget_the_witness, {"policy": NOT_MET}, brings=False),
    Forgery(HOLDER, "leave out the cosigned checkpoint", removing("epoch-1/checkpoints/44"), {},
            untold="nothing is lost by it before an auditor who holds it; before another the policy is not met"),
    Forgery(HOLDER, "one checkpoint under another's size", renaming("epoch-1/checkpoints/43", "epoch-1/checkpoints/42"),
            {V: "epoch 1, entry 41: the root of the checkpoint is not that of its 43 entries"}),
    Forgery(HOLDER, "a checkpoint of no size", renaming("epoch-1/checkpoints/43", "epoch-1/checkpoints/043"),
            {"unread": "not a canonical decimal"}),
    Forgery(HOLDER, "cosign in the witness's name", putting("epoch-1/checkpoints/44", _cosigned_by_own),
            {V: "epoch 1, entry 43: the signature of hospital.example/it does not fit"}),
    Forgery(HOLDER, "the bundle of some days ago", cut_to_the_witness, {}, untold=CUT, brings=False),
    Forgery(HOLDER, "a key of one's own for OpenSSL and Go", key_of_own, {V: "keys.txt: it names a key that no entry"}),
    Forgery(HOLDER, "the log's key as a person's, for them", log_key_for_a_person,
            {V: "keys.txt: it names a key that no entry"}),
    Forgery(HOLDER, "other words in key-events.txt", putting("key-events.txt", lambda _: b"nothing happened\n"), {},
            untold=UNPROVEN),
    Forgery(HOLDER, "another VERIFY.md", putting("VERIFY.md", lambda _: b"it is all well\n"), {}, untold=WORDS),
    Forgery(PROGRAM, "a verify.py that is always green", putting("verify.py", lambda _: b"print('VERIFIED')\n"), {},
            untold=SHA256),
    Forgery(PROGRAM, "an index.html that is always green", putting("index.html", lambda _: b"Verified\n"), {},
            untold=SHA256),
    Forgery(LOG, "a second head of the same size", putting("epoch-1/checkpoints/30", _headed(30, bytes(32))),
            {V: "epoch 1, entry 29: the root of the checkpoint is not that"}),
    Forgery(LOG, "a head of entries to come", putting("epoch-1/checkpoints/99", _headed(99, bytes(32))),
            {V: "entries up to checkpoints [99] are missing"}),
    Forgery(HOLDER, "leave out the epoch after a restore", leave_out_the_restore,
            {"held": ROLLED, "policy": NOT_MET}, of="restored"),
    Forgery(HOLDER, "leave out the epoch before a restore", removing("epoch-1/.*"), {"unread": "is missing"},
            of="restored"),
    Forgery(HOLDER, "cut the epoch before a restore",
            altering("epoch-1/checkpoint", lambda data: data.replace(b"\n42\n", b"\n41\n")),
            {V: "epoch 1", "held": "of another ledger", "policy": NOT_MET}, of="restored"),
    Forgery(HOLDER, "nothing: two persons declared entries lost", lambda _files, _truth: None, {}, of="restored",
            untold="it is told: which entries were lost, by whose word", remarked="declared by two in entry 2/0"),
    Forgery(HOLDER, "nothing: a restore that nobody declared", lambda _files, _truth: None, {"held": ROLLED},
            of="unreconciled", remarked="NOBODY HAS DECLARED IT"),
    Forgery(HOLDER, "swap two entries and their proofs", swap_entries_with_proofs,
            {V: "epoch 1, entry 3: entry 4 stands here"}, of="part"),
    Forgery(HOLDER, "swap them, and renumber the proofs", swap_and_renumber,
            {V: "epoch 1, entry 3: the inclusion proof does not lead"}, of="part"),
    Forgery(HOLDER, "alter a proof",
            altering("epoch-1/proofs/3.*", _line(2, lambda _: encode_base64(bytes(32)).encode())),
            {V: "epoch 1, entry 3: the inclusion proof does not lead"}, of="part"),
    Forgery(HOLDER, "lengthen a proof", altering("epoch-1/proofs/3.*", _line(2, lambda line: line + b"\n" + line)),
            {V: "epoch 1, entry 3: "}, of="part"),
    Forgery(HOLDER, "another base64 in a proof", altering("epoch-1/proofs/3.*", _line(2, _spare_bits)),
            {V: "epoch 1, entry 3: not canonical base64"}, of="part"),
    Forgery(HOLDER, "a proof under another head", proof_of_another_head,
            {V: "epoch 1, entry 3: its proof leads to another checkpoint"}, of="part"),
    Forgery(HOLDER, "leave a proof out", removing("epoch-1/proofs/3.*"), {V: "is missing or too long"}, of="part"),
    Forgery(HOLDER, "leave entry 0 out", removing("epoch-1/entries/0"), {V: "epoch 1, entry 0: it is missing",
            "held": "no log key", "policy": NOT_MET}, of="part"),
    Forgery(HOLDER, "leave out where a signer's key came from", removing("epoch-1/entries/2"),
            {V: "nobody is enrolled"}, of="part"),
    Forgery(HOLDER, "leave out where a key was revoked", leave_out_the_revocation, {}, of="part",
            untold=LEFT_OUT),
)  # fmt: skip
