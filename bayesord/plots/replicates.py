"""Replicated answers for figures: some of the draws, one data set each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bayesord.predictive.draws import Draws

__all__ = ["answers_of", "copies_of", "probs_by_draw"]


def probs_by_draw(draws: Draws, size: int) -> Iterator[np.ndarray]:
    """(n, K) probabilities of `size` draws, evenly spread over all; a single draw is given as often."""
    for s in np.linspace(0, draws.n_draws, size, endpoint=False).astype(int):
        yield draws.block((s, s + 1), (0, draws.n_rows))[0]


def answers_of(probs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n,) codes, one answer for each row of probabilities (n, K)."""
    return (rng.random((len(probs), 1)) > probs.cumsum(axis=1)[:, :-1]).sum(axis=1)


def copies_of(weights: np.ndarray) -> np.ndarray:
    """Frequency weights as numbers of answers.

    Raises
    ------
    ValueError
        Where they are not whole.
    """
    if np.any(bad := weights != np.floor(weights)):
        row = int(np.argmax(bad))
        raise ValueError(
            f"the weight of row {row} is {weights[row]:g}: there is no such number of answers to replicate. Fit with "
            "weights='importance' if a weight is not a count, or pass new= and y=."
        )
    return weights.astype(np.int64)
