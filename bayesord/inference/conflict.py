"""Whether the data contradict a prior: how far what they say lies from where the prior expects it.

Each quantity φ with a prior of fixed numbers and distribution function G is put on the scale on which that prior is
standard normal, z = Φ^-1(G(φ)). With a likelihood about normal in z, its estimate has the prior predictive variance
1 + v, and

    (estimate - 0) / √(1 + v)  =  mean(z | data) / √(1 - var(z | data))

(Evans & Moshonov 2006, doi:10.1214/06-BA129, for normal priors; elsewhere an approximation). Standard deviations of
group effects and R² count where they are larger than the prior expects: that they are small is what such priors are
there to find out. A Dirichlet prior of the category probabilities is judged by its density at their estimate, against
the densities of draws from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaincc, erf, log_ndtr, ndtri, ndtri_exp, stdtr

from bayesord.likelihood.links import Link
from bayesord.modelling import priors as P
from bayesord.modelling.constants import coefficient_variables
from bayesord.modelling.cutpoints import cutpoint_labels, cutpoints_from_steps
from bayesord.modelling.design import Design

__all__ = ["Conflict", "conflict_limit", "prior_conflicts"]

_LEAST_ROOM = 0.1  # 1 - var(z) is noise where the data say little
_DIRICHLET_DRAWS = 4000
_DRAWS = 200  # of a chain: enough for a mean and a variance


class Conflict(NamedTuple):
    """A quantity, and its distance from what the prior expects in standard deviations."""

    name: str
    z: float


def conflict_limit(n: int) -> float:
    """Distance that one of `n` quantities exceeds with probability .005 at most if the prior is right; 3 at least."""
    return max(3.0, -float(ndtri(0.0025 / max(n, 1))))


def prior_conflicts(
    design: Design, link: Link, priors: P.Priors, posterior: Mapping[str, np.ndarray]
) -> list[Conflict]:
    """All quantities whose prior has fixed numbers, with their distances.

    Parameters
    ----------
    posterior : mapping of variable names to arrays (chain, draw, ...)
    """
    posterior = {name: draws[:, :: max(1, draws.shape[1] // _DRAWS)] for name, draws in posterior.items()}
    found = []
    for block in coefficient_variables(design, priors):
        prior = block.prior
        if isinstance(prior, P.Normal | P.StudentT | P.Laplace):
            scale = prior.scale / (
                design.sd[block.indices] if prior.autoscale else np.ones(len(block.indices))
            )
            z = _normal_scores(
                prior, (posterior["beta"][..., block.indices] - getattr(prior, "location", 0.0)) / scale
            )
            found += [
                Conflict(design.predictors[j], _distance(z[..., i])) for i, j in enumerate(block.indices)
            ]
        elif isinstance(prior, P.R2):
            R2 = posterior[f"R2{block.suffix}"]
            z = _from_tails(_log(betainc(*prior.beta_shape, R2)), _log(betaincc(*prior.beta_shape, R2)))
            found.append(Conflict(f"R2{block.suffix}", max(_distance(z), 0.0)))
    found += _of_cutpoints(design, link, priors.cutpoints, posterior["cutpoint_steps"])
    for group, (prior, _) in zip(design.groups, priors.by_group(design.groups), strict=True):
        z = _normal_scores(prior, posterior[group.sd] / P.group_scales(design, group, prior))
        found += [
            Conflict(f"{group.sd}[{term}]", max(_distance(z[..., k]), 0.0))
            for k, term in enumerate(group.terms)
        ]
    return found


def _of_cutpoints(design: Design, link: Link, prior: P.Prior, steps: np.ndarray) -> list[Conflict]:
    cutpoints = cutpoints_from_steps(steps)  # at the centre of the covariates, where their prior is
    if isinstance(prior, P.Dirichlet):
        alpha = prior.alphas(len(design.categories))
        if np.all(alpha == 1.0):
            return []  # all probabilities are alike to it
        p = np.diff(link.cdf(cutpoints), axis=-1, prepend=0.0, append=1.0).mean(axis=(0, 1))
        drawn = np.random.default_rng(0).dirichlet(alpha, _DIRICHLET_DRAWS)
        tiny = np.finfo(float).tiny
        density, at = (np.log(np.maximum(x, tiny)) @ (alpha - 1) for x in (drawn, p))
        share = (1 + np.sum(density <= at)) / (1 + _DIRICHLET_DRAWS)
        return [Conflict("category probabilities", -float(ndtri(share / 2)))]
    if isinstance(prior, P.Normal | P.StudentT):
        z = _normal_scores(prior, (cutpoints - prior.location) / prior.scale)
        labels = cutpoint_labels(design.categories)
        return [Conflict(f"cutpoint {label}", _distance(z[..., j])) for j, label in enumerate(labels)]
    return []


def _normal_scores(prior: P.Prior, x: np.ndarray) -> np.ndarray:
    """Φ^-1(G(x)) for a prior of location 0 and scale 1."""
    return (
        x
        if isinstance(prior, P.Normal)
        else _from_tails(*_TAILS[prior.call](x, getattr(prior, "nu", np.inf)))
    )


def _laplace_tail(x: np.ndarray) -> np.ndarray:
    return np.where(x < 0, x - np.log(2), np.log1p(-0.5 * np.exp(-np.abs(x))))


# log G and log(1 - G)
_TAILS = {
    "student_t": lambda x, nu: (_log(stdtr(nu, x)), _log(stdtr(nu, -x))),
    "laplace": lambda x, nu: (_laplace_tail(x), _laplace_tail(-x)),
    "half_normal": lambda x, nu: (_log(erf(x / np.sqrt(2))), np.log(2) + log_ndtr(-x)),
    "half_student_t": lambda x, nu: (_log(1 - 2 * stdtr(nu, -x)), _log(2 * stdtr(nu, -x))),
    "exponential": lambda x, nu: (_log(-np.expm1(-x)), -x),
}


def _log(p: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(p, np.finfo(float).tiny))


def _from_tails(log_below: np.ndarray, log_above: np.ndarray) -> np.ndarray:
    """Φ^-1 of a probability, from the logarithm of the smaller tail."""
    return np.where(log_below < log_above, ndtri_exp(log_below), -ndtri_exp(log_above))


def _distance(z: np.ndarray) -> float:
    return float(z.mean() / np.sqrt(max(1.0 - z.var(), _LEAST_ROOM)))
