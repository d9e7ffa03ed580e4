"""Shipments between two sites, each with a ledger of its own. This text is the format of the files between them.

    A: `ship send`      VialsShipped, and a manifest           ->  file  ->
    B: `receive manifest`   ShipmentAnnounced commits to A's ledger; `vial receive` puts the vials into positions
    B: `receive receipt`    an acknowledgement                 <-  file  <-
    A: `ship confirm`       ShipmentConfirmed commits to B's ledger

Before, each site accepts the other's keys and witnesses by an entry of its own, `SiteTrusted`; what a file says of keys
is never believed. From then on neither can rewrite what the other committed to: the next file is refused by name, and
the committed head, signed by the rewriter's own log key, lies in the other's chain.

Both files are one line of canonical JSON (`cryoledger.ledger`), at most 4 MiB, with a newline at the end.

Manifest
--------
    consistency  a list of {"from": size, "proof": [hash, ...]}: from each earlier head that the receiver may hold
    contents     the object below
    receipt      the receipt of the sender's `VialsShipped` (text of a C2SP tlog-proof)

`manifest_sha256` in that entry is base64 of SHA-256 over the canonical JSON of `contents`, which has these fields:

    format     `cryoledger/manifest/v1`
    origin     of the sender's ledger, as it was created
    to         the origin of the receiver's: a manifest is for one site
    shipment   the sender's code of it
    products, donors, donations, lots, vials     as the classes `Sent...` of `contents` declare them

A vial that once came from the receiver bears its code there as `theirs`, and goes back by the same two files,
held or not: the receiver's announcement names the vial that it has, under the code and lot that it has, and quality
there judges it anew. It comes back only from the site to which it was delivered.

Lots come with their banks, an ancestor before what was made of it. There is nothing in it but what the ledger may hold:
pseudonymous codes, no name, no birth date, no record number.

Acknowledgement
---------------
    consistency  as above, of the receiver's ledger
    format       `cryoledger/acknowledgement/v1`
    receipts     of the receiver's `ShipmentAnnounced`, then of every `VialsReceived` and `ShipmentRefused` of the
                 shipment, all under one checkpoint
    shipment     the sender's code of it
"""
