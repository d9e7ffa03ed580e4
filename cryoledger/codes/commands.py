"""Command barcodes: what a person does at the freezer, by scanner alone.

Each command is printed on the laminated command sheet as `CMD-...`, of upper-case letters, digits and '-'
only, which most keyboard layouts leave alone. No text is the beginning of another, so that a scan cut short
is never a different command (a quantity alone can lose digits), and any two differ in two characters or more.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cryoledger.errors import CodeError

__all__ = ["PREFIX", "QUANTITY_MAX", "Command", "CommandScan", "command_code", "read_command"]

PREFIX: Final = "CMD-"
QUANTITY_MAX: Final = 999
_QUANTITY: Final = re.compile(r"CMD-QTY-([0-9]*)")


class Command(StrEnum):
    """An operation that can be scanned; its value is the word on the screen."""

    STORE = "store"
    MOVE = "move"
    TAKE_OUT = "take out"
    RETURN = "return"
    LABEL = "label"
    DISCARD = "discard"
    THAW = "thaw"
    PICK = "pick"
    BOX_CHECK = "box check"
    TRANSFER = "transfer"
    UNIT_MOVE = "unit move"
    UNIT_OUT = "unit out"
    UNIT_BACK = "unit back"
    RESERVE = "reserve"
    ISSUE = "issue"
    PREPARE = "prepare"
    HAND_OVER = "hand over"
    BEDSIDE = "bedside"
    COMPLETE = "complete"
    WASTE = "waste"
    UNDO = "undo"
    UNDO_BOX = "undo box"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    DONE = "done"
    FROSTED = "frosted"
    MISSING = "missing"
    FOUND = "found"
    SIGN_OUT = "sign out"
    LOCK = "lock"
    HELP = "help"
    LATE = "late"
    QUANTITY = "quantity"

    @property
    def barcode(self) -> str:
        """The printed text; of `QUANTITY` the part before the number."""
        return _BARCODE[self]

    @property
    def help(self) -> str:
        """One sentence for the command sheet and the screen."""
        return _TEXT[self][1]


# What follows CMD- in print, and the sentence of help.
_TEXT: Final[dict[Command, tuple[str, str]]] = {
    Command.STORE: ("STORE", "Put vials into positions: scan each vial, then its position or box."),
    Command.MOVE: ("MOVE", "Move a stored vial: scan the vial, then its new position."),
    Command.TAKE_OUT: ("TAKE-OUT", "Take vials out of storage into your hands: scan each vial."),
    Command.RETURN: ("RETURN", "Put back vials that you took out, each into the position it came from."),
    Command.LABEL: ("LABEL", "Replace a fallen or damaged label; the vial keeps its history."),
    Command.DISCARD: ("DISCARD", "Discard vials for a stated reason; two persons sign."),
    Command.THAW: ("THAW", "Record that vials are thawed now; this starts their deadline."),
    Command.PICK: ("PICK", "Start or go on with a pick list: scan its code, then each vial as you find it."),
    Command.BOX_CHECK: ("BOX-CHECK", "Compare a box with the ledger: scan the box, then every vial in it."),
    Command.TRANSFER: ("TRANSFER", "Move the vials of a box, slot for slot, into another box."),
    Command.UNIT_MOVE: ("UNIT-MOVE", "Move a box, a rack or a whole freezer with all it holds."),
    Command.UNIT_OUT: ("UNIT-OUT", "Carry a box or rack out of storage; all that it holds warms with it."),
    Command.UNIT_BACK: ("UNIT-BACK", "Bring a carried box or rack back to its place."),
    Command.RESERVE: ("RESERVE", "Reserve vials for an order: scan the order, then each vial."),
    Command.ISSUE: ("ISSUE", "Issue reserved vials for an order; two persons sign."),
    Command.PREPARE: ("PREPARE", "Prepare a dose from thawed vials for one order."),
    Command.HAND_OVER: ("HAND-OVER", "Hand issued vials or a dose over to the person who signs for them."),
    Command.BEDSIDE: ("BEDSIDE", "Check wristband, dose and order at the bedside; two persons sign."),
    Command.COMPLETE: (
        "COMPLETE",
        "Record that an administration has ended, with the volume given and wasted.",
    ),
    Command.WASTE: ("WASTE", "Waste what remains of an opened vial or dose; two persons sign."),
    Command.UNDO: ("UNDO-LAST", "Undo your last action, if it was within ten minutes and nothing followed."),
    Command.UNDO_BOX: ("UNDO-BOX", "Undo what you just did to a whole box."),
    Command.CONFIRM: ("CONFIRM", "Say yes to the question on the screen."),
    Command.CANCEL: ("CANCEL", "Say no to the question, or leave the task without recording it."),
    Command.DONE: ("DONE", "Finish the list of vials that you are scanning."),
    Command.FROSTED: ("FROSTED", "Work by position, because the next vial's label cannot be read."),
    Command.MISSING: ("MISSING", "Record that a vial is not where it should be, and not in your hands."),
    Command.FOUND: ("FOUND", "Record that a missing vial is found: scan it, then its position."),
    Command.SIGN_OUT: ("SIGN-OUT", "Sign out; your key is wiped from this station."),
    Command.LOCK: ("LOCK", "Lock the station; your task stays open for your PIN."),
    Command.HELP: ("HELP", "Show what can be scanned now."),
    Command.LATE: ("LATE", "The next event happened earlier: its time and a reason are asked."),
    Command.QUANTITY: ("QTY-", "Give a number from 1 to 999 to what asks for one."),
}
_BARCODE: Final = {command: PREFIX + text for command, (text, _) in _TEXT.items()}
_COMMAND: Final = {text: command for command, text in _BARCODE.items() if command is not Command.QUANTITY}


@dataclass(frozen=True, slots=True)
class CommandScan:
    """A scanned command; `quantity` (1 to 999) is given with `Command.QUANTITY` alone."""

    command: Command
    quantity: int | None = None
    raw: str = ""


def command_code(command: Command, quantity: int | None = None) -> str:
    """Return the text to print for `command`; `Command.QUANTITY` needs its quantity, the others have none."""
    if command is not Command.QUANTITY:
        if quantity is not None:
            raise CodeError(f"The command {command!s} takes no quantity.")
        return command.barcode
    if quantity is None or not 1 <= quantity <= QUANTITY_MAX:
        raise CodeError(f"A quantity goes from 1 to {QUANTITY_MAX}.")
    return f"{command.barcode}{quantity}"


def read_command(text: str) -> CommandScan:
    """Read a command barcode; an unknown one is a CodeError that names the closest known command."""
    command = _COMMAND.get(text)
    if command is not None:
        return CommandScan(command, raw=text)
    quantity = _QUANTITY.fullmatch(text)
    if quantity is not None:
        return CommandScan(Command.QUANTITY, _quantity(quantity[1]), raw=text)
    closest = _closest(text)
    raise CodeError(
        f"There is no command {text[:40]!r}; the closest is {closest}.",
        "Scan the command sheet again; print a new sheet if the code is damaged.",
        at=_first_difference(text, closest),
    )


def _quantity(digits: str) -> int:
    if not 1 <= len(digits) <= len(str(QUANTITY_MAX)) or digits.startswith("0"):
        raise CodeError(
            f"A quantity command holds a number from 1 to {QUANTITY_MAX}, without zeros before it.",
            "Scan the quantity again.",
            at=len(Command.QUANTITY.barcode),
        )
    return int(digits)


def _closest(text: str) -> str:
    known = [*_COMMAND, f"{Command.QUANTITY.barcode}1"]
    cut_short = [code for code in known if code.startswith(text) and len(text) > len(PREFIX)]
    return [*cut_short, *difflib.get_close_matches(text.upper()[:40], known, n=1, cutoff=0.0)][0]


def _first_difference(text: str, known: str) -> int:
    pairs = zip(text, known, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(text), len(known)))
