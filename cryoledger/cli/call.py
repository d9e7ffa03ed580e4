"""One call of the program: the vault that its command opened, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryoledger.cli import new_file, output
from cryoledger.cli.screen import named_vault
from cryoledger.errors import CodeError

if TYPE_CHECKING:
    from cryoledger.custody.vault import Vault
    from cryoledger.database.store import Reading
    from cryoledger.domain.records import Record

__all__ = ["TRAINING", "Call"]

TRAINING = "TRAINING vault: nothing recorded here is real."


@dataclass
class Call:
    """One command's vault, opened when it is first asked for; `as_json` where a machine reads the answer.

    `params` are the command's options and arguments, as Click knows them; `replace` where files may be replaced.
    """

    named: str | None
    as_json: bool = False
    params: Sequence[Any] = field(default=(), repr=False)
    replace: bool = False
    _vault: Vault | None = field(default=None, repr=False)

    @property
    def location(self) -> str:
        """Where the vault is."""
        return named_vault(self.named)

    @property
    def vault(self) -> Vault:
        """The open vault."""
        if self._vault is None:
            from cryoledger.custody.vault import Vault

            self._vault = Vault.open(self.location)
            if self._vault.warning:
                output.narrate(self._vault.warning)
            self._tell_training()
        return self._vault

    def adopt(self, vault: Vault) -> None:
        """Take over a vault that was just made."""
        self._vault = vault
        self._tell_training()

    def _tell_training(self) -> None:
        if self._vault is not None and self._vault.site().training:
            output.narrate(TRAINING)

    def close(self) -> None:
        """Lock, and let go of the vault."""
        if self._vault is not None:
            self._vault.close()
            self._vault = None

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One state of the vault."""
        with self.vault.store.reading() as reading:
            yield reading

    @property
    def now(self) -> str:
        """The present instant, as the ledger writes it."""
        from cryoledger.domain import times

        return times.text_of(self.vault.clock.now())

    @property
    def zone(self) -> str:
        """The site's time zone."""
        return self.vault.site().zone

    def instant(self, text: str) -> str:
        """A time as typed."""
        from cryoledger.custody import amounts

        return amounts.instant(text, self.zone, self.vault.clock.now())

    def day(self, text: str) -> str:
        """A date as typed."""
        from cryoledger.custody import amounts

        return amounts.day(text, self.zone, self.vault.clock.now())

    def code(self, text: str) -> str:
        """The code of what a text names: a label or a tube's code is followed, a text unknown here stays as it is."""
        from cryoledger.custody.known_codes import known

        scanned = self.scanned(text)
        with self.reading() as reading:
            row = known(reading.facts, scanned)
        return row.code if row is not None else scanned

    def scanned(self, text: str) -> str:
        """What a scanner would have said; CodeError where a code is misread."""
        from cryoledger import codes

        prefix = self.vault.site().code_prefix
        try:
            codes.local.check_prefix(prefix)
        except CodeError:
            prefix = ""  # this site has no local codes of its own
        match codes.read(text, prefix):
            case codes.Code() as code:
                return code.text
            case codes.PositionScan() as position:
                return position.text
            case _:
                return text

    def unframed(self, text: str) -> str:
        """A text to search for, without what a scanner put around it; a part of a code stays as it is."""
        try:
            return self.scanned(text)
        except CodeError:
            return text

    def write(self, path: Path, content: bytes, what: str) -> None:
        """Write a file that the command was asked for; RequestError where it cannot be."""
        new_file.write(path, content, what, replace=self.replace)

    def answer(self, value: Any, text: str | Callable[[], str]) -> None:
        """Write the answer: the value for a machine, the text for a person."""
        if self.as_json:
            output.data(output.json_text(value))
        else:
            output.data(text if isinstance(text, str) else text())

    def rows(self, rows: Sequence[Record], *columns: str) -> None:
        """Write records: whole for a machine, some columns for a person."""
        from dataclasses import asdict

        def shown() -> str:
            from cryoledger.documents.telling import at_site

            zone = self.zone
            cells = [[at_site(getattr(row, column), zone) for column in columns] for row in rows]
            return output.table([column.replace("_", " ") for column in columns], cells)

        if not rows:
            output.narrate("There is none.")

        self.answer([asdict(row) for row in rows], shown)  # type: ignore[call-overload]
