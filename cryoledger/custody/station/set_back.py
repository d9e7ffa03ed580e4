"""Whether a vault continues what this station saw of it: the alarm of one that was set back, copied or rewritten.

A head that is missing is accepted only where the ledger itself says that it was lost (`Restoration`).
"""

from __future__ import annotations

from cryoledger.custody.station.remembered_head import RememberedHead
from cryoledger.database.store import Head, Reading
from cryoledger.domain import numbers
from cryoledger.domain.restore_records import Restoration
from cryoledger.errors import VaultDamagedError, VaultSetBackError

__all__ = ["RESTORED", "check_head", "check_pending", "forked", "is_set_back", "unreconciled_text"]

RESTORED = "restored"  # the upkeep that marks a restored vault until its next epoch is open

_DECLARE = (
    "If a backup was restored, an administrator and quality declare it: `cryoledger restore --declare`. If nobody can "
    "sign now, `cryoledger restore --go-on` lets storing, taking out, moving and discarding go on. If nobody restored "
    "anything, do not record in it: keep the file, and run `cryoledger verify` on it."
)


def check_head(reading: Reading, remembered: RememberedHead | None) -> None:
    """Raise the alarm where the ledger does not extend what this station remembers of it."""
    if remembered is None:
        return
    number = numbers.number_of(*remembered.place)
    entry = reading.entry(number)
    if entry is not None and entry.leaf_hash == remembered.leaf_hash:
        return
    if _declared_lost(reading, number):
        return
    if is_set_back(reading.head(), remembered):
        raise VaultSetBackError(
            f"ALARM: this station saw entry {numbers.shown(number)} of this ledger, and the vault does not contain it. "
            f"It was rolled back, cut, or replaced by a copy: {_ends(reading)}.",
            _DECLARE,
        )
    raise forked(remembered)


def check_pending(reading: Reading) -> None:
    """Raise where a backup was restored here that may lack entries, and its next epoch is not open."""
    done = reading.upkeep(RESTORED)
    if done is not None:
        raise VaultSetBackError(
            f"This vault was restored at {done.at} from a backup ({done.detail}), and entries made after that may be "
            f"lost: {_ends(reading)}.",
            _DECLARE,
        )


def is_set_back(head: Head | None, remembered: RememberedHead) -> bool:
    """Whether the remembered entry stands behind the ledger's end; else another entry stands in its place."""
    return head is None or (head.epoch, head.sequence) < remembered.place


def unreconciled_text(reading: Reading) -> str:
    """What a person must know while a restore is not declared; "" where there is none."""
    for row in reading.facts.where(Restoration):
        if row.declared is None:
            return (
                f"UNRECONCILED since entry {numbers.shown(row.number)}: this ledger was restored and lacks entries. "
                "An administrator and quality declare it: `cryoledger restore --declare`."
            )
    return ""


def forked(remembered: RememberedHead) -> VaultDamagedError:
    """Two ledgers bear the same origin and sequence."""
    place = numbers.shown(numbers.number_of(*remembered.place))
    return VaultDamagedError(
        f"ALARM: this station saw entry {place} of this ledger, and the vault does not contain it: another entry "
        "stands there. It was rewritten, or a copy of it was used.",
        "Do not record in it. Keep both files, run `cryoledger verify` on each, and call quality. Once it is known "
        "which one stands, two persons say so: `cryoledger restore --declare`.",
    )


def _declared_lost(reading: Reading, number: int) -> bool:
    return any(
        row.lost_from <= number < row.number and (row.lost_to is None or number <= row.lost_to)
        for row in reading.facts.where(Restoration)
    )


def _ends(reading: Reading) -> str:
    head = reading.head()
    return f"it ends with entry {numbers.shown(head.number)} of {head.recorded_at}" if head else "it holds no entry"
