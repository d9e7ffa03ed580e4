"""Rules of donors and donations: consent, screening, eligibility."""

from __future__ import annotations

from dataclasses import replace

from cryoledger.domain.events import lots
from cryoledger.domain.facts import Draft, Facts, State
from cryoledger.domain.records import (
    Donation,
    Donor,
    Person,
    ScanCode,
    Screening,
    Site,
)
from cryoledger.domain.roles import Role
from cryoledger.domain.rulebook_1.common import (
    changes,
    checks,
    each_once,
    free_code,
    happened,
    hold,
    need,
    unsafe,
)
from cryoledger.errors import Refusal


@checks(lots.DonorRegistered)
def _donor_registered(draft: Draft, event: lots.DonorRegistered, facts: Facts) -> None:
    free_code(facts, event.donor, "donor")
    happened(draft, facts, event.consent.given_on, "A consent given")


@changes(lots.DonorRegistered)
def _register_donor(draft: Draft, event: lots.DonorRegistered, state: State) -> None:
    scope = ",".join(event.consent.scope)
    state.put(
        Donor(event.donor, scope, event.consent.given_on, None, "pending", draft.occurred_at, draft.number),
        ScanCode(event.donor, "donor", event.donor, 0),
    )


@checks(lots.ConsentRecorded)
def _consent_recorded(draft: Draft, event: lots.ConsentRecorded, facts: Facts) -> None:
    """Consent that was withdrawn is given again later than that, and a quality officer says so."""
    withdrawn = need(facts, Donor, event.donor).consent_withdrawn_on
    happened(draft, facts, event.consent.given_on, "A consent given")
    if withdrawn is None:
        return
    if event.consent.given_on < withdrawn:
        raise unsafe("I3.consent", f"Donor {event.donor} withdrew consent on {withdrawn}.", "Ask again.", event.donor)
    if Role.QUALITY not in need(facts, Person, draft.first).roles.split(","):
        raise unsafe(
            "I3.consent", f"Donor {event.donor} withdrew consent.", "A quality officer records it anew.", event.donor
        )


@changes(lots.ConsentRecorded)
def _record_consent(_draft: Draft, event: lots.ConsentRecorded, state: State) -> None:
    donor = state.need(Donor, event.donor)
    scope = ",".join(event.consent.scope)
    given = event.consent.given_on
    state.put(replace(donor, consent_scope=scope, consent_given_on=given, consent_withdrawn_on=None))


@checks(lots.ConsentWithdrawn)
def _consent_withdrawn(draft: Draft, event: lots.ConsentWithdrawn, facts: Facts) -> None:
    if need(facts, Donor, event.donor).consent_withdrawn_on is not None:
        raise Refusal("consent", f"Donor {event.donor} withdrew consent already.", "")
    happened(draft, facts, event.withdrawn_on, "A consent withdrawn")


@changes(lots.ConsentWithdrawn)
def _withdraw_consent(_draft: Draft, event: lots.ConsentWithdrawn, state: State) -> None:
    state.put(replace(state.need(Donor, event.donor), consent_withdrawn_on=event.withdrawn_on))


@checks(lots.DonorScreened)
def _donor_screened(draft: Draft, event: lots.DonorScreened, facts: Facts) -> None:
    need(facts, Donor, event.donor)
    each_once((result.marker for result in event.results), "marker")
    for result in event.results:
        happened(draft, facts, result.sampled_on, f"A sample for {result.marker} taken")


@changes(lots.DonorScreened)
def _screen(draft: Draft, event: lots.DonorScreened, state: State) -> None:
    for result in event.results:
        put_screening(draft, state, event.donor, result)


def put_screening(draft: Draft, state: State, donor: str, result: lots.Screened) -> None:
    """Write one result; a bad one makes the donor ineligible again and holds everything of the donor."""
    state.put(Screening(donor, result.marker, draft.number, result.sampled_on, result.method, result.result, None))
    if result.result != "nonreactive":
        row = state.need(Donor, donor)
        state.put(replace(row, eligibility="pending" if row.eligibility == "pending" else "ineligible"))
        hold(draft, state, "donor", donor, "donor-result")


def latest_screening(facts: Facts, donor: str) -> dict[str, Screening]:
    """By marker, the last result of a donor that was not corrected."""
    found: dict[str, Screening] = {}
    for row in facts.where(Screening, donor=donor):
        if row.corrected is None and (row.marker not in found or row.number > found[row.marker].number):
            found[row.marker] = row
    return found


@checks(lots.DonorEligibilityDecided)
def _eligibility(_draft: Draft, event: lots.DonorEligibilityDecided, facts: Facts) -> None:
    donor = need(facts, Donor, event.donor)
    if event.eligibility == "ineligible":
        return
    results = latest_screening(facts, donor.code)
    asked = need(facts, Site, "site").screening_markers.split("\n")
    missing = [marker for marker in asked if marker and marker not in results]
    bad = [row.marker for row in results.values() if row.result != "nonreactive"]
    if missing or bad:
        what = f"no result for {', '.join(missing)}" if missing else f"not nonreactive for {', '.join(bad)}"
        raise unsafe("eligibility", f"Donor {donor.code} has {what}.", "Record the results first.", donor.code)


@changes(lots.DonorEligibilityDecided)
def _decide(draft: Draft, event: lots.DonorEligibilityDecided, state: State) -> None:
    donor = state.need(Donor, event.donor)
    state.put(replace(donor, eligibility=event.eligibility))
    if donor.eligibility == "eligible" and event.eligibility == "ineligible":
        hold(draft, state, "donor", donor.code, "donor-result")


@checks(lots.DonationCollected)
def _donation(draft: Draft, event: lots.DonationCollected, facts: Facts) -> None:
    free_code(facts, event.donation, "donation")
    if need(facts, Donor, event.donor).consent_withdrawn_on is not None:
        raise unsafe("I3.consent", f"Donor {event.donor} withdrew consent.", "Collect nothing more.", event.donor)
    happened(draft, facts, event.collected_on, "A collection")


@changes(lots.DonationCollected)
def _collect(draft: Draft, event: lots.DonationCollected, state: State) -> None:
    state.put(
        Donation(event.donation, event.donor, event.tissue, event.collected_on, draft.occurred_at, draft.number),
        ScanCode(event.donation, "donation", event.donation, 0),
    )
