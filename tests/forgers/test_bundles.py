"""The same forgers against what an auditor has: a bundle, its two verifiers, a fingerprint, a policy, an older head.

Every forgery of a vault is exported and shown to `verify.py`; then the bundle's own files are forged. What a bundle
cannot show is named here, with who shows it instead. A sample of both is shown to the page in a browser.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

from cryoledger.exchange.audit_bundle.verifiers import verifier
from cryoledger.ledger.lines import encode_base64
from tests.exchange.bundles import verifier_module
from tests.exchange.chromium import CHROMIUM, Chromium
from tests.forgers.bundles import POLICY, Files, bundled, held_by_the_auditor, judged, written
from tests.forgers.scene import Attempt, Scene, Truth, true_story
from tests.forgers.test_forgers import ATTEMPTS
from tests.forgers.with_a_bundle import BUNDLES, FORGERIES, Forgery

Told = Callable[[str, object], None]
V = "verify.py"
TABLES = "the inventory is in no bundle: what is proven are the entries"
HEADS = "the vault keeps it and the bundle does not; in the bundle it is found, see there"
RULES = "takes the rulebook: `cryoledger verify`; both verifiers say that they do not check it"
TAIL = "nobody outside saw these entries; the station's remembered head, `cryoledger verify`"
NO_LOG_KEY = frozenset({V})  # nobody can sign a head over it

# What a bundle shows otherwise than a vault: by what it is caught, and why.
OTHERWISE: dict[str, tuple[frozenset[str], str]] = {
    "edit a column beside the entry": (frozenset(), TABLES),
    "edit a row of the inventory": (frozenset(), TABLES),
    "delete a row of the inventory": (frozenset(), TABLES),
    "invent a row of the inventory": (frozenset(), TABLES),
    "forge a tile of the tree": (frozenset(), HEADS),
    "sign a second head of the same size": (frozenset(), HEADS),
    "sign a head of entries to come": (frozenset(), HEADS),
    "act against a rule": (frozenset(), RULES),
    "ambiguous JSON: a field that is not declared": (frozenset(), RULES),
    "ambiguous JSON: a default written out": (frozenset(), RULES),
    "cut the last entry": (NO_LOG_KEY, ""),
    "cut below what was given out": (frozenset({V, "held", "policy"}), ""),
    "cut the last entry, sign a head": (frozenset(), TAIL),
    "rewrite own last entries, unseen by any witness": (frozenset(), TAIL),
    "delete the vault's own checkpoints": (NO_LOG_KEY, ""),
    "delete them before an auditor who brings none": (frozenset({V, "policy"}), ""),
    "move the last entry into an epoch of its own": (NO_LOG_KEY, ""),
    "cosign in the witness's name": (frozenset({V, "policy"}), ""),
    "the witness's line under another head": (frozenset({V, "policy"}), ""),
    "put it back; the station finds it and goes on": (frozenset({"held"}), ""),
    "declare less than was lost": (frozenset({"held"}), ""),
}
SAMPLE = 6  # every so many of the forged vaults are shown to the page


@pytest.fixture(scope="module")
def truth() -> Truth:
    return true_story()


def expected(attempt: Attempt) -> frozenset[str]:
    """By what a forged vault's bundle is caught, unless `OTHERWISE` says so."""
    by = {V} if "verify" in attempt.caught else set()
    by |= {"fingerprint"} & attempt.caught.keys()
    by |= {"held"} if attempt.caught.keys() & {"paper", "receipt", "witness"} else set()
    by |= {"policy"} if "witness" in attempt.caught else set()
    return frozenset(by)


def forged(attempt: Attempt, truth: Truth) -> Scene:
    scene = Scene(truth, attempt.held)
    attempt.forge(scene)
    return scene


def places(scene: Scene) -> tuple[str, ...]:
    """Where the forged entries first differ from the true ones, and the entry after, which seals that one; nothing

    where none differs but that some are missing.
    """
    rows = sorted(scene.source.stored, key=lambda row: (row.epoch, row.sequence))
    for row, true in zip_longest(rows, scene.truth.ledger.stored):
        if row is None:
            return ()
        if true is None or row.note != true.note:
            return tuple(f"epoch {row.epoch}, entry {row.sequence + more}:" for more in (0, 1))
    return ()


def test_every_exception_is_an_attempt() -> None:
    assert OTHERWISE.keys() <= {attempt.name for attempt in ATTEMPTS}


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.id)
def test_bundle_of_a_forged_vault_is_red(attempt: Attempt, truth: Truth, tmp_path: Path, record_property: Told) -> None:
    scene = forged(attempt, truth)
    found, remarks = judged(written(bundled(scene), tmp_path), truth, brings=scene.brings)
    by, why = OTHERWISE.get(attempt.name, (expected(attempt), ""))
    assert found.keys() == by, found
    lines = [line for part in found.values() for line in part]
    if V in by and places(scene):
        assert any(line.startswith(places(scene)) for line in found[V]), (places(scene), found)
    if "mark" in attempt.caught:
        assert remarks or lines
    why = why or ("; ".join(remarks) if "mark" in attempt.caught else attempt.untold)
    assert lines or why
    told = (1000 + ATTEMPTS.index(attempt), f"{attempt.holder}, exported as a bundle", attempt.name)
    record_property("forger", (*told, ", ".join(sorted(by)) or "NOBODY", lines[0] if lines else why))


@pytest.fixture(scope="module")
def true_bundles(truth: Truth) -> dict[str, Files]:
    return {name: made(truth) for name, made in BUNDLES.items()}


def forged_files(forgery: Forgery, truth: Truth, true: dict[str, Files]) -> Files:
    files = dict(true[forgery.of])
    forgery.forge(files, truth)
    return files


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: f"{forgery.holder}: {forgery.name}")
def test_forged_bundle_is_red(
    forgery: Forgery, truth: Truth, true_bundles: dict[str, Files], tmp_path: Path, record_property: Told
) -> None:
    bundle = written(forged_files(forgery, truth, true_bundles), tmp_path)
    module = verifier_module()
    try:
        found, remarks = judged(bundle, truth, brings=forgery.brings)
    except module.BrokenError as error:
        found, remarks = {"unread": [str(error)]}, []
    assert found.keys() == forgery.caught.keys(), found
    words = [next((line for line in found[by] if part in line), "") for by, part in forgery.caught.items()]
    assert all(words), found
    assert forgery.remarked in " ".join(remarks)
    assert bool(words) is not bool(forgery.untold)
    by = ", ".join(forgery.caught) or "NOBODY"
    told = (2000 + FORGERIES.index(forgery), forgery.holder, forgery.name, by, words[0] if words else forgery.untold)
    record_property("forger", told)


def test_true_bundles_satisfy_the_auditor(truth: Truth, true_bundles: dict[str, Files], tmp_path: Path) -> None:
    for name in ("whole", "part"):
        assert judged(written(true_bundles[name], tmp_path / name), truth) == ({}, [])


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_bytes(verifier("index.html"))
    with Chromium(tmp_path_factory.mktemp("chromium")) as browser:
        browser.open(folder / "index.html")
        yield browser


def seen(page: Chromium, files: Files, truth: Truth, *, brings: bool = True) -> tuple[str, str, str]:
    """The page's verdict over files, its findings and its class, under what the auditor has."""
    held = b"\n".join(held_by_the_auditor(truth)).decode() if brings else ""
    given = {"fingerprint": encode_base64(truth.fingerprint), "policy": POLICY, "held": held}
    data = {path: base64.b64encode(content).decode() for path, content in files.items()}
    page.js(
        f"(async () => {{ for (const [id, text] of Object.entries({json.dumps(given)})) $(id).value = text;"
        f"const bytes = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));"
        f"await take(new Map(Object.entries({json.dumps(data)}).map(([path, text]) => {{ const data = bytes(text);"
        "return [path, { size: data.length, arrayBuffer: async () => data.buffer }]; }))); })()"
    )
    shown = "document.getElementById('findings').textContent"
    return page.text("#verdict-word"), str(page.js(shown)), str(page.js("$('verdict').className"))


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on this machine; CI has it")
def test_page_is_red_where_verify_py_is_and_says_where(
    page: Chromium, truth: Truth, true_bundles: dict[str, Files]
) -> None:
    for name in ("whole", "part", "restored"):
        word, told, _ = seen(page, true_bundles[name], truth)
        assert word == "Verified under your fingerprint and policy", (name, told)
    assert "were lost, declared by two in entry 2/0" in told
    for forgery in FORGERIES:
        word, told, colour = seen(page, forged_files(forgery, truth, true_bundles), truth, brings=forgery.brings)
        assert (word == "Broken") is (colour == "card bad") is bool(forgery.caught), (forgery.name, told)
        for by, part in forgery.caught.items():
            where = part.partition(": ")[0] if forgery.of == "part" else part[: len("epoch 1")]
            assert by != V or not part.startswith("epoch") or where in told, (forgery.name, told)
        assert forgery.remarked in told


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on this machine; CI has it")
def test_page_is_red_over_the_bundle_of_a_forged_vault(page: Chromium, truth: Truth) -> None:
    sample = [*ATTEMPTS[::SAMPLE], *(each for each in ATTEMPTS if "odd public key" in each.name)]
    for attempt in sample:
        scene = forged(attempt, truth)
        by, _ = OTHERWISE.get(attempt.name, (expected(attempt), ""))
        word, told, _ = seen(page, bundled(scene), truth, brings=scene.brings)
        assert (word == "Broken") is bool(by), (attempt.name, told)
        if V in by and places(scene):
            assert any(place in told for place in places(scene)), (attempt.name, told)
