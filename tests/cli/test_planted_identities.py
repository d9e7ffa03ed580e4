"""Identities are planted, all is printed, exported and told that can be, and everything is searched for them (I9)."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import zxingcpp
from PIL import Image

from tests.cli.conftest import PINS, Done, Terminal, release, to_dose

PATIENT = ("Plantagenet, Namewell", "1961-02-03", "MRN-PLANTED-77", "12 Planted Road")
DONOR = ("Gardener, Rosewitha", "1994-05-06", "MRN-DONATED-88", "7 Seedling Lane")
NARRATIVE = "Plantagenet felt dizzy; her sister Rosamunde was told at +66 81 234 5678."
BAND, WRONG_BAND = "BAND-OF-P1", "BAND-OF-NEIGHBOUR"
SECRETS = (*PATIENT, *DONOR, "Plantagenet", "Namewell", "Rosewitha", "Rosamunde", "81 234 5678", BAND, WRONG_BAND)


def spellings(secret: str) -> Iterator[bytes]:
    """A text as it may lie in a file: in other cases and encodings, in base64 at any place, hashed without a salt."""
    for text in {secret, secret.lower(), secret.upper()}:
        raw = text.encode()
        digest = hashlib.sha256(raw)
        yield from (raw, text.encode("utf-16-le"), text.encode("utf-16-be"), raw.hex().encode(), digest.digest())
        yield from (digest.hexdigest().encode(), base64.b64encode(digest.digest()))
        for shift in range(3):
            encoded = base64.b64encode(bytes(shift) + raw)
            # What depends on the neighbours is left away.
            yield encoded[-(-shift * 8 // 6) : len(encoded) - 4 if (shift + len(raw)) % 3 else None]


PATTERNS = {pattern: secret for secret in SECRETS for pattern in spellings(secret)}


def found(content: bytes) -> set[str]:
    """The secrets that lie in some bytes."""
    return {secret for pattern, secret in PATTERNS.items() if pattern in content}


def content_of(path: Path) -> bytes:
    """A file's bytes, and what a reader of it sees: the words of a PDF, the codes of a picture."""
    content = path.read_bytes()
    if path.suffix == ".pdf":
        content += subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True).stdout
    elif path.suffix == ".png":
        with Image.open(path) as image:
            content += b"\n".join(bytes(code.bytes) for code in zxingcpp.read_barcodes(image.convert("L")))
    return content


class Overheard:
    """Everything that the program says meanwhile."""

    def __init__(self, lab: Terminal) -> None:
        self.lab = lab
        self.said: list[str] = []

    def does(self, *words: str | Path | int, by: str = "", first: str = "") -> Done:
        done = self.lab.does(*words, by=by, first=first)
        self.said += [done.out, done.err]
        return done

    def run(self, *words: str | Path | int, stdin: str) -> Done:
        done = self.lab.run(*words, stdin=stdin)
        self.said += [done.out, done.err]
        return done


def plant(lab: Overheard, out: Path, narrative: Path) -> None:
    """Who they are is recorded; the dose is refused at the wrong wristband, given at the right one, and harmed."""
    release(lab.lab)
    (vial, *_) = (row["code"] for row in lab.lab.read("vial", "list", "--of", "L1"))
    lab.does("label", "vial", vial, "--to", out / "vial.pdf", by="maria.s")
    lab.does("label", "vial", vial, "--to", out / "vial.png", "--reprint", "damaged", by="maria.s")
    to_dose(lab.lab)
    lab.does("label", "dose", "DOSE-1", "--to", out / "dose.png")
    lab.does("identity", "grant", "quinn.o", by="ines.a quinn.o")
    for kind, code, who in (("patient", "P1", PATIENT), ("donor", "D1", DONOR)):
        lines = "".join(f"{line}\n" for line in (*who, PINS["quinn.o"]))
        assert lab.run("identity", "record", kind, code, "--as", "quinn.o", stdin=lines).code == 0
    lab.does("hand-over", "DOSE-1", "--to", "carlos.m", by="petra.v carlos.m")
    pins = f"{PINS['carlos.m']}\n{PINS['somchai.k']}\n"
    words = ("bedside-check", "DOSE-1", "--as", "carlos.m", "--with", "somchai.k")
    assert lab.run(*words, stdin=f"{WRONG_BAND}\n{pins}").code == 3
    assert lab.run(*words, stdin=f"{BAND}\n{pins}").code == 0
    at = lab.lab.read("dose", "show", "DOSE-1")["row"]["last_at"]
    lab.does("complete", "DOSE-1", "--started", at, "--ended", at, by="carlos.m somchai.k")
    narrative.write_text(NARRATIVE)
    lab.does(
        "adverse-event", "DOSE-1", "--severity", "mild", "--kind", "allergy", "--onset-on", "today",
        "--relatedness", "possible", "--note", narrative, by="carlos.m",
    )  # fmt: skip


def publish(lab: Overheard, out: Path) -> None:
    """Every kind of file that leaves the program, and every long answer."""
    for kind, code in (("patient", "P1"), ("order", "O1")):
        for suffix in ("pdf", "png", "zpl"):
            lab.does("label", kind, code, "--to", out / f"{kind}.{suffix}")
    for suffix in ("pdf", "json", "txt"):
        lab.does("report", "custody", "P1", "--to", out / f"custody.{suffix}")
        lab.does("report", "audit", "--from", "today", "--to", "today", "--out", out / f"audit.{suffix}")
    lab.does("export", "audit", out / "bundle")
    lab.does("export", "audit", out / "bundle-of-patient", "--subject", "P1")
    policy = out / "auditor.policy"
    policy.write_text("".join(f"log {key}\n" for key in lab.lab.read("checkpoint", "keys")) + "quorum none\n")
    lab.does("receipt", "write", "DOSE-1", "--to", out / "dose.tlog-proof", "--policy", policy)
    lab.does("export", "inventory", "--out", out / "inventory.csv")
    lab.does("downtime", "print", "--out", out / "downtime.txt")
    lab.does("checkpoint", "sheet", "--out", out / "sheet.pdf")
    lab.does("backup", out / "copy.cryoledger")
    (out / "keys").mkdir()
    lab.does("identity", "backup", out / "keys")
    for words in (("entries",), ("trace", "P1"), ("history", "P1"), ("history", "D1"), ("show", "P1"), ("verify",),
                  ("identity", "list"), ("find", "P1")):  # fmt: skip
        lab.does(*words)
        lab.does(*words, "--json")


def test_search_finds_what_is_there(tmp_path: Path) -> None:
    """The search itself: a test that could find nothing would show nothing."""
    for at, content in enumerate((
        b"... Plantagenet, Namewell ...", base64.b64encode(b"x MRN-PLANTED-77 x"), base64.b64encode(b"MRN-PLANTED-77"),
        "1961-02-03".encode("utf-16-le"), hashlib.sha256(b"MRN-PLANTED-77").digest(), BAND.lower().encode(),
        base64.b64encode(b"xy BAND-OF-P1; and more"),
    )):  # fmt: skip
        (tmp_path / f"{at}.bin").write_bytes(content)
        assert found(content_of(tmp_path / f"{at}.bin")), content
    assert found(b"Pseudonym P1, donor D1, Ada Planter") == set()


def test_i9_identities_are_in_nothing_that_is_kept_printed_exported_or_said(
    furnished: Terminal, tmp_path: Path
) -> None:
    """I9: not in ledger, vault, station's files, labels, reports, bundles, exports, backups, answers or errors."""
    out, narrative = tmp_path / "out", tmp_path / "narrative.txt"
    out.mkdir()
    lab = Overheard(furnished)
    plant(lab, out, narrative)
    publish(lab, out)
    (out / "said.txt").write_text("\n".join(lab.said))
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path != narrative]
    kinds = {path.suffix for path in files}
    assert {".pdf", ".png", ".zpl", ".json", ".csv", ".html", ".txt", ".md", ".tlog-proof", ".cryoledger"} <= kinds
    assert any(path.name == "verify.py" for path in files)
    leaks = {str(path.relative_to(tmp_path)): secrets for path in files if (secrets := found(content_of(path)))}
    assert leaks == {}
    shown = furnished.does("identity", "show", "patient", "P1", "--reason", "trace", by="quinn.o").out
    assert all(part in shown for part in PATIENT)
    assert "P1" in (out / "said.txt").read_text()
