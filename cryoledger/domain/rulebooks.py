"""The rulebooks by number: `check` and `changes`, each written once, run at recording and at audit.

A released rulebook is frozen: a changed rule is a new number beside the old, so that an entry of thirty years ago is
still judged by what was in force then (LEDGER, "Thirty years of rules").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from cryoledger.domain.facts import Change, Draft, Facts


@dataclass(frozen=True, slots=True)
class Rulebook:
    """One numbered set of rules.

    `check(draft, facts)` raises a Refusal that says what, why and what to do next; `changes(draft, facts)` gives the
    rows that the event puts or removes, and may be asked only after `check` was silent. `foresee(draft, facts)` is the
    event type's own rule alone: a desk asks it while people are still scanning, before anybody signs. `check_signed` is
    `check` for whoever has had `signing.expected` judge the signers just before.
    """

    number: int
    check: Callable[[Draft, Facts], None]
    changes: Callable[[Draft, Facts], tuple[Change, ...]]
    foresee: Callable[[Draft, Facts], None]
    check_signed: Callable[[Draft, Facts], None]


CURRENT = 1


@cache
def rulebook(number: int) -> Rulebook:
    """The rulebook of a number; KeyError where this program does not know it (a newer one made the ledger)."""
    from cryoledger.domain import rulebook_1

    first = Rulebook(1, rulebook_1.check, rulebook_1.changes, rulebook_1.foresee, rulebook_1.check_signed)
    return {1: first}[number]
