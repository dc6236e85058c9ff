"""Prior-data conflict: against SciPy's distributions, against the exact normal case, and over simulated truths."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayesord as bo
from bayesord.inference.conflict import _DRAWS, _normal_scores, conflict_limit, prior_conflicts
from bayesord.likelihood.links import get_link
from bayesord.modelling.design import from_arrays, from_formula

LOGIT = get_link("logit")
GRID = np.array([-30.0, -4.0, -0.5, 0.0, 0.3, 2.0, 9.0, 40.0])
LAWS = {
    bo.priors.normal(0, 1): stats.norm,
    bo.priors.student_t(4, 0, 1): stats.t(4),
    bo.priors.laplace(1): stats.laplace,
    bo.priors.half_normal(1): stats.halfnorm,
    bo.priors.half_student_t(3, 1): None,  # SciPy has none: twice the tail of a t
    bo.priors.exponential(1): stats.expon,
}


@pytest.mark.parametrize("prior", LAWS, ids=str)
def test_a_draw_of_the_prior_becomes_standard_normal(prior):
    positive = prior.for_group_sd
    x = np.abs(GRID[GRID != 0]) if positive else GRID
    if LAWS[prior] is None:
        above = 2 * stats.t(3).sf(x)
        expected = np.where(above < 0.5, stats.norm.isf(above), stats.norm.ppf(1 - above))
    else:
        law = LAWS[prior]
        expected = np.where(law.sf(x) < 0.5, stats.norm.isf(law.sf(x)), stats.norm.ppf(law.cdf(x)))
    got = _normal_scores(prior, x)
    inside = np.isfinite(expected)
    np.testing.assert_allclose(got[inside], expected[inside], rtol=1e-9, atol=1e-12)
    assert np.isfinite(got).all()
    assert np.all(np.diff(got[np.argsort(x)]) >= 0)


def design_of(rng, n=40):
    return from_arrays(rng.normal(size=(n, 2)), np.r_[0:3, rng.integers(0, 3, n - 3)])


def posterior_of(rng, beta, sd, **others):
    draws = {
        "beta": rng.normal(beta, sd, size=(4, _DRAWS, len(beta))),
        "cutpoint_steps": rng.normal([-1, 0.5], 0.05, size=(4, _DRAWS, 2)),
    }
    return draws | others


def test_the_normal_case_is_exact(rng):
    """Estimate m with standard error s, prior Normal(1, 2): z = (m - 1)/√(4 + s²)."""
    m, s = 9.0, 0.7
    variance = 1 / (1 / 4 + 1 / s**2)
    mean = variance * (1 / 4 + m / s**2)
    draws = rng.normal(size=(4, _DRAWS))
    draws = mean + np.sqrt(variance) * (draws - draws.mean()) / draws.std()
    posterior = posterior_of(rng, [0, 0], 0.1) | {"beta": np.stack([draws, draws], axis=2)}
    found = prior_conflicts(design_of(rng), LOGIT, bo.Priors(beta=bo.priors.normal(1, 2)), posterior)
    assert [c.name for c in found] == ["x0", "x1"]
    assert found[0].z == pytest.approx((m - 1) / np.sqrt(4 + s**2), rel=1e-12)


def test_autoscale_is_part_of_the_prior(rng):
    X = rng.normal(size=(40, 1)) * 10
    design = from_arrays(X, np.r_[0:3, rng.integers(0, 3, 37)])
    posterior = posterior_of(rng, [0.5], 0.01)
    plain, scaled = (
        prior_conflicts(design, LOGIT, bo.Priors(beta=bo.priors.normal(0, 1, autoscale=a)), posterior)[0].z
        for a in (False, True)
    )
    assert scaled == pytest.approx(plain * design.sd[0], rel=0.01)


def test_a_heavy_tail_is_harder_to_contradict(rng):
    posterior = posterior_of(rng, [8.0, 0], 0.1)
    z = {
        prior.call: prior_conflicts(design_of(rng), LOGIT, bo.Priors(beta=prior), posterior)[0].z
        for prior in (bo.priors.normal(0, 1), bo.priors.laplace(1), bo.priors.student_t(3, 0, 1))
    }
    assert z["normal"] > z["laplace"] > conflict_limit(2) > z["student_t"]


def test_learned_scales_conflict_where_they_are_too_large(rng):
    design = design_of(rng)
    priors = bo.Priors(beta=bo.priors.r2(mean=0.1, precision=100))

    def z(R2):
        draws = np.clip(rng.normal(R2, 0.002, size=(4, _DRAWS)), 1e-6, 1)
        return prior_conflicts(design, LOGIT, priors, posterior_of(rng, [0, 0], 0.1, R2=draws))[0]

    assert z(0.6).name == "R2"
    assert z(0.6).z > 5
    assert z(0.001).z == 0.0
    assert abs(z(0.1).z) < 0.5


def test_group_standard_deviations(rng):
    data = {"y": np.r_[0:3, rng.integers(0, 3, 37)], "judge": rng.integers(0, 5, 40)}
    design = from_formula("y ~ 1 + (1 | judge)", pd.DataFrame(data))
    priors = bo.Priors(group_sd=bo.priors.half_normal(0.2))
    posterior = {
        "cutpoint_steps": rng.normal([-1, 0.5], 0.05, size=(4, _DRAWS, 2)),
        "sd_judge": rng.normal(1.5, 0.05, size=(4, _DRAWS, 1)),
    }
    found = prior_conflicts(design, LOGIT, priors, posterior)
    assert found[0].name == "sd_judge[Intercept]"
    assert found[0].z > conflict_limit(1)
    weak = prior_conflicts(design, LOGIT, bo.Priors(), posterior)
    assert all(c.z < conflict_limit(1) for c in weak)


def test_cutpoints(rng):
    design = design_of(rng)
    near = posterior_of(rng, [0, 0], 0.1)
    far = near | {"cutpoint_steps": rng.normal([-12, 0.5], 0.05, size=(4, _DRAWS, 2))}
    normal = bo.Priors(cutpoints=bo.priors.normal(0, 2), beta=bo.priors.flat())
    assert prior_conflicts(design, LOGIT, normal, far)[0].name == "cutpoint 0|1"
    assert prior_conflicts(design, LOGIT, normal, far)[0].z == pytest.approx(-6, rel=0.01)
    equal = bo.Priors(cutpoints=bo.priors.dirichlet(50.0), beta=bo.priors.flat())
    assert prior_conflicts(design, LOGIT, equal, far)[-1].z > 3
    assert prior_conflicts(design, LOGIT, equal, near)[-1].z < 3
    assert (
        prior_conflicts(design, LOGIT, bo.Priors(cutpoints=bo.priors.flat(), beta=bo.priors.flat()), far)
        == []
    )
    assert prior_conflicts(design, LOGIT, bo.Priors(beta=bo.priors.flat()), far) == []  # Dirichlet(1)


def test_what_the_prior_expects_is_rarely_a_conflict(rng):
    """Coefficients drawn from the prior, estimated with any precision: z is standard normal."""
    z = []
    for _ in range(150):
        truth, s = rng.standard_t(4, size=2), rng.uniform(0.05, 2)
        grid = np.linspace(-40, 40, 8001)
        posterior = posterior_of(rng, [0, 0], 0.1)
        for j, estimate in enumerate(rng.normal(truth, s)):
            log = stats.t(4).logpdf(grid) - 0.5 * ((grid - estimate) / s) ** 2
            weight = np.exp(log - log.max())
            posterior["beta"][..., j] = rng.choice(grid, p=weight / weight.sum(), size=(4, _DRAWS))
        found = prior_conflicts(
            design_of(rng), LOGIT, bo.Priors(beta=bo.priors.student_t(4, 0, 1)), posterior
        )
        z += [c.z for c in found]
    assert np.mean(np.abs(z) > 1.96) < 0.075
    assert np.mean(np.abs(z) > conflict_limit(2)) < 0.01
    assert np.std(z) == pytest.approx(1, abs=0.12)
