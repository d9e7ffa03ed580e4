"""Whatever is scanned or typed, the answer is a value or a CodeError that points into the scan, and nothing else."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cryoledger.codes import (
    Badge,
    Code,
    CodeScheme,
    CommandScan,
    PositionScan,
    describe,
    gs1,
    isbt128,
    isbt128_numbers,
    iso7064,
    local,
    position,
    read,
    sec,
)
from cryoledger.codes.commands import Command
from cryoledger.errors import CodeError

starts = st.sampled_from(
    [
        *("", "]C0", "]C1", "]d2", "]Q3", "\x02]d1", "]", "CMD-", "CMD-QTY-", "BDG-", "BK", "BKV", "BKU000007R/"),
        *("=", "&", "=+", "=+02000", "=<", "&>", "&,", "&,4", "&#01", "&$", "&%", "=A9999171234560", "=;"),
        *("SEC:", "SEC: PL001499Z549917123456 ", "PL001499Z549917123456A00T0416003"),
        *("01", "0107032069804988", "8018", "8018123456789012345675", "17", "7003", "8008", "8003", "4300", "391"),
        *("https://", "http://a/01/09520123456788", "https://a/8018/", "https://a/01/09520123456788?", "https://["),
    ]
)
pieces = st.sampled_from(
    [*"0123456789ABZaz=&+<>,#$%/?*\x1d\x02\r -_.:;'\"\\()[]{}٣é\u202e\ud800", "01", "21", "%D9%A0", "%41", "00", "99"]
)
scans = st.builds(lambda start, rest: start + "".join(rest), starts, st.lists(pieces, max_size=60))
anything = st.one_of(st.text(max_size=200), scans, st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))


@settings(max_examples=1500, deadline=None)
@given(anything, st.sampled_from(["", "BK"]), st.sampled_from([None, *get_args(CodeScheme)]))
@example("CMD-QTY-" + "9" * 5000, "", None)
@example("]C1" + "9" * 5000, "", None)
@example("https://a/01/" + "%41" * 200, "", None)
@example("=+99000", "BK", None)
def test_read_gives_a_value_or_a_code_error(text: str, site_prefix: str, scheme: CodeScheme | None) -> None:
    described = describe(text, site_prefix, scheme)
    problem = described["error"]
    if problem is not None:
        assert problem["message"]
        assert problem["at"] is None or 0 <= problem["at"] <= len(text)
        with pytest.raises(CodeError, match=re.escape(problem["message"])):
            read(text, site_prefix, scheme)
        return
    scan = read(text, site_prefix, scheme)
    assert isinstance(scan, Code | CommandScan | Badge | PositionScan)
    assert scan.raw == text
    if isinstance(scan, Code | PositionScan):
        assert scan.text in text
        again = read(scan.text, site_prefix, scan.scheme if isinstance(scan, Code) else None)
        assert again.raw == scan.text


@settings(max_examples=500, deadline=None)
@given(anything)
def test_each_reader_gives_a_value_or_a_code_error(text: str) -> None:
    for reader in (
        *(isbt128.parse, gs1.parse, gs1.parse_digital_link, sec.parse, sec.parse_product_sequence),
        *(isbt128_numbers.read_din, isbt128_numbers.read_typed_din, isbt128_numbers.read_mpho_identifier),
        *(iso7064.check_value, gs1.check_digit, local.split, local.check_character, isbt128.compound),
    ):
        try:
            assert reader(text) is not None
        except CodeError:
            continue
    for judge in (
        *(isbt128_numbers.is_basic_udi_di, gs1.is_key_valid, gs1.looks_like_gs1, sec.is_valid),
        *(iso7064.is_valid, local.is_valid, local.has_form, position.looks_like_label),
    ):
        assert judge(text) in (True, False)


@pytest.mark.parametrize("command", [each for each in Command if each is not Command.QUANTITY])
def test_commands_and_badges_are_described(command: Command) -> None:
    described = describe(command.barcode)
    assert (described["kind"], described["scheme"], described["fields"]) == ("command", None, {"command": command})


def test_other_scans_are_described() -> None:
    assert describe("CMD-QTY-12")["fields"] == {"command": "quantity", "quantity": 12}
    assert describe("BDG-A5E1214A-Y")["fields"] == {"key_id": "A5E1214A"}
    assert describe("B1/C4")["fields"] == {"unit": "B1", "position": "C4"}
    assert describe("BKV000001W\r", "BK") == {
        "scan": "BKV000001W\r",
        "kind": "vial",
        "scheme": "local",
        "fields": {"code": "BKV000001W"},
        "error": None,
    }
    assert describe("CL7000000")["kind"] is None
