"""The number of an entry over all epochs: one integer that inventory rows and payloads refer to entries by.

In epoch 1 an entry's number is its sequence. Each later epoch (after a restore that lost entries) starts at a higher
multiple of 2^40, so numbers never collide, sort in the order of the story, and stay below 2^53.
"""

from __future__ import annotations

SEQUENCES = 2**40


def number_of(epoch: int, sequence: int) -> int:
    """The number of an entry; epochs count from 1, sequences from 0."""
    if not (1 <= epoch < 2**13 and 0 <= sequence < SEQUENCES):
        raise RuntimeError(f"no entry can stand at epoch {epoch}, sequence {sequence}")
    return (epoch - 1) * SEQUENCES + sequence


def place_of(number: int) -> tuple[int, int]:
    """(epoch, sequence) of an entry's number."""
    return number // SEQUENCES + 1, number % SEQUENCES


def shown(number: int) -> str:
    """An entry's number as people read it: "417", and "2/417" in a later epoch."""
    return place_shown(*place_of(number))


def place_shown(epoch: int, sequence: int) -> str:
    """The same of a place, which need not be one where an entry can stand."""
    return str(sequence) if epoch == 1 else f"{epoch}/{sequence}"
