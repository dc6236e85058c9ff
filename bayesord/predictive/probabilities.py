"""Posterior draws of category probabilities, in whichever form they come, as one kind of thing.

Two kinds hold draws: `LinearDraws` (X, coefficients, group effects and cutpoints: the probabilities are computed when
needed) and `TableDraws` (the probabilities themselves). Both give small blocks of probabilities, means over
the draws and replicated answers; nothing here holds (draws, rows, K) unless it is asked for by `probs()`.
`as_draws` turns what a user has into one of the two.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bayesord.checks import real_numbers
from bayesord.predictive import tables
from bayesord.predictive.draws import Draws, check_chains
from bayesord.predictive.inputs import ROW_SUM_TOLERANCE
from bayesord.predictive.linear_draws import LinearDraws
from bayesord.predictive.threads import check_threads

__all__ = ["Draws", "LinearDraws", "TableDraws", "as_draws"]


@dataclass(frozen=True)
class TableDraws(Draws):
    """Category probabilities as they are.

    Parameters
    ----------
    table : array (S, n, K)
        Finite, not negative, each row summing to 1 within 1e-6.
    n_chains : int
        The S draws are this many chains of equal length, one after another.

    Raises
    ------
    ValueError
        For another shape, or naming the first row that holds no probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> TableDraws(np.full((1, 2, 4), 0.25)).n_categories
    4
    """

    table: np.ndarray
    n_chains: int = 1
    checked: bool = field(default=False, repr=False, compare=False)

    def __post_init__(self):
        table = np.ascontiguousarray(self.table, dtype=np.float64)
        if table.ndim != 3 or 0 in table.shape or table.shape[2] < 2:
            raise ValueError(
                f"probabilities must have shape (n, K) or (S, n, K) with K >= 2, got {np.shape(self.table)}."
            )
        object.__setattr__(self, "table", table)
        check_chains(self.n_chains, table.shape[0])
        if not self.checked:
            _check_table(table)
            # what the tolerance let pass is divided out: products over many rows would magnify it
            sums = table.sum(axis=-1, keepdims=True)
            if np.abs(sums - 1.0).max(initial=0.0) > 1e-14:
                object.__setattr__(self, "table", table / sums)

    @property
    def n_draws(self) -> int:
        return self.table.shape[0]

    @property
    def n_rows(self) -> int:
        return self.table.shape[1]

    @property
    def n_categories(self) -> int:
        return self.table.shape[2]

    def rows(self, start: int, stop: int) -> TableDraws:
        """The same draws for rows start ... stop-1."""
        return TableDraws(self.table[:, start:stop], self.n_chains, checked=True)

    def block(self, draws: tuple[int, int], rows: tuple[int, int]) -> np.ndarray:
        """Probabilities (s, r, K) of a range of draws and a range of rows."""
        return np.ascontiguousarray(self.table[slice(*draws), slice(*rows)])

    def probs(self, threads: int | None = None) -> np.ndarray:
        """All probabilities (S, n, K)."""
        check_threads(threads)
        return self.table

    def mean_probs(self, threads: int | None = None) -> np.ndarray:
        """Posterior mean probabilities (n, K)."""
        check_threads(threads)
        return self.table.mean(axis=0)


def as_draws(probs, rows=None, *, n_chains: int | None = None) -> LinearDraws | TableDraws:
    """Posterior draws of category probabilities from whatever holds them.

    Parameters
    ----------
    probs : fit, DataArray, array (S, n, K), array (n, K), LinearDraws or TableDraws
        A fit is any object with `predictive_draws(rows)`. A DataArray has dims (obs_id, category) and any of
        (chain, draw) or (sample), in any order.
    rows : optional
        New rows for a fit, in the form that it predicts from; None for the rows that it was fitted to.
    n_chains : int, optional
        How many chains the S draws of an array are, one after another; default 1.

    Returns
    -------
    LinearDraws or TableDraws

    Raises
    ------
    TypeError
        For something that holds no probabilities.
    ValueError
        For NaN, negative entries or rows that do not sum to 1, with the row; for wrong shapes; for `rows`
        where the probabilities are those of fixed rows.

    Examples
    --------
    >>> as_draws([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]).n_draws
    1
    >>> as_draws([[0.5, 0.5, 0.0], [0.2, 0.3, 0.4]])
    Traceback (most recent call last):
    ...
    ValueError: probabilities do not sum to 1 in row 1: the sum is 0.9. Divide each row by its sum.
    """
    if hasattr(probs, "predictive_draws"):
        return probs.predictive_draws(rows)
    if rows is not None:
        raise ValueError("rows= goes with a fit; these probabilities already belong to rows of their own.")
    if isinstance(probs, Draws):
        return probs
    if hasattr(probs, "dims") and hasattr(probs, "transpose"):
        return _from_data_array(probs)
    table = real_numbers(probs)
    if table is None:
        raise TypeError(
            f"cannot read probabilities from {type(probs).__name__}: pass a fit, a DataArray, or an array of "
            "shape (n, K) or (S, n, K)."
        )
    return TableDraws(table[None] if table.ndim == 2 else table, n_chains or 1)


def _from_data_array(array) -> TableDraws:
    dims = set(array.dims)
    draws = [name for name in ("chain", "draw", "sample") if name in dims]
    if not {"obs_id", "category"} <= dims or dims - {"obs_id", "category", *draws}:
        raise ValueError(
            "a DataArray of probabilities has dims (obs_id, category) and any of (chain, draw, sample), "
            f"got {tuple(array.dims)}."
        )
    values = np.asarray(array.transpose(*draws, "obs_id", "category").data, dtype=np.float64)
    return TableDraws(values.reshape(-1, *values.shape[-2:]), array.sizes["chain"] if "chain" in dims else 1)


def _check_table(table: np.ndarray) -> None:
    draw, row, fault, number = tables.first_bad_row(table, ROW_SUM_TOLERANCE)
    if not fault:
        return
    where = f"row {row}" + (f" of draw {draw}" if table.shape[0] > 1 else "")
    what = {
        1: f"contain NaN or infinity in {where}.",
        2: f"are negative in {where} ({number:.4g}). Pass probabilities, not logits.",
        3: f"do not sum to 1 in {where}: the sum is {number:.9g}. Divide each row by its sum.",
    }
    raise ValueError(f"probabilities {what[fault]}")
