"""What every printer shares: the answer to a print, and how much is under way at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

__all__ = ["SECONDS_PER_LABEL", "UNDER_WAY_MAX", "Report", "Sent"]

UNDER_WAY_MAX: Final = 12
"""Labels handed over before it is asked what became of them."""
SECONDS_PER_LABEL: Final = 3.0
"""What a printer may take for one."""
Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Sent:
    """What was handed over: `labels` whole; the printer reported `confirmed` as done (None: it was not asked)."""

    labels: int
    confirmed: int | None
    reference: str = ""
