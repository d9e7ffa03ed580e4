"""ISBT 128: every structure at its width, messages ending exactly at the end, letters kept as they are."""

from __future__ import annotations

import string
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.codes import Kind, isbt128, isbt128_numbers, iso7064
from cryoledger.codes.isbt128_numbers import Din
from cryoledger.codes.isbt128_structures import STRUCTURES, Use
from cryoledger.errors import CodeError

DIN = "A999917123456"

# One content for each structure, of the width that DOMAIN.md lists.
CONTENTS = {
    "=": DIN + "00",
    "=%": "5100",
    "=<": "S12954A0",
    "=>": "019031",
    "&>": "0183652359",
    "=*": "017009",
    "&*": "0170091330",
    "=}": "017009",
    "&}": "0170091330",
    "=)": "1AB0012345",
    "&)": "00001234rZ",
    "=;": "A99990000222244445555",
    "='": "A9999123456",
    "=-": "AB00012345",
    "&-": "0000001234",
    "=#": "0119800230",
    "&#": "0105ABC12",
    "&$": "02" + "01000100038100" + "02000200120000",
    "=(": "A001202611220315",
    "=,": "000012",
    "&+": "A9999AB3456",
    "=/": "A9997XYZ100T0479",
    "&,1": "000000000000XYZ123",
    "&,2": "000000000000000123",
    "&,4": "PL001499Z549917123456A00T041600320181231",
    "&:": "9999ABCDEFGHIJ12300",
    "&/": "CH" + DIN,
    "&(": "N0008",
    "=\\": "1" * 18,
    "&\\": "1" * 18,
    "&{": "1" * 18,
    "=]": "202612",
    '&"': "0" * 18,
    "=$": "A999917123450102",
    "&%": "002" + "1" * 20,
    "={": "1" * 18,
    "=[": "a" * 16 + "00",
    '="': "1" * 18,
    "&,3": "1" * 19,
}
dins = st.from_regex(r"[A-NP-Z1-9][A-NP-Z0-9]{2}[0-9]{10}", fullmatch=True)


def test_every_structure_of_the_table_has_a_content_here_and_none_is_missing() -> None:
    assert set(CONTENTS) | {"=+"} == set(STRUCTURES)
    numbers = {structure.number for structure in STRUCTURES.values()}
    assert numbers == {f"{number:03d}" for number in range(1, 41)}


@pytest.mark.parametrize("identifier", CONTENTS)
def test_structure_is_read_at_its_width_alone_and_among_others(identifier: str) -> None:
    content = CONTENTS[identifier]
    message = isbt128.parse(identifier + content)
    assert [(each.structure.identifier, each.content, each.at) for each in message.segments] == [
        (identifier, content, 0)
    ]
    before, after = "=*017009", "&$00"
    among = isbt128.parse(before + identifier + content + after)
    assert [each.at for each in among.segments] == [0, len(before), len(before + identifier + content)]


@pytest.mark.parametrize("identifier", CONTENTS)
def test_structure_cut_short_or_with_one_character_more_is_refused(identifier: str) -> None:
    text = identifier + CONTENTS[identifier]
    with pytest.raises(CodeError) as short:
        isbt128.parse(text[:-1])
    assert short.value.at == len(text) - 1
    with pytest.raises(CodeError, match="starts with = or &") as long:
        isbt128.parse(text + "0")
    assert long.value.at == len(text)


@pytest.mark.parametrize("identifier", [each for each in CONTENTS if each != "&#"])
def test_sign_within_a_structure_is_refused_where_it_stands(identifier: str) -> None:
    text = identifier + CONTENTS[identifier]
    with pytest.raises(CodeError) as caught:
        isbt128.parse(text[:-1] + "=")
    assert caught.value.at == len(text) - 1


def test_all_structures_in_one_compound_message() -> None:
    parts = [identifier + content for identifier, content in CONTENTS.items()]
    message = isbt128.compound(*parts)
    assert message.fields["count"] == len(parts)
    assert [each.structure.identifier for each in message.segments] == ["=+", *CONTENTS]
    uses = [each.structure.use for each in message.segments]
    assert (uses.count(Use.SKIPPED), uses.count(Use.RETIRED)) == (8, 4)
    for segment in message.segments:
        if segment.structure.use is not Use.READ:
            assert segment.fields == {}


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("=;A99990000222244445555", {"fin": "A9999", "donor_seq": "0000222244445555"}),
        ("='A9999123456", {"staff_fin": "A9999", "staff_id": "123456"}),
        ("=/A9997XYZ100T0479", {"fin_p": "A9997", "fpc": "XYZ100", "pdc": "T0479"}),
        ("&,1000000000000XYZ123", {"mpho_lot": "XYZ123"}),
        ("=<T1295003", {"pdc": "T1295", "division": "003"}),
        ("=<X00014A0", {"pdc": "X0001", "collection_type": "4", "division": "A0"}),
        ("=<S1295499=,00000B", {"pdc": "S1295", "collection_type": "4", "division": "00000B"}),
        ("=,00000B=<S1295499", {"pdc": "S1295", "collection_type": "4", "division": "00000B"}),
        ("=(A001202611220315", {"time": "2026-11-22T03:15", "time_zone": "A", "time_type": "01"}),
        ("=>998001", {"expiry": "1998-01-01"}),
        ("=>100365", {"expiry": "2100-12-31"}),
        ("&>0200600000", {"expiry": "2020-02-29T00:00"}),
        ("&/CHA999917123456", {"chain_of_identity": "CHA999917123456"}),
        ("&#0100", {"location": "01", "patient_id": ""}),
        ("&#0103A B", {"location": "01", "patient_id": "A B"}),
        (
            "&$02" + "01000100038100" + "03000200100000",
            {
                "value": "3.8",
                "dimension": "0001",
                "symbol": "equal",
                "unit": "mL",
                "value_2": "100",
                "dimension_2": "0002",
                "symbol_2": "03",
            },
        ),
    ],
)
def test_fields_are_named(text: str, fields: dict[str, object]) -> None:
    assert isbt128.parse(text).fields == fields


def test_grid_says_whether_its_check_fits() -> None:
    body = "9999ABCDEFGHIJ123"
    right = f"{iso7064.check_value(body):02d}"
    assert isbt128.parse(f"&:{body}{right}").fields == {"grid": body + right, "grid_ok": True}
    assert isbt128.parse(f"&:{body}99").fields["grid_ok"] is False


def test_birth_date_is_never_handed_on() -> None:
    message = isbt128.parse("=#0119800230")
    assert message.fields == {"location": "01"}
    with pytest.raises(CodeError) as caught:
        isbt128.parse("=#011980A230")
    assert "1980" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("=", 0, "not the identifier"),
        ("&", 0, "not the identifier"),
        ("&,", 0, "not the identifier"),
        ("&,5", 0, "not the identifier"),
        ("&a123", 0, "not the identifier"),
        ("&;123", 0, "not the identifier"),
        ("=a99991712345600", 1, "facility number"),
        ("=\u0661" + "9" * 14, 0, "not the identifier"),
        ("=A99\u066191712345600", 4, "cannot stand"),
        ("=A9999A712345600", 6, "year of the donation"),
        ("=A99991712A45600", 10, "sequence number"),
        ("=A999917123456OO", 14, "flags"),
        ("=A99991712345600=A99991712345700", 16, "stands 2 times"),
        ("=<S12954A0=<S12954A1", 10, "stands 2 times"),
        ("=<112954A0", 2, "product description code"),
        ("=<S1295499", 8, "division structure"),
        ("=A99991712345600=<S1295499", 24, "division structure"),
        ("=>017366", 5, "no day 366"),
        ("=>017000", 5, "no day 0"),
        ("=>517001", 2, "century"),
        ("=>01700A", 7, "date"),
        ("&>0170012400", 8, "no hour 24"),
        ("&>0170010060", 10, "no minute 60"),
        ("=(A001202602300315", 6, "20260230 is not a day"),
        ("&#01XXABC", 4, "how long it is"),
        ("&#0109ABC", 9, "cut short"),
        ("&#0101\x00", 6, "cannot stand"),
        ("&$0101000100038600", 15, "6 decimals"),
        ("&$01010001000381A0", 16, "dimensions"),
        ("&/XXA999917123456", 2, "starts with CH"),
        ("&/CHA9O9917123456", 6, "facility number"),
        ("=/A9O97XYZ100T0479", 4, "processing facility"),
        ("&,4PL001499Z549917123456A00T041600320181331", 35, "not a day of the calendar"),
        ("=+01000", 2, "declares 1 structures and holds 0"),
        ("=+02000=*017009", 2, "declares 2 structures and holds 1"),
        ("=+01000=*017009=}017009", 2, "declares 1 structures and holds 2"),
        ("=*017009=+01000=}017009", 8, "within another"),
        ("=+0A000", 3, "header"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, at: int, says: str) -> None:
    with pytest.raises(CodeError, match=says) as caught:
        isbt128.parse(text)
    assert caught.value.at == at


@pytest.mark.parametrize(
    ("text", "expires"),
    [
        ("=>019031", "2019-01-31T23:59:00"),
        ("&>0183652100", "2018-12-31T21:00:00"),
        ("=*019031", None),
    ],
)
def test_expiry_without_a_time_lasts_until_the_end_of_the_day(text: str, expires: str | None) -> None:
    found = isbt128.parse(text).expires
    assert (found and found.isoformat()) == expires


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"={DIN}00", Kind.DONATION),
        ("=;A99990000222244445555", Kind.DONOR),
        ("&#0105ABC12", Kind.PATIENT),
        (f"={DIN}00=<S12954A0", None),
        ("=<S12954A0", None),
    ],
)
def test_kind_is_told_by_a_structure_that_stands_alone(text: str, kind: Kind | None) -> None:
    assert isbt128.parse(text).kind is kind


@given(dins)
def test_typed_din_catches_every_wrong_digit_and_neighbours_that_change_places(din: str) -> None:
    typed = din + iso7064.check_character(din)
    assert isbt128_numbers.read_typed_din(f"{din[:5]} {din[5:7]} {din[7:]} {typed[-1]}") == Din(din)
    for at in range(13):
        for character in string.digits + string.ascii_uppercase:
            if character != typed[at]:
                assert not iso7064.is_valid(typed[:at] + character + typed[at + 1 :])
        swapped = typed[:at] + typed[at + 1] + typed[at] + typed[at + 2 :]
        assert iso7064.is_valid(swapped) == (swapped == typed)


@given(dins, st.integers(60, 96))
def test_flags_of_type_3_fit_one_number_only(din: str, flags: int) -> None:
    found = isbt128_numbers.read_din(f"{din}{flags}")
    assert found.type_3_ok == (str(flags) == found.type_3_flags)
    assert isbt128_numbers.read_din(f"{din}00").type_3_ok is None


@given(st.dates(date(2000, 1, 1), date(2199, 12, 31)))
def test_every_day_is_read_back(day: date) -> None:
    ordinal = (day - date(day.year, 1, 1)) // timedelta(days=1) + 1
    assert isbt128.parse(f"=>{day.year - 2000:03d}{ordinal:03d}").fields["expiry"] == day.isoformat()


@given(st.lists(st.sampled_from(sorted(set(CONTENTS) - {"=", "=<", "=,", "=/", "&,4"})), min_size=1, max_size=99))
def test_compound_message_of_any_structures_is_read_back(identifiers: list[str]) -> None:
    parts = [identifier + CONTENTS[identifier] for identifier in identifiers]
    message = isbt128.compound(*parts)
    assert [each.structure.identifier + each.content for each in message.segments[1:]] == parts
    assert message.fields["count"] == len(parts)


def test_compound_message_of_none_or_too_many_is_refused() -> None:
    for count in (0, 100):
        with pytest.raises(CodeError, match="1 to 99"):
            isbt128.compound(*["=*017009"] * count)


@pytest.mark.parametrize("text", ["", "A9999E0398A999921123456A0000", "A9999E0398A9O9921123456A00000", "A9999É"])
def test_mpho_identifier_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(CodeError) as caught:
        isbt128_numbers.read_mpho_identifier(text)
    assert caught.value.at is not None


@pytest.mark.parametrize("text", ["", "A9990ABC123T04800", "O9990ABC123T048008", "a9990ABC123T048008"])
def test_basic_udi_di_of_another_form_is_not_valid(text: str) -> None:
    assert not isbt128_numbers.is_basic_udi_di(text)
