"""The answer to the last scan: a colour, a word in block letters, and what happened, readable from two metres."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from cryoledger.tui import blocks
from cryoledger.tui.text import Text
from cryoledger.tui.words import VERDICTS, plain, verdict

_LARGE_COLUMNS, _LARGE_ROWS = 120, 36


class AnswerPanel(Vertical):
    """A band across the screen in the verdict's colour."""

    DEFAULT_CSS = """
    AnswerPanel { height: auto; min-height: 6; padding: 0 2; background: $panel; color: $foreground; }
    AnswerPanel #word { height: 3; }
    AnswerPanel #message { height: auto; max-height: 8; text-style: bold; }
    AnswerPanel.-compact { min-height: 2; }
    AnswerPanel.-compact #word { display: none; }
    AnswerPanel.-large { min-height: 10; }
    AnswerPanel.-large #word { margin-bottom: 1; }
    AnswerPanel.-recorded { background: $answer-recorded; color: $on-recorded; }
    AnswerPanel.-question { background: $answer-question; color: $on-question; }
    AnswerPanel.-refused { background: $answer-refused; color: $on-refused; }
    AnswerPanel.-info { background: $answer-info; color: $on-info; }
    AnswerPanel.-broken { background: $answer-broken; color: $on-broken; }
    """

    def __init__(self) -> None:
        super().__init__(id="answer")
        self._word, self._message = "", ""
        self._big, self._said = Text("word"), Text("message")

    @property
    def compact(self) -> bool:
        """Whether the word stands before the message, in one band of text."""
        return self.has_class("-compact")

    @compact.setter
    def compact(self, yes: bool) -> None:
        self.set_class(yes, "-compact")
        self._say(self._word, self._message)

    def compose(self) -> ComposeResult:
        """The word above the message."""
        yield from (self._big, self._said)

    def answered(self, outcome: str, message: str) -> None:
        """Show an answer."""
        shown = verdict(outcome)
        self._paint(shown.style)
        self._say(f"{shown.symbol} {shown.word}", message)

    def waiting(self, word: str, message: str) -> None:
        """Show that nothing was scanned yet, or that the station is locked."""
        self._paint("")
        self._say(word, message)

    def on_resize(self) -> None:
        """Larger letters where there is room for them."""
        self._draw_word()

    def _paint(self, style: str) -> None:
        for each in VERDICTS.values():
            self.set_class(each.style == style, each.style)

    def _say(self, word: str, message: str) -> None:
        self._word, self._message = word, message
        self._draw_word()
        self._said.put(plain(f"{word}  {message}" if self.compact and word else message))

    def _draw_word(self) -> None:
        size = self.app.size
        lines = blocks.small(self._word)
        if size.width >= _LARGE_COLUMNS and size.height >= _LARGE_ROWS:
            large = blocks.large(self._word)
            lines = large if len(large[0]) <= size.width - 4 else lines
        self._big.styles.height = len(lines)
        self.set_class(len(lines) > 3 and not self.compact, "-large")
        self._big.put(Content("\n".join(lines)))
