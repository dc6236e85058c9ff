"""What is not a network: bayesord's linear model, scikit-learn's trees, and the classifiers of skordinal.

All with their own defaults, but for the trees, whose probabilities would else be of no use on tables this small: those
of gradient boosting are two splits deep, and leaves of the forest have five rows.
"""

from __future__ import annotations

import time
import warnings

import numpy as np

from benchmarks.losses.data import Split
from benchmarks.losses.store import LABELS, PROBABILITIES, Answer

__all__ = ["LINEAR", "PEERS", "answer"]

LINEAR = "bayesian_linear"
SKORDINAL = (
    "CostSensitiveWrapper",
    "ELMOP",
    "KDLOR",
    "LogisticAT",
    "LogisticIT",
    "NNOP",
    "NNPOM",
    "ORBoost",
    "OrdinalDecomposition",
    "POM",
    "REDSVM",
    "RegressorWrapper",
    "SVOR",
)
PEERS = (LINEAR, "gradient_boosting", "random_forest", *(f"skordinal_{name}" for name in SKORDINAL))


def answer(name: str, split: Split) -> Answer:
    """What a peer says on one split.

    Its rules are learned from its probabilities of the validation rows, given by a fit to the other training rows;
    then it is fitted to all of them. The linear model learns them from its training rows, as its `predict` does.
    """
    began = time.perf_counter()
    if name == LINEAR:
        found = _linear(split)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # iterations that end, categories without rows
            found = _classifier(name, split)
    kind, new, rule, y_rule, native = found
    return Answer(kind, new, rule, y_rule, split.y_test, native, time.perf_counter() - began)


def _linear(split: Split):
    import bayesord as bo

    fit = bo.fit(
        split.X,
        split.y,
        categories=range(split.n_categories),
        random_seed=split.seed,
        progressbar=False,
        on_fail="ignore",
        cores=1,
    )
    return (
        PROBABILITIES,
        fit.predict_proba(split.X_test),
        fit.predict_proba(),
        split.y,
        np.empty(0, dtype=int),
    )


def _classifier(name: str, split: Split):
    X, y, K = split.X, split.y, split.n_categories
    fitted, seen = _fitted(name, X, y, split.seed)
    native = seen[np.asarray(fitted.predict(split.X_test), dtype=int)]
    if not hasattr(fitted, "predict_proba"):
        return LABELS, np.empty((0, K)), np.empty((0, K)), np.empty(0, dtype=int), native
    apart, seen_apart = _fitted(name, X[split.inner], y[split.inner], split.seed)
    rule = _probabilities(apart, seen_apart, X[split.validation], K)
    return PROBABILITIES, _probabilities(fitted, seen, split.X_test, K), rule, y[split.validation], native


def _fitted(name: str, X, y, seed: int):
    """The estimator, fitted to codes without gaps, and the categories that these stand for."""
    estimator = _make(name)
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=seed)
    seen, codes = np.unique(y, return_inverse=True)
    return estimator.fit(X, codes), seen


def _make(name: str):
    if name == "gradient_boosting":
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(max_depth=2)
    if name == "random_forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(200, min_samples_leaf=5)
    from skordinal import classifiers

    return getattr(classifiers, name.removeprefix("skordinal_"))()


def _probabilities(estimator, seen: np.ndarray, X, K: int) -> np.ndarray:
    table = np.zeros((len(X), K))
    table[:, seen] = np.maximum(estimator.predict_proba(X), 0)
    return table / table.sum(axis=1, keepdims=True)
