"""Streaming metrics for `compile(metrics=...)`: they add up counts over batches, which averages of batches are not.

Each takes the network's outputs as they are; `kind` says what they hold (see `outputs`), so that the metric fits
any head: `METHODS[name].make_metrics(K)` sets it. Beside those kinds, "labels" takes codes (n,), and "probs"
category probabilities (n, K).
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from bayesord.checks import check_choice
from bayesord.neural.outputs import KINDS, probabilities
from bayesord.neural.targets import nan_where_invalid, read_codes
from bayesord.predictive.inputs import check_categories

__all__ = ["OrdinalMAE", "QuadraticWeightedKappa", "RankedProbabilityScore"]

DECISIONS = ("mode", "median", "mean")


class OrdinalMetric(keras.metrics.Metric):
    """A metric that reads outputs of a kind, codes as labels, and row weights."""

    kinds = (*KINDS, "probs", "labels")

    def __init__(self, n_categories: int, *, kind: str = "categories", name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.n_categories = check_categories(n_categories)
        self.kind = check_choice("kind", kind, self.kinds)

    def read(self, y_true, y_pred, sample_weight):
        """Codes (n,), outputs (n, width) and weights (n,), NaN where the label is none."""
        y, valid = read_codes(ops.convert_to_tensor(y_true), self.n_categories)
        outputs = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        width = KINDS[self.kind].width(self.n_categories) if self.kind in KINDS else None
        width = {"probs": self.n_categories, "labels": 1}.get(self.kind, width)
        if len(outputs.shape) == 1 and width == 1:
            outputs = ops.reshape(outputs, (-1, 1))
        if len(outputs.shape) != 2 or outputs.shape[1] != width:
            raise ValueError(
                f"{type(self).__name__}({self.n_categories}, kind={self.kind!r}) takes (n, {width}); got y_pred of "
                f"shape {tuple(outputs.shape)}. Set kind= to what the head gives: METHODS[name].make_metrics(K) does."
            )
        weights = ops.ones_like(outputs[:, 0])
        if sample_weight is not None:
            weights = ops.reshape(ops.convert_to_tensor(sample_weight, dtype=self.dtype), (-1,)) * weights
        return y, outputs, nan_where_invalid(weights, valid)

    def get_config(self):
        return {**super().get_config(), "n_categories": self.n_categories, "kind": self.kind}


class LabelMetric(OrdinalMetric):
    """A metric of labels, decided row by row."""

    def __init__(self, n_categories, *, kind="categories", decision: str = "mode", name=None, dtype=None):
        super().__init__(n_categories, kind=kind, name=name, dtype=dtype)
        self.decision = check_choice("decision", decision, DECISIONS)

    def labels(self, outputs):
        """Outputs (n, width) -> codes int32 (n,)."""
        if self.kind in ("labels", "score"):
            return self._nearest(outputs[:, 0])
        table = outputs if self.kind == "probs" else probabilities(self.kind, outputs, ops)
        if self.decision == "mode":
            return ops.cast(ops.argmax(table, axis=-1), "int32")
        if self.decision == "median":
            below = ops.cumsum(table[:, :-1], axis=-1) < 0.5
            return ops.sum(ops.cast(below, "int32"), axis=-1)
        codes = ops.convert_to_tensor(np.arange(self.n_categories), dtype=self.dtype)
        return self._nearest(ops.sum(table * codes, axis=-1))

    def _nearest(self, score):
        return ops.cast(ops.clip(ops.floor(score + 0.5), 0, self.n_categories - 1), "int32")

    def get_config(self):
        return {**super().get_config(), "decision": self.decision}


@keras.saving.register_keras_serializable(package="bayesord")
class QuadraticWeightedKappa(LabelMetric):
    """Quadratic weighted kappa of all rows seen since the last reset, from one (K, K) table of counts.

    kappa = 1 - Σ_ab (a - b)² O_ab / Σ_ab (a - b)² E_ab, O the weighted counts of (answer, label) and E what their
    margins give by chance. Kappas of batches do not average to the kappa of the whole; the counts do.

    Parameters
    ----------
    n_categories : int
        K, never inferred.
    kind : str
        What the outputs hold: "categories" (K logits or log probabilities), "cumulative", "leading",
        "conditional", "margins", "score", "probs" or "labels".
    decision : "mode", "median" or "mean"
        How a row's probabilities become its label; scores are rounded. The decision that maximises kappa needs
        all rows at once: apply `METHODS[name].label_rule` after training.
    name, dtype
        Of `keras.metrics.Metric`.

    Returns
    -------
    float
        nan where answers and labels are one and the same category, 0/0; 0 where only one of them is constant.

    Source: Cohen 1968, doi:10.1037/h0026256.

    Examples
    --------
    >>> from bayesord.neural import metrics
    >>> kappa = metrics.QuadraticWeightedKappa(3, kind="labels")
    >>> kappa.update_state([0, 0, 1], [0, 1, 1])
    >>> kappa.update_state([2, 2, 1], [1, 2, 1])
    >>> round(float(kappa.result()), 4)
    0.6667
    """

    def __init__(self, n_categories, *, kind="categories", decision="mode", name="qwk", dtype=None):
        super().__init__(n_categories, kind=kind, decision=decision, name=name, dtype=dtype)
        self.counts = self.add_variable((n_categories, n_categories), initializer="zeros", name="counts")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y, outputs, weights = self.read(y_true, y_pred, sample_weight)
        answers = ops.one_hot(y, self.n_categories, dtype=self.dtype)
        labels = ops.one_hot(self.labels(outputs), self.n_categories, dtype=self.dtype)
        weighted = ops.expand_dims(weights, -1) * labels
        self.counts.assign(self.counts + ops.matmul(ops.transpose(answers), weighted))

    def result(self):
        counts = ops.convert_to_tensor(self.counts)
        k = np.arange(self.n_categories)
        matrix = ops.convert_to_tensor((k[:, None] - k) ** 2, dtype=self.dtype)
        share = counts / ops.maximum(ops.sum(counts), 1e-30)
        seen = ops.sum(matrix * share)
        answers, labels = ops.sum(share, axis=1), ops.sum(share, axis=0)
        by_chance = ops.sum(matrix * ops.expand_dims(answers, -1) * labels)
        none = by_chance == 0
        return ops.where(none, float("nan"), 1 - seen / ops.where(none, 1.0, by_chance))


class MeanMetric(OrdinalMetric):
    """A weighted mean over rows: two running sums."""

    def __init__(self, n_categories, **kwargs):
        super().__init__(n_categories, **kwargs)
        self.total = self.add_variable((), initializer="zeros", name="total")
        self.weight = self.add_variable((), initializer="zeros", name="weight")

    def row_values(self, y, outputs):
        raise NotImplementedError

    def update_state(self, y_true, y_pred, sample_weight=None):
        y, outputs, weights = self.read(y_true, y_pred, sample_weight)
        self.total.assign(self.total + ops.sum(weights * self.row_values(y, outputs)))
        self.weight.assign(self.weight + ops.sum(weights))

    def result(self):
        return ops.divide_no_nan(ops.convert_to_tensor(self.total), ops.convert_to_tensor(self.weight))


@keras.saving.register_keras_serializable(package="bayesord")
class OrdinalMAE(MeanMetric, LabelMetric):
    """Mean absolute error of the labels: Σ w |yhat - y| / Σ w, in categories.

    Parameters
    ----------
    n_categories, kind, decision, name, dtype
        As in `QuadraticWeightedKappa`. The decision of least absolute error is "median".

    Returns
    -------
    float; 0 before the first batch

    Examples
    --------
    >>> from bayesord.neural import metrics
    >>> error = metrics.OrdinalMAE(3, kind="labels")
    >>> error.update_state([0, 1, 2, 2], [0, 1, 0, 2])
    >>> float(error.result())
    0.5
    """

    def __init__(self, n_categories, *, kind="categories", decision="mode", name="mae", dtype=None):
        super().__init__(n_categories, kind=kind, decision=decision, name=name, dtype=dtype)

    def row_values(self, y, outputs):
        return ops.cast(ops.abs(self.labels(outputs) - y), self.dtype)


@keras.saving.register_keras_serializable(package="bayesord")
class RankedProbabilityScore(MeanMetric):
    """Ranked probability score: mean of Σ_{k<K-1} (F_k - 1[y <= k])². Proper; lower is better.

    Parameters
    ----------
    n_categories : int
    kind : str
        As in `QuadraticWeightedKappa`, but not "score" and "labels", which say no probabilities. "margins" are
        taken as logits of P(y > k).
    name, dtype
        Of `keras.metrics.Metric`.

    Returns
    -------
    float in [0, K-1]; 0 before the first batch

    Source: Epstein 1969, doi:10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2.

    Examples
    --------
    >>> from bayesord.neural import metrics
    >>> score = metrics.RankedProbabilityScore(3, kind="probs")
    >>> score.update_state([0, 2], [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]])
    >>> float(score.result())
    0.25
    """

    kinds = tuple(kind for kind in OrdinalMetric.kinds if kind not in ("score", "labels"))

    def __init__(self, n_categories, *, kind="categories", name="rps", dtype=None):
        super().__init__(n_categories, kind=kind, name=name, dtype=dtype)

    def row_values(self, y, outputs):
        table = outputs if self.kind == "probs" else probabilities(self.kind, outputs, ops)
        k = ops.convert_to_tensor(np.arange(self.n_categories - 1), dtype="int32")
        event = ops.cast(ops.expand_dims(y, -1) <= k, self.dtype)
        return ops.sum(ops.square(ops.cumsum(table[:, :-1], axis=-1) - event), axis=-1)
