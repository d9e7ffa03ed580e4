"""Commands that show the raw ledger, its reference, and what codes say."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from cryoledger.cli import exit_codes, output
from cryoledger.cli.call import Call
from cryoledger.cli.declare import group, look
from cryoledger.cli.teaching import AUDITOR, TECHNICIAN
from cryoledger.cli.words import Entry
from cryoledger.errors import RequestError, StationError

if TYPE_CHECKING:
    from cryoledger.codes import CodeScheme, Description
    from cryoledger.domain.declare import EventType

__all__ = ["codes", "manual", "register"]

codes = group()
manual = group()

First = Annotated[int, typer.Option("--from", metavar="N", min=0, help="The first entry.")]
Last = Annotated[int | None, typer.Option("--to", metavar="M", min=0, help="The last entry.")]
SCAN_MAX = 64 * 1024


def register(app: typer.Typer) -> None:
    """Enter the commands that stand alone."""
    look(app, "entries", example="cryoledger entries --from 40 --to 52 --json", panel=AUDITOR)(entries)
    look(app, "note", example="cryoledger note 42", panel=AUDITOR)(note)
    look(app, "commands", example="cryoledger commands --json", panel=TECHNICIAN)(commands)


def entries(call: Call, first: First = 0, last: Last = None) -> int:
    """Write the raw signed notes as they lie in the ledger, an empty line between; with --json an object a line."""
    from cryoledger.domain import numbers

    highest, count = 2**53 - 1, 0
    if last is not None and last < first:
        raise RequestError(f"--to {last} lies before --from {first}.", "Give the lower number first.")
    with call.reading() as reading:
        for stored in reading.entries(min(first, highest), None if last is None else min(last, highest)):
            count += 1
            if call.as_json:
                told = {
                    "epoch": stored.epoch,
                    "sequence": stored.sequence,
                    "note": stored.note.decode(),
                    "leaf_hash": base64.b64encode(stored.leaf_hash).decode(),
                }
                output.data(output.json_text(told, indent=None))
            else:
                output.raw(stored.note + b"\n")
        head = reading.head()
    if count:
        return exit_codes.OK
    where = f"the last is {numbers.shown(head.number)}" if head is not None else "the vault has none"
    output.narrate(f"There is no entry from {first} on: {where}.")
    return exit_codes.FINDINGS


def note(call: Call, number: Entry) -> int:
    """Write the note or file that was kept with an entry; exit 1 where there is none, or it was erased."""
    from cryoledger.custody.identities import narrative

    with call.reading() as reading:
        recorded = reading.recorded(number) if number < 2**53 else None
    document = recorded.event.document if recorded is not None else None
    content = narrative.read(call.vault, document) if document is not None else None
    if content is None:
        output.narrate(f"Entry {number} has no note, or it was erased.")
        return exit_codes.FINDINGS
    if call.as_json:
        output.data(output.json_text({"number": number, "content": base64.b64encode(content).decode()}))
    else:
        output.raw(content)
    return exit_codes.OK


def commands(call: Call) -> None:
    """List the command barcodes and what each does."""
    from cryoledger.codes import Command

    rows = [{"code": each.barcode, "command": each.value, "help": each.help} for each in Command]
    call.answer(rows, lambda: output.table(("code", "command", "does"), [list(row.values()) for row in rows]))


@look(codes, "read", example="printf 'BKV000001W\\n' | cryoledger codes read --json")
def read(
    call: Call,
    prefix: Annotated[
        str, typer.Option("--prefix", help="The site's prefix; without it any site's codes are local.")
    ] = "",
    scheme: Annotated[
        str | None,
        typer.Option("--scheme", help="Read as this and nothing else: isbt128, gs1, sec, local; proves a label."),
    ] = None,
) -> int:
    """Say what each line of stdin, as scanned, is; exit 1 where one cannot be read. Opens no vault."""
    from cryoledger.codes import describe
    from cryoledger.custody.labels.product_names import names

    only = _scheme(scheme)
    bad, products = False, names()
    while line := sys.stdin.buffer.readline(SCAN_MAX):
        # A byte that is no UTF-8 becomes a character that no code has, and is refused as such.
        text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
        said = describe(text, prefix, only)
        said["scan"] = line.decode("utf-8", "replace").rstrip("\r\n")
        if (name := products.get(str(said["fields"].get("pdc")))) is not None:
            said["fields"]["product_name"] = name
        problem = said["error"]
        bad |= problem is not None
        if call.as_json:
            output.data(output.json_text(said, indent=None))
        elif problem is not None:
            where = "" if problem["at"] is None else f" at character {problem['at'] + 1}"
            output.data(f"{text[:80]}  error{where}  {problem['message']} {problem['advice']}".rstrip())
        else:
            output.data(
                f"{text[:80]}  {said['kind'] or 'kind not in the code'}  {said['scheme'] or ''}  {_fields(said)}"
            )
        output.flush()
    return exit_codes.FINDINGS if bad else exit_codes.OK


def _fields(said: Description) -> str:
    """The fields in a line for people, without what the scan or its printed form says already."""
    fields = said["fields"]
    told = {"elements"} if "hri" in fields else set()
    told |= {name for name in fields if name.isdigit()} if "hri" in fields else set()
    told |= {"code"} if fields.get("code") == said["scan"] and len(fields) > 1 else set()
    return ", ".join(f"{name.replace('_', ' ')} {_shown(fields[name])}" for name in fields if name not in told)


def _shown(value: object) -> str:
    """A field for people: the structures of a message one after the other, yes and no in words."""
    if isinstance(value, list):
        return "; ".join(" ".join(map(str, each.values())) for each in value)
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _scheme(text: str | None) -> CodeScheme | None:
    from cryoledger.codes import CodeScheme

    for each in get_args(CodeScheme):
        if each == text:
            scheme: CodeScheme = each
            return scheme
    if text is not None:
        raise RequestError(f"There is no scheme {text[:20]!r}.", f"Use {', '.join(get_args(CodeScheme))}.")
    return None


@look(codes, "import", example="cryoledger codes import products.csv")
def import_products(
    call: Call, file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file: code, name.")]
) -> None:
    """Import your site's own table of ISBT 128 products, whose names `codes read` then tells; none is shipped."""
    from cryoledger.cli.typed import read_bytes
    from cryoledger.custody.labels.product_names import BYTES_MAX, import_names

    count = import_names(read_bytes(file, BYTES_MAX), file.name)
    call.answer({"products": count}, f"{count} product names are imported at this station.")


@look(manual, "show", example="cryoledger manual show pick-list")
def page(
    call: Call, name: Annotated[str, typer.Argument(metavar="PAGE", help="A page of `cryoledger manual list`.")]
) -> None:
    """Print a page of the manual as Markdown, with the keys of this station; on the screen, F1 opens it."""
    from cryoledger import manual as pages
    from cryoledger.custody.station.station_folder import default_config_folder
    from cryoledger.manual.keymap import read_keys

    pages.use_pages(default_config_folder())
    found = pages.page(name)
    text = found.text(read_keys(default_config_folder())).rstrip()
    call.answer({"name": found.name, "title": found.title, "text": text}, text)


@look(manual, "list", example="cryoledger manual list")
def list_pages(call: Call) -> None:
    """List the pages of the manual: one for each screen, and one for each role's day."""
    from cryoledger import manual as pages
    from cryoledger.custody.station.station_folder import default_config_folder

    pages.use_pages(default_config_folder())
    rows = [{"page": each.name, "title": each.title} for each in pages.pages()]
    call.answer(rows, lambda: output.table(("page", "title"), [list(row.values()) for row in rows]))


@look(manual, "keys-file", example="cryoledger manual keys-file")
def keys_file(call: Call) -> None:
    """Print a file that gives keys of the screen other places, to begin with, and say where it belongs."""
    from cryoledger.custody.station.station_folder import default_config_folder
    from cryoledger.manual.keymap import FILE, template

    path, text = default_config_folder() / FILE, template()
    call.answer({"path": str(path), "text": text}, text)
    output.narrate(f"It belongs to {path}; the screen reads it when it opens.")


@look(manual, "texts-file", example="cryoledger manual texts-file")
def texts_file(call: Call) -> None:
    """Print a file with all that the screen says, to be translated, and say where it belongs.

    What this station has translated already stands in it as it is; what is left begins with #.
    """
    from cryoledger.custody.station.station_folder import default_config_folder
    from cryoledger.manual.texts_file import FILE, read_texts, template

    folder = default_config_folder()
    path, text = folder / FILE, template(read_texts(folder))
    call.answer({"path": str(path), "text": text}, text)
    output.narrate(f"It belongs to {path}; the screen reads it when it opens.")


@look(manual, "texts-check", example="cryoledger manual texts-check texts.toml")
def texts_check(
    call: Call, file: Annotated[Path | None, typer.Argument(help="The file; else this station's own.")] = None
) -> int:
    """Check a translation of the screen: what is wrong in it, and how much of each part is translated."""
    from cryoledger.custody.station.station_folder import default_config_folder
    from cryoledger.manual.texts_file import FILE, review

    path = file or default_config_folder() / FILE
    if not path.is_file():
        raise StationError(f"There is no file {path}.", "Make one: `cryoledger manual texts-file`.")
    found = review(path)
    rows = [(room.name, room.count, room.count - len(room.missing)) for room in found.rooms]
    parts = [{"part": room.name, "texts": room.count, "missing": list(room.missing)} for room in found.rooms]
    call.answer(
        {"path": str(path), "parts": parts, "wrong": found.wrong, "unsaid": found.unsaid},
        lambda: output.table(("part", "texts", "translated"), rows),
    )
    done, count = sum(row[2] for row in rows), sum(row[1] for row in rows)
    output.narrate(f"{done} of {count} texts are translated; the others are shown in English.")
    for each in found.unsaid:
        output.narrate(f"This version does not say this, and its translation is left aside: {each}")
    for each in found.wrong:
        output.narrate(f"Wrong: {each}.")
    return exit_codes.FINDINGS if found.wrong else exit_codes.OK


@look(manual, "events", example="cryoledger manual events LotReleased")
def events(
    call: Call, name: Annotated[str | None, typer.Argument(metavar="EVENT", help="One event; else all.")] = None
) -> None:
    """Write the reference of events: what each says, who signs it with which meaning, and its fields."""
    from cryoledger.domain import catalogue

    chosen = [catalogue.of(name)] if name else list(catalogue.TYPES.values())
    told = [
        {
            "name": each.name,
            "schema": each.schema,
            "help": each.help,
            "signed": each.signing.kind.value,
            "signers": [
                {"meaning": line.meaning, "roles": sorted(line.roles), "optional": line.optional}
                for line in each.signing.lines
            ],
            "from": sorted(each.before),
            "to": each.after,
            "proposable": each.proposable,
            "data": catalogue.schema_of(each),
        }
        for each in chosen
    ]
    call.answer(told, lambda: "\n\n".join(_reference(each) for each in chosen))


@look(manual, "exit-codes", example="cryoledger manual exit-codes")
def exit_code_list(call: Call) -> None:
    """List the exit codes of the program and what each means."""
    rows = [{"code": code, "meaning": meaning} for code, meaning in exit_codes.MEANINGS.items()]
    call.answer(rows, lambda: output.table(("code", "meaning"), [list(row.values()) for row in rows]))


def _reference(event: EventType) -> str:
    from cryoledger.domain import catalogue

    lines = [event.name, *(f"  {line.strip()}" for line in event.help.splitlines() if line.strip())]
    lines.append(f"  signed: {event.signing.kind.value}")
    for line in event.signing.lines:
        who = " or ".join(sorted(line.roles)) or (f"the key in {line.key_of}" if line.key_of else "the station")
        lines.append(f"    {line.meaning}: {who}{' (may be absent)' if line.optional else ''}")
    if event.before or event.after:
        lines.append(f"  custody: {' or '.join(sorted(event.before)) or 'nothing'} -> {event.after}")
    schema = catalogue.schema_of(event)
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        lines.append(f"  {name}{'' if name in required else ' (optional)'}: {_field(field)}")
    return "\n".join(lines)


def _field(field: dict[str, object]) -> str:
    for key in ("enum", "anyOf", "allOf"):
        parts = field.get(key)
        if isinstance(parts, list):
            shown = [_field(part) if isinstance(part, dict) else str(part) for part in parts]
            return " | ".join(shown)
    if field.get("type") == "array" and isinstance(field.get("items"), dict):
        return f"list of {_field(field['items'])}"  # type: ignore[arg-type]
    reference = field.get("$ref")
    return str(reference).rsplit("/", 1)[-1] if reference else str(field.get("format") or field.get("type") or "const")
