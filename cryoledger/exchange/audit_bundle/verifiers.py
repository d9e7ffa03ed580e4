"""The two verifiers that go with a bundle, as every release has them byte for byte: `verify.py` and `index.html`.

`index.html` is put together from three files so that each can be read and checked as what it is. Its policy allows
exactly that one script and that one style sheet, by their hashes, and no network at all.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

__all__ = ["VERIFIERS", "page", "sha256_of", "verifier"]

VERIFIERS = ("verify.py", "index.html")
FILES = Path(__file__).resolve().parent / "files"


def verifier(name: str) -> bytes:
    """The bytes of a verifier."""
    return page() if name == "index.html" else (FILES / name).read_bytes()


def sha256_of(name: str) -> str:
    """Its SHA-256 in hexadecimal, as `sha256sum` prints it."""
    return hashlib.sha256(verifier(name)).hexdigest()


@cache
def page(data: str = "") -> bytes:
    """`index.html`; with `data`, the copy that carries a small bundle inside, which has another hash."""
    style, script = _text("page.css"), _text("page.js")
    whole = _text("page.html")
    for mark, content in (
        ("%STYLE_HASH%", _hash(style)),
        ("%SCRIPT_HASH%", _hash(script)),
        ("%STYLE%", style),
        ("%SCRIPT%", script),
        ("%DATA%", data),
    ):
        before, after = whole.split(mark)
        whole = before + content + after
    return whole.encode()


def _text(name: str) -> str:
    return (FILES / name).read_text(encoding="utf-8").rstrip("\n")


def _hash(content: str) -> str:
    """A source expression of Content-Security-Policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
