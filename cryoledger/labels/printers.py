"""Sends labels to a printer, in bounded time, and says how many it really took.

- `tcp://HOST:9100` is a label printer that speaks ZPL on its raw port. Its status is asked (`~HS`) before, between
  and after the labels, and never more than a few labels are under way: so a printer that runs out of paper
  is noticed while it can still answer, and the error says how many labels were handed over.
- `cups:NAME` is a queue of CUPS (`cups.py`).

    >>> read_address("tcp://10.0.0.7")
    TcpPrinter(host='10.0.0.7', port=9100, timeout=5.0, asks=True)
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cryoledger.labels.cups import QUEUE_NAME, CupsPrinter
from cryoledger.labels.errors import PrinterError
from cryoledger.labels.printer_status import (
    IDENTITY_REQUEST,
    STATUS_REQUEST,
    Identity,
    Status,
    read_identity,
    read_status,
)
from cryoledger.labels.sent import SECONDS_PER_LABEL, UNDER_WAY_MAX, Report, Sent

__all__ = ["CupsPrinter", "Printer", "Sent", "TcpPrinter", "read_address", "resolution"]

PORT: Final = 9100
DPI: Final = 300
TIMEOUT_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.2
_ANSWER_MAX: Final = 2048


@dataclass(frozen=True, slots=True)
class TcpPrinter:
    """A ZPL printer on its raw port; `asks` is false for one that never answers `~HS`."""

    host: str
    port: int = PORT
    timeout: float = TIMEOUT_SECONDS
    asks: bool = True

    def status(self) -> Status:
        """Ask for the printer's status; a PrinterError says if it is off or silent."""
        with self._connected() as link:
            return link.ask()

    def identity(self) -> Identity | None:
        """Ask which printer it is; None where it answers for its status alone. PrinterError as for `status`."""
        with self._connected() as link:
            link.ask(IDENTITY_REQUEST)
            return read_identity(link.answer)

    def send(self, formats: Sequence[bytes], report: Report | None = None) -> Sent:
        """Send ZPL formats, one a label; `report` is given the count after each.

        A PrinterError carries how many were handed over (`sent`) and how many surely printed (`confirmed`).
        """
        with self._connected() as link:
            if self.asks:
                link.refuse_trouble(link.ask())
            for number, each in enumerate(formats, start=1):
                link.hand_over(each)
                if report is not None:
                    report(number)
                if self.asks and number % UNDER_WAY_MAX == 0:
                    link.wait_until(UNDER_WAY_MAX // 2)
            if self.asks:
                link.wait_until(0)
            return Sent(link.sent, link.confirmed if self.asks else None)

    def _connected(self) -> _Link:
        try:
            connection = socket.create_connection((self.host, self.port), timeout=self.timeout)
        except socket.gaierror as error:
            raise PrinterError(
                f"There is no printer named {self.host!r} on this network.", "Check the name."
            ) from error
        except TimeoutError as error:
            raise PrinterError(
                f"The printer {self._name} did not answer within {self.timeout:g} s.",
                "Is it switched on, and on this network?",
            ) from error
        except OSError as error:
            raise PrinterError(
                f"The printer {self._name} takes no connection ({error.strerror}).",
                "Is it switched on? Another computer may hold its port: try again.",
            ) from error
        return _Link(connection, self._name, self.timeout)

    @property
    def _name(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}"


class _Link:
    """An open connection to a label printer, and the count of what went through it."""

    def __init__(self, connection: socket.socket, name: str, timeout: float) -> None:
        self.sent = 0
        self.confirmed = 0
        self.answer = b""
        self._connection = connection
        self._name = name
        self._timeout = timeout

    def __enter__(self) -> _Link:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def hand_over(self, content: bytes) -> None:
        """Send one label whole, or raise."""
        self._send(content)
        self.sent += 1

    def ask(self, first: bytes = b"") -> Status:
        """Ask for the status and read the answer, within the printer's timeout in all; `first` is asked before."""
        self._send(first + STATUS_REQUEST)
        deadline = time.monotonic() + self._timeout
        answer = b""
        while (status := read_status(answer)) is None:
            left = deadline - time.monotonic()
            if left <= 0 or len(answer) > _ANSWER_MAX:
                raise self._silent(answer)
            try:
                self._connection.settimeout(left)
                part = self._connection.recv(_ANSWER_MAX)
            except TimeoutError as error:
                raise self._silent(answer) from error
            except OSError as error:
                raise self._broken(error) from error
            if not part:
                raise self._broken(None)
            answer += part
        self.answer = answer
        at_the_head = 1 if status.trouble or status.under_way else 0  # the one being printed is not counted by ~HS
        self.confirmed = max(self.confirmed, self.sent - status.under_way - at_the_head)
        return status

    def refuse_trouble(self, status: Status) -> None:
        """Raise where the printer cannot print now."""
        if status.trouble:
            raise self._error(f"The printer {self._name} {status.trouble}.", status.advice)

    def wait_until(self, under_way_max: int) -> None:
        """Wait until at most so many labels are under way; raise on trouble, or if nothing moves for too long."""
        moved, last = time.monotonic(), -1
        while True:
            status = self.ask()
            self.refuse_trouble(status)
            if status.under_way <= under_way_max:
                return
            if status.under_way != last:
                moved, last = time.monotonic(), status.under_way
            elif time.monotonic() - moved > self._timeout + SECONDS_PER_LABEL:
                raise self._error(f"The printer {self._name} has stopped with {status.under_way} labels under way.")
            time.sleep(_POLL_SECONDS)

    def _send(self, content: bytes) -> None:
        try:
            self._connection.settimeout(self._timeout)
            self._connection.sendall(content)
        except TimeoutError as error:
            raise self._error(f"The printer {self._name} takes no more data.", "Look at its display.") from error
        except OSError as error:
            raise self._broken(error) from error

    def _silent(self, answer: bytes) -> PrinterError:
        shown = answer[:40].decode("ascii", "replace").strip()
        what = f"answered {shown!r}, which is no status" if answer else "is silent: it gave no status"
        return self._error(
            f"The printer {self._name} {what} within {self._timeout:g} s.",
            "Is it a label printer, and ready? If it never answers: `cryoledger printer add NAME ADDRESS --silent`.",
        )

    def _broken(self, error: OSError | None) -> PrinterError:
        why = f" ({error.strerror})" if error is not None and error.strerror else ""
        return self._error(f"The printer {self._name} closed the connection{why}.", "Look at the printer.")

    def _error(self, message: str, advice: str = "") -> PrinterError:
        if self.sent:
            advice = (
                f"{self.sent} labels were handed over, {self.confirmed} of them surely printed: "
                f"compare with what came out. {advice}"
            ).strip()
        return PrinterError(message, advice, sent=self.sent, confirmed=self.confirmed)


Printer = TcpPrinter | CupsPrinter


def resolution(printer: Printer | None, dpi: int | None) -> int:
    """The dots an inch to draw for: as entered, else as a label printer says of itself, else 300."""
    if dpi is None and isinstance(printer, TcpPrinter) and printer.asks:
        found = printer.identity()
        dpi = found.dpi if found is not None else None
    return DPI if dpi is None else dpi


def read_address(text: str, *, asks: bool = True) -> Printer:
    """Read `tcp://HOST[:PORT]` or `cups:NAME`; a PrinterError says what is wrong."""
    advice = "Write tcp://HOST:9100 or cups:NAME."
    if text.startswith("cups:"):
        queue = text.removeprefix("cups:")
        if not QUEUE_NAME.fullmatch(queue):
            raise PrinterError(f"{queue!r} is not the name of a queue.", advice)
        return CupsPrinter(queue)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise PrinterError(f"{text!r} is no printer's address: {error}.", advice) from error
    if parts.scheme != "tcp" or not host or parts.path.strip("/") or parts.query or parts.username is not None:
        raise PrinterError(f"{text!r} is no printer's address.", advice)
    return TcpPrinter(host, PORT if port is None else port, asks=asks)
