"""Private keys in memory."""

from __future__ import annotations

import pickle
import traceback

import pytest

from cryoledger.errors import LedgerFormatError
from cryoledger.ledger.keys import PrivateKey, Signer
from cryoledger.ledger.note import Algorithm


def test_the_seed_is_in_no_repr_and_no_traceback() -> None:
    key = PrivateKey.from_seed("maria.s", b"secret seed of thirty-two bytes!")
    assert "secret" not in f"{key!r} {key} {[key]}"
    with pytest.raises(RuntimeError) as caught:
        PrivateKey.from_seed("maria.s", b"secret")
    assert "secret" not in "".join(traceback.format_exception_only(caught.value))


def test_rfc_8032_test_1() -> None:
    """RFC 8032, 7.1, TEST 1: the empty message."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = PrivateKey.from_seed("rfc", seed)
    assert key.verifier.public_key.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign(b"").signature.hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595b"
        "be24655141438e7a100b"
    )


@pytest.mark.parametrize("algorithm", Algorithm)
def test_generated_keys_differ_and_come_back_from_their_seed(algorithm: Algorithm) -> None:
    one, other = (PrivateKey.generate("maria.s", algorithm) for _ in range(2))
    assert one.seed != other.seed
    assert PrivateKey.from_seed("maria.s", one.seed, algorithm).verifier == one.verifier
    assert pickle.loads(pickle.dumps(one)) == one


def test_a_private_key_is_a_signer() -> None:
    signer: Signer = PrivateKey.generate("maria.s")
    line = signer.sign(b"text\n")
    assert line.name == signer.name
    signer.verifier.verify(b"text\n", line)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u3000b", "n" * 256, "é" * 128, "\ud800"])
def test_a_name_that_cannot_stand_in_a_note_is_refused(name: str) -> None:
    with pytest.raises(LedgerFormatError):
        PrivateKey.generate(name)
