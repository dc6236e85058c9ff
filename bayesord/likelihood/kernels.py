"""Row kernels: log P(y = k) of one row, with its derivatives, stable everywhere; and loops over rows.

For a row in category k (codes 0 ... K-1) with linear predictor eta and cutpoints c_1 < ... < c_{K-1},
a = c_k - eta is the lower end of its interval and b = c_{k+1} - eta the upper one (c_0 = -inf, c_K = inf),
and P = F(b) - F(a). Cutpoints are held as steps (c_1, rho_2, ..., rho_{K-1}), c_j = c_{j-1} + exp(rho_j).
The kernels take the width delta = exp(rho) of a middle category from there: b - a has lost it to rounding.

Three doubles say one thing too many, and rounding makes them disagree. What is computed, and held against 60
digits in the tests, is F(b) - F(a) for the interval of width exactly delta whose end nearer zero is as given;
where the interval spans zero and is wider than 1, nothing cancels, and both ends are as given.
"""

from __future__ import annotations

import math

import numpy as np

from bayesord.jit import njit
from bayesord.likelihood.cauchit import cauchit_row
from bayesord.likelihood.extreme_value import cloglog_row, loglog_row
from bayesord.likelihood.loops import named_after
from bayesord.likelihood.probit import probit_row
from bayesord.likelihood.special import NO_GAP, Gap, exp_minus_exp, gap_terms, log1p, normal_tail

__all__ = ["cdf", "cutpoints_from_steps", "d_log_pdf", "log_pdf", "row", "rows", "sf"]

LOGIT, PROBIT, CLOGLOG, LOGLOG, CAUCHIT = range(5)
STEP_LIMIT = 700.0
_LOG_PI = math.log(math.pi)


@njit
def cutpoints_from_steps(steps):
    """The cutpoints c (K-1,) and the gaps delta (K-1,) below them, from steps (c_1, rho_2, ..., rho_{K-1}).

    delta[0] = inf: the first category has no lower end. In gaps, rho is held within +-700, where exp neither
    underflows nor overflows; log P goes on counting a smaller rho in full.
    """
    c = np.empty(steps.size)
    delta = np.empty(steps.size)
    c[0] = steps[0]
    delta[0] = math.inf
    for j in range(1, steps.size):
        delta[j] = math.exp(min(max(steps[j], -STEP_LIMIT), STEP_LIMIT))
        c[j] = c[j - 1] + delta[j]
    return c, delta


@njit
def logit_row(place, a, b, gap):
    """log P = log F(b) + log F(-a) + log(1 - e^-delta): nothing cancels, and one formula serves every place."""
    below, above = math.exp(-abs(a)), math.exp(-abs(b))
    excess = below + above + below * above
    inverse = 1.0 / (1.0 + excess)
    lower = (below if a < 0.0 else 1.0) * (1.0 + above) * inverse  # F(a)
    upper = (above if b > 0.0 else 1.0) * (1.0 + below) * inverse  # 1 - F(b)
    logp = min(b, 0.0) + min(-a, 0.0) - log1p(excess) + gap.log_share
    return logp, lower - upper, gap.ratio + gap.delta * upper


@njit
def row(link_code, k, K, a, b, delta, rho):
    """log P(y = k) of one row, with its derivatives.

    P = F(b) - F(a); d log P / d eta = (f(a) - f(b)) / P; d log P / d rho = delta f(b) / P.

    Parameters
    ----------
    link_code : int
        `Link.code`.
    k, K : int
        The row's category, 0 ... K-1, and the number of categories.
    a, b : float
        c_k - eta and c_{k+1} - eta; a is not used in the first category, b not in the last.
    delta, rho : float
        The gap b - a and its logarithm; used in middle categories only.

    Returns
    -------
    log_p, d_eta, d_gap : float
        d_eta holds the cutpoints, d_gap holds eta and the lower cutpoint; d_gap is 0 in the first and last
        category. Not a number in, not a number out; a category that is out of range is not noticed.

    Examples
    --------
    >>> log_p, d_eta, d_gap = row(0, 1, 3, -1.0, 1.0, 2.0, 0.6931471805599453)
    >>> round(log_p, 12), round(d_eta, 12), round(d_gap, 12)
    (-0.771936832905, 0.0, 0.850918128239)
    """
    if k == 0:
        place, a, gap = 0, -math.inf, NO_GAP
    elif k == K - 1:
        place, b, gap = 2, math.inf, NO_GAP
    else:
        place, gap = 1, gap_terms(delta, rho)
    if link_code == LOGIT:
        return logit_row(place, a, b, gap)
    if link_code == PROBIT:
        return probit_row(place, a, b, gap)
    if link_code == CLOGLOG:
        return cloglog_row(place, a, b, gap)
    if link_code == LOGLOG:
        return loglog_row(place, a, b, gap)
    return cauchit_row(place, a, b, gap)


@njit
def _category_table(steps):
    """The cutpoints between -inf and inf (K+1,), and the `Gap` of each category as a row of (K, 5)."""
    c, delta = cutpoints_from_steps(steps)
    ends = np.empty(c.size + 2)
    ends[0], ends[c.size + 1] = -math.inf, math.inf
    gaps = np.empty((c.size + 1, 5))
    for k in range(c.size + 1):
        if k < c.size:
            ends[k + 1] = c[k]
        gap = gap_terms(delta[k], steps[k]) if 0 < k < c.size else NO_GAP
        gaps[k, 0], gaps[k, 1], gaps[k, 2], gaps[k, 3], gaps[k, 4] = gap
    return ends, gaps


def _loop(link_row):
    """The loop over rows for one link, compiled into `rows`: no row asks which link it has."""

    def loop(eta, ends, gaps, y, logp, d_eta, d_gap):
        last = ends.size - 2
        for i in range(eta.size):
            k = y[i]
            place = 0 if k == 0 else (2 if k == last else 1)
            gap = Gap(gaps[k, 0], gaps[k, 1], gaps[k, 2], gaps[k, 3], gaps[k, 4])
            logp[i], d_eta[i], d_gap[i] = link_row(place, ends[k] - eta[i], ends[k + 1] - eta[i], gap)

    return njit(cache=False)(named_after(link_row, loop))


_logit_rows = _loop(logit_row)
_probit_rows = _loop(probit_row)
_cloglog_rows = _loop(cloglog_row)
_loglog_rows = _loop(loglog_row)
cauchit_rows = _loop(cauchit_row)


@njit
def rows(link_code, eta, steps, y, logp, d_eta, d_gap):
    """`row` for n rows, into arrays that the caller owns.

    The gradient of the sum follows from the three: d/d c_1 = -sum of d_eta, and d/d rho_j = sum of d_gap over the
    rows in category j, less exp(rho_j) times the sum of d_eta over the rows in higher categories (codes from 0).

    Parameters
    ----------
    link_code : int
        `Link.code`; it is looked at once, not in every row.
    eta : (n,) float64
        The linear predictor.
    steps : (K-1,) float64
        (c_1, rho_2, ..., rho_{K-1}).
    y : (n,) integers
        Categories, 0 ... K-1.
    logp, d_eta, d_gap : (n,) float64
        Filled.

    Examples
    --------
    >>> out = np.empty((3, 2))
    >>> rows(0, np.array([0.0, 0.5]), np.array([-1.0, np.log(2.0)]), np.array([0, 1]), *out)
    >>> out.round(6).tolist()
    [[-1.313262, -0.820904], [-0.731059, -0.195115], [0.0, 1.068117]]
    """
    ends, gaps = _category_table(steps)
    if link_code == LOGIT:
        _logit_rows(eta, ends, gaps, y, logp, d_eta, d_gap)
    elif link_code == PROBIT:
        _probit_rows(eta, ends, gaps, y, logp, d_eta, d_gap)
    elif link_code == CLOGLOG:
        _cloglog_rows(eta, ends, gaps, y, logp, d_eta, d_gap)
    elif link_code == LOGLOG:
        _loglog_rows(eta, ends, gaps, y, logp, d_eta, d_gap)
    else:
        cauchit_rows(eta, ends, gaps, y, logp, d_eta, d_gap)


@njit
def cdf(link_code, x):
    """F(x)."""
    if link_code == LOGIT:
        small = math.exp(-abs(x))
        return (small if x < 0.0 else 1.0) / (1.0 + small)
    if link_code == PROBIT:
        tail = normal_tail(abs(x))[1]
        return tail if x < 0.0 else 1.0 - tail
    if link_code == CLOGLOG:
        return -math.expm1(-math.exp(x))
    if link_code == LOGLOG:
        return exp_minus_exp(-x)
    return math.atan2(1.0, -x) / math.pi


@njit
def sf(link_code, x):
    """1 - F(x), without the subtraction."""
    if link_code == CLOGLOG:
        return exp_minus_exp(x)
    if link_code == LOGLOG:
        return -math.expm1(-math.exp(-x))
    return cdf(link_code, -x)


@njit
def log_pdf(link_code, x):
    """log f(x), f the density of the link."""
    if link_code == LOGIT:
        return -abs(x) - 2.0 * math.log1p(math.exp(-abs(x)))
    if link_code == PROBIT:
        return -0.5 * x * x - 0.5 * math.log(2.0 * math.pi)
    if link_code == CLOGLOG:
        return x - math.exp(x)
    if link_code == LOGLOG:
        return -x - math.exp(-x)
    return -2.0 * math.log(math.hypot(1.0, x)) - _LOG_PI


@njit
def d_log_pdf(link_code, x):
    """d log f(x) / dx."""
    if link_code == LOGIT:
        return -math.tanh(0.5 * x)
    if link_code == PROBIT:
        return -x
    if link_code == CLOGLOG:
        return -math.expm1(x)
    if link_code == LOGLOG:
        return math.expm1(-x)
    size = math.hypot(1.0, x)
    return -2.0 * (x / size) / size
