"""The replicates: truth from the prior, answers, a fit, ranks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from bayesord.answers import Answers
from bayesord.calibration.quantities import (
    fixed_labels,
    posterior_parameters,
    quantities,
    true_parameters,
)
from bayesord.calibration.result import Calibration
from bayesord.checks import check_cores, check_count, check_random_seed
from bayesord.inference import sampling
from bayesord.likelihood.links import Link, get_link
from bayesord.modelling.design import Design, from_arrays, from_formula
from bayesord.modelling.prior_draws import check_proper, draw_prior
from bayesord.modelling.priors import Priors
from bayesord.progress import counted

__all__ = ["simulate_calibration"]

_CHAINS, _DRAWS, _THIN = 2, 250, 5  # 100 draws a replicate, far enough apart to count as independent


def simulate_calibration(
    formula_or_X,
    data_or_y=None,
    *,
    link: str | Link = "logit",
    priors: Priors | None = None,
    categories=None,
    sample_weight=None,
    offset=None,
    replicates: int = 200,
    cores: int | None = None,
    progressbar: bool = True,
    random_seed: int | None = None,
) -> Calibration:
    """Check that posteriors of this model mean what they say: draw the truth from the prior, fit, compare, repeat.

    Parameters
    ----------
    formula_or_X, data_or_y
        As in `bayesord.fit`: covariates, groups and categories are taken, the answers are simulated anew. Or a fit
        alone, whose data, weights, link and (unless given) priors are then used.
    link, priors, categories, offset
        As in `bayesord.fit`; priors must be proper. Few data and vague priors make a hard test. Categories that no
        row has are categories all the same.
    sample_weight : (n,) whole numbers >= 0 or column name, optional
        Frequency weights: a row of weight 3 gives three answers, and those that are equal are fitted as one weighted
        row.
    replicates : int
        Fits. Among 15 quantities, 200 find nine times in ten one whose posterior is off by .4 of its standard
        deviation, or .7 or 1.5 times as wide as it should be; 500 find .25 of one, and factors of .8 and 1.3; 2,000
        find .13 of one, and factors of .89 and 1.13.
    cores : int, optional
        CPUs to use; by default all that this process may.
    progressbar : bool
    random_seed : int, optional

    Returns
    -------
    Calibration
        Of every coefficient and cutpoint, log gap, R², standard deviations and correlations of group effects, the
        effects of the first group, of a new one, and the mean square of all; the probabilities of the first row's
        categories, in its own groups and in new ones; the log-likelihood; the expected QWK of fixed labels.

    Raises
    ------
    ValueError
        For flat priors, weights that count no rows, and bad input as in `bayesord.fit`.

    Examples
    --------
    >>> import bayesord as bo
    >>> calibration = bo.simulate_calibration(
    ...     "rating ~ temp + contact", bo.datasets.load_wine(), replicates=20, random_seed=1, progressbar=False
    ... )
    >>> calibration.passed
    True
    """
    if isinstance(formula_or_X, Answers):
        given = (data_or_y, categories, sample_weight, offset)
        if any(one is not None for one in given) or link != "logit":
            raise TypeError(
                "simulate_calibration(fit) takes data and link from the fit: only priors= may be given too"
            )
        design, link = formula_or_X.design, formula_or_X.link
        priors = priors or formula_or_X.priors
    else:
        make = from_formula if isinstance(formula_or_X, str) else from_arrays
        design = make(
            formula_or_X, data_or_y, categories=categories, sample_weight=sample_weight, offset=offset
        )
        link, priors = get_link(link), priors or Priors()
    _check_weights(design)
    check_proper(design, priors)
    replicates = check_count("replicates", replicates)
    rng = np.random.default_rng(check_random_seed(random_seed))
    settings = {
        "draws": _DRAWS, "tune": "auto", "chains": _CHAINS, "cores": check_cores(cores, _CHAINS)[0],
        "target_accept": 0.8, "progressbar": False, "quiet": True,
    }  # fmt: skip
    ranks, divergences = [], 0
    for _ in counted("Replicates", replicates, shown=progressbar):
        of_replicate, diverged = _replicate(design, link, priors, settings, rng)
        ranks.append(of_replicate)
        divergences += diverged
    return Calibration(pd.DataFrame(ranks), divergences)


def _check_weights(design: Design) -> None:
    if design.weights is None:
        return
    if design.weights_kind != "frequency" or (design.weights != np.round(design.weights)).any():
        raise ValueError(
            f"weights of kind {design.weights_kind!r}, or not whole numbers, do not count answers, so none can be "
            "simulated for them. Use whole frequency weights, or leave the weights out"
        )


def _replicate(design: Design, link: Link, priors: Priors, settings: dict, rng) -> tuple[dict, bool]:
    """Ranks of the truth of one replicate, and whether its draws diverged."""
    drawn = draw_prior(design, link, priors, 1, rng)
    eta = drawn.eta(
        design, design.X - design.mean, 0.0 if design.offset is None else design.offset - design.offset_mean
    )
    answers = _simulate(design, link, eta[0], drawn.cutpoints[0], rng)
    idata, verdict = sampling.sample(answers, link, priors, random_seed=int(rng.integers(2**63)), **settings)
    if idata["sample_stats"].attrs["interrupted"]:
        raise KeyboardInterrupt

    def posterior(name):
        values = idata["posterior"][name].values[:, ::_THIN]
        return values.reshape(-1, *values.shape[2:])

    labels = fixed_labels(design)
    truth = quantities(design, answers, labels, link, true_parameters(drawn, rng))
    draws = posterior_parameters(design, posterior, drawn.R2 is not None, rng)
    fitted = quantities(design, answers, labels, link, draws)
    ranks = {name: _rank(value[0], fitted[name], rng) for name, value in truth.items()}
    return ranks, bool(verdict.figures["divergences"])


def _simulate(design: Design, link: Link, eta: np.ndarray, cutpoints: np.ndarray, rng) -> Design:
    """The design with simulated answers: one a row, or as many as its weight, equal ones of a row merged."""
    row = (
        np.arange(len(eta))
        if design.weights is None
        else np.repeat(np.arange(len(eta)), design.weights.astype(int))
    )
    latent = eta[row] + link.quantile(rng.uniform(np.finfo(float).tiny, 1, len(row)))
    y = (latent[:, None] > cutpoints).sum(axis=1).astype(np.int64)
    if design.weights is None:
        return replace(design, y=y)
    K = len(design.categories)
    pairs, counts = np.unique(row * K + y, return_counts=True)
    row = pairs // K
    return replace(
        design,
        X=design.X[row],
        y=pairs % K,
        weights=counts.astype(float),
        offset=None if design.offset is None else design.offset[row],
        obs_id=pd.RangeIndex(len(row)),
        groups=tuple(replace(term, index=term.index[row], Z=term.Z[row]) for term in design.groups),
    )


def _rank(truth: float, draws: np.ndarray, rng) -> float:
    """Where the truth lies among the draws, ties and the place between two draws settled by chance; 0 to 1."""
    below = (draws < truth).sum() + rng.integers((draws == truth).sum() + 1)
    return (below + rng.uniform()) / (len(draws) + 1)
