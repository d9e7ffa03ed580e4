"""Steps 2 and 3 of a verification: who signed each entry with which key, and whether its rulebook allowed it.

Both are judged by what the entries before it say, replayed here and nowhere read from the tables.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cryoledger.audit import commitments
from cryoledger.audit import draft as drafts
from cryoledger.audit.chain import Step
from cryoledger.audit.findings import Findings
from cryoledger.audit.journals import Journals
from cryoledger.audit.openings import opening
from cryoledger.audit.signatures import SignaturePass
from cryoledger.audit.source import Source
from cryoledger.domain import numbers, signing
from cryoledger.domain.catalogue import TYPES
from cryoledger.domain.facts import Change, Draft, Facts, Inventory, Put, Recorded
from cryoledger.domain.records import PublicKey
from cryoledger.domain.rulebooks import Rulebook, rulebook
from cryoledger.errors import CryoledgerError, Refusal
from cryoledger.ledger.entry import Entry, parse_entry
from cryoledger.ledger.note import Algorithm, Signature, VerifierKey

__all__ = ["Replay"]

REMEMBERED_ENTRIES = 256


class Replay:
    """The ledger carried out again. `stopped` is the number of the entry from which that was impossible."""

    def __init__(
        self, source: Source, findings: Findings, journals: Journals, signatures: SignaturePass | None = None
    ) -> None:
        self._source = source
        self._later = signatures
        self._findings = findings
        self.journals = journals
        self.inventory = Inventory(past=journals.past, entry=self._recorded)
        self.stopped: int | None = None
        self._keys: dict[str, VerifierKey | CryoledgerError] = {}
        self._cache: dict[int, Recorded | None] = {}

    def take(self, step: Step) -> tuple[bool, Draft | None, tuple[Change, ...]]:
        """Judge an entry and carry it out; whether every signature verified, its draft, and what it changed.

        Where nothing turns on it here, signatures are verified meanwhile (`SignaturePass`), and taken as good.
        """
        if step.entry is None:
            self._stop(step)
        if step.entry is None or self.stopped is not None:
            return step.entry is not None and self._known_signatures(step, step.entry), None, ()
        self.journals.number = step.number
        judged = self._draft(step, step.entry)
        if judged is None:
            self._stop(step)
            return False, None, ()
        draft, book = judged
        lines = self._lines(step, draft)
        verified = self._signatures(step, step.entry, lines)
        self._rules(step, draft, book.check if lines is None else book.check_signed, book.number)
        self._commitments(step, draft)
        self._opening(step, draft, verified)
        changes = self._changes(step, draft, book)
        if changes is None:
            self._stop(step)
            return verified, draft, ()
        self._enrolled_keys(step, changes)
        self.journals.compare(step.number, [c.row for c in changes if isinstance(c, Put) and c.row.journal])
        self.inventory.apply(changes)
        return verified, draft, changes

    def stop(self, number: int) -> None:
        """The replay cannot go on from here: an entry is missing."""
        if self.stopped is None:
            self.stopped = number

    def _stop(self, step: Step) -> None:
        self.stop(step.number)

    def _broken(
        self,
        step: Step,
        check: str,
        message: str,
        expected: str | None = None,
        found: str | None = None,
        turn: int | None = None,
    ) -> None:
        self._findings.add(step.broken(check, message, expected=expected, found=found), turn)

    def _draft(self, step: Step, entry: Entry) -> tuple[Draft, Rulebook] | None:
        """The draft and its rulebook; None, with a finding, where this program cannot judge the entry."""
        envelope = entry.envelope
        try:
            book = rulebook(envelope.rules)
        except KeyError:
            message = "A rulebook decided this entry that this program does not know; verify with a later release."
            self._broken(step, "rulebook", message, found=str(envelope.rules))
            return None
        declaration = TYPES.get(envelope.type)
        if declaration is None or declaration.schema != envelope.schema:
            message = "This program knows no such event type or version; verify with a later release."
            self._broken(step, "payload", message, found=f"{envelope.type}.v{envelope.schema}")
            return None
        try:
            return drafts.draft_of(entry, step.epoch, step.previous_recorded_at), book
        except CryoledgerError as error:
            self._broken(step, "payload", error.message)
        except Exception as error:  # noqa: BLE001 - fails closed, whatever a hostile payload provokes
            self._broken(step, "payload", f"The payload cannot be read: {_name(error)}.")
        return None

    # Step 2: signatures

    def _lines(self, step: Step, draft: Draft) -> tuple[signing.Expected, ...] | None:
        """Which key must have made each signature; None, with a finding, where nobody can say."""
        try:
            return signing.expected(draft, self.inventory)
        except CryoledgerError as error:
            self._broken(step, "signers", error.message, found=", ".join(signed.name for signed in draft.signers))
        except Exception as error:  # noqa: BLE001 - fails closed
            self._broken(step, "signers", f"The signers cannot be judged: {_name(error)}.")
        return None

    def _signatures(self, step: Step, entry: Entry, lines: tuple[signing.Expected, ...] | None) -> bool:
        """Every line by the key that the ledger expects there; True where all verify."""
        if lines is None:
            return self._known_signatures(step, entry)
        verified = True
        # Which of two entries was replaced, and what an epoch's opening means, turns on the signatures there.
        later = self._later if step.follows and step.sequence else None
        for line, signature in zip(lines, entry.signatures, strict=True):
            if later is None:
                verified &= self._verify(step, entry, line.verifier_key, signature)
                continue
            again = partial(self._verify, step, entry, line.verifier_key, signature, self._findings.turn())
            later.add(line.verifier_key, entry.note_text, signature, again)
        return verified

    def _verify(
        self, step: Step, entry: Entry, verifier_key: str, signature: Signature, turn: int | None = None
    ) -> bool:
        key = self._key(verifier_key)
        if isinstance(key, CryoledgerError):
            self._broken(step, "keys", f"The key of {signature.name} cannot be used: {key.message}", turn=turn)
            return False
        try:
            key.verify(entry.note_text, signature)
        except CryoledgerError as error:
            expected, found = f"{key.name}+{key.key_id_hex}", f"{signature.name}+{signature.key_id.hex()}"
            self._broken(step, "signatures", error.message, expected, found, turn)
            return False
        return True

    def _known_signatures(self, step: Step, entry: Entry) -> bool:
        """Where nobody can say who ought to sign: every line by a key that the ledger ever enrolled.

        True where all are known and verify; a key that is not known makes no finding of its own.
        """
        verified = True
        for signature in entry.signatures:
            row = self.inventory.get(PublicKey, signature.name, signature.key_id.hex())
            verified &= row is not None and self._verify(step, entry, row.verifier_key, signature)
        return verified

    def _key(self, text: str) -> VerifierKey | CryoledgerError:
        """The parsed key of a text, or why it is none; entries are signed with Ed25519 only."""
        if text not in self._keys:
            try:
                self._keys[text] = VerifierKey.parse(text)
            except CryoledgerError as error:
                self._keys[text] = error
        return self._keys[text]

    def _enrolled_keys(self, step: Step, changes: tuple[Change, ...]) -> None:
        """Every key that the entry enrols is one (canonical, of high order), of the algorithm of its kind."""
        for change in changes:
            if not (isinstance(change, Put) and isinstance(change.row, PublicKey)):
                continue
            row = change.row
            if row.enrolled != step.number:
                continue
            key = self._key(row.verifier_key)
            wanted = Algorithm.ML_DSA_44 if row.kind == "log-ml-dsa" else Algorithm.ED25519
            if isinstance(key, CryoledgerError):
                self._broken(step, "keys", f"The key enrolled for {row.name} is none: {key.message}")
            elif (key.algorithm, key.name, key.key_id_hex) != (wanted, row.name, row.key_id):
                expected, found = f"{row.name} {wanted.name}", f"{key.name} {key.algorithm.name}"
                self._broken(step, "keys", f"The key enrolled for {row.name} is of another kind.", expected, found)

    # Step 3: rules

    def _rules(self, step: Step, draft: Draft, check: Callable[[Draft, Facts], None], number: int) -> None:
        try:
            check(draft, self.inventory)
        except Refusal as refusal:
            message = f"Rulebook {number} refuses this {draft.type} ({refusal.rule}): {refusal.message}"
            self._broken(step, "rules", message, expected=refusal.rule)
        except Exception as error:  # noqa: BLE001 - fails closed
            self._broken(step, "rules", f"Rulebook {number} cannot judge this {draft.type}: {_name(error)}.")

    def _commitments(self, step: Step, draft: Draft) -> None:
        """What the entry says of another site's ledger is signed and proven as it says."""
        try:
            commitments.judge(draft.event, self.inventory)
        except CryoledgerError as error:
            self._broken(step, "commitments", f"What it says of another site's ledger does not hold: {error.message}")
        except Exception as error:  # noqa: BLE001 - fails closed
            self._broken(step, "commitments", f"What it says of another site cannot be judged: {_name(error)}.")

    def _changes(self, step: Step, draft: Draft, book: Rulebook) -> tuple[Change, ...] | None:
        """What the entry changes; an entry that was refused is carried out too, where that makes sense."""
        try:
            return book.changes(draft, self.inventory)
        except Exception as error:  # noqa: BLE001 - fails closed
            self._broken(step, "rules", f"This {draft.type} cannot be carried out: {_name(error)}.")
            return None

    def _opening(self, step: Step, draft: Draft, verified: bool) -> None:
        """What an opening entry says of its ledger, which no rulebook can see."""
        for finding in opening(step, draft, verified=verified):
            self._findings.add(finding)

    # Earlier entries

    def _recorded(self, number: int) -> Recorded | None:
        """An entry before the present one, read again."""
        if not 0 <= number < self.journals.number:
            return None
        if number not in self._cache:
            if len(self._cache) >= REMEMBERED_ENTRIES:
                del self._cache[next(iter(self._cache))]
            self._cache[number] = self._read_again(number)
        return self._cache[number]

    def _read_again(self, number: int) -> Recorded | None:
        epoch, sequence = numbers.place_of(number)
        try:
            stored = self._source.entry(epoch, sequence)
            if stored is None:
                return None
            entry = parse_entry(stored.note)
            return drafts.recorded_of(entry, epoch) if entry.sequence == sequence else None
        except Exception:  # noqa: BLE001 - it was found when the walk came to it; here it is no entry
            return None


def _name(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
