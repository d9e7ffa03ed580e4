"""What the label commands share: their options, and how labels are drawn, shown, and sent to where they are to go."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cryoledger.cli import output
from cryoledger.cli.call import Call
from cryoledger.cli.new_file import WRITES
from cryoledger.cli.progress_bar import Bar
from cryoledger.errors import RequestError

if TYPE_CHECKING:
    from cryoledger.custody.labels.labelling import Delivered, Target
    from cryoledger.custody.station.printer_settings import PrinterSetting
    from cryoledger.labels import Label, LabelContent, Layout, NoRoomError, Stock

__all__ = ["DPI", "Layout_", "Preview", "PrinterName", "Reprint", "Start", "Stock_", "To", "Work", "given"]

Layout_ = Annotated[str | None, typer.Option("--layout", metavar="NAME", help="A layout of `label list`.")]
Stock_ = Annotated[str | None, typer.Option("--stock", metavar="NAME", help="A roll or sheet of `label list`.")]
DPI = Annotated[
    int | None, typer.Option("--dpi", help="Dots an inch: 203, 300, 600; else as the printer says, else 300.")
]
To = Annotated[Path | None, typer.Option("--to", metavar="FILE", help="A file: .pdf, .png, .svg or .zpl."), WRITES]
PrinterName = Annotated[
    str | None,
    typer.Option("--printer", metavar="PRINTER", help="tcp://HOST:9100, cups:NAME, or one of `printer list`."),
]
Start = Annotated[int, typer.Option("--start", metavar="N", min=1, help="Begin at label N of a partly used sheet.")]
Preview = Annotated[bool, typer.Option("--preview", help="Show the labels here, and print and record nothing.")]
Reprint = Annotated[
    str | None, typer.Option("--reprint", metavar="REASON", help="Why it is printed again: {VialsLabelled.reprint}.")
]
SHOWN_MOST = 5


@dataclass(frozen=True, slots=True)
class Given:
    """The options of a label command."""

    layout: str | None
    stock: str | None
    dpi: int | None
    to: Path | None
    printer: str | None
    start: int
    preview: bool


given = Given


class Work:
    """One print: its options, what this station's printer is set to, and the layout, stock and labels found for it."""

    def __init__(self, call: Call, options: Given) -> None:
        from cryoledger.custody.labels.labelling import Target
        from cryoledger.custody.station.printer_settings import find, site_labels
        from cryoledger.labels import read_address

        if options.to is not None and options.printer is not None:
            raise RequestError("Labels go to a file or to a printer.", "Give --to or --printer.")
        self.call = call
        self.options = options
        self.site_folder = site_labels(call.vault.folder.state)
        self.training = bool(call.vault.site().training)
        self.setting: PrinterSetting | None = None
        self.target: Target | None = None
        self.on_paper: tuple[str, ...] = ()
        if options.preview:
            return
        if options.to is not None:
            _check_ending(options.to)
            self.target = Target(path=options.to, start=options.start)
        elif options.printer is not None:
            named = options.printer
            self.setting = None if ":" in named else find(call.vault.folder.state, named)
            printer = self.setting.printer if self.setting is not None else read_address(named)
            self.target = Target(
                printer=printer, start=options.start, pdf=self.setting is not None and self.setting.pdf
            )
        elif not sys.stdout.isatty():
            raise RequestError("Nothing says where the labels go.", "Give --to FILE, --printer PRINTER or --preview.")

    def layout(self, usual: str, kinds: tuple[str, ...]) -> Layout:
        """The layout that is asked for, else the printer's where it is of this kind, else the usual one."""
        from cryoledger.labels import load_layout

        if self.options.layout is None and self.setting is not None and self.setting.layout is not None:
            own = load_layout(self.setting.layout, self.site_folder)
            if own.kind in kinds:
                return own
        return load_layout(self.options.layout or usual, self.site_folder)

    def stock(self, layout: Layout) -> Stock:
        """The stock that is asked for, else the printer's, else the smallest that the layout fits, rolls first."""
        from cryoledger.labels import load_stock, smallest_stock

        name = self.options.stock or (self.setting.stock if self.setting is not None else None)
        if name is not None:
            return load_stock(name, self.site_folder)
        return smallest_stock(layout, self.site_folder)

    @cached_property
    def dpi(self) -> int:
        """The resolution that is asked for, else what the printer was entered with, else what it says, else 300."""
        from cryoledger.labels import resolution

        entered = self.setting.dpi if self.setting is not None else None
        return resolution(self.target.printer if self.target is not None else None, self.options.dpi or entered)

    def draw(self, contents: Sequence[LabelContent], layout: Layout, stock: Stock, *, progress: bool) -> list[Label]:
        """Every label, its symbols read back; a LabelError before any is printed."""
        from cryoledger.custody.labels.labelling import check_target
        from cryoledger.labels import NoRoomError, render_all, without_room

        if self.target is not None:
            check_target(self.target, stock)
        kept, self.on_paper = without_room(contents, layout, stock, self.dpi)
        larger = (
            ""
            if any("warnings" in text.data for text in layout.texts)
            else " The layout vial-38x19 has room for one sentence."
        )
        for said in self.on_paper:
            output.narrate(
                f"NOT on the label, for which {layout.name} has no room: {said}. "
                f"It must accompany the vials on paper.{larger}"
            )
        drawn: list[Label] = []
        try:
            with Bar() as bar:
                for label in render_all(kept, layout, stock, self.dpi, training=self.training):
                    drawn.append(label)
                    if progress:
                        bar.show("labels drawn", len(drawn), len(kept))
        except NoRoomError as error:
            self._name_larger(error, kept[len(drawn)], layout)
            raise
        return drawn

    def _name_larger(self, error: NoRoomError, content: LabelContent, layout: Layout) -> None:
        """Say which other layouts have room for a label that did not fit."""
        from cryoledger.labels import layouts_with_room

        found = [each for each in layouts_with_room(content, self.dpi, self.site_folder) if each[0] != layout.name]
        if found:
            named = ", ".join(f"--layout {name} ({stock})" for name, stock in found)
            error.advice = f"These have room: {named}."

    def show(self, labels: Sequence[Label], layout: Layout, stock: Stock) -> None:
        """Show the first labels here, as they would be printed."""
        from cryoledger.labels import preview

        if self.call.as_json:
            self.call.answer(self._told(labels, layout, stock), "")
            return
        colour = sys.stdout.isatty()
        for label in labels[:SHOWN_MOST]:
            output.raw(f"{label.code}\n{preview(label.bitmap, colour=colour)}\n".encode())
        if len(labels) > SHOWN_MOST:
            output.narrate(f"{len(labels) - SHOWN_MOST} labels more are not shown.")
        output.narrate(
            f"Layout {layout.name} on {stock.name}, {self.dpi} dpi. Nothing was printed or recorded: "
            "that takes --to or --printer."
        )

    def deliver(self, labels: Sequence[Label], stock: Stock, *, progress: bool) -> Delivered:
        """Write or send them."""
        from cryoledger.custody.labels.labelling import deliver

        assert self.target is not None
        with Bar() as bar:
            report = bar.of("labels printed")
            return deliver(labels, stock, self.target, (lambda done: report(done, len(labels))) if progress else None)

    def tell(
        self,
        labels: Sequence[Label],
        layout: Layout,
        stock: Stock,
        done: Delivered,
        entries: Sequence[int] | None = None,
    ) -> None:
        """Say what was printed and recorded; then raise what stopped the rest."""
        files = [str(path) for path in done.files]
        where = ", ".join(files) or self.options.printer or ""
        value = {
            **self._told(labels, layout, stock),
            "printed": done.labels,
            "confirmed": done.confirmed,
            "files": files,
            "printer": self.options.printer,
            "entries": list(entries) if entries is not None else None,
        }
        text = f"{done.labels} of {len(labels)} labels: {where}"
        if entries:
            text += f"; recorded in entr{'y' if len(entries) == 1 else 'ies'} {', '.join(map(str, entries))}"
        if done.labels or done.trouble is None:
            self.call.answer(value, text)
        if done.trouble is not None:
            raise done.trouble

    def _told(self, labels: Sequence[Label], layout: Layout, stock: Stock) -> dict[str, Any]:
        return {
            "labels": [label.code for label in labels],
            "layout": layout.name,
            "layout_sha256": layout.sha256,
            "stock": stock.name,
            "dpi": self.dpi,
            "on_paper": list(self.on_paper),
        }


def _check_ending(path: Path) -> None:
    from cryoledger.labels.files import SUFFIXES

    if path.suffix.lower() not in SUFFIXES:
        raise RequestError(f"{path.name!r} does not end with {', '.join(SUFFIXES)}.", "Choose one of these endings.")
