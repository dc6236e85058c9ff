"""Fits with draws made up: whatever they are, answers must follow from them. Probabilities by SciPy, from eta alone."""

from functools import cached_property

import numpy as np
from scipy import stats

from bayesord.answers import Answers, Coefficients
from bayesord.likelihood.links import get_link

FORMULA = "pain ~ age * dose + sex + ill"
CDF = {
    "logit": stats.logistic.cdf,
    "probit": stats.norm.cdf,
    "cloglog": stats.gumbel_l.cdf,
    "loglog": stats.gumbel_r.cdf,
    "cauchit": stats.cauchy.cdf,
}


class Drawn(Answers):
    """A fit with these coefficients: beta (S, p), cutpoints (S, K-1), in two chains."""

    def __init__(self, design, link, beta, cutpoints):
        self.design, self.link, self.beta, self.cutpoints = design, get_link(link), beta, cutpoints

    @cached_property
    def _coefficients(self):
        return Coefficients(self.beta, self.cutpoints, 2)

    def slow(self, eta) -> np.ndarray:
        """(S, n, K) category probabilities of eta (S, n)."""
        below = CDF[self.link.name](self.cutpoints[:, None, :] - eta[:, :, None])
        ends = np.zeros((*eta.shape, 1))
        return np.diff(np.concatenate([ends, below, ends + 1], axis=2), axis=2)


def draw(design, link="logit", seed=1, n_draws=60):
    """Made-up draws for a design: every row has answers in reach of all categories."""
    rng = np.random.default_rng(seed)
    beta = rng.normal(scale=0.5, size=(n_draws, len(design.predictors))) / np.maximum(design.sd, 0.1)
    K = len(design.categories)
    middle = beta @ design.mean + rng.normal(scale=0.3, size=n_draws)
    steps = rng.uniform(size=(n_draws, K - 1)).cumsum(axis=1) / K
    return Drawn(design, link, beta, middle[:, None] + np.linspace(-1.2, 1.2, K - 1) + steps)


def eta_of(fit, data):
    """(S, n) linear predictors of "age * dose + sex + ill", written out."""
    age, sex = data["age"].to_numpy(dtype=float), (data["sex"] == "m").to_numpy(dtype=float)
    mid, high = ((data["dose"] == level).to_numpy(dtype=float) for level in ("mid", "high"))
    ill = data["ill"].to_numpy(dtype=float)
    columns = {
        "age": age, "dose[mid]": mid, "dose[high]": high, "age:dose[mid]": age * mid, "age:dose[high]": age * high,
        "sex[m]": sex, "ill": ill,
    }  # fmt: skip
    assert set(columns) == set(fit.design.predictors)
    return fit.beta @ np.stack([columns[name] for name in fit.design.predictors])
