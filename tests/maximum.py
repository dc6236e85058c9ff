"""The top of a likelihood or posterior density, found slowly, and independently of the package."""

from dataclasses import dataclass

import numpy as np
from reference import Cells, interval, log_interval, log_likelihood, log_posterior, pdf, quantile
from scipy import optimize, special, stats


def empirical_cutpoints(cells, link):
    """Quantiles of the smoothed shares of the categories: a start that is ordered for any data."""
    share = np.bincount(cells.y, cells.count, cells.n_categories) + 0.5
    return quantile(link, np.cumsum(share)[:-1] / share.sum())


def posterior_mode(cells, link, cutpoint_prior, beta_prior):
    """Top of the density in (beta, cutpoints), with no Jacobian: (beta, cutpoints for X as given)."""
    k1 = cells.n_categories - 1

    def split(theta):
        return theta[None, k1:], np.cumsum(np.r_[theta[0], np.exp(theta[1:k1])])[None]

    def negative(theta):
        value = log_posterior(cells, link, cutpoint_prior, beta_prior, *split(theta))[0]
        return -np.maximum(value, -1e10)  # differences of infinities would stop the search

    c = empirical_cutpoints(cells, link)
    theta = np.concatenate([c[:1], np.log(np.diff(c)), np.zeros(cells.x.shape[1])])
    for _ in range(2):  # a second start, because a numerical gradient can stop a little early
        theta = optimize.minimize(negative, theta, jac="3-point", method="BFGS", options={"gtol": 1e-8}).x
    beta, cutpoints = split(theta)
    return beta[0], cutpoints[0] + cells.centre @ beta[0]


def likelihood_gradient(cells, link, theta):
    """Gradient of the log-likelihood at theta = (centred cutpoints, beta)."""
    k1 = cells.n_categories - 1
    x = cells.x - cells.centre
    bounds = np.concatenate([[-np.inf], theta[:k1], [np.inf]])
    lower, upper = bounds[cells.y] - x @ theta[k1:], bounds[cells.y + 1] - x @ theta[k1:]
    score = cells.count / interval(link, lower, upper)
    at_lower = -score * np.where(np.isinf(lower), 0, pdf(link, lower))
    at_upper = score * np.where(np.isinf(upper), 0, pdf(link, upper))
    to_cutpoints = np.bincount(cells.y, at_lower, k1 + 1)[1:] + np.bincount(cells.y, at_upper, k1 + 1)[:-1]
    return np.concatenate([to_cutpoints, -(at_lower + at_upper) @ x])


def hessian_by_differences(gradient, theta, step=1e-5):
    steps = step * np.eye(len(theta))
    h = np.array([(gradient(theta + s) - gradient(theta - s)) / (2 * step) for s in steps])
    return (h + h.T) / 2


@dataclass(frozen=True)
class MaximumLikelihood:
    beta: np.ndarray
    beta_se: np.ndarray
    cutpoints: np.ndarray  # for X as given, not centred
    log_likelihood: float


def maximum_likelihood(cells, link):
    """Newton with step halving from the empirical cutpoints; standard errors from the inverse Hessian."""
    k1, p = cells.n_categories - 1, cells.x.shape[1]

    def value(theta):
        if np.any(np.diff(theta[:k1]) <= 0):
            return -np.inf
        return log_likelihood(cells, link, theta[None, k1:], theta[None, :k1])[0]

    def gradient(theta):
        return likelihood_gradient(cells, link, theta)

    theta = np.concatenate([empirical_cutpoints(cells, link), np.zeros(p)])
    for _ in range(100):
        information = -hessian_by_differences(gradient, theta)
        eigen, vectors = np.linalg.eigh(information)  # not positive far from the top of a cauchit
        step = vectors @ (vectors.T @ gradient(theta) / np.maximum(np.abs(eigen), 1e-8))
        while value(theta + step) < value(theta) - 1e-10:
            step = step / 2
        theta = theta + step
        if np.abs(step).max() < 1e-10:
            break
    else:
        raise RuntimeError("no maximum: the data are separated, or a category is empty")
    beta = theta[k1:]
    se = np.sqrt(np.diag(np.linalg.inv(-hessian_by_differences(gradient, theta))))[k1:]
    return MaximumLikelihood(beta, se, theta[:k1] + cells.centre @ beta, value(theta))


def maximum_likelihood_grouped(x, y, group, n_categories, link):
    """A normal intercept for each group, integrated over 201 fixed nodes: (beta, sd, log-likelihood)."""
    k1, p = n_categories - 1, x.shape[1]
    nodes = np.linspace(-8, 8, 201)
    log_weight = stats.norm.logpdf(nodes) + np.log(nodes[1] - nodes[0])
    member = np.arange(group.max() + 1)[:, None] == group

    def negative(theta):
        bounds = np.concatenate([[-np.inf], np.cumsum(np.r_[theta[0], np.exp(theta[1:k1])]), [np.inf]])
        eta = (x @ theta[k1 : k1 + p])[:, None] + np.exp(theta[-1]) * nodes
        rows = log_interval(link, bounds[y][:, None] - eta, bounds[y + 1][:, None] - eta)
        return -special.logsumexp(member @ rows + log_weight, axis=1).sum()

    c = empirical_cutpoints(Cells.from_rows(x, y, n_categories), link)
    start = np.concatenate([c[:1], np.log(np.diff(c)), np.zeros(p + 1)])
    best = optimize.minimize(negative, start, method="BFGS", options={"gtol": 1e-4})
    return best.x[k1 : k1 + p], np.exp(best.x[-1]), -best.fun
