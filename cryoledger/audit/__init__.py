"""Verification: checks that return findings, over any source of entries and rows. Pure: no files, no clock.

    report = verify(source, remembered=head)
    for finding in report.findings: ...

- `verify` runs LEDGER.md's list in order: `chain` (step 1), `replay` (steps 2 and 3), `heads` and `trees` (step 4),
  `journals` and `derived` (step 5), `documents` (what entries name beside the ledger); `remarks` are what a report
  says beside its verdict.
- `hashes` compares hashes alone (`verify_hashes`): fast, and no verification of who signed.
- `since` checks what came after a checkpoint that witnesses cosigned (`verify_since`), and says what it takes on their
  word.
- `source` is what it reads from, `findings` what it answers.
- `signatures` has them verified by other processes while the replay goes on.
- `draft` turns an entry's bytes into what the rules judge.
"""

from __future__ import annotations

from cryoledger.audit.documents import DocumentSource
from cryoledger.audit.findings import Finding, Report
from cryoledger.audit.hashes import verify_hashes
from cryoledger.audit.heads import Head, Seen
from cryoledger.audit.signatures import SignatureWorkers
from cryoledger.audit.since import verify_since
from cryoledger.audit.source import BadRow, Source, StoredEntry
from cryoledger.audit.trees import Outside
from cryoledger.audit.verify import verify

__all__ = [
    "BadRow",
    "DocumentSource",
    "Finding",
    "Head",
    "Outside",
    "Report",
    "Seen",
    "SignatureWorkers",
    "Source",
    "StoredEntry",
    "verify",
    "verify_hashes",
    "verify_since",
]
