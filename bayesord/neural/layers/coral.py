"""One score against K-1 ordered biases: the head of CORAL and of the threshold losses."""

from __future__ import annotations

import keras
from keras import ops
from scipy.special import logit

from bayesord.neural.layers.base import Cutpoints

__all__ = ["CoralHead"]


@keras.saving.register_keras_serializable(package="bayesord")
class CoralHead(Cutpoints):
    """K-1 logits of P(y > k) that share their weights: g_k = w'x - theta_k, theta_1 < ... < theta_{K-1}.

    The biases -theta_k are ordered by construction, so that P(y > k) never rises with k. (In the paper they
    are free, and ordered only at the optimum.)

    Parameters
    ----------
    n_categories : int
        K.
    frequencies : array (K,), optional
        Counts or shares of the categories; the thetas start at the logits of the cumulative shares.
    increments : "exp" or "softplus"
        How a free number becomes the gap between two thetas.
    kernel_initializer, kernel_regularizer
        Of the shared weights w, as in `keras.layers.Dense`.
    **kwargs
        Of `keras.layers.Layer`: name, trainable, dtype (float32 also under mixed precision).

    Returns
    -------
    tensor (..., K-1)
        From features (..., d).

    Source: Cao, Mirjalili & Raschka 2020, doi:10.1016/j.patrec.2020.11.008.

    Examples
    --------
    >>> import keras
    >>> from bayesord.neural import layers
    >>> head = layers.CoralHead(3, frequencies=[1, 2, 1])
    >>> keras.ops.convert_to_numpy(keras.ops.sigmoid(head(keras.ops.zeros((1, 4))))).round(3).tolist()
    [[0.75, 0.25]]
    """

    inputs = None

    def __init__(
        self,
        n_categories: int,
        *,
        frequencies=None,
        increments="exp",
        kernel_initializer="glorot_uniform",
        kernel_regularizer=None,
        **kwargs,
    ):
        super().__init__(n_categories, frequencies=frequencies, increments=increments, **kwargs)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def outputs(self) -> int:
        return self.n_categories - 1

    def quantile(self, shares):
        return logit(shares)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[-1], 1),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        self._add_cutpoints()

    def call(self, inputs):
        return ops.matmul(inputs, self.kernel) - self._cutpoints()[0]

    def get_config(self):
        return {
            **super().get_config(),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }
