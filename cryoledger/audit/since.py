"""The verification of what came after a head that witnesses saw: the past is taken on their word, the rest is checked.

    report = verify_since(source, since=note, policy=policy, outside=Outside(tiles, kept, brought, policy))

1. The named checkpoint must satisfy the verifier's own policy, and at least one witness must have cosigned it.
2. Every entry before it is hashed; together they must give the root that was cosigned. So they are the entries that the
   witnesses saw, and nobody's signature on them is checked again.
3. Of those entries, the ones about people, keys and stations are carried out: nothing else says who may sign after it.
4. Every later entry is read whole, and each signature on it checked: its key enrolled, unrevoked, of the right role.

Fails closed: where the checkpoint is not what the policy asks, or not of this ledger, nothing is covered.
"""

from __future__ import annotations

from cryoledger.audit.chain import Chain, Step
from cryoledger.audit.derived import Comparison
from cryoledger.audit.findings import Finding, Findings, Report
from cryoledger.audit.heads import Heads, Seen
from cryoledger.audit.journals import Journals
from cryoledger.audit.openings import opening
from cryoledger.audit.progress import PROGRESS_EVERY, Progress, total_of
from cryoledger.audit.remarks import Remarks
from cryoledger.audit.replay import Replay
from cryoledger.audit.signatures import SignaturePass, SignatureWorkers
from cryoledger.audit.source import Source, StoredEntry
from cryoledger.audit.trees import Outside, Trees
from cryoledger.domain import numbers
from cryoledger.domain.catalogue import PROPOSED, TYPES
from cryoledger.domain.events import people, vault
from cryoledger.domain.facts import Change, Draft, Inventory
from cryoledger.errors import CryoledgerError, SignatureError
from cryoledger.ledger.checkpoint import SignedCheckpoint, parse_checkpoint
from cryoledger.ledger.policy import Policy

__all__ = ["SIGNER_TYPES", "Signers", "verify_since"]

_MODULES = (people.__name__, vault.__name__)


def _of_signers(name: str) -> bool:
    act = TYPES.get(name.removesuffix(PROPOSED))
    return act is not None and act.payload.__module__ in _MODULES


SIGNER_TYPES = frozenset(filter(_of_signers, TYPES))
"""The events that say who may sign: all about people, keys, stations and the vault, and proposals of such."""
_SIGNER_ENDS = frozenset(name.encode() for name in SIGNER_TYPES)

_NOT_RUN = (
    "rules and commitments: whether any entry was legal; the whole verification replays them from the beginning",
    "ranges of entries under suspicion: not listed",
    "derived tables: not compared",
    "documents: not compared",
    "database: its own check of pages and indexes",
)


def verify_since(
    source: Source,
    *,
    since: bytes,
    policy: Policy,
    remembered: Seen | None = None,
    fingerprint: bytes | None = None,
    progress: Progress | None = None,
    workers: SignatureWorkers | None = None,
    outside: Outside | None = None,
) -> Report:
    """Verify what came after the signed checkpoint `since`; never raises for anything that source or checkpoint hold.

    The other arguments are those of `verify`.
    """
    findings = Findings()
    try:
        signed, witnesses = _seen(since, policy)
    except CryoledgerError as error:
        message = f"Nothing can be taken on the word of this checkpoint: {error}"[:400]
        findings.add(Finding("since", "broken", table="checkpoint", message=message))
        return Report(
            False, (), ("everything: the checkpoint is not one to begin from",), 0, findings.listed(), "since"
        )
    given = outside or Outside()
    brought = Outside(given.tiles, given.kept, (*given.brought, since), policy)
    return _Since(source, findings, signed, witnesses, remembered, fingerprint, progress, workers, brought).run()


def _seen(since: bytes, policy: Policy) -> tuple[SignedCheckpoint, tuple[str, ...]]:
    """The checkpoint and who cosigned it; SignatureError where that is not enough for the policy, or nobody did."""
    signed = parse_checkpoint(since)
    if not signed.checkpoint.size:
        raise SignatureError("it is of an empty ledger.", "Verify the whole ledger.")
    verdict = policy.judge(signed)
    if not verdict.witnesses:
        raise SignatureError(
            "no witness cosigned it, and the policy asks for none.",
            "Name a quorum of witnesses in the policy, or verify the whole ledger.",
        )
    return signed, verdict.witnesses


class Signers(Replay):
    """Who may sign, replayed from the entries that say so and from no others."""

    def __init__(self, source: Source, findings: Findings, signatures: SignaturePass | None) -> None:
        super().__init__(source, findings, Journals(source, Comparison(findings)), signatures)
        # Journals lie in derived tables, which nobody has compared here.
        self.inventory = Inventory(past=lambda _record, _equal: [], entry=self._recorded)

    def carry(self, step: Step) -> Draft | None:
        """Carry out an entry of the past about signers; its signatures are others' word."""
        judged = self._read_step(step)
        if judged is None:
            return None
        self._put(step, judged)
        return judged

    def judge(self, step: Step) -> tuple[bool, Draft | None, tuple[Change, ...]]:
        """Check the signatures of an entry, and carry it out where it is about signers."""
        draft = self._read_step(step)
        if draft is None or step.entry is None:
            return False, None, ()
        verified = self._signatures(step, step.entry, self._lines(step, draft))
        changes = self._put(step, draft) if draft.type in SIGNER_TYPES else ()
        return verified, draft, changes

    def _read_step(self, step: Step) -> Draft | None:
        if step.entry is None:
            self.stop(step.number)
        if step.entry is None or self.stopped is not None:
            return None
        self.journals.number = step.number
        judged = self._draft(step, step.entry)
        if judged is None:
            self.stop(step.number)
            return None
        self._book = judged[1]
        return judged[0]

    def _put(self, step: Step, draft: Draft) -> tuple[Change, ...]:
        changes = self._changes(step, draft, self._book)
        if changes is None:
            self.stop(step.number)
            return ()
        self._enrolled_keys(step, changes)
        self.inventory.apply(changes)
        return changes


class _Since:
    def __init__(
        self,
        source: Source,
        findings: Findings,
        signed: SignedCheckpoint,
        witnesses: tuple[str, ...],
        remembered: Seen | None,
        fingerprint: bytes | None,
        progress: Progress | None,
        workers: SignatureWorkers | None,
        outside: Outside,
    ) -> None:
        self._source, self._findings, self._progress = source, findings, progress
        self._head, self._witnesses = signed.checkpoint, witnesses
        self._remembered, self._fingerprint = remembered, fingerprint
        self._chain = Chain(findings)
        self._pass = SignaturePass(workers) if workers is not None else None
        self._signers = Signers(source, findings, self._pass)
        self._heads = Heads(findings, remembered, fingerprint)
        self._remarks = Remarks(findings)
        self._trees = Trees(findings, outside)
        self._reached: int | None = None  # how many entries were passed over before the checkpoint

    def run(self) -> Report:
        self._walk()
        self._chain.must_hold_entries()
        if self._pass is not None:
            self._pass.finish()
        if self._reached is None:
            self._reached = self._chain.entries if self._at_checkpoint() else None
        self._heads.finish(self._chain)
        self._trees.finish(self._signers.inventory if self._signers.stopped is None else None)
        if self._reached is None:
            message = "The checkpoint is not of this ledger, or the ledger has fewer entries: nothing was checked."
            self._findings.add(Finding("since", "broken", table="checkpoint", message=message))
        return Report(
            not self._findings.broken, self._covers(), self._not_run(), self._chain.entries,
            self._findings.listed(), "since",
        )  # fmt: skip

    def _at_checkpoint(self) -> bool:
        return self._chain.origin == self._head.origin and self._chain.growth.size >= self._head.size

    def _walk(self) -> None:
        chain, total = self._chain, total_of(self._source)
        watched = self._remembered.sequence if self._remembered is not None else -1
        for stored in chain.each(self._source):
            if self._reached is None and self._at_checkpoint():
                self._reached = chain.entries
            if self._reached is not None:
                self._newer(stored)
            elif stored.sequence == watched or _about_signers(stored.note):
                self._older(stored)
            else:
                tiles = chain.pass_over(stored)
                if tiles is None:
                    self._older(stored)
                else:
                    self._trees.pass_by(chain, tiles)
            if self._progress is not None and chain.entries % PROGRESS_EVERY == 0:
                self._progress(chain.entries, total)
        if self._progress is not None:
            self._progress(chain.entries, total)

    def _step(self, stored: StoredEntry) -> Step | None:
        step = self._chain.step(stored)
        if step is not None:
            self._trees.pass_by(self._chain, step.tiles)
            if self._chain.torn:
                self._signers.stop(step.number)
        return step

    def _older(self, stored: StoredEntry) -> None:
        """An entry that the witnesses saw, read whole: it is about signers, opens an epoch, or is not as it ought."""
        step = self._step(stored)
        if step is None:
            return
        self._chain.judge_previous(step, verified=False)
        about = step.entry is not None and step.entry.envelope.type in SIGNER_TYPES
        draft = self._signers.carry(step) if about or step.entry is None else None
        self._heads.pass_by(step, draft)
        for finding in opening(step, draft, verified=False) if draft is not None else ():
            self._findings.add(finding)

    def _newer(self, stored: StoredEntry) -> None:
        step = self._step(stored)
        if step is None:
            return
        verified, draft, changes = self._signers.judge(step)
        self._chain.judge_previous(step, verified)
        self._heads.pass_by(step, draft)
        if draft is None:
            return
        self._remarks.pass_by(step, draft, changes)
        for finding in opening(step, draft, verified=verified):
            self._findings.add(finding)

    def _covers(self) -> tuple[str, ...]:
        if self._reached is None or self._signers.stopped is not None:
            return self._trees.lines()
        newer = self._chain.entries - self._reached
        taken = (
            f"taken on the word of {', '.join(self._witnesses)} and of the log: the first {self._reached} entries, "
            f"whose hashes lead to the root of the checkpoint of {self._head.size} of {self._head.origin}; their "
            "signatures were not checked here"
        )
        checked = (
            f"signatures: of the {newer} {'entry' if newer == 1 else 'entries'} after it, each by a key enrolled, "
            "unrevoked and holding the role at its entry"
        )
        given = (("remembered head", self._remembered), ("fingerprint", self._fingerprint))
        return (
            taken,
            checked,
            f"entries: form, order and chain of the {newer} after it, hashes of all",
            *(name for name, value in given if value is not None),
            *self._trees.lines(),
            *self._remarks.lines(),
        )

    def _not_run(self) -> tuple[str, ...]:
        missing = []
        if self._reached is not None:
            missing.append(f"signatures of the first {self._reached} entries: taken on others' word")
        if self._signers.stopped is not None:
            shown = numbers.shown(self._signers.stopped)
            missing.append(f"signatures from entry {shown} on: who may sign could not be replayed")
        given = (("remembered head", self._remembered), ("fingerprint", self._fingerprint))
        missing += [f"{name}: none given" for name, value in given if value is None]
        return (*missing, *_NOT_RUN, *self._trees.not_run())


def _about_signers(note: object) -> bool:
    """Whether an entry's last field says that it is about signers; what it really is, is read then."""
    if type(note) is not bytes:
        return True
    end = note.rfind(b'"}\n\n')  # of the event; what follows are signature lines, whose names may hold anything
    return note[note.rfind(b'"', 0, max(end, 0)) + 1 : end] in _SIGNER_ENDS
