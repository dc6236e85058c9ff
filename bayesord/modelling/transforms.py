"""The functions that a formula may call: this registry is the allow-list.

Plain functions act on each row alone. Transforms learn something from the training rows (a mean, a
basis) and apply the same to new rows; they use the weights, so that weight w stands for w equal rows.
Factor codings say that a column is a factor and how it is coded. Nothing else can be called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from formulae.categorical import Sum, Treatment
from scipy.interpolate import BSpline

from bayesord.checks import column_moments

__all__ = ["CONTRASTS", "FUNCTIONS", "MOST_COLUMNS", "Basis", "Center", "Function", "Polynomial", "Scale"]

MOST_DIGITS = 1e-6 / np.finfo(np.float64).eps
"""Size of the values, in standard deviations, from which centring leaves fewer than 6 digits."""

MOST_DEGREE = 20
"""Of a spline: its columns cost the square of it."""

MOST_COLUMNS = 1_000
"""Of one polynomial or spline."""


@dataclass(frozen=True)
class Function:
    """One function of the formula language.

    `kind` is "plain", "transform" (a column in, a column out), "basis" (a column in, several out),
    "factor" or "offset"; `make` is the function itself, or the class of the transform; `options` are the
    arguments it takes after the first, in order, with the types of their values.
    """

    name: str
    kind: str
    make: Callable
    summary: str
    options: tuple[tuple[str, tuple[type, ...]], ...] = ()


def _moments(weights: np.ndarray | None, x: np.ndarray) -> tuple[float, float]:
    mean, sd = column_moments(x[:, None], weights)  # at any scale: squares of 1e200 or 1e-200 are not
    if sd[0] > 0 and np.abs(x).max() > MOST_DIGITS * sd[0]:
        raise ValueError(
            f"it varies too little around {mean[0]:.6g} for float64: fewer than 6 digits would be left. Subtract a round "
            "number before it is stored"
        )
    return float(mean[0]), float(sd[0])


def _check_columns(name: str, number: int, x: np.ndarray) -> None:
    if number > MOST_COLUMNS:
        raise ValueError(f"{name}={number} makes too many columns; the limit is {MOST_COLUMNS}")
    distinct = len(np.unique(x))
    if distinct <= number:
        raise ValueError(f"{name}={number} needs more than {number} distinct values; there are {distinct}")


def _total(weights: np.ndarray | None, values: np.ndarray) -> np.ndarray:
    return values.sum(axis=0) if weights is None else weights @ values


def _mean(weights: np.ndarray | None, values: np.ndarray) -> np.ndarray:
    mean = _total(weights, values) / (len(values) if weights is None else weights.sum())
    return mean


class Center:
    """x minus its weighted training mean."""

    def __init__(self, x: np.ndarray, weights: np.ndarray | None) -> None:
        self.mean, _ = _moments(weights, x)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return x - self.mean


class Scale:
    """x centred and divided by its weighted training standard deviation (divisor Σw)."""

    def __init__(self, x: np.ndarray, weights: np.ndarray | None) -> None:
        self.mean, self.sd = _moments(weights, x)
        if not self.sd > 0:
            raise ValueError("it is constant and cannot be scaled")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return (x - self.mean) / self.sd


class Polynomial:
    """Orthonormal polynomials of degrees 1 to `degree` over the (weighted) training rows.

    P_0 = 1, P_1 = x - a_0, P_{i+1} = (x - a_i) P_i - (|P_i|²/|P_{i-1}|²) P_{i-1}, a_i = <x P_i, P_i>/|P_i|²,
    each divided by its norm; inner products sum over the rows. With `raw=True` the plain powers.
    Source: Kennedy & Gentle (1980), Statistical Computing, section 8.6; R's `poly`.
    """

    def __init__(self, x: np.ndarray, weights: np.ndarray | None, degree: int = 1, raw: bool = False) -> None:
        if degree < 1:
            raise ValueError(f"degree={degree} must be at least 1")
        _check_columns("degree", degree, x)
        self.degree, self.raw = degree, raw
        self.shifts, self.norms = [], []
        if not raw:
            self._columns(x, weights, learn=True)

    def _columns(self, x: np.ndarray, weights: np.ndarray | None = None, learn: bool = False) -> np.ndarray:
        columns = [np.ones_like(x)]
        for i in range(self.degree + 1):
            squares = columns[i] ** 2
            if learn:
                self.norms.append(float(_total(weights, squares)))
                if not 0 < self.norms[i] < np.inf:
                    raise ValueError(
                        f"powers of {x[np.abs(x).argmax()]:g} leave float64; divide the column by a constant first"
                    )
                self.shifts.append(float(_total(weights, x * squares)) / self.norms[i])
            if i == self.degree:
                break
            following = (x - self.shifts[i]) * columns[i]
            if i > 0:
                following -= self.norms[i] / self.norms[i - 1] * columns[i - 1]
            columns.append(following)
        return np.column_stack(
            [column / np.sqrt(norm) for column, norm in zip(columns, self.norms, strict=True)]
        )[:, 1:]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        if self.raw:
            return np.column_stack([x**k for k in range(1, self.degree + 1)])
        return self._columns(x)


class Basis:
    """B-spline basis with `df` columns, each of (weighted) mean zero over the training rows.

    The full basis of the given degree sums to 1 in every row, which the cutpoints already span, so one
    direction, that of the column means, is taken out by a Householder reflection. Inner knots lie at
    equally spaced (weighted) quantiles. Source: de Boor (1978), A Practical Guide to Splines; the
    constraint as in Wood (2017), Generalized Additive Models, section 5.4.1.
    """

    def __init__(
        self,
        x: np.ndarray,
        weights: np.ndarray | None,
        df: int | None = None,
        degree: int = 3,
        lower_bound: float | None = None,
        upper_bound: float | None = None,
    ) -> None:
        if df is None:
            raise ValueError("say how many columns: bs(x, df=4)")
        if degree > MOST_DEGREE:
            raise ValueError(f"degree={degree} is beyond any use of splines; the limit is {MOST_DEGREE}")
        if degree < 0 or df < max(degree, 1):
            raise ValueError(
                f"df={df} is too small for degree={degree}: it must be at least {max(degree, 1)}"
            )
        _check_columns("df", df, x)
        low = float(x.min()) if lower_bound is None else float(lower_bound)
        high = float(x.max()) if upper_bound is None else float(upper_bound)
        if not low < high or low > x.min() or high < x.max():
            raise ValueError(
                f"the bounds [{low:g}, {high:g}] must enclose the data, [{x.min():g}, {x.max():g}]"
            )
        inner = weighted_quantiles(x, np.linspace(0, 1, df - degree + 2)[1:-1], weights)
        self.bounds, self.degree = (low, high), degree
        self.knots = np.concatenate([[low] * (degree + 1), inner, [high] * (degree + 1)])
        full = self._full(x)
        means = _mean(weights, full)
        reflector = means / np.linalg.norm(means)
        reflector[0] += 1 if reflector[0] >= 0 else -1
        reflector /= np.linalg.norm(reflector)
        self.constraint = (np.eye(len(means)) - 2 * np.outer(reflector, reflector))[:, 1:]

    def _full(self, x: np.ndarray) -> np.ndarray:
        return BSpline.design_matrix(x, self.knots, self.degree, extrapolate=True).toarray()

    def outside(self, x: np.ndarray) -> np.ndarray:
        """Rows where the spline is extrapolated."""
        return (x < self.bounds[0]) | (x > self.bounds[1])

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return self._full(x) @ self.constraint


def weighted_quantiles(x: np.ndarray, probabilities: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Quantiles of the sample in which row i stands `weights[i]` times.

    For integer weights exactly what NumPy gives for the repeated rows; for others the inverse of the
    weighted distribution function.
    """
    if weights is None:
        return np.quantile(x, probabilities)
    if (weights != np.round(weights)).any():
        return np.quantile(x, probabilities, weights=weights, method="inverted_cdf")
    order = np.argsort(x, kind="stable")
    values, last = x[order], np.cumsum(weights[order])
    position = (last[-1] - 1) * np.asarray(probabilities)
    below = np.floor(position)
    low = values[np.searchsorted(last, below, side="right")]
    high = values[np.searchsorted(last, np.minimum(below + 1, last[-1] - 1), side="right")]
    return low + (position - below) * (high - low)


def _reference(levels: list, given: object, argument: str) -> None:
    if given is not None and given not in levels:
        raise ValueError(f"{argument}={given!r} is not one of its levels {levels}")


def treatment(levels: list, ref: object = None) -> Treatment:
    """Differences from a reference level (the first one by default)."""
    _reference(levels, ref, "ref")
    return Treatment(ref)


def deviation(levels: list, omit: object = None) -> Sum:
    """Differences from the mean of the levels; one level (the last by default) is left out."""
    _reference(levels, omit, "omit")
    return Sum(omit)


def as_factor(levels: list, contrast: object = None) -> Treatment | Sum:
    """A factor, coded as asked."""
    return CONTRASTS[contrast or "Treatment"](levels)


CONTRASTS: dict[str, Callable] = {"Treatment": treatment, "Sum": deviation}

_LABEL = (str, int, float, bool)

FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        Function("C", "factor", as_factor, "a column as a factor", (("contrast", (str,)),)),
        Function("T", "factor", treatment, "a factor coded against a reference level", (("ref", _LABEL),)),
        Function(
            "S", "factor", deviation, "a factor coded against the mean of its levels", (("omit", _LABEL),)
        ),
        Function("center", "transform", Center, "x minus its mean"),
        Function("scale", "transform", Scale, "x centred, in standard deviations"),
        Function("standardize", "transform", Scale, "the same as scale"),
        Function(
            "poly", "basis", Polynomial, "orthonormal polynomials", (("degree", (int,)), ("raw", (bool,)))
        ),
        Function(
            "bs",
            "basis",
            Basis,
            "B-spline basis",
            (
                ("df", (int,)),
                ("degree", (int,)),
                ("lower_bound", (int, float)),
                ("upper_bound", (int, float)),
            ),
        ),
        Function("log", "plain", np.log, "natural logarithm"),
        Function("log1p", "plain", np.log1p, "log(1 + x)"),
        Function("log2", "plain", np.log2, "logarithm to base 2"),
        Function("log10", "plain", np.log10, "logarithm to base 10"),
        Function("exp", "plain", np.exp, "exponential"),
        Function("sqrt", "plain", np.sqrt, "square root"),
        Function("abs", "plain", np.abs, "absolute value"),
        Function("I", "plain", np.asarray, "arithmetic and comparisons, as they are in Python"),
        Function("offset", "offset", np.asarray, "a known part of the linear predictor, with coefficient 1"),
    )
}
