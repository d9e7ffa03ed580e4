"""The recovery sheet: one private page, whose secrets come back from the file, the text or the typed groups."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.custody.keys.recovery_sheet import RecoverySheet, read
from cryoledger.errors import RequestError, StationError
from cryoledger.ledger.keys import recovery_text
from cryoledger.ledger.lines import encode_base64

SECRET, SEED = bytes(range(100, 132)), bytes(range(50, 82))
SHEET = RecoverySheet("velar.example/bangkok", bytes(range(32)), SECRET, SEED)
GROUPS = recovery_text(SECRET) + recovery_text(SEED)


def swapped(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_page_names_the_vault_and_fits_one_sheet() -> None:
    lines = SHEET.text().splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 88
    assert "Vault         velar.example/bangkok" in lines
    assert f"Fingerprint   {encode_base64(bytes(range(32)))}" in lines
    for word in ("seal", "envelope", "administrator", "witness", "PIN"):
        assert word in SHEET.text()


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_secrets_come_back_from_the_text(secret: bytes, seed: bytes) -> None:
    assert read(RecoverySheet("o/x", bytes(32), secret, seed).text()) == (secret, seed)


def test_secrets_come_back_from_the_file_which_is_private(tmp_path: Path) -> None:
    path = SHEET.write(tmp_path / "sheet.txt")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text(encoding="utf-8") == SHEET.text()
    assert read(path) == (SECRET, SEED)


def test_sheet_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "sheet.txt"
    path.write_text("something else")
    with pytest.raises(StationError, match="left as it is"):
        SHEET.write(path)
    assert path.read_text() == "something else"
    with pytest.raises(StationError, match="cannot be written"):
        SHEET.write(tmp_path / "nowhere" / "sheet.txt")


def test_file_that_is_no_sheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StationError, match="There is no recovery sheet at"):
        read(tmp_path / "sheet.txt")
    path = SHEET.write(tmp_path / "sheet.txt")
    path.chmod(0o644)
    with pytest.raises(StationError, match="others can open it"):
        read(path)
    path.chmod(0o600)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(StationError, match="not text"):
        read(path)


@pytest.mark.parametrize(
    "typed",
    [
        GROUPS,
        GROUPS.lower().replace("-", " "),
        GROUPS.replace("-", "").replace("\n", "\r\n\n"),
        f"vault secret\n{recovery_text(SECRET)}\nrecovery key\n{recovery_text(SEED)}",
        f"RECOVERY KEY\n{recovery_text(SEED)}\nVAULT SECRET\n{recovery_text(SECRET)}",
        SHEET.text().replace("\n", "\r\n"),
        SHEET.text().rstrip().partition("To use it")[0],
    ],
)
def test_typed_groups_are_read_however_they_are_spaced(typed: str) -> None:
    assert read(typed) == (SECRET, SEED)


LINES = GROUPS.splitlines()


def slip(line: str) -> str:
    return line[:-1] + ("7" if line[-1] != "7" else "8")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "There are 0 lines"),
        ("\n".join(LINES[:7]), "There are 7 lines"),
        (swapped(GROUPS, LINES[1], slip(LINES[1])), "Vault secret: Line 2"),
        (swapped(SHEET.text(), LINES[6], slip(LINES[6])), "Recovery key: Line 3"),
        (swapped(SHEET.text(), LINES[2] + "\n", "\n"), "Vault secret: "),
        (swapped(SHEET.text(), f"    {LINES[4]}\n", ""), "Recovery key: "),
        (swapped(SHEET.text(), "RECOVERY KEY", "KEY"), "no recovery key"),
        (swapped(SHEET.text(), "VAULT SECRET", "SECRET"), "no vault secret"),
        (f"VAULT SECRET\n{recovery_text(SECRET[:24])}\nRECOVERY KEY\n{recovery_text(SEED)}", "Vault secret: 4 lines"),
        (f"{LINES[1]}\n{LINES[0]}\n" + "\n".join(LINES[2:]), "Vault secret: Line 1"),
    ],
)
def test_slips_are_named_by_secret_and_line(text: str, says: str) -> None:
    with pytest.raises(RequestError, match=says) as refused:
        read(text)
    assert refused.value.advice
    for line in LINES:
        assert line not in str(refused.value)


def test_sheet_shows_no_secret_in_its_repr() -> None:
    assert repr(SECRET) not in repr(SHEET)
    assert repr(SEED) not in repr(SHEET)
    with pytest.raises(RuntimeError):
        RecoverySheet("o/x", bytes(32), b"short", SEED)
