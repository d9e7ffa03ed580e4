"""A vial in the hand: round the tube, turned, askew, blurred and noisy. README.md has the full table."""

from __future__ import annotations

import pytest

from tests.labels.tube import share

COUNT = 8


@pytest.mark.parametrize(("degrees", "least"), [(None, 1.0), (0, 0.85), (15, 0.85), (30, 0.6)])
@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("layout", ["vial-33x13", "vial-33x13-long"])
def test_vial_labels_read_on_the_tube(layout: str, dpi: int, degrees: float | None, least: float) -> None:
    assert share(layout, dpi, degrees, COUNT) >= least


@pytest.mark.parametrize("form", ["qr", "code128"])
def test_other_symbols_do_not_and_so_no_layout_puts_them_on_vials(form: str) -> None:
    assert share(form, 0, 30, COUNT) < 0.5
