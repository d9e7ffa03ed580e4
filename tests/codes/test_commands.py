"""Command barcodes: each read as printed, none taken for another."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.codes.commands import Command, CommandScan, command_code, read_command
from cryoledger.errors import CodeError

plain = [command for command in Command if command is not Command.QUANTITY]
printed = [command.barcode for command in plain] + ["CMD-QTY-1", "CMD-QTY-999"]


def edits(one: str, other: str) -> int:
    """Return how many characters must change, come or go to make `one` into `other`."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        above, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            above, row[j] = row[j], min(above + (a != b), row[j] + 1, row[j - 1] + 1)
    return row[-1]


@pytest.mark.parametrize("command", plain)
def test_each_command_reads_as_printed_and_has_a_sentence_of_help(command: Command) -> None:
    assert read_command(command_code(command)) == CommandScan(command, None, command.barcode)
    assert re.fullmatch(r"[A-Z].{10,90}\.", command.help)


@pytest.mark.parametrize("text", printed)
def test_printed_text_is_what_keyboard_layouts_leave_alone_and_a_label_can_hold(text: str) -> None:
    assert re.fullmatch(r"CMD-[A-Z0-9]+(-[A-Z0-9]+)*", text)
    assert len(text) <= 16


def test_no_command_is_near_another_or_its_beginning() -> None:
    for one, other in itertools.combinations([command.barcode for command in Command], 2):
        assert edits(one, other) >= 2, (one, other)
        assert not one.startswith(other)
        assert not other.startswith(one)


@given(st.integers(1, 999))
def test_quantity_reads_as_printed(quantity: int) -> None:
    scan = read_command(command_code(Command.QUANTITY, quantity))
    assert (scan.command, scan.quantity) == (Command.QUANTITY, quantity)


@pytest.mark.parametrize("text", ["CMD-QTY-", "CMD-QTY-0", "CMD-QTY-007", "CMD-QTY-1000", "CMD-QTY-" + "9" * 5000])
def test_quantity_outside_its_range_is_refused(text: str) -> None:
    with pytest.raises(CodeError, match="1 to 999"):
        read_command(text)


@pytest.mark.parametrize("quantity", [None, 0, -1, 1000])
def test_quantity_that_cannot_be_printed_is_refused(quantity: int | None) -> None:
    with pytest.raises(CodeError):
        command_code(Command.QUANTITY, quantity)


def test_other_commands_take_no_quantity() -> None:
    with pytest.raises(CodeError, match="no quantity"):
        command_code(Command.MOVE, 3)


@pytest.mark.parametrize(
    ("text", "closest"),
    [
        ("CMD-MOV", "CMD-MOVE"),
        ("CMD-TAKEOUT", "CMD-TAKE-OUT"),
        ("CMD-take-out", "CMD-TAKE-OUT"),
        ("CMD-UNDO", "CMD-UNDO"),
        ("CMD-QTY-٣", "CMD-QTY-"),
        ("CMD-QTY-1x", "CMD-QTY-"),
    ],
)
def test_unknown_command_names_the_closest_known_one(text: str, closest: str) -> None:
    with pytest.raises(CodeError, match=f"the closest is {closest}"):
        read_command(text)


def test_unknown_command_says_where_it_differs() -> None:
    with pytest.raises(CodeError) as refused:
        read_command("CMD-DISKARD")
    assert refused.value.at == len("CMD-DIS")


@given(st.sampled_from(printed), st.data())
def test_one_wrong_character_never_gives_another_command_without_a_quantity(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    wrong = text[:at] + data.draw(st.characters()) + text[at + 1 :]
    try:
        scan = read_command(wrong)
    except CodeError:
        return
    assert wrong == text or scan.command is Command.QUANTITY
