"""Which page of the manual belongs to what is on the screen."""

from __future__ import annotations

from typing import Final

from cryoledger.tui.view import View

SCREENS: Final = {"LeaveScreen": "leaving", "TourScreen": "first-day", "CommandPalette": "palette"}
"""What may lie over the station's screen, each with its page."""
DESKS: Final = {
    "pharmacy": "pharmacy", "preparation": "preparation", "bedside": "bedside", "quality": "quality", "audit": "audit",
    "administration": "administration",
}  # fmt: skip
TASKS: Final = {
    "pick": "pick-list", "box check": "box-check", "transfer": "moving", "unit move": "moving", "unit out": "moving",
    "unit back": "moving", "reserve": "pharmacy", "issue": "pharmacy", "hand over": "pharmacy",
    "thaw": "preparation", "prepare": "preparation", "waste": "preparation", "bedside": "bedside",
    "complete": "bedside",
}  # fmt: skip


def page_of(screen: str, view: View, desk: str, *, pin: bool, line: bool) -> str:
    """The page's name: of what lies over the screen, of what is asked for, of the open task, else of the workplace.

    `screen` is the name of the screen's class; `pin` and `line` say that a PIN is asked for, or a code is typed.
    """
    if screen in SCREENS:
        return SCREENS[screen]
    if view.hidden:
        return "sign-in"
    if pin:
        return "signing"
    if line:
        return "typing"
    if desk:
        return DESKS[desk]
    task = next((page for word, page in TASKS.items() if view.task == word or view.task.startswith(f"{word} ")), "")
    return task or ("map" if view.level is not None and view.level.inside else "freezer")
