"""Rules of imports: what may come in, what of an import may be touched before it completes, and how quality releases.

`check` stands beside the rule of every event: nothing of an import that is not completed can be used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cryoledger.domain import catalogue
from cryoledger.domain.events import imports, lots
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.import_records import Import, ImportLot, ImportPart
from cryoledger.domain.records import SUBJECT_RECORD, Hold, Lot, Product, StorageUnit, Vial
from cryoledger.domain.roles import Kind
from cryoledger.domain.rulebook_1.common import (
    FINAL,
    changes,
    checks,
    donors_of,
    each_once,
    holds_on,
    lineage,
    need,
    unsafe,
)
from cryoledger.domain.rulebook_1.donors import latest_screening
from cryoledger.domain.rulebook_1.lots import none_failed
from cryoledger.errors import Refusal

PROPOSED = "Proposed"
OWN = frozenset({"ImportBegun", "ImportPartRecorded", "ImportCompleted", "ImportAbandoned", "ImportPartWithdrawn"})
BY_TESTS = frozenset({"LotReleased", "LotConditionallyReleased"})
# What only warns is never refused: an excursion of a freezer is recorded whatever is being imported into it.
ALWAYS = OWN | {"ExcursionRecorded"}
UNDEFINED = 0  # the version of a product that quality has not defined here


def check(draft: Draft, facts: Facts) -> None:
    """Judge any event by the imports that are open, and by what they leave to be cleared; silent for most."""
    name = draft.type.removesuffix(PROPOSED)
    if name in ALWAYS or catalogue.of(draft.type).signing.kind is Kind.OBSERVED:
        return
    if name in BY_TESTS:
        _defined(facts, _lot_of(draft))
    if isinstance(draft.event, lots.HoldLifted):
        _box_checked(facts, draft.event.number)
    if facts.where(Import, status="open"):
        _untouched(draft, facts)


def _lot_of(draft: Draft) -> str:
    act: Any = vars(draft.event).get("act", draft.event)
    return str(act.lot)


def _defined(facts: Facts, code: str) -> None:
    """A lot whose product has no specification here cannot be released by tests that nobody asked for."""
    lot = facts.get(Lot, code)
    if lot is not None and lot.version == UNDEFINED:
        raise unsafe(
            "release.product",
            f"Lot {code} was imported before its product {lot.product} was defined here.",
            "Define the product; then quality releases the imported lots by a statement.",
            code,
        )


def _box_checked(facts: Facts, number: int) -> None:
    """A vial whose code or position stood twice in a file stays on hold until its box was checked."""
    part = facts.get(ImportPart, number)
    if part is None:
        return
    for hold in facts.where(Hold, number=number):
        vial = facts.get(Vial, hold.code)
        if hold.lifted is not None or vial is None or vial.custody in FINAL:
            continue
        unit = facts.get(StorageUnit, vial.unit) if vial.unit is not None else None
        if unit is None or unit.checked_at is None or unit.checked_at < vial.since:
            where = f"box {unit.code} was not checked since" if unit is not None else f"it is {vial.custody}"
            raise Refusal(
                "import.twin",
                f"Vial {vial.code} stood twice in the imported file, and {where}.",
                "Check the box that it lies in, then lift the hold.",
                subject=vial.code,
            )


def _untouched(draft: Draft, facts: Facts) -> None:
    """Refuse what names a thing that an open import brought, or the vial of such a lot."""
    for item in catalogue.subjects(draft.event):
        record = SUBJECT_RECORD.get(item.kind)
        row = facts.get(record, item.code) if record is not None else None
        if row is None:
            continue
        rows = [row]
        if isinstance(row, Vial):
            rows.append(need(facts, Lot, row.lot))
        for each in rows:
            _not_of_an_open_import(facts, item.kind, item.code, each.last_entry)  # type: ignore[attr-defined]


def _not_of_an_open_import(facts: Facts, kind: str, code: str, entry: int) -> None:
    part = facts.get(ImportPart, entry)
    row = facts.get(Import, part.number) if part is not None else None
    if row is not None and row.status == "open":
        raise unsafe(
            "import.open",
            f"The {kind} {code} comes from import {row.number}, which is not completed.",
            "Resume the import by repeating its command, or abandon it.",
            code,
        )


def open_import(facts: Facts, number: int) -> Import:
    """The import that an entry began, still open."""
    row = facts.get(Import, number)
    if row is None or row.status != "open":
        how = "There is no import" if row is None else f"It is {row.status}: import"
        raise Refusal("import", f"{how} {number}.", "See `cryoledger import list`.")
    return row


@checks(imports.ImportBegun)
def _begun(_draft: Draft, event: imports.ImportBegun, facts: Facts) -> None:
    for row in facts.where(Import, status="open"):
        raise Refusal(
            "import", f"Import {row.number} is not completed.", "Resume it by repeating its command, or abandon it."
        )
    for row in facts.where(Import, sha256=event.sha256):
        if row.status == "completed":
            raise Refusal("import.once", f"This very file is import {row.number}.", "Nothing is added twice.")


@changes(imports.ImportBegun)
def _begin(draft: Draft, event: imports.ImportBegun, state: State) -> None:
    state.put(
        Import(
            number=draft.number,
            sha256=event.sha256,
            plan_sha256=event.plan_sha256,
            status="open",
            vial_count=event.vial_count,
            parts=event.parts,
            done=0,
            abandoned=None,
        )
    )


@checks(imports.ImportCompleted)
def _completed(_draft: Draft, event: imports.ImportCompleted, facts: Facts) -> None:
    row = open_import(facts, event.number)
    if row.abandoned is not None or row.done != row.parts:
        how = "was abandoned" if row.abandoned is not None else f"has {row.done} of {row.parts} parts"
        raise Refusal("import", f"Import {row.number} {how}.", "Resume it by repeating its command.")


@changes(imports.ImportCompleted)
def _complete(_draft: Draft, event: imports.ImportCompleted, state: State) -> None:
    state.put(replace(state.need(Import, event.number), status="completed"))


@checks(imports.ImportAbandoned)
def _abandoned(_draft: Draft, event: imports.ImportAbandoned, facts: Facts) -> None:
    if open_import(facts, event.number).abandoned is not None:
        raise Refusal("import", f"Import {event.number} was abandoned already.", "Its parts are still to be withdrawn.")


@changes(imports.ImportAbandoned)
def _abandon(draft: Draft, event: imports.ImportAbandoned, state: State) -> None:
    row = state.need(Import, event.number)
    state.put(replace(row, abandoned=draft.number, status="open" if row.done else "abandoned"))


@checks(imports.ImportedLotsReleased)
def _released(draft: Draft, event: imports.ImportedLotsReleased, facts: Facts) -> None:
    row = facts.get(Import, event.number)
    if row is None or row.status != "completed":
        raise Refusal("import", f"{event.number} is no completed import.", "See `cryoledger import list`.")
    each_once(event.lots, "lot")
    products_defined(facts, event.lots)
    for code in event.lots:
        lot = need(facts, Lot, code)
        brought = facts.get(ImportLot, code)
        if brought is None or brought.number != event.number:
            raise unsafe(
                "release.import", f"Lot {code} did not come with import {event.number}.", "Leave it out.", code
            )
        _releasable(draft, facts, lot)


def products_defined(facts: Facts, codes: Sequence[str]) -> None:
    """Refuse the release of lots whose products are not defined here, naming every product, with one of its lots."""
    missing: dict[str, str] = {}
    for code in codes:
        lot = facts.get(Lot, code)
        if lot is not None and newest_version(facts, lot.product) == UNDEFINED:
            missing.setdefault(lot.product, code)
    if missing:
        told = ", ".join(f"{product} (lot {code})" for product, code in missing.items())
        what = "This product is" if len(missing) == 1 else f"These {len(missing)} products are"
        raise unsafe(
            "release.product", f"{what} not defined here: {told}.",
            "Define each first: its windows and its storage band hold for every vial.", next(iter(missing.values())),
        )  # fmt: skip


def _releasable(draft: Draft, facts: Facts, lot: Lot) -> None:
    """What the vault itself knows of a lot and its donors does not speak against the statement."""
    if lot.disposition not in ("quarantined", "conditionally released"):
        raise Refusal("release", f"Lot {lot.code} is {lot.disposition}.", "Leave it out.", subject=lot.code)
    none_failed(facts, lot)
    for ancestor in lineage(facts, lot):
        if holds_on(facts, "lot", ancestor.code, draft.at):
            raise unsafe("I3.hold", f"There is a hold or recall on lot {ancestor.code}.", "Lift it first.", lot.code)
    if lot.expires_at <= draft.at:
        raise unsafe(
            "I3.expired", f"Lot {lot.code} expired on {lot.expiry_on}.", "Leave it out, or reject it.", lot.code
        )
    _donors_allow(draft, facts, lot)


def _donors_allow(draft: Draft, facts: Facts, lot: Lot) -> None:
    for donation, donor in donors_of(facts, lot):
        known = donor.consent_given_on != ""
        if donor.consent_withdrawn_on is not None or (known and "therapy" not in donor.consent_scope.split(",")):
            raise unsafe("I3.consent", f"Donor {donor.code} does not consent to therapy.", "Reject the lot.", lot.code)
        bad = [row.marker for row in latest_screening(facts, donor.code).values() if row.result != "nonreactive"]
        if donor.eligibility == "ineligible" or bad:
            why = f"is {donor.eligibility}" if not bad else f"is not nonreactive for {', '.join(bad)}"
            raise unsafe("release.donor", f"Donor {donor.code} of lot {lot.code} {why}.", "Reject the lot.", lot.code)
        for scope, code in (("donation", donation.code), ("donor", donor.code)):
            if holds_on(facts, scope, code, draft.at):
                raise unsafe("I3.hold", f"There is a hold on {scope} {code}.", "Lift it first.", lot.code)


def newest_version(facts: Facts, product: str) -> int:
    """The newest version of a product; 0 where quality has defined none."""
    return max((row.version for row in facts.where(Product, code=product)), default=UNDEFINED)


def release_from_outside(state: State, code: str) -> Lot:
    """Release a lot whose tests lie outside this vault, under the newest version where it came without one."""
    lot = state.need(Lot, code)
    version = lot.version or newest_version(state, lot.product)
    state.put(replace(lot, version=version, disposition="released", conditional_order=None))
    return lot


@changes(imports.ImportedLotsReleased)
def _release(_draft: Draft, event: imports.ImportedLotsReleased, state: State) -> None:
    for code in event.lots:
        for _, donor in donors_of(state, release_from_outside(state, code)):
            consent = donor.consent_scope if donor.consent_given_on else "therapy"
            state.put(replace(donor, eligibility="eligible", consent_scope=consent))
