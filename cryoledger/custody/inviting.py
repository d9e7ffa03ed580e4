"""An administrator invites a further station at the desk: the PIN, then a code that is shown once and kept nowhere."""

from __future__ import annotations

from cryoledger.custody.record import By
from cryoledger.custody.session import Session
from cryoledger.custody.station.joining import Invited, invite, may_invite
from cryoledger.custody.workflow import Step

__all__ = ["Inviting"]


class Inviting:
    """What an invitation waits for: the PIN of who invites; then that somebody says the code was taken over.

    The code is in no answer: whoever shows it asks for `made`, as long as this is what the desk waits for.
    """

    def __init__(self, session: Session, step: Step) -> None:
        self._session = session
        self.station = str(dict(step.answers)["station"])
        self.made: Invited | None = None
        may_invite(session.vault, self.station, session.name)

    @property
    def ask(self) -> str:
        """What is awaited now."""
        return "pin" if self.made is None else "confirm"

    @property
    def inviter(self) -> str:
        """The printed name of who invites."""
        person = self._session.person
        return person.full_name if person is not None else ""

    @property
    def hint(self) -> str:
        """What is to be done now."""
        if self.made is None:
            return f"{self.inviter}, enter your PIN to invite the station {self.station}."
        return "Write the code down now: it is not shown again. CMD-CONFIRM takes it off the screen."

    @property
    def where_to(self) -> str:
        """What to type at the new machine."""
        return f"cryoledger station join {self._session.vault.store.location}"

    def pin(self, pin: str) -> str:
        """Make the invitation; what to say of it. PinError where the PIN is wrong."""
        self.made = invite(self._session.vault, self.station, By(self._session.name, pin))
        return f"The station {self.station} is invited. {self.hint}"
