"""χ² statistics of scores, p values of several tests, and inverses where something is not known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg
from scipy.special import chdtrc

__all__ = ["ScoreTest", "holm", "inverse_of", "score_test", "tests_by_predictor"]

_FLAT = 1e-9  # an eigenvalue of an information with ones on its diagonal: nothing is known in its direction
_LEFT = 1e-6  # of a variance, after the model's own parameters have taken theirs: nothing is left to test


@dataclass(frozen=True)
class ScoreTest:
    """χ² statistic, its degrees of freedom and p value; nan where the data cannot tell."""

    statistic: float
    df: int
    p: float


def score_test(residual: np.ndarray, variance: np.ndarray, scale: np.ndarray) -> ScoreTest:
    """S*'V^-1 S* for a projected score (d,); `scale` (d,) is the information before the projection."""
    size = np.sqrt(scale)
    known = size > 0
    if not known.any():
        return ScoreTest(np.nan, 0, np.nan)
    S, V = residual[known] / size[known], variance[np.ix_(known, known)] / np.outer(size[known], size[known])
    values, vectors = linalg.eigh(V)
    kept = values > _LEFT
    df = int(kept.sum())
    if not df:
        return ScoreTest(np.nan, 0, np.nan)
    statistic = float(((vectors[:, kept].T @ S) ** 2 / values[kept]).sum())
    return ScoreTest(statistic, df, float(chdtrc(df, statistic)))


def inverse_of(information: np.ndarray) -> np.ndarray:
    """The inverse on the directions that are known; 0 on the others."""
    size = np.sqrt(np.maximum(np.diag(information), np.finfo(float).tiny))
    values, vectors = linalg.eigh(information / np.outer(size, size))
    inverse = np.where(values > _FLAT, 1.0 / np.maximum(values, _FLAT), 0.0)
    return ((vectors * inverse) @ vectors.T) / np.outer(size, size)


def tests_by_predictor(tests: dict[str, ScoreTest]) -> pd.DataFrame:
    """statistic, df, p and p_adjusted (`holm`) of the test of each predictor."""
    table = pd.DataFrame([vars(test) for test in tests.values()], columns=["statistic", "df", "p"])
    table.index = pd.Index(list(tests), name="predictor")
    return table.assign(p_adjusted=holm(table["p"].to_numpy()))


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's adjusted p values: a bound of .01 on them wrongly flags anything with probability .01 at most.

    nan stays nan and does not count. Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> holm(np.array([0.01, 0.5, np.nan, 0.02])).tolist()
    [0.03, 0.5, nan, 0.04]
    """
    adjusted = np.full(len(p), np.nan)
    order = np.argsort(p)[: int(np.isfinite(p).sum())]
    steps = np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted
