"""The keys that are unlocked at this station: they live in one child process, and killing it is the wipe.

    keyring = Keyring()
    keyring.load_station(*folder.read_station())
    keyring.unlock(wrapped, pin, folder.read_secret(), origin)      # PinError for a wrong PIN
    line = keyring.sign("maria.s", entry_text)
    keyring.lock()                                                   # every key is gone, the station's too

Any thread may call any method. `signing_process` is the other side.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryoledger.custody.keys import frames
from cryoledger.custody.keys.frames import Code
from cryoledger.errors import CryoledgerError, LedgerFormatError, PinError, SignatureError, StationError
from cryoledger.ledger import canonical
from cryoledger.ledger.canonical import Json
from cryoledger.ledger.keys import KdfParameters, WrappedKey
from cryoledger.ledger.note import Signature, VerifierKey

# The child looks for modules where this process does, and nowhere else; its environment is empty.
_START = """\
import sys
sys.path[:] = sys.argv[2:]
from cryoledger.custody.keys.signing_process import main
main(int(sys.argv[1]))
"""
_SECONDS = 10.0
_PIN_SECONDS = 60.0  # Argon2id at the greatest cost that a wrapped key may name
_ERRORS: dict[str, type[CryoledgerError]] = {
    error.__name__: error for error in (LedgerFormatError, PinError, SignatureError, StationError)
}


class Keyring:
    """Unlocked private keys, by name, in a process of their own that starts with the first key."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._verifiers: dict[str, VerifierKey] = {}  # replaced, never altered: `unlocked` reads it at any time

    def unlock(self, wrapped: WrappedKey, pin: str | bytes, vault_secret: bytes, origin: str) -> None:
        """Open a person's key; PinError where the PIN (or the vault secret, or the origin) is another."""
        with self._turn:
            self._start()
            (key,) = self._ask(Code.UNLOCK, _json(wrapped.to_dict()), _bytes(pin), vault_secret, origin.encode())
            self._keep(key)

    def load_station(self, name: str, seed: bytes) -> None:
        """Take the station's own key, which no PIN protects."""
        with self._turn:
            self._start()
            (key,) = self._ask(Code.LOAD, name.encode(), seed)
            self._keep(key)

    def enrol(
        self,
        name: str,
        pin: str | bytes,
        vault_secret: bytes,
        origin: str,
        parameters: KdfParameters | None = None,
    ) -> tuple[WrappedKey, VerifierKey]:
        """A new key, made in the child and unlocked there to sign its own acceptance; PinError for a weak PIN."""
        costs = _json(_costs(parameters))
        with self._turn:
            self._start()
            answer = self._ask(Code.ENROL, name.encode(), _bytes(pin), vault_secret, origin.encode(), costs)
            return _wrapped(answer[0]), self._keep(answer[1])

    def rewrap(
        self,
        wrapped: WrappedKey,
        old_pin: str | bytes,
        new_pin: str | bytes,
        vault_secret: bytes,
        origin: str,
        parameters: KdfParameters | None = None,
    ) -> WrappedKey:
        """The same key under a new PIN.

        PinError where the key is locked, the old PIN is wrong, or the new one is weak or the old one.
        """
        pins, costs = (_bytes(old_pin), _bytes(new_pin)), _json(_costs(parameters))
        with self._turn:
            self._need(wrapped.name)
            answer = self._ask(Code.REWRAP, _json(wrapped.to_dict()), *pins, vault_secret, origin.encode(), costs)
            return _wrapped(answer[0])

    def sign(self, name: str, text: bytes) -> Signature:
        """The signature line of a key over the text of a note; PinError where that key is not unlocked."""
        with self._turn:
            verifier = self._need(name)
            (signature,) = self._ask(Code.SIGN, name.encode(), text)
        return Signature(name, verifier.key_id, signature)

    @contextmanager
    def signing(self, name: str, text: bytes) -> Iterator[Callable[[], Signature]]:
        """As `sign`, while the block goes on with something else: what it is given waits for the signature.

        The child works on nothing else until the block ends; a signature that was not fetched is thrown away.
        """
        with self._turn:
            verifier = self._need(name)
            self._send(Code.SIGN, name.encode(), text)
            fetched = False

            def fetch() -> Signature:
                nonlocal fetched
                if fetched:
                    raise RuntimeError("the signature was fetched already")
                fetched = True
                (signature,) = self._receive(_SECONDS)
                return Signature(name, verifier.key_id, signature)

            try:
                yield fetch
            finally:
                if not fetched:
                    with suppress(CryoledgerError):
                        self._receive(_SECONDS)

    def signer(self, name: str) -> KeyringSigner:
        """An unlocked key as a `Signer`; PinError where it is not unlocked."""
        with self._turn:
            return KeyringSigner(name, self._need(name), self)

    def lock(self, name: str | None = None) -> None:
        """Forget one key; without a name, end the process, which wipes them all, the station's own too.

        A key forgotten alone can sign no more, but traces of it stay in the child's memory until that ends.
        """
        process = self._process
        if name is None and process is not None:
            process.kill()  # before waiting for one's turn: locking does not wait for a PIN being tried
        with self._turn:
            if name is None:
                self._end()
            elif name in self._verifiers:
                self._verifiers = {key: value for key, value in self._verifiers.items() if key != name}
                with suppress(StationError):  # a child that has ended has forgotten
                    self._ask(Code.FORGET, name.encode())

    def unlocked(self) -> frozenset[str]:
        """The names whose keys can sign now."""
        process, verifiers = self._process, self._verifiers
        alive = process is not None and process.poll() is None
        return frozenset(verifiers) if alive else frozenset()

    def close(self) -> None:
        """As `lock()`."""
        self.lock()

    def __enter__(self) -> Keyring:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _keep(self, encoded: bytes) -> VerifierKey:
        verifier = VerifierKey.parse(encoded.decode())
        self._verifiers = {**self._verifiers, verifier.name: verifier}
        return verifier

    def _need(self, name: str) -> VerifierKey:
        try:
            return self._verifiers[name]
        except KeyError:
            raise PinError(f"The key of {name} is locked.", "Enter its PIN.") from None

    def _start(self) -> None:
        """A living child. Where the last one died, its keys died with it."""
        if self._process is not None and self._process.poll() is None:
            return
        self._end()
        path = [str(Path(entry).absolute()) for entry in sys.path]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
                [sys.executable, "-I", "-c", _START, str(os.getpid()), *path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                cwd="/",
                env={},
                start_new_session=True,  # a Ctrl-C at the terminal is not for the child
            )
        except OSError as error:
            raise StationError(
                f"The signing process cannot be started: {error.strerror}.", "Restart cryoledger, or this machine."
            ) from None

    def _ask(self, code: Code, *fields: bytes) -> list[bytes]:
        """The answer to one question; StationError where the child died of it or before."""
        self._send(code, *fields)
        return self._receive(_PIN_SECONDS if code in (Code.UNLOCK, Code.ENROL, Code.REWRAP) else _SECONDS)

    def _send(self, code: Code, *fields: bytes) -> None:
        stdin = self._process.stdin if self._process is not None else None
        if stdin is None:
            raise RuntimeError("there is no signing process")
        with self._whole():
            frames.send(stdin.fileno(), code, *fields)

    def _receive(self, patience: float) -> list[bytes]:
        stdout = self._process.stdout if self._process is not None else None
        if stdout is None:
            raise RuntimeError("there is no signing process")
        with self._whole():
            answer, parts = frames.receive(stdout.fileno(), patience)
        if answer is Code.DONE:
            return parts
        texts = [part.decode() for part in parts]
        if answer is Code.REFUSED:
            raise _ERRORS.get(texts[0], StationError)(texts[1], texts[2])
        raise RuntimeError(f"the signing process failed with {texts[0]}")

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """One half of an exchange; what breaks it ends the process, whose pipes hold nobody knows what."""
        try:
            yield
        except (OSError, EOFError, ValueError):
            self._end()
            raise StationError(
                "The signing process has ended, and with it every unlocked key.", "Sign in again, then repeat the act."
            ) from None
        except BaseException:  # an interrupted exchange leaves its answer in the pipe
            self._end()
            raise

    def _end(self) -> None:
        process, self._process, self._verifiers = self._process, None, {}
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


@dataclass(frozen=True, slots=True)
class KeyringSigner:
    """One unlocked key of a keyring, as `cryoledger.ledger.keys.Signer`."""

    name: str
    verifier: VerifierKey
    keyring: Keyring = field(repr=False)

    def sign(self, text: bytes) -> Signature:
        """As `Keyring.sign`."""
        return self.keyring.sign(self.name, text)


def _bytes(pin: str | bytes) -> bytes:
    return pin.encode("utf-8", "replace") if isinstance(pin, str) else bytes(pin)


def _costs(parameters: KdfParameters | None) -> Json:
    return [parameters.memory_kib, parameters.iterations, parameters.lanes] if parameters else []


def _json(value: Json) -> bytes:
    return canonical.encode(value)


def _wrapped(data: bytes) -> WrappedKey:
    value = canonical.decode(data)
    if not isinstance(value, dict):
        raise RuntimeError("the signing process answered with something else than a wrapped key")
    return WrappedKey.from_dict(value)
