"""The acts that a desk fills in answer by answer: what each asks for, and the payload that the answers make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cryoledger.domain.roles import Role

Asks = Literal["thing", "choice", "day", "number", "volume", "entry", "test", "result", "text"]
Value = str | int | tuple[str, ...]
Answers = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Blank:
    """One answer of a form: the field it fills, what it is, and, of a thing, the kinds that it may be of."""

    field: str
    asks: Asks
    prompt: str
    kinds: tuple[str, ...] = ()
    many: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """An act's blanks, its name in capitals as it is signed, and the payload that the answers make."""

    title: str
    done: str
    blanks: tuple[Blank, ...]
    payload: Callable[[Mapping[str, Any]], dict[str, Any]] = dict


def _scoped(given: Mapping[str, Any]) -> dict[str, Any]:
    scope, *_ = (thing.partition(" ")[0] for thing in given["things"])
    return {"scope": scope, "codes": [code_of(thing) for thing in given["things"]], "reason": given["reason"]}


def _recalled(given: Mapping[str, Any]) -> dict[str, Any]:
    scope, _, code = given["thing"].partition(" ")
    return {"scope": scope, "code": code, "reason": given["reason"]}


def _concerning(given: Mapping[str, Any]) -> dict[str, Any]:
    things = [thing.partition(" ") for thing in given["things"]]
    named = [{"kind": kind, "code": code} for kind, _, code in things]
    return {"limit": given["limit"], "concerning": named, "reason": given["reason"]}


def _result(given: Mapping[str, Any]) -> dict[str, Any]:
    value = given["value"]
    told = {"value_milli": value} if isinstance(value, int) else {"outcome": value}
    return {"lot": given["lot"], "results": [
        {"test": given["test"], "tested_on": given["tested_on"], "method": given["method"], **told}
    ]}  # fmt: skip


def code_of(thing: str) -> str:
    """The code of a thing that stands with its kind: "lot L1"."""
    return thing.partition(" ")[2]


_LOT = Blank("lot", "thing", "Scan the lot.", ("lot",))
_REASON = Blank("reason", "choice", "Why?")
_GIVEN = Blank("dose", "thing", "Scan the dose that was given.", ("dose",))
_VIALS = Blank("vials", "thing", "Scan each vial; CMD-DONE after the last.", ("vial",), many=True)
_PERSON = Blank("person", "thing", "Scan the badge.", ("badge",))
_ROLE = Blank("role", "choice", "Which role?", choices=tuple(map(str, Role)))
_SCOPES = ("vial", "unit", "lot", "donation", "donor")

FORMS: Mapping[str, Form] = {
    "FollowUpRecorded": Form("FOLLOW-UP", "The follow-up is recorded.", (
        _GIVEN, Blank("month", "number", "How many months after the dose?", choices=("1", "3", "6")),
        Blank("outcome", "choice", "How is the patient?"),
    )),
    "AdverseEventReported": Form("ADVERSE EVENT", "The adverse event is reported.", (
        _GIVEN, Blank("severity", "choice", "How severe?"), Blank("kind", "choice", "What happened?"),
        Blank("onset_on", "day", "On which day did it begin?"),
        Blank("relatedness", "choice", "Is it related to the dose?"),
    )),
    "LotReleased": Form("RELEASE", "The lot is released.", (_LOT,)),
    "LotConditionallyReleased": Form("CONDITIONAL RELEASE", "The lot is released for this order alone.", (
        _LOT, Blank("order", "thing", "Scan the order that it is released for.", ("order",)), _REASON,
    )),
    "LotRejected": Form("REJECT", "The lot is rejected: none of it reaches a patient.", (_LOT, _REASON)),
    "HoldPlaced": Form("HOLD", "The hold is placed.", (
        Blank("things", "thing", "Scan what is held, all of one kind; CMD-DONE after the last.", _SCOPES, many=True),
        _REASON,
    ), _scoped),
    "HoldLifted": Form("LIFT HOLD", "The hold is lifted.", (
        Blank("number", "entry", "What is the number of the hold?"), _REASON,
    )),
    "RecallIssued": Form("RECALL", "Recalled: nothing of it may be used.", (
        Blank("thing", "thing", "Scan the lot, donation or donor that is recalled.", ("lot", "donation", "donor")),
        _REASON,
    ), _recalled),
    "DeviationRecorded": Form("DEVIATION", "The deviation is recorded.", (
        Blank("limit", "choice", "Which limit was passed?"),
        Blank("things", "thing", "Scan what it concerns; CMD-DONE after the last.", ("vial", "dose", "lot", "order"),
              many=True),
        _REASON,
    ), _concerning),
    "DonorEligibilityDecided": Form("ELIGIBILITY", "The donor's eligibility is decided.", (
        Blank("donor", "thing", "Scan the donor.", ("donor",)),
        Blank("eligibility", "choice", "Is the donor eligible?"),
    )),
    "TestResultsRecorded": Form("TEST RESULT", "The result is recorded.", (
        _LOT, Blank("test", "test", "Which test?"), Blank("value", "result", "What is the result?"),
        Blank("tested_on", "day", "On which day?"), Blank("method", "text", "By which method?"),
    ), _result),
    "OrderCancelled": Form("CANCEL ORDER", "The order is cancelled; what was reserved for it is free.", (
        Blank("order", "thing", "Scan the order.", ("order",)), _REASON,
    )),
    "RoleGranted": Form("GRANT ROLE", "The role is granted.", (_PERSON, _ROLE)),
    "RoleWithdrawn": Form("WITHDRAW ROLE", "The role is withdrawn.", (_PERSON, _ROLE)),
    "KeyRevoked": Form("REVOKE KEY", "The key signs nothing from here on.", (
        Blank("name", "thing", "Scan the badge.", ("badge",)), Blank("key_id", "text", "Which key? Type its ID."),
        _REASON,
    )),
    "VialsReserved": Form("RESERVE", "Reserved.", (
        Blank("order", "thing", "Scan the order.", ("order",)), Blank("line", "number", "Which line?"), _VIALS,
    )),
    "ReservationReleased": Form("RELEASE RESERVATION", "No longer reserved.", (_VIALS,)),
    "SampleTaken": Form("SAMPLE", "The sample is recorded.", (
        Blank("vial", "thing", "Scan the thawed vial.", ("vial",)),
        Blank("volume_microlitres", "volume", "How much was taken? Type mL, like 0.05."),
        Blank("purpose", "choice", "What for?"),
    )),
}  # fmt: skip
