"""The table of a posterior: what `arviz.summary` gives, for all variables at once instead of one after another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from arviz_base import dataset_to_dataframe

from bayesord.inference.convergence import convergence, ess_of_means

__all__ = ["summarise"]


def summarise(posterior: xr.Dataset, prob: float = 0.9) -> pd.DataFrame:
    """Mean, sd, equal-tailed interval, ESS, R-hat and Monte Carlo errors of every number of a posterior.

    The Monte Carlo error of a mean is sd/√ESS; that of the sd follows from the error of the variance (delta method):
    Vehtari et al. (2021), doi:10.1214/20-BA1221.

    Parameters
    ----------
    posterior : xarray.Dataset
        Variables with dims chain, draw and others.
    prob : float
        Probability of the interval.

    Returns
    -------
    DataFrame
        A row for each number, named as ArviZ does; columns mean, sd, eti90_lb, eti90_ub, ess_bulk, ess_tail, r_hat,
        mcse_mean, mcse_sd, not rounded.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> draws = np.random.default_rng(1).normal([1.0, 5.0], size=(4, 500, 2))
    >>> table = summarise(xr.Dataset({"b": (("chain", "draw", "x"), draws)}, coords={"x": ["age", "dose"]}))
    >>> table[["mean", "sd", "r_hat"]].round(1)
             mean   sd  r_hat
    b[age]    1.0  1.0    1.0
    b[dose]   5.0  1.0    1.0
    """
    name = int(100 * prob)
    columns = [
        "mean", "sd", f"eti{name}_lb", f"eti{name}_ub", "ess_bulk", "ess_tail", "r_hat", "mcse_mean", "mcse_sd",
    ]  # fmt: skip
    posterior = posterior.transpose("chain", "draw", ...)
    x = np.concatenate(
        [array.values.reshape(*array.shape[:2], -1) for array in posterior.values()], axis=2, dtype=np.float64
    )
    figures = _figures(x, prob)
    tables, start = {}, 0
    for variable, array in posterior.items():
        shape = array.shape[2:]
        own = figures[:, start : start + int(np.prod(shape))].reshape(-1, *shape)
        tables[variable] = (("summary", *array.dims[2:]), own)
        start += int(np.prod(shape))
    coords = {dim: own for dim, own in posterior.coords.items() if dim not in ("chain", "draw")}
    return dataset_to_dataframe(
        xr.Dataset(tables, coords=coords | {"summary": columns}), sample_dims=["summary"]
    ).T


def _figures(x: np.ndarray, prob: float) -> np.ndarray:
    """The columns of the table as rows, for x (chain, draw, numbers)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        draws = x.shape[0] * x.shape[1]
        mean = x.mean(axis=(0, 1))
        square = (x - mean) ** 2
        variance = square.mean(axis=(0, 1))
        sd = np.sqrt(variance * draws / (draws - 1))
        error = sd / np.sqrt(ess_of_means(x))
        spread_of_square = (square**2).mean(axis=(0, 1)) - variance**2
        error_of_sd = np.sqrt(spread_of_square / ess_of_means(square) / variance / 4)
        low, high = np.quantile(x, [(1 - prob) / 2, (1 + prob) / 2], axis=(0, 1))
    found = convergence(x)
    return np.array([mean, sd, low, high, found.ess_bulk, found.ess_tail, found.r_hat, error, error_of_sd])
