"""A database that was stolen: what its wrapped keys give away to whoever tries PINs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cryoledger.errors import PinError
from cryoledger.ledger.wrapping import KdfParameters, WrappedKey, unwrap_key, wrap_key
from tests.lab import ORIGIN, TECHNICIAN, private_key

Told = Callable[[str, object], None]
PIN, SECRET = "847291", bytes([7]) * 32
SEED = private_key(TECHNICIAN).seed


@pytest.fixture
def stolen() -> WrappedKey:
    """A technician's key as it lies in the database, under a cheaper derivation than a vault's."""
    key_id = private_key(TECHNICIAN).verifier.key_id
    cheap = KdfParameters(memory_kib=8192, iterations=1, lanes=1)
    return wrap_key(SEED, pin=PIN, vault_secret=SECRET, origin=ORIGIN, name=TECHNICIAN, key_id=key_id, parameters=cheap)


def test_the_right_pin_opens_nothing_without_the_vault_secret(stolen: WrappedKey, record_property: Told) -> None:
    for secret in (bytes(32), SECRET[::-1][:31] + b"\0"):
        with pytest.raises(PinError) as caught:
            unwrap_key(stolen, pin=PIN, vault_secret=secret, origin=ORIGIN)
    said = f"the right PIN opens nothing: {caught.value.message}"
    record_property("forger", (910, "the database, stolen", "try PINs on a person's key", "vault secret", said))


def test_with_the_vault_secret_pins_can_be_tried(stolen: WrappedKey, record_property: Told) -> None:
    """LEDGER says that this is not prevented; what a try costs is the default derivation's (64 MiB, three passes)."""
    with pytest.raises(PinError):
        unwrap_key(stolen, pin="000000", vault_secret=SECRET, origin=ORIGIN)
    assert unwrap_key(stolen, pin=PIN, vault_secret=SECRET, origin=ORIGIN) == SEED
    untold = "not prevented, only dear: longer PINs for those who approve, witnesses, own signatures at sign-in"
    record_property("forger", (911, "+ the vault secret", "try PINs on a person's key", "NOBODY", untold))
