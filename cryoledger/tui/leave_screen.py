"""The question before leaving. Only the same key again says yes: no scanner sends it by accident."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from cryoledger.manual.texts import say
from cryoledger.tui.words import plain


class LeaveScreen(ModalScreen[None]):
    """F10, or what stands for it here, leaves; Escape stays, and a scan stays too: it is answered."""

    DEFAULT_CSS = """
    LeaveScreen { align: center middle; }
    LeaveScreen > Vertical {
        width: 60; height: auto; padding: 1 3; border: heavy $accent; background: $panel; color: $foreground;
    }
    LeaveScreen #out-now { margin-bottom: 1; }
    LeaveScreen #question { text-style: bold; color: $strong; margin-bottom: 1; }
    """
    BINDINGS = [  # noqa: RUF012 - Textual's own form
        Binding("escape", "dismiss(None)", "Stay", id="leave.stay"),
        Binding("f10", "app.leave", "Leave", id="leave.leave"),
    ]

    def __init__(self, out: int, key: str = "F10") -> None:
        super().__init__()
        self._out, self._key = out, key

    def compose(self) -> ComposeResult:
        """The question and its two answers."""
        with Vertical():
            yield Static(plain(say("leave.question")), id="question", markup=False)
            if self._out:
                said = say("leave.one") if self._out == 1 else say("leave.many", count=self._out)
                yield Static(plain(said, "bold $bad"), id="out-now", markup=False)
            yield Static(plain(f"{self._key:<6} {say('leave.leave')}"), markup=False)
            yield Static(plain(f"Escape {say('leave.stay')}"), markup=False)
