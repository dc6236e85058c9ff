"""The frame of every loss: what comes in is read and checked once, a subclass writes its formula.

A loss of rows gives one number per row, and Keras weighs and averages them. A loss of a whole batch (a kappa,
a ratio of sums) cannot be made of row losses: it takes `sample_weight` and the mask inside its sums, so that
a row of weight 2 is the row twice.
"""

from __future__ import annotations

import keras
from keras import ops

from bayesord.neural.targets import nan_where_invalid, read_codes, read_distribution
from bayesord.predictive.inputs import check_categories

__all__ = ["BatchLoss", "CategoryLoss", "OrdinalLoss", "log_probs_of", "logits_of"]

SMALLEST = 1e-7
"""Probabilities given with `from_logits=False` are kept this far from 0 and 1; logits need no such limit."""

OUTPUTS = {
    "categories": ("K outputs, one per category", 0),
    "cutpoints": ("K-1 outputs, one per cutpoint", -1),
    "score": ("1 output, a score", None),
}


class OrdinalLoss(keras.losses.Loss):
    """A loss of rows: subclasses write `row_losses`.

    Parameters
    ----------
    n_categories : int, optional
        K. Taken from the width of the outputs where that tells it; if given, another width is refused.
    name, reduction, dtype
        Of `keras.losses.Loss`.
    """

    outputs = "categories"
    takes_distributions = False

    def __init__(self, n_categories=None, *, name=None, reduction="sum_over_batch_size", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.n_categories = None if n_categories is None else check_categories(n_categories)

    def row_losses(self, y, outputs):
        """Codes int32 (n,) (or distributions (n, K)) and outputs (n, width) -> (n,)."""
        raise NotImplementedError

    def width_beyond(self) -> int | None:
        """Width of the outputs minus K; None where the width is 1 whatever K is."""
        return OUTPUTS[self.outputs][1]

    def call(self, y_true, y_pred):
        y, valid, outputs = self.read(y_true, y_pred)
        return nan_where_invalid(self.row_losses(y, outputs), valid)

    def read(self, y_true, y_pred):
        """Labels, which of them are any, and outputs of shape (n, width)."""
        outputs = ops.convert_to_tensor(y_pred)
        if self.width_beyond() is None and len(outputs.shape) == 1:
            outputs = ops.reshape(outputs, (-1, 1))
        n_categories = self._categories(tuple(outputs.shape))
        if self.takes_distributions:
            y, valid = read_distribution(y_true, n_categories, outputs.dtype)
        else:
            y, valid = read_codes(y_true, n_categories)
        rows = (y.shape[0], outputs.shape[0])
        if None not in rows and rows[0] != rows[1]:
            raise ValueError(f"Found input variables with inconsistent numbers of samples: {list(rows)}")
        return y, valid, outputs

    def _categories(self, shape: tuple) -> int | None:
        """K from the shape of the outputs, checked against what was told."""
        what, beyond = OUTPUTS[self.outputs][0], self.width_beyond()
        told = self.n_categories
        wanted = 1 if beyond is None else None if told is None else told + beyond
        if len(shape) != 2 or shape[1] is None or wanted not in (None, shape[1]) or shape[1] < 1:
            raise ValueError(
                f"{type(self).__name__} takes {what}"
                f"{'' if wanted is None else f', so (n, {wanted})'}; got y_pred of shape {shape}. "
                f"End the network with the head that bayesord.neural.METHODS makes for this loss"
                f"{'' if told is None else f' and n_categories={told}'}."
            )
        if beyond is None:
            return told
        n_categories = shape[1] - beyond
        if n_categories < 2:
            raise ValueError(
                f"{type(self).__name__} takes {what}; y_pred of shape {shape} leaves {n_categories} category. "
                "End the network with as many outputs as it needs for K >= 2."
            )
        return n_categories

    def get_config(self):
        return {**super().get_config(), "n_categories": self.n_categories, "dtype": self.dtype}


class CategoryLoss(OrdinalLoss):
    """A loss on K logits or, with `from_logits=False`, on K probabilities; `row_losses` gets log probabilities."""

    def __init__(self, n_categories=None, *, from_logits: bool = True, **kwargs):
        super().__init__(n_categories, **kwargs)
        self.from_logits = bool(from_logits)

    def read(self, y_true, y_pred):
        y, valid, outputs = super().read(y_true, y_pred)
        return y, valid, log_probs_of(outputs, self.from_logits)

    def get_config(self):
        return {**super().get_config(), "from_logits": self.from_logits}


class BatchLoss(OrdinalLoss):
    """A loss of a batch as a whole: subclasses write `batch_loss`. It is one number under every reduction."""

    def __init__(self, n_categories=None, *, reduction="sum_over_batch_size", **kwargs):
        if reduction in (None, "none", "sum"):
            raise ValueError(
                f"reduction={reduction!r}: {type(self).__name__} is one number for the whole batch, which has no "
                "rows to return or to add up. Leave the default."
            )
        super().__init__(n_categories, reduction=reduction, **kwargs)

    def batch_loss(self, y, outputs, weights):
        """Codes (n,), outputs (n, width), weights (n,) -> scalar."""
        raise NotImplementedError

    def call(self, y_true, y_pred):
        return self._weighted(y_true, y_pred, None)

    def __call__(self, y_true, y_pred, sample_weight=None):
        # Keras hangs the mask of a masking layer on the tensor; `Loss` merges it with the weights, and so must this
        mask = getattr(y_pred, "_keras_mask", None)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        if mask is not None:
            mask = ops.reshape(ops.cast(mask, self.dtype), (-1,))
        if sample_weight is not None:
            sample_weight = ops.reshape(ops.convert_to_tensor(sample_weight, dtype=self.dtype), (-1,))
            mask = sample_weight if mask is None else mask * sample_weight
        return self._weighted(ops.convert_to_tensor(y_true, dtype=self.dtype), y_pred, mask)

    def _weighted(self, y_true, y_pred, weights):
        y, valid, outputs = self.read(y_true, y_pred)
        ones = ops.ones_like(outputs[:, 0])
        weights = ones if weights is None else weights * ones
        return self.batch_loss(y, outputs, nan_where_invalid(weights, valid))


def log_probs_of(outputs, from_logits: bool):
    """Log probabilities (n, K) of logits, or of probabilities (clipped to 1e-7 and renormalised)."""
    if not from_logits:
        outputs = ops.log(ops.maximum(outputs, SMALLEST))
    return ops.log_softmax(outputs, axis=-1)


def logits_of(outputs, from_logits: bool):
    """Logits as they are, or of probabilities (clipped to 1e-7 from 0 and 1)."""
    if from_logits:
        return outputs
    inside = ops.clip(outputs, SMALLEST, 1 - SMALLEST)
    return ops.log(inside) - ops.log1p(-inside)
