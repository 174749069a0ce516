"""Columns of whatever values, and what is told of those that are refused."""

import numpy as np
import pytest

from dlspec_pipelines.steps.step_errors import StepError


def objects(*values):
    """Return a column that holds each value as it is, lists and arrays too."""
    column = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        column[row] = value
    return column


def told(function, *arguments, **named):
    """Return the message and the help of what a call is refused with."""
    with pytest.raises(StepError) as caught:
        function(*arguments, **named)
    return caught.value.message, caught.value.help
