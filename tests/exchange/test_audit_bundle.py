"""The bundle: what an auditor reads without us; both verifiers find what was altered, and say where."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cryoledger.database.store import Store
from cryoledger.errors import RequestError
from cryoledger.exchange.audit_bundle.tiles import entry_bundle, entry_bundle_path
from cryoledger.exchange.audit_bundle.verifiers import FILES, page, sha256_of, verifier
from cryoledger.ledger import tree
from cryoledger.ledger.lines import encode_base64
from cryoledger.ledger.tiles import Growth
from tests.audit.stories import event, whole_story
from tests.exchange.bundles import (
    OTHER_WITNESS,
    copy_of,
    cosign_bundle,
    fingerprint_of,
    notes_of,
    policy_text,
    run_verifier,
    verifier_module,
    written,
)
from tests.exchange.chromium import CHROMIUM, Chromium
from tests.exchange.signing_table import table
from tests.lab import TECHNICIAN, Lab

INVALID = Path(__file__).resolve().parent.parent / "vectors" / "ledger" / "invalid"
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on this machine; CI has it")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Store.create(str(tmp_path_factory.mktemp("vault") / "v.cryoledger")) as store:
        lab = Lab(store)
        whole_story(lab)
        lab.record(event("StorageUnitAdded", unit="BOX-X", kind="box", name=HOSTILE, parent="RACK-2", slot="9"))
        yield lab


@pytest.fixture(scope="module")
def whole(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(lab, tmp_path_factory.mktemp("bundle") / "whole")


@pytest.fixture(scope="module")
def part(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(lab, tmp_path_factory.mktemp("bundle") / "part", "DOSE-1")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with Chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


def test_bundle_is_consistent_with_itself_and_never_verified_by_itself(whole: Path, part: Path) -> None:
    for bundle in (whole, part):
        code, told = run_verifier(bundle)
        assert code == 0, told
        assert "CONSISTENT WITH ITSELF" in told
        assert "VERIFIED" not in told


def test_fingerprint_and_policy_from_outside_verify(whole: Path, tmp_path: Path) -> None:
    bundle = copy_of(whole, tmp_path / "cosigned")
    cosign_bundle(bundle)
    policy, fingerprint = tmp_path / "policy", fingerprint_of(whole)
    policy.write_text(policy_text())
    code, told = run_verifier(bundle, "--fingerprint", fingerprint, "--policy", str(policy))
    assert (code, "VERIFIED under your fingerprint and policy" in told) == (0, True), told
    code, told = run_verifier(bundle, "--fingerprint", encode_base64(bytes(32)), "--policy", str(policy))
    assert (code, "THE FINGERPRINT IS ANOTHER" in told) == (1, True)
    code, told = run_verifier(whole, "--fingerprint", fingerprint, "--policy", str(policy))
    assert (code, "THE POLICY IS NOT MET" in told) == (1, True)
    policy.write_text(policy_text("both"))
    code, told = run_verifier(bundle, "--fingerprint", fingerprint, "--policy", str(policy))
    assert (code, "THE POLICY IS NOT MET" in told) == (1, True)
    cosign_bundle(bundle, OTHER_WITNESS)
    assert run_verifier(bundle, "--fingerprint", fingerprint, "--policy", str(policy))[0] == 0
    policy.write_text("quorum nobody\n")
    assert run_verifier(bundle, "--policy", str(policy))[0] == 2


def test_part_holds_its_subject_the_key_events_and_nothing_else(lab: Lab, part: Path) -> None:
    notes = [path.read_bytes() for path in part.glob("epoch-*/entries/*")]
    assert len(notes) < len(lab.entries)
    assert not any(b'"type":"ExcursionRecorded"' in note and b"LOT-1-001" in note for note in notes)
    types = {re.search(rb'"type":"(\w+)"\}\n\n', note)[1].decode() for note in notes}  # type: ignore[index]
    assert {"VaultCreated", "KeyIssued", "KeyRevoked", "DonorRegistered", "AdministrationCompleted"} <= types
    assert not {"VialsShipped", "ImportBegun", "VialsDiscarded"} & types
    assert "AdministrationCompleted" in (part / "story.txt").read_text()
    assert not list(part.glob("epoch-*/tile"))


def first_bundle(bundle: Path) -> Path:
    return next((bundle / "epoch-1" / "tile" / "entries").glob("000.p/*"))


def alter(bundle: Path, change: Callable[[list[bytes]], None]) -> None:
    """Change the entries of the first epoch, which then may be more or fewer than the file's name says."""
    path = first_bundle(bundle)
    notes = notes_of(path)
    change(notes)
    path.write_bytes(entry_bundle(notes))


def edited(notes: list[bytes]) -> None:
    notes[20] = notes[20].replace(b'"schema":1', b'"schema":2')


def swapped(notes: list[bytes]) -> None:
    notes[20], notes[21] = notes[21], notes[20]


def deleted(notes: list[bytes]) -> None:
    del notes[20]


def inserted(notes: list[bytes]) -> None:
    notes.insert(20, notes[30])


def stripped(notes: list[bytes]) -> None:
    at = next(at for at, note in enumerate(notes) if b'"meaning":"witnessed"' in note)
    notes[at] = notes[at][: notes[at].rindex("— ".encode())]


def signature_of_another(notes: list[bytes]) -> None:
    line = notes[21].rindex("— ".encode())
    notes[20] = notes[20][: notes[20].rindex("— ".encode())] + notes[21][line:]


def spaced(notes: list[bytes]) -> None:
    notes[20] = notes[20].replace(b'"schema":1', b'"schema": 1')


def said_twice(notes: list[bytes]) -> None:
    notes[20] = notes[20].replace(b'"schema":1', b'"schema":1,"schema":1')


def exponent(notes: list[bytes]) -> None:
    notes[20] = notes[20].replace(b'"schema":1', b'"schema":1e0')


TAMPERINGS = {
    change.__name__: change
    for change in (edited, swapped, deleted, inserted, stripped, signature_of_another, spaced, said_twice, exponent)
}


def wrong_tile(bundle: Path) -> None:
    path = next((bundle / "epoch-1" / "tile" / "0").glob("000.p/*"))
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)


def wrong_root(bundle: Path) -> None:
    path = bundle / "epoch-1" / "checkpoint"
    lines = path.read_text().split("\n")
    lines[2] = encode_base64(bytes(32))
    path.write_text("\n".join(lines))


def cut(bundle: Path) -> None:
    path = first_bundle(bundle)
    path.write_bytes(path.read_bytes()[:-40])


def missing_file(bundle: Path) -> None:
    first_bundle(bundle).unlink()


def first_epoch_gone(bundle: Path) -> None:
    shutil.rmtree(bundle / "epoch-1")


def no_log_line(bundle: Path) -> None:
    path = bundle / "epoch-1" / "checkpoint"
    text, _, lines = path.read_text().partition("\n\n")
    path.write_text(f"{text}\n\n" + lines.split("\n")[1] + "\n")


FOLDERS = {
    change.__name__: change for change in (wrong_tile, wrong_root, cut, missing_file, first_epoch_gone, no_log_line)
}


def tampered(bundle: Path, to: Path, name: str) -> Path:
    copied = copy_of(bundle, to)
    if name in TAMPERINGS:
        alter(copied, TAMPERINGS[name])
    else:
        FOLDERS[name](copied)
    return copied


@pytest.mark.parametrize("name", [*TAMPERINGS, *FOLDERS])
def test_verifier_names_where_a_bundle_was_altered(whole: Path, tmp_path: Path, name: str) -> None:
    code, told = run_verifier(tampered(whole, tmp_path / "b", name))
    assert code in (1, 2), told
    assert "NOT VERIFIED" in told
    assert "CONSISTENT" not in told
    if name in TAMPERINGS and name != "stripped":
        assert "broken: epoch 1, entry 20" in told


@pytest.mark.parametrize("name", ["edited", "proof", "entry"])
def test_altered_part_is_named(part: Path, tmp_path: Path, name: str) -> None:
    bundle = copy_of(part, tmp_path / "b")
    path = bundle / "epoch-1" / ("proofs/0.tlog-proof" if name == "proof" else "entries/0")
    if name == "entry":
        path.rename(path.with_name("2"))
    else:
        path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    code, told = run_verifier(bundle)
    assert (code, "broken: epoch 1, entry" in told) == (1, True), told


def test_verifier_refuses_every_invalid_entry() -> None:
    module = verifier_module()
    for path in sorted(INVALID.glob("*.note")):
        with pytest.raises((module.BrokenError, ValueError, TypeError, KeyError, RecursionError)):
            module.Entry(path.read_bytes())
    for path in sorted(INVALID.parent.glob("example-*.note")):
        assert module.Entry(path.read_bytes()).type


@pytest.mark.parametrize(("name", "mark"), [("verify.py", '"""'), ("page.js", "`")])
def test_verifiers_know_who_signs_what_as_the_catalogue_does(name: str, mark: str) -> None:
    found = (FILES / name).read_text().partition(f"SIGNING = {mark}")[2].partition(mark)[0].strip()
    assert found == table(), "run `python -m tests.exchange.signing_table`"


def test_verifier_stands_alone_and_is_short() -> None:
    text = (FILES / "verify.py").read_text()
    imports = set(re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE))
    assert imports - set(sys.stdlib_module_names) == {"cryptography"}
    code = [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(code) < 610


def test_page_allows_its_own_script_only_and_puts_no_text_into_markup() -> None:
    text = page().decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert re.fullmatch(
        r"default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'",
        policy[1],
    )
    script = (FILES / "page.js").read_text()
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "fetch(",
        "XMLHttp",
        "http",
    ):
        assert word not in script
    assert verifier("index.html") == page()
    assert re.fullmatch(r"[0-9a-f]{64}", sha256_of("verify.py"))


def test_partial_tiles_are_those_of_the_tree() -> None:
    growth = Growth()
    leaves = [tree.leaf_hash(b"%d" % at) for at in range(600)]
    full = [tile for leaf in leaves for tile in growth.append(leaf)]
    assert [(tile.level, tile.number) for tile in full] == [(0, 0), (0, 1)]
    roots = tree.root(leaves[:256]) + tree.root(leaves[256:512])
    assert growth.partial() == ((0, 2, b"".join(leaves[512:])), (1, 0, roots))
    assert entry_bundle_path(1_234_067, 256) == "tile/entries/x001/x234/067"
    assert entry_bundle_path(3, 17) == "tile/entries/003.p/17"


def test_bundle_is_never_written_over_another(lab: Lab, whole: Path) -> None:
    with pytest.raises(RequestError, match="is there already"):
        written(lab, whole)


def commands(bundle: Path) -> str:
    blocks = re.findall(r"```sh\n(.*?)```", (bundle / "VERIFY.md").read_text(), re.DOTALL)
    assert len(blocks) == 4
    return "".join(blocks)


def run_guide(bundle: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """The commands of VERIFY.md, as written, one after the other."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(home)}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands(bundle)], cwd=bundle, capture_output=True, text=True,
        env=environment, check=False, timeout=300,
    )  # fmt: skip


GO = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")


@pytest.mark.skipif(
    shutil.which("go") is None or shutil.which("openssl") is None or not GO.exists(),
    reason="golang-go, golang-golang-x-mod-dev and openssl are not on this machine; CI has them",
)
def test_commands_of_the_guide_run_as_written_and_refuse_what_was_altered(
    whole: Path, part: Path, tmp_path: Path
) -> None:
    """Go's sumdb/note and sumdb/tlog, and openssl, agree with us about notes, inclusion and growth."""
    for bundle, told in (
        (whole, "inclusion and consistency proofs: good"),
        (part, "in the tree of its checkpoint: good"),
    ):
        done = run_guide(copy_of(bundle, tmp_path / f"good-{bundle.name}"), tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert told in done.stdout
        assert done.stdout.count("Signature Verified Successfully") == 2
        assert sha256_of("verify.py") in done.stdout
    altered = tampered(whole, tmp_path / "altered", "edited")
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "GOPATH": "/usr/share/gocode",
        "HOME": str(tmp_path),
    }
    program = shutil.copy(FILES / "whole.go", tmp_path / "main.go")
    done = subprocess.run(
        ["go", "run", program], cwd=altered, capture_output=True, text=True, env=environment, check=False
    )
    assert (done.returncode, "REFUSED: invalid signature" in done.stdout) == (1, True), done.stdout + done.stderr
    with_openssl = (FILES / "openssl.sh").read_text() + "check entry"
    (altered / "entry").write_bytes(notes_of(first_bundle(altered))[20])
    done = subprocess.run(["bash", "-c", with_openssl], cwd=altered, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Verified Successfully" not in done.stdout


@needs_chromium
def test_page_checks_a_folder_without_any_network(browser: Chromium, whole: Path, part: Path) -> None:
    for bundle in (whole, part):
        browser.requests.clear()
        browser.open(bundle / "index.html")
        browser.choose("#folder", bundle)
        assert browser.wait_for_verdict() == "Consistent with itself"
        assert "ML-DSA-44" in browser.text("#limits")
        assert [url for url in browser.requests if not url.startswith("file:")] == []
    assert "dose DOSE-1" in browser.text("#story-title")


@needs_chromium
def test_page_opens_a_small_bundle_by_itself_and_says_that_it_is_a_copy(browser: Chromium, part: Path) -> None:
    browser.open(part / "reading-copy.html")
    assert browser.wait_for_verdict() == "Consistent with itself"
    assert "This copy carries its data inside" in browser.text("#limits")
    assert (part / "reading-copy.html").read_bytes() != verifier("index.html")


@needs_chromium
def test_page_says_verified_only_under_fingerprint_and_policy(browser: Chromium, whole: Path, tmp_path: Path) -> None:
    bundle = copy_of(whole, tmp_path / "b")
    cosign_bundle(bundle)
    browser.open(bundle / "index.html")
    browser.choose("#folder", bundle)
    browser.wait_for_verdict()

    def again(fingerprint: str, policy: str) -> str:
        for name, text in (("fingerprint", fingerprint), ("policy", policy)):
            browser.js(f"document.getElementById('{name}').value = {json.dumps(text)}; 0")
        browser.js("check()")
        return browser.text("#verdict-word")

    fingerprint = fingerprint_of(whole)
    assert again(fingerprint, policy_text()) == "Verified under your fingerprint and policy"
    assert again(fingerprint, "") == "Consistent with itself"
    assert again("", policy_text()) == "Consistent with itself"
    assert again(encode_base64(bytes(32)), policy_text()) == "Broken"
    assert "THE FINGERPRINT IS ANOTHER" in browser.text("#findings")
    assert again(fingerprint, policy_text("both")) == "Broken"
    assert "THE POLICY IS NOT MET" in browser.text("#findings")
    assert again(fingerprint, "quorum nobody") == "Broken"


@needs_chromium
@pytest.mark.parametrize("name", [*TAMPERINGS, *FOLDERS])
def test_page_is_red_and_says_where(browser: Chromium, whole: Path, tmp_path: Path, name: str) -> None:
    bundle = tampered(whole, tmp_path / "b", name)
    browser.open(whole / "index.html")
    browser.choose("#folder", bundle)
    assert browser.wait_for_verdict() == "Broken"
    assert browser.js("document.getElementById('verdict').className") == "card bad"
    if name in TAMPERINGS and name != "stripped":
        assert "epoch 1, entry 20" in browser.text("#verdict-told")


@needs_chromium
def test_page_refuses_every_invalid_entry(browser: Chromium, whole: Path) -> None:
    browser.open(whole / "index.html")
    for path in [*sorted(INVALID.glob("*.note")), *sorted(INVALID.parent.glob("example-*.note"))]:
        data = list(path.read_bytes())
        refused = browser.js(
            f"(() => {{ try {{ parseEntry(Uint8Array.from({data})); }} catch (e) {{ return String(e); }} }})()"
        )
        assert bool(refused) == (path.parent == INVALID), (path.name, refused)


@needs_chromium
def test_page_refuses_odd_keys(browser: Chromium, whole: Path) -> None:
    browser.open(whole / "index.html")
    odd = {
        "low order": bytes(32),
        "neutral": b"\1" + bytes(31),
        "not canonical": (2**255 - 19).to_bytes(32, "little"),
        "no point": b"\2" + bytes(31),
    }
    for name, key in odd.items():
        told = browser.js(
            f"(() => {{ try {{ checkPoint(Uint8Array.from({list(key)})); }} catch (e) {{ return String(e); }} }})()"
        )
        assert told, name
        with pytest.raises(verifier_module().BrokenError):
            verifier_module().check_point(key)


@needs_chromium
def test_page_shows_hostile_text_as_text(browser: Chromium, whole: Path) -> None:
    browser.open(whole / "index.html")
    browser.choose("#folder", whole)
    browser.wait_for_verdict()
    browser.js("show('BOX-X')")
    assert "<img src=x" in browser.text("#timeline")
    assert browser.js("document.querySelectorAll('img').length") == 0
    assert "owned" not in str(browser.js("document.title"))


@needs_chromium
def test_page_tells_a_vials_story_and_the_tree_from_donor_to_patient(browser: Chromium, whole: Path) -> None:
    browser.open(whole / "index.html")
    browser.choose("#folder", whole)
    browser.wait_for_verdict()
    browser.js("$('search').value = 'LOT-1-001'; search(); document.querySelector('#list button').click()")
    story = browser.text("#timeline")
    assert "Vials thawed" in story
    assert f"Signed by Maria Silva ({TECHNICIAN}), performed, 2026-11-22" in story
    chain = re.findall(r"(\w+)\s(\S+)", browser.text("#tree"))
    assert [kind for kind, _ in chain] == ["donor", "donation", "lot", "vial", "dose", "order", "patient"]
