"""Reads what waits for a PIN or a signature from a desk: exactly what will be recorded, and with which meanings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from cryoledger.documents.signatures import local_time
from cryoledger.documents.telling import act
from cryoledger.tui.view import Signing

ENTRIES_MOST: Final = 8

if TYPE_CHECKING:
    from cryoledger.custody.desk import Desk
    from cryoledger.custody.dialogues import SigningDialogue
    from cryoledger.custody.inviting import Inviting
    from cryoledger.custody.new_pins import NewPin
    from cryoledger.domain.records import Person


def read_signing(desk: Desk) -> Signing | None:
    """What the desk waits for; None where it waits for no PIN and no signature."""
    if desk.to_sign is not None:
        return _act(desk.to_sign)
    if desk.choosing_pin is not None:
        return _choice(desk.choosing_pin)
    if desk.inviting is not None:
        return _invitation(desk.inviting, desk.vault.site().zone)
    person = desk.signing_in
    return _sign_in(person, desk.vault.station) if person is not None else None


def _act(dialogue: SigningDialogue) -> Signing:
    signed, lines = dialogue.lines, []
    waits = True
    for (meaning, _, done), person in zip(signed.each, signed.persons, strict=True):
        state: Literal["signed", "next", "waits"] = "signed" if done else "next" if waits else "waits"
        waits = waits and done
        lines.append((meaning, _named(person), state))
    events = dialogue.step.events
    entries = tuple(act(event) for event in events[:ENTRIES_MOST])
    if len(events) > ENTRIES_MOST:
        entries = (*entries, ("and", f"{len(events) - ENTRIES_MOST} entries more"))
    return Signing(f"TO SIGN: {signed.what}", tuple(lines), _told(dialogue), entries, _whose(dialogue))


def _told(dialogue: SigningDialogue) -> str:
    at = next((at for at, (_, _, done) in enumerate(dialogue.lines.each) if not done), None)
    if at is None:
        return "Everybody has signed."
    meaning, person = dialogue.lines.each[at][0], dialogue.lines.persons[at]
    if person is None:
        return f"Another person's badge, then PIN, signs it as {meaning!r}. CMD-CANCEL records nothing."
    return f"{person.full_name}'s PIN signs it as {meaning!r}. CMD-CANCEL records nothing."


def _whose(dialogue: SigningDialogue) -> str:
    person = dialogue.lines.person
    return person.full_name if person is not None else ""


def _choice(choice: NewPin) -> Signing:
    told = "Nothing is signed yet. The new PIN opens this person's signing key; nobody else may know it."
    return Signing(choice.step.shown, (), f"{told} {choice.hint}", (), choice.full_name)


def _invitation(inviting: Inviting, zone: str) -> Signing:
    """Who invites, and then the code, in the one place where it is ever shown."""
    if inviting.made is None:
        told = f"{inviting.inviter}'s PIN makes a one-time code; whoever has it can take the vault secret."
        lines: tuple[tuple[str, str, Literal["next"]], ...] = (("invited", inviting.inviter, "next"),)
        return Signing(f"INVITATION: station {inviting.station}", lines, told, (), inviting.inviter)
    until = local_time(inviting.made.expires_at, zone)
    told = (
        f"At the new machine, until {until}: {inviting.where_to}, then this code. It is shown once, and works once: "
        "hand it over in person. CMD-CONFIRM takes it off the screen."
    )
    return Signing(f"CODE OF {inviting.station}: {inviting.made.code}", (), told)


def _sign_in(person: Person, station: str) -> Signing:
    told = f"The PIN opens this person's signing key at {station}; the sign-in is recorded under it."
    return Signing(f"SIGN IN: {_named(person)}", (), told, (), person.full_name)


def _named(person: Person | None) -> str:
    return f"{person.full_name} · {person.roles.replace(',', ', ')}" if person is not None else "(badge to come)"
