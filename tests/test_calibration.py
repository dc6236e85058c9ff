"""Simulation-based calibration: what the package says of its own posteriors, and that the tool can say no."""

from dataclasses import replace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesord as bo
from bayesord.calibration import Calibration, bands, replicates
from bayesord.inference import layout
from bayesord.likelihood.links import get_link
from bayesord.modelling.design import from_formula
from benchmarks.reliability.calibration import MODELS, QUICK

matplotlib.use("Agg")


@pytest.mark.parametrize("name", list(MODELS)[:QUICK])
def test_posteriors_are_calibrated(name):
    calibration = MODELS[name].calibrate(replicates=200, cores=2, random_seed=11, progressbar=False)
    assert calibration.passed, str(calibration)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_of_the_full_set_can_be_fitted(name):
    data, options = MODELS[name].data, MODELS[name].options
    few = {"draws": 20, "chains": 1, "on_fail": "ignore", "random_seed": 1, "progressbar": False}
    assert bo.fit(*data, **options, **few).verdict


def test_a_wrong_density_is_found(monkeypatch):
    """A sampler that believes in coefficients a quarter as large as the prior's must not pass."""
    lay_out = layout.lay_out

    def too_narrow(design, link, priors):
        return lay_out(design, link, replace(priors, beta=bo.priors.normal(0, 0.5)))

    monkeypatch.setattr(layout, "lay_out", too_narrow)
    rng = np.random.default_rng(7)
    data = pd.DataFrame({"x": rng.normal(size=30), "y": np.arange(30) % 4})
    options = {"priors": bo.Priors(beta=bo.priors.normal(0, 2))}
    calibration = bo.simulate_calibration(
        "y ~ x", data, replicates=60, random_seed=1, progressbar=False, cores=2, **options
    )
    assert not calibration.passed
    named = calibration.deviations.drop("expected QWK of fixed labels").idxmax()
    assert named.startswith(("beta", "cutpoints", "P(", "log"))


@pytest.mark.parametrize("n", [1, 7, 40])
def test_the_band_is_exact(n):
    """Against the chain of binomials: from z_j to z_{j+1} each rank above falls below with a chance of 1/(100 - j)."""
    gamma = 0.03
    lower, upper = bands.Band(n, gamma).lower, bands.Band(n, gamma).upper
    within = np.zeros(n + 1)
    within[0] = 1.0
    for j, (low, high) in enumerate(zip(lower, upper, strict=True)):
        chance = stats.binom.pmf(np.arange(n + 1)[None, :] - np.arange(n + 1)[:, None], n - np.arange(n + 1)[:, None], 1 / (100 - j))  # fmt: skip
        within = within @ chance
        within[:low] = within[high + 1 :] = 0.0
    assert bands.probability_inside(n, gamma) == pytest.approx(within.sum(), rel=1e-10)
    for z, low, high in zip(bands.POINTS, lower, upper, strict=True):
        tail = lambda c: 2 * min(stats.binom.cdf(c, n, z), stats.binom.sf(c - 1, n, z))  # noqa: E731, B023
        assert tail(low) >= gamma
        assert tail(high) >= gamma
        assert low == 0 or tail(low - 1) < gamma
        assert high == n or tail(high + 1) < gamma


@pytest.mark.parametrize("n", [20, 200])
def test_the_band_holds_its_promise(rng, n):
    """Of 3,000 calibrations of uniform ranks 1 in 100 is outside; and p-values are as rare as they say."""
    ranks = rng.uniform(size=(n, 3000, 5))
    gamma = bands.simultaneous_band(n, 0.01 / 5).gamma
    found = bands.rarest(bands.counts_below(ranks.reshape(n, -1)), n).reshape(3000, 5)
    outside = int((found < gamma).any(axis=1).sum())
    assert outside <= stats.binom.isf(1e-4, 3000, 0.01)
    assert outside >= stats.binom.ppf(
        1e-4, 3000, 0.004
    )  # counts are whole: the promise cannot be used up entirely
    p_values = Calibration(pd.DataFrame(ranks[:, :60, 0]), 0).p_values
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(
    ("n", "shift", "factor"),
    [(200, 0.4, 1), (200, 0, 0.7), (200, 0, 1.5), (500, 0.25, 1), (500, 0, 0.8), (500, 0, 1.3),
     (2000, 0.13, 1), (2000, 0, 0.89), (2000, 0, 1.13)],
)  # fmt: skip
def test_power_is_as_told(rng, n, shift, factor):
    """One of 15 quantities has a posterior moved by `shift` and `factor` times as wide: found about 9 times in 10."""
    below = rng.binomial(100, stats.norm.cdf((rng.normal(size=(n, 300)) - shift) / factor))
    ranks = (below + rng.uniform(size=below.shape)) / 101
    gamma = bands.simultaneous_band(n, 0.01 / 15).gamma
    found = (bands.rarest(bands.counts_below(ranks), n) < gamma).mean()
    assert 0.8 < found < 0.99


def test_ranks_of_the_wrong_width_are_named():
    ranks = pd.DataFrame(np.random.default_rng(3).uniform(size=(200, 4)), columns=list("abcd"))
    ranks["c"] = stats.norm.cdf(
        stats.norm.ppf(ranks["c"]) * 0.6
    )  # a posterior 1.7 times as wide as it should be
    calibration = Calibration(ranks, 0)
    assert not calibration.passed
    assert "OUTSIDE" in str(calibration)
    assert calibration.deviations.idxmax() == calibration.p_values.idxmin() == "c"
    assert (calibration.deviations.drop("c") < 1).all()
    assert (calibration.band["lower"] < calibration.band.index).all()
    assert (calibration.band["upper"] > calibration.band.index).all()
    legend = calibration.plot().get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["c"]


def test_fits_and_figures():
    fit = bo.fit("rating ~ temp", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    calibration = bo.simulate_calibration(fit, replicates=10, random_seed=2, progressbar=False)
    again = bo.simulate_calibration(fit, replicates=10, random_seed=2, progressbar=False, cores=1)
    pd.testing.assert_frame_equal(calibration.ranks, again.ranks)
    assert "10 replicates" in str(calibration)
    axes = calibration.plot()
    assert len(axes.lines) == calibration.ranks.shape[1] + 2


def test_weighted_answers_are_simulated_one_by_one(rng):
    """A row of weight w gives w answers from its own probabilities; equal ones come back as one weighted row."""
    data = pd.DataFrame(
        {"x": [0.0, 1.0, 3.0, 5.0], "g": list("aabb"), "w": [20_000, 0, 30_000, 1], "y": [0, 0, 1, 2]}
    )
    design = from_formula("y ~ x + (1 | g)", data, sample_weight="w")
    link, eta, cutpoints = get_link("probit"), np.array([0.3, -0.5, 0.0]), np.array([-0.4, 0.8])
    answers = replicates._simulate(design, link, eta, cutpoints, rng)
    assert answers.weights.sum() == 50_001
    assert len(answers.y) == 3 + 3 + 1
    for x, g, at in ((0.0, "a", 0.3), (3.0, "b", -0.5)):
        mine = answers.X[:, 0] == x
        assert [answers.groups[0].labels[i] for i in answers.groups[0].index[mine]] == [g] * 3
        share = answers.weights[mine][np.argsort(answers.y[mine])] / answers.weights[mine].sum()
        expected = np.diff(stats.norm.cdf(cutpoints - at), prepend=0, append=1)
        np.testing.assert_allclose(share, expected, atol=0.014)  # four standard errors


def test_what_cannot_be_simulated_is_refused():
    wine = bo.datasets.load_wine()
    with pytest.raises(ValueError, match="flat"):
        bo.simulate_calibration("rating ~ temp", wine, priors=bo.Priors(beta=bo.priors.flat()))
    with pytest.raises(ValueError, match="whole frequency weights"):
        bo.simulate_calibration("rating ~ temp", wine, sample_weight=np.full(72, 1.5))
    fit = bo.fit("rating ~ temp", wine, sample_weight=np.full(72, 0.5), weights="importance", random_seed=1, progressbar=False)  # fmt: skip
    with pytest.raises(ValueError, match="'importance'"):
        bo.simulate_calibration(fit)
    with pytest.raises(TypeError, match="priors= may be given"):
        bo.simulate_calibration(fit, sample_weight=np.full(72, 2))
