"""Draws from the prior of a model, straight from its numbers in NumPy: nothing is compiled, no pm.Model is involved.

So the same draws check the model: the tests compare them with `pm.sample_prior_predictive`, and simulation-based
calibration takes them as the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bayesord.likelihood.links import Link
from bayesord.modelling import priors as P
from bayesord.modelling.design import Design
from bayesord.modelling.groups import GroupTerm

__all__ = ["PriorDraws", "check_proper", "draw_prior"]

_LARGEST = 1e100  # heavy tails may overflow; the probabilities are 0 and 1 long before


@dataclass(frozen=True, eq=False)
class PriorDraws:
    """S draws. Cutpoints (S, K-1) at the centre of X, beta (S, p), and for each group term sd (S, q), the correlation
    matrix (S, q, q) and the effects (S, J, q); `R2` (S,) where one prior on R² covers all coefficients, else None."""

    cutpoints: np.ndarray
    beta: np.ndarray
    R2: np.ndarray | None = None
    sd: tuple[np.ndarray, ...] = field(default=())
    corr: tuple[np.ndarray, ...] = field(default=())
    effects: tuple[np.ndarray, ...] = field(default=())

    def eta(self, design: Design, X: np.ndarray, offset, rows=slice(None)) -> np.ndarray:
        """(S, rows) linear predictors of centred rows X, with the groups of `rows` of the design."""
        eta = self.beta @ X.T + offset
        for group, effects in zip(design.groups, self.effects, strict=True):
            eta += np.einsum("siq,iq->si", effects[:, group.index[rows]], group.Z[rows])
        return eta

    def __getitem__(self, block: slice) -> PriorDraws:
        parts = (tuple(one[block] for one in each) for each in (self.sd, self.corr, self.effects))
        R2 = None if self.R2 is None else self.R2[block]
        return PriorDraws(self.cutpoints[block], self.beta[block], R2, *parts)


def draw_prior(
    design: Design, link: Link, priors: P.Priors, draws: int, rng: np.random.Generator
) -> PriorDraws:
    """Draws of all parameters."""
    cutpoints = _draw_cutpoints(priors.cutpoints, len(design.categories), link, draws, rng)
    beta, odds = _draw_coefficients(design, link, priors, draws, rng)
    parts = [
        _draw_groups(design, group, *of_group, draws, rng)
        for group, of_group in zip(design.groups, priors.by_group(design.groups), strict=True)
    ]
    return PriorDraws(cutpoints, beta, odds, *(zip(*parts, strict=True) if parts else ()))


def check_proper(design: Design, priors: P.Priors) -> None:
    """Refuse flat priors, which cannot be drawn from."""
    by_coefficient = zip(design.predictors, priors.by_coefficient(design.predictors), strict=True)
    named = [("cutpoints", priors.cutpoints), *((f"beta[{name}]", prior) for name, prior in by_coefficient)]
    flat = [name for name, prior in named if isinstance(prior, P.Flat)]
    if flat:
        raise ValueError(
            f"flat() is the prior of {', '.join(flat[:5])}: it is improper, so it implies no probabilities "
            "of categories. Use a proper prior, such as priors.dirichlet(1.0) for cutpoints and "
            "priors.normal(0, 2.5) for coefficients."
        )


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
) -> tuple[np.ndarray, np.ndarray | None]:
    """(draws, p) coefficients on the scale of the columns, and the R² (draws,) of a single prior on it."""
    beta, R2 = np.empty((draws, len(design.predictors))), None
    blocks = P.coefficient_blocks(design, priors)
    with np.errstate(over="ignore", divide="ignore"):
        for prior, indices in blocks:
            odds = _odds(prior, draws, rng) if isinstance(prior, P.R2) else None
            beta[:, indices] = _draw_block(prior, design.sd[indices], link, odds, draws, rng)
            if odds is not None and len(blocks) == 1:
                R2 = odds[:, 0] / (1 + odds[:, 0])
    return np.clip(beta, -_LARGEST, _LARGEST), R2


def _draw_block(
    prior: P.Prior, sd: np.ndarray, link: Link, odds, draws: int, rng: np.random.Generator
) -> np.ndarray:
    p = len(sd)
    standard = rng.standard_normal((draws, p))
    match prior:
        case P.R2D2():
            share = rng.dirichlet(np.full(p, prior.concentration), draws)
            return standard * np.sqrt(link.latent_variance * odds * share) / sd
        case P.R2():
            return standard * np.sqrt(link.latent_variance * odds / p) / sd
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


def _draw_groups(
    design: Design,
    group: GroupTerm,
    sd_prior: P.Prior,
    corr_prior: P.LKJ,
    draws: int,
    rng: np.random.Generator,
):
    """sd (draws, q), correlations (draws, q, q) and effects (draws, J, q) of one group term."""
    q, scales = group.n_terms, P.group_scales(design, group, sd_prior)
    match sd_prior:
        case P.HalfNormal():
            size = np.abs(rng.standard_normal((draws, q)))
        case P.HalfStudentT():
            size = np.abs(rng.standard_t(sd_prior.nu, (draws, q)))
        case P.Exponential():
            size = rng.standard_exponential((draws, q))
    sd = size * scales
    chol = _draw_chol_corr(draws, q, corr_prior.eta, rng)
    effects = rng.standard_normal((draws, group.n_groups, q)) @ np.swapaxes(sd[:, :, None] * chol, 1, 2)
    return sd, chol @ np.swapaxes(chol, 1, 2), effects


def _draw_chol_corr(draws: int, q: int, eta: float, rng: np.random.Generator) -> np.ndarray:
    """(draws, q, q) Cholesky factors of R ~ LKJ(eta), row by row: the onion (doi:10.1016/j.jmva.2009.04.008, 3.2).

    Row k points in a uniform direction and leaves the diagonal 1 - its squared length, which is Beta.
    """
    L = np.zeros((draws, q, q))
    L[:, 0, 0] = 1.0
    for k in range(1, q):
        length2 = rng.beta(0.5 * k, eta + 0.5 * (q - 1 - k), draws)
        direction = rng.standard_normal((draws, k))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        L[:, k, :k] = np.sqrt(length2)[:, None] * direction
        L[:, k, k] = np.sqrt(1.0 - length2)
    return L
