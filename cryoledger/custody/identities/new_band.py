"""A wristband that a patient gets: only its HMAC under the patient's own key goes on (DOMAIN, I9)."""

from __future__ import annotations

from typing import Final

from cryoledger.custody.identities.narrative import ensure_key
from cryoledger.custody.identities.one_key import band
from cryoledger.custody.keys.subject_keys import PATIENT
from cryoledger.custody.vault import Vault
from cryoledger.domain import catalogue

_ANY_BAND: Final = "A" * 43 + "="


def new_band(vault: Vault, patient: str, text: str) -> str:
    """What a new wristband says, under the key of its patient, which is made where there is none yet.

    RequestError where `patient` is no code; StationError where the patient's key lies at another station.
    """
    # Judge the code before a key is made for it: the file of subjects' keys keeps every code it is given.
    catalogue.parse("PatientRegistered", {"patient": patient, "bands": [_ANY_BAND]})
    ensure_key(vault, (PATIENT, patient))
    return band(vault, patient, text)
