"""The five tables that `skordinal` brings, and their splits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

__all__ = ["SETS", "TEST_SHARE", "VALIDATION_SHARE", "Split", "categories", "held_out", "split"]

SETS = ("balance_scale", "era", "esl", "lev", "swd")
TEST_SHARE, VALIDATION_SHARE = 0.3, 0.2


@dataclass(frozen=True, eq=False)
class Split:
    """Rows of one split: columns standardised by the training rows, codes from 0.

    Attributes
    ----------
    X, y : array (n, p), (n,)
        Training rows.
    inner, validation : array of int
        Those that train networks and those that stop them: a partition of the training rows.
    X_test, y_test : array (m, p), (m,)
    n_categories : int
    seed : int
        Number of the split.
    """

    X: np.ndarray
    y: np.ndarray
    inner: np.ndarray
    validation: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    n_categories: int
    seed: int


@cache
def _load(name: str) -> tuple[np.ndarray, np.ndarray]:
    from skordinal import datasets

    bunch = getattr(datasets, f"load_{name}")()
    return np.asarray(bunch.data, dtype=np.float64), np.asarray(bunch.target, dtype=np.int64)


def categories(name: str) -> int:
    """How many categories a set has."""
    return int(_load(name)[1].max()) + 1


def split(name: str, seed: int) -> Split:
    """The stratified 70/30 split of a set with this number."""
    from sklearn.model_selection import train_test_split

    X, y = _load(name)
    train, test = train_test_split(np.arange(y.size), test_size=TEST_SHARE, stratify=y, random_state=seed)
    mean, scale = X[train].mean(axis=0), X[train].std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    inner, validation = held_out(y[train], round(1 / VALIDATION_SHARE), seed)
    return Split(
        (X[train] - mean) / scale,
        y[train],
        inner,
        validation,
        (X[test] - mean) / scale,
        y[test],
        categories(name),
        seed,
    )


def held_out(y: np.ndarray, every: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(the other rows, one row in `every`), the categories spread evenly; also where one has a single row."""
    order = np.lexsort((np.random.default_rng(seed).random(y.size), y))
    chosen = np.sort(order[seed % every :: every][: y.size // every])
    return np.setdiff1d(np.arange(y.size), chosen), chosen
