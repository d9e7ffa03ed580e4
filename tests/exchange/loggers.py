"""Files in the shapes of three brands of temperature loggers, written as their programs write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

BANGKOK = ZoneInfo("Asia/Bangkok")
START = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # midnight of the 23rd in Bangkok
DOOR = [-151.2] * 24 + [-148.0, -135.5, -128.4, -121.7, -119.35, -126.0, -133.1, -144.9] + [-150.6] * 40
"""Every five minutes; above -130 from reading 26 to 29."""


def _at(start: datetime, step: timedelta, values: Sequence[float | None]) -> Iterator[tuple[datetime, float | None]]:
    for number, value in enumerate(values):
        yield start + number * step, value


def plot_title(folder: Path, values: Sequence[float | None] = DOOR, start: datetime = START) -> Path:
    """A title, headings with commas and the zone in them, month first, halves of the day, columns of events."""
    lines = [
        '"Plot Title: LN2 tank 1"',
        '"#","Date Time, GMT+07:00","Temp, °C (LGR S/N: 20412345, SEN S/N: 20412345)","Batt, V","Coupler Attached"',
    ]
    for number, (at, value) in enumerate(_at(start, timedelta(minutes=5), values), start=1):
        local = at.astimezone(BANGKOK)
        lines.append(f"{number},{local:%m/%d/%y %I:%M:%S %p},{'' if value is None else value},3.6,")
    path = folder / "plot-title.csv"
    path.write_bytes("\ufeff".encode() + "\r\n".join(lines).encode() + b"\r\n")
    return path


def german(folder: Path, values: Sequence[float | None] = DOOR, start: datetime = START) -> Path:
    """Semicolons, decimal commas, Windows' letters, a page of words first, date and clock in two columns."""
    lines = [
        "Messprotokoll", "Gerät:;Saveris T2", "Seriennummer:;40312277", "Messstelle:;Tank 1, Kühlraum", "",
        "Startzeit:;23.11.2026 00:00:00", f"Messwerte:;{len(values)}", "Min:;-151,2;Max:;-119,35", "",
        "lfd. Nr.;Datum;Uhrzeit;Kanal 1 [°C];Alarm", ";;;°C;",
    ]  # fmt: skip
    for number, (at, value) in enumerate(_at(start, timedelta(minutes=5), values), start=1):
        local = at.astimezone(BANGKOK)
        shown = "-----" if value is None else f"{value:.2f}".replace(".", ",")
        lines.append(f"{number};{local:%d.%m.%Y};{local:%H:%M:%S};{shown};")
    path = folder / "german.csv"
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    return path


def iso(folder: Path, values: Sequence[float | None] = DOOR, start: datetime = START) -> Path:
    """Tabs, ISO times with their zone, degrees Fahrenheit, two probes and a set point, the newest reading first."""
    lines = ["Timestamp\tProbe A (°F)\tRoom (°F)\tSetpoint (°F)\tRelative Humidity (%)"]
    rows = []
    for at, value in _at(start, timedelta(minutes=5), values):
        shown = "NaN" if value is None else f"{value * 9 / 5 + 32:.2f}"
        rows.append(f"{at:%Y-%m-%dT%H:%M:%SZ}\t{shown}\t68.40\t-238.00\t41")
    path = folder / "iso.tsv"
    path.write_text("\n".join([*lines, *reversed(rows)]) + "\n")
    return path
