"""Embeddings of rows by networks that have not seen them, in the coordinates of one network.

A network fits the rows that trained it better than it will fit others, and so does its last layer: there the
embedding separates categories as it never will again, and a head that learns from it is over-confident. Networks
trained on the other folds embed each row as if it were new. But each of these has units of its own: unit 3 of one is
not unit 3 of the other. So the units of each are mapped, linearly, to those of the network that will embed new rows,
by the rows on which both were trained.
"""

from __future__ import annotations

import warnings

import keras
import numpy as np

__all__ = ["folds_of", "fresh_copy", "map_units"]

PENALTIES = 10.0 ** np.arange(-8, 3)
"""Ridge penalties to choose from, relative to the mean square of the singular values."""


def folds_of(y, n_rows: int, n_folds: int, random_state) -> list[tuple[np.ndarray, np.ndarray]]:
    """(training rows, held-out rows) of each fold, categories spread evenly where y (n,) is given."""
    from sklearn.model_selection import KFold, StratifiedKFold

    if y is None:
        return list(KFold(n_folds, shuffle=True, random_state=random_state).split(np.zeros(n_rows)))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        splitter = StratifiedKFold(n_folds, shuffle=True, random_state=random_state)
        return list(splitter.split(np.zeros(n_rows), np.asarray(y)))


def map_units(source: np.ndarray, target: np.ndarray, new: np.ndarray) -> np.ndarray:
    """`new` (m, p), in the units of `source` (n, p), in those of `target` (n, q).

    The map is the ridge regression of the rows of `target` on those of `source`, with intercepts and the penalty of
    least generalised cross-validation error.

    Source: Golub, Heath & Wahba 1979, doi:10.1080/00401706.1979.10489751.

    Parameters
    ----------
    source, target : array (n, p), (n, q)
        The same rows in both networks' units.
    new : array (m, p)

    Returns
    -------
    array (m, q)

    Examples
    --------
    >>> import numpy as np
    >>> source = np.random.default_rng(1).normal(size=(50, 2))
    >>> swapped = map_units(source, source[:, ::-1], np.array([[1.0, 2.0]]))
    >>> swapped.round(1)
    array([[2., 1.]])
    """
    middle, aim = source.mean(axis=0), target.mean(axis=0)
    left, singular, right = np.linalg.svd(source - middle, full_matrices=False)
    kept = singular > 1e-10 * max(singular[0], np.finfo(float).tiny)
    left, singular, right = left[:, kept], singular[kept], right[kept]
    seen, n = left.T @ (target - aim), len(source)
    unexplained = np.sum((target - aim) ** 2) - np.sum(seen**2)

    def error(penalty):
        """Generalised cross-validation: the residual over the squared share of degrees of freedom left."""
        lost = penalty / (singular**2 + penalty)
        return (unexplained + np.sum((lost[:, None] * seen) ** 2)) / (1 - np.sum(1 - lost) / n) ** 2

    penalty = min(PENALTIES * np.mean(singular**2), key=error) if singular.size else 1.0
    weights = right.T @ ((singular / (singular**2 + penalty))[:, None] * seen)
    return aim + (new - middle) @ weights


def fresh_copy(network) -> keras.Model:
    """A network like it, with weights and optimizer as at the start."""
    if not isinstance(network, keras.Model):
        made = network()
        if not isinstance(made, keras.Model):
            raise TypeError(f"network() must return a keras.Model, got {type(made).__name__}.")
        return made
    try:
        copy = keras.models.clone_model(network)
    except ValueError:  # not a graph of layers
        copy = type(network).from_config(network.get_config())
    if network.compiled:
        copy.compile_from_config(network.get_compile_config())
    return copy
