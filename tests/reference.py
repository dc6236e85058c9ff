"""Slow, obvious implementations that the package is compared with, in NumPy and SciPy alone.

The model is P(y <= k) = F(c_k - x'beta). Priors are plain tuples, so that nothing of the package is shared:

- cutpoints: ("dirichlet", alpha), ("normal", location, scale), ("student_t", nu, location, scale), ("flat",);
- coefficients: ("r2", mean, precision), ("normal", location, scale), ("student_t", nu, location, scale),
  ("laplace", scale), ("flat",), or ("mixed", columns, prior of those columns, prior of the others).

Cutpoint priors hold at the (weighted) centre of X: every function here takes *centred* cutpoints,
c - mean(x)'beta, unless it says otherwise. Draws come first: beta (S, p), cutpoints (S, K-1).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

LINKS = ("logit", "probit", "cloglog", "loglog", "cauchit")
MIRROR = {
    "logit": "logit",
    "probit": "probit",
    "cloglog": "loglog",
    "loglog": "cloglog",
    "cauchit": "cauchit",
}

# Counts of the answers, one row for each pattern of covariates: {pattern of X: counts of categories}.
WINE = {(0, 0): (4, 9, 5, 0, 0), (0, 1): (1, 7, 8, 2, 0), (1, 0): (0, 5, 8, 3, 2), (1, 1): (0, 1, 5, 7, 5)}
WINE_BY_JUDGE = [23344455, 12132354, 23325544, 32323253, 23433333, 32322454, 11222323, 22233334, 12323244]
WINE_BOTTLES = [(0, 0), (0, 0), (0, 1), (0, 1), (1, 0), (1, 0), (1, 1), (1, 1)]
STEM_CELL = {(0, 0): (40, 54, 119, 55), (1, 0): (25, 41, 135, 71), (0, 1): (23, 31, 113, 122)}


def log_cdf(link, x):
    """log F(x)."""
    x = np.asarray(x, float)
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        match link:
            case "logit":
                return special.log_expit(x)
            case "probit":
                return special.log_ndtr(x)
            case "cloglog":
                return np.where(x < -40, x, np.log(-np.expm1(-np.exp(x))))
            case "loglog":
                return -np.exp(-x)
            case "cauchit":
                return np.log(np.arctan2(1.0, -x) / np.pi)


def cdf(link, x):
    """F(x)."""
    with np.errstate(under="ignore"):
        return np.exp(log_cdf(link, x))


def pdf(link, x):
    """f(x) = F'(x)."""
    with np.errstate(over="ignore", under="ignore"):
        match link:
            case "logit":
                return special.expit(x) * special.expit(-x)
            case "probit":
                return np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
            case "cloglog":
                return np.exp(np.minimum(x, 700) - np.exp(x))
            case "loglog":
                return np.exp(np.minimum(-x, 700) - np.exp(-x))
            case "cauchit":
                return 1 / (np.pi * (1 + x**2))


def quantile(link, p):
    """The x with F(x) = p."""
    match link:
        case "logit":
            return special.logit(p)
        case "probit":
            return special.ndtri(p)
        case "cloglog":
            return np.log(-np.log1p(-p))
        case "loglog":
            return -np.log(-np.log(p))
        case "cauchit":
            return np.tan(np.pi * (p - 0.5))


def latent_variance(link):
    """v_F: the variance of the latent error; a Cauchy has none, so a normal's of the same quartiles."""
    match link:
        case "logit":
            return np.pi**2 / 3
        case "probit":
            return 1.0
        case "cloglog" | "loglog":
            return np.pi**2 / 6
        case "cauchit":
            return 1 / special.ndtri(0.75) ** 2


def log_interval(link, lower, upper):
    """log(F(upper) - F(lower)), in the tail where the interval lies, so that nothing is lost to 1 - tiny."""
    lower, upper = np.broadcast_arrays(lower, upper)
    with np.errstate(invalid="ignore", divide="ignore", under="ignore"):
        big, small = log_cdf(link, upper), log_cdf(link, lower)
        from_below = big + np.log(-np.expm1(small - big))
        big, small = log_cdf(MIRROR[link], -lower), log_cdf(MIRROR[link], -upper)
        from_above = big + np.log(-np.expm1(small - big))
    log_p = np.where(lower > 0, from_above, from_below)
    return np.where(np.isnan(log_p), -np.inf, log_p)  # both ends beyond the range of doubles


def interval(link, lower, upper):
    """F(upper) - F(lower)."""
    with np.errstate(under="ignore"):
        return np.exp(log_interval(link, lower, upper))


@dataclass(frozen=True)
class Cells:
    """A data set as its distinct (x, y) patterns: x (m, p), y (m,) in 0..K-1, count (m,), K."""

    x: np.ndarray
    y: np.ndarray
    count: np.ndarray
    n_categories: int

    @classmethod
    def from_rows(cls, x, y, n_categories, weight=None):
        x, y = np.asarray(x, float).reshape(len(y), -1), np.asarray(y, int)
        weight = np.ones(len(y)) if weight is None else np.asarray(weight, float)
        x, y, weight = x[weight > 0], y[weight > 0], weight[weight > 0]
        rows, index = np.unique(np.column_stack([x, y]), axis=0, return_inverse=True)
        count = np.bincount(index.ravel(), weight)
        return cls(rows[:, :-1], rows[:, -1].astype(int), count, n_categories)

    @classmethod
    def from_counts(cls, table):
        patterns = np.repeat(list(table), [len(c) for c in table.values()], axis=0).astype(float)
        counts = np.concatenate(list(table.values())).astype(float)
        n_categories = len(next(iter(table.values())))
        y = np.tile(np.arange(n_categories), len(table))
        seen = counts > 0
        return cls(patterns[seen], y[seen], counts[seen], n_categories)

    def rows(self):
        """(x, y) with one row per answer."""
        times = self.count.astype(int)
        return np.repeat(self.x, times, axis=0), np.repeat(self.y, times)

    @cached_property
    def centre(self):
        return self.count @ self.x / self.count.sum()

    @cached_property
    def variance(self):
        """Of each column, divided by n."""
        return self.count @ (self.x - self.centre) ** 2 / self.count.sum()


def category_probabilities(link, beta, cutpoints, x):
    """P(y = k) for one parameter value, x (n, p) and cutpoints on the same scale: (n, K)."""
    bounds = np.concatenate([[-np.inf], cutpoints, [np.inf]]) - (x @ beta)[:, None]
    return interval(link, bounds[:, :-1], bounds[:, 1:])


def log_likelihood(cells, link, beta, cutpoints):
    """Sum over rows of log P(y), for draws of beta (S, p) and centred cutpoints (S, K-1): (S,)."""
    eta = beta @ (cells.x - cells.centre).T
    edge = np.full((len(cutpoints), 1), np.inf)
    bounds = np.hstack([-edge, cutpoints, edge])
    return log_interval(link, bounds[:, cells.y] - eta, bounds[:, cells.y + 1] - eta) @ cells.count


def log_prior_cutpoints(prior, link, cutpoints, *, ordered_constant=True):
    """Log density of centred cutpoints (S, K-1) on the ordered space, where (K-1)! makes iid ones proper."""
    kind, *numbers = prior
    if kind == "flat":
        return np.zeros(len(cutpoints))
    if kind == "dirichlet":
        edge = np.full((len(cutpoints), 1), np.inf)
        log_p = log_interval(link, np.hstack([-edge, cutpoints]), np.hstack([cutpoints, edge]))
        alpha = np.broadcast_to(numbers[0], log_p.shape[1:]).astype(float)
        constant = special.gammaln(alpha.sum()) - special.gammaln(alpha).sum()
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            powers = np.where(alpha == 1, 0.0, (alpha - 1) * log_p)
            return constant + powers.sum(1) + np.log(pdf(link, cutpoints)).sum(1)
    constant = special.gammaln(cutpoints.shape[1] + 1) if ordered_constant else 0.0
    return log_prior_beta(prior, cutpoints) + constant


def log_prior_beta(prior, beta):
    """Log density of independent coefficients (S, p) under a prior that does not look at the data."""
    match prior:
        case ("flat",):
            return np.zeros(len(beta))
        case ("normal", location, scale):
            z = (beta - location) / scale
            return (-0.5 * z**2 - np.log(scale * np.sqrt(2 * np.pi))).sum(1)
        case ("student_t", nu, location, scale):
            z = (beta - location) / scale
            constant = (
                special.gammaln((nu + 1) / 2) - special.gammaln(nu / 2) - np.log(scale * np.sqrt(nu * np.pi))
            )
            return (constant - (nu + 1) / 2 * np.log1p(z**2 / nu)).sum(1)
        case ("laplace", scale):
            return (-np.abs(beta) / scale - np.log(2 * scale)).sum(1)


def log_prior_r2(prior, link, beta, variance, logit_r2):
    """Log joint density of beta (S, p) and logit R2 (S,): R2 ~ Beta, beta_j ~ Normal(0, W / (p var x_j))."""
    _, mean, precision = prior
    a, b = mean * precision, (1 - mean) * precision
    p = beta.shape[1]
    log_w = np.log(latent_variance(link)) + logit_r2
    length = p * (beta**2 @ variance)
    log_beta = (
        0.5 * np.log(p * variance / (2 * np.pi)).sum() - 0.5 * p * log_w - 0.5 * length * np.exp(-log_w)
    )
    log_r2 = a * special.log_expit(logit_r2) + b * special.log_expit(-logit_r2) - special.betaln(a, b)
    return log_beta + log_r2


# Trapezoids on the logit scale: the integrands below are analytic and vanish at both ends, so the error falls
# like exp(-pi^2 / step) and is below 1e-10 here.
_LOGIT_R2, _STEP = np.linspace(-40, 40, 321, retstep=True)


def log_prior_r2_marginal(prior, link, beta, variance):
    """Log density of beta (S, p) with R2 integrated out, and the mean and mean square of R2 given beta."""
    terms = np.stack([log_prior_r2(prior, link, beta, variance, t) for t in _LOGIT_R2], axis=1)
    top = terms.max(1, keepdims=True)
    with np.errstate(under="ignore"):
        terms = np.exp(terms - top)
    total = terms.sum(1)
    r2 = special.expit(_LOGIT_R2)
    return np.log(total * _STEP) + top[:, 0], terms @ r2 / total, terms @ r2**2 / total


def log_prior_marginal(prior, link, beta, variance):
    """Log density of beta (S, p) under any prior, and the two moments of R2 given beta (zeros without R2)."""
    if prior[0] == "mixed":
        _, columns, these, others = prior
        inside = np.isin(np.arange(beta.shape[1]), columns)
        one = log_prior_marginal(these, link, beta[:, inside], variance[inside])
        two = log_prior_marginal(others, link, beta[:, ~inside], variance[~inside])
        return tuple(a + b for a, b in zip(one, two, strict=True))
    if prior[0] == "r2":
        return log_prior_r2_marginal(prior, link, beta, variance)
    return log_prior_beta(prior, beta), np.zeros(len(beta)), np.zeros(len(beta))


def log_posterior(cells, link, cutpoint_prior, beta_prior, beta, cutpoints, logit_r2=None):
    """Log of prior times likelihood in (beta, centred cutpoints), and logit R2 where there is an R2 prior."""
    if beta_prior[0] == "r2":
        prior = log_prior_r2(beta_prior, link, beta, cells.variance, logit_r2)
    else:
        prior = log_prior_beta(beta_prior, beta)
    prior = prior + log_prior_cutpoints(cutpoint_prior, link, cutpoints)
    return prior + log_likelihood(cells, link, beta, cutpoints)
