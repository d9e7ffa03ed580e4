"""A receipt leaves the laboratory and is checked on a machine that has no vault, under the reader's own policy."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from cryoledger.ledger.proof import parse_receipt
from tests.cli.conftest import ORIGIN, Done, Terminal, Two


@pytest.fixture
def elsewhere(two: Two) -> Two:
    """The laboratory with an entry about a unit, and a place for the receipt."""
    two.work("F1")
    return two


def checked(two: Two, file: Path, policy: Path, *more: str) -> Done:
    """`receipt verify` on a machine without the vault."""
    return two.at_witness("receipt", "verify", file, "--policy", policy, *more)


def test_a_cosigned_receipt_is_told_in_words_without_a_vault(elsewhere: Two) -> None:
    assert elsewhere.seen().code == 0
    file = elsewhere.stick / "f1.tlog-proof"
    elsewhere.lab.does("receipt", "F1", "--to", file, "--policy", elsewhere.policy)
    done = checked(elsewhere, file, elsewhere.policy)
    assert done.code == 0, done.err
    assert f"PROVEN: entry 6 of {ORIGIN}" in done.out
    assert "StorageUnitAdded" in done.out
    assert "ines.a (set up; key not given)" in done.out
    assert "cosigned  it, 20" in done.out
    told = checked(elsewhere, file, elsewhere.policy, "--json").json
    assert told["cosigned"][0]["name"] == "it"
    assert told["event"]["data"]["unit"] == "F1"


def test_a_receipt_that_lacks_the_witness_is_refused(elsewhere: Two) -> None:
    file = elsewhere.stick / "f1.tlog-proof"
    done = elsewhere.lab.does("receipt", "F1", "--to", file)
    assert "Nobody outside has cosigned" in done.err
    done = checked(elsewhere, file, elsewhere.policy)
    assert done.code == 8
    assert "lacks witnesses" in done.err
    assert done.out == ""
    assert elsewhere.lab.run("receipt", "F1", "--to", file, "--replace", "--policy", elsewhere.policy).code == 8
    alone = elsewhere.stick / "alone.policy"
    alone.write_text(f"log {elsewhere.lab.read('checkpoint', 'keys')[0]}\nquorum none\n")
    assert "nobody; the policy asks for none" in checked(elsewhere, file, alone).out


def test_a_policy_is_the_reader_s_own_and_is_asked_for(elsewhere: Two) -> None:
    file = elsewhere.stick / "f1.tlog-proof"
    elsewhere.lab.does("receipt", "F1", "--to", file)
    assert "No policy was named" in elsewhere.at_witness("receipt", "verify", file).err
    other = elsewhere.stick / "other.policy"
    other.write_text("quorum none\n")
    assert "lists no log" in checked(elsewhere, file, other).err


def test_signatures_of_people_are_checked_by_their_keys(elsewhere: Two) -> None:
    assert elsewhere.seen().code == 0
    file = elsewhere.stick / "f1.tlog-proof"
    elsewhere.lab.does("receipt", "F1", "--to", file)
    vkey = next(key for key in _vkeys(elsewhere.lab) if key.startswith("ines.a+"))
    assert "; checked)" in checked(elsewhere, file, elsewhere.policy, "--signer", vkey).out
    other = next(key for key in _vkeys(elsewhere.lab) if key.startswith("quinn.o+"))
    done = checked(elsewhere, file, elsewhere.policy, "--signer", other)
    assert done.code == 8
    assert "bears no signature by the key quinn.o" in done.err


def test_whatever_is_changed_in_a_receipt_is_refused(elsewhere: Two) -> None:
    assert elsewhere.seen().code == 0
    file = elsewhere.stick / "f1.tlog-proof"
    elsewhere.lab.does("receipt", "F1", "--to", file)
    content = file.read_bytes()
    receipt = parse_receipt(content)
    note = base64.b64encode(receipt.note.replace(b'"F1"', b'"F2"')).decode()
    lines = content.decode().split("\n")
    forged = ["\n".join([lines[0], f"extra {note}", *lines[2:]]), content.decode().replace("index 6", "index 5")]
    forged += [
        content.decode().replace(f"{ORIGIN}\n", "other.example/lab\n"),
        content.decode().replace(lines[3], lines[4], 1),
    ]
    for text in forged:
        assert text != content.decode()
        file.write_text(text)
        done = checked(elsewhere, file, elsewhere.policy)
        assert done.code == 8, text
        assert done.out == ""
    for text in ("", "c2sp.org/tlog-proof@v1\n", content.decode()[:-9]):
        file.write_text(text)
        assert checked(elsewhere, file, elsewhere.policy).code == 8


def test_an_entry_is_named_by_its_number_or_by_its_thing(elsewhere: Two) -> None:
    lab, file = elsewhere.lab, elsewhere.stick / "one.tlog-proof"
    for words, wanted in ((["3"], 3), (["1/3"], 3), (["quinn.o", "--event", "KeyIssued"], 1)):
        assert lab.read("receipt", "write", *words, "--to", file, "--replace")["sequence"] == wanted
        assert parse_receipt(file.read_bytes()).entry.sequence == wanted
    for words, why in (
        (["999"], "There is no entry"),
        (["0/3"], "epochs count from 1"),
        (["NOTHING"], "has the code"),
        (["F1", "--event", "VialsShipped"], "No entry VialsShipped names"),
        (["F1", "--event", "Nonsense"], "no event type"),
    ):
        done = lab.run("receipt", *words, "--to", file, "--replace")
        assert done.code == 2
        assert why in done.err


def _vkeys(lab: Terminal) -> list[str]:
    return [row["vkey"] for row in lab.read("keys")]
