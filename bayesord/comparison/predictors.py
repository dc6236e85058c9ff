"""From whatever predicts to what is compared: category probabilities, scores, labels by decision."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bayesord.checks import Problems, read_categories, read_codes
from bayesord.classifier import OrdinalClassifier
from bayesord.predictive.decisions import Decision, LabelRule, get_decision, optimal_labels
from bayesord.predictive.inputs import check_codes, check_numbers, check_scores, check_table

__all__ = ["NATIVE", "Decoder", "Predictions", "find_categories"]

NATIVE = "native"
"""Not a decision: what the predictor's own `predict` says."""

ROW_BY_ROW, OWN_ROWS, RULE_ROWS, TOGETHER = (
    "row by row",
    "frozen from its training rows",
    "frozen from the rule rows",
    "of these rows together",
)
NEARLY_ONE = 1e-4
"""Rows that sum to 1 as well as float32 can are divided by their sum."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """What one method says about the rows; `labels` by the name of the decision that they are best for.

    Attributes
    ----------
    probs : array (n, K) or None
    score : array (n,) or None
        Any number per row that should rise with the category; on the scale of the category values if it is to be
        rounded.
    labels : dict of str to array (n,) of codes 0..K-1, or None
        None where there should be labels and are none: their scores are nan.
    rules : dict of str to str
        How each decision was made.
    seconds : float or None
    """

    probs: np.ndarray | None = None
    score: np.ndarray | None = None
    labels: Mapping[str, np.ndarray | None] = field(default_factory=dict)
    rules: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None

    def checked(self, n_rows: int, n_categories: int, name: str) -> Predictions:
        """The same with arrays of these sizes, or an error that names the method."""
        probs = None if self.probs is None else _table(self.probs, n_categories, name)
        score = None if self.score is None else check_scores(f"scores of {name!r}", self.score)
        labels = {
            str(decision): None
            if codes is None
            else check_codes(f"labels of {name!r} for {decision!r}", codes, n_categories)
            for decision, codes in self.labels.items()
        }
        for array in (probs, score, *labels.values()):
            if array is not None and len(array) != n_rows:
                raise ValueError(f"predictions of {name!r} have {len(array)} rows, y has {n_rows}.")
        return Predictions(probs, score, labels, self.rules, self.seconds)


def find_categories(predictors: Mapping, categories) -> tuple:
    """The categories in order: those given, or those that the predictors agree on."""
    if categories is not None:
        problems = Problems()
        given = read_categories(categories, problems)
        problems.raise_if_any()
        return tuple(given)
    known = {name: _categories_of(predictor) for name, predictor in predictors.items()}
    ordered = {name: found for name, (found, in_order) in known.items() if found and in_order}
    if ordered:
        first, found = next(iter(ordered.items()))
        for name, other in ordered.items():
            if other != found:
                raise ValueError(f"{first!r} has the categories {list(found)}, {name!r} has {list(other)}.")
        return found
    classes = [found for found, _ in known.values() if found]
    if classes:
        every = set().union(*classes)
        if all(isinstance(label, int | float) for label in every):
            return tuple(sorted(every))
        shown = sorted(map(str, every))
        raise ValueError(
            f"the order of the categories {shown} is unknown: pass categories= from lowest to highest."
        )
    widths = {np.shape(p)[1] for p in predictors.values() if isinstance(p, np.ndarray) and np.ndim(p) == 2}
    widths |= {
        p.probs.shape[1] for p in predictors.values() if isinstance(p, Predictions) and p.probs is not None
    }
    if len(widths) == 1:
        return tuple(range(widths.pop()))
    raise ValueError(
        "which categories there are is not known from the predictors: pass categories=, in order."
    )


def _categories_of(predictor) -> tuple[tuple, bool]:
    """(labels, whether their order is known)."""
    if hasattr(predictor, "predictive_draws"):
        return tuple(predictor.design.categories), True
    classes = getattr(predictor, "classes_", None)
    if classes is None:
        return (), False
    return tuple(np.asarray(classes).tolist()), _ordinal(predictor) is not None


def _ordinal(predictor) -> OrdinalClassifier | None:
    """The `OrdinalClassifier` that a predictor is, or that a pipeline or a search ends in."""
    predictor = getattr(predictor, "best_estimator_", predictor)
    steps = getattr(predictor, "steps", None)
    last = steps[-1][1] if steps else predictor
    return last if isinstance(last, OrdinalClassifier) else None


def _table(probs, n_categories: int, name: str) -> np.ndarray:
    table = check_numbers(f"probabilities of {name!r}", probs)
    if table.ndim == 2 and table.shape[1] == n_categories and table.size:
        sums = table.sum(axis=1, keepdims=True)
        if np.all(np.abs(sums - 1) < NEARLY_ONE):
            table = table / sums
    return check_table(f"probabilities of {name!r}", table, n_categories)


@dataclass(frozen=True, eq=False)
class Decoder:
    """How every method's answers become labels: the same for all.

    Attributes
    ----------
    categories : tuple
    values : array (K,)
        Category values.
    decisions : list of Decision or "native"
    X_rule, y_rule
        Rows, with codes, that rules are frozen from; None where there are none.
    """

    categories: tuple
    values: np.ndarray
    decisions: list
    X_rule: object = None
    y_rule: np.ndarray | None = None

    def predictions(self, name: str, predictor, X) -> Predictions:
        """Ask a predictor for these rows.

        Parameters
        ----------
        name : str
            For messages.
        predictor
            A fit; anything with `predict_proba` and `classes_`, or with `predict`; probabilities (n, K); scores
            (n,); or `Predictions`.
        X
            The rows, as the predictor takes them.
        """
        if isinstance(predictor, Predictions):
            return predictor
        began = time.perf_counter()
        if isinstance(predictor, np.ndarray | list):
            found = self._given(name, check_numbers(f"probabilities of {name!r}", predictor))
        elif hasattr(predictor, "predictive_draws") or _ordinal(predictor) is not None:
            found = self._bayesian(name, predictor, X)
        elif hasattr(predictor, "predict_proba"):
            found = self._probabilities(name, predictor, X)
        elif hasattr(predictor, "predict") and hasattr(predictor, "classes_"):
            found = Predictions(labels={NATIVE: self._codes(predictor.predict(X))}, rules={NATIVE: "its own"})
        elif hasattr(predictor, "predict"):
            found = self._scores(name, np.ravel(predictor.predict(X)), predictor)
        else:
            raise TypeError(
                f"predictor {name!r} is a {type(predictor).__name__}: pass a fit, something with predict_proba or "
                "predict, probabilities (n, K), scores (n,), or bayesord.comparison.Predictions."
            )
        return Predictions(found.probs, found.score, found.labels, found.rules, time.perf_counter() - began)

    # -- kinds of predictors

    def _given(self, name: str, array: np.ndarray) -> Predictions:
        return self._scores(name, array, None) if array.ndim == 1 else self._decode(name, array, None)

    def _bayesian(self, name: str, predictor, X) -> Predictions:
        """A fit freezes its rules from the rows that it has learned from, unless told which others to take."""
        clf = None if hasattr(predictor, "predictive_draws") else _ordinal(predictor)
        probs = predictor.predict_proba(X)
        if self.X_rule is not None:
            return self._decode(name, probs, predictor.predict_proba(self.X_rule), self._native(predictor, X))
        fit = predictor if clf is None else clf.fit_
        labels, rules = self._native(predictor, X), {NATIVE: "its own"}
        taught, how = (
            fit.predict_proba(),
            {"category_values": self.values, "sample_weight": fit.design.weights},
        )
        for decision in self._named():
            rule = LabelRule.from_posterior(taught, decision, **how)
            labels[decision.name] = rule.predict(probs)
            rules[decision.name] = OWN_ROWS if decision.corrected else ROW_BY_ROW
        return Predictions(probs, None, labels, rules)

    def _probabilities(self, name: str, predictor, X) -> Predictions:
        classes = self._codes(predictor.classes_)

        def table(rows):
            found = check_numbers(f"probabilities of {name!r}", predictor.predict_proba(rows))
            if found.ndim != 2 or found.shape[1] != len(classes):
                raise ValueError(
                    f"probabilities of {name!r} have shape {found.shape}, expected {len(classes)} columns: one for each "
                    "of its classes_."
                )
            wide = np.zeros((len(found), self.values.size))
            wide[:, classes] = found
            return wide

        learned = None if self.X_rule is None else table(self.X_rule)
        return self._decode(name, table(X), learned, self._native(predictor, X))

    def _native(self, predictor, X) -> dict:
        return {NATIVE: self._codes(predictor.predict(X))} if NATIVE in self.decisions else {}

    def _decode(self, name: str, probs, rule_probs, native=None) -> Predictions:
        """Labels from probabilities."""
        probs = _table(probs, self.values.size, name)
        labels, rules = dict(native or {}), {NATIVE: "its own"}
        for decision in self._named():
            if decision.corrected and rule_probs is None:
                best = optimal_labels(probs, decision, category_values=self.values)
                labels[decision.name], rules[decision.name] = best.labels, TOGETHER
                continue
            taught = probs if rule_probs is None else _table(rule_probs, self.values.size, name)
            rule = LabelRule.from_posterior(taught, decision, category_values=self.values)
            labels[decision.name] = rule.predict(probs)
            rules[decision.name] = RULE_ROWS if decision.corrected else ROW_BY_ROW
        return Predictions(probs, None, labels, rules)

    def _scores(self, name: str, score, predictor) -> Predictions:
        """Labels from a score: the nearest value, and the rounding of highest kappa on the rule rows."""
        score = check_scores(f"scores of {name!r}", score)
        labels, rules = {}, {}
        for decision in self._named():
            if decision.name == "mean":
                labels["mean"] = np.searchsorted((self.values[:-1] + self.values[1:]) / 2, score)
                rules["mean"] = ROW_BY_ROW
            elif decision.name == "qwk":
                if predictor is None or self.X_rule is None or self.y_rule is None:
                    raise ValueError(
                        f"{name!r} gives scores, and which rounding of them is best for 'qwk' must be learned from "
                        "rows with known answers, not from those that are judged: pass a predictor with X_rule= and "
                        "y_rule= (training or validation rows), or Predictions with labels, or leave out 'qwk'."
                    )
                rule = LabelRule.from_labels(
                    np.ravel(predictor.predict(self.X_rule)), self.y_rule, category_values=self.values
                )
                labels["qwk"], rules["qwk"] = rule.predict(score), RULE_ROWS
        return Predictions(None, score, labels, rules)

    # -- help

    def _named(self) -> list[Decision]:
        return [get_decision(decision) for decision in self.decisions if decision is not NATIVE]

    def _codes(self, labels) -> np.ndarray:
        return read_codes(np.asarray(labels), self.categories, "predicted labels")
