"""A station's own files: whole, private, never written over, and refused when somebody changed them."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from cryoledger.custody.keys import secret_file
from cryoledger.custody.station.station_folder import StationFolder, default_vault_path
from cryoledger.errors import LedgerFormatError, StationError

FINGERPRINT = bytes(range(32))
SECRET, SEED = bytes(range(100, 132)), bytes(range(50, 82))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRYOLEDGER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def folder(home: Path) -> StationFolder:
    return StationFolder.for_vault(FINGERPRINT)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_folder_is_named_by_the_fingerprint_under_the_set_home(home: Path, folder: StationFolder) -> None:
    assert folder.path == folder.state == home / "0001020304050607"
    assert default_vault_path() == home / "vault.cryoledger"
    assert not home.exists()


def test_folders_of_the_platform_without_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYOLEDGER_HOME", "")
    for name in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    folder = StationFolder.for_vault(FINGERPRINT)
    assert folder.path.name == folder.state.name == "0001020304050607"
    assert folder.path != folder.state
    assert "cryoledger" in folder.path.parts
    assert default_vault_path().name == "vault.cryoledger"


def test_secret_and_station_key_come_back(folder: StationFolder) -> None:
    assert not folder.exists
    folder.write_secret(SECRET)
    folder.write_station("freezer-room-1", SEED)
    again = StationFolder.for_vault(FINGERPRINT)
    assert again.exists
    assert again.read_secret() == SECRET
    assert again.read_station() == ("freezer-room-1", SEED)
    assert sorted(path.name for path in folder.path.iterdir()) == ["station.key", "vault.secret"]


@pytest.mark.parametrize("umask", [0, 0o022, 0o277, 0o777])
def test_files_are_private_under_any_umask(folder: StationFolder, umask: int) -> None:
    folder.path.parent.mkdir()
    before = os.umask(umask)
    try:
        folder.write_secret(SECRET)
        folder.write_station("freezer-room-1", SEED)
    finally:
        os.umask(before)
    assert mode(folder.path) == 0o700
    assert [mode(path) for path in folder.path.iterdir()] == [0o600, 0o600]


def test_writing_again_is_idempotent_but_nothing_is_written_over(folder: StationFolder) -> None:
    folder.write_secret(SECRET)
    folder.write_station("freezer-room-1", SEED)
    folder.write_secret(SECRET)
    folder.write_station("freezer-room-1", SEED)
    with pytest.raises(StationError, match="left as it is"):
        folder.write_secret(SEED)
    with pytest.raises(StationError, match="left as it is"):
        folder.write_station("freezer-room-2", SEED)
    assert folder.read_secret() == SECRET
    assert folder.read_station() == ("freezer-room-1", SEED)
    assert len(list(folder.path.iterdir())) == 2


def test_of_many_writers_at_once_one_wins_and_the_file_is_whole(tmp_path: Path) -> None:
    path, won, lost = tmp_path / "secret", [], []

    def write(number: int) -> None:
        try:
            secret_file.write_new(path, b"%d\n" % number, "the secret")
            won.append(number)
        except StationError:
            lost.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    assert path.read_bytes() == b"%d\n" % won[0]
    assert list(tmp_path.iterdir()) == [path]


def test_missing_files_are_reported_with_advice(folder: StationFolder) -> None:
    for read in (folder.read_secret, folder.read_station):
        with pytest.raises(StationError, match="missing") as refused:
            read()
        assert "recovery sheet" in refused.value.advice


@pytest.mark.parametrize("bits", [0o604, 0o640, 0o660, 0o601, 0o666])
def test_file_that_others_can_open_is_refused(folder: StationFolder, bits: int) -> None:
    folder.write_secret(SECRET)
    (folder.path / "vault.secret").chmod(bits)
    with pytest.raises(StationError, match=f"mode {bits:04o}") as refused:
        folder.read_secret()
    assert "chmod 600" in refused.value.advice


def test_links_pipes_and_folders_are_refused(folder: StationFolder, tmp_path: Path) -> None:
    folder.write_secret(SECRET)
    path = folder.path / "vault.secret"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StationError, match="symbolic link"):
        folder.read_secret()
    with pytest.raises(StationError):
        folder.write_secret(SECRET)
    path.unlink()
    path.symlink_to(tmp_path / "dangling")
    with pytest.raises(StationError):
        folder.write_secret(SECRET)
    assert not (tmp_path / "dangling").exists()
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(StationError, match="regular file"):
        folder.read_secret()
    path.unlink()
    path.mkdir()
    with pytest.raises(StationError, match="regular file"):
        folder.read_secret()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_file_of_another_user_is_refused(folder: StationFolder) -> None:
    folder.write_secret(SECRET)
    os.chown(folder.path / "vault.secret", 12345, -1)
    with pytest.raises(StationError, match="another user"):
        folder.read_secret()


def test_every_half_written_file_is_refused_without_showing_it(folder: StationFolder) -> None:
    folder.write_secret(SECRET)
    folder.write_station("freezer-room-1", SEED)
    for name, read in (("vault.secret", folder.read_secret), ("station.key", folder.read_station)):
        whole = (folder.path / name).read_bytes()
        for size in range(len(whole)):
            (folder.path / name).write_bytes(whole[:size])
            with pytest.raises(StationError, match="damaged") as refused:
                read()
            assert refused.value.__suppress_context__ or refused.value.__context__ is None
            assert whole[-20:-1].decode() not in str(refused.value)


@pytest.mark.parametrize("content", [b"\xff\n", b"AAAA\n", b"\n", b"not base64\n", b"two words\n" + b"A" * 44 + b"\n"])
def test_other_content_is_refused(folder: StationFolder, content: bytes) -> None:
    folder.write_secret(SECRET)
    folder.write_station("freezer-room-1", SEED)
    for name, read in (("vault.secret", folder.read_secret), ("station.key", folder.read_station)):
        (folder.path / name).write_bytes(content)
        with pytest.raises(StationError, match="damaged"):
            read()


def test_huge_file_is_not_read(folder: StationFolder) -> None:
    folder.write_secret(SECRET)
    os.truncate(folder.path / "vault.secret", 1 << 30)
    with pytest.raises(StationError, match="too big"):
        folder.read_secret()


def test_folder_that_cannot_be_made_is_reported(home: Path, folder: StationFolder) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(StationError, match="cannot be made"):
        folder.write_secret(SECRET)


def test_full_disk_leaves_no_file(folder: StationFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StationError, match="No space left"):
        folder.write_secret(SECRET)
    assert list(folder.path.iterdir()) == []


def test_wrong_sizes_and_names_are_misuse(folder: StationFolder) -> None:
    with pytest.raises(RuntimeError):
        folder.write_secret(b"short")
    with pytest.raises(RuntimeError):
        folder.write_station("freezer-room-1", b"short")
    with pytest.raises(RuntimeError):
        StationFolder.for_vault(b"short")
    with pytest.raises(LedgerFormatError):
        folder.write_station("two words", SEED)


def test_repr_shows_no_secret(folder: StationFolder) -> None:
    folder.write_secret(SECRET)
    assert repr(SECRET) not in repr(folder)
