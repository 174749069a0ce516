"""The metrics of numbers, as scikit-learn defines them."""

import numpy as np
from numpy.typing import NDArray

from dlspec_pipelines.steps.evaluation.outputs import Predicted
from dlspec_pipelines.steps.step_errors import NotDefined


def mae(p: Predicted) -> float:
    """Return the mean absolute error, in the target's unit."""
    return float(np.abs(prediction_error(p)).mean())


def mse(p: Predicted) -> float:
    """Return the mean squared error, in the target's unit squared."""
    return float((prediction_error(p) ** 2).mean())


def rmse(p: Predicted) -> float:
    """Return the square root of the mean squared error over all columns, in the target's unit."""
    return float(np.sqrt(mse(p)))


def mape(p: Predicted) -> float:
    """Return the mean absolute error in percent of the truth.

    Raises:
        NotDefined: If a target is 0.
    """
    true = p.true.astype(np.float64)
    if not true.all():
        raise NotDefined("`mape` is not defined: the target of a sample is 0")
    return float(100 * np.abs(prediction_error(p) / true).mean())


def smape(p: Predicted) -> float:
    """Return the mean absolute error in percent of the mean size; 0 where both are 0."""
    size = (np.abs(p.true.astype(np.float64)) + np.abs(p.guess.astype(np.float64))) / 2
    error = np.abs(prediction_error(p))
    return float(100 * np.divide(error, size, out=np.zeros_like(error), where=size > 0).mean())


def pinball_10(p: Predicted) -> float:
    """Return the mean pinball loss of a forecast of the quantile 0.1, in the target's unit."""
    return _pinball(p, 0.1)


def pinball_50(p: Predicted) -> float:
    """Return the mean pinball loss of a forecast of the median, in the target's unit."""
    return _pinball(p, 0.5)


def pinball_90(p: Predicted) -> float:
    """Return the mean pinball loss of a forecast of the quantile 0.9, in the target's unit."""
    return _pinball(p, 0.9)


def _pinball(p: Predicted, quantile: float) -> float:
    above = prediction_error(p)
    return float(np.maximum((1 - quantile) * above, -quantile * above).mean())


def r2(p: Predicted) -> float:
    """Return the share of the variance that is explained, the mean over the target's columns.

    One of several columns that has no variance counts 1 when it is met exactly, else 0.

    Raises:
        NotDefined: If no column has any variance.
    """
    left = (prediction_error(p) ** 2).sum(axis=0).reshape(-1)
    true = p.true.astype(np.float64)
    if (true == true[:1]).all():
        raise NotDefined("`r2` is not defined: the targets of all samples are the same")
    total = ((true - true.mean(axis=0)) ** 2).sum(axis=0).reshape(-1)
    constant = np.where(left == 0, 1.0, 0.0)
    explained = 1 - left / np.where(total == 0, 1, total)
    return float(np.where(total == 0, constant, explained).mean())


def prediction_error(p: Predicted) -> NDArray[np.float64]:
    """Return prediction less truth, in the target's unit."""
    return p.guess.astype(np.float64) - p.true.astype(np.float64)
