"""Whoever has an administrator's key and the machine: every key made anew, odd public keys, one key for two."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from cryoledger.domain import catalogue
from cryoledger.domain.events import people, vault
from cryoledger.domain.roles import Role
from cryoledger.ledger.entry import seal
from cryoledger.ledger.keys import PrivateKey
from cryoledger.ledger.note import Algorithm, Signature
from tests.audit.sources import Listed, row_of
from tests.audit.tampering import entry_of
from tests.forgers.scene import Attempt, Scene, moved
from tests.forgers.with_a_persons_key import REMEMBERS
from tests.forgers.with_log_key import OTHER
from tests.lab import ADMIN, ADMIN_2, ORIGIN, PEOPLE, RECOVERY, STATION, TECHNICIAN, Lab, badge_of, private_key

HOLDER = "+ an administrator's key"
HELD = frozenset((ORIGIN, STATION, RECOVERY, ADMIN))
BOTH = HELD | {ADMIN_2}
P = 2**255 - 19
OUTSIDE = {**REMEMBERS, "witness": OTHER, "paper": OTHER, "receipt": OTHER, "witness asked": "REWRITE"}


class _Forged(Lab):
    """A laboratory where everybody but the first administrator has a key that the forger made."""

    def key(self, name: str, generation: int = 1, algorithm: Algorithm = Algorithm.ED25519) -> str:
        made_anew = name in PEOPLE and name != ADMIN
        return super().key(name, 2 if made_anew else generation, algorithm)


def reissue_everything(scene: Scene, *, start: str = "") -> None:
    """Entry 0 as it was; every key after it made anew, and a history of as many entries."""
    lab = _Forged(start=start) if start else _Forged()
    lab.furnish()
    while len(lab.entries) < scene.truth.size:
        lab.record(moved(str(3 + len(lab.entries) % 2)), TECHNICIAN)
    scene.source = Listed.of(lab)
    scene.tidy()


def new_vault(scene: Scene) -> None:
    """Another entry 0, of the same keys, a minute later."""
    reissue_everything(scene, start="2026-11-22T08:01:00.000Z")


def odd_key(point: bytes, line: bytes) -> Callable[[Scene], None]:
    """Both administrators enrol somebody under a public key for which anybody can make signatures."""

    def forge(scene: Scene) -> None:
        name = "mallory.x"
        key_id = hashlib.sha256(name.encode() + b"\n\x01" + point).digest()[:4]
        key = f"{name}+{key_id.hex()}+{base64.b64encode(bytes((1,)) + point).decode()}"
        new = vault.NewPerson(name=name, full_name="Mallory Xu", badge="BDG-00000000-0")
        said: dict[str, Any] = {"person": new, "roles": (Role.TECHNICIAN,), "key": key}
        event = people.KeyIssued.model_construct(None, late=None, typed=(), document=None, **said)
        text = scene.text(event, (ADMIN, "issued"), (ADMIN_2, "approved"), (name, "accepted"))
        lines = [scene.sign(ADMIN, text), scene.sign(ADMIN_2, text), Signature(name, key_id, line)]
        scene.append_note(text, lines)

    return forge


def one_key_for_two(scene: Scene) -> None:
    """Both administrators enrol a technician's key under a second name: one holder can sign as two."""
    twin = PrivateKey.from_seed("zoe.q", private_key(TECHNICIAN).seed)
    text_of_key = twin.verifier.encode()
    new = vault.NewPerson(name="zoe.q", full_name="Zoe Quill", badge=badge_of(text_of_key))
    event = catalogue.parse("KeyIssued", {"person": new.model_dump(), "roles": ["technician"], "key": text_of_key})
    text = scene.text(event, (ADMIN, "issued"), (ADMIN_2, "approved"), ("zoe.q", "accepted"))
    scene.source.stored.append(
        row_of(1, seal(text, [scene.sign(ADMIN, text), scene.sign(ADMIN_2, text), twin.sign(text)]))
    )
    scene.tidy()


def enrol_without_a_second(scene: Scene) -> None:
    """One administrator alone enrols an accomplice."""
    key = private_key("eve.x")
    new = vault.NewPerson(name="eve.x", full_name="Eve Xu", badge=badge_of(key.verifier.encode()))
    data = {"person": new.model_dump(), "roles": ["technician"], "key": key.verifier.encode()}
    scene.append(catalogue.parse("KeyIssued", data), (ADMIN, "issued"), ("eve.x", "accepted"))
    scene.tidy()


def sign_as_the_station(scene: Scene) -> None:
    """The station's key under what a person must sign."""
    scene.append(moved("6"), (STATION, "performed"))
    scene.tidy()


def recovery_key(scene: Scene) -> None:
    """The sealed sheet was opened."""
    key = private_key("rosa.n")
    assert entry_of(scene.source.stored[0]).origin == ORIGIN
    new = vault.NewPerson(name="rosa.n", full_name="Rosa Nunez", badge=badge_of(key.verifier.encode()))
    data = {"person": new.model_dump(), "key": key.verifier.encode()}
    scene.append(catalogue.parse("AdministratorRecovered", data), (RECOVERY, "recovered"), ("rosa.n", "accepted"))
    scene.tidy()


IDENTITY = (1).to_bytes(32, "little")
ODD = (
    ("order 1: R = A, S = 0 fits every text", IDENTITY, IDENTITY + bytes(32)),
    ("order 2", (P - 1).to_bytes(32, "little"), IDENTITY + bytes(32)),
    ("order 4", bytes(32), IDENTITY + bytes(32)),
    ("the point of order 1, not canonical", (P + 1).to_bytes(32, "little"), IDENTITY + bytes(32)),
    ("the point of order 1, sign bit set", (1 | 1 << 255).to_bytes(32, "little"), IDENTITY + bytes(32)),
    ("no point at all", (2).to_bytes(32, "little"), bytes(64)),
)

ATTEMPTS = (
    Attempt(HOLDER, "re-issue every key, rewrite all after entry 0", reissue_everything,
            {**OUTSIDE, "badges": "bears another key ID"},
            frozenset((*HELD, *PEOPLE))),
    Attempt(HOLDER, "make the vault anew under its name", new_vault,
            {**OUTSIDE, "fingerprint": "This is another vault", "badges": "bears another key ID"},
            frozenset((*HELD, *PEOPLE))),
    Attempt(HOLDER, "enrol an accomplice alone", enrol_without_a_second, {"verify": "is signed by"}, HELD | {"eve.x"}),
    Attempt(HOLDER, "sign with the station's key for a person", sign_as_the_station, {"verify": "Nobody is enrolled"},
            HELD),
    Attempt(HOLDER, "use the recovery key from the sealed sheet", recovery_key,
            {"mark": "The recovery key from the sealed sheet"}, HELD | {"rosa.n"}),
    Attempt("+ two administrators' keys", "one key under two names", one_key_for_two,
            {"verify": "enrolled under another name", "mark": "one holder can sign as two"}, BOTH),
    *(
        Attempt("+ two administrators' keys", f"enrol an odd public key: {name}", odd_key(point, line),
                {"verify": "mallory.x"}, BOTH)
        for name, point, line in ODD
    ),
)  # fmt: skip
