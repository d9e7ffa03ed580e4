"""The hash-only pass: chain, leaf hashes, tree, checkpoints; no person's signature, no rule, no replay.

    report = verify_hashes(source, remembered=head, outside=Outside(tiles, kept, brought, policy))

Ten times faster than `verify`, and less: whoever holds the database can make new hashes over altered entries. What the
hashes show is that every entry up to a head held elsewhere (a checkpoint that witnesses cosigned, a remembered head, a
fingerprint) is the one that stood there when that head was made.
"""

from __future__ import annotations

from cryoledger.audit import draft as drafts
from cryoledger.audit.chain import Chain, Step
from cryoledger.audit.findings import Findings, Report
from cryoledger.audit.heads import Heads, Seen
from cryoledger.audit.openings import opening
from cryoledger.audit.progress import PROGRESS_EVERY, Progress, total_of
from cryoledger.audit.source import Source, StoredEntry
from cryoledger.audit.trees import Outside, Trees
from cryoledger.domain.facts import Draft
from cryoledger.errors import CryoledgerError

__all__ = ["NOT_BY_HASHES", "verify_hashes"]

# Restores are read whole: they say which entries were lost.
_RESTORED = b'"type":"LedgerRestored"}'
_COVERS = (
    "hashes: each entry names its ledger, its place and the leaf hash of the entry before it",
    "hashes: each leaf hash and each `previous` beside an entry is that of its bytes",
)
NOT_BY_HASHES = (
    "signatures: nobody's was verified; whoever holds the database can make new hashes over altered entries",
    "form, ids and payloads of entries, beyond their first four lines",
    "rules: whether any entry was legal",
    "derived tables: not compared",
    "documents: not compared",
    "database: its own check of pages and indexes",
)


def verify_hashes(
    source: Source,
    *,
    remembered: Seen | None = None,
    fingerprint: bytes | None = None,
    progress: Progress | None = None,
    outside: Outside | None = None,
) -> Report:
    """Compare every hash of a ledger; never raises for anything that the source holds. Arguments as of `verify`."""
    return _Hashes(source, remembered, fingerprint, progress, outside or Outside()).run()


class _Hashes:
    def __init__(
        self,
        source: Source,
        remembered: Seen | None,
        fingerprint: bytes | None,
        progress: Progress | None,
        outside: Outside,
    ) -> None:
        self._source = source
        self._findings = Findings()
        self._chain = Chain(self._findings)
        self._heads = Heads(self._findings, remembered, fingerprint)
        self._trees = Trees(self._findings, outside)
        self._remembered, self._fingerprint = remembered, fingerprint
        self._progress = progress

    def run(self) -> Report:
        """Every entry in order, then what was kept of the tree."""
        self._walk()
        self._chain.must_hold_entries()
        self._heads.finish(self._chain)
        self._trees.finish(None)
        entries = self._chain.entries
        return Report(
            not self._findings.broken, self._covers(), self._not_run(), entries, self._findings.listed(), "hashes"
        )

    def _walk(self) -> None:
        chain, trees, progress, total = self._chain, self._trees, self._progress, total_of(self._source)
        watched = self._remembered.sequence if self._remembered is not None else -1
        for stored in chain.each(self._source):
            tiles = None
            if stored.sequence != watched and not (type(stored.note) is bytes and _RESTORED in stored.note):
                tiles = chain.pass_over(stored)
            if tiles is None:
                self._look(stored)
            else:
                trees.pass_by(chain, tiles)
            if progress is not None and chain.entries % PROGRESS_EVERY == 0:
                progress(chain.entries, total)
        if progress is not None:
            progress(chain.entries, total)

    def _look(self, stored: StoredEntry) -> None:
        """Read an entry whole: it opens an epoch, is remembered, or is not what it ought to be."""
        step = self._chain.step(stored)
        if step is None:
            return
        self._trees.pass_by(self._chain, step.tiles)
        if not step.follows:
            message = "The entry does not name the leaf hash of the entry before: one of the two was changed."
            self._findings.add(step.broken("previous", message))
        draft = _draft(step)
        self._heads.pass_by(step, draft)
        for finding in opening(step, draft, verified=False) if draft is not None else ():
            self._findings.add(finding)

    def _covers(self) -> tuple[str, ...]:
        given = (("remembered head", self._remembered), ("fingerprint", self._fingerprint))
        return (*_COVERS, *(name for name, value in given if value is not None), *self._trees.lines())

    def _not_run(self) -> tuple[str, ...]:
        given = (("remembered head", self._remembered), ("fingerprint", self._fingerprint))
        missing = [f"{name}: none given" for name, value in given if value is None]
        return (*NOT_BY_HASHES, *missing, *self._trees.not_run())


def _draft(step: Step) -> Draft | None:
    """The entry's draft, where it has one: an entry that is none was found by the chain."""
    try:
        return drafts.draft_of(step.entry, step.epoch, None) if step.entry is not None else None
    except (CryoledgerError, KeyError):
        return None
