"""The curve that a person looks at: no peak is lost, the limit and the worst reading are marked, times are local."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from cryoledger.documents.temperature import Curve
from cryoledger.exchange.temperature_log import Sample

START = 1_795_312_800_000  # 2026-11-22 09:00 in Bangkok, less some minutes
LIMIT = -130_000


def curve(values: list[int], step: int = 300_000, void: str = "") -> Curve:
    samples = tuple(Sample(START + at * step, value) for at, value in enumerate(values))
    return Curve(samples, LIMIT, "Asia/Bangkok", "Tank <1>", void)


@pytest.mark.parametrize("braille", [True, False])
def test_one_warm_reading_in_a_year_is_on_the_curve(*, braille: bool) -> None:
    values = [-150_000] * 100_000
    values[61_234] = -90_000
    text = curve(values).text(80, 12, braille=braille)
    peak = text.splitlines()[1]
    assert ("●" if braille else "@") in peak
    assert text.count("●" if braille else "@") == 2  # on the curve, and in its legend
    assert "worst -90 degC" in text


def test_a_curve_fits_its_columns_and_marks_the_limit() -> None:
    text = curve([-150_000, -120_000, -150_000] * 10).text(70)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 70
    (limit,) = [line for line in lines if line.lstrip().startswith("-130.0")]
    assert "─" in limit
    assert "Asia/Bangkok" in text


def test_a_cold_curve_has_no_mark_of_the_worst() -> None:
    drawn = curve([-150_000, -149_000, -151_000]).text(60)
    assert drawn.count("●") == 1  # in the legend alone


def test_letters_alone_where_there_is_no_braille() -> None:
    assert curve([-150_000, -120_000] * 20, void="VOID").text(60, braille=False).isascii()


def test_one_reading_or_all_the_same_still_draws() -> None:
    assert "worst" in curve([-150_000]).text()
    assert "worst" in curve([LIMIT] * 5).text()
    ElementTree.fromstring(curve([-150_000]).svg())


def test_the_svg_shades_what_is_too_warm_and_quotes_what_it_is_given() -> None:
    drawn = curve([-150_000, -120_000, -150_000, -125_000, -150_000], void="TRAINING / VOID")
    svg = drawn.svg("a <b>.csv & co")
    root = ElementTree.fromstring(svg)
    shaded = [each for each in root.iter() if each.get("class") == "warm"]
    assert len(shaded) == 2
    texts = [each.text or "" for each in root.iter() if each.tag.endswith("text")]
    assert "Tank <1>" in texts
    assert "TRAINING / VOID" in texts
    assert any("a <b>.csv & co" in text for text in texts)
    assert any("-120 degC at 2026-11-22" in text for text in texts)


def test_closer_shows_a_spell_with_its_surroundings() -> None:
    values = [-150_000] * 400
    values[200:203] = [-120_000] * 3
    drawn = curve(values)
    near = drawn.around(drawn.warm[0])
    assert 6 <= len(near.samples) < 20
    assert near.worst == drawn.worst
