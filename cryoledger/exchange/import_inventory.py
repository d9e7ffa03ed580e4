"""A laboratory's inventory, from its file into the vault: looked through, read, judged, recorded.

with prepare(vault, path, given) as job:            # reads the file; the vault stays as it is
    job.plan.vials, list(job.plan.rejected()), job.guessed
    carry_out(vault, job.plan, By("maria.s", pin))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryoledger.custody.imports.importing import Plan
from cryoledger.custody.vault import Vault
from cryoledger.exchange.column_map import ColumnMap
from cryoledger.exchange.rows import read_rows
from cryoledger.exchange.survey import Ask, Survey, survey
from cryoledger.exchange.tables import open_table

__all__ = ["Job", "prepare"]

Telling = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much in all (0 where nobody knows)."""
TOLD_EVERY = 1000


@dataclass(frozen=True)
class Job:
    """A file that was read: what it would bring, and what was guessed of it.

    `before` is the number of the import that has brought this very file already; then nothing comes in again.
    """

    plan: Plan
    rows: int
    guessed: dict[str, Any]
    known: Survey
    before: int | None = None


@contextmanager
def prepare(
    vault: Vault, path: Path, given: ColumnMap, ask: Ask | None = None, progress: Telling | None = None
) -> Iterator[Job]:
    """Read a file against a vault; RequestError where it is no table, or leaves something open.

    `progress` is called now and then.
    """
    tell = progress or _silent
    table = open_table(path, given)
    known = survey(table, given, ask, lambda rows: tell("Looking through", rows, 0))
    with Plan(vault, table.sha256) as plan:
        for row in read_rows(table, known, plan.size_of):
            plan.take(row)
            if plan.rows % TOLD_EVERY == 0:
                tell("Reading", plan.rows, known.rows)
        tell("Judging", plan.rows, 0)
        if plan.own is not None and plan.own.status == "completed":
            plan.judge_again()
            yield Job(plan, plan.rows, known.guessed, known, plan.own.number)
            return
        plan.judge()
        yield Job(plan, plan.rows, known.guessed, known)


def _silent(_what: str, _done: int, _total: int) -> None:
    """Nobody watches."""
