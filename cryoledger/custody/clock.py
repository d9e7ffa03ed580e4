"""The clock that dates entries, and the rule by which recorded time never falls (LEDGER, "Time")."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from cryoledger.domain import times
from cryoledger.errors import Refusal, VaultError

BEHIND_MILLISECONDS_MAX = 5_000
AHEAD_MILLISECONDS_MAX = 12 * 60 * 60 * 1000
ASKED_AGAIN_SECONDS = 10.0


class Clock(Protocol):
    """Whatever tells the time."""

    def now(self) -> datetime:
        """The present, aware, in UTC, in whole milliseconds."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The present by the machine's clock."""
        return _cut(datetime.now(UTC))


class SteppingClock:
    """A clock that stands until it is moved, for demonstrations and tests."""

    def __init__(self, start: datetime) -> None:
        self._now = _cut(start)

    def now(self) -> datetime:
        """The time to which the clock was set last."""
        return self._now

    def advance(self, *, days: int = 0, hours: int = 0, minutes: int = 0, seconds: float = 0) -> None:
        """Move the clock, back where the sum is negative."""
        self._now = _cut(self._now + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))

    def set(self, moment: datetime) -> None:
        """Set the clock, to an aware time."""
        self._now = _cut(moment)


class ServerClock:
    """The clock of the vault's server, which all its stations share.

    An entry is dated by `of`, in its own transaction. `now` is for screens and for what is typed: the server is asked
    every few seconds, and between that, or while it does not answer, its last answer is carried on.
    """

    def __init__(self, ask: Callable[[], int], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._known: tuple[int, float] | None = None  # the server's milliseconds, and when it said so

    def now(self) -> datetime:
        """The present by the server's clock, near enough to show; VaultError where it never answered."""
        asked = self._monotonic()
        if self._known is None or asked - self._known[1] > ASKED_AGAIN_SECONDS:
            try:
                self._known = self._ask(), asked
            except VaultError:
                if self._known is None:
                    raise
        milliseconds, since = self._known
        return moment(milliseconds + int((asked - since) * 1000))

    def of(self, milliseconds: int | None) -> datetime:
        """The present in a transaction that the server dated."""
        if milliseconds is None:
            raise RuntimeError("a server's clock needs a server")
        self._known = milliseconds, self._monotonic()
        return moment(milliseconds)


def moment(milliseconds: int) -> datetime:
    """The instant so long after 1970 began."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def stamp(head_recorded_at: str | None, now: datetime, *, confirmed: bool = False, corrected: bool = False) -> str:
    """The `recorded_at` of an entry that follows one recorded at `head_recorded_at` (None: there is none).

    A clock up to 5 s behind the head takes the head's value. Refusal `time.behind` where it is further behind,
    unless the entry is the `ClockCorrected` that accepts it (`corrected`): that one takes the clock's time, and
    time goes on from there. Refusal `time.ahead` where it is more than 12 h ahead, unless a person confirmed it.
    """
    text = times.text_of(_cut(now))
    if head_recorded_at is None:
        return text
    ahead = times.milliseconds(head_recorded_at, text)
    if ahead > AHEAD_MILLISECONDS_MAX and not confirmed:
        raise Refusal(
            "time.ahead",
            f"The clock says {text}, {_span(ahead)} after the last entry ({head_recorded_at}).",
            "Compare it with another clock, and confirm it if it is right; else set the machine's clock.",
        )
    if ahead >= 0 or corrected:
        return text
    if -ahead > BEHIND_MILLISECONDS_MAX:
        raise Refusal(
            "time.behind",
            f"The clock says {text}, {_span(-ahead)} before the last entry ({head_recorded_at}).",
            "Set the machine's clock; if the last entry was dated wrongly, two persons record ClockCorrected.",
        )
    return head_recorded_at


def _cut(moment: datetime) -> datetime:
    """In UTC, and cut to milliseconds, as the ledger writes it."""
    if moment.tzinfo is None:
        raise RuntimeError("a clock gives aware times")
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _span(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    if seconds < 120:
        return f"{seconds} seconds"
    minutes = seconds // 60
    if minutes < 120:
        return f"{minutes} minutes"
    hours = minutes // 60
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"
