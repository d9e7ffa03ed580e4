"""The administrator's view: people and keys, stations, units, products, orders, and how the vault is looked after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryoledger.custody.backups import backup
from cryoledger.custody.station import printer_settings
from cryoledger.custody.vault import Vault, site_of
from cryoledger.database import queries, work_lists
from cryoledger.documents.card_words import centigrade, counted, limits
from cryoledger.documents.signatures import local_time
from cryoledger.domain import numbers
from cryoledger.domain.records import Person, Product, PublicKey, Specification, Station
from cryoledger.errors import CryoledgerError
from cryoledger.ledger.lines import encode_base64

if TYPE_CHECKING:
    from cryoledger.database.queries import UnitNode
    from cryoledger.database.store import Reading

LINES_MOST = 500


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person, the key that signs now, and since which entry."""

    name: str
    full_name: str
    roles: str
    badge: str
    key_id: str
    status: str
    wrong_pins: int
    enrolled: str


@dataclass(frozen=True, slots=True)
class StationLine:
    """A workstation, and who is signed in at it."""

    name: str
    key_id: str
    status: str
    person: str
    here: bool


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A storage unit in its place, so deep, and how full it is."""

    code: str
    depth: int
    name: str
    kind: str
    vials: int
    positions: int
    limit: str
    status: str
    holds_units: bool


@dataclass(frozen=True, slots=True)
class ProductLine:
    """The latest version of a product, with its limits."""

    code: str
    version: int
    name: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PrinterLine:
    """A printer of this station, and what it prints on."""

    name: str
    address: str
    labels: str


@dataclass(frozen=True, slots=True)
class Care:
    """What proves and keeps the vault."""

    origin: str
    fingerprint: str
    entries: int
    location: str
    zone: str
    idle_lock_minutes: int
    backup: str
    tested: str
    late: bool
    checkpoint: str = ""
    station: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Administration:
    """Everything on the administrator's screen."""

    people: tuple[PersonLine, ...] = ()
    keys: tuple[tuple[str, str, str, str], ...] = ()
    stations: tuple[StationLine, ...] = ()
    units: tuple[UnitLine, ...] = ()
    products: tuple[ProductLine, ...] = ()
    orders: tuple[tuple[str, str, str, str, str], ...] = ()
    printers: tuple[PrinterLine, ...] = ()
    care: Care | None = None


def read_administration(vault: Vault, now: Reading, *, units: bool = True) -> Administration:
    """Everything that an administrator looks after; without `units`, whose vials take time to count."""
    keys = {(row.name, row.key_id): row for row in now.facts.where(PublicKey)}
    return Administration(
        tuple(_person(row, keys) for row in now.facts.where(Person)),
        tuple(_key(row) for row in sorted(keys.values(), key=lambda row: (row.name, row.enrolled, row.kind))),
        tuple(_station(vault, row) for row in now.facts.where(Station)),
        tuple(_units(queries.freezers(now)) if units else ()),
        tuple(_products(now)), _orders(now), _printers(vault), _care(vault, now),
    )  # fmt: skip


def _person(row: Person, keys: dict[tuple[str, str], PublicKey]) -> PersonLine:
    key = keys.get((row.name, row.key_id))
    enrolled = f"entry {numbers.shown(key.enrolled)}" if key is not None else ""
    roles = row.roles.replace(",", ", ")
    return PersonLine(row.name, row.full_name, roles, row.badge, row.key_id, row.status, row.wrong_pins, enrolled)


def _key(row: PublicKey) -> tuple[str, str, str, str]:
    state = "in force" if row.revoked is None else f"revoked at entry {numbers.shown(row.revoked)}"
    return row.name, row.kind, row.key_id, f"from entry {numbers.shown(row.enrolled)}, {state}"


def _station(vault: Vault, row: Station) -> StationLine:
    return StationLine(row.name, row.key_id, row.status, row.person or "", row.name == vault.station)


def _units(nodes: tuple[UnitNode, ...]) -> list[UnitLine]:
    found: list[UnitLine] = []
    waiting = [(node, 0) for node in reversed(nodes)]
    while waiting and len(found) < LINES_MOST:
        node, depth = waiting.pop()
        unit, warmest = node.unit, node.unit.temperature_millicelsius_max
        limit = centigrade(warmest) if warmest is not None else ""
        told = (unit.code, depth, unit.name, unit.kind, node.vials, node.positions, limit, unit.status)
        found.append(UnitLine(*told, holds_units=not unit.rows and unit.status != "retired"))
        waiting += [(child, depth + 1) for child in reversed(node.children)]
    return found


def _products(now: Reading) -> list[ProductLine]:
    last: dict[str, Product] = {}
    for row in now.facts.where(Product):
        if row.code not in last or row.version > last[row.code].version:
            last[row.code] = row
    return [_product(now, row) for row in last.values()]


def _product(now: Reading, row: Product) -> ProductLine:
    tests = now.facts.where(Specification, product=row.code, version=row.version)
    facts = (
        ("storage", f"at most {centigrade(row.storage_millicelsius_max)}"),
        ("post-thaw window", f"{row.post_thaw_minutes} min"),
        ("out of storage", f"at most {row.out_of_storage_minutes} min"),
        ("label", row.label_layout),
        *((f"test {test.test}", limits(test)) for test in tests),
    )
    return ProductLine(row.code, row.version, row.name, facts)


def _orders(now: Reading) -> tuple[tuple[str, str, str, str, str], ...]:
    pairs = work_lists.order_lines(now, is_open=True) + work_lists.order_lines(now, is_open=False, limit=60)
    return tuple((order.code, order.patient, order.product, line.due_on, order.status) for order, line in pairs)


def _printers(vault: Vault) -> tuple[PrinterLine, ...]:
    try:
        known = printer_settings.printers(vault.folder.state)
    except CryoledgerError as error:
        return (PrinterLine("printers", str(error), ""),)
    return tuple(_printer(each) for each in known.values())


def _printer(each: printer_settings.PrinterSetting) -> PrinterLine:
    parts = [each.stock or "any stock", each.layout or "", f"{each.dpi} dpi" if each.dpi else ""]
    parts += ["as PDF"] if each.pdf else [] if each.asks else ["status not asked"]
    return PrinterLine(each.name, each.address, ", ".join(filter(None, parts)))


def _care(vault: Vault, now: Reading) -> Care:
    site, care, head = site_of(now), backup.care_in(vault, now), now.head()
    entries = sum(span.count for span in work_lists.ledger_spans(now))
    done = local_time(care.backup.at, site.zone) if care.backup is not None else "never"
    tested = local_time(care.tested.at, site.zone) if care.tested is not None else "never"
    if care.by_server:
        done = tested = "by the database server"
    return Care(
        head.origin if head is not None else "", encode_base64(vault.fingerprint), entries, str(vault.store.location),
        site.zone, site.idle_lock_seconds // 60, done, tested, care.late, _checkpoint(now, site.zone),
        (
            ("station", vault.station), ("vault", str(vault.store.location)),
            ("own folder", str(vault.folder.path)), ("idle lock", f"{site.idle_lock_seconds // 60} min"),
            ("rulebook", str(site.rulebook)), ("zone", site.zone),
            ("scanner", "F5 checks it: six codes of the sheet, judged as their keys arrive here"),
        ),
    )  # fmt: skip


def _checkpoint(now: Reading, zone: str) -> str:
    """The last checkpoint of the ledger that was kept, and how much of the ledger came after it."""
    kept = now.checkpoints()
    if not kept:
        return "none was made: `cryoledger checkpoint`"
    last = max(kept, key=lambda each: (each.epoch, each.size))
    head = now.head()
    after = head.sequence + 1 - last.size if head is not None and head.epoch == last.epoch else None
    since = f", {counted(after, 'entry')} since" if after is not None else ", of an earlier epoch"
    given = ", given out" if last.given else ""
    return f"{counted(last.size, 'entry')}, {local_time(last.at, zone)[:16]}{since}{given}"
