"""Weighted kappa as a loss."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from bayesord.checks import check_number
from bayesord.neural.losses.base import BatchLoss, log_probs_of
from bayesord.neural.losses.nominal import picked

__all__ = ["KappaLoss"]

NOTHING = 1e-30
"""A disagreement by chance below this is none: the batch says nothing about kappa."""


@keras.saving.register_keras_serializable(package="bayesord")
class KappaLoss(BatchLoss):
    """R = 1 - kappa of the batch, with probabilities in the place of labels; or log R; or either beside cross-entropy.

    With W_ab = |a - b|^power / (K-1)^power, row weights w_i (1 by default), h the weighted share of each answer
    and P that of each prediction,

        R = Σ_i w_i W[y_i]·p_i / (Σ_i w_i  Σ_ab W_ab h_a P_b),
        L = (1 - mix) (R or log(R + epsilon)) + mix (mean cross-entropy).

    Parameters
    ----------
    n_categories : int, optional
        K; taken from the outputs by default.
    power : float
        2 for quadratic, 1 for linear kappa.
    log : bool
        Whether log(R + epsilon) is minimised (as in the paper) or R.
    mix : float
        Share of the cross-entropy, from 0 to below 1. A prediction that ignores its input has R = 1 whatever it
        says, so nothing teaches it the base rates; a little cross-entropy does.
    epsilon : float
        Keeps the logarithm finite at perfect agreement.
    from_logits : bool
        Whether `y_pred` (n, K) holds logits (default) or probabilities.
    name, reduction, dtype
        Of `keras.losses.Loss`; it is one number for the batch under every reduction but "sum" and None, which
        are refused. `sample_weight` and masks go into all sums: a row of weight 2 is that row twice.

    Notes
    -----
    A ratio of batch means is biased: R comes out too low by about 0.35/n. Use batches of 64 rows or more. It is
    not a proper score: the probabilities it leads to are sharper than the truth, so report calibration.
    Where all answers of a batch are the same, kappa is 0 and R = 1 for any prediction; a perfect prediction,
    0/0, is given that value too, without gradient.

    Source: de la Torre, Puig & Valls 2018, doi:10.1016/j.patrec.2017.05.018.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> loss = losses.KappaLoss(log=False, from_logits=False)
    >>> round(float(loss([0, 1, 2, 2], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]])), 4)  # kappa 0.8
    0.2
    """

    def __init__(
        self,
        n_categories=None,
        *,
        power: float = 2.0,
        log: bool = True,
        mix: float = 0.0,
        epsilon: float = 1e-7,
        from_logits: bool = True,
        **kwargs,
    ):
        super().__init__(n_categories, **kwargs)
        self.power = check_number("power", power, above=0)
        self.log = bool(log)
        self.mix = check_number("mix", mix, least=0, below=1)
        self.epsilon = check_number("epsilon", epsilon, above=0)
        self.from_logits = bool(from_logits)

    def batch_loss(self, y, outputs, weights):
        log_probs = log_probs_of(outputs, self.from_logits)
        ratio = self._ratio(y, ops.exp(log_probs), weights)
        value = ops.log(ratio + self.epsilon) if self.log else ratio
        if self.mix == 0:
            return value
        total = ops.sum(weights)
        entropy = -ops.sum(weights * picked(log_probs, y)) / ops.where(total == 0, 1.0, total)
        return (1 - self.mix) * value + self.mix * entropy

    def _ratio(self, y, probs, weights):
        n_categories = probs.shape[-1]
        k = np.arange(n_categories)
        matrix = (np.abs(k[:, None] - k) / (n_categories - 1)) ** self.power
        matrix = ops.convert_to_tensor(matrix, dtype=probs.dtype)
        answers = ops.one_hot(y, n_categories, dtype=probs.dtype)
        total = ops.sum(weights)
        share = ops.expand_dims(weights / ops.where(total == 0, 1.0, total), -1)
        costs = ops.matmul(answers, matrix)  # W[y_i], (n, K)
        seen = ops.sum(share * costs * probs)
        by_chance = ops.sum(ops.sum(share * costs, axis=0) * ops.sum(share * probs, axis=0))
        nothing = by_chance < NOTHING
        return ops.where(nothing, 1.0, seen / ops.where(nothing, 1.0, by_chance))

    def get_config(self):
        return {
            **super().get_config(),
            "power": self.power,
            "log": self.log,
            "mix": self.mix,
            "epsilon": self.epsilon,
            "from_logits": self.from_logits,
        }
