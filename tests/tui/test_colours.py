"""Colours that everybody can read and tell apart, by the formulas of WCAG 2.2 and of Machado, Oliveira, Fernandes."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from cryoledger.tui.preferences import FILE, Preferences
from cryoledger.tui.themes import COLOURBLIND, CONTRAST, DARK, THEMES, after

TEXTS = ("quiet", "strong", "good", "wait", "bad", "held-text", "note")
ANSWERS = ("recorded", "question", "refused", "info", "broken")
LOOKS = ("released", "quarantined", "rejected", "held", "conditional", "expired", "reserved")
# Machado et al. 2009, severity 1.0, for linear RGB: protanopia, deuteranopia, tritanopia.
BLIND = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(colour: str) -> tuple[float, ...]:
    parts = [byte / 255 for byte in bytes.fromhex(colour.removeprefix("#"))]
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def luminance(rgb: tuple[float, ...]) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(linear(one)), luminance(linear(other))))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: tuple[float, ...]) -> tuple[float, ...]:
    """CIE 1976 L*a*b* under D65."""
    matrix = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.9505, 1.0, 1.089)
    xyz = [sum(a * b for a, b in zip(row, rgb, strict=True)) / w for row, w in zip(matrix, white, strict=True)]
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))


def apart(one: str, other: str, seen: tuple[tuple[float, ...], ...]) -> float:
    """How far two colours are apart (CIE76) for somebody who sees like this."""
    labs = []
    for colour in (one, other):
        rgb = linear(colour)
        labs.append(lab(tuple(min(1.0, max(0.0, sum(a * b for a, b in zip(row, rgb, strict=True)))) for row in seen)))
    return float(sum((a - b) ** 2 for a, b in zip(*labs, strict=True)) ** 0.5)


@pytest.mark.parametrize("scheme", THEMES, ids=lambda scheme: scheme.title)
def test_every_text_stands_out_from_what_it_is_on(scheme: object) -> None:
    theme = scheme.theme  # type: ignore[attr-defined]
    least = 7.0 if theme is CONTRAST else 4.5
    colours = theme.variables
    assert set(colours) == set(DARK.variables)
    pairs = [(colours[name], ground) for name in TEXTS for ground in (theme.background, theme.panel)]
    pairs += [(theme.foreground, theme.background), (theme.foreground, theme.panel)]
    pairs += [(colours[f"on-{name}"], colours[f"answer-{name}"]) for name in ANSWERS]
    pairs += [(colours[f"on-{name}"], colours[name]) for name in LOOKS]
    weak = [
        (text, ground, round(contrast(text, ground), 2)) for text, ground in pairs if contrast(text, ground) < least
    ]
    assert weak == []


@pytest.mark.parametrize("blindness", BLIND)
def test_colour_blind_safe_verdicts_and_tones_differ_however_one_sees(blindness: str) -> None:
    colours = COLOURBLIND.variables
    for one, other in itertools.combinations(ANSWERS, 2):
        assert apart(colours[f"answer-{one}"], colours[f"answer-{other}"], BLIND[blindness]) > 20, (one, other)
    for one, other in itertools.combinations(("good", "wait", "bad"), 2):
        assert apart(colours[one], colours[other], BLIND[blindness]) > 20, (one, other)


def test_colours_come_round() -> None:
    names = [DARK.name]
    for _ in THEMES:
        names.append(after(names[-1]))
    assert names == [*(scheme.theme.name for scheme in THEMES), DARK.name]
    assert after("what was once") == DARK.name


def test_choice_is_kept_for_the_station_and_damage_costs_only_the_choice(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    Preferences.read(folder).with_theme(CONTRAST.name).with_tour()
    again = Preferences.read(folder)
    assert (again.theme, again.toured) == (CONTRAST.name, True)
    for damage in ("", "[1]", "{", json.dumps({"theme": 3, "toured": "yes"})):
        (folder / FILE).write_text(damage)
        assert Preferences.read(folder) == Preferences(folder)
    assert Preferences().with_theme("x").theme == "x"
