"""How a public key is shown to a person: by its key ID where the whole of it would fill the screen."""

from __future__ import annotations

__all__ = ["SHOWN_MOST", "short"]

SHOWN_MOST = 160  # characters: an Ed25519 key and its name; an ML-DSA-44 key has 1,750


def short(vkey: str) -> str:
    """A vkey as it is, or where it is long its name and key ID, and how long it is."""
    if len(vkey) <= SHOWN_MOST:
        return vkey
    name, key_id, key = vkey.split("+", 2)
    return f"{name}+{key_id}+{key[:8]}... ({len(vkey):,} characters)"
