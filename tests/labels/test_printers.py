"""Printers that print, run out of paper, say nothing, hang or are off; none of them holds the program up."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from cryoledger.labels import CupsPrinter, PrinterError, TcpPrinter, read_address
from cryoledger.labels.printer_status import Identity, Status, read_identity, read_status

LABEL = b"^XA^FO0,0^GFA,1,1,1,FF^FS^XZ\n"


def answer(*, paper_out: int = 0, paused: int = 0, waiting: int = 0, head: int = 0, ribbon: int = 0) -> bytes:
    return (
        f"\x02030,{paper_out},{paused},1245,{waiting:03d},0,0,0,000,0,0,0\x03\r\n"
        f"\x02000,0,{head},{ribbon},0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"
    ).encode()


class FakePrinter:
    """Port 9100: counts labels, and answers each `~HS` with what `says` makes of the count."""

    def __init__(self, says: Callable[[int], bytes | None]) -> None:
        self.labels = 0
        self._says = says
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                with connection:
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        pending = b""
        while part := connection.recv(65536):
            pending += part
            while True:
                ends = [(pending.find(mark), mark) for mark in (b"^XZ\n", b"~HS\r\n") if mark in pending]
                if not ends:
                    break
                at, mark = min(ends)
                pending = pending[at + len(mark) :]
                if mark == b"^XZ\n":
                    self.labels += 1
                elif (reply := self._says(self.labels)) is not None:
                    connection.sendall(reply)
                else:
                    continue
                if mark == b"~HS\r\n" and reply == b"":
                    return

    def close(self) -> None:
        """Stop listening at once: closed alone, a socket still takes the connection that its thread waits for."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@contextlib.contextmanager
def printer(says: Callable[[int], bytes | None]) -> Iterator[FakePrinter]:
    fake = FakePrinter(says)
    try:
        yield fake
    finally:
        fake.close()


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port on which nobody listens, and nobody else can begin to: it is bound, and takes no connection."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def at(fake: FakePrinter, *, asks: bool = True) -> TcpPrinter:
    return TcpPrinter("127.0.0.1", fake.port, timeout=0.4, asks=asks)


def test_a_good_printer_takes_all_and_confirms() -> None:
    counts: list[int] = []
    with printer(lambda _: answer()) as fake:
        sent = at(fake).send([LABEL] * 40, counts.append)
        assert (sent.labels, sent.confirmed, fake.labels) == (40, 40, 40)
    assert counts == list(range(1, 41))


@pytest.mark.parametrize(
    ("trouble", "words"),
    [("paper_out", "out of labels"), ("ribbon", "out of ribbon"), ("head", "head open"), ("paused", "paused")],
)
def test_trouble_before_the_first_label_sends_nothing(trouble: str, words: str) -> None:
    with printer(lambda _: answer(**{trouble: 1})) as fake:
        with pytest.raises(PrinterError, match=words) as refused:
            at(fake).send([LABEL] * 3)
        assert (refused.value.sent, refused.value.confirmed, fake.labels) == (0, 0, 0)


def test_paper_that_ends_half_way_tells_what_was_sent() -> None:
    """After 20 labels the printer stops, with 4 of those handed over still waiting and one under its head."""
    with printer(lambda count: answer(paper_out=1, waiting=4) if count >= 20 else answer()) as fake:
        with pytest.raises(PrinterError, match="out of labels") as stopped:
            at(fake).send([LABEL] * 100)
        assert (stopped.value.sent, stopped.value.confirmed) == (24, 19)
        assert fake.labels == 24
        assert "24 labels were handed over, 19 of them surely printed" in stopped.value.advice


def test_printer_that_stands_still_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cryoledger.labels.printers.SECONDS_PER_LABEL", 0.2)
    with printer(lambda count: answer(waiting=count)) as fake:
        with pytest.raises(PrinterError, match="has stopped with 5 labels under way") as stopped:
            at(fake).send([LABEL] * 5)
        assert (stopped.value.sent, stopped.value.confirmed) == (5, 0)


def test_silent_printer_is_given_up_in_time() -> None:
    with printer(lambda _: None) as fake:
        began = time.monotonic()
        with pytest.raises(PrinterError, match="is silent") as refused:
            at(fake).send([LABEL])
        assert time.monotonic() - began < 2
        assert refused.value.sent == 0


def test_silent_printer_can_be_set_up_as_one() -> None:
    with printer(lambda _: None) as fake:
        sent = at(fake, asks=False).send([LABEL] * 3)
        assert (sent.labels, sent.confirmed) == (3, None)


@pytest.mark.parametrize("reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x02\x03" * 900, b"\x021,2\x03\r\n" * 3])
def test_what_is_no_printer_is_named(reply: bytes) -> None:
    with printer(lambda _: reply) as fake, pytest.raises(PrinterError, match="which is no status"):
        at(fake).status()


def test_connection_that_ends_is_an_error() -> None:
    with printer(lambda _: b"") as fake, pytest.raises(PrinterError, match="closed the connection"):
        at(fake).send([LABEL])


def test_printer_that_takes_no_data_is_given_up() -> None:
    """A listener that accepts and never reads, as a printer with a full buffer does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = TcpPrinter("127.0.0.1", server.getsockname()[1], timeout=0.3, asks=False)
        with pytest.raises(PrinterError, match="takes no more data") as refused:
            target.send([b"^XA" + b"0" * 5_000_000 + b"^XZ\n"] * 4)
        assert refused.value.sent < 4


def test_printer_that_is_off_is_named() -> None:
    with closed_port() as port, pytest.raises(PrinterError, match=rf"tcp://127.0.0.1:{port} takes no connection"):
        TcpPrinter("127.0.0.1", port).status()


def test_a_fake_printer_that_is_closed_takes_no_connection_more() -> None:
    with printer(lambda _: answer()) as fake:
        at(fake).status()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", fake.port), 1)


def test_status_is_read_as_the_guide_has_it() -> None:
    assert read_status(answer()) == Status()
    assert read_status(answer(paper_out=1, waiting=7)) == Status(paper_out=True, under_way=7)
    assert read_status(answer()[:-6]) is None
    assert read_status(b"") is None


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("tcp://zebra", TcpPrinter("zebra", 9100)),
        ("tcp://10.0.0.7:6101", TcpPrinter("10.0.0.7", 6101)),
        ("tcp://[::1]:9100", TcpPrinter("::1", 9100)),
        ("cups:Labels_2", CupsPrinter("Labels_2")),
    ],
)
def test_addresses(text: str, made: TcpPrinter | CupsPrinter) -> None:
    assert read_address(text) == made


@pytest.mark.parametrize(
    "text",
    ["", "zebra", "tcp://", "tcp://host:99999", "tcp://host:x", "tcp://u@host", "tcp://host/x", "http://host", "cups:",
     "cups:-o", "cups:a b", "cups:../x", "tcp://[::1"],
)  # fmt: skip
def test_wrong_addresses_are_refused(text: str) -> None:
    with pytest.raises(PrinterError, match=r"tcp://HOST:9100 or cups:NAME"):
        read_address(text)


IDENTITY = b"\x02ZTC ZD421-203dpi ZPL,V93.21.26Z,8,65536KB\x03\r\n"


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (IDENTITY, Identity("ZTC ZD421-203dpi ZPL", 203)),
        (b"\x02GX430t,V56,12,2104KB\x03" + answer(), Identity("GX430t", 300)),
        (answer(), None),
        (b"\x02X,V1,9,1KB\x03", None),
        (b"", None),
    ],
)
def test_what_a_printer_says_that_it_is(told: bytes, found: Identity | None) -> None:
    assert read_identity(told) == found


def test_a_printer_is_asked_what_it_is_and_one_that_does_not_say_holds_nobody_up() -> None:
    with printer(lambda _: IDENTITY + answer()) as fake:
        assert TcpPrinter("127.0.0.1", fake.port).identity() == Identity("ZTC ZD421-203dpi ZPL", 203)
    with printer(lambda _: answer()) as mute:
        assert TcpPrinter("127.0.0.1", mute.port).identity() is None
