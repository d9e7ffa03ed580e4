"""The package's docstring is the specification: its worked example is made again, byte for byte."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import textwrap
from pathlib import Path

import cryoledger.ledger
from cryoledger.ledger import tree
from cryoledger.ledger.entry import ZERO_HASH, Entry, entry_text, parse_entry, seal
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.note import VerifierKey

VECTORS = Path(__file__).parents[1] / "vectors" / "ledger"


def example() -> tuple[list[bytes], list[VerifierKey], str]:
    """The two notes of the docstring, the keys after them, and the words around."""
    _, _, after = (cryoledger.ledger.__doc__ or "").partition("Worked example\n")
    words, _, blocks = after.partition("    cryoledger/entry/v1")
    notes, _, rest = ("    cryoledger/entry/v1" + blocks).partition("The keys that verify them:\n")
    keys = textwrap.dedent(rest.partition("Modules\n")[0]).split()
    one, two = textwrap.dedent(notes).strip().split("\n\ncryoledger")
    found = [one, "cryoledger" + two]
    return [(note + "\n").encode() for note in found], list(map(VerifierKey.parse, keys)), words


def test_the_worked_example_is_made_again_from_its_seeds() -> None:
    notes, keys, words = example()
    previous, entries = ZERO_HASH, list[Entry]()
    for sequence, note in enumerate(notes):
        read = parse_entry(note)
        text = entry_text(read.origin, sequence, previous, read.envelope)
        signers = [
            PrivateKey.from_seed(signer.name, hashlib.sha256(signer.name.encode()).digest())
            for signer in read.envelope.signers
        ]
        assert all(signer.verifier in keys for signer in signers)
        entry = seal(text, [signer.sign(text) for signer in signers])
        assert entry.encode() == note
        entries.append(entry)
        previous = entry.leaf_hash
    leaves = [entry.leaf_hash for entry in entries]
    assert f"`{base64.b64encode(previous).decode()}`" in words
    assert f"`{base64.b64encode(tree.root(leaves)).decode()}`" in words


def test_the_worked_example_is_the_shared_one() -> None:
    notes, keys, _ = example()
    assert notes == [(VECTORS / f"example-{number}.note").read_bytes() for number in (0, 1)]
    assert [key.encode() for key in keys] == (VECTORS / "example.vkeys").read_text().splitlines()


def test_every_module_stands_in_the_specification() -> None:
    folder = Path(cryoledger.ledger.__file__).parent
    for module in folder.glob("[a-z]*.py"):
        assert module.stem in (cryoledger.ledger.__doc__ or ""), module.stem


def test_reading_the_ledger_imports_no_database_no_screen_and_no_crypto_before_it_is_needed() -> None:
    program = (
        "import sys\n"
        "import cryoledger.ledger.checkpoint, cryoledger.ledger.entry, cryoledger.ledger.keys, cryoledger.ledger.tree\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"sqlite3", "sqlalchemy", "sqlmodel", "textual", "typer", "pydantic", "cryptography"}
    assert not heavy & set(done.stdout.split())
