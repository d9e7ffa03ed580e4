"""Who works at the sample clinic; their PINs are printed on the screen, as no real PIN ever is."""

from __future__ import annotations

from dataclasses import dataclass

from cryoledger.custody import people
from cryoledger.custody.record import By
from cryoledger.custody.vault import Vault
from cryoledger.domain.roles import Role


@dataclass(frozen=True, slots=True)
class Member:
    """One member of staff of the sample clinic."""

    name: str
    full_name: str
    roles: tuple[Role, ...]
    pin: str

    @property
    def by(self) -> By:
        """The member as a signer who enters the PIN."""
        return By(self.name, self.pin)


ADA = Member("ada.k", "Ada Kessler", (Role.ADMINISTRATOR,), "704316")
QUINN = Member("quinn.o", "Quinn Okafor", (Role.QUALITY,), "815029")
BORIS = Member("boris.l", "Boris Lang", (Role.ADMINISTRATOR,), "260584")
MARIA = Member("maria.s", "Maria Santos", (Role.TECHNICIAN,), "482715")
TOMAS = Member("tomas.h", "Tomas Holm", (Role.TECHNICIAN,), "936150")
PIA = Member("pia.n", "Pia Nair", (Role.PHARMACIST,), "571938")
CARL = Member("carl.w", "Carl Winter", (Role.CLINICIAN,), "349062")
WANDA = Member("wanda.z", "Wanda Zheng", (Role.WITNESS,), "628407")
AUDREY = Member("audrey.b", "Audrey Bell", (Role.AUDITOR,), "190573")

STAFF = (ADA, QUINN, BORIS, MARIA, TOMAS, PIA, CARL, WANDA, AUDREY)


def enrol_staff(vault: Vault) -> dict[str, str]:
    """Enrol everybody after the administrator who made the vault; badges by name."""
    badges = {}
    for number, member in enumerate(STAFF[1:]):
        issuers = (ADA.by,) if number == 0 else (ADA.by, QUINN.by)
        enrolled = people.enrol(vault, member.full_name, member.roles, member.pin, *issuers, name=member.name)
        badges[member.name] = enrolled.badge
    return badges
