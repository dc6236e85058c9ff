"""Simulation-based calibration: what the package says of its own posteriors, and that the tool can say no."""

from dataclasses import replace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesord as bo
from bayesord.calibration import Calibration
from bayesord.inference import layout

matplotlib.use("Agg")


def data(n=50):
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "z": rng.normal(2, 3, size=n),
            "judge": rng.integers(0, 8, n),
            "item": rng.integers(0, 6, n),
            "y": pd.Categorical(rng.integers(0, 4, n), categories=range(4), ordered=True),
        }
    )


MODELS = {
    "logit": ("y ~ x + z", {}),
    "probit, groups": ("y ~ x + (1 | judge)", {"link": "probit"}),
    "logit, crossed, slopes": ("y ~ x + (x | judge) + (1 | item)", {"priors": bo.Priors(group_sd=bo.priors.half_normal(1.0))}),
    "cloglog": ("y ~ x + z", {"link": "cloglog"}),
    "loglog": ("y ~ x", {"link": "loglog", "priors": bo.Priors(beta=bo.priors.normal(0, 1))}),
    "cauchit": ("y ~ x", {"link": "cauchit"}),
    "probit": ("y ~ x * z", {"link": "probit", "priors": bo.Priors(cutpoints=bo.priors.student_t(5, 0, 2), beta=bo.priors.student_t(5, 0, 1))}),
    "logit, groups": ("y ~ z + (1 | judge)", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", list(MODELS)[:3])
def test_posteriors_are_calibrated(name):
    formula, options = MODELS[name]
    calibration = bo.simulate_calibration(
        formula, data(), replicates=200, cores=2, random_seed=11, progressbar=False, **options
    )
    assert calibration.passed, str(calibration)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_posteriors_are_calibrated_at_length(name):
    formula, options = MODELS[name]
    calibration = bo.simulate_calibration(
        formula, data(), replicates=1000, cores=2, random_seed=12, progressbar=False, **options
    )
    print(f"{name}: {calibration}")
    assert calibration.passed, str(calibration)


def test_a_wrong_density_is_found(monkeypatch):
    """A sampler that believes in coefficients a quarter as large as the prior's must not pass."""
    lay_out = layout.lay_out

    def too_narrow(design, link, priors):
        return lay_out(design, link, replace(priors, beta=bo.priors.normal(0, 0.5)))

    monkeypatch.setattr(layout, "lay_out", too_narrow)
    options = {"priors": bo.Priors(beta=bo.priors.normal(0, 2))}
    calibration = bo.simulate_calibration(
        "y ~ x", data(30), replicates=60, random_seed=1, progressbar=False, cores=2, **options
    )
    assert not calibration.passed
    assert (
        calibration.deviations.drop("QWK of fixed labels")
        .idxmax()
        .startswith(("beta", "cutpoints", "P(", "log"))
    )


def test_the_band_holds_its_promise(rng):
    """Of calibrations of uniform ranks about 1 in 100 is outside."""
    outside = sum(not Calibration(pd.DataFrame(rng.uniform(size=(100, 5))), 0).passed for _ in range(400))
    assert 0 <= outside <= 12  # of a binomial with mean at most 4: 1 in 1,000 is above


def test_distances_are_those_of_scipy(rng):
    calibration = Calibration(pd.DataFrame(rng.uniform(size=(30, 3)) ** [1.0, 1.2, 2.0]), 0)
    for name, column in calibration.ranks.items():
        expected = stats.kstest(column, "uniform")
        assert calibration.distances[name] == pytest.approx(expected.statistic, rel=1e-12)
        assert calibration.p_values[name] == pytest.approx(expected.pvalue, rel=1e-9)


def test_fits_and_figures():
    fit = bo.fit("rating ~ temp", bo.datasets.load_wine(), random_seed=1, progressbar=False)
    calibration = bo.simulate_calibration(fit, replicates=10, random_seed=2, progressbar=False)
    again = bo.simulate_calibration(fit, replicates=10, random_seed=2, progressbar=False, cores=1)
    pd.testing.assert_frame_equal(calibration.ranks, again.ranks)
    assert "10 replicates" in str(calibration)
    axes = calibration.plot()
    assert len(axes.lines) == calibration.ranks.shape[1] + 2


def test_what_cannot_be_simulated_is_refused():
    wine = bo.datasets.load_wine()
    with pytest.raises(ValueError, match="flat"):
        bo.simulate_calibration("rating ~ temp", wine, priors=bo.Priors(beta=bo.priors.flat()))
    fit = bo.fit("rating ~ temp", wine, sample_weight=np.full(72, 2), random_seed=1, progressbar=False)
    with pytest.raises(ValueError, match="repeat rows"):
        bo.simulate_calibration(fit)
