"""Excursions as they are told: whose limit, what they hold, and the curve of the file that was kept."""

from __future__ import annotations

import pytest

from cryoledger.cli.sample.people import MARIA
from cryoledger.custody.identities import narrative
from cryoledger.custody.record import record
from cryoledger.custody.vault import Vault
from cryoledger.documents.excursions import curve_of, excursions, warmest_of
from cryoledger.domain.events.storage import ExcursionRecorded
from cryoledger.errors import RequestError
from tests.custody.conftest import _made, clock, home, vault

__all__ = ["_made", "clock", "home", "vault"]

LOG = "time;celsius\n01/02/2026 10:00;-170\n01/02/2026 10:05;-131,5\n01/02/2026 10:10;-171\n01/02/2026 10:15;-170\n"
"""The second of January or the first of February: only what was recorded says which."""


def recorded(vault: Vault, log: str = "", worst: int = -131_500) -> int:
    """The number of an excursion of TANK1 on the first of February, with a logger's file, if there is one."""
    event = ExcursionRecorded(
        unit="TANK1", started_at="2026-02-01T03:00:00.000Z", ended_at="2026-02-01T03:10:00.000Z",
        worst_millicelsius=worst,
    )  # fmt: skip
    if not log:
        return record(vault, event, MARIA.by).number
    kept = narrative.keep(vault, log, narrative.SITE)
    return record(vault, narrative.with_document(event, kept), MARIA.by, also=kept.write).number


def test_a_kept_file_is_read_as_its_entry_says(vault: Vault) -> None:
    curve = curve_of(vault, recorded(vault, LOG))
    assert (curve.worst.millicelsius, curve.limit, len(curve.samples)) == (-131_500, -150_000, 4)
    assert curve.local(curve.worst.at) == "2026-02-01 10:05"
    with vault.store.reading() as now:
        (told,) = excursions(now)
        assert (told.limit, told.held, told.judged) == (-150_000, 0, True)
        assert warmest_of(now, "TANK1-C1-B1") == -150_000, "a box is as cold as what holds it"


@pytest.mark.parametrize(("log", "why"), [("", "No logger's file"), (LOG, "read in another way")])
def test_where_there_is_no_curve_it_is_said_why(vault: Vault, log: str, why: str) -> None:
    with pytest.raises(RequestError, match=why):
        curve_of(vault, recorded(vault, log, -131_400))
