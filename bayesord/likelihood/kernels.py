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
from bayesord.likelihood.extreme_value import cloglog_row, loglog_row
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
def _logit_row(place, a, b, gap):
    """log P = log F(b) + log F(-a) + log(1 - e^-delta): nothing cancels, and one formula serves every place."""
    below, above = math.exp(-abs(a)), math.exp(-abs(b))
    excess = below + above + below * above
    inverse = 1.0 / (1.0 + excess)
    lower = (below if a < 0.0 else 1.0) * (1.0 + above) * inverse  # F(a)
    upper = (above if b > 0.0 else 1.0) * (1.0 + below) * inverse  # 1 - F(b)
    logp = min(b, 0.0) + min(-a, 0.0) - log1p(excess) + gap.log_share
    return logp, lower - upper, gap.ratio + gap.delta * upper


@njit
def _cauchit_end(x):
    """log F(x) and f(x) / F(x)."""
    if x < -1e9:  # the next terms are 1 / (3 x^2) and less
        return -math.log(-x) - _LOG_PI, -1.0 / x
    tail = math.atan2(1.0, abs(x)) / math.pi
    p = 1.0 - tail if x > 0.0 else tail
    return (log1p(-tail) if x > 0.0 else math.log(tail)), 1.0 / (math.pi * (1.0 + x * x)) / p


@njit
def _cauchit_far(a, b, delta, rho):
    """The middle category where the squares of `_cauchit_row` would overflow: unit vectors along both directions."""
    u, v = 1.0 / math.hypot(1.0, a), 1.0 / math.hypot(1.0, b)
    cosine, sine = u * v + (a * u) * (b * v), delta * u * v
    if sine < 1e-200 and cosine > 0.0:
        logp, ratio = rho + math.log(u) + math.log(v) - _LOG_PI, 1.0
    else:
        angle = math.atan2(sine, cosine)
        logp = math.log(angle / math.pi) if cosine > 0.0 else log1p(-math.atan2(sine, -cosine) / math.pi)
        ratio = sine / angle
    return logp, (a * u + b * u) * v * ratio, v / u * ratio


@njit
def _cauchit_row(place, a, b, gap):
    """pi P is the angle between the directions (1, a) and (1, b), whose tangent is delta / (1 + a b)."""
    if place == 0:
        logp, rate = _cauchit_end(b)
        return logp, -rate, 0.0
    if place == 2:
        logp, rate = _cauchit_end(-a)
        return logp, rate, 0.0
    if max(abs(a), abs(b)) > 1e150:
        return _cauchit_far(a, b, gap.delta, gap.rho)
    cosine = 1.0 + a * b
    if gap.delta < 1e-9 * cosine:  # the angle is its tangent, which may underflow
        logp = gap.rho - math.log(cosine) - _LOG_PI
        inverse = cosine
    elif cosine >= 0.0:
        angle = math.atan(gap.delta / cosine)
        logp = math.log(angle) - _LOG_PI
        inverse = gap.delta / angle
    else:
        outside = math.atan(gap.delta / -cosine)
        logp = log1p(-outside / math.pi)
        inverse = gap.delta / (math.pi - outside)
    d_gap = inverse / (1.0 + b * b)
    return logp, (a + b) / (1.0 + a * a) * d_gap, d_gap


@njit
def row(link_code, k, K, a, b, delta, rho):
    """log P, d log P / d eta and d log P / d rho of one row in category k of K.

    Parameters: link_code, the `Link.code`; a = c_k - eta, not used for k = 0; b = c_{k+1} - eta, not used for
    k = K-1; delta = exp(rho), the gap of a middle category, not used elsewhere. d/d eta holds the cutpoints;
    d/d rho holds eta and the lower cutpoint: it is delta f(b) / P, and 0 for the first and last category.
    """
    if k == 0:
        place, a, gap = 0, -math.inf, NO_GAP
    elif k == K - 1:
        place, b, gap = 2, math.inf, NO_GAP
    else:
        place, gap = 1, gap_terms(delta, rho)
    if link_code == LOGIT:
        return _logit_row(place, a, b, gap)
    if link_code == PROBIT:
        return probit_row(place, a, b, gap)
    if link_code == CLOGLOG:
        return cloglog_row(place, a, b, gap)
    if link_code == LOGLOG:
        return loglog_row(place, a, b, gap)
    return _cauchit_row(place, a, b, gap)


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

    @njit(cache=False)
    def loop(eta, ends, gaps, y, logp, d_eta, d_gap):
        last = ends.size - 2
        for i in range(eta.size):
            k = y[i]
            place = 0 if k == 0 else (2 if k == last else 1)
            gap = Gap(gaps[k, 0], gaps[k, 1], gaps[k, 2], gaps[k, 3], gaps[k, 4])
            logp[i], d_eta[i], d_gap[i] = link_row(place, ends[k] - eta[i], ends[k + 1] - eta[i], gap)

    return loop


_logit_rows = _loop(_logit_row)
_probit_rows = _loop(probit_row)
_cloglog_rows = _loop(cloglog_row)
_loglog_rows = _loop(loglog_row)
_cauchit_rows = _loop(_cauchit_row)


@njit
def rows(link_code, eta, steps, y, logp, d_eta, d_gap):
    """`row` for n rows: eta (n,), steps (K-1,), y (n,) integer codes; fills logp, d_eta and d_gap (n,)."""
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
        _cauchit_rows(eta, ends, gaps, y, logp, d_eta, d_gap)


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
