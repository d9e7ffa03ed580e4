"""Rules of the vault itself: creation, log keys, settings."""

from __future__ import annotations

from typing import Any

import pytest

from cryoledger.domain.events import vault
from cryoledger.domain.facts import Inventory
from cryoledger.domain.records import PublicKey
from cryoledger.errors import Refusal
from cryoledger.ledger.note import Algorithm
from tests.lab import ADMIN, ADMIN_2, ORIGIN, QUALITY, RECOVERY, STATION, Lab, event, vkey


def recreated(**changed: Any) -> None:
    """Judge a vault's creation with some fields changed, in an empty inventory."""
    from dataclasses import replace

    from cryoledger.domain.facts import Signed
    from cryoledger.domain.rulebooks import rulebook

    lab = Lab(enrolled=False)
    first = lab.entries[0]
    made = event("VaultCreated", **{**first.entry.envelope.data, **changed})
    assert isinstance(made, vault.VaultCreated)
    names = [
        (key.split("+")[0], meaning)
        for key, meaning in (
            (made.administrator_key, "created"),
            (made.station_key, "accepted"),
            (made.log_key, "accepted"),
            (made.recovery_key, "accepted"),
        )
    ]
    lab.entries.clear()
    draft = lab.draft(made, *names)
    rulebook(1).check(replace(draft, signers=tuple(Signed(*name) for name in names)), Inventory())


def test_a_sound_vault_is_created() -> None:
    recreated()


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"recovery_key": vkey(ADMIN, 2)}, "I7"),
        ({"recovery_key": "recovery"}, "key.name"),
        ({"log_key": vkey("other.example/log")}, "key.name"),
        ({"log_key_ml_dsa": vkey("other.example/log")}, "key.name"),
        ({"station_key": vkey("other-room")}, "key.name"),
        ({"administrator": {"name": ADMIN, "full_name": "x", "badge": "BDG"}}, "badge"),
        ({"administrator": {"name": "other", "full_name": "x", "badge": "BDG"}}, "key.name"),
    ],
)
def test_creation_with_keys_that_do_not_fit_is_refused(changed: dict[str, Any], rule: str) -> None:
    with pytest.raises(Refusal) as caught:
        recreated(**changed)
    assert caught.value.rule == rule


def test_creation_enrols_administrator_station_log_and_recovery() -> None:
    lab = Lab(enrolled=False)
    kinds = {(row.name, row.kind) for row in lab.inventory.rows(PublicKey)}
    assert kinds == {
        (ADMIN, "person"), (STATION, "station"), (ORIGIN, "log"), (ORIGIN, "log-ml-dsa"), (RECOVERY, "recovery"),
    }  # fmt: skip
    assert (lab.site().enrolments, lab.person(ADMIN).roles) == (0, "administrator")


def test_replaced_log_keys_revoke_the_old_ones() -> None:
    lab = Lab()
    new = {"log_key": lab.key(ORIGIN, 2), "log_key_ml_dsa": lab.key(ORIGIN, 2, Algorithm.ML_DSA_44)}
    lab.refused("I7", event("LogKeyReplaced", **new, reason="routine"), ADMIN)
    lab.record(event("LogKeyReplaced", **new, reason="routine"), ADMIN, ADMIN_2)
    valid = {row.verifier_key for row in lab.inventory.where(PublicKey, name=ORIGIN) if row.revoked is None}
    assert valid == set(new.values())
    lab.refused("key.twice", event("LogKeyReplaced", **new, reason="routine"), ADMIN, ADMIN_2)
    other = {**new, "log_key": vkey("other.example/log")}
    lab.refused("key.name", event("LogKeyReplaced", **other, reason="routine"), ADMIN, ADMIN_2)


@pytest.mark.parametrize(
    ("values", "field", "kept"),
    [
        ({"setting": "zone", "text": "Europe/Berlin"}, "zone", "Europe/Berlin"),
        ({"setting": "code_prefix", "text": "VLR"}, "code_prefix", "VLR"),
        ({"setting": "idle_lock_seconds", "number": 60}, "idle_lock_seconds", 60),
        ({"setting": "screening_markers", "texts": ["HIV-1/2", "HTLV"]}, "screening_markers", "HIV-1/2\nHTLV"),
    ],
)
def test_settings(values: dict[str, Any], field: str, kept: object) -> None:
    lab = Lab()
    lab.refused("I7", event("SettingChanged", **values), QUALITY)
    lab.record(event("SettingChanged", **values))
    assert getattr(lab.site(), field) == kept


@pytest.mark.parametrize(
    "values",
    [
        {"setting": "zone", "number": 5},
        {"setting": "idle_lock_seconds", "text": "long"},
        {"setting": "idle_lock_seconds", "text": "long", "number": 60},
        {"setting": "idle_lock_seconds", "number": 0},
        {"setting": "code_prefix", "text": "too long"},
    ],
)
def test_a_setting_has_a_value_of_its_kind_and_no_other(values: dict[str, Any]) -> None:
    lab = Lab()
    lab.refused("setting", event("SettingChanged", **values))


def test_an_unknown_zone_is_refused() -> None:
    lab = Lab()
    lab.refused("zone", event("SettingChanged", setting="zone", text="Mars/Olympus"))
