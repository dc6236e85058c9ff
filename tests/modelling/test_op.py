import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from bayesord.likelihood.links import LINKS
from bayesord.modelling.op import CumulativeLogp, linear_predictor

LINKERS = ["NUMBA", "FAST_COMPILE"]  # numba and Python


def problem(rng, n=30, K=5):
    steps = np.concatenate([[-1.2], rng.normal(-0.5, 0.5, K - 2)])
    return rng.normal(0, 0.7, n), steps, np.concatenate([np.arange(K), rng.integers(0, K, n - K)])


@pytest.mark.parametrize("mode", LINKERS)
@pytest.mark.parametrize("link", LINKS)
def test_value_is_the_log_of_the_difference_of_the_cdf(rng, link, mode):
    eta, steps, y = problem(rng)
    cutpoints = np.concatenate([[-np.inf], np.cumsum(np.r_[steps[0], np.exp(steps[1:])]), [np.inf]])
    cdf = LINKS[link].cdf
    expected = np.log(cdf(cutpoints[y + 1] - eta) - cdf(cutpoints[y] - eta))
    e, s, k = pt.dvector(), pt.dvector(), pt.lvector()
    logp = pytensor.function([e, s, k], CumulativeLogp(link)(e, s, k)[0], mode=mode)
    np.testing.assert_allclose(logp(eta, steps, y), expected, rtol=1e-9)


@pytest.mark.parametrize("mode", LINKERS)
@pytest.mark.parametrize("K", [2, 3, 6])
@pytest.mark.parametrize("link", LINKS)
def test_gradient_against_differences(rng, link, K, mode):
    eta, steps, y = problem(rng, K=K)
    weight = rng.uniform(0.5, 2, len(y))
    e, s = pt.dvector(), pt.dvector()
    total = (weight * CumulativeLogp(link)(e, s, pt.as_tensor(y))[0]).sum()
    value = pytensor.function([e, s], total, mode=mode)
    gradients = pytensor.function([e, s], pt.grad(total, [e, s]), mode=mode)(eta, steps)
    h = 1e-6
    for got, at in zip(gradients, (0, 1), strict=True):
        args = [eta, steps]
        for i, step in enumerate(np.eye(len(args[at])) * h):
            up, down = list(args), list(args)
            up[at], down[at] = args[at] + step, args[at] - step
            assert got[i] == pytest.approx((value(*up) - value(*down)) / (2 * h), rel=2e-7, abs=2e-7)


@pytest.mark.parametrize("mode", LINKERS)
def test_linear_predictor_and_its_gradient(rng, mode):
    X, beta, weight = rng.normal(size=(7, 3)), rng.normal(size=3), rng.normal(size=7)
    b, x = pt.dvector(), pt.dmatrix()
    total = (weight * linear_predictor(x, b)).sum()
    got = pytensor.function([x, b], [linear_predictor(x, b), *pt.grad(total, [x, b])], mode=mode)(X, beta)
    for value, expected in zip(got, (X @ beta, np.outer(weight, beta), X.T @ weight), strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-14)


def test_the_gap_comes_from_the_step_and_not_from_a_difference_of_cutpoints():
    tiny = np.array([3.0, np.log(1e-30)])  # 3 + 1e-30 == 3 in doubles: a difference would be zero
    logp = CumulativeLogp("logit")(np.zeros(1), tiny, np.array([1]))[0].eval(mode="FAST_COMPILE")
    assert logp[0] == pytest.approx(np.log(1e-30) + 3 - 2 * np.log1p(np.exp(3)), rel=1e-14)


def test_vectors_only():
    with pytest.raises(TypeError, match="must be vectors"):
        CumulativeLogp("logit")(np.zeros((2, 2)), np.zeros(3), np.zeros(2, int))
