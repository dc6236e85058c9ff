"""The direct density is the density of the pm.Model, in other coordinates."""

import numpy as np
import pytest
from cases import PRIORS, small_design

import bayesord as bo
from bayesord.inference.geometry import place_posterior
from bayesord.inference.layout import has_direct_density, lay_out
from bayesord.likelihood.links import LINKS, get_link
from bayesord.modelling.build import build_model
from bayesord.modelling.design import from_arrays
from bayesord.modelling.priors import coefficient_blocks

DIRECT = [name for name in PRIORS if name not in ("r2d2", "horseshoe")]
FIXED = [name for name in DIRECT if name not in ("default", "mixed by name")]  # no learned scale


class Model:
    """log density of the pm.Model at a point of the direct density, and that point in the model's coordinates."""

    def __init__(self, design, link, priors):
        self.design, self.priors = design, priors
        self.layout = lay_out(design, get_link(link), priors)
        self.direct, self.rotation, self.found = place_posterior(self.layout)
        model = build_model(design, link, priors)
        self.names = [v.name for v in model.value_vars]
        self.logp = model.logp_dlogp_function(ravel_inputs=True, mode="FAST_COMPILE")
        self.logp.set_extra_values({})

    def point(self, x):
        placed = self.direct.place(x[None])
        a, g, u = placed.a, placed.g, placed.u
        m = self.layout.n_steps
        beta = np.empty(len(self.layout.order))
        beta[self.layout.order] = np.concatenate([a[0, m:], self.rotation @ g[0]]) * self.layout.unit
        values = {"cutpoint_steps": a[0, :m], "beta": beta}
        values |= {
            f"beta_{i}": beta[where]
            for i, (_, where) in enumerate(coefficient_blocks(self.design, self.priors), 1)
        }
        return np.concatenate(
            [np.atleast_1d(u[0] if name.startswith("R2") else values[name]) for name in self.names]
        )

    def jacobian(self, x, h=1e-4):
        """d point / d x by fourth-order differences."""
        columns = []
        for e in np.eye(len(x)) * h:
            near = self.point(x + e) - self.point(x - e)
            far = self.point(x + 2 * e) - self.point(x - 2 * e)
            columns.append((8 * near - far) / (12 * h))
        return np.array(columns).T


@pytest.mark.parametrize("name", DIRECT)
@pytest.mark.parametrize("link", LINKS)
def test_gradient_is_that_of_the_model_through_the_map(rng, link, name):
    """∇x = J' ∇θ + ∇ log|J|; the constant part is held by differences of values, where log|J| cancels up to u."""
    model = Model(small_design(rng), link, PRIORS[name])
    assert model.found
    points = rng.normal(size=(4, model.direct.n_dim))
    for x in points:
        value, gradient = model.direct(x)
        J = model.jacobian(x)
        expected, at_theta = model.logp(model.point(x))
        assert value == pytest.approx(expected + np.linalg.slogdet(J)[1], rel=1e-9)
        if not model.layout.n_shared:  # the map is affine: its Jacobian adds nothing to the gradient
            np.testing.assert_allclose(gradient, J.T @ at_theta, rtol=1e-8, atol=1e-8)
        h = 1e-5
        differences = [
            (model.direct(x + h * e)[0] - model.direct(x - h * e)[0]) / (2 * h) for e in np.eye(len(x))
        ]
        np.testing.assert_allclose(gradient, differences, rtol=1e-7, atol=1e-6)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("name", FIXED)
def test_value_and_gradient_equal_the_model_without_a_map(rng, link, name):
    """In the model's own coordinates both agree to 1e-10: the two definitions cannot drift apart."""
    design = small_design(rng, weights=True, offset=True)
    layout = lay_out(design, get_link(link), PRIORS[name])
    model, direct = Model(design, link, PRIORS[name]), layout.density()
    m = layout.n_steps
    scale = np.empty(len(layout.order))
    scale[layout.order] = layout.unit
    for _ in range(3):
        steps, beta = rng.normal(0, 0.5, m), rng.normal(0, 0.3, len(scale))
        value, gradient = direct(np.concatenate([steps, (beta / scale)[layout.order]]))
        by_beta = np.empty_like(scale)
        by_beta[layout.order] = gradient[m:]
        theta = {"cutpoint_steps": steps, "beta": beta}
        theta |= {
            f"beta_{i}": beta[where]
            for i, (_, where) in enumerate(coefficient_blocks(design, PRIORS[name]), 1)
        }
        by_name = {"cutpoint_steps": gradient[:m], "beta": by_beta / scale}
        by_name |= {
            f"beta_{i}": (by_beta / scale)[w]
            for i, (_, w) in enumerate(coefficient_blocks(design, PRIORS[name]), 1)
        }
        expected, expected_gradient = model.logp(np.concatenate([theta[n] for n in model.names]))
        constant = layout.constant - np.log(scale).sum()
        assert value + constant == pytest.approx(expected, rel=1e-10)
        np.testing.assert_allclose(
            np.concatenate([by_name[n] for n in model.names]), expected_gradient, rtol=1e-10, atol=1e-10
        )


def test_weights_offset_and_one_large_block(rng):
    """More rows than a block holds, weights, an offset, an empty category: value and gradient by differences."""
    n = 2500
    X = rng.normal(size=(n, 2))
    design = from_arrays(X, rng.choice([0, 1, 3], n), categories=[0, 1, 2, 3], sample_weight=rng.uniform(0.1, 2, n), weights="importance", offset=rng.normal(size=n))  # fmt: skip
    model = Model(design, "logit", bo.Priors())
    x = rng.normal(size=model.direct.n_dim)
    value, _ = model.direct(x)
    expected = model.logp(model.point(x))[0] + np.linalg.slogdet(model.jacobian(x))[1]
    assert value == pytest.approx(expected, rel=1e-10)


test_weights_offset_and_one_large_block = pytest.mark.filterwarnings("ignore:.*0 observations")(
    test_weights_offset_and_one_large_block
)


def test_no_predictors(rng):
    model = Model(from_arrays(np.zeros((40, 0)), np.r_[0:4, rng.integers(0, 4, 36)]), "probit", bo.Priors())
    x = rng.normal(size=3)
    assert model.direct(x)[0] == pytest.approx(
        model.logp(model.point(x))[0] + np.linalg.slogdet(model.jacobian(x))[1], rel=1e-9
    )


def test_a_point_that_is_not_finite_is_refused_not_returned(rng):
    model = Model(small_design(rng), "logit", bo.Priors())
    value, _ = model.direct(np.full(model.direct.n_dim, 1e4))
    assert not np.isfinite(value) or value < -1e6


def test_which_priors_have_a_direct_density(rng):
    design = small_design(rng)
    assert {name for name in PRIORS if has_direct_density(design, PRIORS[name])} == set(DIRECT)
    two = bo.Priors(beta={"x0": bo.priors.r2(0.3, 5), "x1": bo.priors.r2(0.7, 5)})
    assert not has_direct_density(design, two)
