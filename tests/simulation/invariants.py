"""I1 to I10, asserted over a vault's file with SQL and JSON alone: none of the program's rules is asked."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from cryoledger.cli.sample.story import PATIENTS, wristband

Row = dict[str, Any]
FINAL = ("administered", "consumed", "discarded")


class Ledger:
    """The entries as they were signed, and the tables, of one moment."""

    def __init__(self, path: Path) -> None:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            self._connection = connection
            rows = connection.execute("SELECT epoch, sequence, id, leaf_hash, note FROM entry ORDER BY 1, 2").fetchall()
            self.places = [(row["epoch"], row["sequence"], row["leaf_hash"]) for row in rows]
            self.ids = [row["id"] for row in rows]
            self.events: list[Row] = [json.loads(bytes(row["note"]).split(b"\n")[4]) for row in rows]
            self.vials = self._table("vial")
            self.units = {row["code"]: row for row in self._table("storage_unit")}
            self.stays = self._table("vial_placement")
            self.doses = {row["code"]: row for row in self._table("dose")}
            self.lines = self._table("order_line")
            self.people = {row["name"]: row for row in self._table("person")}

    def _table(self, name: str) -> list[Row]:
        return [dict(row) for row in self._connection.execute(f"SELECT * FROM {name}")]

    def of(self, *types: str) -> list[Row]:
        """Events of some types."""
        return [event for event in self.events if event["type"] in types]


def check(path: Path, secrets: tuple[bytes, ...] = ()) -> Ledger:
    """Assert every invariant that a file can show; what was read."""
    now = Ledger(path)
    one_custodian(now)
    one_vial_a_position(now)
    only_what_may_be_used(now)
    at_the_bedside(now)
    amounts_balance(now)
    who_may_sign(now)
    no_names(path, secrets)
    return now


def one_custodian(now: Ledger) -> None:
    """I1: exactly one custodian, and stays without overlap, the last of which ended before the present began."""
    last: dict[str, str] = {}
    for stay in sorted(now.stays, key=lambda row: row["ended"]):
        assert stay["started_at"] <= stay["ended_at"], stay
        assert last.get(stay["vial"], "") <= stay["started_at"], stay
        last[stay["vial"]] = stay["ended_at"]
    for vial in now.vials:
        assert vial["custodian_kind"] or vial["custody"] in ("expected", "missing", *FINAL), vial
        assert (vial["custody"] == "stored") == (vial["position"] is not None) == (vial["unit"] is not None), vial
        assert vial["custody"] != "stored" or vial["custodian"] == vial["unit"], vial
        assert last.get(vial["code"], "") <= vial["since"], vial


def one_vial_a_position(now: Ledger) -> None:
    """I2: a position exists and holds one vial at most."""
    places = Counter((vial["unit"], vial["position"]) for vial in now.vials if vial["unit"] is not None)
    assert not [place for place, count in places.items() if count > 1]
    for unit, position in places:
        assert 0 <= position < now.units[unit]["rows"] * now.units[unit]["columns"]


def only_what_may_be_used(now: Ledger) -> None:
    """I3: at each issue: lot released, nothing held, reserved for this order, the order open."""
    lot_of = {vial["code"]: vial["lot"] for vial in now.vials}
    released: set[str] = set()
    held: dict[int, set[tuple[str, str]]] = {}
    reserved: dict[str, str] = {}
    brought: dict[int, set[str]] = {}
    completed: dict[int, set[str]] = {}
    for number, event in enumerate(now.events):
        data, kind = event["data"], event["type"]
        if kind == "LotReleased":
            released.add(data["lot"])
        elif kind == "ImportedLotsReleased":
            assert completed[data["number"]] >= set(data["lots"]), event
            released |= set(data["lots"])
        elif kind == "ImportPartRecorded":
            brought.setdefault(data["number"], set()).update(lot["lot"] for lot in data.get("lots", ()))
            held[_number(now, number)] = {("vial", code) for code in data.get("held", ())}
        elif kind == "ImportCompleted":
            completed[data["number"]] = brought.get(data["number"], set())
        elif kind in ("LotRejected", "RecallIssued"):
            released.discard(data.get("lot", ""))
        elif kind == "HoldPlaced":
            held[_number(now, number)] = {(data["scope"], code) for code in data["codes"]}
        elif kind == "HoldLifted":
            held.pop(data["number"], None)
        elif kind == "VialsReserved":
            reserved |= dict.fromkeys(data["vials"], data["order"])
        elif kind == "VialsIssued":
            holds = set().union(*held.values()) if held else set()
            for vial in data["vials"]:
                assert lot_of[vial] in released, event
                assert not {("vial", vial), ("lot", lot_of[vial])} & holds, event
                assert reserved.get(vial) == data["order"], event


def _number(now: Ledger, index: int) -> int:
    epoch, sequence, _ = now.places[index]
    return int((epoch - 1) * 2**40 + sequence)


def at_the_bedside(now: Ledger) -> None:
    """I4: nothing is given without a check of this dose and patient by two, in time and within the order."""
    checked: dict[str, Row] = {}
    for event in now.of("BedsideCheckPassed", "AdministrationCompleted"):
        data = event["data"]
        assert len({signer["name"] for signer in event["signers"]}) == 2, event
        if event["type"] == "BedsideCheckPassed":
            assert event["occurred_at"] <= now.doses[data["dose"]]["deadline"], event
            checked[data["dose"]] = data
        else:
            assert checked[data["dose"]]["patient"] == data["patient"], event
            assert now.doses[data["dose"]]["patient"] == data["patient"], event
    for line in now.lines:
        assert line["cells_given"] <= line["cells_max"], line


def amounts_balance(now: Ledger) -> None:
    """I5: nothing is used that was not filled; a vial whose story is closed holds nothing that could be used."""
    for vial in now.vials:
        parts = [vial[f"{part}_microlitres"] for part in ("dosed", "sampled", "wasted")]
        assert all(part >= 0 for part in parts), vial
        assert sum(parts) <= vial["filled_microlitres"], vial
        if vial["custody"] == "administered":
            assert sum(parts) == vial["filled_microlitres"], vial


def nothing_was_edited(before: Ledger, now: Ledger, kept: int | None = None) -> None:
    """I6: what was there yesterday is there today, byte for byte, up to what a restore lost."""
    old = before.places if kept is None else before.places[:kept]
    assert now.places[: len(old)] == old


def who_may_sign(now: Ledger) -> None:
    """I7: nobody signs twice in an entry, and administrators sign no custody."""
    administrators = {name for name, row in now.people.items() if row["roles"] == "administrator"}
    for event in now.events:
        names = [signer["name"] for signer in event["signers"]]
        assert len(set(names)) == len(names), event
        if event["type"].startswith(("Vials", "Dose", "Bedside", "Administration")):
            assert not set(names) & administrators or event["type"] == "AdministratorRecovered", event


def no_names(path: Path, secrets: tuple[bytes, ...]) -> None:
    """I9: no wristband, and nothing else that tells who a patient is, is anywhere in the vault's files."""
    content = b"".join(each.read_bytes() for each in path.parent.glob(path.name + "*") if each.is_file())
    for word in (*secrets, *(wristband(patient).encode() for patient in PATIENTS)):
        assert word not in content, word


def refusals_are_recorded(now: Ledger, unsafe: int) -> None:
    """I10: every refusal for safety that somebody met is an entry."""
    assert len(now.of("RequestRefused")) >= unsafe
