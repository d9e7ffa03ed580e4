"""What a person says of a file, in a TOML map; everything in it is optional, and what is not said is guessed.

    dates = "day-first"              # month-first, year-first
    decimal = ","
    [columns]                        # field = the column's header
    barcode = "Probenröhrchen"
    [defaults]                       # for what no column says
    passage = "4"
    [prefixes]                       # put before codes that another site uses too
    donor = "LAB2-"
    [box]
    rows = 10
    columns = 10

`cryoledger import inventory FILE --dry-run --json` shows what would be guessed.
"""

from __future__ import annotations

import codecs
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cryoledger.errors import RequestError

__all__ = ["FIELDS", "KINDS", "BoxSaid", "ColumnMap", "read_map"]

KINDS = ("freezer", "tank", "shelf", "canister", "tower", "rack", "drawer", "cane", "box")
"""Storage units from the outermost to the innermost, as they stand in one another."""

FIELDS = (
    "barcode", "position", "lot", "product", "donor", "donation", "tissue", "collected_on", "passage", "cells",
    "volume", "cryoprotectant", "filled_on", "expiry_on", "viability", "comment", "bank", "donor_kind", "patient",
    *KINDS, *(f"{kind}_code" for kind in KINDS), *(f"{kind}_slot" for kind in KINDS),
    "box_rows", "box_columns", "box_scheme", "disposition",
)  # fmt: skip
MAP_BYTES_MOST = 1 << 20

Side = Annotated[int, Field(ge=1, le=64)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BoxSaid(_Said):
    """The size of the file's boxes."""

    rows: Side = 9
    columns: Side = 9
    scheme: Literal["letters", "running", "columns"] = "letters"


class ColumnMap(_Said):
    """Everything that can be said of a file."""

    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    sheet: str | None = None
    header: Annotated[int, Field(ge=1, le=1000)] | None = None
    dates: Literal["day-first", "month-first", "year-first"] | None = None
    decimal: Literal[".", ","] | None = None
    cells_unit: Literal["cells", "thousand", "million"] | None = None
    volume_unit: Literal["ml", "ul"] | None = None
    barcode_width: Annotated[int, Field(ge=1, le=64)] | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    defaults: dict[str, str] = Field(default_factory=dict)
    prefixes: dict[Literal["unit", "lot", "donor", "donation", "product"], str] = Field(default_factory=dict)
    box: BoxSaid | None = None
    tissues: dict[str, Literal["wharton's jelly", "bone marrow", "adipose"]] = Field(default_factory=dict)

    @field_validator("columns", "defaults")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(value) - set(FIELDS))
        if unknown:
            raise ValueError(
                f"there is no field {unknown[0]!r}; the fields are {', '.join(FIELDS[:19])}, {KINDS[0]} ..."
            )
        return value

    @field_validator("encoding")
    @classmethod
    def _codec(cls, value: str | None) -> str | None:
        try:
            if value is not None and not codecs.lookup(value)._is_text_encoding:  # noqa: SLF001
                raise LookupError
        except (LookupError, ValueError):
            raise ValueError(f"there is no encoding {value!r}") from None
        return value


def read_map(path: Path) -> ColumnMap:
    """The map in a TOML file; RequestError says which line of it is wrong."""
    try:
        with path.open("rb") as file:
            content = file.read(MAP_BYTES_MOST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is no path"
        raise RequestError(f"The map {path} cannot be read: {reason}.", "Name a file that is there.") from None
    if len(content) > MAP_BYTES_MOST:
        raise RequestError(f"The map {path} is longer than a megabyte.", "Name the map, not the inventory.")
    try:
        return ColumnMap.model_validate(tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeError, RecursionError) as error:
        raise RequestError(f"The map {path} is no TOML: {error}.", "Correct it and repeat.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RequestError(f"The map {path}: {where}: {first['msg']}.", "Correct it and repeat.") from None
