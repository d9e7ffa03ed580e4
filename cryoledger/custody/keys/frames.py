"""What passes between a keyring and its signing process: a code and byte fields, with their lengths.

    frame = total length (4 bytes) || code (1) || { field length (4) || field }      big-endian

One question, one answer, in turn; so a reader takes whatever is there and expects nothing behind it.
"""

from __future__ import annotations

import os
import select
import struct
import time
from enum import IntEnum

_HEAD = struct.Struct(">IB")
_LENGTH = struct.Struct(">I")
_MAX_FRAME_BYTES = 1 << 21  # a note has at most a million bytes


class Code(IntEnum):
    """What a frame asks or answers; the fields are named behind it."""

    UNLOCK = 1  # wrapped key, PIN, vault secret, origin -> verifier key
    LOAD = 2  # name, seed -> verifier key
    SIGN = 3  # name, text -> signature
    FORGET = 4  # name
    ENROL = 5  # name, PIN, vault secret, origin, KDF parameters -> wrapped key, verifier key
    REWRAP = 6  # wrapped key, old PIN, new PIN, vault secret, origin, KDF parameters -> wrapped key
    DONE = 64  # what was asked for
    REFUSED = 65  # the error's class, message, advice
    FAILED = 66  # the class of an error that should not be


def send(descriptor: int, code: Code, *fields: bytes) -> None:
    """Write one frame; OSError where nobody reads."""
    parts = [part for field in fields for part in (_LENGTH.pack(len(field)), field)]
    frame = memoryview(_HEAD.pack(_HEAD.size + sum(map(len, parts)), code) + b"".join(parts))
    while frame:
        frame = frame[os.write(descriptor, frame) :]


def receive(descriptor: int, seconds: float | None = None) -> tuple[Code, list[bytes]]:
    """Read one frame.

    EOFError where the other side ended, TimeoutError after `seconds` without all of it, ValueError for bytes
    that are no frame.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    data = _read(descriptor, deadline)
    while len(data) < _HEAD.size:
        data += _read(descriptor, deadline)
    size, code = _HEAD.unpack_from(data)
    if size > _MAX_FRAME_BYTES:
        raise ValueError("the frame is too long")
    while len(data) < size:
        data += _read(descriptor, deadline)
    fields, at = [], _HEAD.size
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        fields.append(data[at : at + length])
        at += length
    if at != size:
        raise ValueError("the frame's lengths do not fit")
    return Code(code), fields


def _read(descriptor: int, deadline: float | None) -> bytes:
    if deadline is not None:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError
    data = os.read(descriptor, 1 << 17)
    if not data:
        raise EOFError
    return data
