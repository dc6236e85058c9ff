"""The cases that the suite of networks shares: each method with fixed cutpoints, compiled once."""

from dataclasses import dataclass
from functools import lru_cache

import mpmath as mp
import numpy as np
import pytest
from network_backends import to_numpy, value_and_gradient

from bayesord.neural import METHODS, layers

FREQUENCIES = {2: [3, 2], 4: [4, 3, 2, 1]}


@dataclass(frozen=True)
class Case:
    """A method for K categories, from the numbers that enter its last layer to the loss."""

    name: str
    n_categories: int

    @property
    def method(self):
        return METHODS[self.name]

    @property
    def width(self):
        """How many numbers per row enter the last layer."""
        if self.link is None:
            return self.method.n_outputs(self.n_categories)
        return self.n_categories - 1 if self.method.head_name == "stick_breaking" else 1

    @property
    def link(self):
        """The last layer where it is more than a dense one, with fixed weights."""
        return _link_layer(self.name, self.n_categories)

    @property
    def cutpoints(self):
        """In many digits, from the float32 weights."""
        if not hasattr(self.link, "first_cutpoint"):
            return None
        with mp.workdps(60):
            points = [mp.mpf(float(to_numpy(self.link.first_cutpoint)[0]))]
            gaps = [] if self.link.raw_gaps is None else to_numpy(self.link.raw_gaps)
            for gap in gaps:
                points.append(points[-1] + mp.exp(mp.mpf(float(gap))))
            return points

    def outputs(self, raw):
        return raw if self.link is None else self.link(raw)

    def loss(self, **settings):
        return self.method.make_loss(self.n_categories, **settings)

    @property
    def value_and_gradient(self):
        """(raw (n, width), y, weights) -> loss and gradient in raw, compiled."""
        return _value_and_gradient(self.name, self.n_categories)


@lru_cache(None)
def _link_layer(name, n_categories):
    method = METHODS[name]
    last = method.make_head(n_categories, frequencies=FREQUENCIES[n_categories])[-1]
    if not isinstance(last, layers.Head):
        return None
    columns = n_categories - 1 if method.head_name == "stick_breaking" else 1
    last.build((None, columns))
    if isinstance(last, layers.CoralHead):
        last.kernel.assign(np.ones((1, 1)))
    return last


@lru_cache(None)
def _value_and_gradient(name, n_categories):
    case = Case(name, n_categories)
    loss = case.loss()
    return value_and_gradient(lambda raw, y, w: loss(y, case.outputs(raw), sample_weight=w))


@pytest.fixture(params=METHODS)
def case(request):
    """Each method with four categories."""
    return Case(request.param, 4)


@pytest.fixture(params=METHODS)
def pair(request):
    """Each method with two categories."""
    return Case(request.param, 2)
