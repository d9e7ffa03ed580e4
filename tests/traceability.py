"""From every rule's ID to tests that show it, read off the sources; `python -m tests.traceability` writes the file.

A test carries a rule's ID in its name (`test_i2_...`), in its docstring (I2, label.reprint), or by naming the rule that
refuses.
"""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "cryoledger" / "documents" / "traceability.json"
INVARIANTS = tuple(f"I{number}" for number in range(1, 11))
MOST = 3


@cache
def rules() -> frozenset[str]:
    """The invariants, and every rule that some refusal of the program names."""
    found = set(INVARIANTS)
    for path in (ROOT / "cryoledger").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _called(node) in ("Refusal", "unsafe") and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
    return frozenset(found)


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


@cache
def tests() -> tuple[tuple[str, frozenset[str]], ...]:
    """Every test, and the IDs that it carries, whether or not they are rules."""
    return tuple(_tests())


def _tests() -> Iterator[tuple[str, frozenset[str]]]:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield f"{path.relative_to(ROOT)}::{node.name}", frozenset(_carried(node))


def _carried(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    yield from (f"I{number}" for number in re.findall(r"_i(\d+)(?=_|$)", node.name))
    yield from re.findall(r"\bI\d+\b", ast.get_docstring(node) or "")
    yield from re.findall(r"\b[a-z]+\.[a-z]+\b", ast.get_docstring(node) or "")
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and re.search(r"[.A-Z-]", each.value):
            yield each.value  # no word of the language
        elif (isinstance(each, ast.Call) and "refus" in _called(each)) or (
            isinstance(each, ast.Compare) and any(getattr(side, "attr", "") == "rule" for side in ast.walk(each))
        ):
            yield from (
                part.value for part in ast.walk(each) if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )


def traced() -> dict[str, list[str]]:
    """For every rule, in order, up to three of the tests that carry its ID."""
    known = rules()
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, carried in tests():
        for rule in carried & known:
            found[rule].append(name)
    return {rule: found[rule][:MOST] for rule in sorted(known, key=_order)}


def _order(rule: str) -> tuple[int, str]:
    invariant = re.fullmatch(r"I(\d+)(.*)", rule)
    return (int(invariant[1]), rule) if invariant else (len(INVARIANTS) + 1, rule)


if __name__ == "__main__":
    FILE.write_text(json.dumps(traced(), indent=1) + "\n", encoding="utf-8")
