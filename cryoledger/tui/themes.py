"""Colours for dark and light terminals, for weak eyes and for the colour-blind; no pair differs in hue alone.

The five verdicts take Okabe and Ito's palette in the dark and the light theme. `CONTRAST` is black and white with every
text at 7:1 or more (WCAG 2.2, 1.4.6). `COLOURBLIND` gives up green and red: the verdicts go from blue over white to
orange, and from dark to light, so that they differ for protanopia, deuteranopia and tritanopia alike. A symbol and a
word always say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual.theme import Theme

DARK: Final = Theme(
    name="station-dark",
    primary="#56B4E9",
    secondary="#56B4E9",
    accent="#F0E442",
    foreground="#F2F2F2",
    background="#0B0F14",
    surface="#0B0F14",
    panel="#1B2530",
    success="#009E73",
    warning="#F0E442",
    error="#D55E00",
    dark=True,
    variables={"answer-recorded": "#009E73", "on-recorded": "#000000", "answer-question": "#F0E442",
               "on-question": "#000000", "answer-refused": "#9E2F00", "on-refused": "#FFFFFF",
               "answer-info": "#005A8E", "on-info": "#FFFFFF", "answer-broken": "#CC79A7", "on-broken": "#000000",
               "quiet": "#93A1AE", "strong": "#FFFFFF", "good": "#2FD6A3", "wait": "#F0E442", "bad": "#FF8A4C",
               "held-text": "#E9A3CB", "note": "#7CC8F5",
               "released": "#0B3B2E", "on-released": "#4BE3B4", "quarantined": "#453E0C", "on-quarantined": "#F7EC5A",
               "rejected": "#5A1E0A", "on-rejected": "#FFB08A", "held": "#51264A", "on-held": "#FFC4E6",
               "conditional": "#0E3A5C", "on-conditional": "#8FD0FA", "expired": "#3A3F45", "on-expired": "#E6E6E6",
               "reserved": "#1B2C6B", "on-reserved": "#B9C8FF"},
)  # fmt: skip

LIGHT: Final = Theme(
    name="station-light",
    primary="#0072B2",
    secondary="#0072B2",
    accent="#0072B2",
    foreground="#14181C",
    background="#FFFFFF",
    surface="#FFFFFF",
    panel="#E4EAF0",
    success="#009E73",
    warning="#F0E442",
    error="#A53A00",
    dark=False,
    variables={"answer-recorded": "#009E73", "on-recorded": "#000000", "answer-question": "#F0E442",
               "on-question": "#000000", "answer-refused": "#9E2F00", "on-refused": "#FFFFFF",
               "answer-info": "#005A8E", "on-info": "#FFFFFF", "answer-broken": "#CC79A7", "on-broken": "#000000",
               "quiet": "#55606B", "strong": "#000000", "good": "#00694C", "wait": "#7A5C00", "bad": "#A53A00",
               "held-text": "#8A2F66", "note": "#005A8E",
               "released": "#BFEBDD", "on-released": "#00402E", "quarantined": "#F5EC9A", "on-quarantined": "#4A3F00",
               "rejected": "#F6BFA5", "on-rejected": "#6A1F00", "held": "#F0C8E0", "on-held": "#5E1C45",
               "conditional": "#BFE0F5", "on-conditional": "#003A5E", "expired": "#CDD2D7", "on-expired": "#22272C",
               "reserved": "#C9D3FA", "on-reserved": "#14246E"},
)  # fmt: skip

CONTRAST: Final = Theme(
    name="station-contrast",
    primary="#FFFF00",
    secondary="#00FFFF",
    accent="#FFFF00",
    foreground="#FFFFFF",
    background="#000000",
    surface="#000000",
    panel="#000000",
    success="#00FF00",
    warning="#FFFF00",
    error="#FF9E9E",
    dark=True,
    variables={"answer-recorded": "#00D26A", "on-recorded": "#000000", "answer-question": "#FFFF00",
               "on-question": "#000000", "answer-refused": "#7A0000", "on-refused": "#FFFFFF",
               "answer-info": "#00308F", "on-info": "#FFFFFF", "answer-broken": "#FF9EE5", "on-broken": "#000000",
               "quiet": "#D8D8D8", "strong": "#FFFFFF", "good": "#5CFF5C", "wait": "#FFFF00", "bad": "#FF9E9E",
               "held-text": "#FF9EE5", "note": "#7DE3FF",
               "released": "#003A00", "on-released": "#FFFFFF", "quarantined": "#FFFF00", "on-quarantined": "#000000",
               "rejected": "#7A0000", "on-rejected": "#FFFFFF", "held": "#FF9EE5", "on-held": "#000000",
               "conditional": "#00308F", "on-conditional": "#FFFFFF", "expired": "#FFFFFF", "on-expired": "#000000",
               "reserved": "#7DE3FF", "on-reserved": "#000000"},
)  # fmt: skip

COLOURBLIND: Final = Theme(
    name="station-colourblind",
    primary="#56B4E9",
    secondary="#56B4E9",
    accent="#FFB000",
    foreground="#F2F2F2",
    background="#0B0F14",
    surface="#0B0F14",
    panel="#1B2530",
    success="#56B4E9",
    warning="#FFE8B0",
    error="#FF8A1F",
    dark=True,
    variables={"answer-recorded": "#56B4E9", "on-recorded": "#000000", "answer-question": "#FFF4D6",
               "on-question": "#000000", "answer-refused": "#8A3200", "on-refused": "#FFFFFF",
               "answer-info": "#10305C", "on-info": "#FFFFFF", "answer-broken": "#FF9A1F", "on-broken": "#000000",
               "quiet": "#93A1AE", "strong": "#FFFFFF", "good": "#6CC3F5", "wait": "#FFE8B0", "bad": "#FF9A3D",
               "held-text": "#FFC38A", "note": "#A9C7FF",
               "released": "#0E3A5C", "on-released": "#9AD6FF", "quarantined": "#55503F", "on-quarantined": "#FFF4D6",
               "rejected": "#6B2A00", "on-rejected": "#FFC08A", "held": "#FF9A1F", "on-held": "#000000",
               "conditional": "#56B4E9", "on-conditional": "#000000", "expired": "#3A3F45", "on-expired": "#E6E6E6",
               "reserved": "#D9E6FF", "on-reserved": "#0A1F44"},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scheme:
    """A theme as people choose it."""

    theme: Theme
    title: str
    help: str


THEMES: Final = (
    Scheme(DARK, "dark", "for most rooms"),
    Scheme(LIGHT, "light", "for bright rooms"),
    Scheme(CONTRAST, "high contrast", "black and white, every text at 7:1 or more"),
    Scheme(COLOURBLIND, "colour-blind safe", "blue to orange, without green and red"),
)


def after(name: str) -> str:
    """The theme after one, round and round."""
    names = [scheme.theme.name for scheme in THEMES]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
