"""Who signs what, from the catalogue, as the bundle's verifiers write it; `python -m` this puts it into both."""

from __future__ import annotations

import textwrap

from cryoledger.domain import catalogue
from cryoledger.domain.declare import EventType
from cryoledger.domain.roles import Kind
from cryoledger.exchange.audit_bundle.verifiers import FILES

LETTERS = {"quality officer": "q", "auditor": "u", "administrator": "a"}
WIDTH = 118


def lines_of(declaration: EventType) -> str:
    """The signature lines of one type."""
    parts = []
    for line in declaration.signing.lines:
        part = line.meaning.replace(" ", "_")
        if line.roles:
            part += ":" + "".join(sorted(LETTERS.get(role.value, role.value[0]) for role in line.roles))
        part += "?" if line.optional else ""
        if line.key_of:
            part += "@recovery" if line.key_of == "recovery" else f"={line.key_of}"
        elif declaration.signing.kind is Kind.OBSERVED:
            part += "@station"
        parts.append(part)
    return " ".join(parts)


def table() -> str:
    """The whole table, types that are signed alike together."""
    alike: dict[str, list[str]] = {}
    for name, declaration in catalogue.TYPES.items():
        if not name.endswith(catalogue.PROPOSED):
            alike.setdefault(lines_of(declaration), []).append(name + ("*" if declaration.proposable else ""))
    rows = "; ".join(f"{lines} = {' '.join(names)}" for lines, names in sorted(alike.items()))
    return "\n".join(textwrap.wrap(rows, WIDTH, break_long_words=False, break_on_hyphens=False))


def main() -> None:
    """Write the table into both verifiers."""
    for name, mark in (("verify.py", '"""'), ("page.js", "`")):
        before, start, rest = (FILES / name).read_text().partition(f"SIGNING = {mark}\n")
        _, end, after = rest.partition(f"\n{mark}")
        (FILES / name).write_text(before + start + table() + end + after)


if __name__ == "__main__":
    main()
