"""What an order and a product's definition say, from what a person gave: the same at the desk and as a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cryoledger.custody import amounts
from cryoledger.domain.facts import Facts
from cryoledger.domain.records import Specification
from cryoledger.domain.rulebook_1.imports import newest_version
from cryoledger.errors import RequestError

__all__ = [
    "PRODUCT",
    "limit_text",
    "next_version",
    "order_data",
    "product_data",
    "requirement",
    "requirement_text",
    "specification_of",
]

PRODUCT: Final[Mapping[str, str]] = {
    "storage_celsius_max": "-150", "post_thaw_minutes": "120", "out_of_storage_minutes": "10",
    "label_layout": "vial-33x13",
}  # fmt: skip
"""What holds of a product where nothing else is said, as it is typed."""
LONG_LAYOUT: Final = "vial-33x13-long"
_GENERIC: Final = "Write NAME:UNIT:MINIMUM:MAXIMUM or NAME=WORD, with ? at its end where it is not required."


def order_data(
    order: str, patient: str, product: str, route: str, days: Sequence[str], cells: int, **given: int | None
) -> dict[str, Any]:
    """The payload of OrderPlaced: a line for each day, all alike.

    `given` may say `cells_max` (else a tenth more than was asked for may be given), `cells_per_kilogram` and
    `weight_grams`.
    """
    line = {"cells": cells, "cells_max": given.get("cells_max") or cells + cells // 10, "route": route}
    line |= {name: value for name in ("cells_per_kilogram", "weight_grams") if (value := given.get(name))}
    lines = [{"line": number, "due_on": day, **line} for number, day in enumerate(days, start=1)]
    return {"order": order, "patient": patient, "product": product, "lines": lines}


def product_data(
    product: str, version: int, given: Mapping[str, Any], specification: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The payload of ProductDefined; what `given` does not say is as in PRODUCT. RequestError for what is no number.

    A product with a code of ISBT 128 or GS1 has symbols too large for the usual label, and gets one with room for them.
    """
    said = {**PRODUCT, **({"label_layout": LONG_LAYOUT} if given.get("item_code") else {}), **given}
    return {
        "product": product,
        "version": version,
        "name": said.get("name", product),
        "storage_millicelsius_max": amounts.milli(str(said["storage_celsius_max"])),
        "post_thaw_minutes": _minutes(said["post_thaw_minutes"]),
        "out_of_storage_minutes": _minutes(said["out_of_storage_minutes"]),
        "label_layout": said["label_layout"],
        **({"item_code": said["item_code"]} if said.get("item_code") else {}),
        "specification": list(specification),
    }


def _minutes(value: Any) -> Any:
    return amounts.whole(value) if isinstance(value, str) else value


def next_version(facts: Facts, product: str) -> int:
    """The version that a definition of a product gets now."""
    return newest_version(facts, product) + 1


def requirement(text: str) -> dict[str, Any]:
    """One test with its limits, from `viability:%:70:` or `sterility=negative`; RequestError for anything else."""
    body, required = text.removesuffix("?"), not text.endswith("?")
    name, equals, word = body.partition("=")
    if equals:
        return {"test": name, "unit": "word", "expected": word, "required": required}
    parts = body.split(":")
    if len(parts) != 4:
        raise RequestError(f"{text[:80]!r} is not a test.", _GENERIC)
    limits = {"minimum_milli": parts[2], "maximum_milli": parts[3]}
    given = {limit: amounts.milli(value) for limit, value in limits.items() if value}
    return {"test": parts[0], "unit": parts[1], "required": required, **given}


def requirement_text(test: Specification) -> str:
    """A test as `requirement` reads it."""
    end = "" if test.required else "?"
    if test.expected is not None:
        return f"{test.test}={test.expected}{end}"
    return f"{test.test}:{test.unit}:{limit_text(test.minimum_milli)}:{limit_text(test.maximum_milli)}{end}"


def limit_text(milli: int | None) -> str:
    """A value in thousandths as it is typed; "" where there is none.

    >>> limit_text(70_000), limit_text(-150_500), limit_text(None)
    ('70', '-150.5', '')
    """
    return "" if milli is None else amounts.milli_text(milli)


def specification_of(facts: Facts, product: str, version: int) -> tuple[str, ...]:
    """The tests of a product's version, each as `requirement` reads it."""
    return tuple(requirement_text(row) for row in facts.where(Specification, product=product, version=version))
