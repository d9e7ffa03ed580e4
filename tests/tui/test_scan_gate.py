"""The scan gate on its own: keys and times in, scans, broken scans and typed keys out."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryoledger.codes import Kind, make
from cryoledger.tui.keys import GS, is_modifier, text_of
from cryoledger.tui.scan_gate import Broken, Fed, Scan, ScanGate, Typed

SCANNER = 0.000_2
HAND = 0.150
NAMES = {GS: "ctrl+right_square_bracket", "\x02": "ctrl+b", "\r": "enter", "\t": "tab", "]": "right_square_bracket"}
NAMES |= {"=": "equals_sign", "/": "slash", "-": "minus", "+": "plus", "&": "ampersand", ",": "comma", "\n": "ctrl+j"}


class Bench:
    """A gate, a clock, and all that came out."""

    def __init__(self, *, typing: bool = False) -> None:
        self.gate = ScanGate()
        self.gate.typing = typing
        self.now = 100.0
        self.out: list[Fed] = []

    def key(self, character: str, gap: float, *, kitty: bool = False) -> None:
        self.wait(gap)
        name = NAMES.get(character, character)
        self.out += self.gate.feed(name, None if kitty else character, self.now)

    def send(self, text: str, gap: float = SCANNER, *, kitty: bool = False) -> None:
        for character in text:
            self.key(character, gap, kitty=kitty)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        deadline = self.gate.deadline
        if deadline is not None and deadline < self.now:
            self.out += self.gate.expire(deadline + 0.000_001)

    def rest(self) -> list[Fed]:
        self.wait(5)
        return self.out


def scans(out: Iterable[Fed]) -> list[str]:
    return [each.text for each in out if isinstance(each, Scan)]


def typed(out: Iterable[Fed]) -> list[str]:
    return [each.key for each in out if isinstance(each, Typed)]


def test_burst_ended_by_enter_or_tab_is_one_scan() -> None:
    bench = Bench()
    bench.send("BKV000001W\r")
    bench.send("BKV0000021\t")
    assert bench.rest() == [Scan("BKV000001W"), Scan("BKV0000021")]


def test_carriage_return_line_feed_ends_one_scan_once() -> None:
    bench = Bench()
    bench.send("CMD-STORE\r\nCMD-DONE\r\n")
    assert bench.rest() == [Scan("CMD-STORE"), Scan("CMD-DONE")]


def test_separator_stays_between_lot_and_serial() -> None:
    bench = Bench()
    bench.send(f"]d20109506000134352{'10'}LOT7{GS}21SER9\r")
    assert bench.rest() == [Scan(f"]d2010950600013435210LOT7{GS}21SER9", marked=True)]


def test_kitty_keys_have_no_character_and_modifiers_between() -> None:
    bench = Bench()
    for character in f"=A9/{GS}B\r":
        bench.out += bench.gate.feed("left_shift", None, bench.now)
        bench.key(character, SCANNER, kitty=True)
        bench.out += bench.gate.feed("left_shift", None, bench.now)
    assert bench.rest() == [Scan(f"=A9/{GS}B")]


@pytest.mark.parametrize(
    ("key", "character", "text"),
    [
        ("shift+A", None, "A"),
        ("left_curly_bracket", None, "{"),
        ("percent_sign", None, "%"),
        ("less_than_sign", None, "<"),
        ("circumflex_accent", None, "^"),
        ("space", " ", " "),
        ("ctrl+circumflex_accent", "\x1e", "\x1e"),
        ("ctrl+d", None, "\x04"),
        ("ctrl+b", None, "\x02"),
        ("minus", None, "-"),
        ("hyphen_minus", None, "-"),
        ("full_stop", None, "."),
        ("f1", None, None),
        ("backspace", "\x7f", None),
        ("escape", "\x1b", None),
        ("up", None, None),
        ("alt+x", "x", None),
        ("ctrl+q", "\x11", None),
        ("plus", "+", "+"),
        ("ก", "ก", "ก"),
    ],
)
def test_key_is_the_character_the_scanner_sent(key: str, character: str | None, text: str | None) -> None:
    assert text_of(key, character) == text


def test_modifiers_and_locks_are_no_keys() -> None:
    assert is_modifier("left_shift")
    assert is_modifier("num_lock")
    assert not is_modifier("A")


def test_keys_of_a_hand_are_typed_one_by_one() -> None:
    bench = Bench(typing=True)
    bench.send("4027\r", HAND)
    assert bench.rest() == [Typed(key, key) for key in "4027"] + [Typed("enter", "\r")]


def test_a_function_key_passes_at_once() -> None:
    bench = Bench()
    assert bench.gate.feed("f1", None, bench.now) == [Typed("f1")]


def test_fast_run_without_end_is_broken_and_no_key_of_it_is_typed() -> None:
    bench = Bench()
    bench.send("dqBKV0000")
    assert bench.rest() == [Broken("dqBKV0000")]


def test_tail_after_a_broken_scan_is_not_a_scan() -> None:
    bench = Bench()
    bench.send("BKV0000")
    bench.wait(0.6)
    bench.send("01W\r")
    assert bench.rest() == [Broken("BKV0000"), Broken("01W", ended=True)]


def test_whole_code_soon_after_a_broken_scan_is_taken_by_its_check_character() -> None:
    bench = Bench()
    bench.send("BKV0000")
    bench.wait(0.6)
    bench.send("BKV000001W\r")
    assert bench.rest() == [Broken("BKV0000"), Scan("BKV000001W")]


def test_scan_again_right_after_a_broken_one_that_ended() -> None:
    bench = Bench()
    bench.send("BKV00000")
    bench.wait(0.5)
    bench.send("01W\r")
    bench.wait(0.2)
    bench.send("BKV000001W\r")
    assert scans(bench.rest()) == ["BKV000001W"]


@pytest.mark.parametrize("mark", ["]d1", "\x02", "\x02]d1"])
@pytest.mark.parametrize("at", range(1, 12))
def test_marked_scan_survives_a_pause_anywhere(mark: str, at: int) -> None:
    bench = Bench()
    text = mark + "BKV000001W\r"
    bench.send(text[:at])
    bench.wait(0.4 if at >= 2 or mark[0] == "\x02" else 0.02)
    bench.send(text[at:])
    assert scans(bench.rest()) == [(mark + "BKV000001W").removeprefix("\x02")]


def test_unmarked_scan_survives_one_pause() -> None:
    for at in range(3, 10):
        bench = Bench()
        bench.send("BKV000001W"[:at])
        bench.wait(0.2)
        bench.send("BKV000001W"[at:] + "\r")
        assert bench.rest() == [Scan("BKV000001W")]


def test_stx_begins_anew_and_the_first_half_is_broken() -> None:
    bench = Bench()
    bench.send("\x02BKV00\x02BKV000001W\r")
    assert bench.rest() == [Broken("BKV00"), Scan("BKV000001W", marked=True)]


def test_a_typed_key_before_a_marked_scan_is_typed() -> None:
    bench = Bench()
    bench.send("x", HAND)
    bench.wait(0.1)
    bench.send("]C1BKV000001W\r")
    assert bench.rest() == [Typed("x", "x"), Scan("]C1BKV000001W", marked=True)]


def test_function_key_in_the_middle_of_a_scan_breaks_nothing() -> None:
    bench = Bench()
    bench.send("BKV00")
    bench.out += bench.gate.feed("f1", None, bench.now)
    bench.send("0001W\r")
    assert bench.rest() == [Typed("f1"), Scan("BKV000001W")]


def test_backspace_stays_behind_the_key_it_follows() -> None:
    bench = Bench(typing=True)
    bench.key("4", HAND)
    bench.now += 0.01
    bench.out += bench.gate.feed("backspace", "\x7f", bench.now)
    assert typed(bench.rest()) == ["4", "backspace"]


def test_fast_typist_is_not_a_scanner() -> None:
    bench = Bench(typing=True)
    for character, gap in zip("BKV000001W\r", [0.09, 0.02, 0.08, 0.025, 0.09, 0.07, 0.02, 0.09, 0.08, 0.07, 0.09],
                              strict=True):  # fmt: skip
        bench.key(character, gap)
    out = bench.rest()
    assert scans(out) == []
    assert typed(out) == [*"BKV000001W", "enter"]


def test_every_line_of_a_paste_is_a_scan() -> None:
    gate = ScanGate()
    assert gate.paste(f"BDG-1\r\n\n=A{GS}B\x1eC\nCMD-DONE", 1.0) == [
        Scan("BDG-1"), Scan(f"=A{GS}B\x1eC"), Scan("CMD-DONE"),
    ]  # fmt: skip


def test_stray_control_keys_are_typed_and_never_a_scan() -> None:
    bench = Bench()
    for key in ("ctrl+b", "ctrl+d", "right_square_bracket", "ctrl+right_square_bracket"):
        bench.wait(3)
        bench.out += bench.gate.feed(key, None, bench.now)
    assert typed(bench.rest()) == ["ctrl+b", "ctrl+d", "right_square_bracket", "ctrl+right_square_bracket"]


def test_endless_run_is_broken_not_kept() -> None:
    bench = Bench()
    bench.send("a" * 10_000)
    out = bench.rest()
    assert out
    assert all(isinstance(each, Broken) for each in out)


@pytest.mark.parametrize("mark", ["]d1", "\x02"])
def test_a_thousand_marked_scans_with_jitter_none_lost_doubled_or_invented(mark: str) -> None:
    chance, bench, sent = random.Random(7), Bench(), []
    for number in range(1000):
        code = make("BK", Kind.VIAL, number)
        body = code if number % 3 else f"01095060001343521{number:04d}{GS}10L{number}"
        sent.append((mark + body).removeprefix("\x02"))
        for character in mark + body + "\r":
            bench.key(character, chance.choice([0.05, 0.12, 0.28]) if chance.random() < 0.01 else SCANNER)
        if chance.random() < 0.3:
            for character in chance.choice(["7", "q", "d", "xy"]):
                bench.key(character, HAND)
            bench.wait(HAND)
    assert scans(bench.rest()) == sent
    assert not [each for each in bench.out if isinstance(each, Broken)]


def test_a_thousand_unmarked_scans_with_jitter_are_whole_or_broken_never_a_fragment() -> None:
    chance, bench, sent, broken = random.Random(11), Bench(), [], 0
    for number in range(1000):
        code = make("BK", Kind.VIAL, number)
        sent.append(code)
        before = len(bench.out)
        for character in code + "\r":
            bench.key(character, chance.uniform(0.04, 0.5) if chance.random() < 0.01 else SCANNER)
        bench.wait(1.2)
        came = bench.out[before:]
        if scans(came) != [code]:
            assert scans(came) == []
            assert came
            broken += 1
    assert set(scans(bench.out)) <= set(sent)
    assert broken < 60


@pytest.mark.parametrize("gap", [0.01, 0.05, 0.2, 0.4])
def test_a_key_of_a_hand_just_before_an_unmarked_scan_stays_apart(gap: float) -> None:
    bench = Bench()
    bench.key("x", HAND)
    bench.wait(gap)
    bench.send("BKV000001W\r")
    out = bench.rest()
    assert scans(out) == (["BKV000001W"] if gap > 0.03 else ["xBKV000001W"])


def test_a_plain_code_with_a_key_just_before_is_not_guessed_at() -> None:
    bench = Bench()
    bench.key("7", HAND)
    bench.wait(0.2)
    bench.send("1045998812\r")
    assert bench.rest() == [Broken("71045998812", ended=True)]


@settings(max_examples=300, deadline=None)
@given(
    keys=st.lists(
        st.tuples(
            st.sampled_from([*"AB1]d=", "enter", "tab", "ctrl+b", "ctrl+right_square_bracket", "f1", "backspace"]),
            st.sampled_from([0.0, 0.0001, 0.02, 0.05, 0.2, 0.4, 1.5]),
        ),
        max_size=60,
    ),
    typing=st.booleans(),
)
def test_no_character_is_lost_or_doubled(keys: list[tuple[str, float]], typing: bool) -> None:
    """Whatever is fed comes out once, in order, as part of a scan, a broken scan, or a typed key."""
    gate, now, out = ScanGate(), 10.0, []
    gate.typing = typing
    for key, gap in keys:
        now += gap
        out += gate.feed(key, None, now)
    out += gate.expire(now + 10)
    assert gate.deadline is None
    told = "".join(
        each.text if not isinstance(each, Typed) else (text_of(each.key, None) or "") for each in out
    ).replace("\x02", "")
    fed = "".join(text_of(key, None) or "" for key, _ in keys).replace("\x02", "")
    assert told == fed
