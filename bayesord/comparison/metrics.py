"""What a comparison measures: scores with their noise, row by row or replicate by replicate.

The noise of a score is a vector whose length is its standard error. Its entries belong to the rows (influences) or to
bootstrap replicates; either way two predictions of the same rows have entries for the same things, and the length of
the difference of the vectors is the standard error of the difference of the scores.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from bayesord.comparison.influence import calibration_influence, influence
from bayesord.predictive.probability_scores import cutpoint_calibration
from bayesord.predictive.scores import Score, get_score

__all__ = ["DEFAULT_METRICS", "Measures", "Metric", "read_metrics"]

MOST_ROWS = 2**62
"""Of a bootstrap sample."""

DEFAULT_METRICS = (
    "qwk",
    "mae",
    "amae",
    "accuracy",
    "off_by_one",
    "rps",
    "log_score",
    "calibration_error",
    "calibration",
)


@dataclass(frozen=True)
class Metric:
    """A score, and which cutpoint's calibration it is, if it is one."""

    score: Score
    cutpoint: int | None = None

    @property
    def name(self) -> str:
        return self.score.name

    @property
    def better(self) -> str:
        return self.score.better

    @property
    def needs(self) -> str:
        """ "labels", "probs" or "score"."""
        return self.score.needs


def read_metrics(metrics, categories) -> list[Metric]:
    """Metrics of these names; "calibration" stands for the calibration error of every cutpoint."""
    metrics = DEFAULT_METRICS if metrics is None else metrics
    if isinstance(metrics, str | Score):
        metrics = (metrics,)
    metrics = list(metrics) if isinstance(metrics, Iterable) else metrics
    if not isinstance(metrics, list) or not metrics:
        raise TypeError(f"metrics must be a list of names such as ['qwk', 'rps']; got {metrics!r}.")
    found = []
    for name in metrics:
        if name == "calibration":
            found += [_calibration(k, categories) for k in range(len(categories) - 1)]
        else:
            found.append(Metric(get_score(name)))
    return found


def _calibration(k: int, categories) -> Metric:
    def error(y, probs, *, n_categories, sample_weight=None):
        """Calibration error of P(y <= k) at one cutpoint."""
        return float(
            cutpoint_calibration(y, probs, n_categories=n_categories, sample_weight=sample_weight)[k]
        )

    return Metric(Score(f"calibration[{categories[k]}|{categories[k + 1]}]", error, "lower", "probs", 0.0), k)


class Measures:
    """Scores of predictions for the same rows.

    Parameters
    ----------
    y : array (n,) of codes
    values : array (K,)
        Category values.
    weights : array (n,), optional
        Frequencies.
    n_boot : int
        Bootstrap replicates; 0: noise by influences.
    rng : numpy.random.Generator
    """

    def __init__(self, y: np.ndarray, values: np.ndarray, weights: np.ndarray | None, n_boot: int, rng):
        self.y, self.values, self.given = y, values, weights
        self.weights = np.ones(y.size) if weights is None else weights
        total = self.weights.sum()
        if n_boot and not 0.5 < total < MOST_ROWS:
            raise ValueError(
                f"sample_weight sums to {total:g}, and a bootstrap sample has as many rows: give frequencies, or n_boot=0."
            )
        self.resampled = (
            rng.multinomial(round(total), self.weights / total, size=n_boot).astype(float) if n_boot else None
        )

    @property
    def nothing(self) -> tuple[float, np.ndarray]:
        """What cannot be measured."""
        return np.nan, np.full(self.y.size if self.resampled is None else len(self.resampled), np.nan)

    def measure(self, metric: Metric, prediction) -> tuple[float, np.ndarray]:
        """The value of a metric and its noise; nan, and noise of nan, where kappa is 0/0."""
        evaluate = partial(
            metric.score, self.y, prediction, n_categories=self.values.size, category_values=self.values
        )
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "kappa is 0/0", UserWarning)
            value = evaluate(sample_weight=self.given)
            if self.resampled is None:
                return value, self._by_influence(metric, prediction)
            replicates = np.array([evaluate(sample_weight=weights) for weights in self.resampled])
        with np.errstate(invalid="ignore"):
            return value, (replicates - np.mean(replicates)) / np.sqrt(max(len(replicates) - 1, 1))

    def _by_influence(self, metric: Metric, prediction) -> np.ndarray:
        if metric.cutpoint is not None:
            moved = calibration_influence(self.y, prediction, self.weights)[:, metric.cutpoint]
        else:
            moved = influence(metric.name, self.y, prediction, self.values, self.weights)
        if moved is None:
            return self.nothing[1]
        with np.errstate(invalid="ignore"):
            return np.where(self.weights > 0, np.sqrt(self.weights) * moved, 0.0) / self.weights.sum()
