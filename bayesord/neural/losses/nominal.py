"""Cross-entropy, plain and weighted by how far the prediction is from the answer."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from bayesord.checks import check_number
from bayesord.neural.losses.base import CategoryLoss

__all__ = ["CrossEntropyLoss", "OrdinalCrossEntropyLoss", "SmoothOrdinalCrossEntropyLoss", "distances"]


def distances(y, n_categories: int, dtype):
    """|k - y| for all k, (n, K), from codes (n,)."""
    k = ops.convert_to_tensor(np.arange(n_categories), dtype=dtype)
    return ops.abs(k - ops.cast(ops.expand_dims(y, -1), dtype))


def picked(log_probs, y):
    """log p_y (n,) from (n, K) and codes (n,)."""
    return ops.sum(log_probs * ops.one_hot(y, log_probs.shape[-1], dtype=log_probs.dtype), axis=-1)


@keras.saving.register_keras_serializable(package="bayesord")
class CrossEntropyLoss(CategoryLoss):
    """Categorical cross-entropy: -Σ_k t_k log p_k, which is -log p_y for a label. It does not know the order.

    Parameters
    ----------
    n_categories : int, optional
        K; taken from the outputs by default.
    from_logits : bool
        Whether `y_pred` (n, K) holds logits (default) or probabilities.
    name, reduction, dtype
        Of `keras.losses.Loss`.

    Notes
    -----
    `y_true` may be codes (n,), or one distribution per row (n, K).

    Source: Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> round(float(losses.CrossEntropyLoss()([0], [[0.0, 0.0]])), 4)
    0.6931
    """

    takes_distributions = True

    def row_losses(self, y, outputs):
        return -ops.sum(y * outputs, axis=-1)


@keras.saving.register_keras_serializable(package="bayesord")
class OrdinalCrossEntropyLoss(CategoryLoss):
    """Ordinal categorical cross-entropy: -(1 + w) log p_y, w = (|argmax p - y| / (K-1))^power.

    Far mistakes count up to twice. The argmax has no gradient, so w is a constant to the optimiser: said here by
    `stop_gradient`.

    Parameters
    ----------
    n_categories : int, optional
    power : float
        1 by default; 2 spares near misses.
    from_logits, name, reduction, dtype
        As in `CrossEntropyLoss`.

    Source: J. Hart, "ordinal categorical crossentropy", 2017 (a Keras loss of that name, without a paper).

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> far = losses.OrdinalCrossEntropyLoss()([2], [[3.0, 0.0, 0.0]])
    >>> plain = losses.CrossEntropyLoss()([2], [[3.0, 0.0, 0.0]])
    >>> round(float((far / plain)), 4)
    2.0
    """

    def __init__(self, n_categories=None, *, power: float = 1.0, **kwargs):
        super().__init__(n_categories, **kwargs)
        self.power = check_number("power", power, above=0)

    def row_losses(self, y, outputs):
        n_categories = outputs.shape[-1]
        best = ops.cast(ops.argmax(outputs, axis=-1), "int32")
        far = ops.cast(ops.abs(best - y), outputs.dtype) / (n_categories - 1)
        return -(1 + ops.stop_gradient(far**self.power)) * picked(outputs, y)

    def get_config(self):
        return {**super().get_config(), "power": self.power}


@keras.saving.register_keras_serializable(package="bayesord")
class SmoothOrdinalCrossEntropyLoss(CategoryLoss):
    """-(1 + w) log p_y with the expected distance w = Σ_k p_k (|k - y| / (K-1))^power, which has a gradient.

    As `OrdinalCrossEntropyLoss`, but the weight follows the probabilities: moving probability nearer to the
    answer pays even where the argmax stays.

    Parameters
    ----------
    n_categories : int, optional
    power : float
    from_logits, name, reduction, dtype
        As in `CrossEntropyLoss`.

    Source: this package.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> round(float(losses.SmoothOrdinalCrossEntropyLoss()([0], [[0.0, 0.0]])), 4)  # 1.5 log 2
    1.0397
    """

    def __init__(self, n_categories=None, *, power: float = 1.0, **kwargs):
        super().__init__(n_categories, **kwargs)
        self.power = check_number("power", power, above=0)

    def row_losses(self, y, outputs):
        n_categories = outputs.shape[-1]
        share = (distances(y, n_categories, outputs.dtype) / (n_categories - 1)) ** self.power
        return -(1 + ops.sum(ops.exp(outputs) * share, axis=-1)) * picked(outputs, y)

    def get_config(self):
        return {**super().get_config(), "power": self.power}
