"""How a network must end: for each head, the layers after the body and the kind of outputs they give.

A head is a list of layers, to be applied one after the other to the body's output (n, d). Where the class
frequencies of the training rows are given, it starts from the base rates; that is worth many steps, and every
method gets it, so that none is ahead by its start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from bayesord.checks import check_known_names
from bayesord.neural import layers
from bayesord.neural.layers.base import check_frequencies

__all__ = ["HEADS", "Head"]


@dataclass(frozen=True)
class Head:
    """A head for any K.

    Attributes
    ----------
    name : str
    kind : str
        Of its outputs: a key of `outputs.KINDS`.
    layers : callable
        (K, shares (K,), name, **options) -> list of layers; the last one is called `name`.
    summary : str
    options : tuple of str
        Settings that it takes.
    """

    name: str
    kind: str
    layers: Callable[..., list]
    summary: str
    options: tuple = ()

    def make(self, n_categories: int, *, frequencies=None, name: str = "head", **options) -> list:
        """The layers, new ones at every call, started at these frequencies (equal ones for None)."""
        check_known_names(f"setting of head {self.name!r}:", options, self.options)
        return self.layers(n_categories, check_frequencies(frequencies, n_categories), name, **options)


def _dense(width: int, name: str, bias=None, **options):
    """A dense layer in full precision whose bias starts at the given numbers (width,)."""
    if bias is None:
        options["use_bias"] = False
    elif np.any(bias):
        start = np.asarray(bias, dtype=float)
        options["bias_initializer"] = keras.initializers.Constant(
            float(start[0]) if start.size == 1 else start.tolist()
        )
    return keras.layers.Dense(width, dtype=_precision(), name=name, **options)


def _precision() -> str:
    return "float64" if keras.config.floatx() == "float64" else "float32"


def _logit(p):
    return np.log(p) - np.log1p(-p)


def _above(shares):
    """P(y > k) for k = 0 .. K-2."""
    return 1 - np.cumsum(shares)[:-1]


def _softmax(n_categories, shares, name):
    logs = np.log(shares)
    return [_dense(n_categories, name, bias=logs - logs.mean())]


def _score(n_categories, shares, name, l2=0.0):
    penalty = {"kernel_regularizer": keras.regularizers.L2(l2)} if l2 else {}
    return [_dense(1, name, bias=[shares @ np.arange(n_categories)], **penalty)]


def _bits(n_categories, shares, name):
    return [_dense(n_categories - 1, name, bias=_logit(_above(shares)))]


def _leading_bits(n_categories, shares, name):
    return [_dense(n_categories, name, bias=_logit(np.concatenate([[0.999], _above(shares)])))]


def _conditional(n_categories, shares, name):
    at_least = 1 - np.concatenate([[0], np.cumsum(shares)[:-2]])
    return [_dense(n_categories - 1, name, bias=_logit(_above(shares) / at_least))]


def _cumulative_link(n_categories, shares, name, link="logit"):
    link_layer = layers.CumulativeLink(n_categories, link=link, frequencies=shares, name=name)
    return [_dense(1, f"{name}_score"), link_layer]


def _coral(n_categories, shares, name):
    return [layers.CoralHead(n_categories, frequencies=shares, name=name)]


def _binomial(n_categories, shares, name, **options):
    mean = shares @ np.arange(n_categories) / (n_categories - 1)
    return [
        _dense(1, f"{name}_score", bias=[_logit(mean)]),
        layers.BinomialHead(n_categories, name=name, **options),
    ]


def _poisson(n_categories, shares, name, **options):
    rate = shares @ np.arange(n_categories) + 0.5
    return [
        _dense(1, f"{name}_score", bias=[np.log(np.expm1(rate))]),
        layers.PoissonHead(n_categories, name=name, **options),
    ]


def _stick(n_categories, shares, name):
    at_least = 1 - np.concatenate([[0], np.cumsum(shares)[:-2]])
    bias = _logit(shares[:-1] / at_least)
    return [
        _dense(n_categories - 1, f"{name}_score", bias=bias),
        layers.StickBreaking(n_categories, name=name),
    ]


HEADS: dict[str, Head] = {
    head.name: head
    for head in (
        Head("softmax", "categories", _softmax, "Dense(K): one logit per category"),
        Head("score", "score", _score, "Dense(1): a number on the scale of the codes", ("l2",)),
        Head(
            "cumulative_link",
            "categories",
            _cumulative_link,
            "Dense(1, use_bias=False), CumulativeLink(K): log probabilities",
            ("link",),
        ),
        Head("bits", "cumulative", _bits, "Dense(K-1): logits of P(y > k)"),
        Head("leading_bits", "leading", _leading_bits, "Dense(K): logits of P(y >= k)"),
        Head("coral", "cumulative", _coral, "CoralHead(K): logits of P(y > k) with shared weights, ordered"),
        Head("thresholds", "margins", _coral, "CoralHead(K): the score minus ordered thresholds"),
        Head("conditional", "conditional", _conditional, "Dense(K-1): logits of P(y > k given y >= k)"),
        Head(
            "binomial",
            "categories",
            _binomial,
            "Dense(1), BinomialHead(K): log probabilities",
            ("temperature", "learn_temperature"),
        ),
        Head(
            "poisson",
            "categories",
            _poisson,
            "Dense(1), PoissonHead(K): log probabilities",
            ("temperature", "learn_temperature"),
        ),
        Head("stick_breaking", "categories", _stick, "Dense(K-1), StickBreaking(K): log probabilities"),
    )
}
