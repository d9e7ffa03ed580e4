"""An auditor takes a bundle along, and the SHA-256 of its verifiers from elsewhere."""

from __future__ import annotations

import hashlib

from tests.cli.conftest import Terminal
from tests.exchange.bundles import run_verifier


def test_bundle_of_the_vault_is_consistent_under_the_fingerprint_of_the_vault(lab: Terminal) -> None:
    bundle = lab.folder / "bundle"
    told = lab.read("export", "audit", bundle)
    code, said = run_verifier(bundle, "--fingerprint", told["fingerprint"])
    assert (code, f"{told['entries']} entries" in said) == (0, True), said
    hashes = lab.read("verifiers")
    for name, digest in hashes.items():
        assert hashlib.sha256((bundle / name).read_bytes()).hexdigest() == digest
    assert lab.does("verifiers").out == "".join(f"{digest}  {name}\n" for name, digest in hashes.items())
    lab.does("checkpoint", "sheet", "--out", lab.folder / "sheet.txt")
    assert all(digest in (lab.folder / "sheet.txt").read_text() for digest in hashes.values())


def test_bundle_of_one_subject(lab: Terminal) -> None:
    lab.does("donor", "add", "D1", "--consent", "therapy", "--given-on", "2026-01-05", by="maria.s")
    lab.does("unit", "add", "F1", "--kind", "freezer", "--name", "F1", by="ines.a")
    told = lab.read("export", "audit", lab.folder / "of-d1", "--subject", "D1")
    assert told["entries"] < told["of"]
    assert told["subject"] == "donor D1"
    assert run_verifier(lab.folder / "of-d1")[0] == 0


def test_bundle_of_nothing_and_over_a_bundle_are_refused(lab: Terminal) -> None:
    refused = lab.run("export", "audit", str(lab.folder / "b"), "--subject", "NOWHERE")
    assert (refused.code != 0, "Nothing here has the code" in refused.err) == (True, True)
    assert not (lab.folder / "b").exists()
    (lab.folder / "b").mkdir()
    refused = lab.run("export", "audit", str(lab.folder / "b"))
    assert "is there already" in refused.err
