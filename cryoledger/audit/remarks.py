"""What a report says beside its verdict: open suspicions, the recovery key's use, exemptions, the exposed window."""

from __future__ import annotations

from collections.abc import Iterator

from cryoledger.audit.chain import TABLE, Step
from cryoledger.audit.findings import Finding, Findings
from cryoledger.domain import catalogue, numbers
from cryoledger.domain.facts import Change, Draft, Inventory, Put
from cryoledger.domain.records import Mention, PublicKey
from cryoledger.domain.restore_records import Restoration
from cryoledger.domain.roles import Kind
from cryoledger.domain.signing import FIRST_ENROLMENTS

__all__ = ["Remarks", "suspect_ranges", "undeclared_restores"]


class Remarks:
    """Gathers, entry by entry, what a reader of the report must know."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._exempt: list[str] = []
        self._public_keys: dict[str, str] = {}
        self._alone: str | None = None
        self._since = 0
        self._exposed = 0

    def pass_by(self, step: Step, draft: Draft, changes: tuple[Change, ...]) -> None:
        """Note what is remarkable about an entry."""
        if draft.type in FIRST_ENROLMENTS and not any(signed.meaning == "approved" for signed in draft.signers):
            self._exempt.append(numbers.shown(draft.number))
        if draft.type == "AdministratorRecovered":
            message = "The recovery key from the sealed sheet enrolled an administrator."
            self._open(step, "recovery key", message, found=draft.signers[-1].name)
        self._one_key_one_name(step, changes)
        self._expose(draft)

    def lines(self) -> tuple[str, ...]:
        """The remarks, as lines of what the report covers."""
        lines = [f"first enrolment: entry {shown} bears one administrator's signature" for shown in self._exempt]
        if self._alone is not None and self._exposed:
            lines.append(
                f"exposed window: the last {self._exposed} entries, from {numbers.shown(self._since)} on, "
                f"rest on the key of {self._alone} alone"
            )
        return tuple(lines)

    def _one_key_one_name(self, step: Step, changes: tuple[Change, ...]) -> None:
        """A key under two names lets one holder sign as two persons."""
        for change in changes:
            if isinstance(change, Put) and isinstance(change.row, PublicKey) and change.row.enrolled == step.number:
                name, key = change.row.name, change.row.verifier_key.split("+", 2)[-1]
                first = self._public_keys.setdefault(key, name)
                if first != name:
                    message = f"The key of {name} is also the key of {first}: one holder can sign as two."
                    self._open(step, "keys", message, found=name)

    def _expose(self, draft: Draft) -> None:
        """LEDGER, "Verification": whoever holds one key can rewrite what follows a colleague's last signature."""
        if catalogue.of(draft.type).signing.kind is Kind.OBSERVED:
            self._exposed += self._alone is not None
            return
        persons = {signed.name for signed in draft.signers}
        if persons == {self._alone}:
            self._exposed += 1
        elif len(persons) == 1:
            self._alone, self._since, self._exposed = draft.first, draft.number, 1
        else:
            self._alone, self._exposed = None, 0

    def _open(self, step: Step, check: str, message: str, found: str) -> None:
        row = numbers.shown(step.number)
        self._findings.add(Finding(check, "open", step.epoch, step.sequence, TABLE, row, None, found, message))


def undeclared_restores(inventory: Inventory) -> Iterator[Finding]:
    """Epochs that a station opened over a restored ledger, and that no two persons have declared yet."""
    for row in inventory.rows(Restoration):
        if row.declared is None:
            epoch, _ = numbers.place_of(row.number)
            message = f"Work since entry {numbers.shown(row.number)} is unreconciled: nobody has declared the restore."
            yield Finding("restore", "open", epoch, 0, Restoration.table, str(row.number), "declared", None, message)


def suspect_ranges(inventory: Inventory) -> Iterator[Finding]:
    """Ranges of entries under suspicion that nobody has reaffirmed, with how many entries the key signed in them."""
    for key in inventory.rows(PublicKey):
        if key.suspect_from is None or key.revoked is None:
            continue
        first = key.suspect_from if key.reaffirmed_to is None else key.reaffirmed_to + 1
        last = key.revoked - 1
        mentions = inventory.where(Mention, kind="signer", code=key.name)
        signed = [row.entry for row in mentions if first <= row.entry <= last]
        if not signed:
            continue
        epoch, sequence = numbers.place_of(min(signed))
        shown = f"{numbers.shown(first)} to {numbers.shown(last)}"
        message = f"{len(signed)} entries of {key.name} in {shown} are under suspicion until another reaffirms them."
        row = f"{key.name} {key.key_id}"
        yield Finding(
            "suspect range", "open", epoch, sequence, PublicKey.table, row, "reaffirmed", str(len(signed)), message
        )
