"""What the desks call their lists, columns and acts, and the freezer the lines of a card, read off their sources.

`python -m tests.desk_words` writes the file that a site's words are looked up in, and then `tests.messages`.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DESKS = ROOT / "cryoledger" / "tui" / "desks"
CARDS = ROOT / "cryoledger" / "tui" / "reading.py"
FILE = ROOT / "cryoledger" / "manual" / "desk_words.py"
NAMED = {"Tab": (0, 3), "Column": (0,), "Offer": (1,), "labelled": (0,), "Field": (0,)}
"""Of each call the places of its arguments that are drawn as names."""
KEYWORDS = ("empty", "label", "title")

_FILE = '''"""What the desks call their lists, columns and acts; `tests/desk_words.py` reads them off the desks."""

from __future__ import annotations

from typing import Final

DESK_WORDS: Final = (
%s)
'''


def words() -> list[str]:
    """All of them, each once, in order."""
    return sorted(
        {word for path in (*DESKS.glob("*.py"), CARDS) for word in _of(path) if word.strip()},
        key=lambda word: (word.casefold(), word),
    )


def _of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMED:
            given = [node.args[at] for at in NAMED[node.func.id] if at < len(node.args)]
            given += [each.value for each in node.keywords if each.arg in KEYWORDS]
            yield from (word for each in given for word in _constants(each))


def _constants(node: ast.expr) -> Iterator[str]:
    """A text, or either side of a choice between two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_constants(node.body), *_constants(node.orelse))


if __name__ == "__main__":
    lines = "".join(f"    {_quoted},\n" for _quoted in ('"' + word.replace('"', '\\"') + '"' for word in words()))
    FILE.write_text(_FILE % lines, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "tests.messages"], cwd=ROOT, check=True)  # which leaves these names out
