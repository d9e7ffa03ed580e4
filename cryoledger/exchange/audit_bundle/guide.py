"""Writes VERIFY.md: how to check a bundle with tools of one's own. A test runs its commands as they stand there."""

from __future__ import annotations

from cryoledger.exchange.audit_bundle.verifiers import FILES

__all__ = ["text"]

_FIRST = """\
# How to check this bundle without trusting whoever gave it to you

**First: where the verifiers' SHA-256 come from.** `verify.py` and `index.html` lie beside this file for convenience. A
forger ships a green page too. So take the SHA-256 that they must have **from the release or from the checkpoint sheet
on paper, never from this folder**, and compare:

```sh
sha256sum verify.py index.html
```

The fingerprint of the vault (on every checkpoint sheet) and your policy, which says whose witnesses you trust, come
from outside too. Without them every verifier can only say that the bundle is *consistent with itself*. Whatever you
were given earlier, a receipt, a checkpoint on paper or in a file, is worth most: it shows whether entries that it
covers were cut off or written anew since.

This is a bundle of the ledger `{origin}`: {what}

## In a browser

Open `index.html` from your disk, choose this folder, paste fingerprint, policy and what you hold from earlier. The page
has no network.{copy}

## With Python

`verify.py` is one file that needs the standard library and the package `cryptography` (on Debian:
`python3-cryptography`). Read it first.

```sh
python3 verify.py
```

With what you know from elsewhere: `python3 verify.py --fingerprint BASE64 --policy FILE --held RECEIPT-OR-CHECKPOINT`.
It ends with 0 where nothing is broken, 1 where something is, 2 where the bundle cannot be read.

## With OpenSSL

An entry and a checkpoint are signed notes: text, an empty line, signature lines. OpenSSL 3 verifies any of them.

```sh
{openssl}check epoch-1/checkpoint
{entry}check entry-0
```

## With Go

Go's own `sumdb/note` verifies every signature, `sumdb/tlog` {proofs}; both must refuse
what is altered. On Debian: `apt-get install golang-go golang-golang-x-mod-dev`.

```sh
mkdir -p check && cat > check/main.go <<'END'
{go}END
GO111MODULE=off GOFLAGS= GOPATH=/usr/share/gocode go run check/main.go
```

## What is in this folder

- `epoch-N/checkpoint`: size and root of the tree, signed by the log; N counts from 1, a further one after a restore.
{layout}
- `keys.txt`: every key that the ledger ever enrolled. For convenience: verifiers take keys from the entries.
- `key-events.txt`{story}: the same as the entries, in plain words. **Nothing proves these files; the entries do.**
- `bundle.json`: what was asked for.

An entry's five lines: tag; origin; number; leaf hash of the entry before; the event. The leaf hash is SHA-256 of a zero
byte and the whole note; the leaf hash of entry 0 is the fingerprint. A node of the tree is SHA-256 of a one byte and
both halves (RFC 6962). Formats: c2sp.org/signed-note, /tlog-checkpoint, /tlog-tiles, /tlog-proof, /tlog-policy.

## What this does not show

- Whether each act was allowed by the rules of its day, and whether its data has the fields that its type declares:
  `cryoledger verify`, on the vault, replays the rulebook.
- A tail that was cut off, an epoch after a restore that was left out, or a whole ledger written anew with every key:
  only a witness, a checkpoint that you kept from before (`--held`), or the key IDs on people's badges show that. Every
  verifier says when the last entry was recorded, and how many entries came after a head that meets your policy.
- What somebody did with another's key and PIN, within the rules: that person sees it at the next sign-in. Once the key
  is revoked as suspect, the verifiers list it.
- Who holds a key: compare the key IDs on people's badges with those in `key-events.txt` or in the entries.
- The vault's own tables, which its screens show: no bundle holds them; `cryoledger verify` compares them, row for
  row.{partial}
"""
_TILES = """\
- `epoch-N/tile/entries/`: the entries, 256 in a file, each after its length in two bytes (C2SP tlog-tiles).
- `epoch-N/tile/0/`, `1/` ...: the hashes of the tree in tiles of 256."""
_PROOFS = """\
- `epoch-N/entries/`: the entries, each a file.
- `epoch-N/proofs/`: for each the proof that it is in the tree of the checkpoint (C2SP tlog-proof)."""
_COPY = """ `reading-copy.html`
is the same page with the data inside, for reading only: its SHA-256 is its own."""
_PARTIAL = """
- What is in entries that were left out. A key that one of them revoked would still look valid here."""
_ENTRY_OF_TILES = """\
bundle=$(ls -d epoch-1/tile/entries/000* | head -n 1); [ -d "$bundle" ] && bundle=$(ls "$bundle"/* | head -n 1)
set -- $(od -An -tu1 -N2 "$bundle"); head -c $(($1 * 256 + $2 + 2)) "$bundle" | tail -c +3 > entry-0
"""


def text(origin: str, subject: str, *, whole: bool, copied: bool) -> str:
    """VERIFY.md of one bundle."""
    return _FIRST.format(
        origin=origin,
        what="the whole of it." if whole else f"{subject}, with all that it came from, and the key events.",
        copy=_COPY if copied else "",
        openssl=_file("openssl.sh"),
        entry=_ENTRY_OF_TILES if whole else "cp epoch-1/entries/0 entry-0\n",
        proofs="proves inclusion and growth from the tiles" if whole else "checks every inclusion proof",
        go=_file("whole.go" if whole else "part.go"),
        layout=_TILES if whole else _PROOFS,
        story="" if whole else ", `story.txt`",
        partial="" if whole else _PARTIAL,
    )


def _file(name: str) -> str:
    return (FILES / name).read_text(encoding="utf-8")
