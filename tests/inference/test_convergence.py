"""R-hat and effective sample sizes: those of arviz_stats, on chains of every kind."""

import numpy as np
import pytest
from arviz_stats.base import array_stats

from bayesord.inference.convergence import convergence


def autoregressive(rng, chains, draws, rho):
    x = np.empty((chains, draws))
    x[:, 0] = rng.normal(size=chains)
    for t in range(1, draws):
        x[:, t] = rho * x[:, t - 1] + np.sqrt(1 - rho**2) * rng.normal(size=chains)
    return x


KINDS = {
    "independent": lambda rng, shape: rng.normal(size=shape),
    "heavy tails": lambda rng, shape: rng.standard_cauchy(size=shape),
    "slow": lambda rng, shape: autoregressive(rng, *shape, 0.95),
    "very slow": lambda rng, shape: np.cumsum(rng.normal(size=shape), axis=1),
    "anti-correlated": lambda rng, shape: autoregressive(rng, *shape, -0.7),
    "chains apart": lambda rng, shape: rng.normal(size=shape) + np.arange(shape[0])[:, None],
    "chains of different width": lambda rng, shape: (
        rng.normal(size=shape) * np.arange(1, shape[0] + 1)[:, None]
    ),
    "a drift": lambda rng, shape: rng.normal(size=shape) + np.linspace(0, 2, shape[1]),
    "a few whole numbers": lambda rng, shape: rng.integers(0, 4, shape).astype(float),
    "two values": lambda rng, shape: (rng.random(shape) < 0.3).astype(float),
    "mostly one value": lambda rng, shape: np.where(rng.random(shape) < 0.95, 0.0, rng.normal(size=shape)),
    "symmetric about zero": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
    "repeated draws": lambda rng, shape: np.repeat(rng.normal(size=shape), 3, axis=1)[:, : shape[1]],
    "far from zero": lambda rng, shape: 1e9 + rng.normal(size=shape),
    "tiny": lambda rng, shape: 1e-12 * rng.normal(size=shape),
    "constant": lambda rng, shape: np.full(shape, 3.0),
}
SHAPES = [(4, 300), (4, 301), (1, 200), (2, 101), (3, 20), (2, 9), (2, 8), (2, 7), (2, 6), (4, 5), (4, 4)]


def by_arviz(x, prob):
    """x (chain, draw, variables)."""
    x = np.moveaxis(x, 2, 0)
    with np.errstate(all="ignore"):
        return {
            "r_hat": array_stats.rhat(x),
            "ess_bulk": array_stats.ess(x, method="bulk"),
            "ess_tail": array_stats.ess(x, method="tail", prob=prob),
        }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape)))
def test_equal_to_arviz(rng, kind, shape):
    x = np.stack([KINDS[kind](rng, shape) for _ in range(3)], axis=2)
    for tail in [(0.11, 0.89), (0.05, 0.95)]:
        got = convergence(x, tail=tail)
        for name, expected in by_arviz(x, tail).items():
            np.testing.assert_allclose(getattr(got, name), expected, rtol=1e-10, err_msg=name)


def test_the_default_tail_is_that_of_arviz(rng):
    import arviz_stats as azs
    import xarray as xr

    x = rng.normal(size=(4, 300, 2))
    dataset = xr.Dataset({"x": (("chain", "draw", "i"), x)})
    np.testing.assert_allclose(
        convergence(x).ess_tail, azs.ess(dataset, method="tail")["x"].values, rtol=1e-10
    )


def test_more_variables_than_one_thread_takes(rng):
    x = rng.normal(size=(4, 1000, 70))
    got = convergence(x)
    one_by_one = [convergence(x[:, :, j : j + 1]) for j in range(70)]
    for name in ("r_hat", "ess_bulk", "ess_tail"):
        np.testing.assert_array_equal(
            getattr(got, name), np.concatenate([getattr(one, name) for one in one_by_one])
        )


def test_a_chain_that_stays_elsewhere_has_an_unbounded_r_hat(rng):
    x = np.zeros((2, 100, 1))
    x[1] = 1.0
    assert convergence(x).r_hat[0] > 1e6


def test_what_cannot_be_judged_is_nan(rng):
    x = rng.normal(size=(4, 100, 3))
    x[2, 7, 1] = np.inf
    x[0, 0, 2] = np.nan
    for figures in (got := convergence(x)).r_hat, got.ess_bulk, got.ess_tail:
        assert np.isnan(figures).tolist() == [False, True, True]
    assert np.isnan(convergence(x[:, :3]).ess_bulk).all()
    assert np.isnan(convergence(x[:1]).r_hat).all()
    assert convergence(x[:, :, :0]).r_hat.shape == (0,)
