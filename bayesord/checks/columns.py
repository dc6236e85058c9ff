"""Checks on the numbers of a design matrix: constant columns, lost digits, collinearity, more columns than rows."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from bayesord.checks.problems import Problems, name_list

__all__ = ["check_columns", "check_rank", "check_repeated_names", "column_moments"]

NEAR_COLLINEAR = 1e8
"""Condition number of the standardised columns from which two coefficients trade places freely."""

RANK_DEFICIENT = 1e13
"""Condition number beyond which float64 cannot tell the columns from dependent ones."""

MOST_COLUMNS = 2000
"""The rank check costs n p² + p³; above this it is left out."""

_SAMPLED = 1_000
_EPS = np.finfo(np.float64).eps
_DIGITS_KEPT = 1e-6
_LARGE_LOCATION = 1e6
_WIDE_SCALES = 1e8


def column_moments(values: np.ndarray, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and standard deviation of each column, dividing by Σw.

    Two passes: the mean is corrected by the mean of the residuals, and columns are brought to
    order one first, so raw calendar years, 1e300 and 1e-300 all keep their digits.

    Returns
    -------
    mean, sd : ndarray, shape (p,)
    """
    n, p = values.shape
    if n == 0 or p == 0:
        return np.zeros(p), np.zeros(p)

    def average(column):
        return column.mean() if weights is None else weights @ column / weights.sum()

    exponent = np.minimum(np.frexp(np.abs(values).max(axis=0))[1], 1023)
    size = np.ldexp(1.0, exponent)  # powers of two: dividing loses nothing
    mean, sd = np.empty(p), np.empty(p)
    for j in range(p):  # column by column: no second copy of a large matrix
        column = values[:, j] / size[j]
        centre = average(column)
        centre += average(column - centre)
        residual = column - centre
        spread = np.abs(residual).max()
        mean[j] = centre * size[j]
        sd[j] = spread * np.sqrt(average((residual / spread) ** 2)) * size[j] if spread > 0 else 0.0
    return mean, sd


def check_repeated_names(names: tuple[str, ...], problems: Problems) -> None:
    """Coefficients are told apart by name alone."""
    repeated = (
        sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    )
    if repeated:
        problems.add(f"duplicate column names: {name_list(repeated)}. Give every column its own name.")


def check_columns(
    values: np.ndarray, names: tuple[str, ...], mean: np.ndarray, sd: np.ndarray, problems: Problems
) -> list[str]:
    """Refuse constant columns and columns whose variation is lost in rounding; return notes on extreme scales."""
    low, high = values.min(axis=0, initial=np.inf), values.max(axis=0, initial=-np.inf)
    constant = low == high
    for j in np.flatnonzero(constant)[:5]:
        problems.add(
            f"column {names[j]!r} is constant ({low[j]:g} in every row): the cutpoints already play that "
            f"role. Drop it{_empty_cell(names[j], low[j])}."
        )
    if constant.sum() > 5:
        problems.add(f"{constant.sum() - 5} more columns are constant. Drop them.")
    with np.errstate(divide="ignore", invalid="ignore"):
        location = np.where(constant | (sd == 0), 0.0, np.maximum(np.abs(low), np.abs(high)) / sd)
    for j in np.flatnonzero((location * _EPS > _DIGITS_KEPT) | (~constant & (sd == 0)))[:5]:
        problems.add(
            f"column {names[j]!r} varies too little around {mean[j]:.6g} for float64: centring would leave "
            "fewer than 6 digits. Subtract a round number before it is stored."
        )
    notes = [
        f"column {names[j]!r} lies far from 0 (over {location[j]:.0e} standard deviations); it is centred "
        "inside"
        for j in np.flatnonzero((location > _LARGE_LOCATION) & (location * _EPS <= _DIGITS_KEPT))[:5]
    ]
    positive = np.flatnonzero(sd > 0)
    if len(positive) and sd[positive].max() / _WIDE_SCALES > sd[positive].min():
        small, large = positive[sd[positive].argmin()], positive[sd[positive].argmax()]
        notes.append(
            f"columns differ in scale by over {_WIDE_SCALES:.0e} ({names[small]!r} to {names[large]!r}); "
            "they are standardised inside"
        )
    return notes


def _empty_cell(name: str, value: float) -> str:
    return "; no row has this combination of levels" if ":" in name and value == 0 else ""


def check_rank(
    values: np.ndarray,
    names: tuple[str, ...],
    mean: np.ndarray,
    sd: np.ndarray,
    problems: Problems,
    *,
    weights: np.ndarray | None = None,
    strict: bool = False,
) -> list[str]:
    """Collinearity and p > n: sentences to warn with, or problems when `strict`."""
    n, p = values.shape
    found = []
    if p > n:
        found.append(
            f"There are more predictors than rows (p = {p}, n = {n}): the prior dominates the coefficients. "
            "Use fewer predictors, or a shrinking prior on purpose."
        )
    elif 1 < p <= MOST_COLUMNS and (sd > 0).all():
        found.extend(_collinearity(values, names, mean, sd, weights))
    if strict:
        for text in found:
            problems.add(text)
        return []
    return found


def _collinearity(
    values: np.ndarray, names: tuple[str, ...], mean: np.ndarray, sd: np.ndarray, weights: np.ndarray | None
) -> list[str]:
    n, p = values.shape
    root = None if weights is None else np.sqrt(weights / weights.max())
    # of the Gram matrix of all rows, columns having variance 1
    trace = p * (n if root is None else root @ root)
    # The Gram matrix squares the condition number, so it is trusted only when it says "well conditioned":
    # when it stays positive definite with all eigenvalues lowered. Cholesky costs far less than those. More rows
    # only raise eigenvalues, so that a sample of them may say so for all.
    for step in dict.fromkeys((max(1, n // max(2 * p, _SAMPLED)), 1)):
        gram = -1e-11 * trace * np.eye(p)
        for block in _blocks(values[::step], mean, sd, None if root is None else root[::step]):
            gram += block.T @ block
        with suppress(np.linalg.LinAlgError):
            np.linalg.cholesky(gram)
            return []
    triangle = np.zeros((0, values.shape[1]))
    for block in _blocks(values, mean, sd, root):
        triangle = np.linalg.qr(np.vstack([triangle, block]), mode="r")
    _, singular, directions = np.linalg.svd(triangle)
    with np.errstate(divide="ignore"):
        ratios = singular[0] / singular
    condition = ratios[-1]
    if condition < NEAR_COLLINEAR:
        return []
    involved = np.abs(directions[ratios > NEAR_COLLINEAR]).max(axis=0) > 1e-4
    listed = name_list([name for name, one in zip(names, involved, strict=True) if one])
    rank = int((ratios <= RANK_DEFICIENT).sum())
    if rank == values.shape[1]:
        return [
            f"Columns {listed} are nearly collinear (condition number {condition:.1e}): drop or combine some."
        ]
    return [
        f"X is rank deficient: rank {rank} of {values.shape[1]} (condition number {condition:.1e}), columns "
        f"{listed} are linearly dependent. A proper prior keeps the posterior valid, but only their combined "
        "effect is learned. Drop or combine some; strict=True turns this into an error."
    ]


def _blocks(values, mean, sd, root, rows: int = 65_536):
    """Standardised rows a block at a time, so that the check never holds a second copy of X."""
    for start in range(0, len(values), rows):
        block = (values[start : start + rows] - mean) / sd
        yield block if root is None else block * root[start : start + rows, None]
