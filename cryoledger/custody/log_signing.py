"""The ledger's own keys at work: whoever holds the vault secret can have the log sign a checkpoint."""

from __future__ import annotations

from cryoledger.custody.kept_keys import wrapped_key
from cryoledger.custody.vault import Vault
from cryoledger.database.store import Reading
from cryoledger.domain.records import PublicKey
from cryoledger.errors import VaultDamagedError
from cryoledger.ledger.keys import PrivateKey, unwrap_key
from cryoledger.ledger.note import VerifierKey

__all__ = ["log_signers"]


def log_signers(vault: Vault, reading: Reading) -> list[PrivateKey]:
    """The log's keys of today, Ed25519 first; VaultDamagedError where the vault lacks one."""
    rows = sorted(
        (row for row in reading.facts.where(PublicKey) if row.kind in ("log", "log-ml-dsa") and row.revoked is None),
        key=lambda row: row.kind,
    )
    origin, secret = vault.origin(), vault.secret
    signers = []
    for row in rows:
        stored = reading.wrapped_key(row.name, row.key_id)
        if stored is None:
            raise VaultDamagedError(
                f"The vault does not hold the log key {row.name} {row.key_id}.",
                "Two administrators replace it, or restore the newest backup.",
            )
        seed = unwrap_key(wrapped_key(stored), pin=None, vault_secret=secret, origin=origin)
        signers.append(PrivateKey.from_seed(row.name, seed, VerifierKey.parse(row.verifier_key).algorithm))
    return signers
