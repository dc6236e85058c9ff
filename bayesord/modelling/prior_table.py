"""What a prior says about the answers before any is seen: the implied probability of each category.

Simulated by `prior_draws`: nothing is compiled and no pm.Model is involved.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesord.checks import check_count, check_number, check_random_seed
from bayesord.likelihood.links import Link, get_link
from bayesord.modelling import priors as P
from bayesord.modelling.design import Design, from_arrays, from_formula
from bayesord.modelling.prior_draws import check_proper, draw_prior

__all__ = ["prior_table"]

_MOST_ROWS = 500  # the average over rows needs no more than a random sample of them
_BLOCK_DRAWS = 1000


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
    priors = P.check_priors(priors, getattr(formula_or_X, "priors", None))
    rng = np.random.default_rng(check_random_seed(random_seed))
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
    check_proper(design, priors)
    drawn = draw_prior(design, link, priors, draws, rng)
    X, offset, share, which = _some_rows(design, rng)
    blocks = [slice(start, start + _BLOCK_DRAWS) for start in range(0, draws, _BLOCK_DRAWS)]
    centre = _mean_over_rows(link, drawn.cutpoints, np.zeros((draws, 1)), np.ones(1))
    rows = [
        _mean_over_rows(link, drawn.cutpoints[b], drawn[b].eta(design, X, offset, which), share)
        for b in blocks
    ]
    described = {"centre": _describe(centre, design, prob), "rows": _describe(np.vstack(rows), design, prob)}
    return pd.concat(described, axis="columns")


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


def _some_rows(design: Design, rng: np.random.Generator):
    """Centred X and offset of at most `_MOST_ROWS` rows, the share of the data that each stands for, and which."""
    weights = np.ones(len(design.y)) if design.weights is None else design.weights
    share = weights / weights.sum()
    rows = np.arange(len(share))
    if len(share) > _MOST_ROWS:
        rows = rng.choice(len(share), _MOST_ROWS, replace=design.weights is not None, p=share)
        share = np.full(_MOST_ROWS, 1 / _MOST_ROWS)
    offset = 0.0 if design.offset is None else design.offset[rows] - design.offset_mean
    return design.X[rows] - design.mean, offset, share, rows
