"""Narrative stays outside the ledger, encrypted; the entry's salted hash proves it was not altered (I9)."""

from __future__ import annotations

from pathlib import Path

import pytest

from cryoledger.cli.sample.people import MARIA, QUINN
from cryoledger.cli.sample.stock import make_event
from cryoledger.custody.identities import narrative
from cryoledger.custody.record import record
from cryoledger.custody.vault import Vault
from cryoledger.domain.fields import Document
from cryoledger.errors import RequestError, VaultDamagedError

TEXT = "Mother of the donor, Mrs Planted Name, called on Tuesday."


def hold_with_note(vault: Vault) -> Document:
    consent = {"scope": ["therapy"], "given_on": "2026-02-01"}
    record(vault, make_event("DonorRegistered", donor="D-9", consent=consent), MARIA.by)
    kept = narrative.keep(vault, TEXT, ("donor", "D-9"))
    event = make_event("HoldPlaced", scope="donor", codes=["D-9"], reason="investigation")
    sealed = record(vault, narrative.with_document(event, kept), QUINN.by, also=kept.write)
    return Document.model_validate(sealed.entry.envelope.data["document"])


def test_narrative_is_read_back_and_is_nowhere_in_the_vault(vault: Vault, home: Path) -> None:
    document = hold_with_note(vault)
    assert narrative.read(vault, document) == TEXT.encode()
    assert all(b"Planted Name" not in path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_erased_narrative_reads_as_nothing(vault: Vault) -> None:
    document = hold_with_note(vault)
    with vault.store.writing() as transaction:
        assert transaction.erase_documents("donor", "D-9", "2026-03-02T02:00:00.000Z") == 1
    assert narrative.read(vault, document) is None


def test_missing_and_empty_documents_are_named(vault: Vault) -> None:
    with pytest.raises(RequestError):
        narrative.keep(vault, "", ("donor", "D-9"))
    unknown = Document(sha256="A" * 43 + "=", size_bytes=1, salt_id="x")
    with pytest.raises(VaultDamagedError):
        narrative.read(vault, unknown)
