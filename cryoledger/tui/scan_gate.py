"""The scan gate: every key and paste goes through it, before focus and bindings, and comes out as what it was.

    gate = ScanGate()
    for key in keys:
        for each in gate.feed(key.key, key.character, key.time): ...      # Scan, Broken or Typed
    ... gate.expire(now) when gate.deadline has passed

A scanner is a keyboard that types fast and ends with Enter or Tab. Two things tell it from a hand:

- a **start mark**: STX, or the AIM identifier (`]C1`, `]d2`) that a scanner can be set to send. What follows is one
  scan up to its end, however unevenly it arrives;
- without a mark, **timing**, by the time each key event was made: at least three characters, nearly all of them
  within `FAST_SECONDS` of the one before. A pause of the machine inside a scan is bridged for `PATIENCE_SECONDS`.

What a scanner began and did not end is `Broken`: it is reported, and none of its keys reaches a binding. What follows
a broken scan or a typed key closely, without a mark, may be the tail of a scan: it counts only where `checked` says
that the text proves itself whole (a command, a badge, a code with its check character).
The gate is pure and reads no clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from cryoledger.codes import Badge, CommandScan, PositionScan, read
from cryoledger.errors import CodeError
from cryoledger.tui.keys import ENDS, FRAMES, STX, is_modifier, text_of

FAST_SECONDS: Final = 0.030
PATIENCE_SECONDS: Final = 0.300
MARKED_PATIENCE_SECONDS: Final = 1.000
SUFFIX_SECONDS: Final = 0.050
"""An LF, ETX or EOT so soon after the end belongs to it (CR LF)."""

RUN_MIN: Final = 3
LENGTH_MAX: Final = 4096
_AIM: Final = re.compile(r"\]([A-Za-z]([0-9A-Z].*)?)?", re.DOTALL)
_LINES: Final = re.compile(r"[\r\n\t]+")  # not splitlines(), which also splits at GS and RS


@dataclass(frozen=True, slots=True)
class Scan:
    """A whole scan, without its end and its STX; `marked` where a start mark says that it is one."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Broken:
    """Part of a scan. `ended` says that an Enter or Tab closed it."""

    text: str
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """A key that a hand pressed."""

    key: str
    character: str | None = None


Fed: TypeAlias = Scan | Broken | Typed
_Mark = Literal["", "aim", "stx"]
_NEVER: Final = float("-inf")


def proves_itself(text: str) -> bool:
    """Whether a text is a command, a badge or a local code: of fixed form, with a check character."""
    try:
        scan = read(text)
    except CodeError:
        return False
    return isinstance(scan, CommandScan | Badge) or (not isinstance(scan, PositionScan) and scan.scheme == "local")


class ScanGate:
    """Takes keys one by one and tells scans, broken scans and typed keys apart.

    `typing` says that the screen awaits typed characters (a PIN, the entry line): a single key is then let
    through after `FAST_SECONDS` and not only after `PATIENCE_SECONDS`.
    """

    def __init__(self, checked: Callable[[str], bool] = proves_itself) -> None:
        self.typing = False
        self._checked = checked
        self._held: list[Typed] = []
        self._text = ""
        self._mark: _Mark = ""
        self._pauses: list[int] = []  # where in `held` a slow gap lies
        self._tail = False
        self._last = _NEVER
        self._loose_until = _NEVER
        self._ended = _NEVER

    @property
    def deadline(self) -> float | None:
        """When `expire` will have something to say; None while nothing is held."""
        return self._last + self._patience if self._held else None

    def feed(self, key: str, character: str | None, time: float) -> list[Fed]:
        """One key event, with the time (in seconds) at which it was made; returns what is now known."""
        if is_modifier(key):
            return []
        out = self.expire(time)
        text = text_of(key, character)
        typed = Typed(key, character)
        if not self._held and key in ENDS | FRAMES and time - self._ended <= SUFFIX_SECONDS:
            return out
        if key in ENDS:
            return out + self._finish(typed, time)
        if key == "ctrl+c" and self._held:
            return out
        return out + (self._aside(typed) if text is None else self._take(typed, text, time))

    def paste(self, text: str, time: float) -> list[Fed]:
        """A paste: every line that is not empty is one scan."""
        out = self._give_up(time)
        self._ended = time
        return out + [Scan(line.removeprefix(STX)) for line in _LINES.split(text) if line.strip(" \x02\x03\x04")]

    def expire(self, now: float) -> list[Fed]:
        """Let go of what has waited for too long: a broken scan, or keys that a hand pressed."""
        deadline = self.deadline
        return self._give_up(now) if deadline is not None and now > deadline else []

    @property
    def _patience(self) -> float:
        if self._mark:
            return MARKED_PATIENCE_SECONDS
        return FAST_SECONDS if self.typing and len(self._held) < RUN_MIN else PATIENCE_SECONDS

    @property
    def _is_run(self) -> bool:
        """More fast than slow among the gaps so far: no hand types like this."""
        slow = len(self._pauses)
        return len(self._held) >= RUN_MIN and len(self._held) - 1 - slow > slow

    def _take(self, typed: Typed, text: str, time: float) -> list[Fed]:
        slow = bool(self._held) and time - self._last > FAST_SECONDS
        if text == STX or (text == "]" and not self._mark and (slow or not self._held)):
            out = self._give_up(time)
            self._hold(typed, "" if text == STX else text, time)
            self._mark = "stx" if text == STX else "aim"
            return out
        if slow:
            self._pauses.append(len(self._held))
        self._hold(typed, text, time)
        if self._mark == "aim" and not _may_be_aim(self._text):
            self._mark = ""
        if len(self._text) > LENGTH_MAX:
            return self._break(time, ended=False)
        if not self._mark and len(self._pauses) > 2 + len(self._held) // 8:
            return self._release(time)
        return []

    def _hold(self, typed: Typed, text: str, time: float) -> None:
        if not self._held:
            self._tail = time < self._loose_until
        self._held.append(typed)
        self._text += text
        self._last = time

    def _finish(self, end: Typed, time: float) -> list[Fed]:
        if self._held and time - self._last > FAST_SECONDS:
            self._pauses.append(len(self._held))
        start = self._start_of_whole()
        run = self._is_run
        if start is not None:
            out: list[Fed] = [*self._held[:start], Scan(self._text[start:], marked=bool(self._mark))]
            self._clear()
        elif run:
            out = self._break(time, ended=True)
        else:
            out = [*self._release(time), end]
        if start is not None or run:
            self._ended = time
        self._loose_until = _NEVER
        return out

    def _start_of_whole(self) -> int | None:
        """Where in the held text a whole scan starts; None where there is none."""
        if (self._mark == "stx" and self._text.strip()) or (self._mark == "aim" and len(self._text) > 3):
            return 0
        if self._mark or len(self._held) < RUN_MIN:
            return None
        early = any(pause < RUN_MIN for pause in self._pauses)
        if not (self._tail or early) and len(self._pauses) <= len(self._held) // 8:
            return 0
        if not self._is_run:
            return None
        return next((at for at in (0, *self._pauses) if self._checked(self._text[at:])), None)

    def _aside(self, typed: Typed) -> list[Fed]:
        """A key without a character: it passes a scan by, but not the keys that a hand pressed before it."""
        if self._mark or self._is_run:
            return [typed]
        return [*self._release(self._last), typed]

    def _give_up(self, time: float) -> list[Fed]:
        if not self._held:
            return []
        aim = self._mark == "aim" and len(self._text) > 3
        if aim or (self._mark == "stx" and self._text) or self._is_run:
            return self._break(time, ended=False)
        return self._release(self._last)

    def _break(self, time: float, *, ended: bool) -> list[Fed]:
        broken = Broken(self._text, ended)
        self._clear()
        self._loose_until = time + MARKED_PATIENCE_SECONDS
        return [broken]

    def _release(self, time: float) -> list[Fed]:
        out: list[Fed] = list(self._held)
        self._clear()
        if out:
            self._loose_until = time + 2 * PATIENCE_SECONDS
        return out

    def _clear(self) -> None:
        self._held, self._text, self._mark, self._pauses, self._tail = [], "", "", [], False


def _may_be_aim(text: str) -> bool:
    """Whether a text is an AIM identifier and what follows, or the beginning of one."""
    return _AIM.fullmatch(text) is not None
