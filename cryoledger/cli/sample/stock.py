"""What the sample clinic keeps: freezers of several kinds, donors, lots in every disposition, some 400 vials."""

from __future__ import annotations

from datetime import date, timedelta

from cryoledger.cli.sample.people import MARIA, QUINN, TOMAS
from cryoledger.codes import Kind, make
from cryoledger.custody.create import MARKERS, end_of_day
from cryoledger.custody.record import record
from cryoledger.custody.vault import Vault
from cryoledger.domain import catalogue
from cryoledger.domain.events import lots, storage
from cryoledger.domain.fields import Event, Placed

PREFIX = "VB"
PRODUCT = "MSC-WJ"
RELEASED, QUARANTINED, REJECTED = "WJ-2601", "WJ-2602", "WJ-2603"
LOT_SIZES = {RELEASED: 162, QUARANTINED: 158, REJECTED: 80}
DONORS = ("D-501", "D-502", "D-503")
BOXES = {
    RELEASED: ("TANK1-C1-B1", "TANK1-C1-B2"),
    QUARANTINED: ("TANK1-C2-B1", "TANK1-C2-B2"),
    REJECTED: ("CF2-R1-B1",),
}

LIMITS: tuple[tuple[str, str, int | None, int | None, str | None], ...] = (
    ("viability", "%", 80_000, None, None),
    ("CD73", "%", 95_000, None, None),
    ("CD90", "%", 95_000, None, None),
    ("CD105", "%", 95_000, None, None),
    ("CD34", "%", None, 2_000, None),
    ("CD45", "%", None, 2_000, None),
    ("HLA-DR", "%", None, 2_000, None),
    ("sterility", "growth", None, None, "no growth"),
    ("mycoplasma", "PCR", None, None, "negative"),
    ("endotoxin", "EU/mL", None, 5_000, None),
    ("karyotype", "G-band", None, None, "normal"),
)
GOOD: dict[str, int | str] = {
    "viability": 96_400, "CD73": 99_100, "CD90": 98_700, "CD105": 97_300, "CD34": 300, "CD45": 500, "HLA-DR": 800,
    "sterility": "no growth", "mycoplasma": "negative", "endotoxin": 250, "karyotype": "normal",
}  # fmt: skip


def vial_code(number: int) -> str:
    """The local code of the sample's vial of a number."""
    return make(PREFIX, Kind.VIAL, 260_000 + number)


def make_event(name: str, /, **data: object) -> Event:
    """An event of the catalogue from plain values."""
    return catalogue.parse(name, data)


def furnish(vault: Vault) -> None:
    """A liquid-nitrogen tank with canisters, a freezer with racks, a quarantine freezer with shelves."""

    def add(
        unit: str, kind: str, name: str, parent: str | None = None, slot: str | None = None, side: int = 0,
        warmest: int | None = None,
    ) -> None:  # fmt: skip
        record(
            vault,
            make_event(
                "StorageUnitAdded",
                unit=unit,
                kind=kind,
                name=name,
                parent=parent,
                slot=slot,
                rows=side,
                columns=side,
                temperature_millicelsius_max=warmest,
            ),
            TOMAS.by,
        )

    add("TANK1", "tank", "Vapour-phase tank, room 2", warmest=-150_000)
    add("CF2", "freezer", "-150 freezer, room 2", warmest=-140_000)
    add("QF3", "freezer", "-80 quarantine freezer, room 3")
    for canister in ("C1", "C2", "C3"):
        add(f"TANK1-{canister}", "canister", f"Canister {canister}", "TANK1", canister)
        for box in ("B1", "B2"):
            add(f"TANK1-{canister}-{box}", "box", f"Box {box}", f"TANK1-{canister}", box, 9)
    add("CF2-R1", "rack", "Rack 1", "CF2", "R1")
    add("CF2-R1-B1", "box", "Box 1", "CF2-R1", "B1", 9)
    add("CF2-R1-B2", "box", "Box 2, 10 x 10", "CF2-R1", "B2", 10)
    add("QF3-S1", "shelf", "Shelf 1", "QF3", "S1")
    add("QF3-S1-B1", "box", "Returned vials", "QF3-S1", "B1", 5)


def define_product(vault: Vault) -> None:
    """The clinic's product, with limits after ISCT 2006 and the usual safety tests."""
    specification = [
        {"test": test, "unit": unit, "minimum_milli": low, "maximum_milli": high, "expected": word}
        for test, unit, low, high, word in LIMITS
    ]
    record(
        vault,
        make_event(
            "ProductDefined",
            product=PRODUCT,
            version=1,
            name="Wharton's jelly MSC, 10 million cells in 1 mL",
            storage_millicelsius_max=-130_000,
            post_thaw_minutes=120,
            out_of_storage_minutes=30,
            label_layout="vial-33x13",
            specification=specification,
        ),
        QUINN.by,
    )


def receive_donations(vault: Vault, today: date) -> None:
    """Three donors, consented and screened; one donation of each."""
    for donor, donation in zip(DONORS, donation_codes(), strict=True):
        given = (today - timedelta(days=3)).isoformat()
        consent = {"scope": ["therapy", "research"], "given_on": given}
        record(vault, make_event("DonorRegistered", donor=donor, consent=consent), MARIA.by)
        results = [
            {"marker": marker, "sampled_on": given, "method": "CLIA and NAT", "result": "nonreactive"}
            for marker in MARKERS
        ]
        record(vault, make_event("DonorScreened", donor=donor, results=results), MARIA.by)
        record(vault, make_event("DonorEligibilityDecided", donor=donor, eligibility="eligible"), QUINN.by)
        record(
            vault,
            make_event(
                "DonationCollected",
                donation=donation,
                donor=donor,
                tissue="wharton's jelly",
                collected_on=today.isoformat(),
            ),
            MARIA.by,
        )


def donation_codes() -> tuple[str, ...]:
    """The donations' codes, one for each donor."""
    return tuple(make(PREFIX, Kind.DONATION, 501 + number) for number in range(len(DONORS)))


def fill_lots(vault: Vault, today: date, zone: str) -> dict[str, tuple[str, ...]]:
    """Register, fill and store each lot; the codes of its vials by lot."""
    vials: dict[str, tuple[str, ...]] = {}
    start = 0
    expiry = today + timedelta(days=5 * 365)
    for (lot, size), donation in zip(LOT_SIZES.items(), donation_codes(), strict=True):
        record(
            vault,
            lots.LotRegistered(
                lot=lot,
                product=PRODUCT,
                version=1,
                donations=(donation,),
                passage=3,
                cells_per_vial=10_000_000,
                volume_microlitres=1_000,
                cryoprotectant="CryoStor CS10",
                filled_on=today.isoformat(),
                expiry_on=expiry.isoformat(),
                expires_at=end_of_day(expiry, zone),
                reagents=("xeno-free medium lot 77120", "recombinant trypsin lot 4402"),
            ),
            MARIA.by,
        )
        vials[lot] = tuple(vial_code(start + number) for number in range(size))
        start += size
        record(vault, lots.LotFilled(lot=lot, vials=vials[lot]), MARIA.by)
        _store(vault, vials[lot], BOXES[lot])
    return vials


def _store(vault: Vault, vials: tuple[str, ...], boxes: tuple[str, ...]) -> None:
    for number, box in enumerate(boxes):
        part = vials[number * 81 : (number + 1) * 81]
        placed = tuple(Placed(vial=vial, position=position) for position, vial in enumerate(part))
        record(vault, storage.VialsStored(unit=box, vials=placed), TOMAS.by)


def judge_lots(vault: Vault, today: date) -> None:
    """Test the lots: the first passes and is released, the second waits, the third grows bacteria."""
    _test(vault, RELEASED, GOOD, today)
    record(vault, make_event("LotReleased", lot=RELEASED), QUINN.by)
    waiting = {name: value for name, value in GOOD.items() if name not in ("sterility", "karyotype")}
    _test(vault, QUARANTINED, waiting, today)
    _test(vault, REJECTED, {**GOOD, "sterility": "growth of Cutibacterium"}, today)
    record(vault, make_event("LotRejected", lot=REJECTED, reason="contaminated"), QUINN.by)


def _test(vault: Vault, lot: str, values: dict[str, int | str], today: date) -> None:
    results = [
        {
            "test": test,
            **({"value_milli": value} if isinstance(value, int) else {"outcome": value}),
            "tested_on": today.isoformat(),
            "method": "in house",
        }
        for test, value in values.items()
    ]
    record(vault, make_event("TestResultsRecorded", lot=lot, results=results), QUINN.by)
