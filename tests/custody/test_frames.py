"""Frames between keyring and signing process: whole, in any pieces, or refused."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.custody.keys import frames
from cryoledger.custody.keys.frames import Code


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)


@given(st.sampled_from(Code), st.lists(st.binary(max_size=5000), max_size=6))
def test_fields_come_back(code: Code, fields: list[bytes]) -> None:
    reader, writer = os.pipe()
    try:
        frames.send(writer, code, *fields)
        assert frames.receive(reader, 1) == (code, fields)
    finally:
        os.close(reader)
        os.close(writer)


def test_frame_larger_than_the_pipe_passes(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    content = os.urandom(1_500_000)
    thread = threading.Thread(target=frames.send, args=(writer, Code.SIGN, b"name", content))
    thread.start()
    assert frames.receive(reader, 5) == (Code.SIGN, [b"name", content])
    thread.join()
    os.close(writer)


def test_frame_in_single_bytes_is_put_together(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    inner, outer = os.pipe()
    frames.send(outer, Code.DONE, b"one", b"", b"two")
    data = os.read(inner, 1000)

    def trickle() -> None:
        for byte in data:
            os.write(writer, bytes([byte]))

    thread = threading.Thread(target=trickle)
    thread.start()
    assert frames.receive(reader, 5) == (Code.DONE, [b"one", b"", b"two"])
    thread.join()
    for descriptor in (inner, outer, writer):
        os.close(descriptor)


@pytest.mark.parametrize("size", [0, 3, 8])
def test_end_inside_a_frame_is_an_end(pipe: tuple[int, int], size: int) -> None:
    reader, writer = pipe
    os.write(writer, struct.pack(">IBI", 12, Code.SIGN, 3)[:size])
    os.close(writer)
    with pytest.raises(EOFError):
        frames.receive(reader)


def test_silence_is_a_timeout(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, b"\0\0")
    with pytest.raises(TimeoutError):
        frames.receive(reader, 0.05)
    os.close(writer)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">IB", 1 << 31, Code.SIGN),
        struct.pack(">IBI", 9, Code.SIGN, 4),
        struct.pack(">IBI", 9, 200, 0),
        struct.pack(">IB", 5, Code.SIGN) + b"more",
    ],
)
def test_bytes_that_are_no_frame_are_refused(pipe: tuple[int, int], data: bytes) -> None:
    reader, writer = pipe
    os.write(writer, data)
    with pytest.raises(ValueError, match=r"frame|Code"):
        frames.receive(reader, 1)
    os.close(writer)
