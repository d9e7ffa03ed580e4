"""Labels a second of one core for a lot of 1,000, against the symbol library alone; `python -m tests.labels.rates`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import zxingcpp

from cryoledger.labels import Label, Stock, load_layout, load_stock, render_all, to_zpl
from cryoledger.labels.pdf import to_pdf
from tests.labels import samples

COUNT = 1000


def symbols_alone() -> None:
    """Make and read the symbols with zxing-cpp, and nothing else."""
    for number in range(COUNT):
        made = zxingcpp.create_barcode(samples.vial(number).code, zxingcpp.BarcodeFormat.DataMatrix, force_square=True)
        found = zxingcpp.read_barcodes(
            made.to_image(scale=4), zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix)
        )
        assert found[0].bytes == samples.vial(number).code.encode()


def lot(stock: Stock, dpi: int) -> Iterable[Label]:
    return render_all((samples.vial(number) for number in range(COUNT)), load_layout("vial-33x13"), stock, dpi)


def rate(work: Callable[[], object]) -> str:
    began = time.process_time()
    work()
    return f"{COUNT / (time.process_time() - began):,.0f}"


def main() -> None:
    """Print the table of README.md."""
    roll, sheet = load_stock("roll-33x13"), load_stock("LCRY-1700")
    print("| a lot of 1,000 vials | dpi | labels a second of one core |\n|---|---|---|")
    print(f"| symbols alone, made and read by zxing-cpp | - | {rate(symbols_alone)} |")
    for dpi in (203, 300, 600):
        print(f"| drawn, verified, as ZPL | {dpi} | {rate(lambda: [to_zpl(each, roll) for each in lot(roll, dpi)])} |")  # noqa: B023
        print(f"| drawn, verified, as PDF of 12 sheets | {dpi} | {rate(lambda: to_pdf(lot(sheet, dpi), sheet))} |")  # noqa: B023


if __name__ == "__main__":
    main()
