"""Positions: every label of every scheme read back, what the box lacks named."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryoledger.codes import position
from cryoledger.codes.position import Scheme
from cryoledger.errors import CodeError

boxes = st.tuples(st.sampled_from(Scheme), st.integers(1, 702), st.integers(1, 999))


@given(boxes, st.data())
def test_label_and_cell_are_read_back(box: tuple[Scheme, int, int], data: st.DataObject) -> None:
    scheme, rows, columns = box
    index = data.draw(st.integers(0, rows * columns - 1))
    label = position.label(scheme, rows, columns, index)
    assert position.looks_like_label(label)
    assert position.parse(scheme, rows, columns, label) == index
    assert position.parse(scheme, rows, columns, f"  {label.lower()} ") == index
    assert position.index_of(scheme, rows, columns, *position.cell(scheme, rows, columns, index)) == index


@pytest.mark.parametrize("scheme", Scheme)
def test_all_labels_of_a_box_differ_and_all_cells_are_filled_once(scheme: Scheme) -> None:
    indices = range(30 * 4)
    assert len({position.label(scheme, 30, 4, index) for index in indices}) == len(indices)
    assert len({position.cell(scheme, 30, 4, index) for index in indices}) == len(indices)


@pytest.mark.parametrize(
    ("scheme", "grid"),
    [
        ("letters", ["A1 A2 A3 A4", "B1 B2 B3 B4", "C1 C2 C3 C4"]),
        ("running", ["1 2 3 4", "5 6 7 8", "9 10 11 12"]),
        ("columns", ["1 4 7 10", "2 5 8 11", "3 6 9 12"]),
    ],
)
def test_grid_is_the_one_in_the_module_docstring(scheme: str, grid: list[str]) -> None:
    assert [
        " ".join(position.label(scheme, 3, 4, position.index_of(scheme, 3, 4, row, column)) for column in range(4))
        for row in range(3)
    ] == grid


def test_rows_beyond_z_are_named_by_two_letters() -> None:
    labels = [position.label("letters", 702, 1, row) for row in (25, 26, 27, 51, 52, 701)]
    assert labels == ["Z1", "AA1", "AB1", "AZ1", "BA1", "ZZ1"]


@pytest.mark.parametrize("text", ["A1", "a1", "A01", "a001", " A1 "])
def test_one_position_is_written_in_several_ways(text: str) -> None:
    assert position.parse("letters", 9, 9, text) == 0


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        ("letters", text)
        for text in [
            "",
            "A0",
            "A10",
            "J1",
            "AA1",
            "1A",
            "A",
            "11",
            "A١",
            "Å1",
            "A 1",
            "A1B",
            "A" + "1" * 5000,
        ]
    ]
    + [("running", text) for text in ["", "0", "82", "A1", "-1", "1.0", "١", "²", "9" * 5000]]
    + [("columns", text) for text in ["82", "A1"]],
)
def test_position_that_the_box_lacks_says_what_the_box_has(scheme: str, text: str) -> None:
    last = "I9" if scheme == "letters" else "81"
    with pytest.raises(CodeError, match=f"81 positions go from A?1 to {last} \\(9 rows, 9 columns\\)"):
        position.parse(scheme, 9, 9, text)


@pytest.mark.parametrize(
    ("scheme", "rows", "columns", "index"),
    [("diagonal", 9, 9, 0), ("letters", 0, 9, 0), ("letters", 703, 9, 0), ("running", 9, 1000, 0)]
    + [(scheme, 9, 9, index) for scheme in Scheme for index in (-1, 81)],
)
def test_box_or_index_that_cannot_be_is_refused(scheme: str, rows: int, columns: int, index: int) -> None:
    with pytest.raises(CodeError):
        position.label(scheme, rows, columns, index)


def test_cell_outside_the_box_is_refused() -> None:
    with pytest.raises(CodeError, match="no row 10"):
        position.index_of("letters", 9, 9, 9, 0)


@pytest.mark.parametrize(("unit", "label"), [("", "A1"), ("B/1", "A1"), ("B1", ""), ("B1", "/")])
def test_position_code_that_would_not_read_back_is_refused(unit: str, label: str) -> None:
    with pytest.raises(CodeError):
        position.position_code(unit, label)


@given(boxes, st.text(max_size=12))
def test_any_text_is_a_position_or_a_code_error(box: tuple[Scheme, int, int], text: str) -> None:
    scheme, rows, columns = box
    with contextlib.suppress(CodeError):
        assert 0 <= position.parse(scheme, rows, columns, text) < rows * columns
