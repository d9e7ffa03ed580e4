"""The process that holds unlocked private keys, and signs for the station that started it.

It has no arguments and no environment with a secret in them, leaves no core dump, cannot be traced by other
programs of the same user (Linux), and ends when its standard input does or when the station's process is gone.
Python cannot overwrite the memory of its bytes: to wipe the keys, the process is killed.

It starts while a person types a PIN, so it imports the ledger's keys and little else.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cryoledger.custody.keys import frames
from cryoledger.custody.keys.frames import Code
from cryoledger.errors import CryoledgerError, PinError, SignatureError, StationError
from cryoledger.ledger import canonical
from cryoledger.ledger.canonical import Json
from cryoledger.ledger.keys import KdfParameters, PrivateKey, WrappedKey, unwrap_key, wrap_key

_PR_SET_DUMPABLE = 4  # prctl(2); it also takes /proc/<pid>/mem away from the user's other programs


@dataclass(frozen=True, slots=True)
class _Held:
    """A key, with the form of it that signs: to make that form anew takes as long as to sign."""

    key: PrivateKey
    ed25519: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def of(cls, key: PrivateKey) -> _Held:
        return cls(key, Ed25519PrivateKey.from_private_bytes(key.seed))


class _Keys:
    """The keys in this process, and what may be asked of them; every field and answer is bytes."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}
        self._acts: dict[Code, Callable[..., list[bytes]]] = {
            Code.UNLOCK: self._unlock,
            Code.LOAD: self._load,
            Code.SIGN: self._sign,
            Code.FORGET: self._forget,
            Code.ENROL: self._enrol,
            Code.REWRAP: self._rewrap,
        }

    def answer(self, code: Code, fields: list[bytes]) -> tuple[Code, list[bytes]]:
        """What to send back. An error's own text may pass only where it is one that a user can meet."""
        try:
            return Code.DONE, self._acts[code](*fields)
        except CryoledgerError as error:
            return Code.REFUSED, [type(error).__name__.encode(), error.message.encode(), error.advice.encode()]
        except MemoryError:
            advice = b"Close other programs and try again."
            return Code.REFUSED, [StationError.__name__.encode(), b"Too little memory is free to try a PIN.", advice]
        except Exception as error:  # noqa: BLE001 - reported by its class: its text might quote a secret
            return Code.FAILED, [type(error).__name__.encode()]

    def _unlock(self, wrapped: bytes, pin: bytes, secret: bytes, origin: bytes) -> list[bytes]:
        key = _open(_wrapped(wrapped), pin, secret, origin)
        return self._hold(key)

    def _load(self, name: bytes, seed: bytes) -> list[bytes]:
        return self._hold(PrivateKey.from_seed(name.decode(), seed))

    def _sign(self, name: bytes, text: bytes) -> list[bytes]:
        return [self._find(name.decode()).ed25519.sign(text)]

    def _forget(self, name: bytes) -> list[bytes]:
        self._held.pop(name.decode(), None)
        return []

    def _enrol(self, name: bytes, pin: bytes, secret: bytes, origin: bytes, parameters: bytes) -> list[bytes]:
        key = PrivateKey.generate(name.decode())
        wrapped = _wrap(key, pin, secret, origin, parameters)
        return [wrapped, *self._hold(key)]

    def _rewrap(
        self, wrapped: bytes, old: bytes, new: bytes, secret: bytes, origin: bytes, parameters: bytes
    ) -> list[bytes]:
        stored = _wrapped(wrapped)
        held = self._find(stored.name)
        if _open(stored, old, secret, origin) != held.key:
            raise SignatureError(f"The stored key of {stored.name} is another than the unlocked one.")
        if old == new:
            raise PinError("The new PIN is the old one.", "Choose another.")
        return [_wrap(held.key, new, secret, origin, parameters)]

    def _hold(self, key: PrivateKey) -> list[bytes]:
        self._held[key.name] = _Held.of(key)
        return [key.verifier.encode().encode()]

    def _find(self, name: str) -> _Held:
        try:
            return self._held[name]
        except KeyError:
            raise PinError(f"The key of {name} is locked.", "Enter its PIN.") from None


def _wrapped(data: bytes) -> WrappedKey:
    value = canonical.decode(data)
    if not isinstance(value, dict):
        raise TypeError("a wrapped key is an object")
    return WrappedKey.from_dict(value)


def _open(wrapped: WrappedKey, pin: bytes, secret: bytes, origin: bytes) -> PrivateKey:
    # "replace": the error of a strict decoder would carry the PIN.
    text = pin.decode("utf-8", "replace")
    seed = unwrap_key(wrapped, pin=text, vault_secret=secret, origin=origin.decode())
    key = PrivateKey.from_seed(wrapped.name, seed)
    if key.verifier.key_id != wrapped.key_id:
        raise SignatureError(
            f"The stored key of {wrapped.name} is not the one whose ID it bears.", "Its holder needs a new key."
        )
    return key


def _wrap(key: PrivateKey, pin: bytes, secret: bytes, origin: bytes, parameters: bytes) -> bytes:
    value: Json = canonical.decode(parameters)
    costs = KdfParameters(*value) if isinstance(value, list) and value else None
    wrapped = wrap_key(
        key.seed,
        pin=pin.decode("utf-8", "replace"),
        vault_secret=secret,
        origin=origin.decode(),
        name=key.name,
        key_id=key.verifier.key_id,
        parameters=costs,
    )
    return canonical.encode(wrapped.to_dict())


def harden() -> None:
    """No core dump of this process, and no other program of this user looks into its memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    # Ctrl-C is for the station's program, which closes its end of the pipe if it means to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def end_with(parent: int) -> None:
    """End this process with that one, even while another program holds the pipe open or a PIN is being tried.

    PR_SET_PDEATHSIG would fire when the thread that started this process ends, and a station's program starts it
    from a thread of a pool. Where there is no pidfd (before Linux 5.3, elsewhere), the end of the pipe must do.
    """
    try:
        watched = os.pidfd_open(parent)
    except (AttributeError, OSError):
        watched = -1
    if os.getppid() != parent:
        os._exit(0)
    if watched >= 0:
        threading.Thread(target=_exit_after, args=(watched,), daemon=True).start()


def _exit_after(watched: int) -> None:
    select.select([watched], [], [])
    os._exit(0)


def main(parent: int) -> None:
    """Answer on standard output what is asked on standard input, until that ends."""
    harden()
    end_with(parent)
    keys = _Keys()
    while True:
        try:
            code, fields = frames.receive(0)
        except EOFError:
            return
        answer, parts = keys.answer(code, fields)
        frames.send(1, answer, *parts)
