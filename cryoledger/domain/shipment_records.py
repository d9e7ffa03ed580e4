"""The rows of what goes between sites: whom this one trusts, which heads of theirs it holds, what came from where."""

from __future__ import annotations

from dataclasses import dataclass

from cryoledger.domain.row import Record


@dataclass(frozen=True, slots=True)
class OtherSite(Record):
    """Another site: its ledger's origin, and the policy by which its checkpoints are judged, in lines."""

    table = "other_site"
    key = ("code",)
    indexes = (("origin",),)
    code: str
    name: str
    origin: str
    policy: str
    status: str  # trusted | withdrawn
    number: int  # of the entry that said so last


@dataclass(frozen=True, slots=True)
class OtherHead(Record):
    """The last head of another site's ledger to which this one commits, by the origin of its epoch."""

    table = "other_head"
    key = ("site", "origin")
    site: str
    origin: str
    size: int
    root: str  # base64
    number: int


@dataclass(frozen=True, slots=True)
class Provenance(Record):
    """A thing that came from another site: the code that it has there, and what the sender states of it.

    `stated` is a lot's disposition or a donor's eligibility, with consent; empty for other kinds.
    """

    table = "provenance"
    key = ("kind", "code")
    indexes = (("site", "kind", "theirs"),)
    kind: str
    code: str
    site: str
    theirs: str
    stated: str
    number: int


@dataclass(frozen=True, slots=True)
class Consignment(Record):
    """A shipment between sites. `leaf_hash`: of the sender's entry (in), of the receiver's announcement (out)."""

    table = "consignment"
    key = ("shipment",)
    indexes = (("site",),)
    shipment: str
    site: str
    direction: str  # in | out
    theirs: str
    manifest_sha256: str
    number: int
    leaf_hash: str | None
