#!/usr/bin/env python3
"""Verify an audit bundle of cryoledger. One file; needs Python 3.10 or later and the package `cryptography`.

    python3 verify.py [BUNDLE] [--fingerprint BASE64] [--policy FILE] [--held FILE ...]

Take the SHA-256 that this file must have from the release or from the checkpoint sheet, never from the bundle that it
came with. Without a fingerprint and a policy, both from outside, a ledger is at most consistent with itself. `--held`
is a checkpoint or receipt that you kept from before: only that shows a tail that was cut off, or written anew.

An entry is a C2SP signed note of five lines: tag, origin, sequence, leaf hash of the entry before, event as JSON. This
checks the form, place, hash and every signature of each entry: by a key that was enrolled, unrevoked and held a role
that the event asks for at that entry; the tree (RFC 6962) against tiles, proofs and checkpoints; cosignatures against
the policy and with what you hold; what a restore declared lost. It does not judge whether an act was allowed
otherwise: that takes the rulebook, `cryoledger verify`.
Exit: 0 nothing broken, 1 broken, 2 could not be read.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

try:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
except ImportError:  # older than cryptography 47: lines of ML-DSA-44 are named and not counted
    MLDSA44PublicKey = None  # type: ignore[assignment, misc]

EPOCH = 2**40  # entries of epoch e are numbered from (e - 1) * EPOCH
FIELDS = ["data", "id", "occurred_at", "recorded_at", "rules", "schema", "signers", "station", "type"]
NAME, TYPE = re.compile(r"[^\s+\x00-\x1f]{1,255}"), re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
TIME = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}Z", re.ASCII)
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ROLES = {role[0]: role for role in ("technician", "quality officer", "pharmacist", "clinician", "witness")}
ROLES |= {"u": "auditor", "a": "administrator"}
HELD = re.compile(r"^([^\s+]+\n[0-9]+\n\S+\n\n(?:— [^\n]+\n)+)", re.MULTILINE)  # a checkpoint, in whatever holds it
APART = {"proposal", "late", "typed", "document"}  # where an act may differ from its proposal
STATIONLESS = ("VaultCreated", "LedgerRestored", "AdministratorRecovered")
STAFF = set(ROLES.values()) - {"auditor", "administrator"}
# Who signs which event: `meaning:roles`, `?` where the line may be absent, `=field` where the new key of that field
# signs, `@station` and `@recovery` for those keys. `*`: the first person may sign a proposal as an entry of its own.
SIGNING = """
abandoned:qt = ImportAbandoned; accepted:q approved:a = SiteTrusted; administered:c witnessed:cpw =
AdministrationCompleted BedsideCheckPassed; adopted:q = RulebookAdopted; approved:q = ConsentWithdrawn
DonorEligibilityDecided ProductDefined; approved:q witnessed:cpqtw = DeviationRecorded*; cancelled:c = OrderCancelled;
changed:acpqtuw = PinChanged; completed:qt = ImportCompleted; confirmed:pqt = ShipmentConfirmed; consumed:qt =
VialsConsumed; corrected:a witnessed:cpqtw = ClockCorrected; corrected:q = AttributionCorrected LotExpiryCorrected
QuantityCorrected ScreeningCorrected TestResultCorrected; corrected:q confirmed:c = AdministrationCorrected;
corrected:q witnessed:cpqtw = FinalStateCorrected*; corrected:qt = PositionCorrected; created=administrator_key
accepted=station_key accepted=log_key accepted=recovery_key = VaultCreated; discarded:cpt witnessed:cpqtw =
DoseDiscarded*; discarded:pqt witnessed:cpqtw = VialsDiscarded*; forgotten:a approved:q = IdentityForgotten;
granted:acq accepted:cq = IdentityReaderGranted; handed_over:pt received:cpw = DoseHandedOver; held:q = HoldPlaced;
imported:qt = ImportBegun; issued:a approved:aq = LogKeyReplaced RoleGranted*; issued:a approved:aq accepted=key =
KeyReplaced; issued:a approved:aq? accepted=key = KeyIssued StationEnrolled; issued:p witnessed:cpqtw received:cpqtw?
= VialsIssued; lifted:q = HoldLifted; observed@station = AlarmRaised ClockStepped KeyLocked PinRefused RequestRefused
RestoreFound StationLocked; ordered:c = OrderPlaced; performed:acpqtuw = PersonSignedIn PersonSignedOut; performed:p =
ReservationReleased VialsReserved; performed:pt = BoxChecked StorageUnitMoved StorageUnitReturned StorageUnitTakenOut
VialLabelReplaced VialTubeBound VialTubeUnbound VialsFound VialsLabelled VialsMoved VialsReportedMissing VialsReturned
VialsStored VialsTakenOut VialsTransferred; performed:qt = ImportPartRecorded ImportPartWithdrawn; prepared:pt =
DosePrepared; read:cq = IdentityShown; reaffirmed:aq = EntriesReaffirmed; recalled:q = RecallIssued; received:pt =
VialsReceived; recorded:c = FollowUpRecorded; recorded:cq = IdentityRecorded; recorded:qt = ConsentRecorded
DonationCollected DonorRegistered DonorScreened ExcursionRecorded LotFilled LotRegistered TestResultsRecorded;
recovered@recovery accepted=key = AdministratorRecovered; refused:pt approved:q = ShipmentRefused*; registered:cp =
PatientBandAdded PatientRegistered; rejected:q = LotRejected; released:q = ImportedLotsReleased LotReleased
ReceivedLotsReleased; released:q requested:cp = LotConditionallyReleased*; reported:cpq = AdverseEventReported;
restored:a approved:q = LedgerRestored; retired:a = StationRetired; retired:at = StorageUnitRetired; returned:pt
approved:q = IssuedVialsReturned*; revoked:aq = KeyRevoked; sampled:pt = SampleTaken; set:a = SettingChanged;
set_up:at = StorageUnitAdded; shipped:pt = VialsShipped; thawed:pt = VialsThawed; verified:pqt = ShipmentAnnounced;
wasted:pt witnessed:cpqtw = RemaindersWasted*; withdrawn:aq = IdentityReaderWithdrawn RoleWithdrawn SiteTrustWithdrawn
"""


class BrokenError(Exception):
    """What is wrong, in words."""


def need(holds: object, message: str) -> None:
    if not holds:
        raise BrokenError(message)


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    need(data and b64(data) == text, f"not canonical base64: {text[:50]!r}")
    return data


def decimal(text: str) -> int:
    need(re.fullmatch(r"0|[1-9][0-9]{0,18}", text), f"not a canonical decimal: {text[:30]!r}")
    need(int(text) < 2**63, "a number that is too large")
    return int(text)


def read(path: Path, most: int = 256 * 65537) -> bytes:
    need(path.is_file() and path.stat().st_size <= most, f"the file {path} is missing or too long")
    return path.read_bytes()


def parse_note(data: bytes) -> tuple[bytes, list[tuple[str, bytes, bytes]]]:
    """The text of a signed note, and its lines: (name, key ID, signature)."""
    need(not any(byte < 32 and byte != 10 for byte in data), "a control character in a note")
    text, empty, lines = data.decode().rpartition("\n\n")
    need(empty and lines.endswith("\n"), "a note without signature lines, or without its last newline")
    found = []
    for line in lines[:-1].split("\n"):
        mark, name, encoded = (*line.split(" "), "", "")[:3]
        need(line == f"— {name} {encoded}" and mark == "—" and "+" not in name, f"no signature line: {line[:50]!r}")
        raw = unb64(encoded)
        need(len(raw) > 4, "a signature line without a signature")
        found.append((name, raw[:4], raw[4:]))
    return text.encode() + b"\n", found


class Key:
    """A verifier key, `name+hexID+base64(algorithm || public key)`; what no honest tool makes is refused."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.name, hex_id, encoded = text.split("+", 2)
        self.raw = raw = unb64(encoded)
        self.algorithm, self.public, self.id = raw[0], raw[1:], self.id_as(self.name)
        need(self.id.hex() == hex_id, f"the key of {self.name} has another ID than it says")
        need((self.algorithm, len(raw)) in ((1, 33), (4, 33), (6, 1313)), f"the key of {self.name} is of no known kind")
        if self.algorithm != 6:
            check_point(self.public)
            self.ed25519 = Ed25519PublicKey.from_public_bytes(self.public)

    def id_as(self, name: str) -> bytes:
        return sha256(name.encode(), b"\n", self.raw)[:4]

    def verify(self, text: bytes, signature: bytes, name: str = "") -> None:
        """Ed25519 over an entry or checkpoint; else a cosignature, with its time in front (C2SP tlog-cosignature)."""
        try:
            if self.algorithm == 1:
                self.ed25519.verify(signature, text)
                return
            time, signature = signature[:8], signature[8:]
            if self.algorithm == 4:
                self.ed25519.verify(signature, b"cosignature/v1\ntime %d\n%b" % (int.from_bytes(time, "big"), text))
                return
            origin, size, root = parse_head(text)
            names = [bytes([len(each.encode())]) + each.encode() for each in (name, origin)]
            message = [b"subtree/v1\n\0", names[0], time, names[1], bytes(8), size.to_bytes(8, "big"), root]
            MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, b"".join(message))
        except InvalidSignature:
            raise BrokenError(f"the signature of {self.name} does not fit the text") from None


def check_point(public: bytes) -> None:
    """A canonical point of high order, or BrokenError (RFC 8032, 5.1.3 and 5.1.4)."""
    p, number = 2**255 - 19, int.from_bytes(public, "little")
    d, sign, y = -121665 * pow(121666, -1, p) % p, number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
    x = pow(square, (p + 3) // 8, p)
    x = x if x * x % p == square else x * pow(2, (p - 1) // 4, p) % p
    need(y < p and x * x % p == square and not (x == 0 and sign), "a public key is no canonical point of the curve")
    for _ in range(3):
        k = d * x * x * y * y % p
        x, y = 2 * x * y * pow(1 + k, -1, p) % p, (y * y + x * x) * pow(1 - k, -1, p) % p
    need((x, y) != (0, 1), "a public key is of low order")


def check_json(value: Any, depth: int = 0) -> None:
    """Integers below 2^53, keys in ASCII, at most 32 deep."""
    need(depth <= 32 and not isinstance(value, float), "the JSON is too deep, or holds a number that is no integer")
    need(not isinstance(value, int) or abs(value) < 2**53, "the JSON holds an integer that is too large")
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ()
    need(not isinstance(value, dict) or all(key.isascii() for key in value), "a key of the JSON is not ASCII")
    for part in parts:
        check_json(part, depth + 1)


class Entry:  # one entry, strictly parsed
    def __init__(self, data: bytes) -> None:
        need(len(data) <= 65535, "an entry is too long")
        self.text, self.lines = parse_note(data)
        self.leaf = sha256(b"\0", data)
        lines = self.text.decode().split("\n")
        need(len(lines) == 6 and lines[0] == "cryoledger/entry/v1", "not the five lines of an entry")
        self.origin, self.sequence, self.previous = lines[1], decimal(lines[2]), unb64(lines[3])
        first = self.previous == bytes(32)
        need(len(self.previous) == 32 and first == (self.sequence == 0), "zero bytes before entry 0, and only there")
        said = json.loads(lines[4])
        check_json(said)  # writing it again refuses keys that stand twice, white space, -0, 1e3, other escapes
        again = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        need(again == lines[4], "the JSON is not in its one canonical form")
        need(isinstance(said, dict) and sorted(said) == FIELDS, "the event has not exactly its nine fields")
        self.type, self.data, self.station, self.at = said["type"], said["data"], said["station"], said["recorded_at"]
        self.rules, times = said["rules"], (said["occurred_at"], self.at)
        need(all(TIME.fullmatch(time) for time in times), "a time of another form")
        occurred, recorded = (datetime.fromisoformat(time[:-1]) for time in times)
        late = isinstance(self.data, dict) and self.data.get("late")
        need(occurred <= recorded, "recorded before it occurred")
        need(late or recorded - occurred <= timedelta(minutes=10), "recorded late, with no reason why")
        for number in (said["rules"], said["schema"]):
            need(type(number) is int and number > 0, "rules and schema are numbers from 1")
        need(UUID7.fullmatch(said["id"]) and TYPE.fullmatch(self.type), "an id or a type of another form")
        need(isinstance(self.data, dict) and isinstance(self.station, str) and self.station, "no data, or no station")
        need(all(sorted(one) == ["meaning", "name"] and one["meaning"] for one in said["signers"]), "a signer's form")
        self.id, self.signers = said["id"], [(one["name"], one["meaning"]) for one in said["signers"]]
        need(all(NAME.fullmatch(name) for name in (self.origin, *(name for name, _ in self.signers))), "no name")
        names = [name for name, _ in self.signers]
        need(names == [line[0] for line in self.lines], "the signature lines are not of those whom the text names")
        need(len(set(names)) == len(names) > 0, "nobody signs, or one name twice")


def read_table() -> dict[str, list[Any]]:
    """SIGNING by type of event: for each line its meaning, roles, `?`, field and special key."""
    table: dict[str, list[Any]] = {}
    for row in re.sub(r"\s+", " ", SIGNING).strip().split("; "):
        wanted, types = row.split(" = ")
        lines = []
        for part in wanted.split():
            found: Any = re.fullmatch(r"([a-z_]+)(?::(\w+))?(\?)?(?:=(\w+))?(?:@(\w+))?", part)
            lines.append((found[1].replace("_", " "), {ROLES[each] for each in found[2] or ""}, *found.groups()[2:]))
        for name in types.split():
            table[name.rstrip("*")] = lines
            if name.endswith("*"):
                table[name[:-1] + "Proposed"] = [("proposed", *lines[0][1:])]
    return table


class Ledger:  # keys and roles, as the entries so far have them
    def __init__(self) -> None:
        self.table = read_table()
        self.keys: dict[str, Key] = {}
        self.people: dict[str, Any] = {}  # name: [key, roles, status]
        self.others: dict[tuple[str, str], Any] = {}  # ("station" or "recovery", name): key
        self.log: list[Key] = []
        self.owners: dict[bytes, str] = {}  # of every key that was ever enrolled
        self.enrolments = self.rules = 0
        self.proposals: dict[int, Any] = {}  # number: type, leaf hash, act, until when, who proposed
        self.restores: dict[int, Any] = {}  # number of an epoch's entry 0: lost from, lost to, by whom declared
        self.remarks: list[str] = []

    def key(self, text: str) -> Key:
        if text not in self.keys:
            self.keys[text] = Key(text)
        return self.keys[text]

    def enrol(self, name: str, text: str, new: bool = True) -> Key:
        key = self.key(text)
        need(key.name == name, f"the new key is of {key.name}, not of {name}")
        need(key.raw not in self.owners, f"the key of {name} was enrolled before, for {self.owners.get(key.raw)}")
        need(not new or name not in self.owners.values(), f"the name {name} has signed before")
        self.owners[key.raw] = name
        return key

    def expected(self, entry: Entry) -> list[Any]:
        """The lines of the table that an entry must bear, less optional ones that may be absent here."""
        need(entry.type in self.table, f"an event of an unknown type, {entry.type[:40]}")
        lines, said = self.table[entry.type], [meaning for _, meaning in entry.signers]
        lines = lines[1:] if entry.data.get("proposal") is not None else lines
        may = entry.data.get("receiver") is None if entry.type == "VialsIssued" else self.enrolments == 0
        lines = [line for line in lines if not (line[2] and may and line[0] not in said)]
        if said[-1] == "countersigned" and entry.data.get("late") is not None:
            lines = [*lines, ("countersigned", STAFF, None, None, None)]
        wanted = [line[0] for line in lines]
        need(wanted == said, f"{entry.type} is signed as {', '.join(wanted)}, not as {', '.join(said)}")
        return lines

    def signer(self, entry: Entry, name: str, line: Any) -> Any:
        """The key with which a name must have signed here; BrokenError where it may not sign at all."""
        _, roles, _, field, special = line
        if field:
            need(self.key(entry.data[field]).name == name, f"the new key is of another name than {name}")
            return self.key(entry.data[field])
        if special:
            held = self.others.get((special, name)) and (special == "recovery" or name == entry.station)
            need(held, f"{name} is no valid {special} key, or of another station")
            return self.others[special, name]
        need(name in self.people, f"nobody is enrolled as {name}")
        key, held, status = self.people[name]
        need(status == "active", f"the key of {name} is {status}")
        need(held & roles, f"{name} holds no role that signs this {entry.type}")
        return key

    def verify(self, entry: Entry) -> None:
        """Every signature of an entry, by the key valid at this entry; its station; the proposal it completes."""
        at_home = self.others.get(("station", entry.station)) or entry.data.get("station") == entry.station
        need(entry.type in STATIONLESS or at_home, f"the station {entry.station} is not enrolled")
        for (name, key_id, signature), line in zip(entry.lines, self.expected(entry), strict=True):
            key = self.signer(entry, name, line)
            need(key.algorithm == 1 and key.id == key_id, f"{name} signed with another key than the valid one")
            key.verify(entry.text, signature)
        proposal = entry.data.get("proposal")
        if proposal is not None:
            found = self.proposals.pop(proposal["number"], None)
            need(found and found[:2] == (entry.type, proposal["leaf_hash"]), "no such proposal is open")
            acts = [{name: act[name] for name in act if name not in APART} for act in (found[2], entry.data)]
            need(acts[0] == acts[1] and entry.at < found[3], "the proposal was of another act, or has expired")
            need(found[4] not in [name for name, _ in entry.signers], "who proposed cannot be the second person")
            need(self.people[found[4]][2] == "active", f"the key of {found[4]}, who proposed it, is no longer valid")

    def apply(self, entry: Entry, number: int) -> None:
        data, kind = entry.data, entry.type
        if kind in ("KeyIssued", "StationEnrolled", "AdministratorRecovered"):
            self.enrolments += 1
        if kind in ("VaultCreated", "LogKeyReplaced"):
            texts = data["log_key"], data["log_key_ml_dsa"]
            self.log = [self.enrol(self.key(text).name, text, False) for text in texts]
        if kind == "VaultCreated":
            self.rules, name = entry.rules, data["administrator"]["name"]
            self.people[name] = [self.enrol(name, data["administrator_key"]), {"administrator"}, "active"]
            self.others["station", entry.station] = self.enrol(entry.station, data["station_key"])
            sheet = self.key(data["recovery_key"])
            self.others["recovery", sheet.name] = self.enrol(sheet.name, sheet.text)
        elif kind in ("KeyIssued", "AdministratorRecovered"):
            name = data["person"]["name"]
            self.people[name] = [self.enrol(name, data["key"]), set(data.get("roles", [ROLES["a"]])), "active"]
            if kind == "AdministratorRecovered":
                self.remarks.append(f"entry {shown(number)}: THE RECOVERY KEY enrolled {name}")
        elif kind == "KeyReplaced":
            again = self.enrol(data["person"], data["key"], False)
            self.people[data["person"]] = [again, self.people[data["person"]][1], "active"]
        elif kind == "RulebookAdopted":
            self.rules = data["rulebook"]
        elif kind in ("RestoreFound", "LedgerRestored"):
            by = number if kind == "LedgerRestored" else None
            self.restores[number - number % EPOCH] = (data["lost_from"], data.get("lost_to"), by)
        elif kind in ("RoleGranted", "RoleWithdrawn"):
            roles = self.people[data["person"]][1]
            (roles.add if kind == "RoleGranted" else roles.discard)(data["role"])
        elif kind in ("StationEnrolled", "StationRetired"):
            issued = kind == "StationEnrolled"
            self.others["station", data["station"]] = self.enrol(data["station"], data["key"]) if issued else None
        elif kind == "KeyLocked":
            self.people[data["person"]][2] = "locked"
        elif kind == "KeyRevoked":
            person, recovery = self.people.get(data["name"]), self.others.get(("recovery", data["name"]))
            if person and person[0].id.hex() == data["key_id"]:
                person[2] = "revoked"
            if recovery and recovery.id.hex() == data["key_id"]:
                self.others["recovery", data["name"]] = None
            if data.get("suspect_from") is not None:
                told = f"what {data['name']} signed from entry {shown(data['suspect_from'])} on was put under suspicion"
                self.remarks.append(f"entry {shown(number)}: {told}; see which EntriesReaffirmed follow")
        elif kind.endswith("Proposed"):
            by = entry.signers[0][0]
            self.proposals[number] = (kind[: -len("Proposed")], b64(entry.leaf), data["act"], data["expires_at"], by)


def root_of(hashes: list[bytes]) -> bytes:
    """The Merkle tree hash of leaf hashes, or of a row of subtrees of one size (RFC 6962, 2.1)."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256()
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1", root_of(hashes[:split]), root_of(hashes[split:]))


def grow(stack: list[bytes], size: int, leaf: bytes) -> None:
    """Add a leaf hash to a tree of so many, kept as the roots of its complete subtrees, largest first."""
    while size & 1:
        leaf, size = sha256(b"\1", stack.pop(), leaf), size >> 1
    stack.append(leaf)


def fold(stack: list[bytes]) -> bytes:
    result = stack[-1] if stack else sha256()
    for left in stack[-2::-1]:
        result = sha256(b"\1", left, result)
    return result


def check_inclusion(leaf: bytes, at: int, size: int, path: list[bytes], root: bytes) -> None:
    """RFC 9162, 2.1.3.2."""
    need(0 <= at < size, "an index outside the tree")
    last = size - 1
    for sibling in path:
        need(last > 0, "an inclusion proof is too long")
        if at & 1 or at == last:
            leaf = sha256(b"\1", sibling, leaf)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            leaf = sha256(b"\1", leaf, sibling)
        at, last = at >> 1, last >> 1
    need(last == 0 and leaf == root, "the inclusion proof does not lead to the checkpoint's root")


def tile(folder: Path, level: object, index: int, width: int) -> Path:
    """A tile's file in the C2SP tlog-tiles layout."""
    name = f"{index % 1000:03d}"
    while index := index // 1000:
        name = f"x{index % 1000:03d}/{name}"
    return folder / "tile" / str(level) / (name if width == 256 else f"{name}.p/{width}")


def check_tiles(folder: Path, row: list[bytes], level: int = 0) -> None:
    for at in range(0, len(row), 256):
        path = tile(folder, level, at // 256, len(row[at : at + 256]))
        need(read(path) == b"".join(row[at : at + 256]), f"the file {path} does not hold the hashes of the entries")
    if len(row) >= 256:
        check_tiles(folder, [root_of(row[at : at + 256]) for at in range(0, len(row) - len(row) % 256, 256)], level + 1)


def parse_head(text: bytes) -> tuple[str, int, bytes]:
    lines = text.decode().split("\n")
    need(len(lines) == 4 and not lines[3], "a checkpoint is three lines: origin, size, root")
    return lines[0], decimal(lines[1]), unb64(lines[2])


def checkpoints_in(path: Path) -> list[bytes]:
    """What a checkpoint file, a receipt (C2SP tlog-proof) or several of them after each other hold."""
    found = HELD.findall(read(path).decode() + "\n")
    need(found, f"{path} holds no checkpoint")
    return [note.encode() for note in found]


class Policy:  # which log, and which witnesses are enough (C2SP tlog-policy)
    def __init__(self, text: str) -> None:
        self.logs: list[Key] = []
        self.members: dict[str, Any] = {"none": (0, [])}  # a witness's key, or (how many, members)
        self.quorum = ""
        for words in filter(None, (line.split("#")[0].split() for line in text.splitlines())):
            if words[0] == "log" and len(words) in (2, 3):
                self.logs.append(Key(words[1]))
            elif words[0] == "witness" and len(words) in (3, 4):
                self.members[words[1]] = Key(words[2])
            elif words[0] == "group" and len(words) > 3:
                count = {"any": 1, "all": len(words) - 3}.get(words[2]) or decimal(words[2])
                need(0 < count <= len(words) - 3, f"a group of the policy that asks for {count} of {len(words) - 3}")
                self.members[words[1]] = (count, words[3:])
            else:
                need(words[0] == "quorum" and words[1] in self.members, f"no line of a policy: {' '.join(words)[:60]}")
                self.quorum = words[1]
        need(self.quorum and self.logs, "the policy names no log or no quorum")

    def met(self, name: str, signed: set[bytes]) -> bool:
        if isinstance(member := self.members[name], Key):
            return member.raw in signed
        return bool(sum(self.met(each, signed) for each in set(member[1])) >= member[0])


def shown(number: int) -> str:
    return str(number) if number < EPOCH else f"{number // EPOCH + 1}/{number % EPOCH}"


class Verification:  # one bundle, from its first entry to its last checkpoint
    def __init__(self, bundle: Path, fingerprint: str, policy: Policy | None, held: list[bytes]) -> None:
        self.bundle, self.fingerprint, self.policy, self.ledger = bundle, fingerprint, policy, Ledger()
        self.held = [(*parse_head(parse_note(note)[0]), note) for note in held]
        self.roots: dict[tuple[str, int], Any] = {}  # by origin and size: the tree's root and the log's keys then
        self.epochs: dict[str, tuple[int, int, bool]] = {}  # by origin: number, size, whether all of it is here
        self.broken: list[str] = []
        self.heads: list[Any] = []
        self.not_counted: set[str] = set()
        self.met: dict[str, int] = {}  # by origin, the size of the largest checkpoint that meets the policy
        self.count = self.signatures = self.checkpoints = self.size = 0
        self.found = self.first = self.newest = ""
        self.partial = False
        self.ids: dict[str, str] = {}
        self.end: list[Any] = []  # of the epoch before: origin, and if all of it is here, size, root, last leaf hash

    def attempt(self, where: str, act: Any, *given: Any) -> Any:
        try:
            return act(*given)
        except BrokenError as error:
            self.broken.append(f"{where}: {error}")
        except Exception as error:  # noqa: BLE001 - whatever hostile data provokes is a finding
            self.broken.append(f"{where}: cannot be judged ({type(error).__name__}: {str(error)[:80]})")

    def run(self) -> None:
        folders = sorted(self.bundle.glob("epoch-*"))
        need(folders, f"{self.bundle} holds no epoch-1")
        for epoch in range(1, len(folders) + 1):
            self.epoch(epoch, self.bundle / f"epoch-{epoch}")
        for where, path, root, origin, size, keys in self.heads:  # an export may sign old epochs with the present key
            self.attempt(where, self.checkpoint, read(path), root, origin, size, [*keys, *self.ledger.log])
        for origin, size, _, note in self.held:
            self.attempt(f"a checkpoint that you hold, {origin} {size}", self.hold, origin, size, note)
        self.attempt("keys.txt", self.listed)
        if self.policy and self.origin not in self.met:
            self.broken.append("THE POLICY IS NOT MET: no checkpoint of this ledger has its log and enough witnesses")

    def epoch(self, epoch: int, folder: Path) -> None:
        leaves: list[bytes] = []
        stack: list[bytes] = []
        self.origin, self.previous, self.at, self.last = "", bytes(32), "", -1
        origin, size, root = parse_head(parse_note(read(folder / "checkpoint"))[0])
        heads = {decimal(path.name): path for path in sorted((folder / "checkpoints").glob("*"))}
        whole = (folder / "tile" / "entries").is_dir()
        self.partial |= not whole
        alone = sorted(decimal(path.name) for path in (folder / "entries").glob("*"))
        self.attempt(f"epoch {epoch}, entry 0", need, whole or alone[:1] == [0], "it is missing")
        single = ((sequence, read(folder / "entries" / str(sequence))) for sequence in alone)
        wanted = {(of, count) for of, count, _, _ in self.held}
        found = self.bundled(folder, size) if whole else single
        while (each := self.attempt(f"epoch {epoch}, entry {len(leaves)}", next, found, None)) is not None:
            sequence, data = each
            where = f"epoch {epoch}, entry {sequence}"
            self.attempt(where, self.entry, where, epoch, sequence, data)
            self.last, self.previous = sequence, sha256(b"\0", data)
            grow(stack, len(leaves), self.previous)
            leaves.append(self.previous)
            if not whole:
                self.attempt(where, self.proof, folder, sequence, self.previous)
                continue
            place = self.origin, sequence + 1
            if place[1] in heads or place in wanted:
                self.roots[place] = fold(stack), self.ledger.log
            if place[1] in heads:
                data = self.attempt(where, read, heads.pop(place[1])) or b""
                self.attempt(where, self.checkpoint, data, fold(stack), *place, self.ledger.log)
        if whole:
            self.attempt(f"epoch {epoch}, tree", check_tiles, folder, leaves)
            self.attempt(f"epoch {epoch}", need, not heads, f"entries up to checkpoints {sorted(heads)} are missing")
        own = fold(stack) if whole else root
        given = (folder / "checkpoint", own, self.origin, size, self.ledger.log)
        self.heads.append((f"epoch {epoch}, checkpoint", *given))
        self.roots.setdefault((self.origin, size), (own, self.ledger.log))
        self.epochs.setdefault(self.origin, (epoch, size, whole))
        self.end = [origin, size, b64(root), b64(self.previous)] if whole else [origin]
        self.size, self.newest = size, self.at

    def bundled(self, folder: Path, size: int) -> Any:
        """The entries of an epoch, from bundles of 256, each after its length in two bytes."""
        for first in range(0, size, 256):
            path, at = tile(folder, "entries", first // 256, min(256, size - first)), 0
            data = read(path)
            for sequence in range(first, min(first + 256, size)):
                start, at = at + 2, at + 2 + int.from_bytes(data[at : at + 2], "big")
                need(start < at <= len(data), f"the file {path} is cut off at entry {sequence}")
                yield sequence, data[start:at]
            need(at == len(data), f"the file {path} holds more than its entries")

    def entry(self, where: str, epoch: int, sequence: int, data: bytes) -> None:
        """One entry: form, place, hash, signatures; then what it changes."""
        self.count += 1
        entry, number, before = Entry(data), (epoch - 1) * EPOCH + sequence, len(self.broken)
        self.origin = self.origin or entry.origin
        self.first = self.first or entry.origin
        named, rules = self.first if epoch == 1 else f"{self.first}/e{epoch}", self.ledger.rules
        for holds, message in (
            (self.origin == named, f"its origin is not that of epoch {epoch} of {self.first[:60]}"),
            (entry.origin == self.origin, f"made for another ledger, {entry.origin[:60]}"),
            (entry.sequence == sequence, f"entry {entry.sequence} stands here, by its own signed text"),
            ((entry.type == "VaultCreated") == (number == 0), "a vault is created by entry 0, and by no other"),
            (entry.previous == self.previous or sequence != self.last + 1, "does not name the leaf hash before it"),
            (entry.rules == rules or not rules or self.partial, f"rulebook {entry.rules}, where {rules} is in force"),
            (entry.at >= self.at or entry.type == "ClockCorrected", "recorded before the entry before it"),
            (self.ids.setdefault(entry.id, where) == where, f"its id stands already in {self.ids[entry.id]}"),
        ):
            self.attempt(where, need, holds, message)
        self.at = entry.at
        self.attempt(where, self.ledger.verify, entry)
        self.signatures += len(entry.lines) if len(self.broken) == before else 0
        if len(self.broken) == before:  # who may sign is only changed by what holds
            self.ledger.apply(entry, number)
        if sequence == 0 or entry.type in ("RestoreFound", "LedgerRestored"):
            self.attempt(where, self.opening, entry, epoch)

    def opening(self, entry: Entry, epoch: int) -> None:
        """Entry 0 of an epoch, or the later one by which two persons declare what was lost before it."""
        if epoch == 1 and entry.sequence == 0:
            self.found = b64(entry.leaf)
            need(entry.data["origin"] == entry.origin, "no creation of this ledger")
            need(self.fingerprint in ("", self.found), f"THE FINGERPRINT IS ANOTHER: {self.found}")
        else:
            said = [entry.data.get(name, 0) for name in ("origin", "size", "root", "last_leaf_hash")]
            need(entry.type in ("RestoreFound", "LedgerRestored"), "an epoch opens with a restore")
            need(entry.sequence == 0 or entry.type == "LedgerRestored", "a restore is found by an epoch's entry 0")
            need(self.end and said[: len(self.end)] == self.end, "does not name the end of the epoch before")

    def hold(self, origin: str, size: int, note: bytes) -> None:
        """A checkpoint that the verifier brings is of this tree, or of entries that two persons declared lost."""
        need(origin in self.epochs, f"of another ledger than {self.first}")
        epoch, entries, whole = self.epochs[origin]
        last = (epoch - 1) * EPOCH + size - 1
        for opened, (lost, to, by) in self.ledger.restores.items():
            if size > entries and by is not None and lost <= last < opened and (to is None or last <= to):
                self.ledger.remarks.append(f"the checkpoint that you hold of {size} entries covers some declared lost")
                return
        if (origin, size) not in self.roots and not whole:
            self.not_counted.add(f"a checkpoint that you hold, of {size} entries: this part is under another one")
            return
        need(size <= entries, f"it covers {size} entries, the bundle {entries}: THE LEDGER WAS ROLLED BACK OR CUT")
        root, log = self.roots.get((origin, size), (sha256(), self.ledger.log))
        need(root == parse_head(parse_note(note)[0])[2], f"THE LEDGER WAS REWRITTEN before entry {size}")
        self.checkpoint(note, root, origin, size, [*log, *self.ledger.log])

    def listed(self) -> None:
        """Other people's tools take keys from keys.txt: it may name none that no entry enrolled."""
        for text in (self.bundle / "keys.txt").read_text().split() if (self.bundle / "keys.txt").exists() else ():
            key = self.ledger.key(text)
            owner = self.ledger.owners.get(key.raw)
            log = owner == self.first and key.name in self.epochs
            need(log or key.name == owner, f"it names a key that no entry enrolled, {text[:60]}")

    def proof(self, folder: Path, sequence: int, leaf: bytes) -> None:
        """A C2SP tlog-proof: index, path, and the checkpoint itself."""
        head, _, checkpoint = read(folder / "proofs" / f"{sequence}.tlog-proof").partition(b"\n\n")
        lines = head.decode().split("\n")
        need(lines[:2] == ["c2sp.org/tlog-proof@v1", f"index {sequence}"], "its proof is of another entry")
        need(checkpoint == read(folder / "checkpoint"), "its proof leads to another checkpoint")
        _, size, root = parse_head(parse_note(checkpoint)[0])
        check_inclusion(leaf, sequence, size, [unb64(line) for line in lines[2:]], root)

    def checkpoint(self, note: bytes, root: bytes, of: str, entries: int, logs: list[Key]) -> None:
        """A checkpoint's root and signatures, and whether it meets the policy. The log signs as its epoch's origin."""
        text, lines = parse_note(note)
        origin, size, said = parse_head(text)
        need(root == said and size == entries, f"the root of the checkpoint is not that of its {size} entries")
        need(origin == of, "the checkpoint is of another ledger")
        known = {(origin, key.id_as(origin)): key for key in logs}
        policy = self.policy
        known |= {(key.name, key.id): key for key in policy.members.values() if isinstance(key, Key)} if policy else {}
        signed = set()
        for name, key_id, signature in lines:
            key = known.get((name, key_id))
            if key is None or (key.algorithm == 6 and MLDSA44PublicKey is None):
                kind = "a key that is not known here" if key is None else "ML-DSA-44, which this machine lacks"
                self.not_counted.add(f"checkpoint line {name} {key_id.hex()}: {kind}")
                continue
            key.verify(text, signature, name)
            signed.add(key.raw)
        need(any(key.raw in signed for key in logs if key.algorithm == 1), "no log key of the ledger signed it")
        self.checkpoints += 1
        if policy and policy.met(policy.quorum, signed):
            ours = [key for key in policy.logs if key.raw in signed and f"{origin}/".startswith(f"{key.name}/")]
            self.met |= {origin: max(size, self.met.get(origin, 0))} if ours else {}

    def report(self) -> int:
        for number, (lost, to, by) in self.ledger.restores.items():
            told = f"entries from {shown(lost)} {'on' if to is None else 'to ' + shown(to)} were lost"
            who = "NOBODY HAS DECLARED IT" if by is None else f"declared by two in entry {shown(by)}"
            self.ledger.remarks.append(f"entry {shown(number)}: opened a restored ledger, {told}, {who}")
        lines = [f"open: {remark}" for remark in self.ledger.remarks]
        lines += [f"not counted: {line}" for line in sorted(self.not_counted)]
        lines.append(
            "not checked: whether the rulebook allowed each act, and the form of its data (`cryoledger verify` does)"
        )
        if self.partial:
            lines.append("not checked: entries that are not in this bundle; a key revoked in one would not show")
        told = f"{self.count} entries, {self.signatures} signatures, {self.checkpoints} checkpoints"
        lines += [f"broken: {line}" for line in self.broken[:100]]
        if self.broken:
            lines.append(f"NOT VERIFIED: {len(self.broken)} broken in {told}")
        elif self.fingerprint and self.met:
            lines.append(f"VERIFIED under your fingerprint and policy: {told}")
            later = self.size - self.met[self.origin]
            lines.append(f"Entries after the last checkpoint that meets your policy: {later} of {self.size}.")
        else:
            lines.append(f"CONSISTENT WITH ITSELF: {told}. Fingerprint of entry 0: {self.found}")
            lines.append("To be sure, give --fingerprint from paper, and a --policy of your own.")
        tail = "" if self.held else " A tail that was cut off would not show: give --held, a checkpoint from before."
        lines.append(f"The last entry was recorded at {self.newest}.{tail}")
        print("\n".join(lines).encode("ascii", "backslashreplace").decode())
        return 1 if self.broken else 0


def main() -> int:
    ask = argparse.ArgumentParser(description="Verify an audit bundle of cryoledger.")
    ask.add_argument("bundle", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    ask.add_argument("--fingerprint", default="", help="leaf hash of entry 0 in base64, from paper")
    ask.add_argument("--policy", type=Path, help="a C2SP tlog-policy of your own, not of the bundle")
    ask.add_argument("--held", type=Path, action="append", default=[], help="a checkpoint or receipt from before")
    given = ask.parse_args()
    try:
        policy = Policy(read(given.policy).decode()) if given.policy else None
        held = [note for path in given.held for note in checkpoints_in(path)]
        verification = Verification(given.bundle, given.fingerprint, policy, held)
        verification.run()
    except (BrokenError, OSError, ValueError) as error:
        print(f"NOT VERIFIED: the bundle or the policy cannot be read: {error}", file=sys.stderr)
        return 2
    return verification.report()


if __name__ == "__main__":
    sys.exit(main())
