"""The remembered head: it follows the ledger, never goes back, and survives what power loss leaves behind."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cryoledger.custody.station.remembered_head import HeadFile, RememberedHead
from cryoledger.errors import LedgerFormatError, StationError

ORIGIN = "velar.example/bangkok"


def head(sequence: int, epoch: int = 1, fill: int = 7) -> RememberedHead:
    origin = ORIGIN if epoch == 1 else f"{ORIGIN}/e{epoch}"
    return RememberedHead(origin, epoch, sequence, bytes([fill]) * 32)


def test_nothing_is_remembered_at_first(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "vault")
    assert file.read() is None
    assert not file.torn
    file.sync()


def test_last_head_comes_back(tmp_path: Path) -> None:
    file = HeadFile(tmp_path / "vault")
    for sequence in range(3):
        assert file.remember(head(sequence)) == head(sequence)
    assert HeadFile(tmp_path / "vault").read() == head(2)
    assert (tmp_path / "vault" / "head").read_text().splitlines()[:3] == [ORIGIN, "1", "2"]


def test_head_never_goes_back(tmp_path: Path) -> None:
    file = HeadFile(tmp_path)
    file.remember(head(5))
    assert file.remember(head(4)) == head(5)
    assert file.read() == head(5)


def test_fork_at_the_same_place_is_shown_and_the_first_kept(tmp_path: Path) -> None:
    file = HeadFile(tmp_path)
    file.remember(head(5))
    assert file.remember(head(5, fill=8)) == head(5)
    assert file.read() == head(5)


def test_new_epoch_begins_at_zero_and_is_later(tmp_path: Path) -> None:
    file = HeadFile(tmp_path)
    file.remember(head(4711))
    assert file.remember(head(0, epoch=2)) == head(0, epoch=2)
    assert file.remember(head(4712)) == head(0, epoch=2)
    assert file.read() == head(0, epoch=2)


def test_every_torn_file_is_unknown_and_no_crash(tmp_path: Path) -> None:
    file = HeadFile(tmp_path)
    file.remember(head(4711))
    whole = (tmp_path / "head").read_bytes()
    for size in range(len(whole)):
        (tmp_path / "head").write_bytes(whole[:size])
        assert file.read() is None
        assert file.torn
    for content in (b"\0" * len(whole), b"\xff" * 9, whole + whole, whole.replace(b"4711", b"04711")):
        (tmp_path / "head").write_bytes(content)
        assert file.read() is None
        assert file.torn
    file.remember(head(4712))
    assert file.read() == head(4712)
    assert not file.torn


def test_synced_head_outlives_a_torn_one(tmp_path: Path) -> None:
    file = HeadFile(tmp_path)
    file.remember(head(10))
    file.sync()
    file.remember(head(11))
    (tmp_path / "head").write_bytes(b"")
    assert file.read() == head(10)
    assert file.torn
    assert file.remember(head(9)) == head(10)
    file.remember(head(12))
    file.sync()
    (tmp_path / "head").unlink()
    assert file.read() == head(12)


def test_a_head_that_others_replaced_meanwhile_is_read_anew(tmp_path: Path) -> None:
    file, other = HeadFile(tmp_path), HeadFile(tmp_path)
    file.remember(head(1))
    file.remember(head(2))  # from here on its files are open
    other.remember(head(1_000_000))
    assert file.remember(head(3)) == head(1_000_000)
    (tmp_path / "head").unlink()
    other.remember(head(5))
    assert file.remember(head(4)) == head(5)
    assert file.remember(head(6)) == head(6)
    assert other.read() == head(6)
    file.close()


def test_a_head_that_was_torn_meanwhile_gives_way_to_the_synced_one(tmp_path: Path) -> None:
    file = HeadFile(tmp_path)
    file.remember(head(10))
    file.sync()
    (tmp_path / "head").write_bytes(b"lab")
    assert file.remember(head(9)) == head(10)
    assert file.remember(head(11)) == head(11)
    assert not file.torn
    file.close()


def test_threads_never_take_it_back(tmp_path: Path) -> None:
    file = HeadFile(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda sequence: file.remember(head(sequence)), range(400)))
    assert file.read() == head(399)
    file.close()


def test_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StationError):
        HeadFile(tmp_path / "file" / "vault").remember(head(1))
    (tmp_path / "head.lock").mkdir()
    with pytest.raises(StationError, match="What was recorded is safe"):
        HeadFile(tmp_path).remember(head(1))


@pytest.mark.parametrize(("epoch", "sequence", "size"), [(0, 0, 32), (1, -1, 32), (1, 0, 31)])
def test_impossible_head_is_refused(epoch: int, sequence: int, size: int) -> None:
    with pytest.raises(LedgerFormatError):
        RememberedHead(ORIGIN, epoch, sequence, bytes(size))


def advance(folder: Path, first: int) -> None:
    file = HeadFile(folder)
    for sequence in range(first, 200, 2):
        file.remember(head(sequence))
        if sequence % 20 < 2:
            file.sync()


def test_two_processes_never_take_it_back(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=advance, args=(tmp_path, first)) for first in (0, 1)]
    for process in processes:
        process.start()
    highest = -1
    while any(process.is_alive() for process in processes):
        found = HeadFile(tmp_path).read()
        if found is not None:
            assert found.sequence >= highest
            highest = found.sequence
    assert [process.exitcode for process in processes] == [0, 0]
    assert HeadFile(tmp_path).read() == head(199)
