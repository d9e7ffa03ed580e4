"""What a scan says: local codes, commands, badges and positions, ISBT 128, GS1 and Single European Codes.

`read` is the one way in. It drops what the scanner put around the code and answers with a typed value:

- `CommandScan`   a barcode of the command sheet (`cryoledger.codes.commands`);
- `Badge`         a person's badge, which names a signing key (`cryoledger.codes.badge`);
- `PositionScan`  a unit's code and a position label (`cryoledger.codes.position`);
- `Code`          the code of a thing, of this site (`cryoledger.codes.local`) or anybody's, to be looked up
                  as scanned; `detail` holds what an ISBT 128, GS1 or Single European Code says
                  (`cryoledger.codes.isbt128`, `.gs1`, `.sec`).

A scan is routed by its prefix, by the scanner's AIM identifier, and by its content. `describe` puts the answer,
or the error, into a dictionary for `cryoledger codes read`.

    >>> from cryoledger.codes import Kind, make, read
    >>> vial = make("BK", Kind.VIAL, 1)
    >>> vial
    'BKV000001W'
    >>> scan = read("]d1" + vial + "\\r", site_prefix="BK")
    >>> scan.text, scan.kind.value, scan.scheme
    ('BKV000001W', 'vial', 'local')
    >>> read("CMD-TAKE-OUT").command.value, read("CMD-QTY-12").quantity
    ('take out', 12)
    >>> read("BKU000007R/C4", "BK").position
    'C4'
    >>> read("CL7000000", "BK").scheme
    'plain'
    >>> read("]d1=+02000=A99991712345600=,000012").detail.fields["din"]
    'A999917123456'

What cannot be read is a CodeError that says what is wrong and at which character; nothing else is raised:

    >>> read("BKV00000OW", "BK").scheme   # an O is in no local code, so this may be a tube maker's
    'plain'
    >>> read("BKV000010W", "BK")
    Traceback (most recent call last):
    cryoledger.errors.CodeError: misread: 'BKV000010W' does not fit its check character. Scan again; ...

The package is pure: no clock, no file, no database. Whether a thing exists is for the inventory to say.
"""

from __future__ import annotations

from cryoledger.codes.badge import Badge, badge_code, read_badge
from cryoledger.codes.commands import Command, CommandScan, command_code, read_command
from cryoledger.codes.description import Description, describe
from cryoledger.codes.local import ALPHABET, Kind, LocalCode, check_character, is_valid, make, split
from cryoledger.codes.other_names import donation_number, other_names
from cryoledger.codes.position import PositionScan, Scheme, position_code
from cryoledger.codes.scan import Code, CodeScheme, Detail, Scan, read

__all__ = [
    "ALPHABET",
    "Badge",
    "Code",
    "CodeScheme",
    "Command",
    "CommandScan",
    "Description",
    "Detail",
    "Kind",
    "LocalCode",
    "PositionScan",
    "Scan",
    "Scheme",
    "badge_code",
    "check_character",
    "command_code",
    "describe",
    "donation_number",
    "is_valid",
    "make",
    "other_names",
    "position_code",
    "read",
    "read_badge",
    "read_command",
    "split",
]
