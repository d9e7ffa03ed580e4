"""The auditor's view as a sheet: the ledger, the verification, a tree, a timeline, what was typed, who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryoledger.tui.desks.sheet import Cell, Column, Line, Row, Tab, Tone, heading, labelled, line
from cryoledger.tui.desks.timeline import LANES, WIDTH

if TYPE_CHECKING:
    from cryoledger.documents.telling import Told
    from cryoledger.tui.desks.audit import EntryLine, EntryShown, Ledger, Node, Signer
    from cryoledger.tui.desks.timeline import Stair

_ENTRIES: Final = (
    Column("entry", 9), Column("recorded", 19), Column("type", 24), Column("marks", 10, wide=True),
    Column("signed by", 24, wide=True), Column("what"),
)  # fmt: skip
_STORY: Final = (
    Column("when", 19), Column("entry", 7), Column("type", 24), Column("what"), Column("signed by", 30, wide=True)
)  # fmt: skip
_STAIR: Final = (
    Column("when", 16), Column(" ".join(LANES), WIDTH), Column("custody", 12), Column("lasted", 7), Column("signed by"),
    Column("entry", 7, wide=True), Column("what", 40, wide=True),
)  # fmt: skip
_CUSTODY: Final[dict[str, Tone]] = {
    "stored": "good", "out": "wait", "issued": "wait", "in_transit": "wait", "missing": "bad", "thawed": "note",
    "prepared": "note", "administered": "strong", "discarded": "bad",
}  # fmt: skip
_SIGNERS: Final = (
    Column("name", 16), Column("printed name", 22), Column("entries", 10), Column("status", 8), Column("roles")
)  # fmt: skip
_KINDS: Final[dict[str, Tone]] = {"patient": "note", "dose": "note", "donor": "strong", "lot": "strong"}


def ledger_tab(ledger: Ledger, page: list[EntryLine], first: int) -> Tab:
    """The whole ledger, of which a page is read."""
    rows = tuple(map(_entry, page))
    return Tab("Ledger", _ENTRIES, rows, "The ledger is empty.", (), False, first, ledger.count)


def typed_tab(lines: tuple[EntryLine, ...]) -> Tab:
    """What was typed instead of scanned."""
    return Tab("Typed", _ENTRIES, tuple(map(_entry, lines)), "Nothing was typed among the last entries.")


def signers_tab(signers: tuple[Signer, ...]) -> Tab:
    """Who signed how much."""
    rows = tuple(
        Row(each.name, (
            Cell(each.name, "strong"), Cell(each.full_name), Cell(str(each.count)),
            Cell(each.status, "" if each.status in ("active", "") else "bad"), Cell(each.roles, "quiet"),
        ))
        for each in signers
    )  # fmt: skip
    return Tab("Who did what", _SIGNERS, rows)


def tree_tab(nodes: tuple[Node, ...], why: str) -> Tab:
    """The chain of the thing that was scanned last, as a tree."""
    branches = _branches([node.depth for node in nodes])
    rows = tuple(_node(at, node, branch) for at, (node, branch) in enumerate(zip(nodes, branches, strict=True)))
    return Tab("Trace", (Column("from donor to patient"),), rows, why)


def _branches(depths: list[int]) -> list[str]:
    """The lines before each node of a tree that is listed from the top down."""
    found: list[str] = []
    going_on: set[int] = set()  # levels at which another node follows below
    for depth in reversed(depths):
        stems = "".join("│  " if level in going_on else "   " for level in range(1, depth))
        found.append("" if not depth else f"{stems}{'├─ ' if depth in going_on else '└─ '}")
        going_on = {level for level in going_on if level < depth} | {depth}
    return found[::-1]


def vial_tab(stairs: tuple[Stair, ...]) -> Tab:
    """A vial's custody as a stair from the freezer to its end."""
    rows = tuple(
        Row(each.told.entry, (
            Cell(each.told.occurred_local[:16], "quiet"), Cell(each.picture, "wait" if each.warm else "strong"),
            Cell(each.custody, _CUSTODY.get(each.custody, "")), Cell(each.lasted, "wait" if each.warm else "quiet"),
            Cell(each.told.type if not each.custody else _by(each.told), "quiet"), Cell(each.told.entry, "quiet"),
            Cell(each.told.details, "quiet"),
        ))
        for each in stairs
    )  # fmt: skip
    return Tab("Timeline", _STAIR, rows)


def _by(told: Told) -> str:
    return ", ".join(each.full_name for each in told.signatures)


def timeline_tab(story: tuple[Told, ...], why: str) -> Tab:
    """The story of the thing that was scanned last."""
    rows = tuple(
        Row(told.entry, (
            Cell(told.occurred_local[:19]), Cell(told.entry, "quiet"), Cell(told.type, "strong"),
            Cell(" ".join((told.details, *(f"[{mark}]" for mark in told.marks))), "wait" if told.marks else ""),
            Cell(", ".join(f"{each.full_name} ({each.meaning})" for each in told.signatures), "quiet"),
        ))
        for told in story
    )  # fmt: skip
    return Tab("Timeline", _STORY, rows, why)


def _entry(row: EntryLine) -> Row:
    tone: Tone = "bad" if row.damaged else ""
    return Row(row.entry, (
        Cell(row.entry, "strong"), Cell(row.at, "quiet"), Cell(row.type, tone), Cell(row.marks, "wait"),
        Cell(row.signers, "note"), Cell(row.what, tone or "quiet"),
    ))  # fmt: skip


def _node(at: int, node: Node, branch: str) -> Row:
    tone: Tone = "quiet" if node.again or node.thing is None else _KINDS.get(node.thing.kind, "")
    mark = "   ◀ asked for" if node.asked else "   (see above)" if node.again else ""
    return Row(str(at), (Cell(f"{branch}{node.text}{mark}", "wait" if node.asked else tone),))


def entry_detail(shown: EntryShown | None) -> tuple[Line, ...]:
    """One entry as the signed note that it is."""
    if shown is None:
        return ()
    lines = [line(f"Entry {shown.entry}  {shown.type}", "strong"), line(shown.help, "quiet")]
    lines += [
        Line((Cell(f"{each.meaning:<13} ", "note"), Cell(f"{each.full_name} ({each.name})", "strong")))
        for each in shown.signatures
    ]
    lines += [labelled("recorded", shown.recorded, width=13), labelled("occurred", shown.occurred, width=13)]
    lines += [labelled("leaf hash", shown.leaf_hash, width=13), line(""), heading("The signed note")]
    lines += [line(text, "quiet" if text.startswith("— ") else "") for text in shown.note]
    return tuple(lines)


def told_detail(told: Told | None) -> tuple[Line, ...]:
    """One entry of a story."""
    if told is None:
        return ()
    lines = [line(f"Entry {told.entry}  {told.type}", "strong"), line(told.sentence, "quiet"), line(told.details)]
    lines += [line(mark, "wait") for mark in told.marks]
    lines += [line(f"signed by {each}", "note") for each in told.signatures]
    return tuple(lines)


def signed_detail(name: str, lines: tuple[EntryLine, ...]) -> tuple[Line, ...]:
    """What somebody signed last."""
    head = line(f"{name} signed last", "strong")
    return (head, *(
        Line((Cell(f"{each.entry:>8} {each.at}  ", "quiet"), Cell(f"{each.type}  "), Cell(each.what, "quiet")))
        for each in lines
    ))  # fmt: skip
