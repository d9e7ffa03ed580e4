"""A vault that its reader may not write, as an auditor has one on a stick, is verified in place."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cryoledger.cli import exit_codes
from cryoledger.database import files
from cryoledger.errors import VaultError
from tests.cli.conftest import PROGRAM, Done, Terminal, Two

CAPBSET_DROP, DAC_OVERRIDE, DAC_READ_SEARCH = 24, 1, 2


def as_anybody() -> None:
    """In the child: root too obeys the modes of files."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (DAC_OVERRIDE, DAC_READ_SEARCH):
            libc.prctl(CAPBSET_DROP, capability, 0, 0, 0)


def verify(vault: Path, *options: object) -> Done:
    command = [str(PROGRAM), "verify", str(vault), *map(str, options)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120, preexec_fn=as_anybody)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def stick(lab: Terminal) -> Iterator[Path]:
    folder = lab.folder / "stick"
    folder.mkdir()
    copy = folder / "lab.cryoledger"
    copy.write_bytes(lab.vault.read_bytes())
    yield copy
    folder.chmod(0o700)


def read_only(vault: Path) -> None:
    vault.chmod(0o400)
    vault.parent.chmod(0o500)


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="root obeys modes by a call of Linux")


def test_a_read_only_copy_is_verified_in_place_and_says_how_it_was_read(stick: Path) -> None:
    read_only(stick)
    done = verify(stick)
    assert done.code == exit_codes.OK, done
    assert "read as it lies, without a lock: this user may not write it" in done.out
    assert list(stick.parent.iterdir()) == [stick]


def test_a_read_only_copy_says_so_whatever_is_asked_of_it(two: Two) -> None:
    assert two.seen().code == 0
    folder = two.stick / "copied"
    folder.mkdir()
    vault, seen, policy = folder / "lab.cryoledger", two.stick / "a.cosigned", two.policy
    vault.write_bytes(two.lab.vault.read_bytes())
    read_only(vault)
    try:
        for options in (("--hash-only",), ("--since", seen, "--policy", policy)):
            done = verify(vault, *options)
            assert done.code == exit_codes.OK, done
            assert "read as it lies, without a lock: this user may not write it" in done.out
    finally:
        folder.chmod(0o700)


def test_a_read_only_copy_that_was_altered_is_found(stick: Path) -> None:
    with closing(sqlite3.connect(stick, isolation_level=None)) as connection:
        connection.execute("UPDATE person SET roles = 'administrator' WHERE name = 'maria.s'")
    read_only(stick)
    done = verify(stick)
    assert (done.code, "maria.s" in done.out) == (exit_codes.FINDINGS, True), done


def test_a_read_only_copy_with_a_part_in_its_log_is_not_read_without_it(stick: Path) -> None:
    stick.with_name(stick.name + "-wal").write_bytes(b"a log that only a writer may read")
    read_only(stick)
    done = verify(stick)
    assert (done.code, "a part of it lies in its log lab.cryoledger-wal" in done.err) == (exit_codes.USAGE, True), done


def test_what_was_written_while_it_was_read_without_a_lock_says_nothing(stick: Path) -> None:
    with (
        pytest.raises(VaultError, match="was written while it was read"),
        files.lying_still(stick),
        closing(sqlite3.connect(stick, isolation_level=None)) as connection,
    ):
        connection.execute("UPDATE person SET wrong_pins = 1 WHERE name = 'maria.s'")
    with files.lying_still(stick):
        stick.read_bytes()
