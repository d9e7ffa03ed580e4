"""Wrapped keys open with the right PIN, vault secret and place, and with nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cryoledger.errors import LedgerFormatError, PinError
from cryoledger.ledger.wrapping import KdfParameters, WrappedKey, check_pin, unwrap_key, wrap_key

CHEAP = KdfParameters(memory_kib=8192, iterations=1, lanes=1)
SEED = bytes(range(32))
SECRET = bytes([7]) * 32
ORIGIN = "velar.example/bangkok"
PLACE: dict[str, Any] = {"vault_secret": SECRET, "origin": ORIGIN}
KEY: dict[str, Any] = {"name": "maria.s", "key_id": b"\1\2\3\4"}


def wrapped(pin: str | None = "847291") -> WrappedKey:
    return wrap_key(SEED, pin=pin, **PLACE, **KEY, parameters=CHEAP)


@pytest.mark.parametrize("pin", ["847291", None])
def test_what_was_wrapped_opens_also_after_storage(pin: str | None) -> None:
    key = WrappedKey.from_dict(json.loads(json.dumps(wrapped(pin).to_dict())))
    assert unwrap_key(key, pin=pin, **PLACE) == SEED
    assert SEED not in key.ciphertext


def test_the_default_costs_64_mib_and_three_passes() -> None:
    key = wrap_key(SEED, pin="847291", **PLACE, **KEY)
    assert key.parameters == KdfParameters(65536, 3, 4)
    assert unwrap_key(key, pin="847291", **PLACE) == SEED


def test_two_wrappings_share_neither_salt_nor_nonce() -> None:
    one, other = wrapped(), wrapped()
    assert one.salt != other.salt
    assert one.nonce != other.nonce


@pytest.mark.parametrize("pin", ["847292", "84729", "", "8472910", "８４７２９１", "\ud800", None])
def test_a_wrong_pin_is_refused(pin: str | None) -> None:
    with pytest.raises(PinError):
        unwrap_key(wrapped(), pin=pin, **PLACE)


@pytest.mark.parametrize("pin", ["847291", None])
def test_another_secret_or_place_is_refused(pin: str | None) -> None:
    key = wrapped(pin)
    with pytest.raises(PinError):
        unwrap_key(key, pin=pin, vault_secret=bytes(32), origin=ORIGIN)
    with pytest.raises(PinError):
        unwrap_key(key, pin=pin, vault_secret=SECRET, origin="velar.example/other")
    flip = bytes((key.ciphertext[0] ^ 1,)) + key.ciphertext[1:]
    changes: tuple[dict[str, Any], ...] = (
        {"name": "somchai.k"},
        {"key_id": bytes(4)},
        {"salt": bytes(16)},
        {"nonce": bytes(12)},
        {"ciphertext": flip},
        {"ciphertext": key.ciphertext[:-1]},
    )
    for change in changes:
        with pytest.raises(PinError):
            unwrap_key(replace(key, **change), pin=pin, **PLACE)


def test_other_parameters_or_none_are_refused() -> None:
    for parameters in (replace(CHEAP, iterations=2), replace(CHEAP, memory_kib=8193), replace(CHEAP, lanes=2), None):
        with pytest.raises(PinError):
            unwrap_key(replace(wrapped(), parameters=parameters), pin="847291", **PLACE)
    with pytest.raises(PinError):
        unwrap_key(wrapped(None), pin="847291", **PLACE)


@pytest.mark.parametrize(
    "parameters",
    [
        (100 * 1024 * 1024, 3, 4),
        (8191, 1, 1),
        (0, 1, 1),
        (-1, 1, 1),
        (65536, 0, 1),
        (65536, 10**9, 1),
        (65536, 3, 0),
        (65536, 3, 10**6),
        (True, 3, 1),
    ],
)
def test_absurd_stored_parameters_are_refused_before_any_work(parameters: tuple[int, int, int]) -> None:
    with pytest.raises(LedgerFormatError, match="Argon2id"):
        KdfParameters(*parameters)
    stored: dict[str, Any] = json.loads(json.dumps(wrapped().to_dict()))
    stored["kdf"] |= dict(zip(("memory_kib", "iterations", "lanes"), parameters, strict=True))
    with pytest.raises(LedgerFormatError):
        WrappedKey.from_dict(stored)


@pytest.mark.parametrize(
    "change",
    [
        {"name": None},
        {"name": "a b"},
        {"key_id": "0102030"},
        {"key_id": "01 020304"},
        {"key_id": "0102030405"},
        {"key_id": "ABCDEF01"},
        {"salt": "AAAA"},
        {"salt": "*"},
        {"nonce": 1},
        {"ciphertext": ""},
        {"ciphertext": "AAAA"},
        {"format": "cryoledger/wrapped-key/v2"},
        {"kdf": []},
        {"kdf": {}},
        {"kdf": {"algorithm": "argon2i", "memory_kib": 8192, "iterations": 1, "lanes": 1}},
        {"extra": 1},
    ],
)
def test_another_stored_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(LedgerFormatError):
        WrappedKey.from_dict(wrapped().to_dict() | change)


def test_a_stored_form_that_lacks_a_field_is_refused() -> None:
    stored = wrapped().to_dict()
    for field in stored:
        with pytest.raises(LedgerFormatError):
            WrappedKey.from_dict({name: value for name, value in stored.items() if name != field})


@pytest.mark.parametrize("pin", ["847291", "000001", "112233445566", "121212", "135790"])
def test_pins_for_a_numeric_keypad(pin: str) -> None:
    check_pin(pin)


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "12345",
        "1234567890123",
        "000000",
        "99999999",
        "123456",
        "654321",
        "789012",
        "210987",
        "84729a",
        "847291\n",
        "８４７２９１",
    ],
)
def test_pins_that_are_too_easy_or_no_digits_are_refused(pin: str) -> None:
    with pytest.raises(PinError):
        check_pin(pin)
    with pytest.raises(PinError):
        wrapped(pin)


def test_a_vault_secret_of_another_length_is_misuse() -> None:
    with pytest.raises(RuntimeError):
        wrap_key(SEED, pin=None, vault_secret=b"", origin=ORIGIN, **KEY)
