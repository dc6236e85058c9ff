"""The vectorised logistic rows: their exp and log1p against 60 digits, the whole against the row kernels."""

import mpmath
import numpy as np
import pytest

from bayesord.likelihood import kernels
from bayesord.likelihood.special import NO_GAP, gap_terms
from bayesord.likelihood.vectorised import REACH, WIDEST, fast_exp, fast_log1p, logit_segment, within_reach


def ulps(value, exact):
    return abs(mpmath.mpf(value) - exact) / mpmath.mpf(float(np.spacing(abs(float(exact)))))


def test_exp_and_log1p_are_good_to_two_ulp(rng):
    with mpmath.workdps(60):
        for x in np.r_[rng.uniform(-700, 700, 1500), rng.normal(0, 1, 1500), 0.0, 0.34657359027997264]:
            assert ulps(fast_exp(x), mpmath.exp(mpmath.mpf(x))) <= 2
        for x in np.r_[10 ** rng.uniform(-300, 290, 1500), rng.uniform(0, 3, 1500), 0.41421356237309503, 1.0]:
            assert ulps(fast_log1p(x), mpmath.log1p(mpmath.mpf(x))) <= 2
    assert fast_log1p(0.0) == 0.0


@pytest.mark.parametrize("log_gap", [-690.0, -30.0, -5.0, 0.0, 2.0, np.log(WIDEST)])
@pytest.mark.parametrize("k", [0, 1, 2])
def test_equal_to_the_row_kernels_within_reach(rng, k, log_gap):
    steps = np.array([-1.0, log_gap])
    cutpoints = np.cumsum([steps[0], np.exp(steps[1])])
    eta = np.r_[0.0, 1e-8, -1e-8, rng.normal(0, 3, 200), rng.uniform(-250, 250, 200) + cutpoints.mean()]
    eta = eta[(abs(eta - cutpoints[0]) < REACH) & (abs(eta - cutpoints[1]) < REACH)]
    assert within_reach(eta, cutpoints[min(k, 1)], cutpoints[max(k - 1, 0)])
    got, expected = np.empty((2, 3, eta.size))
    gap = gap_terms(np.exp(log_gap), log_gap) if k == 1 else NO_GAP
    logit_segment(k, cutpoints, gap, eta, *got)
    kernels.rows(kernels.LOGIT, eta, steps, np.full(eta.size, k), *expected)
    np.testing.assert_allclose(got[0], expected[0], rtol=16 * np.finfo(float).eps)
    # a gradient near zero is a difference of probabilities: absolute there, relative elsewhere
    np.testing.assert_allclose(got[1], expected[1], rtol=1e-12, atol=4 * np.finfo(float).eps)
    np.testing.assert_allclose(got[2], expected[2], rtol=1e-12, atol=4 * np.finfo(float).eps)


def test_what_is_out_of_reach_is_left_to_the_row_kernels():
    assert not within_reach(np.array([0.0, 301.0]), 0.0, 0.0)
    assert not within_reach(np.array([0.0]), 0.0, -301.0)
    assert not within_reach(np.array([np.nan]), 0.0, 0.0)
