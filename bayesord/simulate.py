"""Ordered answers drawn from a cumulative-link model with known parameters.

    y = #{k : c_k < eta + F^-1(u)},    u uniform,    so P(y <= k) = F(c_k - eta)

The latent variable is drawn and counted past the cutpoints; no likelihood is evaluated, so simulated data
test the kernels and the samplers independently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayesord.checks import (
    Problems,
    check_count,
    check_random_seed,
    read_categories,
    read_covariates,
    read_offset,
    real_numbers,
)
from bayesord.likelihood.links import Link, get_link

__all__ = ["Simulation", "simulate"]


@dataclass(frozen=True, eq=False)
class Simulation:
    """Simulated data with the truth behind them.

    Attributes
    ----------
    X : ndarray, shape (n, p)
    y : ndarray of int64, shape (n,)
        Codes 0..K-1.
    eta : ndarray, shape (n,)
        Linear predictor X beta + offset.
    beta : ndarray, shape (p,)
    cutpoints : ndarray, shape (K-1,)
    link : str
    categories : tuple
        The K labels.
    offset : ndarray, shape (n,), or None
    """

    X: np.ndarray
    y: np.ndarray
    eta: np.ndarray
    beta: np.ndarray
    cutpoints: np.ndarray
    link: str
    categories: tuple
    predictors: tuple[str, ...]
    offset: np.ndarray | None

    @property
    def data(self) -> pd.DataFrame:
        """The answers `y` (ordered Categorical of labels), the columns of X, and `offset` if there is one."""
        labels = pd.Categorical.from_codes(self.y, categories=list(self.categories), ordered=True)
        columns = {"y": labels} | {name: self.X[:, j] for j, name in enumerate(self.predictors)}
        return pd.DataFrame(columns | ({} if self.offset is None else {"offset": self.offset}))

    def category_probs(self) -> np.ndarray:
        """The true P(y = k) of every row, (n, K), by differences of the distribution function."""
        cumulative = get_link(self.link).cdf(self.cutpoints - self.eta[:, None])
        return np.diff(cumulative, axis=1, prepend=0.0, append=1.0)


def simulate(
    n: int | None = None,
    *,
    beta: object = None,
    cutpoints: object = None,
    n_categories: int | None = None,
    link: str | Link = "logit",
    X: object = None,
    offset: object = None,
    categories: object = None,
    random_seed: object = None,
) -> Simulation:
    """Draw ordered answers from P(y <= k) = F(c_k - eta), eta = X beta + offset.

    Parameters
    ----------
    n : int, optional
        Number of rows; 500, or the rows of X.
    beta : sequence of p floats, optional
        Coefficients; (1.0,), or as many standard normal draws as X has columns. ``()`` means no predictors.
    cutpoints : increasing sequence of K-1 floats, optional
        By default such that all categories are equally likely at eta = 0.
    n_categories : int, optional
        K; needed only without `cutpoints` and `categories`, and 5 then.
    link : str or Link
    X : array or DataFrame, shape (n, p), optional
        Covariates; standard normal draws by default.
    offset : array, shape (n,), optional
    categories : sequence of K labels, optional
        From lowest to highest; 1..K by default.
    random_seed : int, Generator or None

    Returns
    -------
    Simulation

    Raises
    ------
    ValueError
        Settings that contradict each other, cutpoints that do not increase.

    Examples
    --------
    >>> truth = simulate(200, beta=(0.8, -0.5), n_categories=4, link="probit", random_seed=1)
    >>> truth.X.shape, truth.categories
    ((200, 2), (1, 2, 3, 4))
    >>> truth.data.columns.tolist()
    ['y', 'x0', 'x1']
    """
    link = get_link(link)
    rng = np.random.default_rng(check_random_seed(random_seed))
    problems = Problems()
    covariates = None if X is None else read_covariates(X, problems)
    labels = None if categories is None else read_categories(categories, problems)
    problems.raise_if_any()
    c, labels = _cutpoints(cutpoints, n_categories, labels, link)
    coefficients = _coefficients(beta, None if covariates is None else covariates.values.shape[1], rng)
    n = _n_rows(n, None if covariates is None else len(covariates.values))
    p = len(coefficients)
    values = rng.standard_normal((n, p)) if covariates is None else covariates.values
    shift = read_offset(offset, n, problems)
    problems.raise_if_any()
    eta = values @ coefficients + (0.0 if shift is None else shift)
    latent = eta + link.quantile(rng.uniform(size=n))
    return Simulation(
        X=values,
        y=(latent[:, None] > c).sum(axis=1).astype(np.int64),
        eta=eta,
        beta=coefficients,
        cutpoints=c,
        link=link.name,
        categories=tuple(labels),
        predictors=tuple(f"x{j}" for j in range(p)) if covariates is None else covariates.names,
        offset=shift,
    )


def _numbers(name: str, given: object) -> np.ndarray:
    """One number or several, (m,) float64."""
    array = real_numbers(given)
    if array is None:
        raise TypeError(f"{name} must be a sequence of numbers; got {given!r}.")
    return np.atleast_1d(array).copy()


def _cutpoints(
    given: object, n_categories: int | None, labels: list | None, link: Link
) -> tuple[np.ndarray, list]:
    """Cutpoints and labels that agree on K."""
    c = None if given is None else _numbers("cutpoints", given)
    sizes = {} if n_categories is None else {"n_categories": check_count("n_categories", n_categories, 2)}
    sizes |= {} if c is None else {"cutpoints": len(c) + 1}
    sizes |= {} if labels is None else {"categories": len(labels)}
    if len(set(sizes.values())) > 1:
        said = ", ".join(f"{name} says {size}" for name, size in sizes.items())
        raise ValueError(f"the number of categories is unclear: {said}. K categories have K - 1 cutpoints.")
    K = next(iter(sizes.values()), 5)
    if c is None:
        c = np.asarray(link.quantile(np.arange(1, K) / K), dtype=np.float64)
    if c.ndim != 1 or len(c) == 0 or not np.isfinite(c).all() or (np.diff(c) <= 0).any():
        raise ValueError(f"cutpoints must be finite and increase strictly; got {c.tolist()}.")
    return c, list(range(1, K + 1)) if labels is None else labels


def _coefficients(beta: object, columns: int | None, rng: np.random.Generator) -> np.ndarray:
    if beta is None:
        return np.ones(1) if columns is None else rng.standard_normal(columns)
    coefficients = _numbers("beta", beta)
    if coefficients.ndim != 1 or not np.isfinite(coefficients).all():
        raise ValueError(f"beta must be finite numbers, one per predictor; got {beta!r}.")
    if columns is not None and len(coefficients) != columns:
        raise ValueError(f"beta has {len(coefficients)} coefficients, but X has {columns} columns.")
    return coefficients


def _n_rows(n: int | None, rows: int | None) -> int:
    if n is None:
        return 500 if rows is None else rows
    n = check_count("n", n)
    if rows is not None and n != rows:
        raise ValueError(f"n={n}, but X has {rows} rows. Leave n out.")
    return n
