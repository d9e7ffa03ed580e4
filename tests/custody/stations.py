"""A vault on PostgreSQL and machines that are its stations, each with a home of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from cryoledger.cli.sample import people, stock
from cryoledger.cli.sample.clinic import CHEAP, ZONE
from cryoledger.custody.create import Request, create
from cryoledger.custody.station.joining import Invited, Joining, invite
from cryoledger.custody.vault import Vault
from cryoledger.domain.roles import Role
from tests import postgresql

__all__ = ["Site", "make_site"]


@dataclass(frozen=True)
class Site:
    """Where the vault is, and the folder in which each machine has its home."""

    url: str
    folder: Path
    patch: pytest.MonkeyPatch

    def at(self, machine: str) -> None:
        """Work at a machine from here on."""
        self.patch.setenv("CRYOLEDGER_HOME", str(self.folder / machine))

    @contextmanager
    def vault(self, machine: str, url: str | None = None) -> Iterator[Vault]:
        """The vault, open at a machine."""
        self.at(machine)
        with Vault.open(url or self.url, kdf=CHEAP) as vault:
            yield vault

    def invite(self, machine: str) -> Invited:
        """An invitation, made at the first machine."""
        with self.vault("bench-1") as vault:
            return invite(vault, machine, people.ADA.by)

    def join(self, machine: str) -> None:
        """Let a machine join by the usual way."""
        code = self.invite(machine).code
        self.at(machine)
        joining = Joining.begin(self.url, code, kdf=CHEAP)
        with joining.vault:
            joining.finish(people.ADA.by, people.QUINN.by)


@contextmanager
def make_site(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A vault on PostgreSQL with an administrator, a quality officer and a technician, and two boxes."""
    with postgresql.database() as url:
        site = Site(url, folder, patch)
        site.at("bench-1")
        request = Request(
            location=url,
            origin="lab.example/test",
            administrator=people.ADA.full_name,
            name=people.ADA.name,
            zone=ZONE,
            station="bench-1",
            code_prefix=stock.PREFIX,
            sheet=folder / "sheet.txt",
        )
        with create(request, people.ADA.pin, kdf=CHEAP).vault as vault:
            _staff(vault)
        yield site


def _staff(vault: Vault) -> None:
    from cryoledger.custody.people import enrol
    from cryoledger.custody.record import record

    for member, issuers in ((people.QUINN, [people.ADA.by]), (people.MARIA, [people.ADA.by, people.QUINN.by])):
        enrol(vault, member.full_name, member.roles, member.pin, *issuers, name=member.name)
    assert Role.TECHNICIAN in people.MARIA.roles
    for event in (
        {"unit": "F1", "kind": "freezer", "name": "Freezer"},
        {"unit": "B1", "kind": "box", "name": "Box", "parent": "F1", "slot": "1", "rows": 9, "columns": 9},
    ):
        record(vault, stock.make_event("StorageUnitAdded", **event), people.ADA.by)
