"""From answers to scores: every method decoded the same ways, and judged on the same test rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesord.neural.registry import METHODS
from bayesord.predictive.decisions import LabelRule
from bayesord.predictive.scores import SCORES
from benchmarks.losses.store import LABELS, OUTPUTS, Answer, Store

__all__ = ["DECISIONS", "FLOOR", "LABEL_SCORES", "PROBABILITY_SCORES", "scores", "table"]

DECISIONS = ("mode", "median", "mean", "qwk", "rounding", "native")
LABEL_SCORES = ("qwk", "mae", "amae", "accuracy", "off_by_one")
PROBABILITY_SCORES = ("rps", "log_score", "calibration_error")
FLOOR = 1e-4
"""Probabilities below are raised to it before their logarithm is taken, for all methods alike: one answer that a
method thought impossible (a forest's leaves hold none such) would make its log score minus infinity."""


def scores(answer: Answer, method: str, n_categories: int) -> list[dict]:
    """One row for each decision."""
    if answer.kind == LABELS:
        probs, labels = None, {"native": answer.native}
    else:
        probs, labels = _decoded(
            answer, METHODS[method if answer.kind == OUTPUTS else "softmax"], n_categories
        )
    common = dict.fromkeys(PROBABILITY_SCORES, np.nan) | {"seconds": answer.seconds}
    if probs is not None:
        raised = np.maximum(probs, FLOOR)
        raised /= raised.sum(axis=1, keepdims=True)
        for name in PROBABILITY_SCORES:
            table = raised if name == "log_score" else probs
            common[name] = SCORES[name].function(answer.y, table, n_categories=n_categories)
    return [
        {"decision": decision, **common}
        | {name: _label_score(name, answer.y, codes, n_categories) for name in LABEL_SCORES}
        for decision, codes in labels.items()
    ]


def _label_score(name: str, y, codes, n_categories: int) -> float:
    how = {"undefined": 0.0} if name == "qwk" else {}
    return SCORES[name].function(y, codes, n_categories=n_categories, **how)


def _decoded(answer: Answer, method, n_categories: int) -> tuple[np.ndarray, dict]:
    """Probabilities and labels of the test rows; what must be learned is learned from the rows for rules.

    Probabilities are the outputs of a softmax, up to a constant, when their logarithms are taken.
    """
    new, rule = answer.new, answer.rule
    if answer.kind != OUTPUTS:
        new, rule = (np.log(np.maximum(table, np.finfo(float).tiny)) for table in (new, rule))
    how = {
        "n_categories": n_categories,
        "spread": method.fit_spread(rule, answer.y_rule, n_categories=n_categories),
    }
    labels = {}
    for decision in DECISIONS:
        if decision == "native":
            own = method.to_label(new, n_categories=n_categories)
            labels[decision] = answer.native if answer.native.size else own
        elif decision == "rounding":
            learned = LabelRule.from_labels(
                method.to_score(rule, **how), answer.y_rule, n_categories=n_categories
            )
            labels[decision] = learned.predict(method.to_score(new, **how))
        else:
            learned = method.label_rule(rule, answer.y_rule, decision, **how)
            labels[decision] = method.to_label(new, rule=learned, **how)
    return method.to_proba(new, **how), labels


def table(store: Store, task: str, n_categories: int) -> pd.DataFrame:
    """Scores of all that is kept of a task: columns method, decision, split, and the scores."""
    rows = []
    for method in store.methods(task):
        for split in store.splits(task, method):
            for row in scores(store.load(task, method, split), method, n_categories):
                rows.append({"method": method, "split": split, **row})
    return pd.DataFrame(rows)
