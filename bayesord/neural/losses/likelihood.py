"""The negative log likelihood of heads that return log probabilities."""

from __future__ import annotations

import keras

from bayesord.neural.losses.base import OrdinalLoss
from bayesord.neural.losses.nominal import picked

__all__ = ["CumulativeLinkLoss", "NegativeLogLikelihood"]


@keras.saving.register_keras_serializable(package="bayesord")
class NegativeLogLikelihood(OrdinalLoss):
    """-log p_y, for outputs that are log probabilities already: of `BinomialHead`, `PoissonHead`, `StickBreaking`.

    Nothing is normalised again: what the head computed without cancellation stays as exact.

    Parameters
    ----------
    n_categories : int, optional
        K; taken from the outputs (n, K) by default.
    name, reduction, dtype
        Of `keras.losses.Loss`.

    Examples
    --------
    >>> import keras
    >>> from bayesord.neural import layers, losses
    >>> log_probs = layers.BinomialHead(3)(keras.ops.zeros((1, 1)))
    >>> round(float(losses.NegativeLogLikelihood()([1], log_probs)), 4)
    0.6931
    """

    def row_losses(self, y, outputs):
        return -picked(outputs, y)


@keras.saving.register_keras_serializable(package="bayesord")
class CumulativeLinkLoss(NegativeLogLikelihood):
    """-log(F(c_y - eta) - F(c_{y-1} - eta)), for the outputs of `CumulativeLink`.

    The maximum likelihood loss of the cumulative link model; link and cutpoints belong to the layer.

    Parameters
    ----------
    n_categories : int, optional
        K; taken from the outputs (n, K) by default.
    name, reduction, dtype
        Of `keras.losses.Loss`.

    Source: McCullagh 1980, doi:10.1111/j.2517-6161.1980.tb01109.x.

    Examples
    --------
    >>> import keras
    >>> from bayesord.neural import layers, losses
    >>> network = keras.Sequential([keras.layers.Dense(1, use_bias=False), layers.CumulativeLink(5, link="probit")])
    >>> network.compile(loss=losses.CumulativeLinkLoss())
    """
