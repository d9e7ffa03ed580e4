"""The whole verification, in the order of LEDGER.md, failing closed: every check ends in findings, none in a raise.

    report = verify(source, remembered=Head(origin, epoch, sequence, leaf_hash))
    report.ok, report.first_bad, report.covers, report.not_run

One pass over the entries; what is held grows with the things in the inventory, and by eight bytes an entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cryoledger.audit.chain import Chain
from cryoledger.audit.derived import Comparison, compare_states
from cryoledger.audit.documents import Documents, DocumentSource
from cryoledger.audit.findings import Findings, Report
from cryoledger.audit.heads import Heads, Seen
from cryoledger.audit.journals import Journals
from cryoledger.audit.progress import PROGRESS_EVERY, Progress, total_of
from cryoledger.audit.remarks import Remarks, suspect_ranges, undeclared_restores
from cryoledger.audit.replay import Replay
from cryoledger.audit.signatures import SignaturePass, SignatureWorkers
from cryoledger.audit.source import Source, StoredEntry
from cryoledger.audit.trees import Outside, Trees
from cryoledger.domain import numbers
from cryoledger.domain.facts import Inventory

__all__ = ["verify"]


def verify(
    source: Source,
    *,
    remembered: Seen | None = None,
    fingerprint: bytes | None = None,
    progress: Progress | None = None,
    workers: SignatureWorkers | None = None,
    outside: Outside | None = None,
    documents: DocumentSource | None = None,
) -> Report:
    """Verify a ledger and the tables derived from it; never raises for anything that the source holds.

    `remembered` is the last entry that this station saw, `fingerprint` the leaf hash of entry 0 from paper. Without
    them a vault is only consistent with itself, and the report says so. `progress(done, total)` is called now and then.
    `workers` verify signatures meanwhile; without them they are verified here. `outside` is what the tree is compared
    with: tiles, checkpoints, the verifier's policy. `documents` are those beside the ledger.
    """
    return _Verification(source, remembered, fingerprint, progress, workers, outside or Outside(), documents).run()


class _Verification:
    def __init__(
        self,
        source: Source,
        remembered: Seen | None,
        fingerprint: bytes | None,
        progress: Progress | None,
        workers: SignatureWorkers | None,
        outside: Outside,
        documents: DocumentSource | None,
    ) -> None:
        self._source = source
        self._findings = Findings()
        self._comparison = Comparison(self._findings)
        self._chain = Chain(self._findings)
        self._signatures = SignaturePass(workers) if workers is not None else None
        self._replay = Replay(source, self._findings, Journals(source, self._comparison), self._signatures)
        self._heads = Heads(self._findings, remembered, fingerprint)
        self._remarks = Remarks(self._findings)
        self._trees = Trees(self._findings, outside)
        self._documents = Documents(documents, self._findings)
        self._progress = progress
        self._not_run: list[str] = []
        if remembered is None:
            self._not_run.append("remembered head: none given")
        if fingerprint is None:
            self._not_run.append("fingerprint: none given, so this is shown to be consistent with itself only")

    def run(self) -> Report:
        """Every step in order."""
        total = total_of(self._source)
        for stored in self._entries():
            self._entry(stored)
            if self._progress is not None and self._chain.entries % PROGRESS_EVERY == 0:
                self._progress(self._chain.entries, total)
        self._guarded(lambda: self._chain.finish(self._source.entries()))
        if self._signatures is not None:
            self._signatures.finish()
        self._heads.finish(self._chain)
        self._trees.finish(self._replay.inventory if self._replay.stopped is None else None)
        self._not_run += self._trees.not_run()
        self._tables()
        if self._progress is not None:
            self._progress(self._chain.entries, total)
        return Report(
            not self._findings.broken,
            self._covers(),
            tuple(self._not_run),
            self._chain.entries,
            self._findings.listed(),
        )

    def _entry(self, stored: StoredEntry) -> None:
        step = self._chain.step(stored)
        if step is None:
            return
        self._trees.pass_by(self._chain, step.tiles)
        if self._chain.torn:
            self._replay.stop(step.number)
        verified, draft, changes = self._replay.take(step)
        self._chain.judge_previous(step, verified)
        self._heads.pass_by(step, draft)
        if draft is not None:
            self._remarks.pass_by(step, draft, changes)
            self._documents.pass_by(step, draft, changes)
            self._trees.claimed(step, draft.event)

    def _entries(self) -> Iterator[StoredEntry]:
        """The stored entries; a source that breaks in the middle ends them, with a finding."""
        try:
            yield from self._source.entries()
        except Exception as error:  # noqa: BLE001 - whatever a torn vault raises is a finding
            self._unreadable(error)

    def _unreadable(self, error: Exception) -> None:
        place = (self._chain.epoch, self._chain.next_sequence)
        self._chain.unreadable(error)
        self._replay.stop(numbers.number_of(*place))

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - as above
            self._unreadable(error)

    def _tables(self) -> None:
        """Step 5, where every entry could be replayed; otherwise the tables have nothing to be compared with."""
        stopped = self._replay.stopped
        if stopped is not None:
            self._not_run.append(
                f"signers, rules, documents and derived tables from entry {numbers.shown(stopped)} on: "
                "it could not be replayed"
            )
            return
        self._replay.journals.number = numbers.number_of(self._chain.epoch, self._chain.next_sequence)
        self._replay.journals.finish()
        inventory: Inventory = self._replay.inventory
        compare_states(self._source, inventory, self._comparison)
        self._documents.finish(inventory)
        self._not_run += self._documents.not_run()
        for finding in (*suspect_ranges(inventory), *undeclared_restores(inventory)):
            self._findings.add(finding)

    def _covers(self) -> tuple[str, ...]:
        covers = ["entries: form, order, chain, ids and columns"]
        if self._replay.stopped is None:
            covers += [
                "signatures: each by a key enrolled, unrevoked and holding the role at its entry",
                "rules: each entry legal under its own rulebook",
                "derived tables: equal to the replayed ones, row for row",
                *self._documents.lines(),
            ]
        not_run = " ".join(self._not_run)
        covers += [name for name in ("remembered head", "fingerprint") if f"{name}: none" not in not_run]
        return (*covers, *self._trees.lines(), *self._remarks.lines())
