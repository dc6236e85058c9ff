"""What a label becomes before a loss compares it with the outputs.

Losses take labels and encode them by themselves; these are the same targets as arrays, to look at, or for a
training loop of one's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesord.checks import check_choice
from bayesord.neural.soft_targets import soft_target_table
from bayesord.predictive.inputs import check_categories, check_codes

__all__ = ["ENCODINGS", "Encoding", "encode"]


@dataclass(frozen=True)
class Encoding:
    """A way to write a label.

    Attributes
    ----------
    name : str
    function : callable
        (codes (n,), K, **parameters) -> array.
    summary : str
    """

    name: str
    function: Callable[..., np.ndarray]
    summary: str


def _bits(y, n_categories, first):
    return (y[:, None] > np.arange(first, n_categories - 1)).astype(float)


def _conditional(y, n_categories):
    return np.where(y[:, None] >= np.arange(n_categories - 1), _bits(y, n_categories, 0), np.nan)


def _sides(y, n_categories):
    return 2 * _bits(y, n_categories, 0) - 1


ENCODINGS: dict[str, Encoding] = {
    encoding.name: encoding
    for encoding in (
        Encoding("code", lambda y, n_categories: y, "the category, 0..K-1, (n,)"),
        Encoding("number", lambda y, n_categories: y.astype(float), "the code as a number, (n,)"),
        Encoding("one_hot", lambda y, n_categories: np.eye(n_categories)[y], "1[y = k], (n, K)"),
        Encoding("at_most", lambda y, n_categories: 1 - _bits(y, n_categories, 0), "1[y <= k], (n, K-1)"),
        Encoding("bits", lambda y, n_categories: _bits(y, n_categories, 0), "1[y > k], (n, K-1)"),
        Encoding("leading_bits", lambda y, n_categories: _bits(y, n_categories, -1), "1[y >= k], (n, K)"),
        Encoding("conditional_bits", _conditional, "1[y > k] where y >= k, NaN elsewhere, (n, K-1)"),
        Encoding("sides", _sides, "+1 where y > k, -1 where not, (n, K-1)"),
        Encoding(
            "soft",
            lambda y, n_categories, targets, **parameters: soft_target_table(
                targets, n_categories, **parameters
            )[y],
            "a distribution with its peak at y, (n, K)",
        ),
    )
}


def encode(encoding: str, y, *, n_categories: int, **parameters) -> np.ndarray:
    """Labels in an encoding.

    Parameters
    ----------
    encoding : str
        A name in `ENCODINGS`.
    y : array (n,) of codes 0..K-1
    n_categories : int
    **parameters
        Of "soft": targets= and what that shape takes.

    Returns
    -------
    array (n,), (n, K-1) or (n, K)

    Raises
    ------
    ValueError
        For unknown names (with the nearest), and labels outside 0..K-1.

    Examples
    --------
    >>> encode("bits", [0, 2], n_categories=3)
    array([[0., 0.],
           [1., 1.]])
    """
    chosen = ENCODINGS[check_choice("encoding", encoding, ENCODINGS)]
    n_categories = check_categories(n_categories)
    return chosen.function(check_codes("y", y, n_categories), n_categories, **parameters)
