"""Contents of labels for the tests, made from a number."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

from cryoledger.codes import Kind, make
from cryoledger.labels import (
    BadgeLabel,
    DoseLabel,
    LabelContent,
    OrderLabel,
    PatientLabel,
    UnitLabel,
    VialLabel,
)

ISBT = "=+02000=A99991712345600=,000012"
GS1 = "010950600013435217301231" + "10LOT7" + "\x1d" + "21ABC123"
# Every layout with the stocks that it is for.
PAIRS = (
    ("vial-33x13", "roll-33x13"),
    ("vial-33x13", "LCRY-1700"),
    ("vial-33x13", "LCRY-1200"),
    ("vial-33x13", "LCRY-1100"),
    ("vial-33x13", "avery-5267"),
    ("vial-33x13-long", "roll-33x13"),
    ("vial-33x13-long", "LCRY-1700"),
    ("vial-38x19", "LCRY-1200"),
    ("vial-38x19", "LCRY-1100"),
    ("cap-25x9", "roll-25x9"),
    ("cap-25x9", "LCRY-2380"),
    ("cap-25x9", "avery-L4731"),
    ("dose-50x25", "roll-50x25"),
    ("dose-100x50", "roll-100x50"),
    ("unit-50x25", "roll-50x25"),
    ("unit-100x50", "roll-100x50"),
    ("badge-86x54", "a4-cards"),
    ("badge-86x54", "letter-cards"),
    ("wristband", "wristband-25x200"),
    ("order-100x50", "roll-100x50"),
)


def vial(number: int = 1, **changed: Any) -> VialLabel:
    fields: dict[str, Any] = {
        "product": "WJ-MSC clinical 2",
        "lot": "L26-014-P3",
        "source": "A9999 26 123456",
        "expiry": date(2031, 11, 30),
        "cells": 5_000_000,
        "volume_microlitres": 1000,
        "storage_millicelsius_max": -150_000,
    }
    return VialLabel(make("BK", Kind.VIAL, number), **(fields | changed))


def dose(number: int = 1, **changed: Any) -> DoseLabel:
    fields: dict[str, Any] = {
        "product": "WJ-MSC clinical",
        "lot": "L26-014-P3",
        "order": make("BK", Kind.ORDER, number),
        "patient": make("BK", Kind.PATIENT, number),
        "deadline": datetime(2026, 11, 23, 14, 30, tzinfo=timezone(timedelta(hours=1))),
        "cells": 10_000_000,
        "volume_microlitres": 20_000,
        "storage": "Keep at 2 to 8 °C, do not freeze",
        "warnings": "WARNING: Advise patient of communicable disease risks",
    }
    return DoseLabel(make("BK", Kind.DOSE, number), **(fields | changed))


def of_layout(layout: str, number: int = 1, **marks: bool) -> LabelContent:
    """Content for the layout of a name."""
    unit = UnitLabel(make("BK", Kind.UNIT, number), "box", "Box 12", "Freezer 2 / Rack C / Shelf 3")
    order = OrderLabel(make("BK", Kind.ORDER, number), make("BK", Kind.PATIENT, number), "WJ-MSC", "70×10⁶ cells")
    made: dict[str, LabelContent] = {
        "dose": dose(number, **marks),
        "unit": unit,
        "badge": BadgeLabel("BDG-A5E1214A-Y", "A5E1214A", "Jiří Novák-Łuczak", "technician", "Cell Bank Brno"),
        "wristband": PatientLabel(make("BK", Kind.PATIENT, number), "Cell Bank Brno"),
        "order": order,
    }
    return made.get(layout.split("-")[0], vial(number, **marks))
