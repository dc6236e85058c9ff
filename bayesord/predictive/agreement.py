"""The mathematics of quadratic weighted kappa for given labels.

For labels with category values a_i and answers with values Y_i, kappa = A / B with

    A = 2 Σ w_i (a_i - abar) Y_i,    B = Σ w_i (Y_i - abar)² + Σ w_i (a_i - abar)².

Labels fix abar, so A and B are sums of independent terms, one per row, and everything below is a sum over
rows of a function of one row's probabilities. Such sums only need, in every draw, the *expected confusion
table* (how much of each answer is expected behind each label) and, for variances, three sums of squares per
label.

Values are moved to abar = 0 and scaled by a power of two first: kappa does not change when values are shifted
or scaled, and nothing cancels or overflows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bayesord.predictive.confusion import confusion
from bayesord.predictive.exact import expected_ratio
from bayesord.predictive.inputs import row_products
from bayesord.predictive.probabilities import Draws

__all__ = [
    "ConditionalKappa",
    "Labelled",
    "conditional_kappa",
    "confusion",
    "expected_draws",
    "expected_value",
    "moments",
    "plugin_value",
    "settled",
]

#: Expansions for many rows are used from this many rows on, and where in every draw
MANY_ROWS = 30
#: the standard deviation of atanh(kappa)
SMALL_NOISE = 0.2
#: and sd(B) / E[B] are no larger than this.
SMALL_WOBBLE = 0.1
#: Variances below this are those of certain answers, computed with rounding.
ROUNDING = 1e-15
#: Draws x rows x categories up to which the integral takes seconds.
INTEGRAL_LIMIT = 10**8
TABLE_LIMIT = 10**6  # rows x categories whose exponentials at every node are held at once


@dataclass(frozen=True)
class Labelled:
    """Labels of rows, with all that they contribute to kappa by themselves.

    Attributes
    ----------
    labels : array (n,) of codes
    values : array (K,)
        Category values, increasing.
    weights : array (n,) or None
    kind : "frequency" or "importance"
        A frequency weight of 3 is three rows with answers of their own; an importance weight of 3 is one row
        whose answer counts three times.
    """

    labels: np.ndarray
    values: np.ndarray
    weights: np.ndarray | None = None
    kind: str = "frequency"

    @cached_property
    def mass(self) -> np.ndarray:
        """Total weight of each label (K,)."""
        return np.bincount(self.labels, weights=self.weights, minlength=self.values.size).astype(float)

    @property
    def constant(self) -> bool:
        """Whether all rows of positive weight have the same label."""
        return np.count_nonzero(self.mass) == 1

    @cached_property
    def centred(self) -> np.ndarray:
        """Category values, minus the mean of the labels, scaled to a spread of about 1 (K,)."""
        values = self.values - self.values[0]
        values = np.ldexp(values, -np.frexp(values[-1])[1])
        middle = values[np.argmax(self.mass)] if self.constant else self.mass @ values / self.mass.sum()
        return values - middle

    @property
    def spread(self) -> float:
        """Σ w (a - abar)², in the units of `centred`."""
        return float(self.mass @ self.centred**2)

    @property
    def size(self) -> float:
        """How many independent answers there are: rows, replicated rows, or rows of equal importance."""
        if self.weights is None:
            return self.labels.size
        if self.kind == "frequency":
            return self.weights.sum()
        return self.weights.sum() ** 2 / np.sum(self.weights**2)


@dataclass(frozen=True)
class ConditionalKappa:
    """Kappa of replicated answers given each draw, to second order. Arrays (S,).

    Attributes
    ----------
    rho : array
        E[A] / E[B]: what kappa tends to as such rows are repeated for ever.
    chance : array
        E[B].
    mean : array
        E[A/B], with an error of the order of 1 / n².
    variance : array
        Var(A/B), of first order.
    wobble : array
        sd(B) / E[B]: expansions are in powers of it.
    """

    rho: np.ndarray
    chance: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    wobble: np.ndarray

    @property
    def noise(self) -> np.ndarray:
        """Standard deviation of atanh(kappa), of first order; infinite where kappa can be ±1."""
        room = 1.0 - self.rho**2
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.variance == 0.0, 0.0, np.sqrt(self.variance) / room)


def plugin_value(labels, m, q, *, values, weights=None) -> float:
    """E[A] / E[B] of labels from the posterior mean scores and mean squared scores of the rows.

    Parameters
    ----------
    labels : array (n,) of codes
    m, q : array (n,)
        Posterior means of the category value and of its square.
    values : array (K,)
    weights : array (n,), optional

    Returns
    -------
    float: 0 for constant labels; nan where the answers are certain and constant too

    Examples
    --------
    >>> import numpy as np
    >>> P = np.array([[1, 1], [0.5, 1.5]]) / 2
    >>> plugin_value(np.array([0, 1]), P @ [0, 1], P @ [0, 1], values=np.array([0.0, 1.0]))
    0.25
    """
    w = np.ones(len(labels)) if weights is None else weights
    a = values[labels]
    constant = np.ptp(a[w > 0]) == 0
    middle = a[w > 0][0] if constant else np.sum(w * a) / w.sum()
    chance = np.sum(w * (q - middle * (2 * m - middle))) + np.sum(w * (a - middle) ** 2)
    if chance <= 0:
        return np.nan
    return 0.0 if constant else float(2 * np.sum(w * (a - middle) * (m - middle)) / chance)


def moments(draws: Draws, values: np.ndarray, threads: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Posterior means of the category value, m (n,), and of its square, q (n,)."""
    means = draws.mean_probs(threads)
    return row_products(means, values), row_products(means, values**2)


def _powers(sums: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Means of Y, Y², Y³ and Y⁴, summed over the rows of each label (S, K, 4)."""
    answers = np.ascontiguousarray(sums[:, :, : t.size])
    return answers @ np.stack([t, t**2, t**3, t**4], axis=1)


def conditional_kappa(
    draws: Draws, labelled: Labelled, *, second: bool = True, threads: int | None = None
) -> ConditionalKappa:
    """rho, and with `second` mean and variance, of kappa given every draw.

    With moments given the draw: rho = E[A]/E[B], E[A/B] = rho - (Cov(A,B) - rho Var B)/E[B]² + O(1/n²),
    Var(A/B) = (Var A - 2 rho Cov(A,B) + rho² Var B)/E[B]² + O(1/n²). Constant labels: 0, without error.

    Parameters
    ----------
    draws : LinearDraws or TableDraws
    labelled : Labelled
    second : bool
        False leaves mean equal to rho and the variance nan, and takes less time.
    threads : int, optional

    Returns
    -------
    ConditionalKappa; nan in draws in which labels and answers are constant and equal
    """
    t, n_categories = labelled.centred, labelled.values.size
    sums = confusion(draws, labelled.labels, t, labelled.weights, second=second, threads=threads)
    powers = _powers(sums, t)
    numerator = 2 * powers[:, :, 0] @ t
    chance = powers[:, :, 1].sum(axis=1) + labelled.spread
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = np.where(chance > 0, 0.0 if labelled.constant else numerator / chance, np.nan)
    if not second:
        unknown = np.full_like(rho, np.nan)
        return ConditionalKappa(rho, chance, rho, unknown, unknown)
    if labelled.constant:
        none = np.zeros_like(rho)
        return ConditionalKappa(rho, chance, rho, none, none)
    if labelled.kind == "importance" and labelled.weights is not None:
        sums = confusion(draws, labelled.labels, t, labelled.weights**2, threads=threads)
        powers = _powers(sums, t)
    squares = sums[:, :, n_categories:]
    # variances and covariances of Y and Y², summed over the rows of each label (S, K)
    v11 = np.maximum(powers[:, :, 1] - squares[:, :, 0], 0.0)
    v12 = powers[:, :, 2] - squares[:, :, 1]
    v22 = np.maximum(powers[:, :, 3] - squares[:, :, 2], 0.0)
    var_a, cov, var_b = 4 * v11 @ t**2, 2 * v12 @ t, v22.sum(axis=1)
    mean = rho - (cov - rho * var_b) / chance**2
    variance = (var_a - 2 * rho * cov + rho**2 * var_b) / chance**2
    variance = np.where(variance > ROUNDING, variance, 0.0)
    return ConditionalKappa(rho, chance, mean, variance, np.sqrt(var_b) / chance)


def settled(labelled: Labelled, given: ConditionalKappa) -> bool:
    """Whether, in every draw, kappa is close to its expansion and atanh(kappa) close to normal.

    The number of rows alone is no guide, for few of them may be informative. Neither is the noise of kappa:
    what the expansion is in powers of is sd(B)/E[B]. Up to 0.1 its mean is good to 1e-4; at 0.3 it can be off
    by 0.02 with little noise, where nearly all answers are certain.
    """
    small = (given.noise <= SMALL_NOISE) & (given.wobble <= SMALL_WOBBLE)
    return labelled.constant or bool(labelled.size >= MANY_ROWS and small.all())


def expected_draws(
    draws: Draws,
    labelled: Labelled,
    given: ConditionalKappa | None = None,
    threads: int | None = None,
) -> tuple[np.ndarray, str]:
    """E[kappa of replicated answers] given every draw, without simulation noise.

    The second-order expansion where there are many rows and little noise in kappa; else the exact integral,
    unless it would take minutes. (With 3 informative rows among 1000 the expansion is off by .009, the
    integral by none.)

    Parameters
    ----------
    draws : LinearDraws or TableDraws
    labelled : Labelled
    given : ConditionalKappa, optional
        The result of `conditional_kappa`, where it is already known.
    threads : int, optional

    Returns
    -------
    array (S,)
    method : "second order", "exact integral", or "second order, noisy" where the integral was out of reach
    """
    given = conditional_kappa(draws, labelled, threads=threads) if given is None else given
    if settled(labelled, given):
        return given.mean, "second order"
    cells = draws.n_rows * draws.n_categories
    small = labelled.size < MANY_ROWS and draws.n_rows < MANY_ROWS
    if not small and (draws.n_draws * cells > INTEGRAL_LIMIT or cells > TABLE_LIMIT):
        return given.mean, "second order, noisy"
    weights = np.ones(labelled.labels.size) if labelled.weights is None else labelled.weights
    ones = np.ones_like(weights)
    copies, counts = (weights, ones) if labelled.kind == "frequency" else (ones, weights)
    scale = float(given.chance.mean())
    exact = expected_ratio(draws, labelled.centred, labelled.labels, copies, counts, scale, threads)
    return exact, "exact integral"


def expected_value(
    draws: Draws,
    labels: np.ndarray,
    *,
    values: np.ndarray,
    weights: np.ndarray | None = None,
    weights_kind: str = "frequency",
    threads: int | None = None,
) -> float:
    """Expected QWK of labels: the mean over draws and answers of the kappa that these rows will get.

    Parameters
    ----------
    draws : LinearDraws or TableDraws
    labels : array (n,) of codes
    values : array (K,)
    weights : array (n,), optional
    weights_kind : "frequency" or "importance"
    threads : int, optional

    Returns
    -------
    float: 0 for constant labels; nan where labels and answers are certainly constant and equal

    Examples
    --------
    >>> import numpy as np
    >>> from bayesord.predictive.probabilities import as_draws
    >>> draws = as_draws([[1 / 2, 1 / 3, 1 / 6], [1 / 4, 1 / 2, 1 / 4], [1 / 6, 1 / 3, 1 / 2]])
    >>> value = expected_value(draws, np.array([0, 1, 2]), values=np.arange(3.0))
    >>> round(value, 10) == round(89 / 270, 10)
    True
    """
    labelled = Labelled(labels, values, weights, weights_kind)
    return float(expected_draws(draws, labelled, threads=threads)[0].mean())
