"""Cells that a spreadsheet would run, marked in exports (loyalty_project/formulas.py)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_project.formulas import marked, marked_if_ambiguous, unmarked

TEXT = st.text(st.one_of(st.sampled_from("'=+-@\t\r\n\uff1da1"), st.characters()))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM", "\t=1", "\r=1", "\n=1", "\uff1d1", "'=1", "''=1"])
def test_cells_that_a_spreadsheet_would_run_are_marked(cell):
    assert marked(cell) == f"'{cell}"
    assert marked(f"x{cell}") == f"x{cell}"


@pytest.mark.parametrize("cell", ["", "Asha", "'Ab", "O'Neil", "12", "a=b"])
def test_other_cells_stay_as_they_are(cell):
    assert marked(cell) == marked_if_ambiguous(cell) == unmarked(cell) == cell


@given(TEXT)
def test_every_text_comes_back_and_none_is_run(cell):
    assert unmarked(marked(cell)) == cell
    assert unmarked(marked_if_ambiguous(cell)) == cell
    assert not marked(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
