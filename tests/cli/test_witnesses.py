"""A vault and a witness in homes of their own: over a stick, on paper and over HTTP; set back, forked, rewritten."""

from __future__ import annotations

import http.client
import sqlite3
import subprocess
import threading
from collections.abc import Iterator

import pytest

from cryoledger.custody.proof.witness import Witness
from cryoledger.custody.proof.witness_http import Server
from cryoledger.ledger.checkpoint import parse_checkpoint
from cryoledger.ledger.witnessing import parse_request
from tests.cli.conftest import ORIGIN, WITNESS, Two


def test_a_round_over_a_stick_closes_the_exposed_window(two: Two) -> None:
    assert two.lab.run("verify", "--policy", two.policy).code == 1
    assert two.seen().code == 0
    assert two.lab.read("checkpoint", "list")["exposed"] == 0
    report = two.lab.read("verify", "--policy", two.policy)
    assert report["ok"], report["findings"]
    two.work("F1")
    assert two.lab.read("checkpoint", "list")["exposed"] == 1
    report = two.lab.read("verify", "--policy", two.policy)
    assert any("the last 1 of" in line for line in report["covers"])
    assert two.seen().code == 0
    assert "not run: witness" not in two.lab.does("verify", "--policy", two.policy).out


def test_only_what_the_witness_has_not_seen_is_checked_again(two: Two) -> None:
    assert two.seen().code == 0
    since = two.stick / "a.cosigned"
    two.work("F1")
    done = two.lab.does("verify", "--since", since, "--policy", two.policy)
    assert "covers: taken on the word of it and of the log: the first " in done.out
    assert "covers: signatures: of the 1 entry after it" in done.out
    assert done.out.splitlines()[-1].startswith("VERIFIED SINCE THE CHECKPOINT")
    report = two.lab.read("verify", "--since", since, "--policy", two.policy)
    assert (report["ok"], report["scope"]) == (True, "since")
    with sqlite3.connect(two.lab.vault) as connection:
        (trigger,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'entry_no_update'").fetchone()
        connection.execute("DROP TRIGGER entry_no_update")
        connection.execute(
            "UPDATE entry SET note = CAST(replace(CAST(note AS TEXT), 'Maria', 'Marta') AS BLOB) WHERE sequence < 9"
        )
        connection.execute(trigger)
    assert two.lab.run("verify", "--since", since, "--policy", two.policy).code == 1


def test_a_past_is_taken_on_nobodys_word_but_the_policys(two: Two) -> None:
    bare = two.stick / "bare.checkpoint"
    two.lab.does("checkpoint", "sign", "--out", bare)
    found = two.lab.run("verify", "--since", bare, "--policy", two.policy)
    assert found.code == 1
    assert "lacks witnesses" in found.out
    without = two.lab.run("verify", "--since", bare)
    assert without.code == 2
    assert "--policy must name them" in without.err
    assert two.lab.run("verify", "--since", bare, "--policy", two.policy, "--hash-only").code == 2
    assert two.lab.run("verify", "--since", "/nowhere", "--policy", two.policy).code == 2


def test_the_witness_keeps_its_key_to_itself(two: Two) -> None:
    key = two.lab.folder / "witness-home" / "witness" / "key"
    assert key.stat().st_mode & 0o777 == 0o600
    again = two.at_witness("witness", "init", WITNESS)
    assert again.code == 6
    assert "left as it is" in again.err
    key.chmod(0o644)
    assert "others can open it" in two.at_witness("witness", "status").err


def test_a_round_on_paper(two: Two) -> None:
    """Request and answer are QR codes: printed, read back from a picture."""
    asked, answer = two.stick / "asked.pdf", two.stick / "answer.png"
    two.seen()
    two.work("F1")
    two.lab.does("witness", "request", "--out", asked)
    subprocess.run(["pdftoppm", "-r", "200", "-png", "-singlefile", asked, two.stick / "photo"], check=True)
    assert "is a PDF, which is for printing" in two.at_witness("witness", "cosign", asked).err
    done = two.at_witness("witness", "cosign", two.stick / "photo.png", "--out", answer)
    assert done.code == 0, done.err
    two.lab.does("witness", "accept", answer, "--policy", two.policy)
    assert two.lab.read("checkpoint", "list")["exposed"] == 0
    kept = two.lab.read("verify", "--policy", two.policy)
    assert kept["ok"], kept["findings"]


def test_the_printed_sheet_alone_is_enough_for_a_first_look(two: Two) -> None:
    two.lab.does("checkpoint", "sheet", "--out", two.stick / "sheet.png")
    assert two.at_witness("witness", "cosign", two.stick / "sheet.png").code == 0
    assert f'"origin": "{ORIGIN}"' in two.at_witness("witness", "status", "--json").out


def test_a_rollback_is_refused_by_name(two: Two) -> None:
    kept = two.save()
    two.work("F1")
    assert two.seen().code == 0
    two.go_back(kept)
    done = two.seen()
    assert done.code == 8
    assert "ROLLBACK" in done.err
    assert "1 entry is gone" in done.err


def test_a_fork_is_refused_by_name(two: Two) -> None:
    kept = two.save()
    two.work("F1")
    assert two.seen().code == 0
    two.go_back(kept)
    two.work("F2")
    done = two.seen()
    assert done.code == 8
    assert "FORK" in done.err


def test_a_rewrite_by_whoever_holds_every_key_is_refused_by_name(two: Two) -> None:
    """The machine's owner has the log key and the people's PINs; only what the witness remembers is out of reach."""
    kept = two.save()
    two.work("F1")
    assert two.seen().code == 0
    size = two.lab.read("checkpoint", "list")["entries"]
    two.go_back(kept)
    two.work("F2")
    two.work("F3")
    assert two.lab.read("verify")["ok"]
    asked = two.stick / "rewritten.request"
    two.lab.does("witness", "request", "--out", asked, "--from-size", size)
    done = two.at_witness("witness", "cosign", asked)
    assert done.code == 8
    assert "REWRITE" in done.err
    status = two.at_witness("witness", "status")
    assert "REFUSED, kept as proof" in status.out


def test_a_request_from_another_size_is_asked_for_again(two: Two) -> None:
    assert two.seen().code == 0
    two.work("F1")
    asked = two.stick / "old.request"
    two.lab.does("witness", "request", "--out", asked, "--from-size", 3)
    done = two.at_witness("witness", "cosign", asked)
    assert done.code == 8
    assert "--from-size" in done.err


def test_an_unknown_log_and_a_forged_signature_are_refused(two: Two) -> None:
    two.lab.does("witness", "request", "--out", two.stick / "a.request")
    request = parse_request((two.stick / "a.request").read_bytes())
    torn = request.encode().replace(ORIGIN.encode() + b"\n", b"other.example/lab\n", 1)
    (two.stick / "b.request").write_bytes(torn)
    assert "knows no log" in two.at_witness("witness", "cosign", two.stick / "b.request").err
    lines = request.encode().decode().split("\n")
    lines[-2] = lines[-3].replace("— ", "— ", 1)
    size = f"\n{request.checkpoint.checkpoint.size}\n"
    (two.stick / "c.request").write_bytes(request.encode().replace(size.encode(), b"\n99\n", 1))
    done = two.at_witness("witness", "cosign", two.stick / "c.request")
    assert done.code == 8
    assert "does not fit the text" in done.err


def test_accepting_needs_a_witness_of_the_policy(two: Two) -> None:
    two.lab.does("witness", "request", "--out", two.stick / "a.request")
    two.at_witness("witness", "cosign", two.stick / "a.request", "--out", two.stick / "a.cosigned")
    bare = two.lab.folder / "bare.policy"
    bare.write_text("quorum none\n")
    assert "No witness that the policy names" in two.lab.run(
        "witness", "accept", two.stick / "a.cosigned", "--policy", bare
    ).err  # fmt: skip
    assert "No policy was named" in two.lab.run("witness", "accept", two.stick / "a.cosigned").err


@pytest.mark.parametrize("content", [b"", b"old 1\n", b"\x89PNG\r\n", b"x" * 70_000, b"old 01\n\nx\n"])
def test_bytes_that_are_no_request_are_refused(two: Two, content: bytes) -> None:
    path = two.stick / "bad.request"
    path.write_bytes(content)
    done = two.at_witness("witness", "cosign", path)
    assert done.code == 8
    assert "Traceback" not in done.err


@pytest.fixture
def served(two: Two) -> Iterator[str]:
    """The witness answering on this machine."""
    two.patch.setenv("CRYOLEDGER_HOME", str(two.lab.folder / "witness-home"))
    server = Server(Witness.open(), "127.0.0.1", 0, lambda _: None)
    two.patch.setenv("CRYOLEDGER_HOME", str(two.lab.folder / "home"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def post(url: str, body: bytes, path: str = "/add-checkpoint") -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    connection.request("POST", path, body)
    answer = connection.getresponse()
    return answer.status, answer.headers.get_content_type(), answer.read()


def test_a_round_over_http(two: Two, served: str) -> None:
    two.lab.does("witness", "submit", served, "--policy", two.policy)
    two.work("F1")
    two.lab.does("witness", "submit", served, "--policy", two.policy)
    assert two.lab.read("checkpoint", "list")["exposed"] == 0


def test_http_refuses_a_vault_that_was_set_back_or_forked(two: Two, served: str) -> None:
    kept = two.save()
    two.work("F1")
    two.lab.does("witness", "submit", served, "--policy", two.policy)
    two.go_back(kept)
    assert "ROLLBACK" in two.lab.run("witness", "submit", served, "--policy", two.policy).err
    two.work("F2")
    assert "FORK" in two.lab.run("witness", "submit", served, "--policy", two.policy).err
    two.work("F3")
    assert "REWRITE" in two.lab.run("witness", "submit", served, "--policy", two.policy).err


def test_http_answers_with_the_codes_of_the_specification(two: Two, served: str) -> None:
    two.lab.does("witness", "request", "--out", two.stick / "first.request")
    first = (two.stick / "first.request").read_bytes()
    status, _, body = post(served, first)
    assert status == 200
    head = parse_request(first).checkpoint.checkpoint
    assert parse_checkpoint(head.text + b"\n" + body).signatures[0].name == WITNESS
    assert post(served, first)[:2] == (409, "text/x.tlog.size")
    assert post(served, first)[2] == b"%d\n" % head.size
    assert post(served, first.replace(ORIGIN.encode(), b"other.example/x", 1))[0] == 404
    assert post(served, first.replace(b"\n%d\n" % head.size, b"\n%d\n" % (head.size + 1), 1))[0] == 403
    assert post(served, first.replace(b"old 0", b"old %d" % (head.size + 1), 1))[0] == 400
    assert post(served, b"nonsense")[0] == 400
    assert post(served, first, "/other")[0] == 404
    two.work("F1")
    two.lab.does("witness", "request", "--out", two.stick / "second.request", "--from-size", head.size)
    second = (two.stick / "second.request").read_bytes()
    lines = second.split(b"\n")
    assert post(served, second.replace(lines[1] + b"\n", b"", 1))[0] == 422
    assert post(served, second)[0] == 200


def test_http_bounds_what_it_reads(two: Two, served: str) -> None:
    assert post(served, b"x" * 70_000)[0] == 413
    connection = http.client.HTTPConnection(served.removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/add-checkpoint")
    connection.endheaders()
    assert connection.getresponse().status == 411


def test_a_witness_does_not_listen_to_the_world(two: Two) -> None:
    for address in ("0.0.0.0:8440", "8.8.8.8:8440", "nonsense", "127.0.0.1:x"):
        done = two.at_witness("witness", "serve", "--listen", address)
        assert done.code == 2, address
