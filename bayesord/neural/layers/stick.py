"""Stick-breaking: each category takes its share of what the categories before it left."""

from __future__ import annotations

import keras
from keras import ops

from bayesord.neural.layers.base import Head
from bayesord.neural.numerics import log_sigmoid

__all__ = ["StickBreaking"]


@keras.saving.register_keras_serializable(package="bayesord")
class StickBreaking(Head):
    """log p_k with p_k = s(f_k) Π_{j<k} (1 - s(f_j)), s the logistic function; the last category takes the rest.

    The continuation-ratio model: s(f_k) = P(y = k | y >= k), from K-1 numbers per row.

    Parameters
    ----------
    n_categories : int
        K.
    **kwargs
        Of `keras.layers.Layer`.

    Returns
    -------
    tensor (..., K)
        Log probabilities, from input (..., K-1).

    Source: Liu, Zou, Song, Yang, You & Vijaya Kumar 2018, doi:10.1007/978-3-030-11024-6_23.

    Examples
    --------
    >>> import keras
    >>> from bayesord.neural import layers
    >>> log_probs = layers.StickBreaking(3)(keras.ops.zeros((1, 2)))
    >>> keras.ops.convert_to_numpy(keras.ops.exp(log_probs)).round(3).tolist()
    [[0.5, 0.25, 0.25]]
    """

    def inputs_wanted(self) -> int:
        return self.n_categories - 1

    def build(self, input_shape):
        self.check_input(input_shape)

    def call(self, inputs):
        left = ops.cumsum(log_sigmoid(-inputs), axis=-1)  # log of what remains after k + 1 breaks
        before = ops.concatenate([ops.zeros_like(left[..., :1]), left], axis=-1)
        taken = ops.concatenate([log_sigmoid(inputs), ops.zeros_like(left[..., :1])], axis=-1)
        return before + taken
