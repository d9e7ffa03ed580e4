"""The catalogue: every event type is whole, and its payloads survive the way through JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cryoledger.domain import catalogue
from cryoledger.domain.records import Mention
from cryoledger.domain.roles import Kind, Role
from cryoledger.domain.rulebook_1.common import CHANGES, CHECKS
from cryoledger.errors import RequestError
from tests.lab import TECHNICIAN, event, stocked

NAMES = list(catalogue.TYPES)
SAMPLES = {
    "^[!-~]{1,64}$": "CODE-1",
    "^[!-~]{1,32}$": "CODE-1",
    "^[!-~]{1,16}$": "7",
    "^[!-~]{1,4000}$": "ines.a+0011aabb+AbC=",
    "^[a-z0-9][a-z0-9._-]{0,39}$": "maria.s",
    "^[A-Za-z0-9+/]{43}=$": "A" * 43 + "=",
    "^[0-9a-f]{8}$": "0011aabb",
    "^[0-9A-Z]{0,4}$": "BKU",
    "^[!-~]([ -~]{0,3998}[!-~])?$": "quorum none",
    "^[0-9A-Z]{6}([0-9]{8})?$": "S1234V",
}
FORMATS = {"date-time": "2026-11-22T03:41:07.512Z", "date": "2026-11-22"}
KINDS = {
    "vial": "vial", "unit": "unit", "source": "unit", "lot": "lot", "donation": "donation", "donations": "donation",
    "donor": "donor", "patient": "patient", "order": "order", "dose": "dose", "shipment": "shipment",
    "person": "person", "receiver": "person", "confirmed_by": "person", "station": "station", "product": "product",
    "site": "site",
}  # fmt: skip


def example(schema: dict[str, Any], whole: dict[str, Any], *, full: bool) -> Any:
    """A value that a JSON Schema admits; with every field, or with the required ones."""
    if "$ref" in schema:
        return example(whole["$defs"][schema["$ref"].rsplit("/", 1)[1]], whole, full=full)
    if "anyOf" in schema:
        return example(schema["anyOf"][0], whole, full=full)
    if "enum" in schema:
        return schema["enum"][-1]
    if "const" in schema:
        return schema["const"]
    if schema["type"] == "object":
        fields = schema["properties"] if full else {name: schema["properties"][name] for name in schema["required"]}
        return {name: example(value, whole, full=full) for name, value in fields.items()}
    if schema["type"] == "array":
        return [example(schema["items"], whole, full=full)] * max(schema.get("minItems", 1), 1)
    if schema["type"] == "string":
        return SAMPLES.get(schema.get("pattern", ""), FORMATS.get(schema.get("format", ""), "some text"))
    return {"integer": max(schema.get("minimum", 1), 1), "boolean": False}[schema["type"]]


def data_for(name: str, *, full: bool) -> dict[str, Any]:
    """The JSON object of an example of an event type."""
    schema = catalogue.schema_of(catalogue.of(name))
    schema.setdefault("required", [])
    made = example(schema, schema, full=full)
    assert isinstance(made, dict)
    return made


def named(value: Any, parent: str) -> Iterator[tuple[str, str]]:
    """The things that the fields of an object name, by the fields' names alone."""
    for key, content in value.items():
        if key == "specification":  # its units are those of measure
            continue
        items = content if isinstance(content, list) else [content]
        for item in items:
            if isinstance(item, dict):
                yield from named(item, parent)
            elif key == "parent":
                yield parent, item
            elif key == "vials" or key == "present" or key == "missing":
                yield "vial", item
            elif key in KINDS and isinstance(item, str):
                yield KINDS[key], item


@pytest.mark.parametrize("name", NAMES)
def test_every_type_has_a_check_and_changes(name: str) -> None:
    assert name in CHECKS
    assert name in CHANGES


def test_no_rule_is_without_a_type() -> None:
    assert set(CHECKS) == set(CHANGES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_type_says_in_a_sentence_what_happened(name: str) -> None:
    text = catalogue.of(name).help
    assert text[0].isupper()
    assert text.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_every_type_is_signed_by_somebody(name: str) -> None:
    signing = catalogue.of(name).signing
    assert signing.lines
    assert all(line.roles or line.key_of or signing.kind is Kind.OBSERVED for line in signing.lines)
    assert (len(signing.lines) >= 2) == (signing.kind is Kind.DUAL)


@pytest.mark.parametrize("name", NAMES)
def test_an_auditor_signs_nothing_but_about_themselves(name: str) -> None:
    lines = catalogue.of(name).signing.lines
    if any(Role.AUDITOR in line.roles for line in lines):
        assert name in ("PersonSignedIn", "PersonSignedOut", "PinChanged")


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_data_of_a_parsed_event_is_the_data(name: str, *, full: bool) -> None:
    data = data_for(name, full=full)
    made = catalogue.parse(name, data)
    again = catalogue.data_of(made)
    assert catalogue.parse(name, again) == made
    assert catalogue.data_of(catalogue.parse(name, again)) == again
    assert json.loads(json.dumps(again)) == again
    if not full:
        assert again == data


@pytest.mark.parametrize("name", NAMES)
def test_every_thing_that_an_event_names_is_found(name: str) -> None:
    data = data_for(name, full=True)
    found = {(item.kind, item.code) for item in catalogue.subjects(catalogue.parse(name, data))}
    assert set(named(data, "lot" if name in ("LotRegistered", "ShipmentAnnounced") else "unit")) <= found


@pytest.mark.parametrize("name", NAMES)
def test_a_field_that_is_not_declared_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="surprise"):
        catalogue.parse(name, data_for(name, full=False) | {"surprise": 1})


@pytest.mark.parametrize("name", NAMES)
def test_i9_no_event_has_a_field_for_a_name_or_a_birth_date(name: str) -> None:
    """I9: names stand in the ledger for staff only."""
    text = json.dumps(catalogue.schema_of(catalogue.of(name)))
    assert not any(word in text for word in ("birth", "first_name", "surname", "record_number", "address"))
    if '"full_name"' in text:
        assert name in ("VaultCreated", "KeyIssued", "AdministratorRecovered")


def test_unknown_type_is_refused() -> None:
    with pytest.raises(RequestError, match="VialsEaten"):
        catalogue.of("VialsEaten")


@pytest.mark.parametrize("value", [True, 1.0, "1", -1, 2**53])
def test_amounts_are_whole_numbers_within_2_to_the_53(value: object) -> None:
    with pytest.raises(RequestError):
        catalogue.parse("BoxChecked", {"unit": "BOX-1", "unknown_count": value})


@pytest.mark.parametrize("code", ["", "a b", "é", "x" * 65, "a\n", "a\x1d"])
def test_codes_are_printable_and_short(code: str) -> None:
    with pytest.raises(RequestError):
        catalogue.parse("StorageUnitTakenOut", {"unit": code})


@pytest.mark.parametrize("when", ["2026-11-22T03:41:07Z", "2026-11-22T03:41:07.512+00:00", "2026-02-30T00:00:00.000Z"])
def test_instants_have_one_form(when: str) -> None:
    with pytest.raises(RequestError):
        event("ClockStepped", head_recorded_at=when)


def test_holds_recalls_and_consent_find_their_subjects() -> None:
    held = catalogue.subjects(event("HoldPlaced", scope="vial", codes=["V-1", "V-2"], reason="label"))
    assert [(item.kind, item.code, item.touched) for item in held] == [("vial", "V-1", True), ("vial", "V-2", True)]
    recalled = catalogue.subjects(event("RecallIssued", scope="donor", code="D-1", reason="other"))
    assert [(item.kind, item.code) for item in recalled] == [("donor", "D-1")]
    consent = {"scope": ["therapy"], "given_on": "2026-01-01"}
    donor = catalogue.subjects(event("ConsentRecorded", donor="D-1", consent=consent))
    assert [(item.kind, item.code) for item in donor] == [("donor", "D-1")]


def test_every_declared_custody_state_is_one_that_the_records_know() -> None:
    states = {
        "expected", "stored", "out", "issued", "thawed", "prepared", "in_transit", "missing", "administered",
        "consumed", "discarded", "delivered",
    }  # fmt: skip
    for declaration in catalogue.TYPES.values():
        assert declaration.before <= states
        assert declaration.after in states | {""}


def test_things_and_signers_of_an_entry_are_mentioned() -> None:
    lab, vials = stocked(1)
    lab.take_out(vials[0])
    rows = [row for row in lab.inventory.rows(Mention) if row.entry == lab.last.number]
    assert {(row.kind, row.code) for row in rows} == {("vial", vials[0]), ("signer", TECHNICIAN)}
