"""Heads whose probabilities have one peak whatever the network says: binomial and Poisson."""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import ops
from scipy.special import gammaln

from bayesord.checks import check_number
from bayesord.neural.layers.base import Head
from bayesord.neural.numerics import log_sigmoid, log_softplus

__all__ = ["BinomialHead", "PoissonHead"]


class Unimodal(Head):
    """Log masses of a count distribution on 0..K-1, raised to 1/temperature and normalised."""

    normalised = False
    """Whether the masses sum to 1 by themselves, at temperature 1."""

    def __init__(
        self, n_categories: int, *, temperature: float = 1.0, learn_temperature: bool = False, **kwargs
    ):
        super().__init__(n_categories, **kwargs)
        self.temperature = check_number("temperature", temperature, above=0)
        self.learn_temperature = bool(learn_temperature)

    def log_masses(self, f):
        """(..., 1) -> (..., K), up to a constant of the row."""
        raise NotImplementedError

    def build(self, input_shape):
        self.check_input(input_shape)
        if self.learn_temperature:
            self.log_temperature = self.add_weight(
                shape=(),
                initializer=keras.initializers.Constant(math.log(self.temperature)),
                name="log_temperature",
                autocast=False,
            )

    def call(self, inputs):
        masses = self.log_masses(inputs)
        if self.learn_temperature:
            masses = masses * ops.exp(-ops.convert_to_tensor(self.log_temperature))
        elif self.temperature != 1.0:
            masses = masses / self.temperature
        elif self.normalised:
            return masses
        return ops.log_softmax(masses, axis=-1)

    def get_config(self):
        return {
            **super().get_config(),
            "temperature": self.temperature,
            "learn_temperature": self.learn_temperature,
        }


@keras.saving.register_keras_serializable(package="bayesord")
class BinomialHead(Unimodal):
    """log p_k = log C(K-1, k) + k log s(f) + (K-1-k) log s(-f), with s the logistic function.

    The number of successes in K-1 trials of probability s(f): one peak, near (K-1) s(f).

    Parameters
    ----------
    n_categories : int
        K.
    temperature : float
        Divides the log masses before they are normalised; below 1 the peak is sharper than a binomial's.
    learn_temperature : bool
        Whether it is learned, starting there.
    **kwargs
        Of `keras.layers.Layer`.

    Returns
    -------
    tensor (..., K)
        Log probabilities, from input (..., 1).

    Source: da Costa, Alonso & Cardoso 2008, doi:10.1016/j.neunet.2007.10.003; Beckham & Pal 2017, arXiv:1705.05278.

    Examples
    --------
    >>> import keras
    >>> from bayesord.neural import layers
    >>> log_probs = layers.BinomialHead(3)(keras.ops.zeros((1, 1)))
    >>> keras.ops.convert_to_numpy(keras.ops.exp(log_probs)).round(3).tolist()
    [[0.25, 0.5, 0.25]]
    """

    normalised = True

    def log_masses(self, f):
        k = np.arange(self.n_categories)
        trials = self.n_categories - 1
        log_choose = gammaln(trials + 1) - gammaln(k + 1) - gammaln(trials - k + 1)
        return _row(log_choose, f) + _row(k, f) * log_sigmoid(f) + _row(trials - k, f) * log_sigmoid(-f)


@keras.saving.register_keras_serializable(package="bayesord")
class PoissonHead(Unimodal):
    """log p_k = k log r - log k! - log Σ_j r^j / j!, with rate r = log(1 + exp(f)): Poisson, cut at K-1.

    Parameters
    ----------
    n_categories : int
        K.
    temperature : float
        Divides the log masses before they are normalised. A Poisson is as wide as its mean, which is much on a
        short scale: below 1 it is sharper.
    learn_temperature : bool
        Whether it is learned, starting there.
    **kwargs
        Of `keras.layers.Layer`.

    Returns
    -------
    tensor (..., K)
        Log probabilities, from input (..., 1).

    Source: Beckham & Pal 2017, arXiv:1705.05278.

    Examples
    --------
    >>> import keras
    >>> from bayesord.neural import layers
    >>> one = keras.ops.log(keras.ops.expm1(keras.ops.ones((1, 1))))  # rate 1: masses 1, 1, 1/2
    >>> log_probs = layers.PoissonHead(3)(one)
    >>> keras.ops.convert_to_numpy(keras.ops.exp(log_probs)).astype(float).round(3).tolist()
    [[0.4, 0.4, 0.2]]
    """

    def log_masses(self, f):
        k = np.arange(self.n_categories)
        return _row(k, f) * log_softplus(f) - _row(gammaln(k + 1), f)


def _row(numbers: np.ndarray, like):
    return ops.convert_to_tensor(numbers, dtype=like.dtype)
