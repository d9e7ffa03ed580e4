"""How help teaches: commands grouped by role, an example under each, and the words that an option allows.

`{LotRejected.reason}` in the help of an option stands for the words that the catalogue allows there; the catalogue is
imported only when that help is shown.
"""

from __future__ import annotations

import enum
import importlib
import re
import typing
from keyword import iskeyword
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

__all__ = ["ROLES", "ByCode", "ByRole", "Teaching", "words"]

TECHNICIAN = "Technician: at the freezer"
PHARMACIST = "Pharmacist: from stock to dose"
CLINICIAN = "Clinician: patients, orders, the bedside"
QUALITY = "Quality: donors, lots, holds, corrections"
ADMINISTRATOR = "Administrator: people, keys, the vault"
AUDITOR = "Auditor and everybody: look, trace, verify"
ROLES = (TECHNICIAN, PHARMACIST, CLINICIAN, QUALITY, ADMINISTRATOR, AUDITOR)

_PLACEHOLDER = re.compile(r"\{(\w+)\.([\w.]+)\}")


class Teaching(TyperCommand):
    """A command whose help ends with an example."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, with the words that options allow; afterwards the options name their fields as before."""
        params: list[Any] = [param for param in self.params if "{" in (getattr(param, "help", None) or "")]
        declared = [param.help for param in params]
        try:
            for param in params:
                param.help = _PLACEHOLDER.sub(lambda match: ", ".join(words(match[1], match[2])), param.help)
            super().format_help(ctx, formatter)
        finally:
            for param, text in zip(params, declared, strict=True):
                param.help = text

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the name is Click's
        """Write the example as it is to be typed, one command a line."""
        if self.epilog:
            with formatter.section("Example"):
                formatter.write("".join(f"  {line}\n" for line in self.epilog.splitlines()))


class ByRole(TyperGroup):
    """The program: its commands under the role that uses them most."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write one section a role."""
        for role in ROLES:
            found = [(name, self.commands[name]) for name in sorted(self.commands)]
            rows = [
                (name, command.get_short_help_str(limit=90))
                for name, command in found
                if getattr(command, "rich_help_panel", None) == role and not command.hidden
            ]
            if rows:
                with formatter.section(role):
                    formatter.write_dl(rows)


class ByCode(TyperGroup):
    """Acts of one kind of thing; a code instead of an act is its first question: `cryoledger lot L1` shows the lot.

    The acts are imported when one of them, or their list, is asked for.
    """

    @classmethod
    def of(cls, name: str, module: str, role: str, text: str) -> ByCode:
        """The group whose acts a module declares, in its application of that name."""
        group = cls(name=name, help=text, rich_help_panel=role, rich_markup_mode=None, no_args_is_help=True)
        group._module = f"cryoledger.cli.commands.{module}"
        return group

    _module = ""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Of the manual, which has an act of that name, nothing more means the list of its pages."""
        if not args and self.name == "manual":
            args = ["list"]
        return super().parse_args(ctx, args)

    def _acts(self) -> dict[str, Any]:
        if self._module and not self.commands:
            name = self.name or ""  # `import` is a word of Python: its application is called import_
            application = getattr(importlib.import_module(self._module), f"{name}_" if iskeyword(name) else name)
            self.commands.update(typer.main.get_group(application).commands)
        return dict(self.commands)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """The names of the acts, in the order in which a thing meets them."""
        return list(self._acts())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """An act by its name."""
        return self._acts().get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Take a code alone as `show`, or as `write` where things are written."""
        acts = self._acts()
        unknown = args[0] not in acts and not args[0].startswith("-")
        meant = next((name for name in ("show", "write") if name in acts), None)
        if unknown and meant is not None and (len(args) == 1 or args[1].startswith("-")):
            args = [meant, *args]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the acts."""
        rows = [(name, command.get_short_help_str(limit=90)) for name, command in self._acts().items()]
        with formatter.section("Acts"):
            formatter.write_dl(rows)


def words(event: str, field: str) -> tuple[str, ...]:
    """The words that the catalogue allows in a field of an event, or in a part of it ("result.outcome")."""
    from cryoledger.domain import catalogue

    model: Any = catalogue.of(event).payload
    *path, last = field.split(".")
    for part in path:
        model = _model(model.model_fields[part].annotation)
    return tuple(str(word) for word in _literals(model.model_fields[last].annotation))


def _model(annotation: Any) -> Any:
    if isinstance(annotation, type) and hasattr(annotation, "model_fields"):
        return annotation
    for part in typing.get_args(annotation):
        found = _model(part)
        if found is not None:
            return found
    return None


def _literals(annotation: Any) -> list[object]:
    if typing.get_origin(annotation) is typing.Literal:
        return list(typing.get_args(annotation))
    if isinstance(annotation, enum.EnumMeta):
        return [str(member.value) for member in typing.cast("type[enum.Enum]", annotation)]
    return [word for part in typing.get_args(annotation) for word in _literals(part)]
