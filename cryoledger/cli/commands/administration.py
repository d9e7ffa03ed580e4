"""Commands about the vault as a whole: settings, stations, the clock, and any event by its name."""

from __future__ import annotations

from typing import Annotated

import typer

from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.declare import Data, act, group, look
from cryoledger.cli.teaching import ADMINISTRATOR
from cryoledger.errors import RequestError

__all__ = ["register", "station"]

station = group()


@look(station, "list", example="cryoledger station list")
def list_stations(call: Call) -> None:
    """List the stations, and who is signed in where."""
    from cryoledger.domain.records import Station

    with call.reading() as reading:
        rows = reading.facts.where(Station)
    call.rows(rows, "name", "key_id", "status", "person", "session")


@act(
    station,
    "StationRetired",
    "retire",
    example="cryoledger station retire freezer-room-2 --reason replaced --as ines.a",
)
def retire(
    call: Call,  # noqa: ARG001
    name: Annotated[str, typer.Argument(metavar="STATION", help="Its name.")],
    reason: Annotated[str, typer.Option("--reason", help="{StationRetired.reason}.")],
) -> Data:
    """Retire a station: its key signs nothing more."""
    return {"station": name, "reason": reason}


def register(app: typer.Typer) -> None:
    """Enter the commands that stand alone."""
    act(app, "SettingChanged", "setting", example=SETTING, panel=ADMINISTRATOR)(setting)
    act(
        app,
        "RulebookAdopted",
        "adopt-rulebook",
        example="cryoledger adopt-rulebook 2 --as quinn.o",
        panel=ADMINISTRATOR,
    )(adopt)
    act(app, "ClockCorrected", "accept-clock", example=CLOCK, panel=ADMINISTRATOR)(accept_clock)
    look(app, "record", example=RECORD, panel=ADMINISTRATOR)(record)


SETTING = """\
cryoledger setting zone Europe/Berlin --as ines.a
cryoledger setting screening_markers HIV-1/2 HBV HCV syphilis CMV HTLV --as ines.a
cryoledger setting vial_scheme gs1:9506000 --as ines.a"""
CLOCK = "cryoledger accept-clock --reason clock-was-ahead --as ines.a --with maria.s"
RECORD = """cryoledger record RoleWithdrawn '{"person":"maria.s","role":"witness"}' --as ines.a"""


def setting(
    call: Call,  # noqa: ARG001
    name: Annotated[str, typer.Argument(metavar="SETTING", help="{SettingChanged.setting}.")],
    values: Annotated[list[str], typer.Argument(metavar="VALUE", help="Its new value; markers one by one.")],
) -> Data:
    """Change a setting of the site that rules or screens read."""
    from cryoledger.custody import amounts

    if name == "screening_markers":
        return {"setting": name, "texts": values}
    if len(values) != 1:
        raise RequestError(f"The setting {name[:40]} has one value.", "Put a value with blanks in quotes.")
    return (
        {"setting": name, "number": amounts.whole(values[0])}
        if name == "idle_lock_seconds"
        else {"setting": name, "text": values[0]}
    )


def adopt(
    call: Call,  # noqa: ARG001
    rulebook: Annotated[int, typer.Argument(metavar="NUMBER", help="The number of the later rulebook.")],
) -> Data:
    """Move the site to a later rulebook, as quality: from here on entries are decided by it."""
    return {"rulebook": rulebook}


def accept_clock(call: Call, reason: Annotated[str, typer.Option("--reason", help="{ClockCorrected.reason}.")]) -> Data:
    """Accept, by two, a clock that stands behind the ledger's last entry."""
    from cryoledger.custody.vault import head_of

    with call.reading() as reading:
        return {"head_recorded_at": head_of(reading).recorded_at, "reason": reason}


def record(
    call: Call,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Its name in `cryoledger manual events`.")],
    data: Annotated[str, typer.Argument(metavar="JSON", help="Its payload as a JSON object, or @FILE.")],
    by: Signers,
) -> None:
    """Record any event of the catalogue by its name, for what has no command of its own."""
    from cryoledger.cli.acts import perform
    from cryoledger.cli.typed import read_json

    perform(call, event, read_json(data), type(by)(by.first, by.others, by.confirm_clock, scanned=True))
