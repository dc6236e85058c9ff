"""The rows of a design as the kernels want them: standardised, repeated ones merged, sorted by category.

None of this shows outside: log-likelihood, LOO, residuals and kappa are computed per original row, in its order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesord.jit import njit
from bayesord.modelling.design import Design

__all__ = ["Rows", "prepare_rows"]

_WORTH_MERGING = 0.8  # merge repeated rows when at most this share of them is left


@dataclass(frozen=True)
class Rows:
    """X (m, p) standardised, y (m,) ascending, weight (m,), offset (m,) centred or None, starts (K + 1,).

    `groups` has (index (m,), Z (m, q)) of each group term.
    """

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    offset: np.ndarray | None
    starts: np.ndarray
    groups: tuple[tuple[np.ndarray, np.ndarray], ...] = ()

    @property
    def n_categories(self) -> int:
        return len(self.starts) - 1


def prepare_rows(design: Design, columns: np.ndarray, unit: np.ndarray) -> Rows:
    """Columns `columns` of X, centred and multiplied by `unit`, with equal rows merged into one of their weight."""
    kept, weight = _merge(design)
    # by category, and within one by group, so that the effects of a group are at hand
    keys = [term.index[kept] for term in reversed(design.groups)]
    order = np.lexsort([*keys, design.y[kept]]) if keys else np.argsort(design.y[kept], kind="stable")
    kept, weight = kept[order], weight[order]
    y = design.y[kept]
    X = (
        design.X[kept][:, columns]
        if len(columns) != design.X.shape[1] or np.any(np.diff(columns) != 1)
        else design.X[kept]
    )
    X = (X - design.mean[columns]) * unit
    offset = None if design.offset is None else design.offset[kept] - design.offset_mean
    starts = np.searchsorted(y, np.arange(len(design.categories) + 1))
    groups = tuple((term.index[kept], term.Z[kept]) for term in design.groups)
    return Rows(np.ascontiguousarray(X), y, weight, offset, starts, groups)


def _merge(design: Design) -> tuple[np.ndarray, np.ndarray]:
    """Indices of one row of each kind, and their summed weights; all rows where merging saves little."""
    n = len(design.y)
    weight = np.ones(n) if design.weights is None else design.weights
    everything = np.arange(n), weight.astype(float)
    offset = np.zeros(n) if design.offset is None else design.offset
    columns = design.X
    if design.groups:
        columns = np.column_stack(
            [columns, *[part for term in design.groups for part in (term.index, term.Z)]]
        )
    keys = _row_keys(columns, design.y, offset)
    _, first, kind = np.unique(keys, return_index=True, return_inverse=True)
    if len(first) > _WORTH_MERGING * n:
        return everything
    # Equal keys are equal rows but for a collision of 64-bit hashes; look, rather than trust.
    if not (
        np.array_equal(design.y[first][kind], design.y)
        and np.array_equal(offset[first][kind], offset)
        and all(np.array_equal(column[first][kind], column) for column in columns.T)
    ):
        return everything
    return first, np.bincount(kind, weights=weight, minlength=len(first))


def _row_keys(X: np.ndarray, y: np.ndarray, offset: np.ndarray) -> np.ndarray:
    bits = np.ascontiguousarray(X).view(np.uint64) if X.shape[1] else np.zeros((len(y), 0), np.uint64)
    return _hash_rows(bits, y.astype(np.uint64), np.ascontiguousarray(offset).view(np.uint64))


@njit
def _hash_rows(bits, y, offset):
    """One 64-bit number a row: multiply and fold each entry in (the multiplier is 2^64 over the golden ratio)."""
    n, p = bits.shape
    keys = np.empty(n, np.uint64)
    multiplier = np.uint64(0x9E3779B97F4A7C15)
    fold = np.uint64(29)
    for i in range(n):
        h = (y[i] + np.uint64(1)) * multiplier
        h = ((h ^ (h >> fold)) ^ offset[i]) * multiplier
        for j in range(p):
            h = ((h ^ (h >> fold)) ^ bits[i, j]) * multiplier
        keys[i] = h ^ (h >> fold)
    return keys
