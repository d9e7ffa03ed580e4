"""Look-ups that join several tables, written with SQLModel's `select` and run on the snapshot that is open."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql import Select
from sqlmodel import select

from cryoledger.database.store import Reading
from cryoledger.database.tables import METADATA
from cryoledger.domain.records import Donation, LotDonation, Record, StorageUnit, Vial
from cryoledger.errors import RequestError

__all__ = ["run", "vials_of"]

# Plain SQL with `?`, which our drivers read on both databases.
_DIALECT = DefaultDialect(paramstyle="qmark")


def run(reading: Reading, statement: Any) -> list[tuple[Any, ...]]:
    """The rows of a `select`, from the reading's own connection: so it sees the same state as all else."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    params = compiled.params
    return reading.driver.all(str(compiled), tuple(params[name] for name in compiled.positiontup or ()))


def vials_of(reading: Reading, kind: str, code: str) -> list[Vial]:
    """See `queries.vials_of`."""
    vial = _columns(Vial)
    statement: Select[Any] = select(*vial).order_by(vial.code)
    match kind:
        case "lot":
            statement = statement.where(vial.lot == code)
        case "order":
            statement = statement.where(vial.order_code == code)
        case "donation" | "donor":
            statement = statement.where(vial.lot.in_(_lots_from(kind, code)))
        case "unit":
            statement = statement.where(vial.unit.in_(_inside(code)))
        case _:
            raise RequestError(f"A {kind} has no vials.", "Ask for a lot, donation, donor, order or unit.")
    return [Vial(*row) for row in run(reading, statement)]


def _lots_from(kind: str, code: str) -> Any:
    origin, donation = _columns(LotDonation), _columns(Donation)
    if kind == "donation":
        return select(origin.lot).where(origin.donation == code)
    return (
        select(origin.lot)
        .join_from(METADATA.tables["lot_donation"], METADATA.tables["donation"], origin.donation == donation.code)
        .where(donation.donor == code)
    )


def _inside(code: str) -> Any:
    """The codes of a unit and of all units in it."""
    unit = _columns(StorageUnit)
    inside = select(unit.code).where(unit.code == code).cte("inside", recursive=True)
    return select(inside.union(select(unit.code).where(unit.parent == inside.c.code)).c.code)


def _columns(record: type[Record]) -> Any:
    return METADATA.tables[record.table].c
