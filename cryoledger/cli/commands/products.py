"""Commands about products: versions of a definition, with specification, storage band and windows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cryoledger.cli.call import Call
from cryoledger.cli.commands.looking import show_card
from cryoledger.cli.declare import Data, act, group, look
from cryoledger.cli.words import NewCode, Product
from cryoledger.custody import amounts
from cryoledger.errors import RequestError

__all__ = ["product"]

product = group()

FIELDS = ("name", "storage_celsius_max", "post_thaw_minutes", "out_of_storage_minutes", "label_layout", "item_code")
EXAMPLE = """\
cryoledger product add MSC-1 --file msc.toml --as quinn.o
cryoledger product add MSC-1 --name "WJ MSC" --test viability:%:70: --test sterility=negative --as quinn.o"""


@act(product, "ProductDefined", "add", example=EXAMPLE)
def add(
    call: Call,
    code: NewCode,
    file: Annotated[
        Path | None, typer.Option("--file", help="A TOML file: the options below by their names, and [[test]] tables.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Its printed name.")] = None,
    storage_celsius_max: Annotated[str | None, typer.Option(help="The warmest storage, in degrees: -150.")] = None,
    post_thaw_minutes: Annotated[int | None, typer.Option(help="How long it may be given after thawing.")] = None,
    out_of_storage_minutes: Annotated[int | None, typer.Option(help="How long a vial may be out in all.")] = None,
    label_layout: Annotated[str | None, typer.Option(help="Which label its vials bear.")] = None,
    item_code: Annotated[
        str | None, typer.Option(help="Its code in the site's vial scheme: a GTIN, or six characters of ISBT 128.")
    ] = None,
    test: Annotated[
        list[str] | None,
        typer.Option(
            "--test", metavar="TEST", help="NAME:UNIT:MINIMUM:MAXIMUM, or NAME=WORD; with ? at its end, not required."
        ),
    ] = None,
    without_tests: Annotated[bool, typer.Option("--without-tests", help="Its lots are released without any.")] = False,
) -> Data:
    """Define a product, or its next version, from a TOML file or from options."""
    from cryoledger.cli.typed import read_toml
    from cryoledger.custody.definitions import next_version, product_data, requirement

    given = read_toml(file) if file is not None else {}
    options = (name, storage_celsius_max, post_thaw_minutes, out_of_storage_minutes, label_layout, item_code)
    given |= {field: value for field, value in zip(FIELDS, options, strict=True) if value is not None}
    unknown = sorted(given.keys() - {*FIELDS, "test"})
    if unknown:
        raise RequestError(f"{file} has fields that no product has: {', '.join(unknown)[:200]}.", "Remove them.")
    with call.reading() as reading:
        version = next_version(reading.facts, code)
    tests = [*_from_file(given.get("test", [])), *map(requirement, test or ())]
    if not tests and not without_tests:
        raise RequestError(
            f"No test of {code} was named: its lots would be released without any.",
            "Name each with --test, or add --without-tests.",
        )
    return product_data(code, version, given, tests)


def _from_file(tests: Any) -> list[dict[str, Any]]:
    if not isinstance(tests, list) or not all(isinstance(each, dict) for each in tests):
        raise RequestError("The tests of a product are [[test]] tables.", "Correct the file.")
    found = []
    for each in tests:
        limits = {
            f"{limit}_milli": amounts.milli(str(each[limit])) for limit in ("minimum", "maximum") if limit in each
        }
        rest = {key: value for key, value in each.items() if key not in ("minimum", "maximum", "name")}
        found.append({"test": str(each.get("name", "")), "unit": "word", **rest, **limits})
    return found


@look(product, "list", example="cryoledger product list")
def list_products(call: Call) -> None:
    """List the products, every version."""
    from cryoledger.domain.records import Product as Row

    with call.reading() as reading:
        rows = reading.facts.where(Row)
    call.rows(rows, "code", "version", "name", "post_thaw_minutes", "out_of_storage_minutes", "label_layout")


@look(product, "show", example="cryoledger product show MSC-1")
def show(call: Call, code: Product) -> None:
    """Show a product's card: its newest version and the tests that it asks for."""
    show_card(call, "product", code)
