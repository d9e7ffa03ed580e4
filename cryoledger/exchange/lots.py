"""From the cells of a row to its lot: product, donors, dates and amounts, each said to be wrong where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from cryoledger.codes import donation_number
from cryoledger.custody.imports.import_facts import DonationFacts, LotFacts
from cryoledger.exchange.amounts import CELLS, VOLUMES, read_number
from cryoledger.exchange.dates import read_date
from cryoledger.exchange.places import CACHED_MOST, Texts
from cryoledger.exchange.survey import NOT_STATED, Survey
from cryoledger.exchange.texts import is_code, mangled, plain
from cryoledger.exchange.tissues import SHORT, tissue_of

__all__ = ["Lots"]

FIELDS = (
    "lot", "product", "donor", "donation", "tissue", "collected_on", "passage", "cells", "volume", "cryoprotectant",
    "filled_on", "expiry_on", "bank", "donor_kind", "patient",
)  # fmt: skip
BANKS = ("master", "working", "clinical")
DONOR_KINDS = ("allogeneic", "autologous", "directed")
BETWEEN_DONATIONS = ";"
MOST = 2**53 - 1
Row = Mapping[str, str]


@dataclass
class _Reasons:
    """What is wrong with a row, in words."""

    said: list[str] = field(default_factory=list)

    def add(self, reason: str) -> None:
        """Say one more."""
        self.said.append(reason)


class Lots:
    """The lots of a file, each made once of the cells that describe it."""

    def __init__(self, known: Survey) -> None:
        self.fields = [name for name in FIELDS if name in known.columns.at or name in known.given.defaults]
        self._known = known
        self._prefixes = known.given.prefixes
        self._made: dict[Texts, LotFacts | str] = {}

    def lot(self, texts: Texts) -> LotFacts | str:
        """The lot that cells (in the order of `fields`) describe, or what is wrong with them."""
        made = self._made.get(texts)
        if made is None:
            if len(self._made) >= CACHED_MOST:
                self._made.clear()
            made = self._made[texts] = self._make(dict(zip(self.fields, texts, strict=True)))
        return made

    def _make(self, cells: Row) -> LotFacts | str:
        wrong = _Reasons()
        filled = self._date(cells, "filled_on", "date frozen", wrong)
        expiry = self._date(cells, "expiry_on", "expiry", wrong)
        if filled and expiry and expiry <= filled:
            wrong.add(f"expiry before freezing: {expiry} is not after {filled}")
        patient, kind = cells.get("patient", ""), cells.get("donor_kind", "").casefold()
        kind = kind or ("directed" if patient else "allogeneic")
        if kind not in DONOR_KINDS or (kind != "allogeneic") != bool(patient):
            wrong.add("an autologous or directed lot names its patient, an allogeneic one none")
        if patient and not is_code(patient):
            wrong.add("the patient is no code")
        bank = cells.get("bank", "").casefold() or "clinical"
        if bank not in BANKS:
            wrong.add(f"the bank is none of {', '.join(BANKS)}")
        donations = self._donations(cells, wrong)
        for each in donations:
            if filled and each.collected_on and filled.isoformat() < each.collected_on:
                wrong.add(f"frozen before it was collected: {filled} is before {each.collected_on}")
        made = LotFacts(
            code=self._code(cells, "lot", wrong),
            product=self._code(cells, "product", wrong),
            donations=donations,
            bank=bank,
            donor_kind=kind,
            patient=patient or None,
            passage=self._passage(cells, wrong),
            cells_per_vial=self._amount(cells, "cells", CELLS, self._known.cells_unit, wrong),
            volume_microlitres=self._amount(cells, "volume", VOLUMES, self._known.volume_unit, wrong),
            cryoprotectant=self._cryoprotectant(cells, wrong),
            filled_on=filled.isoformat() if filled else "",
            expiry_on=expiry.isoformat() if expiry else "",
        )
        return "; ".join(wrong.said) or made

    def _code(self, cells: Row, name: str, wrong: _Reasons) -> str:
        """A lot or product: a space in it becomes a hyphen, for a code has none."""
        text = cells.get(name, "")
        if not text:
            wrong.add(f"no {name}")
        elif mangled(text):
            wrong.add(f"{name} mangled by a spreadsheet: {text[:32]}")
        code = self._prefixes.get(name, "") + "-".join(text.split())  # type: ignore[call-overload]
        if text and not is_code(code):
            wrong.add(f"the {name} is no code: 1 to 64 letters, digits and signs")
        return str(code)

    def _donations(self, cells: Row, wrong: _Reasons) -> tuple[DonationFacts, ...]:
        columns = [
            [text.strip() for text in cells.get(name, "").split(BETWEEN_DONATIONS)]
            for name in ("donor", "donation", "tissue", "collected_on")
        ]
        count = max(len(column) for column in columns)
        if any(len(column) not in (1, count) for column in columns) or count > 50:
            wrong.add("donors, donations, tissues and collection dates are not as many")
            return ()
        spread = [column * count if len(column) == 1 else column for column in columns]
        return tuple(self._donation(*each, wrong=wrong) for each in zip(*spread, strict=True))

    def _donation(self, donor: str, donation: str, tissue: str, collected: str, *, wrong: _Reasons) -> DonationFacts:
        if not donor:
            wrong.add("no donor")
        elif mangled(donor) or mangled(donation):
            wrong.add("donor or donation mangled by a spreadsheet")
        donor = self._prefixes.get("donor", "") + donor
        if donor and not is_code(donor):  # never repeated: a name may stand here (I9)
            wrong.add("the donor is no code; a name may not stand here")
        kind = tissue_of(tissue, self._known.given.tissues)
        if kind is None:
            wrong.add(f"the tissue {tissue[:40]!r} is not known" if tissue else "no tissue")
        if donation:
            # A scanned number has flags, which are no part of it.
            donation = donation_number(donation) or self._prefixes.get("donation", "") + donation
        code = donation or f"{donor}-{SHORT.get(kind or '', '')}"
        if is_code(donor) and not is_code(code):
            wrong.add("the donation is no code")
        on = read_date(collected, self._known.dates) if collected else None
        if collected and on is None:
            wrong.add(f"impossible date: collected on {collected[:40]!r}")
        return DonationFacts(code, donor, kind or "", on.isoformat() if on else None, bool(donation))

    def _date(self, cells: Row, name: str, word: str, wrong: _Reasons) -> date | None:
        text = cells.get(name, "")
        found = read_date(text, self._known.dates)
        if found is None:
            wrong.add(f"impossible date: {word} {text[:40]!r}" if text else f"no {word}")
        return found

    def _passage(self, cells: Row, wrong: _Reasons) -> int:
        text = cells.get("passage", "")
        digits = text.lstrip("Pp").strip()
        if digits.isascii() and digits.isdecimal() and len(digits) <= 3:
            return int(digits)
        wrong.add(f"the passage {text[:16]!r} is no whole number" if text else "no passage")
        return 0

    def _amount(self, cells: Row, name: str, units: dict[str, int | None], bare: int, wrong: _Reasons) -> int:
        text = cells.get(name, "")
        value = read_number(text, self._known.decimal, units, bare) if text else None
        if value is None:
            wrong.add(f"the {name} {text[:32]!r} are no number" if text else f"no {name}")
        elif value <= 0:
            wrong.add(f"{'negative' if value < 0 else 'no'} {name}: {text[:32]}")
        elif value > MOST or value != value.to_integral_value():
            wrong.add(f"the {name} {text[:32]!r} are finer or larger than can be kept")
        else:
            return int(value)
        return 0

    def _cryoprotectant(self, cells: Row, wrong: _Reasons) -> str:
        text = plain(cells.get("cryoprotectant", "") or NOT_STATED)
        if text is None:
            wrong.add("the cryoprotectant is longer than 120 characters or holds characters that nobody sees")
        return text or ""

    def viability(self, text: str) -> int | None:
        """A percentage in thousandths; None where there is none."""
        value = read_number(text, self._known.decimal, {"": None, "%": 1000}, 1000) if text else Decimal(-1)
        whole = value is not None and value == value.to_integral_value() and 0 <= value <= 100_000
        return int(value) if value is not None and whole else None
