"""What a prior says about the answers before any is seen: the implied probability of each category.

Simulated straight from the numbers in `priors`, in NumPy: nothing is compiled and no pm.Model is involved,
so the table also checks the model (the tests compare it with `pm.sample_prior_predictive`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesord.checks import check_count, check_number
from bayesord.likelihood.links import Link, get_link
from bayesord.modelling import priors as P
from bayesord.modelling.design import Design, from_arrays, from_formula

__all__ = ["prior_table"]

_MOST_ROWS = 500  # the average over rows needs no more than a random sample of them
_BLOCK_DRAWS = 1000
_LARGEST = 1e100  # heavy tails may overflow; the probabilities are 0 and 1 long before


def prior_table(
    formula_or_X,
    data_or_y=None,
    *,
    link: str | Link = "logit",
    priors: P.Priors | None = None,
    categories=None,
    sample_weight=None,
    weights: str = "frequency",
    offset=None,
    draws: int = 10_000,
    prob: float = 0.9,
    random_seed: int | None = None,
) -> pd.DataFrame:
    """The prior's implied probability of each category: what you assume before you look.

    P(y = k) = F(c_k - eta) - F(c_{k-1} - eta), with cutpoints and coefficients drawn from their priors.
    "centre" is at the mean of X, where eta is 0; "rows" averages over the rows of the data.

    Parameters
    ----------
    formula_or_X, data_or_y
        As in `bayesord.fit`; or a fit alone, whose data, link and (unless given) priors are then used.
    link, priors, categories, sample_weight, weights, offset
        As in `bayesord.fit`.
    draws : int
        Draws from the prior.
    prob : float
        Probability of the equal-tailed interval.
    random_seed : int, optional

    Returns
    -------
    DataFrame, one row per category
        Columns ("centre", "mean"), ("centre", "5%"), ("centre", "95%"), and the same for "rows". The
        interval is that of the probability, over draws from the prior. "rows" takes 500 rows at random where
        there are more.

    Raises
    ------
    ValueError
        For improper (flat) priors, which imply no probabilities, and for bad input as in `bayesord.fit`.

    Examples
    --------
    >>> import bayesord as bo
    >>> wine = bo.datasets.load_wine()
    >>> table = bo.prior_table("rating ~ temp + contact", wine, random_seed=1)
    >>> print(table["centre"].round(1).to_string(index_names=False))
       mean   5%  95%
    1   0.2  0.0  0.5
    2   0.2  0.0  0.5
    3   0.2  0.0  0.5
    4   0.2  0.0  0.5
    5   0.2  0.0  0.5
    """
    priors = priors or getattr(formula_or_X, "priors", P.Priors())
    data = {
        "categories": categories,
        "sample_weight": sample_weight,
        "weights": weights,
        "offset": offset,
    }
    if hasattr(formula_or_X, "design"):
        if data_or_y is not None or link != "logit" or list(data.values()) != [None, None, "frequency", None]:
            raise TypeError(
                "prior_table(fit) takes data and link from the fit: only priors= may be given too"
            )
        design, link = formula_or_X.design, formula_or_X.link
    else:
        link = get_link(link)
        make = from_formula if isinstance(formula_or_X, str) else from_arrays
        design = make(formula_or_X, data_or_y, **data)
    check_count("draws", draws)
    check_number("prob", prob, above=0, below=1)
    _check_proper(design, priors)
    rng = np.random.default_rng(random_seed)
    cutpoints = _draw_cutpoints(priors.cutpoints, len(design.categories), link, draws, rng)
    beta = _draw_coefficients(design, link, priors, draws, rng)
    X, offset, share = _some_rows(design, rng)
    blocks = [slice(start, start + _BLOCK_DRAWS) for start in range(0, draws, _BLOCK_DRAWS)]
    centre = _mean_over_rows(link, cutpoints, np.zeros((draws, 1)), np.ones(1))
    rows = [_mean_over_rows(link, cutpoints[b], beta[b] @ X.T + offset, share) for b in blocks]
    described = {"centre": _describe(centre, design, prob), "rows": _describe(np.vstack(rows), design, prob)}
    return pd.concat(described, axis="columns")


def _check_proper(design: Design, priors: P.Priors) -> None:
    by_coefficient = zip(design.predictors, priors.by_coefficient(design.predictors), strict=True)
    named = [("cutpoints", priors.cutpoints), *((f"beta[{name}]", prior) for name, prior in by_coefficient)]
    flat = [name for name, prior in named if isinstance(prior, P.Flat)]
    if flat:
        raise ValueError(
            f"flat() is the prior of {', '.join(flat[:5])}: it is improper, so it implies no probabilities "
            "of categories. Use a proper prior, such as priors.dirichlet(1.0) for cutpoints and "
            "priors.normal(0, 2.5) for coefficients."
        )


def _describe(probabilities: np.ndarray, design: Design, prob: float) -> pd.DataFrame:
    """Mean and equal-tailed interval of (draws, K), one row per category."""
    tails = (1 - prob) / 2, (1 + prob) / 2
    low, high = np.quantile(probabilities, tails, axis=0)
    names = [f"{100 * tail:.3g}%" for tail in tails]
    return pd.DataFrame(
        {"mean": probabilities.mean(axis=0), names[0]: low, names[1]: high},
        index=pd.Index(design.categories, name="category"),
    )


def _mean_over_rows(link: Link, cutpoints: np.ndarray, eta: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(draws, K) means of P(y = k) over rows: cutpoints (draws, K-1), eta (draws, rows), share (rows,)."""
    below = np.stack([link.cdf(c[:, None] - eta) @ share for c in cutpoints.T], axis=1)
    ends = np.zeros((len(eta), 1))
    return np.diff(np.concatenate([ends, below, ends + 1], axis=1), axis=1)


def _some_rows(design: Design, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | float, np.ndarray]:
    """Centred X and offset of at most `_MOST_ROWS` rows, and the share of the data that each stands for."""
    weights = np.ones(len(design.y)) if design.weights is None else design.weights
    share = weights / weights.sum()
    rows = np.arange(len(share))
    if len(share) > _MOST_ROWS:
        rows = rng.choice(len(share), _MOST_ROWS, replace=design.weights is not None, p=share)
        share = np.full(_MOST_ROWS, 1 / _MOST_ROWS)
    offset = 0.0 if design.offset is None else design.offset[rows] - design.offset_mean
    return design.X[rows] - design.mean, offset, share


# -- draws from each prior -----------------------------------------------------------------------------------


def _draw_cutpoints(prior: P.Prior, K: int, link: Link, draws: int, rng: np.random.Generator) -> np.ndarray:
    """(draws, K-1) cutpoints at the centre of X."""
    match prior:
        case P.Dirichlet():
            below = np.cumsum(rng.dirichlet(prior.alphas(K), draws), axis=1)[:, :-1]
            return link.quantile(np.clip(below, np.finfo(float).tiny, 1 - np.finfo(float).epsneg))
        case P.Normal() | P.StudentT():
            return np.sort(_located(prior, (draws, K - 1), rng), axis=1)
    raise AssertionError(f"no draws from {prior}")


def _located(prior: P.Prior, shape: tuple, rng: np.random.Generator) -> np.ndarray:
    standard = (
        rng.standard_t(prior.nu, shape) if isinstance(prior, P.StudentT) else rng.standard_normal(shape)
    )
    return prior.location + prior.scale * standard


def _draw_coefficients(
    design: Design, link: Link, priors: P.Priors, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """(draws, p) coefficients on the scale of the columns."""
    beta = np.empty((draws, len(design.predictors)))
    with np.errstate(over="ignore", divide="ignore"):
        for prior, indices in P.coefficient_blocks(design, priors):
            beta[:, indices] = _draw_block(prior, design.sd[indices], link, draws, rng)
    return np.clip(beta, -_LARGEST, _LARGEST)


def _draw_block(
    prior: P.Prior, sd: np.ndarray, link: Link, draws: int, rng: np.random.Generator
) -> np.ndarray:
    p = len(sd)
    standard = rng.standard_normal((draws, p))
    match prior:
        case P.R2D2():
            share = rng.dirichlet(np.full(p, prior.concentration), draws)
            return standard * np.sqrt(link.latent_variance * _odds(prior, draws, rng) * share) / sd
        case P.R2():
            return standard * np.sqrt(link.latent_variance * _odds(prior, draws, rng) / p) / sd
        case P.Horseshoe():
            local = np.abs(rng.standard_cauchy((draws, p)))
            tau = prior.global_scale * np.abs(rng.standard_cauchy((draws, 1)))
            slab2 = prior.slab_scale**2 * prior.slab_df / rng.chisquare(prior.slab_df, (draws, 1))
            # 1/λ~² = 1/λ² + τ²/s²: the same as in the formula, and safe for huge draws
            return standard * tau / np.sqrt(1 / local**2 + tau**2 / slab2) / sd
        case P.Laplace():
            return rng.laplace(0.0, prior.scale, (draws, p)) / (sd if prior.autoscale else 1.0)
        case P.StudentT() | P.Normal():
            scaled = _located(prior, (draws, p), rng) - prior.location
            return prior.location + scaled / (sd if prior.autoscale else 1.0)
    raise AssertionError(f"no draws from {prior}")


def _odds(prior: P.R2, draws: int, rng: np.random.Generator) -> np.ndarray:
    """R²/(1 - R²) for R² ~ Beta(a, b), which is a ratio of two gamma variables; (draws, 1)."""
    a, b = prior.beta_shape
    least = np.finfo(float).tiny  # gamma variables of a small shape underflow
    shares = [np.maximum(rng.gamma(shape, size=(draws, 1)), least) for shape in (a, b)]
    return np.minimum(shares[0] / shares[1], _LARGEST)
