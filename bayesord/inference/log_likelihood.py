"""log P(y_i) per draw and original row, unweighted and in the user's order: what LOO and ArviZ read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import xarray as xr

from bayesord.checks import available_cores
from bayesord.jit import njit
from bayesord.likelihood import kernels
from bayesord.likelihood.links import Link
from bayesord.modelling.design import Design

__all__ = ["add_log_likelihood", "log_likelihood_at"]

_BLOCK_ROWS = 256


def add_log_likelihood(idata: xr.DataTree, design: Design, link: Link) -> None:
    """Add the group log_likelihood: log P(y_i) per draw and original row, unweighted."""
    posterior = idata["posterior"]
    steps = posterior["cutpoint_steps"].values
    shape = steps.shape[:2]
    beta = (
        posterior["beta"].values.reshape(-1, len(design.predictors))
        if design.predictors
        else np.zeros((shape[0] * shape[1], 0))
    )
    values = log_likelihood_at(design, link, beta, steps.reshape(len(beta), -1))
    coords = {name: posterior[name] for name in ("chain", "draw")} | {
        "obs_id": idata["observed_data"]["obs_id"].values
    }
    array = xr.DataArray(values.reshape(*shape, -1), dims=["chain", "draw", "obs_id"], coords=coords)
    dataset = array.to_dataset(name="y")
    dataset.attrs["rows"] = "one value per row, unweighted"
    idata["log_likelihood"] = dataset


def log_likelihood_at(
    design: Design, link: Link, beta: np.ndarray, steps: np.ndarray, *, rows: slice = slice(None)
) -> np.ndarray:
    """log P(y_i | draw s) for beta (S, p), cutpoint steps (S, K-1) and `rows` of the design; (S, rows).

    Blocks of rows, one thread each.
    """
    y = design.y[rows]
    out = np.empty((len(beta), len(y)))
    X = design.X[rows] - design.mean
    offset = None if design.offset is None else design.offset[rows] - design.offset_mean

    def block(start: int) -> None:
        stop = start + _BLOCK_ROWS
        eta = beta @ X[start:stop].T
        if offset is not None:
            eta += offset[start:stop]
        out[:, start:stop] = _log_likelihood_block(link.code, eta, steps, y[start:stop])

    with ThreadPoolExecutor(available_cores()) as pool:
        list(pool.map(block, range(0, len(y), _BLOCK_ROWS)))
    return out


@njit
def _log_likelihood_block(code, eta, steps, y):
    S, n = eta.shape
    out = np.empty((S, n))
    d_eta, d_gap = np.empty(n), np.empty(n)
    for s in range(S):
        kernels.rows(code, eta[s], steps[s], y, out[s], d_eta, d_gap)
    return out
