"""The data structures of ISBT 128: identifier, width and fields of each (ICCBBA ST-001, table 2).

Only identifiers, widths and the places of fields are here. The tables behind the codes (products, facilities,
blood groups, special tests) are ICCBBA's; a licensed site imports its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from cryoledger.codes import iso7064, sec
from cryoledger.codes.isbt128_numbers import (
    ALPHANUMERIC,
    DIGITS,
    read_din,
    require,
    require_din,
    require_processor,
)
from cryoledger.errors import CodeError

__all__ = ["STRUCTURES", "Fields", "Structure", "Use"]

Fields: TypeAlias = dict[str, str | int | bool]
_ADVICE: Final = "Scan again; if it stays, the label was printed wrongly."


class Use(StrEnum):
    """What becomes of a structure's content."""

    READ = "read"
    SKIPPED = "skipped"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Structure:
    """One data structure.

    `width` characters follow the identifier; where `counted` names a part of them, that part is a number of
    items of `item` characters that follow in turn.
    """

    identifier: str
    number: str
    name: str
    width: int
    decode: Callable[[str], Fields] | None = None
    use: Use = Use.READ
    counted: tuple[int, int] | None = None
    item: int = 0


def _din(content: str) -> Fields:
    din = read_din(content)
    fields: Fields = {"din": din.text, "flags": din.flags}
    if din.type_3_ok is not None:
        fields["type3_ok"] = din.type_3_ok
    return fields


def _product(content: str) -> Fields:
    """Product description 5, then collection type 1 and division 2, or for other families division 3."""
    require(content, 0, 1, ALPHANUMERIC - DIGITS, "product description code")
    require(content, 1, 5, ALPHANUMERIC, "product description code")
    fields: Fields = {"pdc": content[:5]}
    # ST-001, 2.4.3: blood, cell therapy, regenerated tissue, trial and plasma products name their collection.
    if content[0] in "EFHSPY" or content.startswith("X0"):
        fields["collection_type"] = content[5]
        division = content[6:]
    else:
        division = content[5:]
    if not content.endswith("99"):
        fields["division"] = division
    return fields


def _calendar_day(content: str) -> date:
    """The day of cyyjjj: c is the century's digit (0 is 20xx, 1 is 21xx, 9 is 19xx), jjj the day of the year."""
    require(content, 0, 6, DIGITS, "date (cyyjjj)")
    if content[0] not in "019":
        raise CodeError(f"The date's century {content[0]!r} is neither 0, 1 nor 9.", _ADVICE, at=0)
    year = (1000 if content[0] == "9" else 2000) + int(content[:3])
    first, ordinal = date(year, 1, 1), int(content[3:6])
    if not 1 <= ordinal <= (date(year, 12, 31) - first).days + 1:
        raise CodeError(f"The year {year} has no day {ordinal}.", _ADVICE, at=3)
    return first + timedelta(days=ordinal - 1)


def _clock_time(content: str, start: int) -> str:
    require(content, start, start + 4, DIGITS, "time (hhmm)")
    hour, minute = content[start : start + 2], content[start + 2 : start + 4]
    if int(hour) > 23:
        raise CodeError(f"There is no hour {hour}.", _ADVICE, at=start)
    if int(minute) > 59:
        raise CodeError(f"There is no minute {minute}.", _ADVICE, at=start + 2)
    return f"{hour}:{minute}"


def _day(name: str) -> Callable[[str], Fields]:
    return lambda content: {name: _calendar_day(content).isoformat()}


def _moment(name: str) -> Callable[[str], Fields]:
    return lambda content: {name: f"{_calendar_day(content).isoformat()}T{_clock_time(content, 6)}"}


def _flexible(content: str) -> Fields:
    """Time zone 1, reserved 1, type of time 2, YYYYMMDDhhmm; the meaning of zone and type is ICCBBA's."""
    require(content, 4, 12, DIGITS, "date (YYYYMMDD)")
    try:
        day = date(int(content[4:8]), int(content[8:10]), int(content[10:12]))
    except ValueError:
        raise CodeError(f"{content[4:12]} is not a day of the calendar.", _ADVICE, at=4) from None
    return {
        "time": f"{day.isoformat()}T{_clock_time(content, 12)}",
        "time_zone": content[0],
        "time_type": content[2:4],
    }


def _whole(name: str, *, zero_padded: bool = False) -> Callable[[str], Fields]:
    return lambda content: {name: content.lstrip("0") if zero_padded else content}


def _parts(*parts: tuple[str, int]) -> Callable[[str], Fields]:
    def decode(content: str) -> Fields:
        fields: Fields = {}
        start = 0
        for name, width in parts:
            fields[name] = content[start : start + width]
            start += width
        return fields

    return decode


def _processor(*parts: tuple[str, int]) -> Callable[[str], Fields]:
    def decode(content: str) -> Fields:
        require_processor(content)
        require(content, 5, len(content), ALPHANUMERIC, "product code")
        return _parts(("fin_p", 5), *parts)(content)

    return decode


def _compound(content: str) -> Fields:
    require(content, 0, 5, DIGITS, "header of a compound message")
    return {"count": int(content[:2]), "sequence": content[2:]}


def _patient(content: str) -> Fields:
    return {"location": content[:2], "patient_id": content[4:]}


def _birth_date(content: str) -> Fields:
    """Check the form alone: a birth date is never handed on (DOMAIN, I9), not even within an error."""
    if not DIGITS.issuperset(content[2:]):
        raise CodeError("The birth date in this code is not of digits.", _ADVICE, at=2)
    return {"location": content[:2]}


def _dimensions(content: str) -> Fields:
    """Items of symbol 2, dimension 4, value 5, decimals 1, reserved 2; of the codes only a volume's are read."""
    fields: Fields = {}
    require(content, 0, len(content), DIGITS, "dimensions")
    for index, start in enumerate(range(2, len(content), 14)):
        suffix = f"_{index + 1}" if index else ""
        symbol, dimension = content[start : start + 2], content[start + 2 : start + 6]
        digits, decimals = content[start + 6 : start + 11], int(content[start + 11])
        if decimals > len(digits):
            raise CodeError(f"{decimals} decimals do not fit five digits.", _ADVICE, at=start + 11)
        whole, fraction = digits[: 5 - decimals].lstrip("0") or "0", digits[5 - decimals :]
        fields["value" + suffix] = f"{whole}.{fraction}" if fraction else whole
        fields["dimension" + suffix] = dimension
        fields["symbol" + suffix] = "equal" if symbol == "01" else symbol
        if dimension == "0001":
            fields["unit" + suffix] = "mL"
    return fields


def _registration(content: str) -> Fields:
    require(content, 0, 4, DIGITS, "donor registry")
    require(content, 4, 17, ALPHANUMERIC, "donor's registration")
    return {"grid": content, "grid_ok": content[17:] == f"{iso7064.check_value(content[:17]):02d}"}


def _chain_of_identity(content: str) -> Fields:
    if not content.startswith("CH"):
        raise CodeError("A chain of identity identifier starts with CH.", _ADVICE, at=0)
    try:
        require_din(content[2:])
    except CodeError as error:
        error.at = 2 + (error.at or 0)
        raise
    return {"chain_of_identity": content}


def _sec(content: str) -> Fields:
    return {"sec": sec.parse(content).text}


_READ: Final = [
    Structure("=", "001", "Donation Identification Number", 15, _din),
    Structure("=%", "002", "Blood Groups", 4, _whole("blood_group")),
    Structure("=<", "003", "Product Code", 8, _product),
    Structure("=>", "004", "Expiration Date", 6, _day("expiry")),
    Structure("&>", "005", "Expiration Date and Time", 10, _moment("expiry")),
    Structure("=*", "006", "Collection Date", 6, _day("collected")),
    Structure("&*", "007", "Collection Date and Time", 10, _moment("collected")),
    Structure("=}", "008", "Production Date", 6, _day("produced")),
    Structure("&}", "009", "Production Date and Time", 10, _moment("produced")),
    Structure("=)", "017", "Container Manufacturer and Catalog Number", 10, _whole("container")),
    Structure("&)", "018", "Container Lot Number", 10, _whole("lot", zero_padded=True)),
    Structure("=;", "019", "Donor Identification Number", 21, _parts(("fin", 5), ("donor_seq", 16))),
    Structure("='", "020", "Staff Member Identification Number", 11, _parts(("staff_fin", 5), ("staff_id", 6))),
    Structure("=-", "021", "Item Manufacturer and Catalog Number", 10, _whole("item")),
    Structure("&-", "022", "Item Lot Number", 10, _whole("item_lot", zero_padded=True)),
    Structure("=+", "023", "Compound Message", 5, _compound),
    Structure("=#", "024", "Patient Date of Birth", 10, _birth_date),
    Structure("&#", "025", "Patient Identification Number", 4, _patient, counted=(2, 4), item=1),
    Structure("&$", "029", "Dimensions", 2, _dimensions, counted=(0, 2), item=14),
    Structure("=(", "031", "Flexible Date and Time", 16, _flexible),
    Structure("=,", "032", "Product Divisions", 6, _whole("division")),
    Structure("&+", "033", "Processing Facility Information Code", 11, _processor(("fpc", 6))),
    Structure("=/", "034", "Processor Product Identification Code", 16, _processor(("fpc", 6), ("pdc", 5))),
    Structure("&,1", "035", "MPHO Lot Number", 18, _whole("mpho_lot", zero_padded=True)),
    Structure("&,2", "036", "MPHO Supplemental Identification Number", 18, _whole("supplement")),
    Structure("&,4", "038", "Single European Code", 40, _sec),
    Structure("&:", "039", "Global Registration Identifier for Donors", 19, _registration),
    Structure("&/", "040", "Chain of Identity Identifier", 15, _chain_of_identity),
]
_SKIPPED: Final = [
    Structure("&(", "010", "Special Testing: General", 5, use=Use.SKIPPED),
    Structure("=\\", "012", "Special Testing: Red Blood Cell Antigens, General", 18, use=Use.SKIPPED),
    Structure("&\\", "013", "Special Testing: Red Blood Cell Antigens, Finnish", 18, use=Use.SKIPPED),
    Structure("&{", "014", "Special Testing: Platelet Antigens", 18, use=Use.SKIPPED),
    Structure("=]", "026", "Expiration Month and Year", 6, use=Use.SKIPPED),
    Structure('&"', "027", "Transfusion Transmitted Infection Marker", 18, use=Use.SKIPPED),
    Structure("=$", "028", "Product Consignment", 16, use=Use.SKIPPED),
    Structure("&%", "030", "Red Cell Antigens with Test History", 3, None, Use.SKIPPED, (0, 3), 10),
]
_RETIRED: Final = [
    Structure("={", "011", "Special Testing: Red Blood Cell Antigens", 18, use=Use.RETIRED),
    Structure("=[", "015", "Special Testing: HLA-A and -B Alleles", 18, use=Use.RETIRED),
    Structure('="', "016", "Special Testing: HLA-DRB1 Alleles", 18, use=Use.RETIRED),
    Structure("&,3", "037", "Global Registration Identifier for Donors", 19, use=Use.RETIRED),
]

STRUCTURES: Final = {structure.identifier: structure for structure in [*_READ, *_SKIPPED, *_RETIRED]}
"""Every structure by its identifier; that of a donation number is `=` alone, its second character is content."""
