"""`cryoledger excursion`: a temperature logger's file, its curve, and what of it goes on record."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cryoledger.cli import asking, exit_codes, output
from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.declare import look
from cryoledger.cli.new_file import WRITES
from cryoledger.cli.teaching import TECHNICIAN
from cryoledger.custody import amounts
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.custody.record import Sealed
    from cryoledger.documents.temperature import Curve
    from cryoledger.domain.fields import Event
    from cryoledger.domain.records import StorageUnit
    from cryoledger.exchange.temperature_log import Log, Warm

__all__ = ["register"]

EXAMPLE = """\
cryoledger excursion logger.csv --unit FRZ-1 --limit -130                           # look at it
cryoledger excursion logger.csv --unit FRZ-1 --limit -130 --svg curve.svg --as maria.s
cryoledger excursion logger.csv --unit FRZ-1 --limit -130 --record 1,3 --as maria.s   # without being asked"""
SKIPPED_SHOWN = 5
RECORDED_BY = ("recorded", "technician or quality officer")


@dataclass(frozen=True, slots=True)
class Found:
    """A time above the limit: its number in the file, and the entry that recorded it before, if one did."""

    number: int
    warm: Warm
    entry: int | None

    def to_dict(self) -> dict[str, Any]:
        """The time as JSON writes it."""
        from cryoledger.exchange.temperature_log import text_of

        return {
            "number": self.number,
            "started_at": text_of(self.warm.started_at),
            "ended_at": text_of(self.warm.ended_at),
            "worst_millicelsius": self.warm.worst.millicelsius,
            "worst_at": text_of(self.warm.worst.at),
            "readings": self.warm.readings,
            "at_start": self.warm.at_start,
            "at_end": self.warm.at_end,
            "entry": self.entry,
        }


def register(app: typer.Typer) -> None:
    """Enter the command."""
    look(app, "excursion", example=EXAMPLE, panel=TECHNICIAN)(excursion)


def excursion(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The logger's own export.")],
    unit: Annotated[str, typer.Option("--unit", metavar="UNIT", help="The freezer, tank or box that it measured.")],
    by: Signers,
    limit: Annotated[
        str | None, typer.Option("--limit", metavar="DEGREES", help="The warmest it may be; else the unit's own.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option("--zone", help="The time zone of the file, if neither its own nor the site's.")
    ] = None,
    column: Annotated[
        str | None, typer.Option("--column", metavar="HEADING", help="Which probe, where the file has several.")
    ] = None,
    dates: Annotated[
        str | None, typer.Option("--dates", help="day-first or month-first, where the file does not tell.")
    ] = None,
    degrees: Annotated[str | None, typer.Option("--degrees", help="C, F or K, where the file does not tell.")] = None,
    chosen: Annotated[
        str | None, typer.Option("--record", metavar="N,N|all|none", help="Which to record, without being asked.")
    ] = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Draw the curve into a file."), WRITES
    ] = None,
) -> int:
    """Find when a unit was too warm in a logger's file, and record it: all that was inside then is held."""
    from cryoledger.exchange.temperature_log import Asked, read_log

    _one_of("--dates", dates, ("day-first", "month-first"))
    _one_of("--degrees", degrees, ("C", "F", "K"))
    code = call.code(unit)
    row, warmest = _unit(call, code, limit)
    now = round(call.vault.clock.now().timestamp() * 1000)
    log = read_log(file, Asked(call.zone, now, zone, column, dates, degrees))
    curve = _curve(call, row, log, warmest)
    found = _found(call, code, curve)
    if svg is not None:
        _write(call, svg, curve.svg(f"{file.name}, SHA-256 {log.sha256}."))
    if not call.as_json:
        output.data(_told(curve, log, found))
    wanted = _wanted(found, chosen, by)
    sealed = _record(call, code, file, log, wanted, by) if wanted else []
    _answer(call, curve, log, found, sealed)
    return exit_codes.OK if sealed or all(each.entry is not None for each in found) else exit_codes.FINDINGS


def _one_of(option: str, given: str | None, words: tuple[str, ...]) -> None:
    if given is not None and given not in words:
        raise RequestError(f"{option} is {given[:20]!r}.", f"Give one of: {', '.join(words)}.")


def _unit(call: Call, code: str, limit: str | None) -> tuple[StorageUnit, int]:
    """The unit, and the warmest it may be: as asked for, else its own limit, else that of what holds it."""
    from cryoledger.database import queries
    from cryoledger.documents.excursions import warmest_of

    with call.reading() as reading:
        path = queries.path_of(reading, code)
        warmest = amounts.milli(limit) if limit is not None else warmest_of(reading, code)
    if warmest is not None:
        return path[-1], warmest
    raise RequestError(f"{code} has no limit of its own.", "Give one: --limit -130.")


def _curve(call: Call, unit: StorageUnit, log: Log, limit: int) -> Curve:
    from cryoledger.documents.temperature import Curve
    from cryoledger.documents.training import void_of

    with call.reading() as reading:
        void = void_of(reading)
    return Curve(log.samples, limit, call.zone, f"{unit.name} ({unit.code})", void)


def _found(call: Call, unit: str, curve: Curve) -> list[Found]:
    """The times above the limit, and which of them are on record."""
    from cryoledger.domain.records import Excursion
    from cryoledger.exchange.temperature_log import text_of

    with call.reading() as reading:
        known = {(row.started_at, row.ended_at): row.number for row in reading.facts.where(Excursion, unit=unit)}
    return [
        Found(number, warm, known.get((text_of(warm.started_at), text_of(warm.ended_at))))
        for number, warm in enumerate(curve.warm, start=1)
    ]


def _told(curve: Curve, log: Log, found: list[Found]) -> str:
    """The curve, closer where what matters is narrow, and a line for each time above the limit."""
    width = min(160, shutil.get_terminal_size((80, 24)).columns)
    braille = "utf" in (sys.stdout.encoding or "").lower() and os.environ.get("TERM") != "dumb"
    parts = [curve.text(width, braille=braille)]
    worst = max((each.warm for each in found), key=lambda warm: warm.worst.millicelsius, default=None)
    if worst is not None and (worst.ended_at - worst.started_at) * 10 < log.samples[-1].at - log.samples[0].at:
        parts.append(curve.around(worst).text(width, braille=braille))
    parts.append("\n".join(f"{key}: {value}" for key, value in log.said.items()))
    parts.append("\n".join(_warnings(curve, log)) or f"{len(log.samples)} readings, none left out")
    lines = [_line(curve, each) for each in found]
    parts.append("\n".join(lines) if lines else "It was never warmer than the limit.")
    return "\n\n".join(parts)


def _warnings(curve: Curve, log: Log) -> list[str]:
    from cryoledger.exchange.temperature_log import gaps

    lines = [f"row {number} was left out: {why}" for number, why in log.skipped[:SKIPPED_SHOWN]]
    if len(log.skipped) > SKIPPED_SHOWN:
        lines.append(f"and {len(log.skipped) - SKIPPED_SHOWN} rows more")
    silent = gaps(log.samples)
    lines += [f"NO READINGS from {curve.local(start)} to {curve.local(end)}" for start, end in silent[:SKIPPED_SHOWN]]
    if len(silent) > SKIPPED_SHOWN:
        lines.append(f"and {len(silent) - SKIPPED_SHOWN} gaps more")
    return [f"{len(log.samples)} readings", *lines] if lines else []


def _line(curve: Curve, found: Found) -> str:
    from cryoledger.documents.card_words import centigrade
    from cryoledger.domain import numbers

    warm = found.warm
    minutes = (warm.ended_at - warm.started_at) // 60_000
    known = f"  (on record: entry {numbers.shown(found.entry)})" if found.entry is not None else ""
    edge = " (the log begins so)" if warm.at_start else ""
    end = " (the log ends so)" if warm.at_end else ""
    return (
        f"{found.number}: from {curve.local(warm.started_at)}{edge} to {curve.local(warm.ended_at)}{end}, "
        f"{minutes} min, worst {centigrade(warm.worst.millicelsius)} at {curve.local(warm.worst.at)}{known}"
    )


def _wanted(found: list[Found], chosen: str | None, by: Signers) -> list[Found]:
    """Which are to be recorded: as said, or as asked one by one at a terminal."""
    fresh = [each for each in found if each.entry is None]
    if chosen is None:
        if fresh and not (by.names and asking.at_terminal()):
            output.narrate("Nothing is recorded. Name who signs with --as, and choose with --record 1,2 (or all).")
            return []
        return [each for each in fresh if asking.yes(f"Record {each.number}?")]
    if chosen in ("all", "none"):
        return fresh if chosen == "all" else []
    numbers = chosen.split(",")
    by_number = {str(each.number): each for each in found}
    if unknown := [number for number in numbers if number not in by_number]:
        raise RequestError(f"There is no excursion {unknown[0][:20]!r} in the file.", f"There are {len(found)}.")
    return [by_number[number] for number in dict.fromkeys(numbers) if by_number[number].entry is None]


def _record(call: Call, unit: str, file: Path, log: Log, wanted: list[Found], by: Signers) -> list[Sealed]:
    """Record each with the file's hash; the file itself is kept, encrypted, beside the entries."""
    from cryoledger.cli.acts import ask_for
    from cryoledger.cli.typed import read_bytes
    from cryoledger.custody.identities import narrative
    from cryoledger.custody.record import record

    content = read_bytes(file, narrative.LONGEST_BYTES) if file.stat().st_size <= narrative.LONGEST_BYTES else None
    if content is None:
        output.narrate(f"{file} is too large to be kept in the vault: keep it yourself. The entry holds its hash.")
    numbers = ", ".join(str(each.number) for each in wanted)
    told, first = f"ExcursionRecorded unit={unit}: {numbers} of {file.name}", _event(unit, log, wanted[0].warm)
    signers = ask_for(call, [RECORDED_BY], told, by, event=first)
    kept = narrative.keep(call.vault, content, narrative.SITE) if content is not None else None
    sealed = []
    for each in wanted:
        event = _event(unit, log, each.warm)
        also = kept.write if kept is not None else None
        event = narrative.with_document(event, kept) if kept is not None else event
        sealed.append(record(call.vault, event, *signers, also=also))
    return sealed


def _event(unit: str, log: Log, warm: Warm) -> Event:
    from cryoledger.domain.events.storage import ExcursionRecorded
    from cryoledger.exchange.temperature_log import text_of

    return ExcursionRecorded(
        unit=unit,
        started_at=text_of(warm.started_at),
        ended_at=text_of(warm.ended_at),
        worst_millicelsius=warm.worst.millicelsius,
        file_sha256=log.sha256,
    )


def _answer(call: Call, curve: Curve, log: Log, found: list[Found], sealed: list[Sealed]) -> None:
    from cryoledger.documents.whereabouts import held_by

    with call.reading() as reading:
        held = held_by(reading, [each.number for each in sealed])
    if not call.as_json:
        if sealed:
            output.data(_held_text([each.number for each in sealed], held))
        return
    call.answer(
        {
            "limit_millicelsius": curve.limit,
            "readings": len(log.samples),
            "sha256": log.sha256,
            "guessed": log.said,
            "skipped": [{"row": number, "reason": why} for number, why in log.skipped],
            "excursions": [each.to_dict() for each in found],
            "recorded": [each.number for each in sealed],
            "held": [{"where": where, "vials": vials} for where, vials in held.items()],
        },
        "",
    )


def _held_text(entries: list[int], held: dict[str, list[str]]) -> str:
    from cryoledger.documents.card_words import counted
    from cryoledger.domain import numbers

    shown = ", ".join(numbers.shown(number) for number in entries)
    total = sum(len(vials) for vials in held.values())
    word, on_hold = "entry" if len(entries) == 1 else "entries", counted(total, "vial")
    lines = [f"Recorded: {word} {shown}. On hold until quality lifts it: {on_hold}."]
    return "\n".join([*lines, *(f"  {len(vials):>5}  {where}" for where, vials in held.items())])


def _write(call: Call, path: Path, text: str) -> None:
    call.write(path, text.encode(), "curve")
    output.narrate(f"The curve is in {path}.")
