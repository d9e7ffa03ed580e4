r"""The ledger: signed notes in a chain, under a tree. This text is its specification, version 1.

Everything signed is a **signed note** (C2SP signed-note): readable text ending in a newline, an empty line,
then one line per signature, `— name base64(key ID || signature)`. A note is UTF-8 without control characters
other than newline; base64 is RFC 4648 section 4 with padding and in its one canonical spelling; a name is 1 to
255 bytes without space, plus or control character. `sha256` is SHA-256, `||` joins bytes.

Entry
-----
The text of an entry is five lines, each ended by a newline:

    1. `cryoledger/entry/v1`
    2. the origin: the ledger's name, unique, spelled like a key's name
    3. the sequence: decimal from 0, below 2^63, without leading zeroes
    4. base64 of the leaf hash of the entry before; of 32 zero bytes in entry 0, and only that
    5. the event, as canonical JSON

The event is an object of exactly these fields:

    data          an object; its shape belongs to `type` and `schema`
    id            a UUIDv7 in lower case (RFC 9562), the same when a request is repeated
    occurred_at   when it happened, `YYYY-MM-DDTHH:MM:SS.mmmZ`
    recorded_at   when it was recorded, the same form
    rules         the number of the rulebook that decided it, from 1
    schema        the version of the event's own shape, from 1
    signers       a list, not empty, of {"meaning": text, "name": name}, no name twice
    station       the workstation, not empty
    type          the event's name: a capital, then up to 63 ASCII letters and digits

The signature lines bear exactly the names of `signers`, in that order: a witness cannot be stripped, because
the text that all of them signed names the witness. The whole note has at most 65,535 bytes (C2SP tlog-tiles).
Every signature is Ed25519 (RFC 8032, cofactorless, S and keys canonical) over the text, lines 1 to 5 with the
last newline and without the empty line. Verification runs over the bytes as they were stored.

Canonical JSON
--------------
RFC 8785, restricted: keys are ASCII, sorted, none twice; numbers are integers with |n| < 2^53; nesting is at
most 32 deep. There is no white space. In texts only `"`, `\` and U+0000-001F are escaped (`\b \t \n \f \r`,
else `\u00xx` in lower case); all else is raw UTF-8. A reader writes what it read again, and refuses what is
not byte for byte the same.

Before signing, texts are put in NFC, and surrogates, U+007F-009F, bidirectional controls, U+2028, U+2029 and
unassigned code points are refused. A reader does not check this: Unicode versions disagree over thirty years.

Keys
----
    key ID        sha256(name || 0x0A || algorithm || public key)[:4]
    verifier key  name+hex(key ID)+base64(algorithm || public key)

Algorithms are the bytes that C2SP assigns: 0x01 Ed25519, for people, stations and the log; 0x04 Ed25519
cosignature v1, for witnesses; 0x06 ML-DSA-44 cosignature, for witnesses and for the log's second line.
Ed25519 public keys must be canonical points of the curve whose order does not divide 8 (`points`).

Leaf and tree
-------------
The **leaf hash** of an entry is sha256(0x00 || whole note, signature lines included). The tree over the leaf
hashes is that of RFC 6962, 2.1: node = sha256(0x01 || left || right). The leaf hash of entry 0 is the vault's
**fingerprint**.

Checkpoint
----------
A checkpoint (C2SP tlog-checkpoint) is a note of three lines: origin, number of entries, base64 of the root; no
extension lines. The log signs it under its origin as name, with Ed25519 (0x01) and, in files, with ML-DSA-44.
C2SP assigns no type to plain ML-DSA-44 over a text: tlog-checkpoint ("Signatures") has logs sign with the
ML-DSA-44 cosignature of tlog-cosignature, type 0x06, and so do we. Its line holds a time of eight bytes (0: no
statement about the time), then the signature over

    "subtree/v1\n\0" || length(name) || name || time || length(origin) || origin || 0 || size || root

where lengths are one byte and numbers eight, big-endian. A witness's cosignature v1 (0x04) holds its time
likewise, then Ed25519 over `cosignature/v1\ntime <seconds>\n` and the checkpoint's three lines.

Witnesses, policies, receipts
-----------------------------
A witness is asked as C2SP tlog-witness says (`add-checkpoint`): the line `old <size>`, the hashes of a consistency
proof, an empty line, the checkpoint; the same bytes over HTTP, in a file and in a QR code. It cosigns what extends
the last head that it kept, and names a rewrite, a rollback or a fork. Whose cosignatures are enough is said by a
policy (C2SP tlog-policy) that the verifier brings, and that is never read out of what is verified. A **receipt** is
a C2SP tlog-proof: the entry's whole note as its extra data, its sequence as the index, its inclusion proof, and a
checkpoint with its signatures; it is checked without a vault. Tiles hold 256 hashes of one level (C2SP tlog-tiles).

Between ledgers
---------------
A ledger commits to another by an entry that holds, of the other: origin, size, root and signed checkpoint of a **head**,
with the lines that the policy trusted for it counted; the RFC 6962 consistency proof from the head of that origin to
which it committed before; and leaf hash, sequence and inclusion proof of the other's entries that it is about. The
policy is in an entry of the committing ledger itself. A verifier judges all of it again, in order. From then on the
committing ledger's chain, and every signature after it, seals the other's history too.

Private keys at rest
--------------------
A seed of 32 bytes is encrypted by AES-256-GCM under HKDF-SHA256 of Argon2id(PIN, salt) keyed by the vault
secret; a log key under HKDF-SHA256 of the vault secret alone. Origin, name, key ID and KDF parameters are
authenticated. `wrapping` gives the formulas, `recovery` the form of secrets on paper.

Worked example
--------------
Two entries; the Ed25519 seed of each signer is sha256(name). The first has the leaf hash that line 4 of the
second names. The second has the leaf hash `A9HMlY5AmzryIZnAGjqtM1eT3AXVdqfgRq0mkTGHu1c=`, and the tree of both the root
`2rgqdVuegNiiowwSf/eAFhHYsoHLTtlo+E4whtIBPRI=`.

    cryoledger/entry/v1
    velar.example/bangkok
    0
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
    {"data":{"note":"example only: the real payload is yours to define"},"id":"0194f1c0-0000-7000-8000-000000000000","occurred_at":"2026-11-22T03:00:00.000Z","recorded_at":"2026-11-22T03:00:00.000Z","rules":1,"schema":1,"signers":[{"meaning":"created","name":"maria.s"}],"station":"freezer-room-1","type":"VaultCreated"}

    — maria.s piSECtQA7WJ9wKnEGWq64xlB7Hei+4gc8/lLO5k5AMOx/b3Swi5dI7xu4bFFQXW2r6oUjopmR9t95XGMq25AtOcrxws=

    cryoledger/entry/v1
    velar.example/bangkok
    1
    Gti3Sj396yGDoqbF/bi4d5zGkR0A2c9nJtC8kfarLjg=
    {"data":{"note":"ตรวจแล้ว [/lot 7]","reason":"broken","scanned":"]d2010950600013435221A\u001d10L7","vial":"VB7K2M94QX"},"id":"0194f1c0-0000-7000-8000-000000000001","occurred_at":"2026-11-22T03:41:07.512Z","recorded_at":"2026-11-22T03:41:07.512Z","rules":1,"schema":1,"signers":[{"meaning":"performed","name":"maria.s"},{"meaning":"witnessed","name":"somchai.k"}],"station":"freezer-room-1","type":"VialDiscarded"}

    — maria.s piSEChnoRP8Z6esy+ip/W+mOwnxPzbb+CwOM9C6w68HyoANtHceZT79/hLN4+YqwGXPQ8O7VknWSrPBBCgy8vDItrwg=
    — somchai.k etfR08GaciVm2LHOX2LEEsVNIz6WvpM6XE/rAn5Niy+BVv+kT20O3XQjT6WBu+PhNiU4wmfMLhz79EQITIT27CPPCA0=

The keys that verify them:

    maria.s+a624840a+AQlVkllXzFyNeVc9YjOxY+Kc6L7g+nZNdxvvUPLw8lhT
    somchai.k+7ad7d1d3+Af1awo+UAJvjXaNvRY9PgIfyTA7KyMnsQ6l+0zVGkFuC

Modules
-------
    canonical     JSON and times, to bytes and back
    note          signed notes, signatures, verifier keys
    entry         entries
    tree          leaf hashes, frontier, proofs
    tiles         the tree in tiles, as it grows, and proofs out of them
    checkpoint    checkpoints and cosignatures (their messages: cosignature)
    witnessing    what a witness is asked, and how it judges
    policy        whose word about a checkpoint is enough
    proof         receipts
    keys          private keys, wrapping, PINs, the recovery sheet (wrapping, recovery)
    signature_batch  many signatures at once, for other processes
    lines, points what the others share: base64, decimals, names; points of the curve

Reading one entry and asking whether its first signer signed it:

    entry = parse_entry(data)                                           # LedgerFormatError
    VerifierKey.parse(line).verify(entry.note_text, entry.signatures[0])     # SignatureError
"""  # noqa: E501
