"""A number that is written as people write it is answered with what a table has."""

import numpy as np
import pandas as pd
import pytest

from dlspec_pipelines.steps.preparation.numbers import as_numbers
from dlspec_pipelines.steps.preparation.written_numbers import number_text_help, plain_numbers
from dlspec_pipelines.steps.step_errors import StepError

WRITTEN = [
    ("600'000", ("600000",)),
    ("600\u2019000", ("600000",)),
    ("1 234 567", ("1234567",)),
    ("1\u00a0234,5", ("1234.5",)),
    ("1_000", ("1000",)),
    ("1,234.50", ("1234.50",)),
    ("1,234,567", ("1234567",)),
    ("1.234,50", ("1234.50",)),
    ("1.234.567", ("1234567",)),
    ("70,5", ("70.5",)),
    ("-0,125", ("-0.125",)),
    ("1,234", ("1234", "1.234")),
]


@pytest.mark.parametrize(("text", "meant"), WRITTEN)
def test_what_a_number_of_people_means_is_told(text, meant):
    assert plain_numbers(text) == meant
    # What is told is a number to pandas, which reads the table.
    assert np.isfinite(pd.to_numeric(pd.Series(meant))).all()


@pytest.mark.parametrize("text", ["", "none", "12 kg", "1,2,3", "2024-01-31", "1'23", "12:30", ","])
def test_other_texts_mean_no_number(text):
    assert plain_numbers(text) == ()
    assert "`missing`" in number_text_help(text)


@pytest.mark.parametrize(("text", "meant"), WRITTEN)
def test_a_column_in_which_the_help_is_followed_is_read(text, meant):
    column = np.array(["1", text, "2.5"], dtype=object)
    with pytest.raises(StepError) as caught:
        as_numbers("price", column)
    assert f"`{meant[0]}`" in caught.value.help
    column[1] = meant[0]
    assert as_numbers("price", column).tolist() == [1.0, float(meant[0]), 2.5]
