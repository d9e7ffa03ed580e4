"""The published vectors: each gives what it says, each invalid one an error that names what is wrong and where.

Groups that are not read here belong to `cryoledger.exchange` (EPCIS and FHIR); `test_no_group_is_left_out` names
each with its reason.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cryoledger.codes import Code, describe, gs1, isbt128, isbt128_numbers, iso7064, read, sec
from cryoledger.codes.isbt128_structures import Use
from cryoledger.errors import CodeError

PATH = Path(__file__).parents[1] / "vectors" / "codes" / "vectors.json"
VECTORS: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))

ELSEWHERE = {
    "meta": "not vectors",
    "sources": "not vectors",
    "epcis_event_hash": "exchange: EPCIS events are hashed there",
    "epcis_schema_expectations": "exchange: EPCIS documents are validated there",
    "fhir_bdp": "exchange: FHIR resources are validated there",
}
used: set[str] = set()


def group(name: str) -> pytest.MarkDecorator:
    used.add(name)
    rows = VECTORS[name]
    ids = [str(next(value for key, value in row.items() if key != "type")) or "empty" for row in rows]
    return pytest.mark.parametrize("vector", rows, ids=ids)


def refused(text: str, scheme: Any) -> CodeError:
    with pytest.raises(CodeError) as caught:
        read(text, scheme=scheme)
    problem = describe(text, scheme=scheme)["error"]
    assert problem is not None
    assert problem["message"] == caught.value.message
    return caught.value


@group("din_check")
def test_din_check(vector: dict[str, Any]) -> None:
    assert iso7064.check_value(vector["din"]) == vector["checksum"]
    assert iso7064.check_character(vector["din"]) == vector["check"]
    typed = isbt128_numbers.read_typed_din(vector["din"] + vector["check"])
    assert (typed.facility, typed.year, typed.sequence) == (vector["fin"], vector["yy"], vector["sequence"])
    assert typed.type_3_flags == vector["type3_flags"]
    scanned = isbt128.parse(f"={vector['din']}{vector['type3_flags']}").fields
    assert scanned == {"din": vector["din"], "flags": vector["type3_flags"], "type3_ok": True}


@group("mod37_2_generic")
def test_mod37_2(vector: dict[str, Any]) -> None:
    assert iso7064.check_character(vector["input"]) == vector["check"]
    assert iso7064.is_valid(vector["input"] + vector["check"])


@group("din_check_invalid")
def test_din_check_invalid(vector: dict[str, Any]) -> None:
    assert not iso7064.is_valid(vector["din_plus_check"])
    with pytest.raises(CodeError, match="does not fit its check character") as caught:
        isbt128_numbers.read_typed_din(vector["din_plus_check"])
    assert caught.value.at == 13


@group("din_check_undetected")
def test_circular_shift_passes_the_check(vector: dict[str, Any]) -> None:
    assert iso7064.is_valid(vector["din_plus_check"]) == vector["valid_checksum"]
    assert isbt128_numbers.read_typed_din(vector["din_plus_check"]).text == vector["din_plus_check"][:-1]


@group("mod37_2_known_bad_implementation")
def test_known_bad_implementation_is_not_ours(vector: dict[str, Any]) -> None:
    assert iso7064.check_character(vector["input"]) == vector["right_output"] != vector["wrong_output"]


@group("basic_udi_di")
def test_basic_udi_di(vector: dict[str, Any]) -> None:
    assert isbt128_numbers.is_basic_udi_di(vector["value"]) == vector["valid"]
    wrong = vector["value"][:-1] + str((int(vector["value"][-1]) + 1) % 10)
    assert not isbt128_numbers.is_basic_udi_di(wrong)


@group("isbt128_scan")
def test_isbt128_scan(vector: dict[str, Any]) -> None:
    described = describe(vector["scan"])
    assert (described["error"], described["scheme"]) == (None, "isbt128")
    segments = described["fields"]["segments"]
    assert isinstance(segments, list)
    assert [{"ds": each["ds"], "content": each["content"]} for each in segments] == vector["segments"]
    expected = {key: value for key, value in vector["expect"].items() if key != "note"}
    assert {key: described["fields"][key] for key in expected} == expected


INVALID_ISBT = {
    "=A999917123456": (14, "cut short"),
    "GARBAGE": (0, "starts with = or &"),
    "": (None, "Nothing was scanned"),
    "=+05000=/A9997XYZ100T0479=A99991712345600=,000012=>019031": (2, "declares 5 structures and holds 4"),
    "=A9O991712345600": (3, "'O' cannot stand in the facility number"),
    "=O99991712345600": (1, "'O' cannot stand in the facility number"),
    "=099991712345600": (1, "'0' cannot stand in the facility number"),
    "&>0183652460": (8, "no hour 24"),
}


@group("isbt128_scan_invalid")
def test_isbt128_scan_invalid(vector: dict[str, Any]) -> None:
    error = refused(vector["scan"], "isbt128")
    at, says = INVALID_ISBT[vector["scan"]]
    assert says in error.message
    assert error.at == at


def test_isbt128_scan_other() -> None:
    used.add("isbt128_scan_other")
    retired, lower_case = (read(vector["scan"]) for vector in VECTORS["isbt128_scan_other"])
    assert isinstance(retired, Code)
    assert isinstance(retired.detail, isbt128.Message)
    assert [(each.structure.number, each.structure.use) for each in retired.detail.segments] == [("015", Use.RETIRED)]
    assert retired.detail.fields == {}
    assert isinstance(lower_case, Code)
    assert isinstance(lower_case.detail, isbt128.Message)
    assert lower_case.text == "=<S12954Aa"
    assert lower_case.detail.fields["division"] == "Aa"


@group("mpho_unique_identifier")
def test_mpho_unique_identifier(vector: dict[str, Any]) -> None:
    assert len(vector["value"]) == vector["length"]
    found = isbt128_numbers.read_mpho_identifier(vector["value"])
    assert (found.processor, found.product, found.din.text, found.division) == (
        vector["fin_p"],
        vector["pdc"],
        vector["din"],
        vector["division"],
    )


@group("symbology_prefix")
def test_symbology_prefix(vector: dict[str, Any]) -> None:
    content = {
        "]C4": "=A99991712345600=<S12954A0",
        "]C1": "8018123456789012345675",
        "]d1": "=+02000=A99991712345600=,000012",
        "]Q1": "https://id.gs1.org/01/09520123456788/21/12345",
    }[vector["prefix"]]
    scan = read(vector["prefix"] + content)
    assert isinstance(scan, Code)
    assert (scan.text, scan.raw) == (content, vector["prefix"] + content)
    assert scan.scheme == ("isbt128" if content.startswith("=") else "gs1")


@group("sec")
def test_sec(vector: dict[str, Any]) -> None:
    for text in (vector["sec"], vector["text"], vector["text"].removeprefix("SEC: ")):
        described = describe(text)
        assert (described["error"], described["scheme"]) == (None, "sec")
        assert {key: described["fields"][key] for key in vector["expect"]} == vector["expect"]
        assert described["fields"]["printed"] == vector["text"]
    assert sec.parse(vector["text"]).text == vector["sec"]
    assert isbt128.parse("&,4" + vector["sec"]).fields == {"sec": vector["sec"]}


@group("sec_product_sequence")
def test_sec_product_sequence(vector: dict[str, Any]) -> None:
    found = sec.parse_product_sequence(vector["value"])
    assert found.expiry is not None
    expected = (vector["system"], vector["product"], vector["split"], vector["expiry"])
    assert (found.system, found.product, found.split, found.expiry.isoformat()) == expected
    assert found.text == vector["value"]


@group("sec_invalid")
def test_sec_invalid(vector: dict[str, Any]) -> None:
    error = refused(vector["sec"], None)
    assert "has 40 characters, this has" in error.message
    assert error.at is not None


@group("gs1_keys")
def test_gs1_keys(vector: dict[str, Any]) -> None:
    assert gs1.check_digit(vector["value"][:-1]) == vector["expected_check_digit"]
    assert gs1.is_key_valid(vector["value"]) == vector["valid"]


@group("gs1_element_strings")
def test_gs1_element_strings(vector: dict[str, Any]) -> None:
    described = describe(vector["scan"])
    assert (described["error"], described["scheme"]) == (None, "gs1")
    assert described["fields"]["elements"] == vector["elements"]
    assert described["fields"]["hri"] == vector["hri"]
    for ai, day in vector.get("dates", {}).items():
        assert described["fields"][f"{ai}_date"] == day


INVALID_GS1 = {
    "0112345678901234": (15, "check digit of AI 01 is 4 and should be 1"),
    "15990229": (2, "not a day of the calendar"),
    "891234": (0, "'8912' is not a GS1 application identifier"),
    "8018123456789012345670": (21, "check digit of AI 8018 is 0 and should be 5"),
}


@group("gs1_element_strings_invalid")
def test_gs1_element_strings_invalid(vector: dict[str, Any]) -> None:
    at, says = INVALID_GS1[vector["scan"]]
    for error in (refused(vector["scan"], "gs1"), refused("]C1" + vector["scan"], None)):
        assert says in error.message
    assert refused(vector["scan"], "gs1").at == at


@group("gs1_digital_link")
def test_gs1_digital_link(vector: dict[str, Any]) -> None:
    described = describe(vector["uri"])
    assert (described["error"], described["scheme"]) == (None, "gs1")
    assert described["fields"]["elements"] == vector["elements"]


INVALID_LINKS = {
    "https://a/NOPRIMARYAI": (9, "Expected a primary identifier"),
    "https://a/01/12312312312333?99=": (28, "AI 99 has no value"),
}


@group("gs1_digital_link_invalid")
def test_gs1_digital_link_invalid(vector: dict[str, Any]) -> None:
    error = refused(vector["uri"], None)
    at, says = INVALID_LINKS[vector["uri"]]
    assert says in error.message
    assert error.at == at


def test_no_group_is_left_out() -> None:
    assert set(VECTORS) == used | {"isbt128_scan_other"} | set(ELSEWHERE)
    assert not used & set(ELSEWHERE)
