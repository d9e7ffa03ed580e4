"""The scanner check at the station: six codes of the sheet in order, each judged as the keys arrived here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryoledger.custody.dialogues import Outcome

SHEET = "`cryoledger label scanner-check --to check.pdf` writes the sheet"


class ScannerCheck:
    """One run of the check; nothing of it reaches the vault."""

    def __init__(self) -> None:
        self.at, self.wrong = 0, 0

    @property
    def hint(self) -> str:
        """What to scan now."""
        from cryoledger.labels.sheets import SCANNER_CHECKS

        each = SCANNER_CHECKS[self.at]
        return f"Scan code {each.number} of the scanner-check sheet ({each.title}); CMD-CANCEL ends the check. {SHEET}."

    @property
    def over(self) -> bool:
        """Whether all were scanned."""
        from cryoledger.labels.sheets import SCANNER_CHECKS

        return self.at >= len(SCANNER_CHECKS)

    def take(self, text: str) -> tuple[Outcome, str]:
        """Judge a scan; outcome and what to say."""
        from cryoledger.codes.scanner_check import judge
        from cryoledger.labels.sheets import SCANNER_CHECKS

        each = SCANNER_CHECKS[self.at]
        verdict = judge(each.content, text)
        self.at += 1
        self.wrong += not verdict.ok
        said = f"{each.number} {each.title}: " + (
            f"right. {verdict.note}".rstrip() if verdict.ok else f"{verdict.problem} {verdict.advice}"
        )
        if self.over:
            end = "This scanner is set right." if not self.wrong else f"{self.wrong} of {self.at} codes came wrong."
            return ("info" if not self.wrong else "refused"), f"{said} {end}"
        return ("question" if verdict.ok else "refused"), f"{said} {self.hint}"
