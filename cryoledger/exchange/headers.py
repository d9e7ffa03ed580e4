"""Which column holds what, guessed from its header in the languages of laboratories that we know.

A header counts as known where it is in the list below, whatever its case, accents, punctuation and unit in brackets;
one that is merely close (a slip of the pen) is taken too, and said to be so.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryoledger.errors import RequestError
from cryoledger.exchange.column_map import KINDS, ColumnMap

__all__ = ["Columns", "find_columns", "normal"]

CLOSE = 0.88
HEADER_AMONG = 20
KNOWN_LEAST = 3

_WORDS: dict[str, str] = {
    "barcode": "vial barcode, barcode, bar code, vial code, vial id, vial, vial number, tube barcode, tube id, tube"
    " code, cryovial, cryovial id, sample barcode, sample id, container id, 2d barcode, strichcode,"
    " röhrchen, kryoröhrchen, röhrchencode, probenröhrchen, probe, kryovial, vialnummer, code barres, code"
    " barre, code à barres, numéro de tube, tube, identifiant du tube, código de barras, codigo vial,"
    " código del vial, id vial, criovial, tubo, บาร์โค้ด, รหัสหลอด, หลอด",
    "position": "position, pos, slot, well, cell position, box position, position in box, place, platz, stellplatz,"
    " boxposition, position boîte, emplacement, place dans la boîte, posición, posición en caja,"
    " ubicación, ตำแหน่ง, ช่อง",
    "lot": "lot, lot number, lot no, lot id, batch, batch number, batch no, charge, chargennummer, charge nr,"
    " los, losnummer, numéro de lot, lot n, lote, número de lote, nº lote, ล็อต, ล็อตที่, หมายเลขล็อต,"
    " รุ่นการผลิต",
    "product": "product, product code, product id, cell type, cell line, material, produkt, produktcode, zelltyp,"
    " produit, code produit, type cellulaire, producto, código producto, tipo celular, ผลิตภัณฑ์,"
    " ชนิดเซลล์",
    "donor": "donor, donor id, donor code, donor number, donor no, spender, spender id, spendernummer,"
    " spendercode, donneur, donneuse, code donneur, identifiant donneur, donante, id donante, código"
    " donante, ผู้บริจาค, รหัสผู้บริจาค",
    "donation": "donation, donation id, donation number, din, donation identification number, collection id, spende,"
    " spendenummer, don, numéro de don, donación, número de donación, การบริจาค",
    "tissue": "tissue, tissue source, tissue type, source, source tissue, origin, gewebe, gewebeart, herkunft,"
    " tissu, source tissulaire, tejido, fuente, origen, เนื้อเยื่อ, แหล่งที่มา",
    "collected_on": "collected on, collection date, donation date, date collected, entnahmedatum, spendedatum, date de"
    " prélèvement, date de collecte, fecha de donación, fecha de recolección, วันที่เก็บ",
    "passage": "passage, passage number, passage no, p, pn, passagenummer, passage nr, numéro de passage, pasaje,"
    " número de pasaje, pase, พาสเสจ, รอบการเพาะ",
    "cells": "cells per vial, cells, cell count, cells vial, viable cells, number of cells, total cells, cell"
    " number, zellen, zellen pro röhrchen, zellen pro vial, zellzahl, cellules, cellules par tube, nombre"
    " de cellules, células, células por vial, número de células, จำนวนเซลล์, เซลล์ต่อหลอด",
    "volume": "volume, volume per vial, vial volume, vol, fill volume, volumen, füllvolumen, volume par tube,"
    " volumen por vial, ปริมาตร",
    "cryoprotectant": "cryoprotectant, cryomedium, freezing medium, cryopreservation medium, medium,"
    " cryoprotective agent, einfriermedium, kryoprotektor, gefrierschutzmittel, kryomedium, cryoprotecteur, milieu de"
    " congélation, crioprotector, medio de congelación, medio de criopreservación, สารป้องกันการแข็งตัว,"
    " น้ำยาแช่แข็ง",
    "filled_on": "date frozen, frozen, frozen on, freeze date, freezing date, date of freezing, cryopreservation date,"
    " fill date, filled on, freeze down date, einfrierdatum, eingefroren am, eingefroren,"
    " kryokonservierung, date de congélation, congelé le, date congélation, fecha de congelación, fecha"
    " congelación, congelado, วันที่แช่แข็ง",
    "expiry_on": "expiry, expiry date, expiration, expiration date, exp, exp date, expires, expires on, use by,"
    " verfall, verfalldatum, verfallsdatum, ablaufdatum, haltbar bis, verwendbar bis, péremption, date de"
    " péremption, date d expiration, expiration le, caducidad, fecha de caducidad, vencimiento, fecha de"
    " vencimiento, วันหมดอายุ",
    "viability": "viability, viability pre freeze, post thaw viability, viab, vitalität, viabilität, lebensfähigkeit,"
    " viabilité, viabilidad, ความมีชีวิต, การมีชีวิต",
    "comment": "comment, comments, note, notes, remark, remarks, annotation, bemerkung, bemerkungen, kommentar,"
    " anmerkung, notiz, commentaire, commentaires, remarque, remarques, observaciones, observación,"
    " comentario, comentarios, notas, หมายเหตุ",
    "bank": "bank, cell bank, bank type",
    "donor_kind": "donor kind, donor type, use, allogeneic autologous, spenderart",
    "patient": "patient, patient code, patient id, for patient, recipient, empfänger, paciente, ผู้ป่วย",
    "disposition": "disposition, release status, status, freigabestatus, statut, estado, สถานะ",
    "freezer": "freezer, freezer name, ult freezer, gefrierschrank, tiefkühlschrank, kühlschrank, gefriergerät,"
    " congélateur, congelador, ultracongelador, ตู้แช่แข็ง, ตู้แช่, ตู้",
    "tank": "tank, dewar, ln2 tank, cryotank, ln2 freezer, nitrogen tank, stickstofftank, kryotank, cuve, cuve"
    " azote, tanque, ถังไนโตรเจน, ถัง",
    "shelf": "shelf, regal, regalboden, fach, étagère, estante, balda, ชั้น",
    "canister": "canister, kanister, canistre, cannister",
    "tower": "tower, turm, tour, torre",
    "rack": "rack, rack name, gestell, rack nr, portoir, gradilla, แร็ค, แร็ก",
    "drawer": "drawer, schublade, tiroir, cajón, ลิ้นชัก",
    "cane": "cane, kane, canne, caña, varilla",
    "box": "box, box name, box number, box no, box id, cryobox, kryobox, schachtel, kasten, kästchen, boîte, boite,"
    " caja, criocaja, กล่อง",
    "box_rows": "box rows",
    "box_columns": "box columns",
    "box_scheme": "box positions named",
} | {  # what our own export writes
    name: words
    for kind in KINDS
    for name, words in ((f"{kind}_code", f"{kind} code"), (f"{kind}_slot", f"{kind} slot"))
}  # fmt: skip


# What a header says beside its word. Never a name: a column of names of people is no column of their codes (I9).
_NUMBERING = frozenset(["nr", "no", "num", "number", "nummer", "numero", "id", "code", "n"])


def field_of(text: str) -> str:
    """The field that a normal header names, whatever numbering it has at an end; "" for none.

    >>> field_of("rohrchen nr"), field_of("no lot"), field_of("colour")
    ('barcode', 'lot', '')
    """
    found = _FIELD_OF.get(text, "")
    words = text.split()
    if not found and len(words) > 1 and words[-1] in _NUMBERING:
        found = _FIELD_OF.get(" ".join(words[:-1]), "")
    if not found and len(words) > 1 and words[0] in _NUMBERING:
        found = _FIELD_OF.get(" ".join(words[1:]), "")
    return found


def normal(header: str) -> tuple[str, str]:
    """A header as headers are compared, and the unit that stands in brackets or behind a slash in it.

    >>> normal("  Vial-Barcode "), normal("Cells / vial (x10^6)")
    (('vial barcode', ''), ('cells vial', 'x10^6'))
    """
    text = unicodedata.normalize("NFKD", header.replace("\ufeff", ""))
    text = re.sub("[\u0300-\u036f]", "", text).casefold()
    unit = re.search(r"[(\[{]([^)\]}]*)[)\]}]?", text)
    text = re.sub(r"[(\[{][^)\]}]*[)\]}]?", " ", text)
    kept = "".join(c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in text)
    return " ".join(kept.split()), unit[1].strip() if unit else ""


_FIELD_OF: dict[str, str] = {}
for _field, _words in _WORDS.items():
    for _word in _words.split(","):
        _FIELD_OF.setdefault(normal(_word)[0], _field)


@dataclass(frozen=True)
class Columns:
    """Where each field stands: its column (from 0), its header as written, and the unit in it.

    `close` are fields whose header was merely close to a known one; `ignored` are headers that nobody knows.
    """

    row: int
    width: int
    at: Mapping[str, int]
    headers: Mapping[str, str]
    units: Mapping[str, str]
    close: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    own: bool = field(default=False)

    def cell(self, cells: Sequence[str], name: str) -> str:
        """The cell of a field; "" where there is no such column."""
        at = self.at.get(name)
        return cells[at] if at is not None and at < len(cells) else ""


def find_columns(first: Sequence[tuple[int, list[str]]], given: ColumnMap) -> Columns:
    """The columns of a file from its first rows; RequestError where there is no header, or it says one thing twice."""
    candidates = [(number, cells) for number, cells in first if given.header in (None, number)]
    scored = [(_score(cells, given), -number, cells) for number, cells in candidates[:HEADER_AMONG]]
    best = max(scored, key=lambda each: each[:2], default=(0, 0, []))
    if best[0] < (1 if given.columns or given.header else KNOWN_LEAST):
        seen = ", ".join(cell.strip()[:40] for cell in (first[0][1] if first else [])[:20] if cell.strip())
        raise RequestError(
            f"No header was found; the first row says: {seen}.",
            'Say in a map which column is which: [columns] barcode = "..." and so on.',
        )
    return _columns(-best[1], best[2], given)


def _score(cells: Sequence[str], given: ColumnMap) -> int:
    named = {normal(header)[0] for header in given.columns.values()}
    return sum(bool(field_of(normal(cell)[0])) or normal(cell)[0] in named for cell in cells if len(cell) < 200)


def _columns(row: int, cells: Sequence[str], given: ColumnMap) -> Columns:
    names = [normal(cell)[0] if len(cell) < 200 else "" for cell in cells]
    at: dict[str, int] = {}
    for name, header in given.columns.items():
        found = [index for index, cell in enumerate(cells) if cell.strip() == header.strip()]
        found = found or [index for index, text in enumerate(names) if text == normal(header)[0]]
        if len(found) != 1:
            how = "no column" if not found else f"{len(found)} columns"
            raise RequestError(f"The map says {name} = {header!r}, and {how} is called so.", "Correct the map.")
        at[name] = found[0]
    known = set(at.values())
    claims: dict[str, list[int]] = {}
    for index, text in enumerate(names):
        name = field_of(text)
        if name and index not in known and name not in at:
            claims.setdefault(name, []).append(index)
    for name, indexes in claims.items():
        if len(indexes) > 1:
            said = " and ".join(repr(cells[index].strip()) for index in indexes)
            raise RequestError(
                f"The columns {said} may both be the {name.replace('_', ' ')}.",
                f"Say in a map which is: [columns] {name} = {cells[indexes[0]].strip()!r}.",
            )
        at[name] = indexes[0]
    close = _close(names, at)
    at |= close
    taken = set(at.values())
    return Columns(
        row=row,
        width=len(cells),
        at=at,
        headers={name: cells[index].strip() for name, index in at.items()},
        units={name: normal(cells[index])[1] for name, index in at.items()},
        close=tuple(close),
        ignored=tuple(cell.strip() for index, cell in enumerate(cells) if index not in taken and cell.strip()),
        own=bool({"box_rows", "box_scheme"} <= at.keys()),
    )


def _close(names: Sequence[str], at: Mapping[str, int]) -> dict[str, int]:
    """Fields whose header is close to a known one, each by one column only."""
    taken, found = set(at.values()), dict[str, list[int]]()
    for index, text in enumerate(names):
        if index in taken or len(text) < 4:
            continue
        for word in difflib.get_close_matches(text, _FIELD_OF, n=1, cutoff=CLOSE):
            if _FIELD_OF[word] not in at:
                found.setdefault(_FIELD_OF[word], []).append(index)
    return {name: indexes[0] for name, indexes in found.items() if len(indexes) == 1}
