"""Colours for dark and light terminals, chosen so that no pair that matters differs in hue alone.

The five verdicts take Okabe and Ito's palette, which people with any common colour blindness tell apart, each with
the text colour (black or white) that stands out most; their lightness differs too. A symbol and a word always say the
same.
"""

from __future__ import annotations

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
    variables={"quiet": "#93A1AE", "strong": "#FFFFFF", "good": "#2FD6A3", "wait": "#F0E442", "bad": "#FF8A4C",
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
    variables={"quiet": "#55606B", "strong": "#000000", "good": "#00694C", "wait": "#7A5C00", "bad": "#A53A00",
               "held-text": "#8A2F66", "note": "#005A8E",
               "released": "#BFEBDD", "on-released": "#00402E", "quarantined": "#F5EC9A", "on-quarantined": "#4A3F00",
               "rejected": "#F6BFA5", "on-rejected": "#6A1F00", "held": "#F0C8E0", "on-held": "#5E1C45",
               "conditional": "#BFE0F5", "on-conditional": "#003A5E", "expired": "#CDD2D7", "on-expired": "#22272C",
               "reserved": "#C9D3FA", "on-reserved": "#14246E"},
)  # fmt: skip
