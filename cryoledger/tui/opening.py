"""Opens a vault's desk when it is called, in the worker thread, and closes what it opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryoledger.custody.desk import Desk
    from cryoledger.custody.vault import Vault


class Opening:
    """A vault by its path or URL, opened by the first call."""

    def __init__(self, location: str) -> None:
        self._location = location
        self._vault: Vault | None = None

    def __call__(self) -> Desk:
        """The desk of this station; raises the VaultError of whatever stands in the way."""
        from cryoledger.custody.desk import Desk
        from cryoledger.custody.vault import Vault

        self._vault = Vault.open(self._location)
        return Desk(self._vault)

    def close(self) -> None:
        """Lock the station and let go of the vault."""
        if self._vault is not None:
            self._vault.close()
            self._vault = None
