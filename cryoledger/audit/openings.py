"""What an entry that opens a ledger, or an epoch of it, says of what stands before it; no rulebook can see that."""

from __future__ import annotations

from collections.abc import Iterator

from cryoledger.audit.chain import Step, at
from cryoledger.audit.findings import Finding
from cryoledger.domain.events.vault import LedgerRestored, RestoreFound, VaultCreated
from cryoledger.domain.facts import Draft
from cryoledger.ledger.lines import encode_base64

__all__ = ["opening"]


def opening(step: Step, draft: Draft, *, verified: bool) -> Iterator[Finding]:
    """What is wrong with an opening entry; nothing for any other. `verified`: everybody's signature on it was."""
    event = draft.event
    if isinstance(event, VaultCreated) and event.origin != draft.origin:
        message = "The vault was created under another origin than the entry's."
        yield step.broken("origin", message, expected=event.origin, found=draft.origin)
    if isinstance(event, RestoreFound | LedgerRestored) and step.sequence == 0:
        found = _restored(step, event, verified)
        if found is not None:
            yield found


def _restored(step: Step, event: RestoreFound | LedgerRestored, verified: bool) -> Finding | None:
    """A restore names the epoch that it follows; where that was signed, the epoch itself was changed."""
    before = step.before
    said = (event.origin, event.size, event.root, event.last_leaf_hash)
    kept: tuple[object, ...] = ()
    if before is not None:
        kept = (before.origin, before.size, encode_base64(before.root), encode_base64(before.last_leaf_hash))
    if said == kept:
        return None
    expected, found = " ".join(map(str, kept)) or None, " ".join(map(str, said))
    if before is not None and verified and event.origin == before.origin:
        epoch = step.epoch - 1
        if event.size > before.size:
            message = "The tail of this epoch was cut: the restore after it names more entries."
            return at(epoch, before.size, "epochs", message, expected=found, found=expected)
        if event.size == before.size and said[3] != kept[3]:
            message = "The restore after this epoch names another last entry: this one was replaced."
            return at(epoch, before.size - 1, "epochs", message, expected=found, found=expected)
    message = "The restore does not name what stands before it: origin, size, root and last leaf hash."
    return step.broken("epochs", message, expected=expected, found=found)
