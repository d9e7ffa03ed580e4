"""Prints labels, and records of vials' labels what was really printed.

    job = VialJob.plan(vault, codes, layout, reprint=None)
    signer = job.open(By("maria.s", pin))              # role and PIN, before anything is printed
    done = deliver(labels, stock, Target(path=Path("l.pdf")))
    job.record(signer, done.labels)

What is recorded follows what was handed over: a label that a printer took may exist. A printer that stops
half-way leaves an entry of the labels before the trouble, the last of which may have stayed inside it: printing those
again is a reprint, with a reason. If the machine dies between printer and ledger, labels exist that no entry names.
The layout's bytes are kept with the entry (`cryoledger note`), so every version that was used can be read again.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryoledger.custody.clock import stamp
from cryoledger.custody.identities import narrative
from cryoledger.custody.keys.unlock import unlock
from cryoledger.custody.record import By, Sealed, note_refusal, record
from cryoledger.custody.vault import Vault, head_of, person_by
from cryoledger.database.store import Reading
from cryoledger.domain import catalogue, signing
from cryoledger.domain.events.storage import VialLabelReplaced, VialsLabelled
from cryoledger.domain.facts import Recorded
from cryoledger.domain.records import Mention
from cryoledger.errors import CryoledgerError, Refusal, RequestError
from cryoledger.labels import (
    CupsPrinter,
    Label,
    LabelError,
    Layout,
    PrinterError,
    Stock,
    TcpPrinter,
    load_layout,
    to_zpl,
)

__all__ = ["Delivered", "Target", "VialJob", "check_target", "deliver", "printed_before"]

_MOST: Final = 800  # vials of one entry
_ACT: Final = "VialsLabelled"
Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Target:
    """Where labels go: a file or a printer; `start` is the first label used of a sheet, from 1.

    With `pdf` a queue takes labels of a roll as pages of a PDF, for a printer that has a driver and speaks no ZPL.
    """

    path: Path | None = None
    printer: TcpPrinter | CupsPrinter | None = None
    start: int = 1
    pdf: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of it: so many labels written or handed over, and the trouble that stopped the rest."""

    labels: int
    confirmed: int | None = None
    files: tuple[Path, ...] = ()
    reference: str = ""
    trouble: LabelError | None = None


def deliver(labels: Sequence[Label], stock: Stock, target: Target, report: Report | None = None) -> Delivered:
    """Write or send labels; what stops it half-way is in the answer, with the count until then."""
    counted = 0

    def count(number: int) -> None:
        nonlocal counted
        counted = number
        if report is not None:
            report(number)

    check_target(target, stock)
    try:
        if target.path is not None:
            return _write(labels, stock, target.path, target.start, count)
        return _send(labels, stock, target, count)
    except PrinterError as error:
        return Delivered(error.sent, error.confirmed, trouble=error)
    except KeyboardInterrupt:
        return Delivered(counted, trouble=LabelError(f"Stopped at the keyboard after {counted} labels."))


def _send(labels: Sequence[Label], stock: Stock, target: Target, count: Report) -> Delivered:
    if stock.kind == "sheet" or target.pdf:
        if not isinstance(target.printer, CupsPrinter):
            raise RuntimeError("check_target was left out")
        from cryoledger.labels.pdf import to_pdf  # late: it loads reportlab

        grid = stock.grid
        page = (grid.page_width, grid.page_height) if grid is not None else (stock.label_width, stock.label_height)
        sent = target.printer.send_pdf(to_pdf(labels, stock, start=target.start), len(labels), page)
        count(sent.labels)
    else:
        if target.printer is None:
            raise RuntimeError("a target is a file or a printer")
        sent = target.printer.send([to_zpl(label, stock) for label in labels], count)
    return Delivered(sent.labels, sent.confirmed, reference=sent.reference)


def _write(labels: Sequence[Label], stock: Stock, path: Path, start: int, count: Report) -> Delivered:
    from cryoledger.labels.files import write_labels

    suffix = path.suffix.lower()
    if suffix not in (".png", ".svg") or len(labels) == 1:
        files = write_labels(labels, stock, path, start=start)
        count(len(labels))
        return Delivered(len(labels), files=files)
    written: list[Path] = []
    for number, label in enumerate(labels, start=1):
        try:
            written += write_labels([label], stock, path.with_name(f"{path.stem}-{number:03d}{path.suffix}"))
        except LabelError as error:
            return Delivered(len(written), files=tuple(written), trouble=error)
        count(number)
    return Delivered(len(written), files=tuple(written))


def check_target(target: Target, stock: Stock) -> None:
    """Refuse what can be seen before anything is drawn or signed: a sheet for a label printer, a wrong first label."""
    as_pdf = isinstance(target.printer, CupsPrinter) or (
        target.path is not None and target.path.suffix.lower() == ".pdf"
    )
    if stock.kind == "sheet" and isinstance(target.printer, TcpPrinter):
        raise LabelError(
            f"{stock.name} is a sheet, which a label printer cannot take.", "Name a roll, a file, or cups:NAME."
        )
    if target.start != 1 and not (stock.kind == "sheet" and as_pdf):
        raise LabelError("Only a sheet, in a PDF, begins at another label than its first.", "Leave --start out.")
    if target.start > stock.per_page:
        raise LabelError(f"The labels of {stock.name} go from 1 to {stock.per_page}, there is no {target.start}.")


def printed_before(reading: Reading, vials: Sequence[str], layout: Layout, site_folder: Path | None) -> frozenset[str]:
    """Those of the vials whose present label was printed before, on the same kind of layout.

    A cap's label beside the tube's is none, and a label with a new code is none.
    """
    kinds: dict[str, str] = {}
    entries: dict[int, Recorded | None] = {}

    def kind_of(name: str) -> str:
        if name not in kinds:
            try:
                kinds[name] = load_layout(name, site_folder).kind
            except LabelError:
                kinds[name] = "vial"  # its file is gone
        return kinds[name]

    found = set()
    for code in vials:
        for mention in sorted(reading.facts.where(Mention, kind="vial", code=code), key=lambda row: row.entry):
            if mention.entry not in entries:
                entries[mention.entry] = reading.recorded(mention.entry)
            recorded = entries[mention.entry]
            event = recorded.event if recorded is not None else None
            if isinstance(event, VialLabelReplaced):
                found.discard(code)
            elif isinstance(event, VialsLabelled) and kind_of(event.layout) == layout.kind:
                found.add(code)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class VialJob:
    """Labels of vials, in the order in which they are printed; `before` are those printed once already."""

    vault: Vault
    vials: tuple[str, ...]
    layout: Layout
    before: frozenset[str]
    reprint: str | None

    @classmethod
    def plan(
        cls,
        vault: Vault,
        vials: Sequence[str],
        layout: Layout,
        *,
        reprint: str | None = None,
        rest_only: bool = False,
        site_folder: Path | None = None,
    ) -> VialJob:
        """A job; Refusal where a label was printed before and no reason is given.

        With `rest_only` such vials are left out instead, unless there is a reason.
        """
        if len(set(vials)) != len(vials):
            raise RequestError("A vial is named twice.", "Name each once.")
        with vault.store.reading() as reading:
            before = printed_before(reading, vials, layout, site_folder)
        if before and reprint is None:
            again = [code for code in vials if code in before]
            rest = tuple(code for code in vials if code not in before)
            if not rest_only or not rest:
                raise Refusal(
                    "label.reprint",
                    f"The label of {', '.join(again[:5])}{' and others' if len(again) > 5 else ''} was printed before.",
                    "Say why it is printed again: --reprint damaged, unreadable, lost or misprinted.",
                    subject=again[0],
                )
            return cls(vault, rest, layout, frozenset(), None)
        job = cls(vault, tuple(vials), layout, before, reprint)
        job.events(len(vials))  # a reason that is none is refused now
        return job

    def events(self, count: int) -> list[VialsLabelled]:
        """What is recorded when the first `count` labels were printed; reprints stand in an entry of their own."""
        first = self.vials[:count]
        made = []
        for group, reason in (
            ([code for code in first if code not in self.before], None),
            ([code for code in first if code in self.before], self.reprint),
        ):
            for at in range(0, len(group), _MOST):
                data = {
                    "vials": group[at : at + _MOST],
                    "layout": self.layout.name,
                    "layout_sha256": base64.b64encode(bytes.fromhex(self.layout.sha256)).decode(),
                }
                event = catalogue.parse(_ACT, data if reason is None else {**data, "reprint": reason})
                assert isinstance(event, VialsLabelled)
                made.append(event)
        return made

    def open(self, by: By) -> By:
        """Whether the signer may sign this, the PIN and the clock: nothing is printed that cannot be recorded."""
        vault, line = self.vault, catalogue.of(_ACT).signing.lines[0]
        with vault.store.reading() as reading:
            person = person_by(reading, by.name)
            stamp(head_of(reading).recorded_at, vault.clock.now(), confirmed=vault.clock_confirmed)
        if not signing.roles_of(person) & line.roles:
            roles = " or ".join(sorted(line.roles))
            message = f"{person.full_name} may not print vial labels."
            refusal = Refusal("I7", message, f"A {roles} signs this.", safety=True, subject=_ACT)
            note_refusal(vault, _ACT, refusal, self.events(1)[0], person.name)
            raise refusal
        if by.pin is not None:
            unlock(vault, person.name, by.pin)
        return By(person.name)

    def record(self, by: By, count: int) -> list[Sealed]:
        """Record the first `count` labels as printed, and the layout's bytes with them."""
        if count == 0:
            return []
        vault, batch = self.vault, self.vault.batch
        kept = narrative.keep(vault, self.layout.source, narrative.SITE)
        sealed: list[Sealed] = []
        vault.batch = batch | {by.name}  # one PIN for all entries of the job
        try:
            for event in self.events(count):
                sealed.append(  # noqa: PERF401 - what was sealed before an error counts
                    record(vault, narrative.with_document(event, kept), by, also=kept.write)
                )
        except CryoledgerError as error:
            error.add_note(f"{count} labels were printed, and {count - _named(sealed)} of them are NOT in the ledger.")
            raise
        finally:
            vault.batch = batch
            if by.name not in (vault.signed_in, *batch):
                vault.keyring.lock(by.name)
        return sealed


def _named(sealed: Sequence[Sealed]) -> int:
    """How many labels the entries name."""
    events = [catalogue.parse(_ACT, each.entry.envelope.data) for each in sealed]
    return sum(len(event.vials) for event in events if isinstance(event, VialsLabelled))
