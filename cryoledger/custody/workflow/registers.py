"""The forms that enter new things: storage units, donors, donations, lots and their fills, patients."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any, Final

from cryoledger.codes import donation_number
from cryoledger.custody.amounts import milli
from cryoledger.custody.workflow.blanks import Blank, Form, given, said
from cryoledger.domain.events.lots import ConsentScope

OWN_CODES, NEXT_CODES = "with codes of their own", "with the next codes of this site"


def _consent(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {"donor": answers["donor"], "consent": {"scope": answers["scope"], "given_on": answers["given_on"]}}


def _numbered(answers: Mapping[str, Any]) -> dict[str, Any]:
    """A scanned donation number without its flags, which are no part of it."""
    return {**answers, "donation": donation_number(answers["donation"]) or answers["donation"]}


def _banded(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {"patient": answers["patient"], "bands": [answers["band"]]}


def _too_warm(answers: Mapping[str, Any]) -> dict[str, Any]:
    given = {field: value for field, value in answers.items() if field != "worst_celsius" and value}
    return {**given, "worst_millicelsius": milli(answers["worst_celsius"])}


def _is_boxed(answers: Mapping[str, Any]) -> bool:
    return bool(answers.get("size") or answers.get("grid"))


_BAND: Final = Blank("band", "wristband", "Scan the patient's wristband; what it says is not kept.")
_DONOR: Final = Blank("donor", "thing", "Scan the donor.", ("donor",))

REGISTERS: Final[Mapping[str, Form]] = {
    "StorageUnitAdded": Form("STORAGE UNIT", "It is set up.", (
        Blank("unit", "code", "Scan an unused unit label, or type the new unit's code.",
              optional="the next code of this site"),
        Blank("kind", "choice", "What is it?"),
        Blank("name", "text", "What do people call it?", optional="its kind and code"),
        Blank("parent", "thing", "Scan the unit that holds it.", ("unit",), optional="none: it stands on its own"),
        Blank("slot", "text", "In which slot of it?", when=given("parent")),
        Blank("size", "size", "How many rows x columns of positions has it? Type them like 9x9.",
              optional="none: it holds units"),
        Blank("grid", "grid", "With all its racks and boxes at once? Type racks x boxes x rows x columns, like "
              "4x5x9x9.", optional="none", when=lambda answers: not answers.get("size")),
        Blank("scheme", "choice", "How are its positions named?", default="letters", when=_is_boxed),
        Blank("celsius_max", "celsius", "How many degrees Celsius may it have at most?", optional="no limit"),
    ), asks_vault=True),
    "DonorRegistered": Form("DONOR", "The donor is registered.", (
        Blank("donor", "code", "Scan an unused donor label, or type the new donor's code: never a name."),
        Blank("scope", "choice", "What does the donor agree to? One after another; CMD-DONE after the last.", many=True,
              choices=typing.get_args(ConsentScope)),
        Blank("given_on", "day", "On which day was consent given?"),
    ), _consent),
    "DonationCollected": Form("DONATION", "The donation is recorded.", (
        _DONOR,
        Blank("donation", "code", "Scan the donation's unused label, or type its number."),
        Blank("tissue", "choice", "Of which tissue?"), Blank("collected_on", "day", "On which day was it collected?"),
    ), _numbered),
    "LotRegistered": Form("LOT", "The lot is registered.", (
        Blank("lot", "code", "Scan an unused lot label, or type the new lot's code."),
        Blank("product", "product", "Which product?"),
        Blank("version", "number", "Which version of it?", optional="the newest"),
        Blank("donations", "thing", "Scan each donation that it comes from; CMD-DONE after the last.", ("donation",),
              many=True),
        Blank("parent", "thing", "Scan the bank that it was expanded from.", ("lot",), optional="none"),
        Blank("bank", "choice", "What is it?", default="clinical"),
        Blank("donor_kind", "choice", "For whom?", default="allogeneic"),
        Blank("patient", "thing", "Scan the patient, or the wristband.", ("patient",),
              when=said("donor_kind", "autologous", "directed")),
        Blank("passage", "number", "At which passage are the cells?"),
        Blank("cells_per_vial", "cells", "How many million cells are in each vial?"),
        Blank("volume_microlitres", "volume", "What is the volume of each vial? Type mL, like 1."),
        Blank("cryoprotectant", "text", "In what is it frozen?", default="10 % DMSO"),
        Blank("filled_on", "day", "On which day was it filled?"),
        Blank("expiry_on", "date", "What is the last day on which it may be used?"),
        Blank("reagents", "text", "Type a reagent and its batch; CMD-DONE after the last.", many=True, optional="none"),
        Blank("freezing_record_sha256", "file", "Type the path of the freezing record; its hash is kept.",
              optional="none"),
    ), asks_vault=True),
    "LotFilled": Form("FILL", "The vials are filled, and expected at the freezer.", (
        Blank("lot", "thing", "Scan the lot.", ("lot",)),
        Blank("by", "choice", "Vials with which codes?", choices=(NEXT_CODES, OWN_CODES)),
        Blank("count", "number", "How many vials were filled?", when=said("by", NEXT_CODES)),
        Blank("vials", "code", "Scan each new vial; CMD-DONE after the last.", many=True, when=said("by", OWN_CODES)),
    ), asks_vault=True),
    "ExcursionRecorded": Form("EXCURSION", "It is recorded, and every vial that was inside is on hold.", (
        Blank("unit", "thing", "Scan the unit that was too warm.", ("unit",)),
        Blank("started_at", "time", "When did it grow too warm? Type HH:MM, or YYYY-MM-DD HH:MM."),
        Blank("ended_at", "time", "When was it cold again? Type HH:MM, or YYYY-MM-DD HH:MM."),
        Blank("worst_celsius", "celsius", "How many degrees Celsius was it at the warmest? Like -128.5."),
        Blank("file_sha256", "file", "Type the path of the logger's file; its hash is kept.", optional="none"),
    ), _too_warm),
    "PatientRegistered": Form("PATIENT", "The patient is registered.", (
        Blank("patient", "code", "Scan an unused patient label, or type the new patient's code: never a name."), _BAND,
    ), _banded),
    "PatientBandAdded": Form("WRISTBAND", "The wristband is the patient's as well.", (
        Blank("patient", "thing", "Scan the patient.", ("patient",)), _BAND,
    ), _banded),
}  # fmt: skip
"""What `forms` lists beside the acts on things that are there already."""
