"""What a wrongly set scanner does to a code is named, with its cure."""

from __future__ import annotations

import pytest

from cryoledger.codes.scanner_check import judge

GS1 = "010950600013435210CHECK\x1d21SERIAL"
BOTH = "CHECK-abcxyzABCXYZ"


@pytest.mark.parametrize(
    ("expected", "scan"),
    [(BOTH, BOTH), (BOTH, "]d1" + BOTH), (GS1, "]d2" + GS1), (GS1, "\x1d" + GS1), ("=<&>%]", "=<&>%]\r")],
)
def test_a_right_scan_is_right(expected: str, scan: str) -> None:
    assert judge(expected, scan).ok


@pytest.mark.parametrize(
    ("expected", "scan", "words"),
    [
        (BOTH, BOTH.swapcase(), "Caps Lock"),
        (BOTH, BOTH.upper(), "one case"),
        ("CHECK-1", "check-1", "Small letters"),
        (GS1, GS1.replace("\x1d", ""), "is missing"),
        (GS1, GS1.replace("\x1d", "|"), "arrives as '|'"),
        (BOTH, "~" + BOTH, "prefix"),
        (BOTH, BOTH + "\t", "suffix"),
        ("CHECK-QR-1", "CHECK-128-990099CHECK-QR-1", "no end mark"),
        ("=<&>%]", ";/:%+", "German"),
        ("=<&>%]", "=.7/5$", "French"),
        (BOTH, "CHECKßabcxzyABCXZY", "German"),
        (BOTH, "checkßABCXZYabcxzy", "German, the scanner's US English, and Caps Lock is on"),
        ("CHECK-0123456789", "CHECK)à&é\"'(-è_ç", "French"),
        ("=<&>%]", "!!!!!!", "exchanged"),
        ("CHECK-1", "nonsense", "factory"),
    ],
)
def test_a_wrong_scan_is_named_with_its_cure(expected: str, scan: str, words: str) -> None:
    verdict = judge(expected, scan)
    assert words in f"{verdict.problem} {verdict.advice}"
    assert verdict.advice
