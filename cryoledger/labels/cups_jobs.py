"""Asks a CUPS scheduler what became of a job: Get-Job-Attributes of IPP (RFC 8011, 4.3.4) over HTTP.

`lpstat` does not tell a job that was printed from one that its queue gave up, so the scheduler itself is asked, at
the address that `lpstat -H` names: `HOST:631` or the path of its socket.
"""

from __future__ import annotations

import http.client
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["JobState", "job_state"]

_GET_JOB_ATTRIBUTES: Final = 0x0009
_OPERATION, _END = 0x01, 0x03
_KEYWORD, _URI, _CHARSET, _LANGUAGE, _NAME = 0x44, 0x45, 0x47, 0x48, 0x42
_NUMBERS: Final = (0x21, 0x23)  # integer, enum
_ASKED: Final = ("job-state", "job-state-reasons", "job-printer-state-message", "job-printer-state-reasons")
_PORT: Final = 631
_MESSAGE_MAX: Final = 160
_ANSWER_MAX: Final = 64 * 1024
_HEADER: Final = struct.Struct(">BBHI")
_HELD, _STOPPED, _CANCELED, _ABORTED, _COMPLETED = 4, 6, 7, 8, 9
_WAITS_FOR_A_PERSON: Final = (
    "printer-stopped", "media-empty", "media-needed", "media-jam", "marker-supply-empty", "cover-open", "door-open",
    "interlock-open", "offline", "shutdown",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JobState:
    """Where a job stands: its number of RFC 8011, 5.3.7, the reasons, and what the printer says of itself."""

    number: int
    reasons: tuple[str, ...] = ()
    message: str = ""

    @property
    def done(self) -> bool:
        """The printer took all of it."""
        return self.number == _COMPLETED

    @property
    def ended(self) -> bool:
        """It was cancelled or given up: no more of it will be printed."""
        return self.number in (_CANCELED, _ABORTED)

    @property
    def stands(self) -> bool:
        """It waits for a person: it is held, its queue is stopped, or its printer is off or out of something."""
        return self.number in (_HELD, _STOPPED) or any(each.startswith(_WAITS_FOR_A_PERSON) for each in self.reasons)

    @property
    def why(self) -> str:
        """What is wrong, for the eye."""
        return self.message.rstrip(". ") or ", ".join(self.reasons) or "it says nothing"


def job_state(server: str, job: int, timeout: float) -> JobState | None:
    """Ask for a job's state; None where the scheduler gives no answer that can be read, within `timeout` seconds."""
    connection = _connection(server, timeout)
    try:
        connection.request("POST", f"/jobs/{job}", _request(job), {"Content-Type": "application/ipp"})
        answer = connection.getresponse()
        content = answer.read(_ANSWER_MAX)
        found = _attributes(content) if answer.status == http.HTTPStatus.OK else {}
    except (OSError, http.client.HTTPException, ValueError, struct.error):
        return None
    finally:
        connection.close()
    state = found.get("job-state")
    if not state or not isinstance(state[0], int):
        return None
    reasons = [str(each) for name in _ASKED if name.endswith("reasons") for each in found.get(name, [])]
    message = next((str(each) for each in found.get("job-printer-state-message", [])), "")
    told = "".join(each for each in message if each.isprintable())[:_MESSAGE_MAX]
    return JobState(state[0], tuple(each for each in reasons if not each.endswith(("none", "-warning"))), told)


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over the scheduler's own socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connection(server: str, timeout: float) -> http.client.HTTPConnection:
    if server.startswith("/"):
        return _SocketConnection(server, timeout)
    host, colon, port = server.rpartition(":")
    if colon and port.isdecimal():
        return http.client.HTTPConnection(host.strip("[]"), int(port), timeout=timeout)
    return http.client.HTTPConnection(server, _PORT, timeout=timeout)


def _request(job: int) -> bytes:
    parts = [
        _HEADER.pack(1, 1, _GET_JOB_ATTRIBUTES, 1),
        bytes([_OPERATION]),
        _attribute(_CHARSET, "attributes-charset", "utf-8"),
        _attribute(_LANGUAGE, "attributes-natural-language", "en"),
        _attribute(_URI, "job-uri", f"ipp://localhost/jobs/{job}"),
        _attribute(_NAME, "requesting-user-name", "cryoledger"),
        *(_attribute(_KEYWORD, "" if at else "requested-attributes", each) for at, each in enumerate(_ASKED)),
        bytes([_END]),
    ]
    return b"".join(parts)


def _attribute(tag: int, name: str, value: str) -> bytes:
    """One value; a further value of the attribute before has no name."""
    return struct.pack(f">BH{len(name)}sH{len(value)}s", tag, len(name), name.encode(), len(value), value.encode())


def _attributes(content: bytes) -> dict[str, list[str | int]]:
    found: dict[str, list[str | int]] = {}
    name = ""
    for tag, named, value in _values(content):
        name = named or name
        known = struct.unpack(">i", value)[0] if tag in _NUMBERS else value.decode("utf-8", "replace")
        found.setdefault(name, []).append(known)
    return found


def _values(content: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Every value with its tag and its name; struct.error where the answer is cut short."""
    at = _HEADER.size
    while at < len(content) and content[at] != _END:
        tag = content[at]
        at += 1
        if tag <= 0x0F:  # the start of a group
            continue
        (length,) = struct.unpack_from(">H", content, at)
        name, at = content[at + 2 : at + 2 + length], at + 2 + length
        (length,) = struct.unpack_from(">H", content, at)
        value, at = content[at + 2 : at + 2 + length], at + 2 + length
        yield tag, name.decode("ascii", "replace"), value
