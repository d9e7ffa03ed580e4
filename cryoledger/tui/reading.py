"""Reads a `View` from a desk's vault: look-ups only, nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cryoledger.custody.backups import backup
from cryoledger.custody.station.set_back import unreconciled_text
from cryoledger.custody.vault import Vault, site_of
from cryoledger.database import queries
from cryoledger.domain import catalogue, numbers, times
from cryoledger.domain.records import Lot, Product, StorageUnit, Vial, VialPlacement
from cryoledger.domain.rulebook_1 import common as rules
from cryoledger.errors import CryoledgerError, Refusal
from cryoledger.tui.signing_reading import read_signing
from cryoledger.tui.storage_reading import Storage
from cryoledger.tui.view import Box, Card, Care, Field, Look, Out, Own, Tone, View
from cryoledger.tui.words import age_text, amount
from cryoledger.tui.work_reading import aimed_at, found_in, read_work

if TYPE_CHECKING:
    from cryoledger.custody.desk import Desk
    from cryoledger.custody.own_signatures import OwnSignatures
    from cryoledger.custody.workflow import Task
    from cryoledger.database.history import SignedEntry
    from cryoledger.database.store import Reading

_TONES: dict[str, Tone] = {"released": "good", "rejected": "bad", "conditionally released": "note"}
_LOOKS: dict[str, Look] = {"released": "released", "rejected": "rejected", "conditionally released": "conditional"}
_USABLE = ("released", "conditional")
_OUT = ("out", "issued")
OWN_MOST = 60


@dataclass(slots=True)
class Reader:
    """Keeps what was shown last, so that a scan which names nothing leaves the card and the map as they were."""

    vault: Vault
    subject: tuple[str, str] | None = None
    box: str | None = None
    station: str = ""
    storage: Storage = field(default_factory=Storage)

    def open(self, unit: str) -> None:
        """Show the inside of a unit, "" for what stands on its own: a level of the map, or a box."""
        with self.vault.store.reading() as now:
            row = now.facts.get(StorageUnit, unit) if unit else None
        is_box = row is not None and bool(row.rows)
        self.subject = ("unit", unit) if row is not None else None
        self.box, self.storage.inside = (unit, None) if is_box else (None, unit)

    def read(self, desk: Desk, subject: tuple[str, str] | None) -> View:
        """The view now; a thing that cannot be read is left out, and the rest is shown."""
        person = desk.person
        hidden = person is None or self.vault.signed_in is None
        if subject is not None:
            self.subject, self.storage.inside = subject, None
        self.station = self.station or self.vault.station
        with self.vault.store.reading() as now:
            at = times.text_of(self.vault.clock.now())
            site = site_of(now)
            box = None if hidden else self._box(now, at, desk.open_tasks)
            return View(
                origin=site.origin,
                training=bool(site.training),
                zone=site.zone,
                station=self.station,
                person=person.full_name if person is not None else "",
                roles=person.roles.replace(",", ", ") if person is not None else "",
                task=desk.task,
                hint=desk.hint,
                ask=desk.ask,
                hidden=hidden,
                card=None if hidden else self._card(now, at),
                box=box,
                level=self.storage.level(now, at) if box is None and not hidden else None,
                work=None if hidden else read_work(now, desk.open_tasks),
                out=() if hidden else _out(now),
                care=_care(self.vault, now, at),
                unreconciled=bool(unreconciled_text(now)),
                signing=read_signing(desk),
                own=None if hidden or desk.own is None else _own(desk.own),
            )

    def _card(self, now: Reading, at: str) -> Card | None:
        if self.subject is None:
            return None
        kind, code = self.subject
        if kind == "vial":
            vial = now.facts.get(Vial, code)
            return None if vial is None else _vial_card(now, vial, at)
        if kind == "unit":
            unit = now.facts.get(StorageUnit, code)
            return None if unit is None else _unit_card(now, unit)
        return Card(f"{kind} {code}")

    def _box(self, now: Reading, at: str, tasks: tuple[Task, ...]) -> Box | None:
        if self.storage.inside is not None:
            return None
        marked = None
        kind, code = self.subject or ("", "")
        vial = now.facts.get(Vial, code) if kind == "vial" else None
        if vial is not None and vial.unit is not None:
            self.box, marked = vial.unit, vial.position
        elif vial is not None and (stay := _last_stay(now, vial)) is not None:
            self.box, marked = stay.unit, stay.position
        elif kind == "unit":
            unit = now.facts.get(StorageUnit, code)
            self.box = code if unit is not None and unit.rows else self.box
            self.storage.inside = code if unit is not None and not unit.rows else None
        aim = aimed_at(now, tasks)
        if aim is not None and marked is None:
            self.box = aim[0]
        if self.box is None or self.storage.inside is not None:
            return None
        try:
            box = _box_map(now, self.box, marked, at)
        except CryoledgerError:
            return None
        if box is None:
            return None
        return replace(box, aim=aim[1] if aim and aim[0] == box.code else None, found=found_in(now, tasks, box.code))


def _own(signed: OwnSignatures) -> Own:
    rows = tuple(
        (numbers.shown(each.recorded.number), signed.local(each.recorded.recorded_at), _what(each), each.meaning)
        for each in signed.entries[:OWN_MOST]
    )
    return Own(signed.sentence, rows, signed.fresh)


def _care(vault: Vault, now: Reading, at: str) -> Care:
    care = backup.care_in(vault, now)
    if care.by_server:
        return Care()
    if care.backup is None:
        return Care("never backed up", care.late)
    tested = age_text(care.tested.at, at) if care.tested is not None else "never"
    return Care(f"backup {age_text(care.backup.at, at)}  tested {tested}", care.late)


def _what(signed: SignedEntry) -> str:
    """An entry's type and the first of the things that it is about."""
    codes = [thing.code for thing in catalogue.subjects(signed.recorded.event) if thing.touched]
    more = f" and {len(codes) - 1} more" if len(codes) > 1 else ""
    return f"{signed.recorded.type} {codes[0]}{more}" if codes else signed.recorded.type


def _vial_card(now: Reading, vial: Vial, at: str) -> Card:
    lot = now.facts.get(Lot, vial.lot)
    if lot is None:
        return Card(f"vial {vial.code}")
    product = now.facts.get(Product, lot.product, lot.version)
    fields = [
        Field("lot", f"{lot.code} · {lot.disposition}", _TONES.get(lot.disposition, "wait")),
        Field("custody", _whereabouts(now, vial), "good" if vial.custody == "stored" else "note"),
        Field("cells", f"{amount(vial.cells)} · passage {lot.passage} · {lot.bank}"),
        Field("expiry", lot.expiry_on, "bad" if lot.expires_at <= at else ""),
    ]
    if product is not None:
        fields.insert(1, Field("product", product.name))
    hold = _hold(now, vial, lot, at)
    if hold:
        fields.insert(0, Field("HELD", hold, "held"))
    if vial.order_code is not None:
        fields.append(Field("order", f"{vial.order_code} line {vial.order_line}", "note"))
    if vial.label != vial.code:
        fields.append(Field("label", vial.label))
    return Card(f"vial {vial.code}", tuple(fields))


def _whereabouts(now: Reading, vial: Vial) -> str:
    unit = now.facts.get(StorageUnit, vial.unit) if vial.unit is not None else None
    if unit is None or vial.position is None:
        return f"{vial.custody} · {vial.custodian or vial.custodian_kind}"
    return f"{vial.custody} · {unit.code} {label_of(unit, vial.position)}"


def label_of(unit: StorageUnit, position: int) -> str:
    """A position as it is written on the box."""
    from cryoledger.codes.position import label

    try:
        return label(unit.scheme, unit.rows, unit.columns, position)
    except CryoledgerError:
        return f"position {position + 1}"


def _hold(now: Reading, vial: Vial, lot: Lot, at: str) -> str:
    try:
        rules.not_held(now.facts, vial, lot, at)
    except Refusal as refusal:
        return refusal.message.partition(": ")[2] or refusal.message
    return ""


def _unit_card(now: Reading, unit: StorageUnit) -> Card:
    path = " > ".join(each.name or each.code for each in queries.path_of(now, unit.code)[:-1])
    fields = [Field("name", unit.name), Field("in", path or "the site"), Field("status", unit.status)]
    if unit.temperature_millicelsius_max is not None:
        fields.append(Field("limit", f"{unit.temperature_millicelsius_max / 1000:g} °C"))
    return Card(f"{unit.kind} {unit.code}", tuple(fields))


def _box_map(now: Reading, code: str, marked: int | None, at: str) -> Box | None:
    contents = queries.box(now, code)
    unit = contents.unit
    if not contents.positions:
        return None
    lots = {lot.code: _lot_look(lot, at) for lot in contents.lots.values()}
    of_lot: dict[str, bool] = {}
    looks: dict[int, Look] = {}
    for position, vial in contents.vials.items():
        lot = contents.lots.get(vial.lot)
        if lot is not None and vial.lot not in of_lot:
            of_lot[vial.lot] = bool(_hold(now, vial, lot, at))
        held = of_lot.get(vial.lot, False) or bool(rules.holds_on(now.facts, "vial", vial.code, at))
        look = "held" if held else lots.get(vial.lot, "quarantined")
        looks[position] = "reserved" if vial.order_code is not None and look in _USABLE else look
    path = " < ".join(each.name or each.code for each in reversed(queries.path_of(now, code)[:-1]))
    return Box(
        code, unit.name, path, unit.rows, unit.columns, unit.scheme, looks, marked,
        queries.next_free_position(now, code), _left(now, code, frozenset(looks)),
        vials={position: vial.code for position, vial in contents.vials.items()},
        above=unit.parent or "",
    )  # fmt: skip


def _lot_look(lot: Lot, at: str) -> Look:
    if lot.expires_at <= at:
        return "expired"
    return _LOOKS.get(lot.disposition, "quarantined")


def _left(now: Reading, box: str, taken: frozenset[int]) -> frozenset[int]:
    """The positions of a box whose vials are out."""
    found: set[int] = set()
    for custody in _OUT:
        for vial in now.facts.where(Vial, custody=custody):
            last = _last_stay(now, vial)
            if last is not None and last.unit == box and not _undone(now, last):
                found.add(last.position)
    return frozenset(found - taken)


def _undone(now: Reading, stay: VialPlacement) -> bool:
    """True where the vial went out because its storing was taken back: the position was never its own."""
    recorded = now.recorded(stay.ended)
    return recorded is not None and bool(getattr(recorded.event, "undoes", ()))


def _last_stay(now: Reading, vial: Vial) -> VialPlacement | None:
    stays = now.facts.where(VialPlacement, vial=vial.code)
    return max(stays, key=lambda stay: stay.ended, default=None)


def _out(now: Reading) -> tuple[Out, ...]:
    """Vials and units that are out of storage, the longest first."""
    found: list[Out] = []
    for custody in _OUT:
        for vial in now.facts.where(Vial, custody=custody):
            if vial.out_since is not None:
                limit = _limit(now, vial)
                found.append(Out(vial.code, vial.custodian, times.instant(vial.out_since), vial.exposed_ms, limit))
    for unit in now.facts.where(StorageUnit, status="out"):
        since = times.instant(unit.out_since or unit.since)
        found.append(Out(unit.code, unit.custodian or "", since, 0, None))
    return tuple(sorted(found, key=lambda out: (out.since, out.code)))


def _limit(now: Reading, vial: Vial) -> int | None:
    lot = now.facts.get(Lot, vial.lot)
    product = now.facts.get(Product, lot.product, lot.version) if lot is not None else None
    if product is None:
        return None
    return max(product.out_of_storage_minutes * 60_000, rules.accepted_exposure(now.facts, vial))
