"""How much a predicted category disagrees with the true one: by name, or a matrix of one's own."""

from __future__ import annotations

import numpy as np

from bayesord.checks import check_category_values, check_choice, real_numbers

__all__ = ["DISAGREEMENTS", "disagreement_matrix"]

#: Named disagreements between two category values.
DISAGREEMENTS = {
    "nominal": lambda s, t: (s != t).astype(float),
    "linear": lambda s, t: np.abs(s - t),
    "quadratic": lambda s, t: (s - t) ** 2,
}


def disagreement_matrix(disagreement, n_categories: int, category_values=None) -> np.ndarray:
    """D[true, predicted] (K, K): by name, or a matrix of one's own, checked.

    Parameters
    ----------
    disagreement : "nominal", "linear", "quadratic" or array (K, K)
        Names: 1[s != t], |s - t| and (s - t)² of the category values. A matrix has the true category in its
        rows, no negative entries, zeros on its diagonal, and need not be symmetric.
    n_categories : int
    category_values : array (K,), optional

    Raises
    ------
    ValueError
        For an unknown name, or a matrix of another shape, with negative entries or a diagonal that is not 0.

    Examples
    --------
    >>> disagreement_matrix("quadratic", 3)
    array([[0., 1., 4.],
           [1., 0., 1.],
           [4., 1., 0.]])
    """
    values = check_category_values(category_values, n_categories)
    if isinstance(disagreement, str):
        formula = DISAGREEMENTS[check_choice("disagreement", disagreement, DISAGREEMENTS)]
        # names, not values, tell categories apart: two categories may share a value
        values = np.arange(n_categories) if disagreement == "nominal" else values
        return formula(values[:, None], values[None, :])
    matrix = real_numbers(disagreement)
    if matrix is None:
        raise TypeError(
            f"disagreement must be a name or {n_categories} x {n_categories} numbers; got {type(disagreement).__name__}."
        )
    if matrix.shape != (n_categories, n_categories):
        raise ValueError(f"disagreement.shape == {matrix.shape}, expected {(n_categories, n_categories)}.")
    if not np.isfinite(matrix).all() or (matrix < 0).any() or np.diagonal(matrix).any():
        raise ValueError(
            "disagreement must be finite, not negative, and 0 on the diagonal. "
            "For a matrix A of agreements pass A.max() - A."
        )
    return matrix
