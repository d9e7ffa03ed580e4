"""Many signatures at once: whatever one key would refuse alone is named by its place in the batch."""

from __future__ import annotations

import pytest

from cryoledger.ledger.checkpoint import Checkpoint
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.note import Algorithm
from cryoledger.ledger.signature_batch import SignatureJob, failing

KEY = PrivateKey.from_seed("maria.s", bytes([1]) * 32)
OTHER = PrivateKey.from_seed("maria.s", bytes([2]) * 32)
WITNESS = PrivateKey.from_seed("witness.example/w", bytes([7]) * 32, Algorithm.COSIGNATURE_V1)
TEXT = b"some text\n"


def job(key: PrivateKey = KEY, text: bytes = TEXT) -> SignatureJob:
    line = key.sign(text)
    return key.verifier.encode(), text, line.name, line.key_id, line.signature


def test_what_was_signed_does_not_fail() -> None:
    head = Checkpoint("velar.example/lab", 3, bytes(32)).text
    line = WITNESS.sign(head, seconds=1_700_000_000)
    cosigned = (WITNESS.verifier.encode(), head, line.name, line.key_id, line.signature)
    assert failing([job(), job(OTHER), cosigned]) == (3, [])


BAD: dict[str, SignatureJob] = {
    "another text": (*job()[:1], b"other text\n", *job()[2:]),
    "another name": (*job()[:2], "quinn.o", *job()[3:]),
    "another key ID": (*job()[:3], bytes(4), job()[4]),
    "another key": (job(OTHER)[0], *job()[1:]),
    "a torn signature": (*job()[:4], job()[4][:-1]),
    "a longer signature": (*job()[:4], job()[4] + b"x"),
    "an altered signature": (*job()[:4], bytes([job()[4][0] ^ 1]) + job()[4][1:]),
    "no key": ("rubbish", *job()[1:]),
    "a cosignature that is none": (WITNESS.verifier.encode(), TEXT, WITNESS.name, WITNESS.verifier.key_id, bytes(72)),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_verify_is_named(name: str) -> None:
    assert failing([job(), BAD[name], job(OTHER)]) == (3, [1])
