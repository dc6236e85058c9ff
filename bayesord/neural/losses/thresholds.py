"""Threshold losses: a margin at every cutpoint, or at the two beside the answer."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from bayesord.checks import check_choice
from bayesord.neural.losses.base import OrdinalLoss

__all__ = ["MARGINS", "ThresholdLoss"]


def _logistic(m):
    return ops.softplus(-m)


def _hinge(m):
    return ops.relu(1 - m)


def _squared_hinge(m):
    return ops.square(ops.relu(1 - m))


def _smooth_hinge(m):
    inside = ops.clip(m, 0.0, 1.0)
    return 0.5 * ops.square(1 - inside) + ops.relu(-m)


MARGINS: dict[str, Callable] = {
    "logistic": _logistic,
    "hinge": _hinge,
    "squared_hinge": _squared_hinge,
    "smooth_hinge": _smooth_hinge,
}
"""h(m) of a margin m: log(1 + e^-m); (1 - m)+; ((1 - m)+)²; and 1/2 - m, (1 - m)²/2, 0 for m < 0, < 1, beyond."""

KINDS = ("all", "immediate")
WEIGHTS = ("absolute", "squared")


@keras.saving.register_keras_serializable(package="bayesord")
class ThresholdLoss(OrdinalLoss):
    """Σ_k a_k h(s_k g_k), g_k = f - theta_k and s_k = +1 where y > k, -1 where not, on `CoralHead`.

    "all" sums over all K-1 thresholds: each one crossed wrongly costs, so the loss bounds the absolute error.
    "immediate" keeps the one or two at the ends of the answer's interval. `weights="squared"` sets
    a_k = |2 (y - k) - 1|, the step of (y - k)² at that threshold: a bound of the squared error.

    Parameters
    ----------
    n_categories : int, optional
        K; taken from the outputs (n, K-1) by default.
    kind : "all" or "immediate"
    margin : "logistic", "hinge", "squared_hinge" or "smooth_hinge"
        The function h.
    weights : "absolute" or "squared"
    name, reduction, dtype
        Of `keras.losses.Loss`.

    Notes
    -----
    Each row counts up to K-1 times: good losses, but not likelihoods. "all" with the logistic margin is CORAL.

    Source: Rennie & Srebro 2005, Loss functions for preference levels; Pedregosa, Bach & Gramfort 2017,
    https://jmlr.org/papers/v18/15-495.html.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> float(losses.ThresholdLoss(margin="hinge")([1], [[2.0, -0.5]]))  # right by 2 and by 1/2
    0.5
    """

    outputs = "cutpoints"

    def __init__(
        self,
        n_categories=None,
        *,
        kind: str = "all",
        margin: str = "logistic",
        weights: str = "absolute",
        **kwargs,
    ):
        super().__init__(n_categories, **kwargs)
        self.kind = check_choice("kind", kind, KINDS)
        self.margin = check_choice("margin", margin, MARGINS)
        self.weights = check_choice("weights", weights, WEIGHTS)

    def row_losses(self, y, outputs):
        k = ops.convert_to_tensor(np.arange(outputs.shape[-1]), dtype="int32")
        beyond = ops.expand_dims(y, -1) - k  # positive where y > k
        side = ops.where(beyond > 0, 1.0, -1.0)
        cost = MARGINS[self.margin](ops.cast(side, outputs.dtype) * outputs)
        if self.weights == "squared":
            cost = cost * ops.cast(ops.abs(2 * beyond - 1), outputs.dtype)
        if self.kind == "immediate":
            ends = ops.logical_or(beyond == 0, beyond == 1)
            cost = ops.where(ends, cost, ops.zeros_like(cost))
        return ops.sum(cost, axis=-1)

    def get_config(self):
        return {**super().get_config(), "kind": self.kind, "margin": self.margin, "weights": self.weights}
