"""Subjects' keys: one per person, apart from the vault, useless without the vault secret, gone when destroyed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from cryoledger.custody.keys.subject_keys import SubjectKeys, file_key
from cryoledger.errors import StationError, VaultDamagedError

ORIGIN = "velar.example/bangkok"
SECRET = bytes(range(100, 132))


@pytest.fixture
def keys(tmp_path: Path) -> SubjectKeys:
    return SubjectKeys(tmp_path, SECRET, ORIGIN)


def again(folder: Path) -> SubjectKeys:
    return SubjectKeys(folder, SECRET, ORIGIN)


def test_key_comes_back_and_differs_by_subject(keys: SubjectKeys, tmp_path: Path) -> None:
    patient, donor = keys.create("patient", "BKP000001X"), keys.create("donor", "BKP000001X")
    assert len(patient) == len(donor) == 32
    assert patient != donor
    for each in (keys, again(tmp_path)):
        assert each.get("patient", "BKP000001X") == patient
        assert each.get("donor", "BKP000001X") == donor
        assert each.get("patient", "BKP000002X") is None


def test_creating_twice_gives_the_same_key(keys: SubjectKeys, tmp_path: Path) -> None:
    key = keys.create("patient", "BKP000001X")
    assert keys.create("patient", "BKP000001X") == key
    assert again(tmp_path).create("patient", "BKP000001X") == key
    assert len((tmp_path / "subjects.keys").read_bytes().splitlines()) == 1


def test_nothing_is_there_before_the_first_key(tmp_path: Path) -> None:
    keys = again(tmp_path / "vault")
    assert keys.get("patient", "BKP000001X") is None
    assert not (tmp_path / "vault").exists()
    keys.create("patient", "BKP000001X")
    assert stat.S_IMODE((tmp_path / "vault").stat().st_mode) == 0o700


@pytest.mark.parametrize("umask", [0, 0o777])
def test_file_is_private_under_any_umask(keys: SubjectKeys, tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        keys.create("patient", "BKP000001X")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "subjects.keys").stat().st_mode) == 0o600


def test_file_holds_no_key_in_the_clear(keys: SubjectKeys, tmp_path: Path) -> None:
    key = keys.create("patient", "BKP000001X")
    content = (tmp_path / "subjects.keys").read_bytes()
    for each in (key, key.hex().encode(), base64.b64encode(key), SECRET):
        assert each not in content
    assert repr(key) not in repr(keys)


@pytest.mark.parametrize(("secret", "origin"), [(bytes(32), ORIGIN), (SECRET, "velar.example/other")])
def test_another_secret_or_origin_opens_nothing(keys: SubjectKeys, tmp_path: Path, secret: bytes, origin: str) -> None:
    keys.create("patient", "BKP000001X")
    with pytest.raises(StationError, match="does not open"):
        SubjectKeys(tmp_path, secret, origin).get("patient", "BKP000001X")
    assert file_key(secret, origin) != file_key(SECRET, ORIGIN)


def test_line_given_to_another_subject_does_not_open(keys: SubjectKeys, tmp_path: Path) -> None:
    keys.create("patient", "BKP000001X")
    path = tmp_path / "subjects.keys"
    path.write_bytes(path.read_bytes().replace(b"BKP000001X", b"BKP000002X"))
    with pytest.raises(StationError, match="does not open"):
        again(tmp_path).get("patient", "BKP000002X")


def test_key_added_by_another_process_is_seen(keys: SubjectKeys, tmp_path: Path) -> None:
    keys.create("patient", "BKP000001X")
    key = again(tmp_path).create("patient", "BKP000002X")
    assert keys.get("patient", "BKP000002X") == key
    assert keys.create("patient", "BKP000002X") == key


def test_destroyed_key_is_not_kept_in_memory(keys: SubjectKeys, tmp_path: Path) -> None:
    first, _ = keys.create("patient", "BKP000001X"), keys.create("patient", "BKP000002X")
    path = tmp_path / "subjects.keys"
    line = path.read_bytes().splitlines(keepends=True)[0]
    (tmp_path / "new").touch(0o600)
    (tmp_path / "new").write_bytes(line)
    (tmp_path / "new").replace(path)
    assert keys.get("patient", "BKP000002X") is None
    assert keys.get("patient", "BKP000001X") == first
    path.unlink()
    assert keys.get("patient", "BKP000001X") is None


def test_every_torn_last_line_is_passed_over_and_replaced(keys: SubjectKeys, tmp_path: Path) -> None:
    first = keys.create("patient", "BKP000001X")
    path = tmp_path / "subjects.keys"
    kept = path.read_bytes()
    keys.create("patient", "BKP000002X")
    whole = path.read_bytes()
    for size in range(len(kept), len(whole)):
        path.write_bytes(whole[:size])
        opened = again(tmp_path)
        assert opened.get("patient", "BKP000001X") == first
        assert opened.get("patient", "BKP000002X") is None
        third = opened.create("patient", "BKP000003X")
        assert again(tmp_path).get("patient", "BKP000003X") == third
        assert len(path.read_bytes().splitlines()) == 2


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b"\xff", b'{"code": "x"}', b'{"code":1,"key":2,"kind":3,"nonce":4}']
)
def test_damaged_line_is_refused_by_its_number(keys: SubjectKeys, tmp_path: Path, line: bytes) -> None:
    keys.create("patient", "BKP000001X")
    path = tmp_path / "subjects.keys"
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(StationError, match="damaged in line 2") as refused:
        again(tmp_path).get("patient", "BKP000001X")
    assert "backup" in refused.value.advice


def test_short_nonce_or_key_is_refused(keys: SubjectKeys, tmp_path: Path) -> None:
    keys.create("patient", "BKP000001X")
    path = tmp_path / "subjects.keys"
    line = json.loads(path.read_text())
    path.write_text(json.dumps({**line, "nonce": "AAAA"}, separators=(",", ":")) + "\n")
    with pytest.raises(StationError, match="damaged"):
        again(tmp_path).get("patient", "BKP000001X")
    path.write_text(json.dumps({**line, "key": "AAAA"}, separators=(",", ":")) + "\n")
    with pytest.raises(StationError, match="does not open"):
        again(tmp_path).get("patient", "BKP000001X")


def test_file_open_to_others_is_refused(keys: SubjectKeys, tmp_path: Path) -> None:
    keys.create("patient", "BKP000001X")
    (tmp_path / "subjects.keys").chmod(0o644)
    with pytest.raises(StationError, match="others can open it"):
        keys.get("patient", "BKP000001X")
    with pytest.raises(StationError, match="others can open it"):
        keys.create("patient", "BKP000002X")


def test_band_is_the_hmac_under_the_patients_key(keys: SubjectKeys) -> None:
    key = keys.create("patient", "BKP000001X")
    band = "]C18018400638133393111\x1d8019001"
    expected = base64.b64encode(hmac.new(key, band.encode(), hashlib.sha256).digest()).decode()
    assert keys.band("BKP000001X", band) == expected
    assert keys.band("BKP000001X", band + "1") != expected
    keys.create("patient", "BKP000002X")
    assert keys.band("BKP000002X", band) != expected
    with pytest.raises(StationError, match="no key of patient BKP000003X") as refused:
        keys.band("BKP000003X", band)
    assert band not in str(refused.value)


def test_document_opens_for_its_subject_only(keys: SubjectKeys, tmp_path: Path) -> None:
    for code in ("BKP000001X", "BKP000002X"):
        keys.create("patient", code)
    content = "narrative: ผื่นแดง".encode()
    sealed = keys.seal("patient", "BKP000001X", content)
    assert content not in sealed
    assert keys.seal("patient", "BKP000001X", content) != sealed
    assert again(tmp_path).open("patient", "BKP000001X", sealed) == content
    with pytest.raises(VaultDamagedError):
        keys.open("patient", "BKP000002X", sealed)
    for altered in (b"", sealed[:11], sealed[:-1], sealed[:-1] + bytes([sealed[-1] ^ 1]), b"x" + sealed):
        with pytest.raises(VaultDamagedError, match="was changed"):
            keys.open("patient", "BKP000001X", altered)
    with pytest.raises(StationError, match="destroyed"):
        keys.open("donor", "BKP000001X", sealed)
    with pytest.raises(StationError, match="destroyed"):
        keys.seal("donor", "BKP000001X", content)


def test_mark_tells_keys_apart_and_a_backup_brings_only_the_key_in_use(keys: SubjectKeys, tmp_path: Path) -> None:
    subject = ("patient", "BKP000001X")
    theirs = again(tmp_path / "other")
    key, wrong = theirs.create(*subject), keys.create(*subject)
    mark = theirs.mark(*subject)
    assert mark is not None
    assert mark != keys.mark(*subject)
    assert (keys.mark("donor", "BKP000001X"), base64.b64decode(mark) in (key, wrong)) == (None, False)
    assert theirs.merge(keys.content(), [], {subject: mark}) == 0
    assert theirs.get(*subject) == key
    assert keys.merge(theirs.content(), [], {}) == 0
    assert keys.merge(theirs.content(), [], {subject: mark}) == 1
    assert [keys.get(*subject), again(tmp_path).get(*subject)] == [key, key]
    assert keys.content() == theirs.content()
    assert keys.merge(theirs.content(), [], {subject: mark}) == 0


def add(folder: Path, name: str) -> None:
    keys = again(folder)
    for number in range(30):
        keys.create("patient", f"{name}{number}")
        keys.create("patient", f"shared{number}")


def test_two_processes_lose_no_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=add, args=(tmp_path, name)) for name in ("a", "b")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    lines = (tmp_path / "subjects.keys").read_text().splitlines()
    assert len(lines) == len({json.loads(line)["code"] for line in lines}) == 90
    assert again(tmp_path).get("patient", "shared29") is not None
