"""What every signed text has in common: canonical base64 and decimals, names, and the head of a tree."""

from __future__ import annotations

import binascii

from cryoledger.errors import LedgerFormatError

__all__ = ["check_name", "decode_base64", "encode_base64", "parse_decimal", "parse_tree_head", "tree_head_text"]

# Sizes and sequences fit a signed 64-bit column, in every database and language that reads them.
MAX_DECIMAL = 2**63 - 1
MAX_NAME_BYTES = 255  # tlog-cosignature: cosigner_name and log_origin are at most 2^8-1 bytes


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648, section 4), on one line."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def decode_base64(text: str, what: str) -> bytes:
    """The bytes of canonical base64; LedgerFormatError, naming `what`, for any other spelling of them."""
    try:
        data = binascii.a2b_base64(text)
    except ValueError:
        data = b""
    # Encoding again refuses line breaks, missing padding, and bits left over (RFC 4648, 3.3 and 3.5).
    if not data or binascii.b2a_base64(data, newline=False) != text.encode():
        raise LedgerFormatError(f"The {what} is not canonical base64: {text[:60]!r}.")
    return data


def parse_decimal(text: str, what: str) -> int:
    """A number without sign or leading zeroes, below 2^63; LedgerFormatError, naming `what`, otherwise."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19) or (text[0] == "0" and text != "0"):
        raise LedgerFormatError(f"The {what} is not a canonical decimal: {text[:40]!r}.")
    number = int(text)
    if number > MAX_DECIMAL:
        raise LedgerFormatError(f"The {what} is not below 2^63: {text}.")
    return number


def check_name(name: str, what: str = "name") -> str:
    """`name` as signed-note and tlog-cosignature allow one: 1-255 bytes, no space, no plus, no control."""
    if name.isascii():
        # Everything printable in ASCII, but for the space, lies between "!" and "~".
        bad = not name or "+" in name or not name.isprintable() or " " in name
        size = len(name)
    else:
        bad = "+" in name or any(c.isspace() or c < " " or "\ud800" <= c <= "\udfff" for c in name)
        size = 0 if bad else len(name.encode())
    if bad or size > MAX_NAME_BYTES:
        raise LedgerFormatError(
            f"The {what} {name[:60]!r} is not one: 1 to {MAX_NAME_BYTES} bytes, no spaces, no plus, no controls."
        )
    return name


def tree_head_text(origin: str, size: int, root: bytes) -> bytes:
    """The text of a checkpoint (C2SP tlog-checkpoint, "Note text")."""
    return f"{origin}\n{size}\n{encode_base64(root)}\n".encode()


def parse_tree_head(text: bytes) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint's text, which has no extension lines; else LedgerFormatError."""
    try:
        lines = text.decode().split("\n")
    except UnicodeDecodeError:
        raise LedgerFormatError("The checkpoint is not valid UTF-8.") from None
    if len(lines) != 4 or lines[3]:
        raise LedgerFormatError("A checkpoint is three lines: origin, size and root.")
    origin = check_name(lines[0], "checkpoint's origin")
    size = parse_decimal(lines[1], "checkpoint's size")
    root = decode_base64(lines[2], "checkpoint's root")
    if len(root) != 32:
        raise LedgerFormatError(f"The checkpoint's root has {len(root)} bytes; SHA-256 has 32.")
    return origin, size, root
