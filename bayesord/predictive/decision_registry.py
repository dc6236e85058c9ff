"""Every decision is a matrix of disagreements, corrected for chance or not.

A label is judged by a matrix D[true, predicted]. Left as it is, D is a cost: each row takes the label of
least expected cost, whatever the other rows do. Corrected for chance it is the weight matrix of a kappa,
1 - (mean disagreement)/(mean disagreement by chance), and the rows are labelled together.

| D                    | as a cost         | corrected for chance |
|----------------------|-------------------|----------------------|
| 1[j ≠ k]             | mode              | kappa                |
| abs(t_j - t_k)       | median            | linear_kappa         |
| (t_j - t_k)²         | mean              | qwk                  |
| tilted abs(t_j - t_k)| pinball(tau)      |                      |
| any                  | cost_matrix(D)    | kappa_matrix(D)      |

t are the category values, 0..K-1 unless given. To add a decision, add one entry to `DECISIONS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesord.checks import check_number, did_you_mean, real_numbers
from bayesord.predictive.disagreement import disagreement_matrix

__all__ = ["DECISIONS", "Decision", "cost_matrix", "get_decision", "kappa_matrix", "pinball"]


@dataclass(frozen=True)
class Decision:
    """What a label is judged by.

    Attributes
    ----------
    name : str
    disagreement : str or callable
        A name that `disagreement_matrix` knows, or category values (K,) -> D[true, predicted] (K, K).
    corrected : bool
        Whether D is the weight matrix of a kappa (True) or a plain cost (False).
    summary : str
        The label chosen, in words.
    synonyms : tuple of str
    """

    name: str
    disagreement: str | Callable[[np.ndarray], np.ndarray]
    corrected: bool
    summary: str
    synonyms: tuple[str, ...] = ()

    @property
    def squared(self) -> bool:
        """Whether the mean score alone decides, by thresholds."""
        return self.disagreement == "quadratic"

    def matrix(self, values: np.ndarray) -> np.ndarray:
        """D[true, predicted] for these category values (K,)."""
        if isinstance(self.disagreement, str):
            return disagreement_matrix(self.disagreement, values.size, values)
        matrix = self.disagreement(values)
        if matrix.shape != (values.size, values.size):
            raise ValueError(
                f"{self.name} has shape {matrix.shape}, expected {(values.size, values.size)}: "
                "one row per true category, one column per label."
            )
        return matrix


DECISIONS: dict[str, Decision] = {
    decision.name: decision
    for decision in (
        Decision(
            "qwk", "quadratic", True, "highest quadratic weighted kappa: nearest value to the stretched mean"
        ),
        Decision("linear_kappa", "linear", True, "highest linear weighted kappa"),
        Decision("kappa", "nominal", True, "highest Cohen's kappa (nominal)"),
        Decision("mode", "nominal", False, "most probable category", ("accuracy",)),
        Decision("median", "linear", False, "lower median category: least absolute error", ("absolute",)),
        Decision("mean", "quadratic", False, "nearest value to the mean: least squared error", ("squared",)),
    )
}


def _square_array(what: str, matrix) -> np.ndarray:
    array = real_numbers(matrix)
    if array is None:
        raise TypeError(f"{what} must be numbers, [true, predicted]; got {type(matrix).__name__}.")
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise ValueError(f"{what} must be square, [true, predicted]; got shape {array.shape}.")
    if not np.isfinite(array).all():
        i, j = np.argwhere(~np.isfinite(array))[0]
        raise ValueError(f"{what} must be finite; entry [{i}, {j}] is {array[i, j]}.")
    array = array.copy()
    array.flags.writeable = False
    return array


def cost_matrix(costs) -> Decision:
    """Least expected cost: argmin_k Σ_j p_j C[j, k] in every row. A plain array means the same.

    Parameters
    ----------
    costs : array (K, K)
        C[true, predicted]; any finite numbers.

    Returns
    -------
    Decision

    Raises
    ------
    ValueError
        When it is not square or not finite.

    Examples
    --------
    >>> from bayesord.predictive.decisions import optimal_labels
    >>> dear_to_miss = [[0, 1], [9, 0]]
    >>> optimal_labels([[0.8, 0.2], [0.95, 0.05]], cost_matrix(dear_to_miss)).labels
    array([1, 0])
    """
    fixed = _square_array("cost matrix", costs)
    return Decision("cost_matrix", lambda _: fixed, False, "least expected cost under the given matrix")


def kappa_matrix(weights) -> Decision:
    """Highest weighted kappa for the given weights: 1 - Σ W[y, a] / (the same sum by chance).

    Parameters
    ----------
    weights : array (K, K)
        Disagreements W[true, predicted] >= 0, zero on the diagonal; they need not be symmetric. Weights that
        count agreement, one on the diagonal, are 1 minus these.

    Returns
    -------
    Decision

    Raises
    ------
    ValueError
        When it is not square, not finite, negative somewhere, or not zero on the diagonal.

    Examples
    --------
    >>> from bayesord.predictive.decisions import optimal_labels
    >>> too_low_is_worse = [[0, 1, 2], [3, 0, 1], [6, 3, 0]]
    >>> optimal_labels([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]], kappa_matrix(too_low_is_worse)).labels
    array([0, 2])
    """
    fixed = _square_array("kappa matrix", weights)
    disagreement_matrix(fixed, fixed.shape[0])
    return Decision("kappa_matrix", lambda _: fixed, True, "highest weighted kappa under the given matrix")


def pinball(tau: float) -> Decision:
    """Least expected pinball loss: the lower tau-quantile of the category.

    The loss of label k is tau (t_y - t_k) when y lies above it and (1 - tau)(t_k - t_y) when below.

    Parameters
    ----------
    tau : float
        Strictly between 0 and 1; 0.9 dreads calling a row too low nine times as much as too high, and 0.5 is
        the median.

    Returns
    -------
    Decision

    Raises
    ------
    ValueError
        For tau outside (0, 1).

    Source: Koenker & Bassett 1978, doi:10.2307/1913643.

    Examples
    --------
    >>> from bayesord.predictive.decisions import optimal_labels
    >>> optimal_labels([[0.5, 0.3, 0.2]], pinball(0.9)).labels
    array([2])
    """
    tau = check_number("tau", tau, above=0, below=1)

    def tilted(t: np.ndarray) -> np.ndarray:
        above = t[:, None] - t
        return np.where(above > 0, tau * above, (tau - 1) * above)

    return Decision(f"pinball({tau:g})", tilted, False, f"lower {tau:g}-quantile: least pinball loss")


def get_decision(decision) -> Decision:
    """A decision from its name or synonym, from a cost matrix, or itself.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known one.

    Examples
    --------
    >>> get_decision("accuracy").name
    'mode'
    """
    if isinstance(decision, Decision):
        return decision
    if isinstance(decision, str):
        names = {name: entry for entry in DECISIONS.values() for name in (entry.name, *entry.synonyms)}
        if decision in names:
            return names[decision]
        raise ValueError(
            f"unknown decision {decision!r}.{did_you_mean(decision, names)} Known: {', '.join(names)}, "
            "pinball(tau), kappa_matrix(weights), or a cost matrix [true, predicted]."
        )
    matrix = real_numbers(decision)
    if matrix is not None and matrix.ndim == 2:
        return cost_matrix(matrix)
    raise TypeError(
        f"decision must be a name, a cost matrix (K, K) or a Decision, got {type(decision).__name__}. "
        f"Names: {', '.join(DECISIONS)}."
    )
