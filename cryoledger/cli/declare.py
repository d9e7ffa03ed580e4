"""How a command is declared: a function, its example, and, where it records, the event of the catalogue.

    @act(app, "LotRejected", "reject", example="cryoledger lot reject L1 --reason test-failed --as quinn.o")
    def reject(call: Call, lot: Lot, reason: Reason) -> Data:
        "Reject a lot: none of it reaches a patient."
        return {"lot": call.code(lot), "reason": reason}

`look` gives a command `--vault` and `--json`; `act` adds who signs, and when it happened. A function that takes `by`
signs more than one entry, or none of the catalogue's usual ones, and records by itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from cryoledger.cli import new_file
from cryoledger.cli.acts import Signers
from cryoledger.cli.call import Call
from cryoledger.cli.teaching import Teaching
from cryoledger.cli.wrong_options import in_options
from cryoledger.errors import FieldError

__all__ = ["Data", "act", "group", "look"]

Data = Mapping[str, Any]
F = TypeVar("F", bound=Callable[..., Any])

Vault = Annotated[
    str | None,
    typer.Option("--vault", metavar="PATH-or-URL", help="The vault; else CRYOLEDGER_VAULT, else the user's own."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
As = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Who signs: signing name or badge. The PIN is asked for.")
]
With = Annotated[
    list[str] | None, typer.Option("--with", metavar="NAME", help="Who signs too, in order, each with a PIN.")
]
OccurredAt = Annotated[
    str | None, typer.Option("--occurred-at", metavar="TIME", help="When it happened, if not now: 2026-11-22 10:41.")
]
Late = Annotated[str | None, typer.Option("--late", metavar="REASON", help="Why it is late: {VialsStored.late}.")]
Scanned = Annotated[bool, typer.Option("--scanned", help="The codes came from a scanner; else they are marked typed.")]
EventId = Annotated[
    str | None, typer.Option("--id", metavar="UUID", help="The event's own id (UUIDv7): a retry records nothing twice.")
]
ConfirmClock = Annotated[
    bool, typer.Option("--confirm-clock", help="The clock is right though more than 12 hours passed.")
]
Note = Annotated[
    Path | None, typer.Option("--note", metavar="FILE", help="A note or file to keep, encrypted, beside the entry.")
]
Propose = Annotated[
    int | None,
    typer.Option(
        "--propose", metavar="HOURS", help="Sign as first person only; a second completes it in so many hours."
    ),
]

_LOOK: dict[str, tuple[Any, Any]] = {
    "context": (typer.Context, inspect.Parameter.empty),
    "vault": (Vault, None),
    "as_json": (AsJson, False),
}
_REPLACE: dict[str, tuple[Any, Any]] = {"replace": (new_file.Replace, False)}
_SIGN: dict[str, tuple[Any, Any]] = {
    "as_": (As, None),
    "with_": (With, None),
    "confirm_clock": (ConfirmClock, False),
}
_WHEN: dict[str, tuple[Any, Any]] = {
    "occurred_at": (OccurredAt, None),
    "late": (Late, None),
    "scanned": (Scanned, False),
    "event_id": (EventId, None),
    "note": (Note, None),
}
_PROPOSE: dict[str, tuple[Any, Any]] = {"propose": (Propose, None)}


def group() -> typer.Typer:
    """The acts of one kind of thing; `app` gives them their name and place in the help."""
    return typer.Typer(rich_markup_mode=None, add_completion=False)


def look(app: typer.Typer, name: str, *, example: str, panel: str = "") -> Callable[[F], F]:
    """Declare a command that reads, or that signs by itself where its function takes `by`."""

    def enter(function: F) -> F:
        signs = "by" in inspect.signature(function).parameters
        written = new_file.written_by(function)

        def command(**given: Any) -> int:
            call = _call(given)
            if written:
                call.replace = given.pop("replace")
                for name in written:
                    call.replace = new_file.may_replace(given[name], call.replace)
            if signs:
                given["by"] = Signers(given.pop("as_"), given.pop("with_") or (), given.pop("confirm_clock"))
            try:
                return function(call, **given) or 0
            except FieldError as error:
                raise in_options(error, call.params) from None
            finally:
                call.close()

        options = {**(_REPLACE if written else {}), **(_SIGN if signs else {}), **_LOOK}
        _register(app, name, function, command, options, example, panel)
        return function

    return enter


def act(
    app: typer.Typer, event: str, name: str, *, example: str, panel: str = "", proposable: bool = False
) -> Callable[[F], F]:
    """Declare a command that records one event of the catalogue; its function returns the event's payload."""

    def enter(function: F) -> F:
        def command(**given: Any) -> int:
            from cryoledger.cli.acts import perform

            call = _call(given)
            signers = Signers(
                given.pop("as_"),
                given.pop("with_") or (),
                given.pop("confirm_clock"),
                **{option: given.pop(option) for option in _WHEN},
                propose=given.pop("propose", None),
            )
            try:
                perform(call, event, function(call, **given), signers)
            except FieldError as error:
                raise in_options(error, call.params) from None
            finally:
                call.close()
            return 0

        options = {**_SIGN, **_WHEN, **(_PROPOSE if proposable else {}), **_LOOK}
        _register(app, name, function, command, options, example, panel)
        return function

    return enter


def _call(given: dict[str, Any]) -> Call:
    """The call that the common options ask for; `--vault` may also stand before the command."""
    context: typer.Context = given.pop("context")
    return Call(given.pop("vault") or context.find_root().obj, given.pop("as_json"), context.command.params)


def _register(
    app: typer.Typer,
    name: str,
    function: Callable[..., Any],
    command: Callable[..., int],
    options: Mapping[str, tuple[Any, Any]],
    example: str,
    panel: str,
) -> None:
    """Enter a command whose signature is the function's own parameters and the common options."""
    hints = get_type_hints(function, include_extras=True)
    parameters = [
        parameter.replace(annotation=hints[parameter.name], kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in list(inspect.signature(function).parameters.values())[1:]  # the first is the call itself
        if parameter.name != "by"
    ]
    parameters += [
        inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for option, (annotation, default) in options.items()
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {}
    command.__name__, command.__module__ = function.__name__, function.__module__
    app.command(
        name, cls=Teaching, help=inspect.cleandoc(function.__doc__ or ""), epilog=example, rich_help_panel=panel or None
    )(command)
