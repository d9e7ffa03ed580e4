"""A wrapped private key as the vault's `wrapped_key` table keeps it: JSON text, there and back."""

from __future__ import annotations

import json

from cryoledger.database.local import WrappedKey as StoredKey
from cryoledger.errors import LedgerFormatError, VaultDamagedError
from cryoledger.ledger.keys import WrappedKey


def stored_key(wrapped: WrappedKey) -> StoredKey:
    """A wrapped key as a row of the vault."""
    return StoredKey(wrapped.name, wrapped.key_id.hex(), json.dumps(wrapped.to_dict()))


def wrapped_key(stored: StoredKey, holder: str = "") -> WrappedKey:
    """The wrapped key of a row; VaultDamagedError where the row holds none, so that no PIN opens it."""
    try:
        return WrappedKey.from_dict(json.loads(stored.wrapped))
    except (TypeError, ValueError, LedgerFormatError):
        raise VaultDamagedError(
            f"The wrapped key {stored.key_id} of {holder or stored.name} in the vault is damaged: no PIN opens it.",
            "Restore the newest backup, or let two administrators replace the key.",
        ) from None
