"""Commands about donors and their donations."""

from __future__ import annotations

from typing import Annotated

import typer

from cryoledger.cli.call import Call
from cryoledger.cli.commands.looking import show_card
from cryoledger.cli.declare import Data, act, group, look
from cryoledger.cli.words import Donation, Donor, NewCode

__all__ = ["donation", "donor"]

donor = group()
donation = group()

Consent = Annotated[
    list[str], typer.Option("--consent", help="What the donor agrees to: {DonorRegistered.consent.scope}.")
]
GivenOn = Annotated[str, typer.Option("--given-on", metavar="DATE", help="When consent was given.")]


@act(
    donor,
    "DonorRegistered",
    "add",
    example="cryoledger donor add D1 --consent therapy --given-on 2026-10-01 --as maria.s",
)
def add(call: Call, code: NewCode, consent: Consent, given_on: GivenOn) -> Data:
    """Register a donor under a pseudonymous code, with consent."""
    return {"donor": code, "consent": {"scope": consent, "given_on": call.day(given_on)}}


@look(donor, "list", example="cryoledger donor list --json")
def list_donors(call: Call) -> None:
    """List the donors with consent and eligibility."""
    from cryoledger.domain.records import Donor as Row

    with call.reading() as reading:
        rows = reading.facts.where(Row)
    call.rows(rows, "code", "eligibility", "consent_scope", "consent_given_on", "consent_withdrawn_on")


@look(donor, "show", example="cryoledger donor show D1")
def show(call: Call, code: Donor) -> None:
    """Show a donor's card: consent, results, donations."""
    show_card(call, "donor", code)


@act(
    donor,
    "ConsentRecorded",
    "consent",
    example="cryoledger donor consent D1 --consent therapy --consent research --given-on today --as maria.s",
)
def consent_again(call: Call, code: Donor, consent: Consent, given_on: GivenOn) -> Data:
    """Record that consent was given again, or with another scope."""
    return {"donor": call.code(code), "consent": {"scope": consent, "given_on": call.day(given_on)}}


@act(donor, "ConsentWithdrawn", "withdraw", example="cryoledger donor withdraw D1 --on today --as quinn.o")
def withdraw(
    call: Call,
    code: Donor,
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="When it was withdrawn.")] = "today",
) -> Data:
    """Record that a donor withdrew consent: nothing from the donor is used any more."""
    return {"donor": call.code(code), "withdrawn_on": call.day(on)}


@act(
    donor,
    "DonorScreened",
    "screen",
    example="cryoledger donor screen D1 HIV-1/2=nonreactive HBV=nonreactive"
    " --sampled-on 2026-10-01 --method NAT --as maria.s",
)
def screen(
    call: Call,
    code: Donor,
    results: Annotated[
        list[str], typer.Argument(metavar="MARKER=RESULT", help="Results, each {DonorScreened.results.result}.")
    ],
    sampled_on: Annotated[str, typer.Option("--sampled-on", metavar="DATE", help="When the sample was taken.")],
    method: Annotated[str, typer.Option("--method", help="How it was tested, such as NAT.")],
) -> Data:
    """Record infectious-disease results; one that is not nonreactive puts the donor on hold."""
    from cryoledger.cli.typed import pairs

    sampled = call.day(sampled_on)
    return {
        "donor": call.code(code),
        "results": [
            {"marker": marker, "sampled_on": sampled, "method": method, "result": result}
            for marker, result in pairs(results, "MARKER=RESULT")
        ],
    }


@act(donor, "DonorEligibilityDecided", "eligibility", example="cryoledger donor eligibility D1 eligible --as quinn.o")
def eligibility(
    call: Call,
    code: Donor,
    decision: Annotated[str, typer.Argument(metavar="DECISION", help="{DonorEligibilityDecided.eligibility}.")],
) -> Data:
    """Decide, as quality, whether a donor is eligible (21 CFR 1271.50)."""
    return {"donor": call.code(code), "eligibility": decision}


@act(
    donation,
    "DonationCollected",
    "add",
    example='cryoledger donation add DIN1 --donor D1 --tissue "wharton\'s jelly"'
    " --collected-on 2026-10-02 --as maria.s",
)
def add_donation(
    call: Call,
    code: NewCode,
    from_donor: Annotated[str, typer.Option("--donor", metavar="DONOR", help="From whom.")],
    tissue: Annotated[str, typer.Option("--tissue", help="Of which tissue: {DonationCollected.tissue}.")],
    collected_on: Annotated[str, typer.Option("--collected-on", metavar="DATE", help="When.")],
) -> Data:
    """Record one collection from one donor."""
    from cryoledger.codes import donation_number

    number = donation_number(call.unframed(code)) or code  # a scanned barcode has flags, which are no part of it
    return {
        "donation": number,
        "donor": call.code(from_donor),
        "tissue": tissue,
        "collected_on": call.day(collected_on),
    }


@look(donation, "list", example="cryoledger donation list")
def list_donations(call: Call) -> None:
    """List the donations with donor and tissue."""
    from cryoledger.domain.records import Donation as Row

    with call.reading() as reading:
        rows = reading.facts.where(Row)
    call.rows(rows, "code", "donor", "tissue", "collected_on")


@look(donation, "show", example="cryoledger donation show DIN1")
def show_donation(call: Call, code: Donation) -> None:
    """Show a donation's card: donor, tissue, lots."""
    show_card(call, "donation", code)
