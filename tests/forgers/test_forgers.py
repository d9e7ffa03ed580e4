"""Forgers: each attempt is caught by exactly those of whom LEDGER says so; the table is printed at the end of a run.

A row that nobody catches says so, with what the verification's report shows instead.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.forgers import with_a_persons_key, with_an_old_backup, with_database, with_every_key, with_log_key
from tests.forgers.scene import Attempt, Scene, Truth, true_story

ATTEMPTS = (
    *with_database.ATTEMPTS,
    *with_log_key.ATTEMPTS,
    *with_a_persons_key.ATTEMPTS,
    *with_every_key.ATTEMPTS,
    *with_an_old_backup.ATTEMPTS,
)


@pytest.fixture(scope="session")
def truth() -> Truth:
    return true_story()


def test_the_true_ledger_satisfies_everybody(truth: Truth) -> None:
    scene = Scene(truth, frozenset())
    assert scene.caught() == {}
    report = scene.report()
    assert "remembered head" in report.covers
    assert "fingerprint" in report.covers
    assert any(line.startswith("witness cosignatures: the policy is met") for line in report.covers)
    assert not any("witness" in line for line in report.not_run)
    truth.receipt.check_inclusion()


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.id)
def test_forger_is_caught(attempt: Attempt, truth: Truth, record_property: Callable[[str, object], None]) -> None:
    scene = Scene(truth, attempt.held)
    attempt.forge(scene)
    caught = scene.caught()
    assert caught.keys() == attempt.caught.keys(), caught
    words = {by: next((said for said in caught[by] if part in said), "") for by, part in attempt.caught.items()}
    assert all(words.values()), caught
    assert bool(caught) is not bool(attempt.untold)
    first = next(iter(words.values()), "")
    by = ", ".join(words) or "NOBODY"
    record_property("forger", (ATTEMPTS.index(attempt), attempt.holder, attempt.name, by, first or attempt.untold))
