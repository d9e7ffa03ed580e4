"""Unlocked keys in their own process: they sign while it lives, and are gone with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryoledger.custody.keys.keyring import Keyring
from cryoledger.errors import CryoledgerError, LedgerFormatError, PinError, SignatureError, StationError
from cryoledger.ledger.keys import KdfParameters, PrivateKey, WrappedKey, unwrap_key, wrap_key
from cryoledger.ledger.note import VerifierKey

ORIGIN = "velar.example/bangkok"
SECRET = bytes(range(100, 132))
PIN, OTHER_PIN = "580247", "913046"
TEXT = b"cryoledger/entry/v1\nan entry's text\n"
FAST = KdfParameters(memory_kib=8 * 1024, iterations=1, lanes=1)
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def keyring() -> Iterator[Keyring]:
    with Keyring() as keyring:
        yield keyring


def wrapped(key: PrivateKey, pin: str = PIN, key_id: bytes | None = None) -> WrappedKey:
    return wrap_key(
        key.seed,
        pin=pin,
        vault_secret=SECRET,
        origin=ORIGIN,
        name=key.name,
        key_id=key_id or key.verifier.key_id,
        parameters=FAST,
    )


def child(keyring: Keyring) -> int:
    assert keyring._process is not None
    return keyring._process.pid


def gone(pid: int, seconds: float = 0) -> bool:
    """True once the process is gone; an orphan that nobody has collected yet counts as gone."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.01)


def test_unlocked_key_signs_what_its_verifier_key_accepts(keyring: Keyring) -> None:
    key = PrivateKey.generate("maria.s")
    keyring.unlock(wrapped(key), PIN, SECRET, ORIGIN)
    assert keyring.unlocked() == {"maria.s"}
    line = keyring.sign("maria.s", TEXT)
    key.verifier.verify(TEXT, line)
    assert line == key.sign(TEXT)


def test_name_in_another_script_signs_too(keyring: Keyring) -> None:
    key = PrivateKey.generate("สมชาย")
    keyring.unlock(wrapped(key), PIN.encode(), SECRET, ORIGIN)
    key.verifier.verify(TEXT, keyring.sign("สมชาย", TEXT))


def test_longest_text_is_signed(keyring: Keyring) -> None:
    key = PrivateKey.generate("freezer-room-1")
    keyring.load_station(key.name, key.seed)
    text = b"x" * 999_999 + b"\n"
    key.verifier.verify(text, keyring.sign(key.name, text))


def test_signer_of_keyring_signs_like_the_key(keyring: Keyring) -> None:
    key = PrivateKey.generate("maria.s")
    keyring.unlock(wrapped(key), PIN, SECRET, ORIGIN)
    signer = keyring.signer("maria.s")
    assert (signer.name, signer.verifier) == ("maria.s", key.verifier)
    signer.verifier.verify(TEXT, signer.sign(TEXT))
    with pytest.raises(PinError):
        keyring.signer("somchai.k")


@pytest.mark.parametrize("pin", [OTHER_PIN, "", "58024", "not a pin", b"\xff\xfe"])
def test_wrong_pin_opens_nothing_and_is_in_no_error(keyring: Keyring, pin: str | bytes) -> None:
    with pytest.raises(PinError) as refused:
        keyring.unlock(wrapped(PrivateKey.generate("maria.s")), pin, SECRET, ORIGIN)
    assert refused.value.advice
    if pin:
        assert str(pin) not in repr(refused.value) + str(refused.value)
    assert refused.value.__cause__ is None
    assert keyring.unlocked() == frozenset()


@pytest.mark.parametrize(("secret", "origin"), [(bytes(32), ORIGIN), (SECRET, ORIGIN + "/e2")])
def test_right_pin_with_another_secret_or_origin_opens_nothing(keyring: Keyring, secret: bytes, origin: str) -> None:
    with pytest.raises(PinError):
        keyring.unlock(wrapped(PrivateKey.generate("maria.s")), PIN, secret, origin)


def test_wrong_pin_leaves_other_keys_unlocked(keyring: Keyring) -> None:
    maria, somchai = PrivateKey.generate("maria.s"), PrivateKey.generate("somchai.k")
    keyring.unlock(wrapped(maria), PIN, SECRET, ORIGIN)
    with pytest.raises(PinError):
        keyring.unlock(wrapped(somchai), OTHER_PIN, SECRET, ORIGIN)
    maria.verifier.verify(TEXT, keyring.sign("maria.s", TEXT))


def test_stored_key_under_the_id_of_another_is_refused(keyring: Keyring) -> None:
    with pytest.raises(SignatureError, match="whose ID"):
        keyring.unlock(wrapped(PrivateKey.generate("maria.s"), key_id=b"1234"), PIN, SECRET, ORIGIN)


def test_misuse_is_a_runtime_error_without_secrets(keyring: Keyring) -> None:
    with pytest.raises(RuntimeError, match="failed with RuntimeError") as failed:
        keyring.load_station("freezer-room-1", b"short seed")
    assert "short seed" not in str(failed.value)
    with pytest.raises(RuntimeError, match="failed with RuntimeError"):
        keyring.unlock(wrapped(PrivateKey.generate("maria.s")), PIN, b"short secret", ORIGIN)
    with pytest.raises(LedgerFormatError):
        keyring.load_station("two words", bytes(32))


def test_locked_key_does_not_sign(keyring: Keyring) -> None:
    with pytest.raises(PinError, match="is locked"):
        keyring.sign("maria.s", TEXT)


def test_second_person_is_locked_and_the_first_goes_on(keyring: Keyring) -> None:
    maria, somchai = PrivateKey.generate("maria.s"), PrivateKey.generate("somchai.k")
    for key in (maria, somchai):
        keyring.unlock(wrapped(key), PIN, SECRET, ORIGIN)
    keyring.sign("somchai.k", TEXT)
    keyring.lock("somchai.k")
    keyring.lock("nobody")
    assert keyring.unlocked() == {"maria.s"}
    with pytest.raises(PinError):
        keyring.sign("somchai.k", TEXT)
    keyring.sign("maria.s", TEXT)


def test_locking_one_key_takes_it_from_the_child_too(keyring: Keyring) -> None:
    key = PrivateKey.generate("maria.s")
    keyring.unlock(wrapped(key), PIN, SECRET, ORIGIN)
    keyring.lock("maria.s")
    keyring._verifiers = {"maria.s": key.verifier}  # as if this side had forgotten nothing
    with pytest.raises(PinError):
        keyring.sign("maria.s", TEXT)


def test_lock_ends_the_process(keyring: Keyring) -> None:
    key = PrivateKey.generate("freezer-room-1")
    keyring.load_station(key.name, key.seed)
    pid = child(keyring)
    keyring.lock()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert keyring.unlocked() == frozenset()
    keyring.lock()
    keyring.load_station(key.name, key.seed)
    assert child(keyring) != pid
    keyring.sign(key.name, TEXT)


def test_lock_does_not_wait_for_a_pin_being_tried(keyring: Keyring) -> None:
    key = PrivateKey.generate("maria.s")
    slow = wrap_key(
        key.seed,
        pin=PIN,
        vault_secret=SECRET,
        origin=ORIGIN,
        name=key.name,
        key_id=key.verifier.key_id,
        parameters=KdfParameters(memory_kib=256 * 1024, iterations=4, lanes=1),
    )
    ended: list[CryoledgerError] = []

    def unlock() -> None:
        try:
            keyring.unlock(slow, PIN, SECRET, ORIGIN)
        except CryoledgerError as error:
            ended.append(error)

    keyring.load_station("freezer-room-1", bytes(32))
    thread = threading.Thread(target=unlock)
    thread.start()
    time.sleep(0.1)
    pid = child(keyring)
    started = time.monotonic()
    keyring.lock()
    assert time.monotonic() - started < 0.3
    assert gone(pid)
    thread.join()
    assert [type(error) for error in ended] == [StationError]
    assert keyring.unlocked() == frozenset()


def test_killed_child_is_reported_and_the_next_unlock_starts_another(keyring: Keyring) -> None:
    key = PrivateKey.generate("maria.s")
    keyring.unlock(wrapped(key), PIN, SECRET, ORIGIN)
    os.kill(child(keyring), signal.SIGKILL)
    with pytest.raises(StationError, match="has ended") as refused:
        keyring.sign("maria.s", TEXT)
    assert "Sign in again" in refused.value.advice
    assert keyring.unlocked() == frozenset()
    with pytest.raises(PinError):
        keyring.sign("maria.s", TEXT)
    keyring.unlock(wrapped(key), PIN, SECRET, ORIGIN)
    key.verifier.verify(TEXT, keyring.sign("maria.s", TEXT))


def test_child_killed_unnoticed_unlocks_nothing(keyring: Keyring) -> None:
    key = PrivateKey.generate("maria.s")
    keyring.unlock(wrapped(key), PIN, SECRET, ORIGIN)
    process = keyring._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()  # a thread of it may outlive its zombie by a moment
    assert keyring.unlocked() == frozenset()
    keyring.load_station("freezer-room-1", bytes(32))
    assert keyring.unlocked() == {"freezer-room-1"}


def test_key_of_a_killed_child_is_locked_without_complaint(keyring: Keyring) -> None:
    keyring.load_station("freezer-room-1", bytes(32))
    os.kill(child(keyring), signal.SIGKILL)
    keyring.lock("freezer-room-1")
    assert keyring.unlocked() == frozenset()


@linux
def test_stopped_child_is_given_up(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring.load_station("freezer-room-1", bytes(32))
    pid = child(keyring)
    monkeypatch.setattr("cryoledger.custody.keys.keyring._SECONDS", 0.2)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(StationError):
        keyring.sign("freezer-room-1", TEXT)
    assert gone(pid)


def test_child_that_cannot_start_is_reported(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(StationError, match="cannot be started"):
        keyring.load_station("freezer-room-1", bytes(32))
    monkeypatch.undo()
    monkeypatch.setattr("cryoledger.custody.keys.keyring._START", "raise SystemExit(3)")
    with pytest.raises(StationError, match="has ended"):
        keyring.load_station("freezer-room-1", bytes(32))


def test_child_outlives_the_thread_that_started_it(keyring: Keyring) -> None:
    key = PrivateKey.generate("freezer-room-1")
    thread = threading.Thread(target=keyring.load_station, args=(key.name, key.seed))
    thread.start()
    thread.join()
    time.sleep(0.05)
    key.verifier.verify(TEXT, keyring.sign(key.name, TEXT))


def test_threads_get_their_own_signatures(keyring: Keyring) -> None:
    keys = [PrivateKey.generate(f"person-{number}") for number in range(4)]
    for key in keys:
        keyring.load_station(key.name, key.seed)
    failed: list[BaseException] = []

    def work(key: PrivateKey) -> None:
        try:
            for number in range(50):
                text = b"%d\n" % number
                key.verifier.verify(text, keyring.sign(key.name, text))
        except CryoledgerError as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


PARENT = """
import os, sys, time
from cryoledger.custody.keys.keyring import Keyring
keyring = Keyring()
keyring.load_station("freezer-room-1", bytes(32))
holder = 0
if sys.argv[1] == "holder":
    holder = os.fork()
    if holder == 0:
        time.sleep(60)          # holds the parent's end of the pipe
print(keyring._process.pid, holder, flush=True)
time.sleep(60)
"""


@linux
@pytest.mark.parametrize("pipe", ["alone", "holder"])
def test_child_dies_with_its_parent_even_if_another_holds_the_pipe(pipe: str) -> None:
    if pipe == "holder" and not hasattr(os, "pidfd_open"):
        pytest.skip("no pidfd here")
    script = textwrap.dedent(PARENT)
    with subprocess.Popen([sys.executable, "-c", script, pipe], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, holder = map(int, parent.stdout.readline().split())
        assert not gone(pid)
        parent.kill()
        parent.wait()
        try:
            assert gone(pid, 5)
            if holder:
                assert not gone(holder)
        finally:
            if holder:
                os.kill(holder, signal.SIGKILL)


@linux
def test_interrupt_at_the_terminal_leaves_the_child_alone(keyring: Keyring) -> None:
    keyring.load_station("freezer-room-1", bytes(32))
    assert os.getpgid(child(keyring)) != os.getpgid(0)
    os.kill(child(keyring), signal.SIGINT)
    keyring.sign("freezer-room-1", TEXT)


@linux
def test_arguments_and_environment_hold_no_secret(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYOLEDGER_TEST_SECRET", PIN)
    key = PrivateKey.generate("maria.s")
    keyring.unlock(wrapped(key), PIN, SECRET, ORIGIN)
    keyring.enrol("somchai.k", OTHER_PIN, SECRET, ORIGIN, FAST)
    folder = Path(f"/proc/{child(keyring)}")
    try:
        shown = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        assert (folder / "environ").read_bytes().strip(b"\0") == b""
    except PermissionError:  # not dumpable: this user may not even look
        shown = (folder / "cmdline").read_bytes()
    for each in (PIN.encode(), OTHER_PIN.encode(), SECRET, SECRET.hex().encode(), key.seed, b"maria"):
        assert each not in shown


@linux
def test_child_leaves_no_core_dump(keyring: Keyring) -> None:
    keyring.load_station("freezer-room-1", bytes(32))
    limits = Path(f"/proc/{child(keyring)}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert line.split()[4:6] == ["0", "0"]


@linux
def test_hardened_process_is_not_dumpable() -> None:
    script = """
import ctypes
from cryoledger.custody.keys.signing_process import harden
libc = ctypes.CDLL(None)
before = libc.prctl(3, 0, 0, 0, 0)
harden()
print(before, libc.prctl(3, 0, 0, 0, 0))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0"]


def test_child_imports_keys_and_little_else() -> None:
    script = "import cryoledger.custody.keys.signing_process, sys, json; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name for name in json.loads(done.stdout) if name.startswith("cryoledger.")}
    assert {name.split(".")[1] for name in loaded} == {"custody", "errors", "ledger"}
    assert {name for name in loaded if name.startswith("cryoledger.custody.")} == {
        "cryoledger.custody.keys",
        "cryoledger.custody.keys.frames",
        "cryoledger.custody.keys.signing_process",
    }
    heavy = {"pydantic", "sqlalchemy", "sqlmodel", "sqlite3", "textual", "typer", "platformdirs", "asyncio"}
    assert heavy.isdisjoint(json.loads(done.stdout))


def test_enrolled_key_opens_by_its_pin_and_signs_its_own_acceptance(keyring: Keyring) -> None:
    stored, verifier = keyring.enrol("maria.s", PIN, SECRET, ORIGIN, FAST)
    assert (stored.name, stored.key_id, stored.parameters) == ("maria.s", verifier.key_id, FAST)
    verifier.verify(TEXT, keyring.sign("maria.s", TEXT))
    seed = unwrap_key(stored, pin=PIN, vault_secret=SECRET, origin=ORIGIN)
    assert PrivateKey.from_seed("maria.s", seed).verifier == verifier
    keyring.lock()
    keyring.unlock(stored, PIN, SECRET, ORIGIN)
    verifier.verify(TEXT, keyring.sign("maria.s", TEXT))


def test_enrolment_without_parameters_costs_what_is_usual(keyring: Keyring) -> None:
    stored, _ = keyring.enrol("maria.s", PIN, SECRET, ORIGIN)
    assert stored.parameters == KdfParameters()


@pytest.mark.parametrize("pin", ["12345", "123456", "111111", "58o247", b"\xff" * 6])
def test_weak_pin_enrols_nobody(keyring: Keyring, pin: str | bytes) -> None:
    with pytest.raises(PinError) as refused:
        keyring.enrol("maria.s", pin, SECRET, ORIGIN, FAST)
    assert str(pin) not in str(refused.value)
    assert keyring.unlocked() == frozenset()


def test_changed_pin_opens_the_same_key_and_the_old_one_does_not(keyring: Keyring) -> None:
    stored, verifier = keyring.enrol("maria.s", PIN, SECRET, ORIGIN, FAST)
    changed = keyring.rewrap(stored, PIN, OTHER_PIN, SECRET, ORIGIN, FAST)
    verifier.verify(TEXT, keyring.sign("maria.s", TEXT))
    assert changed.key_id == stored.key_id
    assert changed.salt != stored.salt
    keyring.lock()
    with pytest.raises(PinError):
        keyring.unlock(changed, PIN, SECRET, ORIGIN)
    keyring.unlock(changed, OTHER_PIN, SECRET, ORIGIN)
    verifier.verify(TEXT, keyring.sign("maria.s", TEXT))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [(OTHER_PIN, "402857", "does not open"), (PIN, PIN, "is the old one"), (PIN, "123456", "straight run")],
)
def test_pin_is_not_changed_by_a_wrong_old_or_a_weak_new_one(keyring: Keyring, old: str, new: str, says: str) -> None:
    stored, _ = keyring.enrol("maria.s", PIN, SECRET, ORIGIN, FAST)
    with pytest.raises(PinError, match=says):
        keyring.rewrap(stored, old, new, SECRET, ORIGIN, FAST)
    assert keyring.unlocked() == {"maria.s"}


def test_pin_of_a_locked_or_another_key_is_not_changed(keyring: Keyring) -> None:
    stored = wrapped(PrivateKey.generate("maria.s"))
    with pytest.raises(PinError, match="is locked"):
        keyring.rewrap(stored, PIN, OTHER_PIN, SECRET, ORIGIN, FAST)
    keyring.enrol("maria.s", PIN, SECRET, ORIGIN, FAST)
    with pytest.raises(SignatureError, match="another than the unlocked one"):
        keyring.rewrap(stored, PIN, OTHER_PIN, SECRET, ORIGIN, FAST)


def test_keyring_and_signer_show_no_key(keyring: Keyring) -> None:
    key = PrivateKey.generate("maria.s")
    keyring.unlock(wrapped(key), PIN, SECRET, ORIGIN)
    shown = repr(keyring) + repr(keyring.signer("maria.s")) + repr(vars(keyring))
    for each in (PIN, repr(SECRET), repr(key.seed), key.seed.hex()):
        assert each not in shown


def test_verifier_of_the_station_is_the_one_enrolled(keyring: Keyring) -> None:
    key = PrivateKey.generate("freezer-room-1")
    keyring.load_station(key.name, key.seed)
    assert VerifierKey.parse(keyring.signer(key.name).verifier.encode()) == key.verifier
