"""Makes the codes that a site's vial labels carry: local, ISBT 128 or GS1, as the ledger's setting says.

A vial's identity is its short code, the local one, which people read and type. Under `isbt128` and `gs1` its symbol
holds a code of that scheme beside it, and the scan of either finds the vial:

- `gs1`: GTIN of the product, expiry, and the short code as serial number: `01` + 14, `17` + 6, `21` + serial. The
  serial is last, so no separator is needed. A label that replaces another has `-2`, `-3` ... after the short code.
- `isbt128`: compound message of donation number, product code with division 99, and a division of six digits,
  counted on within the donation and product. A replacement takes the next division.

Both schemes are licensed: the setting holds the site's own registration, and a product holds its own code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import count

from cryoledger.codes import Code, Kind, gs1, isbt128, local, read
from cryoledger.codes.isbt128_numbers import require_din, require_length
from cryoledger.custody.vault import site_of
from cryoledger.database import queries
from cryoledger.database.store import Reading
from cryoledger.domain.records import Lot, LotDonation, Product, ScanCode, Vial
from cryoledger.errors import CodeError, RequestError

__all__ = ["filled_labels", "identifier", "next_codes", "next_label"]

_YEARS_OF_GS1 = 2099
_GTIN_LENGTH = 14
_ADVICE = "Give it one in the product's next version: `cryoledger product add ... --item-code`."


def next_codes(reading: Reading, kind: Kind, number: int) -> list[str]:
    """So many short codes of a kind, numbered on from the last; RequestError where the site has no prefix."""
    prefix = site_of(reading).code_prefix
    try:
        local.check_prefix(prefix)
    except CodeError:
        raise RequestError(
            f"The site's prefix {prefix!r} makes no codes of its own.",
            "Give the codes, or set a prefix of two characters.",
        ) from None
    last = queries.last_local_code(reading, prefix + kind.letter)
    first = local.split(last).number + 1 if last is not None else 1
    return [local.make(prefix, kind, first + more) for more in range(number)]


def filled_labels(reading: Reading, lot: str, vials: Sequence[str]) -> list[str]:
    """What the labels of a fill carry in their symbols, one a vial; none where the scheme is local."""
    row = _lot(reading, lot)
    return [next(labels) for labels in _sources(reading, row, vials)]


def next_label(reading: Reading, vial: str) -> str:
    """The code of a new label for a vial that has one."""
    row = reading.facts.get(Vial, vial)
    if row is None:
        raise RequestError(f"There is no vial {vial[:64]!r} here.", "Look it up with `cryoledger find`.")
    for labels in _sources(reading, _lot(reading, row.lot), [vial]):
        return next(text for text in labels if reading.facts.get(ScanCode, text) is None)
    return next_codes(reading, Kind.VIAL, 1)[0]


def identifier(text: str) -> str:
    """What stands in print of an ISBT 128 or GS1 code beside the short code; "" for a code that is itself in print."""
    try:
        scan = read(text)
    except CodeError:
        return ""
    detail = scan.detail if isinstance(scan, Code) else None
    if isinstance(detail, isbt128.Message):
        said = {name: str(value) for name, value in detail.fields.items()}
        product = said.get("pdc", "") + said.get("collection_type", "")
        return " ".join(part for part in (said.get("din"), product, said.get("division")) if part)
    if isinstance(detail, gs1.ElementString):
        return " ".join(f"({ai}){value}" for ai in ("01", "21") if (value := detail.get(ai)))
    return ""


def _sources(reading: Reading, lot: Lot, vials: Sequence[str]) -> Iterator[Iterator[str]]:
    """For each vial the codes that its label may carry, first choice first; nothing where the scheme is local."""
    scheme, _, registration = (site_of(reading).vial_scheme or "local").partition(":")
    if scheme == "local":
        return
    product = reading.facts.get(Product, lot.product, lot.version)
    item = product.item_code if product is not None else None
    if item is None:
        raise RequestError(f"The product {lot.product} has no code in the scheme {scheme}.", _ADVICE)
    if scheme == "gs1":
        yield from (_gs1_labels(registration, item, lot, vial) for vial in vials)
        return
    numbers = _divisions(reading, registration, item, lot)
    yield from (numbers for _ in vials)


def _gs1_labels(company: str, item: str, lot: Lot, vial: str) -> Iterator[str]:
    if len(item) != _GTIN_LENGTH or not item[1:].startswith(company):
        raise RequestError(f"The item code {item} is no GTIN of the company prefix {company}.", _ADVICE)
    expiry = date.fromisoformat(lot.expiry_on)
    if expiry.year > _YEARS_OF_GS1:
        raise RequestError(f"GS1 cannot say the expiry {lot.expiry_on}.", "Its dates end with the year 2099.")
    for number in count(1):
        serial = vial if number == 1 else f"{vial}-{number}"
        yield gs1.make(("01", item), ("17", f"{expiry:%y%m%d}"), ("21", serial)).text


def _divisions(reading: Reading, facility: str, item: str, lot: Lot) -> Iterator[str]:
    din = _din(reading, facility, lot)
    try:
        whole = isbt128.compound(f"={din}00", f"=<{item}99", "=,000000").text
    except CodeError as error:
        raise RequestError(f"The item code {item} makes no ISBT 128 product code: {error}", _ADVICE) from None
    start = whole.removesuffix("000000")
    for number in count(queries.last_division(reading, start) + 1):
        yield isbt128.parse(f"{start}{number:0{queries.DIVISION_DIGITS}d}").text


def _din(reading: Reading, facility: str, lot: Lot) -> str:
    """The number of the lot's one donation, given by this site: divisions of another's number could be given twice."""
    donations = [row.donation for row in reading.facts.where(LotDonation, lot=lot.code)]
    advice = f"Register the donation, or the pool, under a number of this site: {facility}, year, six digits."
    if len(donations) != 1:
        raise RequestError(f"Lot {lot.code} is of {len(donations)} donations; its labels carry one number.", advice)
    try:
        require_length(donations[0], 13, "donation identification number")
        require_din(donations[0])
    except CodeError as error:
        raise RequestError(f"The donation {donations[0]} has no ISBT 128 number: {error}", advice) from None
    if not donations[0].startswith(facility):
        raise RequestError(f"The donation number {donations[0]} is not of this site's facility {facility}.", advice)
    return donations[0]


def _lot(reading: Reading, code: str) -> Lot:
    row = reading.facts.get(Lot, code)
    if row is None:
        raise RequestError(f"There is no lot {code[:64]!r} here.", "Look it up with `cryoledger find`.")
    return row
