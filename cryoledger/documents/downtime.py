"""What a laboratory needs to work on paper: where everything lies, what is to be fetched, and forms to write on.

pages_of(reading, now).text()
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cryoledger.custody.paper_acts import ACTS
from cryoledger.custody.workflow.look import in_place_order, place_text
from cryoledger.custody.workflow.picking import to_pick
from cryoledger.database import queries
from cryoledger.database.queries import UnitNode
from cryoledger.database.store import Reading
from cryoledger.documents.box_map import LEGEND, BoxMap, box_map
from cryoledger.documents.pages import Block, Cell, Document, Grid, Page, Table, Words, stamp_of
from cryoledger.documents.signatures import local_time, printed_name, zone_of
from cryoledger.documents.whereabouts import of_vial
from cryoledger.domain.records import Order, StorageUnit, Vial

__all__ = ["pages_of"]

TITLE: Final = "Downtime pages"
ROWS: Final = 30
FORM_ROWS: Final = 16
FORM_HEADS: Final = ("time", "act", "vial (or unit)", "from", "to: box", "position", "reason", "who", "signature")
FORM_WEIGHTS: Final = (13, 10, 16, 16, 12, 8, 12, 14, 15)


def pages_of(reading: Reading, now: str, *, unit: str | None = None, forms: int = 4) -> Document:
    """The pages as of an instant: a cover, what is out, open pick lists, every box, blank forms.

    With `unit` only the boxes inside it. RequestError where there is no such unit.
    """
    stamp = stamp_of(reading, now)
    maps = [box_map(reading, code, now) for code in _boxes(reading, unit)]
    out = _out_pages(reading)
    picks = [page for order in _open_orders(reading) for page in _pick_pages(reading, order)]
    boxes = [_box_page(drawn) for drawn in maps]
    blank = [_form_page(number, forms) for number in range(1, forms + 1)]
    counts = {
        "boxes": len(boxes),
        "vials": sum(drawn.filled for drawn in maps),
        "pick_lists": len({page.title for page in picks}),
        "forms": forms,
    }
    cover = _cover(counts, stamp.printed)
    return Document(TITLE, stamp, (cover, *out, *picks, *boxes, *blank), counts)


def _cover(counts: dict[str, int], printed: str) -> Page:
    marks = ", ".join(f"{mark.letter} {mark.word}" for mark in LEGEND)
    boxes, lists, blank = counts["boxes"], counts["pick_lists"], counts["forms"]
    words = (
        f"As of {printed}: {boxes} boxes with {counts['vials']} vials, {lists} open pick lists, {blank} blank forms.",
        "",
        "While the station is down:",
        "  1. Write every act on a form at once, one line each, with the time, the code as on the label, and sign it.",
        "  2. Take only what is marked R, C or O. H, Q, E and X stay where they are: they cannot be used.",
        "  3. Strike out a vial on its box map when it leaves, and write it in when it comes.",
        "  4. Nothing is given to a patient on paper alone: the bedside check needs the station.",
        "",
        "When it runs again:",
        "  5. Type the forms into a table: `cryoledger downtime template > forms.csv`.",
        "  6. `cryoledger downtime enter forms.csv --dry-run --as NAME --with NAME`, then without --dry-run.",
        "  7. Check the boxes that it names, and file these pages with the paper log.",
        "",
        f"Letters on the maps: {marks}.",
    )
    acts = tuple((word, kind.help) for word, kind in ACTS.items())
    return Page(TITLE, (Words(words), Table(("act", "what it is"), acts, (1, 5))))


def _boxes(reading: Reading, unit: str | None) -> list[str]:
    """Every box in use, as one walks past them; of one unit, those inside it."""
    forest = queries.freezers(reading)
    if unit is None:
        return [code for node in forest for code in _in_node(node)]
    queries.path_of(reading, unit)  # refuses what is no unit
    return [code for node in _find(forest, unit) for code in _in_node(node)]


def _find(nodes: Sequence[UnitNode], unit: str) -> Iterator[UnitNode]:
    for node in nodes:
        if node.unit.code == unit:
            yield node
        else:
            yield from _find(node.children, unit)


def _in_node(node: UnitNode) -> Iterator[str]:
    if node.unit.rows:
        yield node.unit.code
    for child in node.children:
        yield from _in_node(child)


def _box_page(drawn: BoxMap) -> Page:
    above, left = drawn.heads()
    rows = tuple(
        tuple(
            Cell(cell.label, cell.mark.letter, cell.vial.code, cell.vial.lot)
            if cell.vial is not None
            else Cell(cell.label, cell.mark.letter)
            for cell in row
        )
        for row in drawn.rows
    )
    legend = "   ".join(f"{mark.letter} {mark.word}: {count}" for mark, count in drawn.legend())
    return Page(drawn.title, (Grid(above, left, rows), Words((legend,))))


def _out_pages(reading: Reading) -> list[Page]:
    """What was out of storage when this was printed, and with whom."""
    zone, rows = zone_of(reading), []
    for custody in ("out", "issued", "thawed", "in_transit", "missing"):
        for vial in reading.facts.where(Vial, custody=custody):
            since = local_time(vial.since, zone, seconds=False).rsplit(" ", 2)[0]
            rows.append((f"vial {vial.code}", custody.replace("_", " "), of_vial(reading, vial), since,
                         vial.order_code or ""))  # fmt: skip
    for unit in reading.facts.where(StorageUnit, status="out"):
        since = local_time(unit.since, zone, seconds=False).rsplit(" ", 2)[0]
        holder = printed_name(reading, unit.custodian) if unit.custodian else ""
        rows.append((f"{unit.kind} {unit.code}", "out", f"with {holder}", since, ""))
    heads, weights = ("what", "state", "where", "since", "order"), (20, 10, 30, 16, 16)
    return _tables("Not in its place when this was printed", heads, rows, weights)


def _open_orders(reading: Reading) -> list[Order]:
    return reading.facts.where(Order, status="open")


def _pick_pages(reading: Reading, order: Order) -> list[Page]:
    """What is still to be fetched for an order, in the order in which one walks past it."""
    wanted = to_pick(reading.facts, order.code)
    rows = [
        (str(number), place_text(reading.facts, vial.unit or "", vial.position), vial.code, vial.lot,
         f"line {vial.order_line}", "")
        for number, vial in enumerate(in_place_order(reading.facts, wanted), start=1)
    ]  # fmt: skip
    title = f"Pick list: order {order.code}, patient {order.patient}, {order.product}"
    heads, weights = ("no", "place", "vial", "lot", "for", "found (time, initials)"), (4, 34, 18, 16, 8, 22)
    return _tables(title, heads, rows, weights, by_hand=True)


def _tables(
    title: str,
    heads: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    weights: tuple[int, ...],
    *,
    by_hand: bool = False,
) -> list[Page]:
    """Rows over as many pages as they need; none where there are none."""
    each = FORM_ROWS if by_hand else ROWS
    parts = [tuple(rows[at : at + each]) for at in range(0, len(rows), each)]
    more = [f" ({number} of {len(parts)})" if len(parts) > 1 else "" for number in range(1, len(parts) + 1)]
    return [
        Page(f"{title}{part}", (Table(heads, table, weights, by_hand=by_hand),))
        for part, table in zip(more, parts, strict=True)
    ]


def _form_page(number: int, total: int) -> Page:
    empty = tuple(("",) * len(FORM_HEADS) for _ in range(FORM_ROWS))
    blocks: tuple[Block, ...] = (
        Words((f"Acts: {', '.join(ACTS)}. Date: ____________    Station: ____________________",)),
        Table(FORM_HEADS, empty, FORM_WEIGHTS, by_hand=True),
        Words(("Entered by: ______________________   compared by: ______________________   as entries: ____________",)),
    )
    return Page(f"Custody form {number} of {total}", blocks)
