"""Loggers' files of several brands give the same readings; what can be read in two ways is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cryoledger.errors import RequestError
from cryoledger.exchange.temperature_log import Asked, Sample, Warm, gaps, read_log, spells, text_of
from tests.exchange.loggers import DOOR, START, german, iso, plot_title

NOW = int((START + timedelta(days=1)).timestamp() * 1000)
SITE = Asked("Asia/Bangkok", NOW)
LIMIT = -130_000
MINUTE = 60_000
BRANDS: list[tuple[Callable[..., Path], str | None]] = [(plot_title, None), (german, None), (iso, "Probe A (°F)")]


def asked(**given: str | None) -> Asked:
    return Asked("Asia/Bangkok", NOW, **given)


def file(folder: Path, text: str, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(("brand", "column"), BRANDS)
def test_three_brands_tell_the_same(brand: Callable[..., Path], column: str | None, tmp_path: Path) -> None:
    log = read_log(brand(tmp_path), asked(column=column))
    assert [sample.millicelsius for sample in log.samples] == [round(value * 1000) for value in DOOR]
    assert log.samples[0].at == START.timestamp() * 1000
    assert {after.at - before.at for before, after in zip(log.samples, log.samples[1:], strict=False)} == {5 * MINUTE}
    (warm,) = spells(log.samples, LIMIT)
    assert (text_of(warm.started_at), text_of(warm.ended_at)) == (
        "2026-11-22T19:05:00.000Z",
        "2026-11-22T19:30:00.000Z",
    )
    assert warm.worst == Sample(log.samples[28].at, -119_350)
    assert warm.readings == 4


def test_what_was_guessed_is_said(tmp_path: Path) -> None:
    said = read_log(german(tmp_path), SITE).said
    assert said["encoding"] == "cp1252"
    assert said["delimiter"] == "semicolon"
    assert said["header"] == "row 10"
    assert said["time"] == "Datum and Uhrzeit, day-first"
    assert said["zone"] == "Asia/Bangkok (of the site)"
    assert said["temperature"] == "Kanal 1 [°C], in degrees C"
    said = read_log(plot_title(tmp_path), SITE).said
    assert said["zone"] == "GMT+07:00 (the file says so)"
    assert said["time"].endswith("month-first")


def test_readings_that_are_none_are_left_out_and_told(tmp_path: Path) -> None:
    values = [-150.0, None, -151.0, 999.9, -152.0]
    log = read_log(german(tmp_path, values), SITE)
    assert [sample.millicelsius for sample in log.samples] == [-150_000, -151_000, -152_000]
    assert [row for row, _ in log.skipped] == [11, 13, 15]  # the units' row, the silent probe, the broken probe


def test_another_zone_moves_every_reading(tmp_path: Path) -> None:
    here, there = (read_log(german(tmp_path), asked(zone=zone)) for zone in (None, "UTC"))
    assert {b.at - a.at for a, b in zip(here.samples, there.samples, strict=True)} == {7 * 3_600_000}
    with pytest.raises(RequestError, match="no time zone"):
        read_log(german(tmp_path), asked(zone="Asia/Atlantis"))


def test_several_probes_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"several temperatures: 'Probe A \(°F\)', 'Room \(°F\)'"):
        read_log(iso(tmp_path), SITE)
    room = read_log(iso(tmp_path), asked(column="room"))
    assert {sample.millicelsius for sample in room.samples} == {20_222}
    with pytest.raises(RequestError, match="no table"):
        read_log(iso(tmp_path), asked(column="cellar"))


def test_degrees_that_nobody_names_are_asked_for(tmp_path: Path) -> None:
    path = file(tmp_path, "time,temperature\n2026-11-22 10:00,-150.5\n2026-11-22 10:05,-150.6\n")
    with pytest.raises(RequestError, match="does not say in which degrees"):
        read_log(path, SITE)
    assert read_log(path, asked(degrees="C")).samples[0].millicelsius == -150_500


def test_dates_that_can_be_read_in_two_ways_are_asked_for(tmp_path: Path) -> None:
    path = file(tmp_path, "time,temp °C\n03/02/2026 10:00,-150.5\n03/02/2026 10:05,-150.6\n")
    with pytest.raises(RequestError, match="two ways"):
        read_log(path, SITE)
    assert text_of(read_log(path, asked(dates="day-first")).samples[0].at) == "2026-02-03T03:00:00.000Z"
    assert text_of(read_log(path, asked(dates="month-first")).samples[0].at) == "2026-03-02T03:00:00.000Z"


def test_no_log_tells_of_the_future_or_jumps_by_months(tmp_path: Path) -> None:
    future = file(tmp_path, "time,temp °C\n11/12/2026 10:00,-150.5\n11/12/2026 10:05,-150.6\n")
    assert text_of(read_log(future, SITE).samples[0].at) == "2026-11-12T03:00:00.000Z"
    rows = "".join(f"{day:02d}/10/2026 10:00,-150.5\n" for day in range(3, 7))
    steady = file(tmp_path, f"time,temp °C\n{rows}", "steady.csv")
    log = read_log(steady, SITE)
    assert [text_of(sample.at)[:10] for sample in log.samples] == [f"2026-10-{day:02d}" for day in range(3, 7)]


def test_a_table_without_headings_and_seconds_since_1970_are_read(tmp_path: Path) -> None:
    bare = file(tmp_path, "22.11.2026 10:00;-150,5 °C\n22.11.2026 10:05;-150,6 °C\n")
    assert [sample.millicelsius for sample in read_log(bare, SITE).samples] == [-150_500, -150_600]
    seconds = file(tmp_path, "timestamp,temp (C)\n1795312800,-150.5\n1795313100,-150.6\n", "seconds.csv")
    assert read_log(seconds, SITE).samples[1].at == 1_795_313_100_000


def test_the_hour_that_comes_twice_is_told_apart(tmp_path: Path) -> None:
    start = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)  # Berlin leaves summer time at 01:00 UTC on the 25th
    from zoneinfo import ZoneInfo

    rows = []
    for step in range(8):
        local = (start + step * timedelta(minutes=30)).astimezone(ZoneInfo("Europe/Berlin"))
        rows.append(f"{local:%d.%m.%Y %H:%M},-150.{step}\n")
    log = read_log(file(tmp_path, f"time,temp °C\n{''.join(rows)}"), asked(zone="Europe/Berlin"))
    assert len(log.samples) == 8
    assert {b.at - a.at for a, b in zip(log.samples, log.samples[1:], strict=False)} == {30 * MINUTE}


@pytest.mark.parametrize(
    "content", ["", "hello\n", "a,b\n1,2\n", "time,temp °C\n", "time,temp °C\nyesterday,cold\n", "\x00\x01\x02" * 400]
)
def test_what_is_no_log_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(RequestError):
        read_log(file(tmp_path, content), SITE)


def samples(*values: int, step: int = MINUTE) -> list[Sample]:
    return [Sample(at * step, value) for at, value in enumerate(values)]


def test_a_spell_reaches_from_the_last_cold_reading_to_the_first() -> None:
    found = spells(samples(-140, -120, -110, -130, -150), -130)
    assert found == (Warm(0, 3 * MINUTE, Sample(2 * MINUTE, -110), 2),)


def test_spells_at_the_ends_of_a_log_say_so() -> None:
    first, last = spells(samples(-100, -110, -150, -150, -90), -130)
    assert (first.started_at, first.ended_at, first.at_start, first.at_end) == (0, 2 * MINUTE, True, False)
    assert (last.started_at, last.ended_at, last.at_start, last.at_end) == (3 * MINUTE, 4 * MINUTE, False, True)
    assert spells(samples(-100), -130) == ()
    assert spells(samples(-130, -130), -130) == ()


def test_silence_is_told() -> None:
    told = [*samples(*[-150] * 5), Sample(90 * MINUTE, -150)]
    assert gaps(told) == [(4 * MINUTE, 90 * MINUTE)]
    assert gaps(samples(*[-150] * 20)) == []
