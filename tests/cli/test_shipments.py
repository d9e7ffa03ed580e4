"""Two laboratories with a stick between them: vials go there, and each holds the other to its ledger."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import ORIGIN, PINS, Done, Terminal, release

SAIGON = "lotus.example/saigon"


@dataclass
class Sites:
    """Bangkok, which sends, and Saigon, which receives; both have the laboratory's people."""

    lab: Terminal
    other: Path
    stick: Path
    patch: pytest.MonkeyPatch

    @contextmanager
    def saigon(self) -> Iterator[Terminal]:
        """At the other site."""
        self.patch.setenv("CRYOLEDGER_HOME", str(self.other / "home"))
        self.patch.setenv("CRYOLEDGER_VAULT", str(self.other / "lab.cryoledger"))
        try:
            yield self.lab
        finally:
            self.patch.setenv("CRYOLEDGER_HOME", str(self.lab.folder / "home"))
            self.patch.setenv("CRYOLEDGER_VAULT", str(self.lab.vault))

    def at_saigon(self, *words: str | Path | int, by: str = "") -> Done:
        with self.saigon() as lab:
            return lab.does(*words, by=by)

    def send(self, shipment: str, *vials: str) -> Path:
        out = self.stick / f"{shipment}.manifest"
        self.lab.does("ship", "send", shipment, *vials, "--to", "HCM", "--out", out, "--replace", by="maria.s")
        return out

    def arrive(self, manifest: Path, shipment: str, *placed: str) -> Path:
        """Announced, put into positions; the receipt for the sender."""
        self.at_saigon("receive", "manifest", manifest, by="maria.s")
        words = ("vial", "receive", "FRZ-9-R1-B1", *placed, "--shipment", shipment, "--worst", "-150")
        self.at_saigon(*words, by="maria.s")
        out = self.stick / f"{shipment}.receipt"
        self.at_saigon("receive", "receipt", shipment, "--out", out, "--replace")
        return out

    def save(self, folder: Path) -> Path:
        """A copy of a site's machine, as its owner can make one."""
        kept = self.stick.parent / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(folder, kept, ignore=shutil.ignore_patterns("stick", "saigon", "kept"))
        return kept

    def go_back(self, folder: Path, kept: Path) -> None:
        for path in folder.glob("lab.cryoledger*"):
            path.unlink()
        shutil.rmtree(folder / "home")
        shutil.copytree(kept, folder, dirs_exist_ok=True)


@pytest.fixture(scope="session")
def sites_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sites")


@pytest.fixture
def sites(furnished: Terminal, monkeypatch: pytest.MonkeyPatch, sites_template: Path) -> Sites:
    """Both sites furnished, the sender with three released vials, each trusting the other."""
    made = Sites(furnished, furnished.folder / "saigon", furnished.folder / "stick", monkeypatch)
    if (sites_template / "home").exists():
        for path in furnished.folder.glob("lab.cryoledger*"):
            path.unlink()
        shutil.rmtree(furnished.folder / "home")
        shutil.copytree(sites_template, furnished.folder, dirs_exist_ok=True)
        return made
    made.stick.mkdir()
    made.other.mkdir()
    with made.saigon() as lab:
        lab.does(
            "init", made.other / "lab.cryoledger", "--origin", SAIGON, "--admin", "Ines Almeida", "--zone",
            "Asia/Ho_Chi_Minh", "--station", "freezer-room-9", "--prefix", "HM", "--pin-stdin", first=PINS["ines.a"],
        )  # fmt: skip
        lab.enrol()
        lab.does("unit", "add", "FRZ-9", "--kind", "freezer", "--name", "F9", "--grid", "1x1x9x9", by="ines.a")
        _policy(made.stick / "saigon.policy", lab)
    release(furnished)
    _policy(made.stick / "bangkok.policy", furnished)
    trusted = ("--name", "Lotus Clinic", "--policy", made.stick / "saigon.policy")
    furnished.does("site", "trust", "HCM", *trusted, by="quinn.o ines.a")
    trusting = ("--name", "Velar", "--policy", made.stick / "bangkok.policy")
    made.at_saigon("site", "trust", "BKK", *trusting, by="quinn.o ines.a")
    shutil.copytree(furnished.folder, sites_template, dirs_exist_ok=True)
    return made


def _policy(path: Path, lab: Terminal) -> None:
    path.write_text(lab.does("checkpoint", "keys").out + "# no witness here\nquorum none\n")


def vials(sites: Sites) -> list[str]:
    return [row["code"] for row in sites.lab.read("vial", "list", "--of", "L1")]


def test_a_shipment_goes_there_and_its_receipt_comes_back(sites: Sites) -> None:
    one, two, _ = vials(sites)
    sites.lab.does("vial", "store", "FRZ-1-R1-B1", one, two, by="maria.s")
    manifest = sites.send("SHIP-1", one, two)
    told = json.loads(manifest.read_text())
    assert {vial["vial"] for vial in told["contents"]["vials"]} == {one, two}
    assert told["contents"]["donors"][0] | {"screening": None} == {
        "donor": "D1", "eligibility": "eligible", "consent": ["therapy"], "screening": None,
    }  # fmt: skip
    assert [test["test"] for test in told["contents"]["lots"][0]["tests"]] == ["sterility", "viability"]
    back = sites.arrive(manifest, "SHIP-1", f"{one}@A1", f"{two}@B3")
    done = sites.lab.does("ship", "confirm", back, by="maria.s")
    assert "2 vials arrived at HCM" in done.out
    assert sites.lab.read("vial", "show", one)["row"]["custody"] == "delivered"
    assert sites.lab.read("ship", "list")[0]["status"] == "confirmed"
    with sites.saigon() as there:
        assert there.read("receive", "list") == [
            {"shipment": "SHIP-1", "site": "BKK", "code at the sender": "SHIP-1", "status": "received"}
        ]
        assert there.read("vial", "show", one)["row"]["custody"] == "stored"
        assert there.read("lot", "show", "L1")["row"]["disposition"] == "quarantined"
        assert there.read("verify")["ok"]
    report = sites.lab.read("verify")
    assert report["ok"], report["findings"]
    assert any("committed to a head of this tree" in line for line in report["covers"])


def test_quality_there_releases_what_was_released_here(sites: Sites) -> None:
    one = vials(sites)[0]
    sites.lab.does("vial", "store", "FRZ-1-R1-B1", one, by="maria.s")
    sites.arrive(sites.send("SHIP-1", one), "SHIP-1", one)
    with sites.saigon() as there:
        assert (
            "not defined here"
            in there.run("receive", "release", "L1", "--as", "quinn.o", stdin=f"{PINS['quinn.o']}\n").err
        )
        there.does("product", "add", "MSC-1", "--name", "WJ MSC", "--test", "viability:%:70:", by="quinn.o")
        there.does("receive", "release", "L1", by="quinn.o")
        assert there.read("lot", "show", "L1")["row"]["disposition"] == "released"


def test_a_manifest_that_was_changed_or_is_for_another_is_refused(sites: Sites) -> None:
    one, two, _ = vials(sites)
    sites.lab.does("vial", "store", "FRZ-1-R1-B1", one, two, by="maria.s")
    manifest = sites.send("SHIP-1", one)
    content = manifest.read_text()
    bad = sites.stick / "bad.manifest"
    changes = [
        (f'"vial":"{one}"', f'"vial":"{two}"', "does not bear this manifest"),
        ('"eligibility":"eligible"', '"eligibility":"ineligible"', "does not bear this manifest"),
        (f'"to":"{SAIGON}"', '"to":"third.example/x"', "is for third.example/x"),
        (f'"origin":"{ORIGIN}"', '"origin":"third.example/x"', "not known here"),
        ('"format":"cryoledger/manifest/v1"', '"format":"cryoledger/manifest/v2"', "format"),
        ("index ", "index 1", "SIGNATURE"),
        ('{"consistency"', '{"and":1,"consistency"', "has not the fields"),
    ]
    with sites.saigon() as there:
        for before, after, why in changes:
            assert before in content
            bad.write_text(content.replace(before, after, 1))
            done = there.run("receive", "manifest", bad, "--as", "maria.s", stdin=f"{PINS['maria.s']}\n")
            assert done.code in (2, 8), done
            assert why in done.err or why == "SIGNATURE"
            assert "Traceback" not in done.err
        assert there.read("receive", "list") == []


def test_a_tube_whose_code_is_taken_needs_another_and_other_codes_are_qualified(sites: Sites) -> None:
    one = vials(sites)[0]
    sites.lab.does("vial", "store", "FRZ-1-R1-B1", one, by="maria.s")
    manifest = sites.send("SHIP-1", one)
    with sites.saigon() as there:
        for code in (one, "D1"):
            there.does("unit", "add", code, "--kind", "freezer", "--name", code, by="ines.a")
        done = there.run("receive", "manifest", manifest, "--as", "maria.s", stdin=f"{PINS['maria.s']}\n")
        assert f"--rename {one}=NEW" in done.err
        done = there.does("receive", "manifest", manifest, "--rename", f"{one}=FROM-BKK-1", by="maria.s")
        assert f"{one} is FROM-BKK-1 here" in done.out
        assert there.read("donor", "show", "BKK/D1")["row"]["eligibility"] == "pending"
        there.does("vial", "receive", "FRZ-9-R1-B1", "FROM-BKK-1", "--shipment", "SHIP-1", by="maria.s")
        assert there.read("vial", "show", "FROM-BKK-1")["row"]["custody"] == "stored"
        out = sites.stick / "back.receipt"
        there.does("receive", "receipt", "SHIP-1", "--out", out)
    sites.lab.does("ship", "confirm", out, by="maria.s")
    assert sites.lab.read("vial", "show", one)["row"]["custodian"] == "HCM"


def test_a_sender_who_rewrote_its_history_is_found_out_by_the_receiver(sites: Sites) -> None:
    """Its own verification finds nothing: whoever holds every key of a site can rewrite it."""
    one, two, three = vials(sites)
    sites.lab.does("vial", "store", "FRZ-1-R1-B1", one, two, three, by="maria.s")
    kept = sites.save(sites.lab.folder)
    sites.lab.does("hold", "place", three, "--scope", "vial", "--reason", "investigation", by="quinn.o")
    first = sites.send("SHIP-1", one)
    back = sites.arrive(first, "SHIP-1", one)
    sites.go_back(sites.lab.folder, kept)
    sites.send("SHIP-1", one)  # the same shipment, and the hold never was
    for name in ("F1", "F2", "F3"):
        sites.lab.does("unit", "add", name, "--kind", "freezer", "--name", name, by="ines.a")
    assert sites.lab.read("verify")["ok"]

    done = sites.lab.run("ship", "confirm", back, "--as", "maria.s", stdin=f"{PINS['maria.s']}\n")
    assert done.code == 8
    assert "rewritten" in done.err
    second = sites.send("SHIP-2", two)
    with sites.saigon() as there:
        done = there.run("receive", "manifest", second, "--as", "maria.s", stdin=f"{PINS['maria.s']}\n")
        assert done.code in (2, 3, 8)
        assert "proves nothing from there" in done.err or "REWRITE" in done.err
        there.does("site", "head", "BKK", "--out", sites.stick / "held.checkpoint")
    report = sites.lab.run("verify", "--checkpoint", sites.stick / "held.checkpoint", "--json")
    assert report.code == 1
    assert "rewritten before entry" in report.out


def test_a_receiver_who_rewrote_its_history_is_found_out_by_the_sender(sites: Sites) -> None:
    one, two, _ = vials(sites)
    sites.lab.does("vial", "store", "FRZ-1-R1-B1", one, two, by="maria.s")
    kept = sites.save(sites.other)
    first = sites.send("SHIP-1", one)
    sites.lab.does("ship", "confirm", sites.arrive(first, "SHIP-1", one), by="maria.s")
    sites.go_back(sites.other, kept)
    second = sites.send("SHIP-2", two)
    with sites.saigon() as there:
        there.does("unit", "add", "F1", "--kind", "freezer", "--name", "F1", by="ines.a")
    back = sites.arrive(second, "SHIP-2", two)
    done = sites.lab.run("ship", "confirm", back, "--as", "maria.s", stdin=f"{PINS['maria.s']}\n")
    assert done.code in (2, 3, 8)
    sites.lab.does("site", "head", "HCM", "--out", sites.stick / "held.checkpoint")
    with sites.saigon() as there:
        assert there.read("verify")["ok"]
        report = there.run("verify", "--checkpoint", sites.stick / "held.checkpoint", "--json")
        assert report.code == 1
        assert "checkpoint" in report.out


def treated(sites: Sites, vial: str) -> None:
    """At Saigon: the lot released, a patient's dose prepared from the vial."""
    with sites.saigon() as there:
        there.does("receive", "release", "L1", by="quinn.o")
        there.does("patient", "add", "P-7", by="carlos.m", first="BAND-OF-SEVEN")
        there.does(
            "order", "add", "O7", "--patient", "P-7", "--product", "MSC-1", "--cells", "10M", "--due", "2026-01-01",
            "--route", "intravenous infusion", by="carlos.m",
        )  # fmt: skip
        there.does("reserve", "O7", vial, by="petra.v")
        there.does("vial", "take-out", vial, "--purpose", "order", "--order", "O7", by="maria.s")
        there.does("issue", "O7", vial, by="petra.v maria.s")
        there.does("thaw", vial, by="petra.v")
        there.does("prepare", "DOSE-7", "--order", "O7", vial, "--cells", "9.1M", "--viability", "91", by="petra.v")


def test_a_trace_runs_from_the_donor_here_to_the_patient_there_and_back(sites: Sites) -> None:
    one, two, _ = vials(sites)
    sites.lab.does("vial", "store", "FRZ-1-R1-B1", one, two, by="maria.s")
    manifest = sites.send("SHIP-1", one)
    sites.at_saigon("product", "add", "MSC-1", "--name", "WJ MSC", "--test", "viability:%:70:", by="quinn.o")
    sites.lab.does("ship", "confirm", sites.arrive(manifest, "SHIP-1", one), by="maria.s")
    treated(sites, one)

    told = sites.lab.does("trace", "D1").out
    assert f"vial {one}: delivered" in told
    assert "arrived at HCM: proven by HCM's entry" in told
    assert "P-7" not in told
    bundle = sites.stick / "dose-7"
    sites.at_saigon("export", "audit", bundle, "--subject", "DOSE-7")
    told = sites.lab.does("trace", "D1", "--with", bundle).out
    assert "There: dose HCM/DOSE-7, order HCM/O7, patient HCM/P-7" in told
    assert "DosePrepared" in told
    assert "petra.v (prepared)" in told
    found = sites.lab.read("trace", one, "--with", bundle)
    assert {each["site"] for each in found["elsewhere"]} == {"HCM"}
    assert {"kind": "patient", "code": "HCM/P-7"} in [thing for each in found["elsewhere"] for thing in each["things"]]

    sites.lab.does("export", "audit", sites.stick / "lot-1", "--subject", "L1")
    with sites.saigon() as there:
        alone = there.does("trace", "DOSE-7").out
        assert "donor D1" in alone
        assert "from BKK: proven by BKK's entry" in alone
        assert "LotReleased" not in alone
        told = there.does("trace", "DOSE-7", "--with", sites.stick / "lot-1", "--with", manifest).out
        assert "BKK entry" in told
        assert "LotReleased" in told
        assert "quinn.o (released)" in told


def test_a_trace_refuses_what_contradicts_the_head_that_is_held(sites: Sites) -> None:
    one = vials(sites)[0]
    sites.lab.does("vial", "store", "FRZ-1-R1-B1", one, by="maria.s")
    kept = sites.save(sites.lab.folder)
    sites.arrive(sites.send("SHIP-1", one), "SHIP-1", one)
    sites.go_back(sites.lab.folder, kept)
    sites.send("SHIP-1", one)  # at the same place in the ledger, another entry
    sites.lab.does("export", "audit", sites.stick / "rewritten", "--subject", one)
    with sites.saigon() as there:
        done = there.run("trace", one, "--with", sites.stick / "rewritten")
        assert done.code == 8
        assert "REWRITE: BKK" in done.err
        for name in ("nothing", "bangkok.policy"):
            done = there.run("trace", one, "--with", sites.stick / name)
            assert done.code in (2, 8)
            assert "Traceback" not in done.err


def test_a_vial_comes_back_and_the_trace_runs_there_and_back(sites: Sites) -> None:
    one, two, _ = vials(sites)
    sites.lab.does("vial", "store", "FRZ-1-R1-B1", one, two, by="maria.s")
    manifest = sites.send("SHIP-1", one)
    receipt, back, again = (sites.stick / name for name in ("there.receipt", "BACK-1.manifest", "here.receipt"))
    with sites.saigon() as there:
        there.does("receive", "manifest", manifest, "--rename", f"{one}=HM-FROM-BKK", by="maria.s")
        words = ("vial", "receive", "FRZ-9-R1-B1", "HM-FROM-BKK", "--shipment", "SHIP-1", "--worst", "-150")
        there.does(*words, by="maria.s")
        there.does("receive", "receipt", "SHIP-1", "--out", receipt)
        there.does("ship", "send", "BACK-1", "HM-FROM-BKK", "--to", "BKK", "--out", back, by="maria.s")
    early = sites.lab.run("receive", "manifest", back, "--as", "maria.s", stdin=f"{PINS['maria.s']}\n")
    assert "Take back the receipt of SHIP-1 first: `cryoledger ship confirm`." in early.err
    sites.lab.does("ship", "confirm", receipt, by="maria.s")
    told = sites.lab.does("report", "custody", one).out  # the receipt was kept with the shipment
    theirs = told[told.index("AT OTHER SITES") : told.index("THE CHECKPOINT")]
    assert "HCM entry" in theirs
    assert "VialsReceived" in theirs
    assert "Verified by receipts" in theirs
    assert "VialsReceived" not in told[: told.index("AT OTHER SITES")]
    assert "in the ledger of HCM, Lotus Clinic (lotus.example/saigon)" in theirs
    assert "export audit FOLDER --subject HM-FROM-BKK" in theirs

    done = sites.lab.does("receive", "manifest", back, by="maria.s")
    assert f"HM-FROM-BKK is {one} here" in done.out
    assert [row["code"] for row in sites.lab.read("lot", "list")] == ["L1"]
    sites.lab.does("vial", "receive", "FRZ-1-R1-B2", one, "--shipment", "BACK-1", "--worst", "-150", by="maria.s")
    sites.lab.does("receive", "receipt", "BACK-1", "--out", again)
    sites.at_saigon("ship", "confirm", again, by="maria.s")
    assert sites.lab.read("vial", "show", one)["row"]["custody"] == "stored"
    assert sites.lab.read("find", "HM-FROM-BKK")

    told = sites.lab.does("trace", one, "--with", receipt, "--with", back).out
    assert "arrived at HCM: proven by HCM's entry" in told
    assert "came back from HCM: proven by HCM's entry" in told
    assert told.count("HCM entry") == 3  # announced, received, shipped back
    assert "HCM/" not in told  # everything under its code here
    found = sites.lab.read("report", "custody", one, "--with", receipt)
    assert [each["type"] for each in found["elsewhere"]] == ["ShipmentAnnounced", "VialsReceived", "VialsShipped"]
    assert (found["to_ask"], found["not_counted"]) == ([], [])
    with sites.saigon() as there:
        told = there.does("trace", "HM-FROM-BKK", "--with", again).out
        assert "from BKK" in told
        assert "arrived at BKK" in told
        assert there.read("verify")["ok"]
    report = sites.lab.read("verify")
    assert report["ok"], report["findings"]
