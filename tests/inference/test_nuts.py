"""nutpie behind a pointer: right, reproducible, and stopped in good order."""

import numpy as np
import pytest

import bayesord as bo
from bayesord.inference import nuts
from bayesord.inference.geometry import place_posterior
from bayesord.inference.layout import lay_out
from bayesord.likelihood.links import get_link
from bayesord.modelling.design import from_arrays


@pytest.fixture(scope="module")
def density():
    rng = np.random.default_rng(3)
    design = from_arrays(rng.normal(size=(200, 2)), np.r_[0:3, rng.integers(0, 3, 197)])
    return place_posterior(lay_out(design, get_link("probit"), bo.Priors()))[0]


def draw(density, *, seeds, cores=2, draws=200, tune=100):
    return nuts.sample_density(
        density, seeds=seeds, draws=draws, tune=tune, cores=cores, target_accept=0.8, progressbar=False
    )


def test_a_gaussian_of_known_mean_and_covariance():
    """Without rows, with normal priors: independent normals, known exactly."""
    from bayesord.inference.direct import DirectDensity
    from bayesord.inference.record import FREE_KINDS

    location, scale = np.array([1.0, -3.0, 10.0]), np.array([0.5, 2.0, 7.0])
    empty = DirectDensity(
        link=0, X=np.zeros((0, 3)), weight=np.zeros(0), offset=None, starts=np.zeros(3, int),
        cutpoint_prior=("normal", np.array([np.inf, 2.0, 1.5])),
        free_prior=(np.full(3, FREE_KINDS["normal"]), np.column_stack([location, scale, np.ones(3)])),
        centre=np.zeros(4), factor=np.eye(4),
    )  # fmt: skip
    chains = draw(empty, seeds=nuts.chain_seeds(5, 4), draws=2000, tune=500)
    x = chains.draws["x"].reshape(-1, 4)
    mean, sd = np.r_[2.0, location], np.r_[1.5, scale]
    np.testing.assert_allclose((x.mean(0) - mean) / sd, 0, atol=0.05)
    np.testing.assert_allclose(x.std(0) / sd, 1, atol=0.04)
    np.testing.assert_allclose(np.corrcoef(x.T), np.eye(4), atol=0.05)


def test_bitwise_the_same_for_any_cores_and_number_of_chains(density):
    seeds = nuts.chain_seeds(7, 4)
    together, alone = draw(density, seeds=seeds, cores=4), draw(density, seeds=seeds, cores=1)
    first_two = draw(density, seeds=seeds[:2])
    shorter = draw(density, seeds=seeds, draws=50)
    np.testing.assert_array_equal(together.draws["x"], alone.draws["x"])
    np.testing.assert_array_equal(together.draws["x"][:2], first_two.draws["x"])
    np.testing.assert_array_equal(together.draws["x"][:, :50], shorter.draws["x"])
    assert not np.array_equal(together.draws["x"][0], together.draws["x"][1])


def test_seeds_of_the_first_chains_do_not_depend_on_how_many_follow():
    assert nuts.chain_seeds(1, 4)[:2] == nuts.chain_seeds(1, 2)
    assert nuts.chain_seeds(1, 2) != nuts.chain_seeds(2, 2)


def test_statistics_that_arviz_looks_for(density):
    chains = draw(density, seeds=[1, 2])
    assert {"diverging", "energy", "reached_max_treedepth", "n_steps", "step_size"} <= set(chains.stats)
    assert all(values.shape == (2, 200) for values in chains.stats.values())
    assert chains.tuning_gradients > 100


def test_an_interruption_keeps_the_rectangle_with_most_draws():
    def chain(length):
        return {"x": np.arange(float(length))}, {"diverging": np.zeros(length, bool)}, 0

    kept = nuts._together([chain(n) for n in (1000, 1000, 1000, 3)], True)
    assert kept.draws["x"].shape == (3, 1000)
    kept = nuts._together([chain(n) for n in (0, 900, 1000)], True)
    assert kept.draws["x"].shape == (2, 900)


def test_interruption_keeps_the_draws_so_far(density, monkeypatch):
    calls = iter(range(10**9))

    def interrupt(_seconds):
        if next(calls) == 25:
            raise KeyboardInterrupt

    monkeypatch.setattr(nuts.time, "sleep", interrupt)
    chains = draw(density, seeds=[1, 2], draws=500_000)
    kept = chains.draws["x"].shape[1]
    assert chains.interrupted
    assert 0 < kept < 500_000
    assert np.isfinite(chains.draws["x"]).all()
    assert len(np.unique(chains.draws["x"][0, :, 0])) > kept / 2
