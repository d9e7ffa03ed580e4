"""What the program says at a station, read off its sources: the sentences that a site translates.

`python -m tests.messages` writes the file that `cryoledger.manual.messages` finds them in. A template is a text of the
source, a literal or an f-string, cut into sentences; what it fills in stands as {1}, {2} ..., in order.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryoledger.codes import Command
from cryoledger.custody.workflow.entering import _label
from cryoledger.custody.workflow.forms import FORMS
from cryoledger.domain import catalogue
from cryoledger.domain.roles import Role
from cryoledger.labels.sheets import SCANNER_CHECKS
from cryoledger.manual.texts import TEXTS
from cryoledger.tui.desks.workplaces import WORKPLACES
from cryoledger.tui.themes import THEMES

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "cryoledger"
FILE = PACKAGE / "manual" / "messages.txt"

ROOMS: Final[dict[str, tuple[str, ...]]] = {
    "scans, tasks and signatures": (
        "custody/workflow", "custody/desk.py", "custody/dialogues.py", "custody/new_pins.py", "custody/scan_reading.py",
        "custody/own_signatures.py", "custody/session.py", "custody/registering.py", "custody/unit_grid.py",
        "custody/definitions.py", "custody/inviting.py", "cli/scan.py",
    ),
    "rules": ("domain/rulebook_1", "domain/wrong_fields.py"),
    "codes": ("codes",),
    "the screen": ("tui",),
    "the desks": ("tui/desks", "documents/excursions.py"),
    "the vault, keys and printers": (
        "custody/clock.py", "custody/people.py", "custody/record.py", "custody/vault.py", "custody/keys/keyring.py",
        "custody/keys/signing_process.py", "custody/keys/unlock.py", "custody/labels", "custody/station/set_back.py",
        "custody/station/printer_settings.py", "database/connections.py", "database/faults.py", "database/files.py",
        "labels",
    ),
}  # fmt: skip
"""Where each room's texts stand; a file belongs to the room that names it most closely."""
WHOLE: Final = frozenset({"the vault, keys and printers"})
"""Rooms whose sources hold much that nobody reads at a station: of them, whole sentences alone."""
LEFT_OUT: Final = ("tui/browser/", "labels/zpl.py", "labels/toml_file.py", "labels/layout.py")
STATES: Final = (
    "quarantined", "conditionally released", "in place", "in transit", "active", "open", "given", "refused", "present",
    "HOLD", "RECALL", "HELD", "free", "quarantine", "right",
)  # fmt: skip
"""States that no event of the catalogue names."""
COUNTED: Final = ("vial", "vials", "unit", "units", "box", "boxes", "dose", "doses")

_FIELD: Final = "\0"
_FOR_CODE: Final = frozenset({"RuntimeError", "AssertionError", "NotImplementedError", "TypeError", "KeyError"})
_UNSAID: Final = frozenset({"_LOG", "re", "Binding", "get_logger", "frozenset", "say"})
_NOTHING: Final = re.compile(r"[^A-Za-z]*(?:[a-z]|uL|mL)?[^A-Za-z]*")
_PROSE: Final = re.compile(r"[A-Za-z]{2}.* .*\S|\S.* .*[A-Za-z]{2}|[A-Za-z]{3,}[.!?]", re.DOTALL)
_BREAK: Final = re.compile(r"(?<=[^.][.!?]) +|(?<=[a-z0-9)\0][.!?])(?=\0(?: |$))|^\0 ?(?=[A-Z][a-z])")
"""Between sentences; a field that a sentence follows is one of its own, and so is one right behind its end."""
_FULL: Final = re.compile(r"[.!?]$|^[A-Z].*: \{[0-9]+\}$")
_CODE: Final = re.compile(r"[\n\r{}$]|^[a-z]+[./:_][a-z]|^ *[-#.]|def |^(?:not )?bold|^ reverse|^over |^0")


def messages() -> dict[str, list[str]]:
    """By room, every template once, in the order of the sources."""
    said = frozenset(TEXTS.values())
    found: dict[str, str] = dict.fromkeys(words(), "words")
    for path, room in _files().items():
        for text in _texts(ast.parse(path.read_text(encoding="utf-8"))):
            for template in templates(text):
                if template not in said and (room not in WHOLE or _FULL.search(template)):
                    found.setdefault(template, room)
    return {room: [each for each, of in found.items() if of == room] for room in (*ROOMS, "words")}


def words() -> list[str]:
    """What stands in fields of sentences and has a name of its own: roles, meanings, states, reasons, tasks, places."""
    found: dict[str, None] = dict.fromkeys(str(role) for role in Role)
    for each in catalogue.TYPES.values():
        found.update(dict.fromkeys(line.meaning for line in each.signing.lines))
        found.update(dict.fromkeys(sorted(each.before)))
        found.update(dict.fromkeys([each.after] if isinstance(each.after, str) else []))
        found.update(dict.fromkeys(_choices(catalogue.schema_of(each))))
    found.update(dict.fromkeys(_tasks()))
    found.update(dict.fromkeys(place.title for place in WORKPLACES))
    found.update(dict.fromkeys(str(command.value) for command in Command))
    found.update(dict.fromkeys(theme.title for theme in THEMES))
    found.update(dict.fromkeys(each.title for each in SCANNER_CHECKS))
    found.update(dict.fromkeys(_forms()))
    found.update(dict.fromkeys((*STATES, *(f"{{1}} {word}" for word in COUNTED))))
    return [word for word in found if re.search("[A-Za-z]{3}", word)]


def _forms() -> Iterator[str]:
    """What is signed of an act that is filled in: its title, and each answer behind its name."""
    for form in FORMS.values():
        yield f"{form.title}: {{1}}"
        yield from (f"{named} {{1}}" for blank in form.blanks if (named := _label(blank.field).strip()))


def _tasks() -> Iterator[str]:
    """What the tasks of the workflow are called: `word: ClassVar[str] = "store"`."""
    for path in sorted((PACKAGE / "custody" / "workflow").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "word" and node.value is not None:
                yield str(ast.literal_eval(node.value))


def _choices(schema: object) -> Iterator[str]:
    """What may be chosen from, however deep it stands in the schema of a payload."""
    if isinstance(schema, dict):
        yield from (each for each in schema.get("enum", ()) if isinstance(each, str))
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from _choices(part)


def templates(text: str) -> Iterator[str]:
    """The sentences of a text whose fields are marked, with the fields numbered."""
    if _CODE.search(text) or not _PROSE.search(text):
        return
    for part in _BREAK.split(text):
        sentence = part.strip(" ,;")
        if not _NOTHING.fullmatch(sentence.replace(_FIELD, "")) and not re.fullmatch("[a-z]+", sentence):
            sentence += f" {_FIELD}" if sentence.endswith(":") else ""  # a list is put behind it
            first, *others = sentence.split(_FIELD)
            yield first + "".join(f"{{{at}}}{part}" for at, part in enumerate(others, start=1))


def _files() -> dict[Path, str]:
    found: dict[Path, tuple[int, str]] = {}
    for room, places in ROOMS.items():
        for place in places:
            path = PACKAGE / place
            for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
                if not file.relative_to(PACKAGE).as_posix().startswith(LEFT_OUT):
                    found[file] = max(found.get(file, (0, "")), (len(place), room))
    return {file: room for file, (_, room) in found.items()}


def _texts(node: ast.AST) -> Iterator[str]:
    """Every text in a source that a person may read: no docstring, no pattern, nothing that only code meets."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Assert) or (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
            continue
        if isinstance(child, ast.Call) and _name(child.func) in _UNSAID | _FOR_CODE:
            continue
        if isinstance(child, ast.Constant):
            if isinstance(child.value, str):
                yield child.value
            continue
        if isinstance(child, ast.JoinedStr):
            yield "".join(each.value if isinstance(each, ast.Constant) else _FIELD for each in child.values)  # type: ignore[misc]
            yield from (text for each in child.values if isinstance(each, ast.FormattedValue) for text in _texts(each))
            continue
        yield from _texts(child)


def _name(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


if __name__ == "__main__":
    lines = [line for room, each in messages().items() for line in (f"# {room}", *each, "")]
    FILE.write_text("\n".join(lines), encoding="utf-8")
