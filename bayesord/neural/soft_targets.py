"""Soft labels: for each answer y, a distribution over the categories with its peak at y.

Seven shapes, one list. Each row of a table (K, K) is the target of one answer.

>>> soft_target_table("sord", 3).round(3).tolist()
[[0.721, 0.265, 0.013], [0.212, 0.576, 0.212], [0.013, 0.265, 0.721]]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from bayesord.checks import check_known_names, check_number, did_you_mean
from bayesord.predictive.inputs import check_categories

__all__ = ["SHAPES", "Shape", "soft_target_table"]


@dataclass(frozen=True)
class Shape:
    """A family of soft targets.

    Attributes
    ----------
    name : str
    table : callable
        (distance |y - k| (K, K), y (K, 1), K, **parameters) -> masses (K, K), not yet normalised.
    parameters : dict
        Names, and values where none is given.
    formula, source : str
    """

    name: str
    table: Callable[..., np.ndarray]
    parameters: dict
    formula: str
    source: str


def _sord(distance, y, n_categories, alpha, power):
    return np.exp(-check_number("alpha", alpha, above=0) * distance ** check_number("power", power, above=0))


def _exponential(distance, y, n_categories, tau, power):
    return np.exp(-(distance ** check_number("power", power, above=0)) / check_number("tau", tau, above=0))


def _binomial(distance, y, n_categories):
    return stats.binom.pmf(np.arange(n_categories), n_categories - 1, (2 * y + 1) / (2 * n_categories))


def _poisson(distance, y, n_categories):
    return stats.poisson.pmf(np.arange(n_categories), y + 0.5)


def _beta(distance, y, n_categories, concentration):
    total = n_categories * check_number("concentration", concentration, above=0)
    mean = (2 * y + 1) / (2 * n_categories)
    edges = np.arange(n_categories + 1) / n_categories
    return np.diff(special.betainc(total * mean, total * (1 - mean), edges), axis=1)


def _triangular(distance, y, n_categories, alpha):
    alpha = check_number(
        "alpha", alpha, least=0, below=2 / 9
    )  # from there on the triangle has three neighbours
    return np.select([distance == 0, distance == 1], [1 - 2 * alpha, alpha], 0.0)


def _geometric(distance, y, n_categories, alpha):
    alpha = check_number("alpha", alpha, above=0, below=1)
    tail = np.where(distance > 0, alpha**distance, 0.0)
    return np.where(distance == 0, 1 - alpha, alpha * tail / tail.sum(axis=1, keepdims=True))


SHAPES: dict[str, Shape] = {
    shape.name: shape
    for shape in (
        Shape(
            "sord",
            _sord,
            {"alpha": 1.0, "power": 2.0},
            "∝ exp(-alpha |y - k|^power)",
            "Díaz & Marathe 2019, doi:10.1109/CVPR.2019.00487",
        ),
        Shape(
            "exponential",
            _exponential,
            {"tau": 1.0, "power": 1.0},
            "∝ exp(-|y - k|^power / tau)",
            "Vargas et al. 2023, doi:10.1016/j.asoc.2023.110191",
        ),
        Shape(
            "binomial",
            _binomial,
            {},
            "binomial of K-1 trials, probability (2y + 1)/(2K)",
            "Liu et al. 2020, doi:10.1016/j.neucom.2020.01.025",
        ),
        Shape(
            "poisson",
            _poisson,
            {},
            "Poisson of mean y + 1/2, cut at K-1",
            "Liu et al. 2020, doi:10.1016/j.neucom.2020.01.025",
        ),
        Shape(
            "beta",
            _beta,
            {"concentration": 2.0},
            "Beta of mean (2y + 1)/(2K) and a + b = concentration K, over K equal intervals",
            "Vargas, Gutiérrez & Hervás-Martínez 2022, doi:10.1016/j.patcog.2021.108310",
        ),
        Shape(
            "triangular",
            _triangular,
            {"alpha": 0.05},
            "a triangle over y whose feet leave alpha on each neighbour, cut to the scale",
            "Vargas et al. 2023, doi:10.1016/j.inffus.2023.01.003",
        ),
        Shape(
            "geometric",
            _geometric,
            {"alpha": 0.1},
            "1 - alpha on y; alpha over the others, in proportion to alpha^|y - k|",
            "Haas & Hüllermeier 2023, Rectifying bias in ordinal observational data using unimodal label smoothing",
        ),
    )
}


def soft_target_table(targets: str, n_categories: int, **parameters) -> np.ndarray:
    """The targets of every answer, float64 (K, K): row y is the distribution that replaces the label y.

    Parameters
    ----------
    targets : str
        A name in `SHAPES`.
    n_categories : int
    **parameters
        Of that shape; `SHAPES[targets].parameters` has their values by default.

    Returns
    -------
    array (K, K), rows sum to 1

    Raises
    ------
    ValueError
        For an unknown shape or parameter, with the nearest name, and for parameters out of range.

    Examples
    --------
    >>> soft_target_table("triangular", 4, alpha=0.1)[1].round(3).tolist()
    [0.1, 0.8, 0.1, 0.0]
    """
    n_categories = check_categories(n_categories)
    if targets not in SHAPES:
        raise ValueError(
            f"targets={targets!r} is unknown: use one of {', '.join(SHAPES)}.{did_you_mean(targets, SHAPES)}"
        )
    shape = SHAPES[targets]
    check_known_names(f"parameter of targets={targets!r}", parameters, list(shape.parameters))
    y = np.arange(n_categories)[:, None]
    distance = np.abs(y - np.arange(n_categories))
    masses = shape.table(distance.astype(float), y, n_categories, **{**shape.parameters, **parameters})
    return masses / masses.sum(axis=1, keepdims=True)
