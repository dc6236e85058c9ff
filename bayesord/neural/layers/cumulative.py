"""The cumulative link model as the last layer of a network."""

from __future__ import annotations

import keras

from bayesord.likelihood.links import get_link
from bayesord.neural.layers.base import Cutpoints
from bayesord.neural.link_functions import log_category_probs

__all__ = ["CumulativeLink"]


@keras.saving.register_keras_serializable(package="bayesord")
class CumulativeLink(Cutpoints):
    """log P(y = k) with P(y <= k) = F(c_k - eta), for one score eta per row and learned cutpoints c.

    A positive change of eta moves answers up. The cutpoints take the place of an intercept: the layer before
    must be `Dense(1, use_bias=False)`. They start at the quantiles that the link gives the class frequencies,
    so that a network whose scores are near 0 starts from the base rates.

    Parameters
    ----------
    n_categories : int
        K.
    link : str
        "logit", "probit", "cloglog", "loglog" or "cauchit".
    frequencies : array (K,), optional
        Counts or shares of the categories in the training data; equal by default. `adapt(y)` does it later.
    increments : "exp" or "softplus"
        How a free number becomes the gap between two cutpoints.
    **kwargs
        Of `keras.layers.Layer`: name, trainable, dtype (float32 also under mixed precision).

    Returns
    -------
    tensor (..., K)
        Log probabilities, from input (..., 1). They are finite for scores of any size: cloglog and loglog,
        whose log probability falls like -exp(distance), go on as a straight line from distance 40.

    Raises
    ------
    ValueError
        For K < 2, unknown links (with the nearest name), frequencies of another length, input of another width.

    Notes
    -----
    Weight decay pulls cutpoints together; keep it away from them:
    `optimizer.exclude_from_weight_decay(var_names=["cutpoint"])`.

    Source: McCullagh 1980, doi:10.1111/j.2517-6161.1980.tb01109.x; in networks, Vargas, Gutiérrez & Hervás-Martínez
    2020, doi:10.1016/j.neucom.2020.03.034.

    Examples
    --------
    >>> import keras
    >>> from bayesord.neural import layers
    >>> head = layers.CumulativeLink(3, frequencies=[1, 2, 1])
    >>> log_probs = head(keras.ops.zeros((1, 1)))
    >>> keras.ops.convert_to_numpy(keras.ops.exp(log_probs)).round(3).tolist()
    [[0.25, 0.5, 0.25]]
    """

    def __init__(
        self, n_categories: int, *, link: str = "logit", frequencies=None, increments="exp", **kwargs
    ):
        self.link = get_link(link).name  # before super(): a misspelt link must not leave a half-made layer
        super().__init__(n_categories, frequencies=frequencies, increments=increments, **kwargs)

    def quantile(self, shares):
        return get_link(self.link).quantile(shares)

    def bias_wanted(self) -> str:
        return ", use_bias=False"

    def build(self, input_shape):
        self.check_input(input_shape)
        self._add_cutpoints()

    def call(self, inputs):
        return log_category_probs(self.link, inputs, *self._cutpoints())

    def get_config(self):
        return {**super().get_config(), "link": self.link}
