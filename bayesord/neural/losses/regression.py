"""Losses on one score per row, as if the categories were the numbers 0..K-1."""

from __future__ import annotations

import keras
from keras import ops

from bayesord.checks import check_number
from bayesord.neural.losses.base import OrdinalLoss

__all__ = ["AbsoluteErrorLoss", "LeastAbsoluteDeviationLoss", "SquaredErrorLoss"]


class ScoreLoss(OrdinalLoss):
    """A loss of the residual f - y."""

    outputs = "score"

    def residual_loss(self, residual):
        raise NotImplementedError

    def row_losses(self, y, outputs):
        return self.residual_loss(outputs[:, 0] - ops.cast(y, outputs.dtype))


@keras.saving.register_keras_serializable(package="bayesord")
class SquaredErrorLoss(ScoreLoss):
    """(f - y)². The score is not clipped here: outside 0..K-1 a clip would end the gradient that leads back.

    Start the bias of the last layer at the mean of y, as the registry's head does.

    Parameters
    ----------
    n_categories : int, optional
        K, to check labels against; the outputs (n, 1) do not tell it.
    name, reduction, dtype
        Of `keras.losses.Loss`.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> float(losses.SquaredErrorLoss(5)([1, 4], [[1.5], [2.0]]))
    2.125
    """

    def residual_loss(self, residual):
        return ops.square(residual)


@keras.saving.register_keras_serializable(package="bayesord")
class AbsoluteErrorLoss(ScoreLoss):
    """|f - y|: the score of least error is the median.

    Parameters
    ----------
    n_categories : int, optional
    name, reduction, dtype
        As in `SquaredErrorLoss`.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> float(losses.AbsoluteErrorLoss(5)([1, 4], [[1.5], [2.0]]))
    1.25
    """

    def residual_loss(self, residual):
        return ops.abs(residual)


@keras.saving.register_keras_serializable(package="bayesord")
class LeastAbsoluteDeviationLoss(ScoreLoss):
    """max(|f - y| - epsilon, 0): support vector regression on the codes.

    With epsilon = 0.5 every score that rounds to the answer costs nothing. At epsilon = 0 it is the absolute
    error; the method then differs by its penalised weights and by its Laplace residual.

    Parameters
    ----------
    n_categories : int, optional
    epsilon : float
    name, reduction, dtype
        As in `SquaredErrorLoss`.

    Source: Pedregosa, Bach & Gramfort 2017, https://jmlr.org/papers/v18/15-495.html.

    Examples
    --------
    >>> from bayesord.neural import losses
    >>> float(losses.LeastAbsoluteDeviationLoss(5, epsilon=0.5)([1, 4], [[1.5], [2.0]]))
    0.75
    """

    def __init__(self, n_categories=None, *, epsilon: float = 0.0, **kwargs):
        super().__init__(n_categories, **kwargs)
        self.epsilon = check_number("epsilon", epsilon, least=0)

    def residual_loss(self, residual):
        return ops.relu(ops.abs(residual) - self.epsilon)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
