"""K-1 yes-or-no questions: is y above k? Asked of all rows, or of those that got so far."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from bayesord.neural.losses.base import BatchLoss, OrdinalLoss, logits_of
from bayesord.neural.numerics import log_sigmoid

__all__ = ["CondorLoss", "CoralLoss", "CornLoss", "CumulativeBitsLoss"]


def above(y, first: int, n_categories: int, dtype):
    """1[y > k] for k = first .. K-2, as floats (n, K-1-first)."""
    k = np.arange(first, n_categories - 1)
    return ops.cast(ops.expand_dims(y, -1) > ops.convert_to_tensor(k, dtype="int32"), dtype)


def cross_entropies(bits, logits):
    """-(t log s(g) + (1 - t) log s(-g)) for every bit, (n, K-1)."""
    return -(bits * log_sigmoid(logits) + (1 - bits) * log_sigmoid(-logits))


def check_weights(name: str, weights, length: int | None):
    """Task or class weights as a list of floats; None stays None."""
    if weights is None:
        return None
    numbers = np.asarray(weights, dtype=float)
    if numbers.ndim != 1 or not np.isfinite(numbers).all() or (numbers < 0).any():
        raise ValueError(f"{name} must be a row of numbers of at least 0; got {weights!r}.")
    if length is not None and numbers.size != length:
        raise ValueError(f"{name} has {numbers.size} numbers, expected {length}.")
    return numbers.tolist()


class BinaryLoss(OrdinalLoss):
    """A loss on K-1 logits; with `task_weights`, of length K-1."""

    outputs = "cutpoints"

    def __init__(self, n_categories=None, *, task_weights=None, from_logits: bool = True, **kwargs):
        super().__init__(n_categories, **kwargs)
        length = None if self.n_categories is None else self.n_categories + (self.width_beyond() or 0)
        self.task_weights = check_weights("task_weights", task_weights, length)
        self.from_logits = bool(from_logits)

    def weighed(self, costs):
        """Costs (n, K-1), each task times its weight."""
        if self.task_weights is None:
            return costs
        width = costs.shape[-1]
        check_weights("task_weights", self.task_weights, width)
        return costs * ops.convert_to_tensor(self.task_weights, dtype=costs.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "task_weights": self.task_weights,
            "from_logits": self.from_logits,
        }


@keras.saving.register_keras_serializable(package="bayesord")
class CumulativeBitsLoss(BinaryLoss):
    """Cumulative (extended binary) label encoding: Σ_k cross-entropy of s(g_k) with 1[y > k].

    K-1 logits; with `leading_bit=True` the K-bit code 1[y >= k], whose first bit is always 1. Nothing orders
    the K-1 probabilities, so they may cross; decoding repairs that. Each row counts K-1 times: a good loss, but
    not a likelihood.

    Parameters
    ----------
    n_categories : int, optional
        K; taken from the outputs by default.
    leading_bit : bool
    task_weights : array (K-1,), optional
        One weight per bit ((K,) with the leading bit).
    from_logits : bool
        Whether `y_pred` holds logits (default) or probabilities.
    name, reduction, dtype
        Of `keras.losses.Loss`.

    Source: Cheng, Wang & Pollastri 2008, doi:10.1109/IJCNN.2008.4633963 (K bits); Niu, Zhou, Wang, Gao & Hua 2016,
    doi:10.1109/CVPR.2016.532 (K-1 bits).

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> round(float(losses.CumulativeBitsLoss()([1], [[0.0, 0.0]])), 4)  # 2 log 2
    1.3863
    """

    def __init__(self, n_categories=None, *, leading_bit: bool = False, **kwargs):
        self.leading_bit = bool(leading_bit)  # before super(), which asks for the width
        super().__init__(n_categories, **kwargs)

    def width_beyond(self) -> int:
        return 0 if self.leading_bit else -1

    def row_losses(self, y, outputs):
        n_categories = outputs.shape[-1] - self.width_beyond()
        bits = above(y, -1 if self.leading_bit else 0, n_categories, outputs.dtype)
        return ops.sum(self.weighed(cross_entropies(bits, logits_of(outputs, self.from_logits))), axis=-1)

    def get_config(self):
        return {**super().get_config(), "leading_bit": self.leading_bit}


@keras.saving.register_keras_serializable(package="bayesord")
class CoralLoss(BinaryLoss):
    """CORAL: class_weights[y] Σ_k task_weights[k] cross-entropy of s(g_k) with 1[y > k], on `CoralHead`.

    Each row counts K-1 times: a good loss, but not a likelihood.

    Parameters
    ----------
    n_categories : int, optional
        K; taken from the outputs (n, K-1) by default.
    task_weights : array (K-1,), optional
        Importance of each cutpoint.
    class_weights : array (K,), optional
        Importance of the rows of each category.
    from_logits, name, reduction, dtype
        As in `CumulativeBitsLoss`.

    Source: Cao, Mirjalili & Raschka 2020, doi:10.1016/j.patrec.2020.11.008.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> round(float(losses.CoralLoss(class_weights=[1, 2, 1])([1], [[0.0, 0.0]])), 4)  # 4 log 2
    2.7726
    """

    def __init__(self, n_categories=None, *, class_weights=None, **kwargs):
        super().__init__(n_categories, **kwargs)
        self.class_weights = check_weights("class_weights", class_weights, self.n_categories)

    def row_losses(self, y, outputs):
        n_categories = outputs.shape[-1] + 1
        bits = above(y, 0, n_categories, outputs.dtype)
        rows = ops.sum(self.weighed(cross_entropies(bits, logits_of(outputs, self.from_logits))), axis=-1)
        if self.class_weights is None:
            return rows
        check_weights("class_weights", self.class_weights, n_categories)
        return rows * ops.take(ops.convert_to_tensor(self.class_weights, dtype=rows.dtype), y)

    def get_config(self):
        return {**super().get_config(), "class_weights": self.class_weights}


def conditional_costs(y, outputs, from_logits: bool):
    """Cross-entropies (n, K-1) of s(c_j) with 1[y > j], 0 where the row never came to question j; and that mask."""
    n_categories = outputs.shape[-1] + 1
    asked = above(y, -1, n_categories, outputs.dtype)[:, :-1]  # 1[y >= j]
    bits = above(y, 0, n_categories, outputs.dtype)
    return asked * cross_entropies(bits, logits_of(outputs, from_logits)), asked


@keras.saving.register_keras_serializable(package="bayesord")
class CondorLoss(BinaryLoss):
    """CONDOR: Σ_j task_weights[j] 1[y >= j] cross-entropy of s(c_j) with 1[y > j], per row.

    s(c_j) = P(y > j | y >= j), so that P(y > k) = Π_{j<=k} s(c_j) is ordered for any logits. Without task
    weights it is -log p_y: a likelihood. The mean is over rows (`CornLoss` divides by the questions asked).

    Parameters
    ----------
    n_categories : int, optional
        K; taken from the outputs (n, K-1) by default.
    task_weights : array (K-1,), optional
    from_logits, name, reduction, dtype
        As in `CumulativeBitsLoss`.

    Source: Jenkinson, Khezeli, Oliver, Kalantari & Klee 2021, arXiv:2110.07470.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> round(float(losses.CondorLoss()([0, 2], [[0.0, 0.0], [0.0, 0.0]])), 4)  # (1 + 2)/2 log 2
    1.0397
    """

    def row_losses(self, y, outputs):
        costs, _ = conditional_costs(y, outputs, self.from_logits)
        return ops.sum(self.weighed(costs), axis=-1)


@keras.saving.register_keras_serializable(package="bayesord")
class CornLoss(BatchLoss):
    """CORN: the same conditional cross-entropies as CONDOR, divided by the number of questions asked in the batch.

    L = Σ_i w_i Σ_{j <= y_i} cross-entropy of s(c_j) with 1[y_i > j] / Σ_i w_i #{j : j <= y_i}: one number for the
    batch, in which a row of a high category counts for more questions.

    Parameters
    ----------
    n_categories : int, optional
        K; taken from the outputs (n, K-1) by default.
    from_logits, name, reduction, dtype
        As in `CumulativeBitsLoss`; reductions "sum" and None are refused.

    Source: Shi, Cao & Raschka 2023, doi:10.1007/s10044-023-01181-9.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> round(float(losses.CornLoss()([0, 2], [[0.0, 0.0], [0.0, 0.0]])), 4)  # 3 log 2 / 3
    0.6931
    """

    outputs = "cutpoints"

    def __init__(self, n_categories=None, *, from_logits: bool = True, **kwargs):
        super().__init__(n_categories, **kwargs)
        self.from_logits = bool(from_logits)

    def batch_loss(self, y, outputs, weights):
        costs, asked = conditional_costs(y, outputs, self.from_logits)
        questions = ops.sum(weights * ops.sum(asked, axis=-1))
        return ops.sum(weights * ops.sum(costs, axis=-1)) / ops.where(questions == 0, 1.0, questions)

    def get_config(self):
        return {**super().get_config(), "from_logits": self.from_logits}
