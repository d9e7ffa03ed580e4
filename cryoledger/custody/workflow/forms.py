"""The acts that a desk fills in answer by answer: what each asks for, and the payload that the answers make."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

from cryoledger.custody.definitions import PRODUCT, order_data, product_data, requirement
from cryoledger.custody.workflow import amounts
from cryoledger.custody.workflow.blanks import Blank, Form, code_of, said
from cryoledger.custody.workflow.registers import REGISTERS
from cryoledger.domain.events.treatment import OrderLine
from cryoledger.domain.roles import Role


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


def _ordered(given: Mapping[str, Any]) -> dict[str, Any]:
    cells = given.get("cells") or given["cells_per_kilogram"] * given["weight_grams"] // 1000
    more = {name: given.get(name) or None for name in ("cells_max", "cells_per_kilogram", "weight_grams")}
    return order_data(
        given["order"], given["patient"], given["product"], given["route"], given["due_on"], cells, **more
    )


def _in_all(given: Mapping[str, Any]) -> str:
    line = _ordered(given)["lines"][0]
    return f"; one dose {amounts.millions(line['cells'])}, at most {amounts.millions(line['cells_max'])}"


def _defined(given: Mapping[str, Any]) -> dict[str, Any]:
    tests = [requirement(text) for text in given["specification"]]
    return product_data(given["product"], given["version"], given, tests)


_LOT = Blank("lot", "thing", "Scan the lot.", ("lot",))
_REASON = Blank("reason", "choice", "Why?")
_GIVEN = Blank("dose", "thing", "Scan the dose that was given.", ("dose",))
_VIALS = Blank("vials", "thing", "Scan each vial; CMD-DONE after the last.", ("vial",), many=True)
_PERSON = Blank("person", "thing", "Scan the badge.", ("badge",))
_ROLES = tuple(map(str, Role))
_ROLE = Blank("role", "choice", "Which role?", choices=_ROLES)
_ROUTES = typing.get_args(OrderLine.model_fields["route"].annotation)
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
    "OrderPlaced": Form("ORDER", "The order is placed.", (
        Blank("order", "code", "Scan an unused order label, or type the new order's code."),
        Blank("patient", "thing", "Scan the patient, or the wristband.", ("patient",)),
        Blank("product", "product", "Which product?"),
        Blank("route", "choice", "By which route?", choices=_ROUTES),
        Blank("by", "choice", "How is the dose told?", choices=("cells", "cells per kg")),
        Blank("cells", "cells", "How many million cells is one dose?", when=said("by", "cells")),
        Blank("cells_per_kilogram", "cells", "How many million cells per kg?", when=said("by", "cells per kg")),
        Blank("weight_grams", "weight", "How many kg does the patient weigh? Like 62.5.",
              when=said("by", "cells per kg")),
        Blank("cells_max", "cells", "How many million cells may be given at most?", optional="a tenth more"),
        Blank("due_on", "day", "When is it needed? One day for each dose; CMD-DONE after the last.", many=True),
    ), _ordered, more=_in_all),
    "ProductDefined": Form("PRODUCT", "The product is defined.", (
        Blank("product", "code", "Type the new product's code."), Blank("version", "version", ""),
        Blank("name", "text", "What is its printed name?"),
        Blank("storage_celsius_max", "celsius", "How many degrees Celsius may its storage have at most?",
              default=PRODUCT["storage_celsius_max"]),
        Blank("post_thaw_minutes", "number", "For how many minutes after thawing may it be given?",
              default=PRODUCT["post_thaw_minutes"]),
        Blank("out_of_storage_minutes", "number", "For how many minutes in all may a vial be out of storage?",
              default=PRODUCT["out_of_storage_minutes"]),
        Blank("label_layout", "text", "Which label do its vials bear?", default=PRODUCT["label_layout"]),
        Blank("item_code", "text", "Which code has it in the vial scheme?", optional="none"),
        Blank("specification", "requirement", "Type a test with its limits, like viability:%:70: or sterility=negative "
              "(NAME:UNIT:MINIMUM:MAXIMUM; ? at its end: not required); again to change it, `no NAME` to leave it out; "
              "CMD-DONE after the last.", many=True),
    ), _defined),
    "OrderCancelled": Form("CANCEL ORDER", "The order is cancelled; what was reserved for it is free.", (
        Blank("order", "thing", "Scan the order.", ("order",)), _REASON,
    )),
    "RoleGranted": Form("GRANT ROLE", "The role is granted.", (_PERSON, _ROLE)),
    "RoleWithdrawn": Form("WITHDRAW ROLE", "The role is withdrawn.", (_PERSON, _ROLE)),
    "KeyRevoked": Form("REVOKE KEY", "The key signs nothing from here on.", (
        Blank("name", "thing", "Scan the badge.", ("badge",)), Blank("key_id", "text", "Which key? Type its ID."),
        _REASON,
    )),
    "KeyIssued": Form("ENROL", "Enrolled.", (
        Blank("full_name", "text", "Type the printed name of the person; names of staff stay in the ledger for ever."),
        Blank("roles", "choice", "Which role? One after another; CMD-DONE after the last.", many=True, choices=_ROLES),
    ), makes_key=True),
    "KeyReplaced": Form("NEW KEY AND BADGE", "The old key and badge are no longer in force.",
                        (_PERSON, _REASON), makes_key=True),
    "PinChanged": Form("CHANGE PIN", "The PIN is changed; key and badge stay.", (_PERSON,), makes_key=True),
    "VialsReserved": Form("RESERVE", "Reserved.", (
        Blank("order", "thing", "Scan the order.", ("order",)), Blank("line", "number", "Which line?"), _VIALS,
    )),
    "ReservationReleased": Form("RELEASE RESERVATION", "No longer reserved.", (_VIALS,)),
    "SampleTaken": Form("SAMPLE", "The sample is recorded.", (
        Blank("vial", "thing", "Scan the thawed vial.", ("vial",)),
        Blank("volume_microlitres", "volume", "How much was taken? Type mL, like 0.05."),
        Blank("purpose", "choice", "What for?"),
    )),
    **REGISTERS,
}  # fmt: skip
