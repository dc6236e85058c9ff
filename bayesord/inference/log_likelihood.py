"""log P(y_i) per draw and original row, unweighted and in the user's order: what LOO and ArviZ read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import xarray as xr

from bayesord.checks import available_cores, check_memory
from bayesord.inference.blas import blas_threads
from bayesord.jit import njit
from bayesord.likelihood.kernels import cutpoints_from_steps
from bayesord.likelihood.links import Link
from bayesord.likelihood.segments import address_of, segment
from bayesord.modelling.design import Design

__all__ = ["add_log_likelihood", "log_likelihood_at"]

# A thread works on tiles of draws and rows small enough for its cache; X is read once for many such tiles.
_TILE_ROWS = 2048
_TILE_DRAWS = 32
_TILE_NUMBERS = 131_072  # of X: 1 MiB
_TASK_DRAWS = 512


def add_log_likelihood(idata: xr.DataTree, design: Design, link: Link) -> None:
    """Add the group log_likelihood: log P(y_i) per draw and original row, unweighted."""
    posterior = idata["posterior"]
    steps = posterior["cutpoint_steps"].values
    shape = steps.shape[:2]
    n_draws = shape[0] * shape[1]
    beta = posterior["beta"].values.reshape(n_draws, -1) if design.predictors else np.zeros((n_draws, 0))
    effects = tuple(
        posterior[term.effect].values.reshape(n_draws, term.n_groups, term.n_terms) for term in design.groups
    )
    values = log_likelihood_at(design, link, beta, steps.reshape(n_draws, -1), effects=effects)
    coords = {name: posterior[name] for name in ("chain", "draw")} | {
        "obs_id": idata["observed_data"]["obs_id"].values
    }
    array = xr.DataArray(values.reshape(*shape, -1), dims=["chain", "draw", "obs_id"], coords=coords)
    dataset = array.to_dataset(name="y")
    dataset.attrs["rows"] = "one value per row, unweighted"
    idata["log_likelihood"] = dataset


def log_likelihood_at(
    design: Design,
    link: Link,
    beta: np.ndarray,
    steps: np.ndarray,
    *,
    rows: slice = slice(None),
    effects: tuple[np.ndarray, ...] = (),
) -> np.ndarray:
    """log P(y_i | draw s), where eta = x_i' beta + offset_i + Σ over group terms of z_i' u.

    Parameters
    ----------
    design : Design
    link : Link
    beta : ndarray, shape (S, p)
    steps : ndarray, shape (S, K-1)
        Cutpoint steps, of centred covariates.
    rows : slice
        Which rows of the design.
    effects : tuple of ndarray, shapes (S, J, q)
        u of every group, one array for each of `design.groups`.

    Returns
    -------
    ndarray, shape (S, rows)

    Raises
    ------
    MemoryError
        Where it would take more than half of the memory that is free.
    """
    y, X = design.y[rows], design.X[rows]
    offset = None if design.offset is None else design.offset[rows]
    groups = [
        (term.index[rows], term.Z[rows], np.ascontiguousarray(u))
        for term, u in zip(design.groups, effects, strict=True)
    ]
    beta, steps = np.ascontiguousarray(beta), np.ascontiguousarray(steps)
    n_draws, n_rows, n_categories = len(beta), len(y), steps.shape[1] + 1
    check_memory(
        "log P of every answer (draws x rows)",
        (n_draws, n_rows),
        "fit.qwk() takes some of the rows at a time and never holds it; az.loo needs it whole: fit fewer draws for it.",
    )
    out = np.empty((n_draws, n_rows))
    address = address_of(link.code)
    tile_rows = max(64, min(_TILE_ROWS, _TILE_NUMBERS // max(X.shape[1], 1)))

    def task(corner: tuple[int, int]) -> None:
        """A tile of rows, sorted by category, under some hundred draws."""
        row, draw = corner
        here = slice(row, row + tile_rows)
        order = np.argsort(y[here], kind="stable")
        place = np.argsort(order).astype(np.uint32)
        starts = np.searchsorted(y[here][order], np.arange(n_categories + 1))
        centred = np.ascontiguousarray(X[here][order].T)
        centred -= design.mean[:, None]
        shift = 0.0 if offset is None else offset[here][order] - design.offset_mean
        grouped = [(index[here][order], Z[here][order].T.copy(), u) for index, Z, u in groups]
        for first in range(draw, min(draw + _TASK_DRAWS, n_draws), _TILE_DRAWS):
            draws = slice(first, min(first + _TILE_DRAWS, draw + _TASK_DRAWS, n_draws))
            eta = beta[draws] @ centred
            eta += shift
            for index, Z, u in grouped:
                _add_effects(eta, index, Z, u[draws])
            _fill(address, eta, starts, place, steps[draws], out[draws, here])

    corners = product(range(0, n_rows, tile_rows), range(0, n_draws, _TASK_DRAWS))
    with blas_threads(1), ThreadPoolExecutor(available_cores()) as pool:
        list(pool.map(task, corners))
    return out


@njit
def _add_effects(eta, index, Z, u):
    """eta[s, i] += Σ_q Z[q, i] u[s, index[i], q]."""
    for s in range(eta.shape[0]):
        for q in range(Z.shape[0]):
            for i in range(eta.shape[1]):
                eta[s, i] += Z[q, i] * u[s, index[i], q]


@njit
def _fill(address, eta, starts, place, steps, out):
    """log P of rows sorted by category; row i of `out` is row place[i] of them."""
    logp = np.empty(eta.shape[1])
    for s in range(eta.shape[0]):
        cutpoints = cutpoints_from_steps(steps[s])[0]
        for k in range(starts.size - 1):
            start, stop = starts[k], starts[k + 1]
            if start < stop:
                segment(address, k, steps[s], cutpoints, eta[s, start:stop], logp[start:stop], None, None)
        for i in range(place.size):
            out[s, i] = logp[place[i]]
