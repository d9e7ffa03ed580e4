"""Makes the sample clinic: a training vault with people, stock, orders, and one dose given half a year ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryoledger.cli.sample import people, stock, story
from cryoledger.custody.clock import SteppingClock
from cryoledger.custody.create import Request, create
from cryoledger.custody.vault import Vault
from cryoledger.ledger.keys import KdfParameters

ORIGIN = "velar.example/bangkok/training"
ZONE = "Asia/Bangkok"
STATION = "freezer-room-1"
# The PINs of the sample are printed on the screen: there is nothing for an expensive derivation to protect.
CHEAP = KdfParameters(8192, 1, 1)
STORY_DAYS = 230


@dataclass(frozen=True, slots=True)
class Clinic:
    """The sample clinic's open vault, badges by signing name, its clock, and the vials of each lot."""

    vault: Vault
    badges: dict[str, str]
    clock: SteppingClock
    vials: dict[str, tuple[str, ...]]


def make_clinic(location: str, tell: story.Tell, now: datetime | None = None) -> Clinic:
    """The clinic as it stands before the story: a lot released, one in quarantine, one rejected, two orders."""
    clock = SteppingClock((now or datetime.now(UTC)) - timedelta(days=STORY_DAYS))
    request = Request(
        location=location,
        origin=ORIGIN,
        administrator=people.ADA.full_name,
        name=people.ADA.name,
        zone=ZONE,
        station=STATION,
        code_prefix=stock.PREFIX,
    )
    created = create(request, people.ADA.pin, clock=clock, kdf=CHEAP)
    vault = created.vault
    vault.clock_confirmed = True
    tell("People in every role ...")
    badges = {created.name: created.badge, **people.enrol_staff(vault)}
    tell("Freezers, racks and boxes; the product and its limits; three donors ...")
    stock.furnish(vault)
    stock.define_product(vault)
    stock.receive_donations(vault, clock.now().date())
    clock.advance(days=21)
    tell("Three lots, 400 vials ...")
    vials = stock.fill_lots(vault, clock.now().date(), ZONE)
    clock.advance(days=15)
    stock.judge_lots(vault, clock.now().date())
    story.orders(vault, clock.now())
    return Clinic(vault, badges, clock, vials)


def tell_story(clinic: Clinic, tell: story.Tell) -> None:
    """Treat the first patient, from reservation to the last follow-up."""
    teller = story.Teller(clinic.vault, clinic.clock, ZONE, tell)
    story.treat(teller, clinic.vials)
    story.give(teller)
    story.follow_up(teller, clinic.clock.now())


def bring_to_today(clinic: Clinic, now: datetime | None = None) -> None:
    """The second patient's order waits, with two vials reserved, for whoever tries the screen."""
    clinic.clock.set(now or datetime.now(UTC))
    story.reserve_second(clinic.vault, clinic.vials)
