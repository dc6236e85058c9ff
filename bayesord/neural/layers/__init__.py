"""Heads: what a network for ordered categories ends with.

`CumulativeLink`, `BinomialHead`, `PoissonHead` and `StickBreaking` return log probabilities of the K categories,
for `NegativeLogLikelihood` or, since log probabilities are logits, for any loss on K logits. `CoralHead`
returns the K-1 logits of P(y > k), for `CoralLoss` and `ThresholdLoss`.
"""

from bayesord.neural.layers.base import Head
from bayesord.neural.layers.coral import CoralHead
from bayesord.neural.layers.cumulative import CumulativeLink
from bayesord.neural.layers.stick import StickBreaking
from bayesord.neural.layers.unimodal import BinomialHead, PoissonHead

__all__ = ["BinomialHead", "CoralHead", "CumulativeLink", "Head", "PoissonHead", "StickBreaking"]
