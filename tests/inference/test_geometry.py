import numpy as np
import pytest
from cases import PRIORS, small_design
from scipy import optimize

import bayesord as bo
from bayesord.inference.geometry import place_posterior
from bayesord.inference.layout import lay_out
from bayesord.inference.newton import Information, find_mode
from bayesord.likelihood.links import LINKS, get_link
from bayesord.modelling.design import from_arrays


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("jacobian", [True, False])
def test_the_mode_is_a_maximum(rng, link, jacobian):
    layout = lay_out(small_design(rng), get_link(link), PRIORS["normal, student_t cutpoints"])
    mode, _, found = find_mode(layout, jacobian=jacobian, tolerance=1e-14)
    density = layout.density()
    gaps = np.r_[0, np.ones(layout.n_steps - 1), np.zeros(3)] * (not jacobian)
    best = optimize.minimize(
        lambda v: -density(v)[0] + gaps @ v,
        layout.start(),
        jac=lambda v: -density(v)[1] + gaps,
        method="BFGS",
    )
    assert found
    np.testing.assert_allclose(density(mode)[1], gaps, atol=1e-6)
    assert density(mode)[0] - gaps @ mode >= -best.fun - 1e-9


def test_the_rounding_of_a_large_density_does_not_hide_its_mode():
    """36,000 answers of the prior against 2,000 that contradict it: steps as short as asked for drown in rounding."""
    rng = np.random.default_rng(0)
    share = np.full(12, 0.5 / 11)
    share[3] = 0.5
    y = rng.choice(12, 2000, p=share)
    design = from_arrays(rng.normal(size=(2000, 2)), y, categories=range(12))
    layout = lay_out(design, get_link("cloglog"), bo.Priors(bo.priors.dirichlet(3000.0), bo.priors.flat()))
    mode, information, found = find_mode(layout, jacobian=False, tolerance=1e-13, steps=200)
    gaps = np.r_[0, np.ones(layout.n_steps - 1), np.zeros(2)]
    gradient = layout.density()(mode)[1] - gaps
    assert found
    assert gradient @ information.solve(gradient) < 1e-10


@pytest.mark.parametrize("link", LINKS)
def test_expected_information_is_the_mean_of_the_observed(rng, link):
    """Simulated many times at the same parameters, minus the Hessian of the log-likelihood has this mean."""
    link, n = get_link(link), 20_000
    X = rng.normal(size=(n, 2))
    beta, steps = np.array([0.5, -0.3]), np.array([-0.8, -0.2, 0.3])
    cutpoints = np.cumsum(np.r_[steps[0], np.exp(steps[1:])])
    y = (cutpoints < (X @ beta + link.quantile(rng.uniform(size=n)))[:, None]).sum(1)
    layout = lay_out(from_arrays(X, y), link, bo.Priors(cutpoints=bo.priors.flat(), beta=bo.priors.flat()))
    mode, found_information, found = find_mode(layout)
    information = found_information.core
    density, h = layout.density(), 1e-4
    hessian = np.array(
        [(density(mode + h * e)[1] - density(mode - h * e)[1]) / (2 * h) for e in np.eye(len(mode))]
    )
    assert found
    scale = np.sqrt(np.diag(information))
    np.testing.assert_allclose(
        information / np.outer(scale, scale), -hessian / np.outer(scale, scale), atol=0.04
    )


@pytest.mark.parametrize("name", ["default", "normal, student_t cutpoints", "mixed by name"])
def test_the_posterior_is_near_a_standard_normal(rng, name):
    """With 2,000 rows log density differences in x are those of N(0, I) to a few per cent."""
    X = rng.normal(size=(2000, 3)) @ np.array([[1, 0.9, 0], [0, 0.3, 0], [0, 0, 20]])
    y = np.digitize(X @ [0.3, -0.5, 0.02] + rng.logistic(size=2000), [-1, 0.3, 1.5])
    density, _, found = place_posterior(lay_out(from_arrays(X, y), get_link("logit"), PRIORS[name]))
    assert found
    n_normal = density.n_dim - (name != "normal, student_t cutpoints")  # the learned scale is not Gaussian
    for e in np.eye(density.n_dim)[:n_normal]:
        drop = density(np.zeros(density.n_dim))[0] - 0.5 * (density(e)[0] + density(-e)[0])
        assert drop == pytest.approx(0.5, rel=0.12)


def test_flat_priors_on_separated_data_are_placed_without_raising():
    X = np.arange(20.0)[:, None]
    separated = lay_out(from_arrays(X, (X[:, 0] > 9).astype(int)), get_link("logit"), PRIORS["flat"])
    density, _, _ = place_posterior(separated)
    assert np.isfinite(density(np.zeros(density.n_dim))[0])


def test_information_without_curvature_is_turned_round(rng):
    """Positive definite information is left alone; other directions get the size of their curvature."""
    directions = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    none = np.zeros((0, 6))

    def profiled(values):
        return Information((directions * values) @ directions.T, none, None, None).profiled

    well = np.array([1e-6, 0.5, 1, 2, 3, 40])
    np.testing.assert_allclose(np.linalg.eigvalsh(profiled(well)), well, rtol=1e-6)
    for values in ([-3, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], [-1, -2, -3, 1, 2, 0.5]):
        values = np.array(values, dtype=float)
        floor = 1e-10 * np.abs(values).mean()
        expected = np.sort(np.maximum(np.abs(values), floor))
        np.testing.assert_allclose(np.linalg.eigvalsh(profiled(values)), expected, rtol=1e-6, atol=1e-14)
