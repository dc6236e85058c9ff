"""What can be predicted and compared, from category probabilities P(y = k) averaged over rows. `QUANTITIES` is the list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesord.effects.asked import Asked
from bayesord.predictive.averages import average_eta, average_probs
from bayesord.predictive.linear_draws import LinearDraws

__all__ = ["QUANTITIES", "Quantity", "evaluate"]


@dataclass(frozen=True)
class Quantity:
    """A quantity of every cell.

    Attributes
    ----------
    name : str
    said : str
        In words; {y} is the name of the response.
    of : callable, optional
        (..., K) category probabilities and (K,) category values -> (..., Q). None: it is made of eta.
    categories : slice, optional
        The categories that the Q numbers belong to; None where there is but one number.
    """

    name: str
    said: str
    of: Callable[[np.ndarray, np.ndarray], np.ndarray] | None
    categories: slice | None


QUANTITIES = {
    quantity.name: quantity
    for quantity in (
        Quantity("category_probs", "P({y} = k)", lambda p, t: p, slice(None)),
        Quantity("cumulative", "P({y} <= k)", lambda p, t: p.cumsum(axis=-1)[..., :-1], slice(None, -1)),
        Quantity(
            "exceedance",
            "P({y} >= k)",
            lambda p, t: p[..., ::-1].cumsum(axis=-1)[..., -2::-1],
            slice(1, None),
        ),
        Quantity("expected_score", "expected score of {y}", lambda p, t: (p @ t)[..., None], None),
        Quantity("eta", "linear predictor of {y}", None, None),
    )
}


def evaluate(draws: LinearDraws, asked: Asked, quantity: Quantity, values: np.ndarray) -> np.ndarray:
    """The quantity of every draw and cell: (S, G, Q)."""
    if quantity.of is None:
        eta = draws.eta() if asked.one_by_one else average_eta(draws, asked.cell, asked.weights)
        return eta[:, :, None]
    probs = draws.probs() if asked.one_by_one else average_probs(draws, asked.cell, asked.weights)
    return quantity.of(probs, values)
