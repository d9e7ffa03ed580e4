"""The audit bundle: a folder that proves a ledger, or one subject of it, to somebody who trusts nobody here.

    done = export_audit(reading, signers, Path("bundle"), subject="DOSE-1")

- `tiles` lays entries and hashes out as C2SP tlog-tiles, and makes inclusion proofs of them;
- `selection` chooses the entries of a subject, and the key events that their signatures are judged by;
- `folder` writes the bundle; `guide` writes its VERIFY.md;
- `verifiers` are the two programs that go with it, and their SHA-256. Their sources lie in `files/`: nothing here
  imports them, and they share no code with anything here.
"""

from __future__ import annotations

from cryoledger.exchange.audit_bundle.folder import Exported, export_audit
from cryoledger.exchange.audit_bundle.verifiers import VERIFIERS, verifier

__all__ = ["VERIFIERS", "Exported", "export_audit", "verifier"]
