"""A value that an event cannot hold is told by the option that gave it, in words, and never repeated."""

from __future__ import annotations

import pytest

from cryoledger.cli import exit_codes
from tests.cli.conftest import Terminal

LOT = (
    "lot", "add", "L2", "--product", "MSC-1", "--donation", "DIN1", "--passage", "3", "--cells", "10M",
    "--volume", "1ml", "--filled-on", "2026-02-01", "--expiry-on", "2046-02-01",
)  # fmt: skip


def changed(old: str, new: str) -> tuple[str, ...]:
    return tuple(new if word == old else word for word in LOT)


@pytest.mark.parametrize(
    ("words", "by", "said"),
    [
        (changed("L2", "L 2"), "maria.s", "CODE takes 1 to 64 letters, digits and signs, without spaces"),
        (changed("3", "-3"), "maria.s", "--passage must be at least 0."),
        (("product", "add", "P", "--name", "", "--test", "a:%:80:"), "quinn.o", "--name is empty."),
        (("donor", "add", "D", "--consent", "x", "--given-on", "2026-01-05"), "maria.s", "--consent takes one of: "),
        (("lot", "reject", "L1", "--reason", "foo"), "quinn.o", "--reason takes one of: test-failed, contaminated,"),
        (("unit", "add", "F", "--kind", "igloo", "--name", "x"), "ines.a", "--kind takes one of: freezer, tank,"),
        (("person", "add", "", "--role", "witness"), "ines.a quinn.o", "FULL-NAME is empty."),
        (("person", "add", "A B", "--role", "witness", "--name", "A B"), "ines.a quinn.o", "--name takes at most 40"),
        (("person", "pin", "maria.s", "--replace", "--reason", "x"), "ines.a quinn.o", "--reason takes one of: "),
        (("identity", "show", "animal", "P", "--reason", "trace"), "quinn.o", "KIND takes one of: "),
        (("identity", "show", "patient", "P", "--reason", "x"), "quinn.o", "--reason takes one of: treatment, trace,"),
        (("identity", "withdraw", "quinn.o", "--reason", "x"), "quinn.o", "--reason takes one of: left,"),
        (("identity", "forget", "donor", "D", "--reason", "x"), "ines.a quinn.o", "--reason takes one of: subject-"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_by_its_option(furnished: Terminal, words: tuple[str, ...], by: str, said: str) -> None:
    options = [text for at, name in enumerate(by.split()) for text in ("--with" if at else "--as", name)]
    done = furnished.run(*words, *options)
    assert (done.code, said in done.err) == (exit_codes.USAGE, True), done


def test_an_option_is_told_as_well_after_its_help_was_shown(furnished: Terminal) -> None:
    assert "therapy, research" in furnished.run("donor", "add", "--help").out
    done = furnished.run("donor", "add", "D", "--consent", "x", "--given-on", "2026-01-05", "--as", "maria.s")
    assert (done.code, "--consent takes one of: " in done.err) == (exit_codes.USAGE, True), done


def test_a_bound_is_told_in_the_units_that_are_typed(furnished: Terminal) -> None:
    furnished.does("lot", "fill", "L1", "--count", 1, by="maria.s")
    (vial,) = furnished.read("vial", "list", "--of", "L1")
    words = ("prepare", "DOSE-9", "--order", "O1", vial["code"], "--cells", "9M", "--viability", "191")
    done = furnished.run(*words, "--as", "petra.v")
    assert (done.code, "--viability must be at most 100." in done.err) == (exit_codes.USAGE, True), done
