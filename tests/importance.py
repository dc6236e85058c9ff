"""An oracle that needs no Markov chain: posterior moments by importance sampling from a multivariate t.

The draws live in the coordinates (first cutpoint, log gaps, beta), at the centre of X. The proposal starts
at the mode of a stand-in with normal coefficients (R2 and Laplace have a spike at zero), is matched twice to
the weighted moments of a pilot run, and has a wide second component that bounds the weights in the tails.
An R2 prior is integrated out by `reference.log_prior_r2_marginal`: its draws have no further coordinate.
"""

from dataclasses import dataclass

import numpy as np
from maximum import empirical_cutpoints
from reference import (
    latent_variance,
    log_likelihood,
    log_prior_cutpoints,
    log_prior_marginal,
)
from scipy import optimize, special

BLOCK = 10_000


@dataclass(frozen=True)
class Proposal:
    """.85 t_5(centre, L L') + .15 t_3(centre, 6 L L')."""

    centre: np.ndarray
    root: np.ndarray

    parts = ((0.85, 5, 1.0), (0.15, 3, 6.0))  # share, degrees of freedom, variance factor

    def draw(self, rng, n):
        d = len(self.centre)
        share, nu, factor = np.array(self.parts).T
        part = rng.choice(len(share), n, p=share)
        scale = np.sqrt(factor[part] * nu[part] / rng.chisquare(nu[part]))
        return self.centre + scale[:, None] * (rng.standard_normal((n, d)) @ self.root.T)

    def log_density(self, theta):
        d = len(self.centre)
        z = np.linalg.solve(self.root, (theta - self.centre).T)
        square = (z**2).sum(0)
        log_det = np.log(np.abs(np.diag(self.root))).sum()
        terms = [
            np.log(share)
            + special.gammaln((nu + d) / 2)
            - special.gammaln(nu / 2)
            - 0.5 * d * np.log(nu * np.pi * factor)
            - log_det
            - 0.5 * (nu + d) * np.log1p(square / (factor * nu))
            for share, nu, factor in self.parts
        ]
        return special.logsumexp(terms, axis=0)


@dataclass(frozen=True)
class Importance:
    """Weighted draws: `beta` (S, p), `cutpoints` (S, K-1) for X as given, `weights` (S,) that sum to 1.

    `r2` holds the mean of R2 given each draw and `r2_square` that of its square (None without an R2 prior).
    """

    beta: np.ndarray
    cutpoints: np.ndarray
    weights: np.ndarray
    r2: np.ndarray | None
    r2_square: np.ndarray | None
    log_z: float
    log_z_error: float

    @property
    def ess(self):
        """Effective number of independent draws, 1 / sum of squared weights."""
        return 1 / (self.weights**2).sum()

    def moments(self, values, squares=None):
        """(mean, sd, Monte Carlo error of the mean) of values (S, ...); squares if they are not values**2."""
        squares = values**2 if squares is None else squares
        mean = np.tensordot(self.weights, values, 1)
        sd = np.sqrt(np.tensordot(self.weights, squares, 1) - mean**2)
        error = np.sqrt(np.tensordot(self.weights**2, (values - mean) ** 2, 1))
        return mean, sd, error


def _split(theta, k1):
    cutpoints = theta[:, :1] + np.hstack(
        [np.zeros((len(theta), 1)), np.cumsum(np.exp(theta[:, 1:k1]), axis=1)]
    )
    return theta[:, k1:], cutpoints


def _log_target(cells, link, cutpoint_prior, beta_prior, theta):
    """Log density in the unconstrained coordinates, and two moments of R2 given beta (zeros without it)."""
    beta, cutpoints = _split(theta, cells.n_categories - 1)
    log_jacobian = theta[:, 1 : cells.n_categories - 1].sum(1)
    prior, r2, r2_square = log_prior_marginal(beta_prior, link, beta, cells.variance)
    prior = prior + log_prior_cutpoints(cutpoint_prior, link, cutpoints) + log_jacobian
    total = prior + log_likelihood(cells, link, beta, cutpoints)
    return np.nan_to_num(total, nan=-np.inf, neginf=-np.inf), r2, r2_square


def _proposal_at_mode(cells, link, cutpoint_prior):
    scale = 2.5 * np.sqrt(latent_variance(link) / cells.variance)

    def negative(theta):
        return -_log_target(cells, link, cutpoint_prior, ("normal", 0.0, scale), theta[None])[0][0]

    c = empirical_cutpoints(cells, link)
    start = np.concatenate([c[:1], np.log(np.diff(c)), np.zeros(cells.x.shape[1])])
    mode = optimize.minimize(negative, start, method="Nelder-Mead" if len(start) == 1 else "BFGS").x
    d, h = len(mode), 1e-3
    step = h * np.eye(d)
    hessian = np.array(
        [
            [
                negative(mode + a + b)
                - negative(mode + a - b)
                - negative(mode - a + b)
                + negative(mode - a - b)
                for b in step
            ]
            for a in step
        ]
    ) / (4 * h**2)
    eigen, vectors = np.linalg.eigh(hessian)
    return Proposal(mode, np.linalg.cholesky((vectors / np.maximum(eigen, 0.05)) @ vectors.T))


def importance_sample(cells, link, cutpoint_prior, beta_prior, *, draws=200_000, seed=0):
    """Self-normalised importance sampling of the posterior; see the head of this file.

    cells: reference.Cells. Priors: tuples as in reference. Returns `Importance`.
    """
    rng = np.random.default_rng(seed)
    proposal = _proposal_at_mode(cells, link, cutpoint_prior)

    def weigh(n):
        theta = proposal.draw(rng, n)
        blocks = [
            _log_target(cells, link, cutpoint_prior, beta_prior, theta[i : i + BLOCK])
            for i in range(0, n, BLOCK)
        ]
        log_target, r2, r2_square = (np.concatenate(part) for part in zip(*blocks, strict=True))
        return theta, log_target - proposal.log_density(theta), r2, r2_square

    for _ in range(2):
        theta, log_ratio, _, _ = weigh(BLOCK)
        weights = special.softmax(log_ratio)
        centre = weights @ theta
        spread = (theta - centre).T @ ((theta - centre) * weights[:, None])
        proposal = Proposal(centre, np.linalg.cholesky(spread + 1e-9 * np.eye(len(centre))))

    theta, log_ratio, r2, r2_square = weigh(draws)
    log_z = special.logsumexp(log_ratio) - np.log(draws)
    weights = np.exp(log_ratio - log_z) / draws
    beta, cutpoints = _split(theta, cells.n_categories - 1)
    has_r2 = r2.any()
    return Importance(
        beta=beta,
        cutpoints=cutpoints + (beta @ cells.centre)[:, None],
        weights=weights,
        r2=r2 if has_r2 else None,
        r2_square=r2_square if has_r2 else None,
        log_z=log_z,
        log_z_error=np.sqrt(draws * (weights**2).sum() - 1) / np.sqrt(draws),
    )
