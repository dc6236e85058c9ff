"""Row kernels: log P(y = k) of one row, with its derivatives, stable everywhere; and loops over rows.

For a row in category k (codes 0 ... K-1) with linear predictor eta and cutpoints c_1 < ... < c_{K-1},
a = c_k - eta is the lower end of its interval and b = c_{k+1} - eta the upper one (c_0 = -inf, c_K = inf),
and P = F(b) - F(a). Cutpoints are held as steps (c_1, rho_2, ..., rho_{K-1}), c_j = c_{j-1} + exp(rho_j).
The kernels take the width delta = exp(rho) of a middle category from there: b - a has lost it to rounding.

Three doubles say one thing too many. So this is the function of a, b and d = delta, all three exact, that is
computed for a middle category, and held against 60 digits in the tests:

- logit: F(b) F(-a) (1 - e^-d)
- probit: of an interval of width d, with its centre at (a + b) / 2 where d < 1, with the end nearer zero in
  place where d >= 1 and both ends are on one side of zero; Phi(b) - Phi(a) otherwise
- cloglog: exp(-e^a) (1 - exp(-e^b (1 - e^-d))); loglog: its mirror image
- cauchit: atan2(d, 1 + a b) / pi where a b > -1, else 1 - (atan2(1, b) + atan2(1, -a)) / pi

The three agree up to the rounding of a, b and d wherever the formulas meet.
"""

from __future__ import annotations

import math

import numpy as np

from bayesord.jit import njit
from bayesord.likelihood.extreme_value import cloglog_row, loglog_row
from bayesord.likelihood.probit import probit_row
from bayesord.likelihood.special import exp_minus_exp, gap_terms, normal_tail

__all__ = ["cdf", "cutpoints_from_steps", "d_log_pdf", "log_pdf", "row", "rows", "sf"]

LOGIT, PROBIT, CLOGLOG, LOGLOG, CAUCHIT = range(5)
STEP_LIMIT = 700.0
_LOG_PI = math.log(math.pi)


@njit
def cutpoints_from_steps(steps):
    """The cutpoints c (K-1,) and the gaps delta (K-1,) below them, from steps (c_1, rho_2, ..., rho_{K-1}).

    delta[0] = inf: the first category has no lower end. rho is held within +-700, where exp neither
    underflows nor overflows.
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
def _logit_row(place, a, b, delta, rho, log_gap, gap_ratio):
    if place != 1:
        x = b if place == 0 else -a
        small = math.exp(-abs(x))
        logp = min(x, 0.0) - math.log1p(small)
        rest = (small if x > 0.0 else 1.0) / (1.0 + small)
        return logp, -rest if place == 0 else rest, 0.0
    flip = a + b > 0.0
    if flip:
        a, b = -b, -a
    near = math.exp(-abs(b))  # now a <= 0 and |b| <= |a|
    far = math.exp(a)
    both = near + far + near * far
    logp = min(b, 0.0) - math.log1p(both) + log_gap
    lower = far * (1.0 + near) / (1.0 + both)  # F(a)
    upper = (near if b > 0.0 else 1.0) * (1.0 + far) / (1.0 + both)  # F(-b)
    if flip:
        return logp, upper - lower, gap_ratio + delta * lower
    return logp, lower - upper, gap_ratio + delta * upper


@njit
def _cauchit_row(place, a, b, delta, rho, log_gap, gap_ratio):
    if place != 1:
        x = b if place == 0 else -a
        density = 1.0 / math.hypot(1.0, x) / math.hypot(1.0, x)
        if x > 0.0:
            tail = math.atan2(1.0, x) / math.pi
            logp, rate = math.log1p(-tail), density / (math.pi * (1.0 - tail))
        else:
            angle = math.atan2(1.0, -x)
            logp = math.log(angle) - _LOG_PI if x > -1e9 else -math.log(-x) - _LOG_PI
            rate = density / angle if x > -1e9 else -1.0 / x
        return logp, -rate if place == 0 else rate, 0.0
    u, v = 1.0 / math.hypot(1.0, a), 1.0 / math.hypot(1.0, b)
    cosine = u * v + (a * u) * (b * v)  # of the angle pi P between the two ends, and its sine delta u v
    sine = delta * u * v
    if cosine < 0.0:
        outside = (math.atan2(1.0, b) + math.atan2(1.0, -a)) / math.pi
        logp = math.log1p(-outside)
        ratio = sine / (math.pi * (1.0 - outside))
    elif sine > 1e-200:
        angle = math.atan2(sine, cosine)
        logp = math.log(angle) - _LOG_PI
        ratio = sine / angle
    else:
        logp = rho + math.log(u) + math.log(v) - _LOG_PI
        ratio = 1.0
    # (f(a) - f(b)) / P and delta f(b) / P, through f(x) = 1 / (pi (1 + x^2)) and b - a = delta
    d_eta = (a * u + b * u) * v * ratio
    return logp, d_eta, (v / u) * ratio


@njit
def _row(link_code, place, a, b, delta, rho, log_gap, gap_ratio):
    if link_code == LOGIT:
        return _logit_row(place, a, b, delta, rho, log_gap, gap_ratio)
    if link_code == PROBIT:
        return probit_row(place, a, b, delta, rho, log_gap, gap_ratio)
    if link_code == CLOGLOG:
        return cloglog_row(place, a, b, delta, rho, log_gap, gap_ratio)
    if link_code == LOGLOG:
        return loglog_row(place, a, b, delta, rho, log_gap, gap_ratio)
    return _cauchit_row(place, a, b, delta, rho, log_gap, gap_ratio)


@njit
def row(link_code, k, K, a, b, delta, rho):
    """log P, d log P / d eta and d log P / d rho of one row in category k of K.

    Parameters: link_code, the `Link.code`; a = c_k - eta, not used for k = 0; b = c_{k+1} - eta, not used for
    k = K-1; delta = exp(rho), the gap of a middle category, not used elsewhere. d/d eta holds the cutpoints;
    d/d rho holds eta and the lower cutpoint: it is delta f(b) / P, and 0 for the first and last category.
    """
    if k == 0:
        return _row(link_code, 0, 0.0, b, 0.0, 0.0, 0.0, 0.0)
    if k == K - 1:
        return _row(link_code, 2, a, 0.0, 0.0, 0.0, 0.0, 0.0)
    log_gap, gap_ratio = gap_terms(delta, rho)
    return _row(link_code, 1, a, b, delta, rho, log_gap, gap_ratio)


def _loop(link_row):
    """The loop over rows for one link, compiled into `rows`: no row asks which link it has."""

    @njit(cache=False)
    def loop(eta, steps, y, logp, d_eta, d_gap):
        c, delta = cutpoints_from_steps(steps)
        top = c.size
        log_gap, gap_ratio = np.empty(top), np.empty(top)
        for j in range(1, top):
            log_gap[j], gap_ratio[j] = gap_terms(delta[j], steps[j])
        for i in range(eta.size):
            k = y[i]
            if 0 < k < top:
                a, b = c[k - 1] - eta[i], c[k] - eta[i]
                result = link_row(1, a, b, delta[k], steps[k], log_gap[k], gap_ratio[k])
            elif k == 0:
                result = link_row(0, 0.0, c[0] - eta[i], 0.0, 0.0, 0.0, 0.0)
            else:
                result = link_row(2, c[top - 1] - eta[i], 0.0, 0.0, 0.0, 0.0, 0.0)
            logp[i], d_eta[i], d_gap[i] = result

    return loop


_logit_rows = _loop(_logit_row)
_probit_rows = _loop(probit_row)
_cloglog_rows = _loop(cloglog_row)
_loglog_rows = _loop(loglog_row)
_cauchit_rows = _loop(_cauchit_row)


@njit
def rows(link_code, eta, steps, y, logp, d_eta, d_gap):
    """`row` for n rows: eta (n,), steps (K-1,), y (n,) integer codes; fills logp, d_eta and d_gap (n,)."""
    if link_code == LOGIT:
        _logit_rows(eta, steps, y, logp, d_eta, d_gap)
    elif link_code == PROBIT:
        _probit_rows(eta, steps, y, logp, d_eta, d_gap)
    elif link_code == CLOGLOG:
        _cloglog_rows(eta, steps, y, logp, d_eta, d_gap)
    elif link_code == LOGLOG:
        _loglog_rows(eta, steps, y, logp, d_eta, d_gap)
    else:
        _cauchit_rows(eta, steps, y, logp, d_eta, d_gap)


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
