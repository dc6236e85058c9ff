"""Every method on one small network, and the Bayesian head on what the cumulative link network makes of the rows."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import arviz
import keras
import numpy as np

from bayesord.model import OrdinalFit, fit
from bayesord.modelling.priors import Priors, dirichlet
from bayesord.neural.bayesian_head import NAME, head_of
from bayesord.neural.cross_fit import folds_of, map_units
from bayesord.neural.registry import METHODS
from bayesord.neural.training import Budget
from benchmarks.losses.data import Split
from benchmarks.losses.store import OUTPUTS, PROBABILITIES, Answer
from benchmarks.losses.together import Rows, Trained, bodies, train

__all__ = ["BUDGET", "EMBEDDED", "NAME", "OWN", "SPARSE", "STACK", "answers", "body"]

BUDGET = Budget(epochs=400, patience=30, batch_size=64)
EMBEDDED = "cumulative_logit"
SPARSE = "bayesian_head_sparse"
STACK = "bayesian_stack"
OWN = (NAME, SPARSE, STACK)
"""The head as `compare_losses` has it; with a prior that lets categories be rare at the centre of the columns; and this
averaged with a linear model."""
FOLDS = 5
ALONE = {"cores": 1, "on_fail": "ignore"}
NOTHING = np.empty(0, dtype=np.int64)


def body(n_columns: int) -> keras.Model:
    """Two layers of 32 and 16 units, and the columns themselves beside them, so that what is linear need not be bent.

    All methods have it, with the same starting weights in the same split.
    """
    columns = keras.Input((n_columns,))
    hidden = keras.layers.Dense(32, activation="tanh")(columns)
    hidden = keras.layers.Dense(16, activation="tanh")(hidden)
    return keras.Model(columns, keras.layers.Concatenate()([columns, hidden]))


def answers(method: str, splits: list[Split], budget: Budget = BUDGET) -> list[Answer]:
    """What a method of `METHODS` or `OWN` says on each split."""
    if method in METHODS:
        return _network(method, splits, budget)
    priors = Priors() if method == NAME else Priors(cutpoints=dirichlet(1 / splits[0].n_categories))
    heads = _heads(splits, budget, {**ALONE, "priors": priors})
    return [_stacked(head, priors) if method == STACK else _answer(head) for head in heads]


def _trained(method: str, splits, inner, stopping, new, budget) -> Trained:
    """Networks on the rows `inner[i]` of each split, stopped by `stopping[i]`; `new[i]` are rows to predict."""
    shortest = min(map(len, inner))  # folds differ by a row
    inner = [rows[:shortest] for rows in inner]
    starts = dict.fromkeys(split.seed for split in splits)
    starts = dict(zip(starts, bodies(lambda: body(splits[0].X.shape[1]), starts), strict=True))
    rows = Rows(
        np.stack([split.X[rows] for split, rows in zip(splits, inner, strict=True)]).astype(np.float32),
        np.stack([split.y[rows] for split, rows in zip(splits, inner, strict=True)]).astype(np.int32),
        np.stack([split.X[rows] for split, rows in zip(splits, stopping, strict=True)]).astype(np.float32),
        np.stack([split.y[rows] for split, rows in zip(splits, stopping, strict=True)]).astype(np.int32),
        np.stack(new).astype(np.float32),
        [split.seed for split in splits],
    )
    bodies_of = [starts[split.seed] for split in splits]
    return train(bodies_of, METHODS[method], splits[0].n_categories, budget, rows)


def _once(method: str, splits, budget) -> Trained:
    inner, stopping = [s.inner for s in splits], [s.validation for s in splits]
    return _trained(method, splits, inner, stopping, [s.X_test for s in splits], budget)


def _network(method: str, splits, budget) -> list[Answer]:
    found = _once(method, splits, budget)
    return [
        Answer(OUTPUTS, new, rule, s.y[s.validation], s.y_test, NOTHING, found.seconds / len(splits))
        for s, rule, new in zip(splits, found.validation, found.new, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class _Head:
    """A posterior on an embedding, its training rows in their order, and what it says of the test rows."""

    split: Split
    rows: np.ndarray
    posterior: OrdinalFit
    new: np.ndarray
    seconds: float


def _heads(splits, budget, options: dict) -> Iterator[_Head]:
    """As `compare_losses` makes them: rows that trained a network are embedded by networks of the other folds."""
    full = _once(EMBEDDED, splits, budget)
    parts = [folds_of(s.y[s.inner], s.inner.size, FOLDS, s.seed) for s in splits]
    inner = [s.inner[training] for s, folds in zip(splits, parts, strict=True) for training, _ in folds]
    repeated = [s for s in splits for _ in range(FOLDS)]
    stopping, whole = [s.validation for s in repeated], [s.X[s.inner] for s in repeated]
    apart = _trained(EMBEDDED, repeated, inner, stopping, whole, budget)
    seconds = (full.seconds + apart.seconds) / len(splits)
    for at, (split, folds) in enumerate(zip(splits, parts, strict=True)):
        theirs = apart.units[at * FOLDS : (at + 1) * FOLDS, -split.inner.size :].astype(np.float64)
        yield _one_head(split, folds, full.units[at].astype(np.float64), theirs, options, seconds)


def _one_head(split: Split, folds, units: np.ndarray, theirs: np.ndarray, options, seconds: float) -> _Head:
    """The head of one split: `units` of its network, `theirs` (folds, n, d) of those of the folds."""
    began = time.perf_counter()
    n, m = split.inner.size, split.validation.size
    learned = np.empty_like(units[:n])
    for (training, left_out), other in zip(folds, theirs, strict=True):
        learned[left_out] = map_units(other[training], units[:n][training], other[left_out])
    rows = np.concatenate([split.inner, split.validation])
    posterior, columns = head_of(
        np.concatenate([learned, units[n : n + m]]),
        split.y[rows],
        "body",
        n_categories=split.n_categories,
        link="logit",
        seed=split.seed,
        fit_options=options,
    )
    new = posterior.predict_proba(columns.transform(units[n + m :]))
    return _Head(split, rows, posterior, new, seconds + time.perf_counter() - began)


def _answer(head: _Head) -> Answer:
    y, rule = head.split.y[head.rows], head.posterior.predict_proba()
    return Answer(PROBABILITIES, head.new, rule, y, head.split.y_test, NOTHING, head.seconds)


def _stacked(head: _Head, priors: Priors) -> Answer:
    """The head and a linear model of the columns, averaged with the weights that leaving rows out asks for.

    Source: Yao, Vehtari, Simpson & Gelman 2018, doi:10.1214/17-BA1091.
    """
    began = time.perf_counter()
    split = head.split
    X, y = split.X[head.rows], split.y[head.rows]
    how = {"random_seed": split.seed, "progressbar": False, "priors": priors, **ALONE}
    linear = fit(X, y, categories=range(split.n_categories), **how)
    both = {"head": head.posterior, "linear": linear}
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # Pareto k of single rows; the first compilation of another thread count
        for one in both.values():
            one.log_likelihood()
        weight = arviz.compare({name: one.idata for name, one in both.items()})["weight"]
    new = weight["head"] * head.new + weight["linear"] * linear.predict_proba(split.X_test)
    rule = weight["head"] * head.posterior.predict_proba() + weight["linear"] * linear.predict_proba()
    seconds = head.seconds + time.perf_counter() - began
    return Answer(PROBABILITIES, new, rule, y, split.y_test, NOTHING, seconds)
