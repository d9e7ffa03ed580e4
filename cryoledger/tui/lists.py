"""The lists beside the map: the card, what is out of storage, the last scans and their answers."""

from __future__ import annotations

import re
from collections import deque
from datetime import datetime

from cryoledger.manual.messages import told
from cryoledger.manual.texts import desk_word, say
from cryoledger.tui.lines import Line, Lines, piece, whole
from cryoledger.tui.view import Card, Out, Own, Shown
from cryoledger.tui.words import duration, meant, verdict

KEPT = 100
_LABEL = 9
_TEXT = 14
_WIDE = 60
_AMBER = 0.5
_MARK = re.compile(r"^\][A-Za-z][0-9A-Za-z](?=.)")  # "]d1": an AIM symbology identifier (ISO/IEC 15424)
_NAMES = ("product", "name", "label", "in")
"""Lines of a card that say what somebody called a thing, in any language."""
_TONE = {"good": "$good", "wait": "$wait", "bad": "bold $bad", "held": "bold $held-text", "note": "$note", "": ""}
_OUTCOME = {"recorded": "$good", "question": "$wait", "refused": "$bad", "broken": "$held-text", "info": "$note"}


class CardView(Lines):
    """The card of the thing scanned last."""

    DEFAULT_CSS = "CardView { height: auto; max-height: 7; }"

    def __init__(self) -> None:
        super().__init__("card")

    def show(self, card: Card | None) -> None:
        """Draw a card, or nothing."""
        if card is None:
            self.put([])
            return
        lines = [whole(told(card.title), "bold reverse")]
        for field in card.fields:
            label = piece(f"{desk_word(field.label):<{_LABEL - 1}} ", "$quiet")
            value = field.value if field.label in _NAMES else told(field.value)
            lines.append((label, piece(value, _TONE[field.tone])))
        self.put(lines)


class OutView(Lines):
    """What is out of storage, each with its time counting, amber from half of what its product allows, then red."""

    DEFAULT_CSS = "OutView { height: auto; max-height: 5; }"

    def __init__(self) -> None:
        super().__init__("out")
        self.rows: tuple[Out, ...] = ()

    def show(self, rows: tuple[Out, ...], now: datetime) -> None:
        """Draw the list as of an instant."""
        self.rows = rows
        self.tick(now)

    def tick(self, now: datetime) -> None:
        """Count on."""
        if not self.rows:
            self.put([])
            return
        room = 4 if self.app.size.height < 36 else 12
        lines = [whole(say("lists.out", count=len(self.rows)), "bold $bad")]
        shown = self.rows if len(self.rows) <= room else self.rows[: room - 1]
        lines += [self._line(row, now) for row in shown]
        if len(shown) < len(self.rows):
            lines.append(whole(told(f"and {len(self.rows) - len(shown)} more"), "$quiet"))
        self.put(lines)

    def _line(self, row: Out, now: datetime) -> Line:
        spent = row.out_ms(now)
        limit = "" if row.limit_ms is None else " " + told(f"of {row.limit_ms // 60_000} min")
        share = 0.0 if not row.limit_ms else spent / row.limit_ms
        mark, style = " ", "$foreground"
        if share >= _AMBER:
            mark, style = ("▲", "bold $wait") if share < 1 else ("✗", "bold $bad")
        text = f"{mark} {duration(spent):>7}{limit}  {row.code}  "
        return (piece(text, style), piece(row.holder, "$quiet"))


class OwnView(Lines):
    """What the person who has just signed in signed last, the newest first, until the next scan."""

    DEFAULT_CSS = "OwnView { height: 1fr; width: 1fr; }"

    def __init__(self) -> None:
        super().__init__("own")
        self.own: Own | None = None

    def show(self, own: Own | None) -> None:
        """Draw the list, or nothing."""
        self.own = own
        self.on_resize()

    def on_resize(self) -> None:
        """As many as fit."""
        if self.own is None:
            self.put([])
            return
        room = max(1, self.size.height - 2)
        lines = [whole(say("lists.own"), "bold $quiet")]
        for at, (entry, clock, what, meaning) in enumerate(self.own.rows[:room]):
            mark = "•" if at < self.own.fresh else " "
            text = piece(f"{mark} {entry:>6}  {clock}  {what}  ", "" if at < self.own.fresh else "$quiet")
            lines.append((text, piece(meant(meaning), "$note" if at < self.own.fresh else "$quiet")))
        lines.append(whole(say("lists.not-yours"), "bold $wait"))
        self.put(lines)


class RecentView(Lines):
    """The last scans, newest first: when, what, and the answer."""

    DEFAULT_CSS = "RecentView { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__("recent")
        self.rows: deque[tuple[str, Shown]] = deque(maxlen=KEPT)

    def add(self, shown: Shown, clock: str) -> None:
        """Put an answer on top."""
        self.rows.appendleft((clock, shown))
        self.redraw()

    def on_resize(self) -> None:
        """As many as fit."""
        self.redraw()

    def redraw(self) -> None:
        """Draw what fits, two lines each where the screen is large."""
        if not self.rows:
            self.put([])
            return
        lines = [whole(say("lists.scans"), "bold $quiet")]
        for clock, shown in list(self.rows)[: max(1, self.size.height - 1)]:
            lines.append(_recent_line(clock if self.size.width >= _WIDE else clock[:5], shown))
        self.put(lines)


def _cut(text: str) -> str:
    """A code without the mark of the scanner; the end of a long one says more than its beginning."""
    text = _MARK.sub("", text)
    return text if len(text) <= _TEXT else "…" + text[1 - _TEXT :]


def _recent_line(clock: str, shown: Shown) -> Line:
    answer = shown.answer
    style = _OUTCOME.get(answer.outcome, "$note")
    typed = "⌨ " if shown.typed else ""
    return (
        piece(f"{verdict(answer.outcome).symbol} ", f"bold {style}"),
        piece(f"{clock} ", "$quiet"),
        piece(f"{typed}{_cut(shown.text):<{_TEXT}} "),
        piece(told(answer.message), style),
    )
