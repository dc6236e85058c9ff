"""Group effects in the direct density: exact derivatives, the density of the pm.Model, the right posterior."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytensor
import pytest
from cases import grouped_design
from scipy import special, stats
from test_density import Model

import bayesord as bo
from bayesord.inference.geometry import place_posterior
from bayesord.inference.layout import lay_out
from bayesord.likelihood.links import get_link
from bayesord.modelling.design import from_arrays
from bayesord.modelling.groups import GroupTerm

pytestmark = pytest.mark.filterwarnings(
    "ignore:PyTensor could not link"
)  # said of its C mode, where it matters little

FIXED = bo.Priors(beta=bo.priors.normal(0, 2.5))
GROUP_PRIORS = {
    "default": bo.Priors(),
    "half_normal, lkj(2)": bo.Priors(
        beta=bo.priors.normal(0, 2.5), group_sd=bo.priors.half_normal(0.7), group_corr=bo.priors.lkj(2.0)
    ),
    "by name": bo.Priors(
        group_sd={
            "judge": bo.priors.exponential(0.5),
            "item": bo.priors.half_student_t(5, 1.3, autoscale=False),
        },
        group_corr={"judge": bo.priors.lkj(0.6)},
    ),
}


def differences(density, x, h=1e-5):
    return [(density(x + h * e)[0] - density(x - h * e)[0]) / (2 * h) for e in np.eye(len(x))]


@pytest.mark.parametrize("terms", [(1,), (2,), (3,), (2, 1), (1, 3, 2)])
def test_gradient_for_any_map(rng, terms):
    """Information, pulls, border and mixed directions may be anything: the gradient is that of the value."""
    layout = lay_out(grouped_design(rng, terms=terms), get_link("probit"), FIXED)
    hyper = [rng.normal(0, 0.5, q + q * (q - 1) // 2) for q in terms]
    density = layout.density(hyper=hyper)
    numbers = []
    for t, q in enumerate(terms):
        term = layout.terms[t]
        root = rng.normal(size=(*term.shape, q))
        numbers.append(
            term.at(
                hyper[t],
                scale=rng.uniform(0.3, 1, len(hyper[t])),
                info=root @ np.swapaxes(root, 1, 2),
                pull=rng.normal(size=term.shape),
            )
        )
    n_a, n_e = len(density.centre), density.n_effects
    directions = np.linalg.qr(rng.normal(size=(n_a + n_e, 2)))[0].T
    density = replace(
        density,
        terms=tuple(numbers),
        border=rng.normal(size=(n_e, n_a)),
        mixed=directions,
        mixing=np.array([1.5, -0.4]),
    )
    for _ in range(3):
        x = rng.normal(0, 0.5, density.n_dim)
        np.testing.assert_allclose(density(x)[1], differences(density, x), rtol=1e-6, atol=1e-6)


class GroupedModel(Model):
    """`Model` of test_density with the coordinates of the group effects as well."""

    def __init__(self, design, link, priors):
        super().__init__(design, link, priors)
        from bayesord.modelling.build import build_model

        model = build_model(design, link, priors)
        self.forward = {}
        for rv in model.free_RVs:
            transform = model.rvs_to_transforms[rv]
            if transform is not None and rv.name.startswith(("sd_", "chol_corr_")):
                value = rv.type()
                mapped = transform.forward(value, *rv.owner.inputs)
                self.forward[rv.name] = pytensor.function([value], mapped, mode="FAST_COMPILE", on_unused_input="ignore")  # fmt: skip

    def point(self, x):
        at, first = self.direct.place(x[None]), 0
        values = {}
        for group, A in zip(self.design.groups, at.factors, strict=True):
            J, q = group.n_groups, group.n_terms
            sd = np.sqrt((A[0] ** 2).sum(axis=1))
            values[group.effect] = at.effects[0, first : first + J * q]
            values[group.sd] = self.forward[group.sd](sd)
            if q > 1:
                values[group.chol_corr] = self.forward[group.chol_corr](A[0] / sd[:, None])
            first += J * q
        m = self.layout.n_steps
        values["beta"] = np.empty(len(self.layout.order))
        values["beta"][self.layout.order] = (
            np.concatenate([at.a[0, m:], self.rotation @ at.g[0]]) * self.layout.unit
        )
        values |= {"cutpoint_steps": at.a[0, :m], "R2": at.u}
        longest = sorted(values, key=len, reverse=True)  # a transformed value is called `sd_judge_log__`
        keys = [next(key for key in longest if name.startswith(key)) for name in self.names]
        return np.concatenate([np.atleast_1d(values[key]).ravel() for key in keys])


@pytest.mark.parametrize("name", GROUP_PRIORS)
def test_density_is_that_of_the_model_through_the_map(rng, name):
    model = GroupedModel(grouped_design(rng, terms=(2, 1)), "logit", GROUP_PRIORS[name])
    assert model.found
    for x in rng.normal(size=(2, model.direct.n_dim)):
        value, gradient = model.direct(x)
        expected, _ = model.logp(model.point(x))
        assert value == pytest.approx(expected + np.linalg.slogdet(model.jacobian(x))[1], rel=1e-8)
        np.testing.assert_allclose(gradient, differences(model.direct, x), rtol=1e-6, atol=1e-6)


def test_three_correlated_effects_are_those_of_the_model(rng):
    model = GroupedModel(grouped_design(rng, terms=(3,)), "cloglog", GROUP_PRIORS["half_normal, lkj(2)"])
    x = rng.normal(0, 0.5, model.direct.n_dim)
    expected = model.logp(model.point(x))[0] + np.linalg.slogdet(model.jacobian(x))[1]
    assert model.direct(x)[0] == pytest.approx(expected, rel=1e-8)


def test_at_the_mode_the_coordinates_are_near_standard_normal(rng):
    """Minus the Hessian of the log density has eigenvalues about 1, for crossed terms as well."""
    design = grouped_design(rng, n=600, terms=(2, 1, 1), groups=(12, 15, 9))
    density, _, found = place_posterior(lay_out(design, get_link("logit"), bo.Priors()))
    assert found
    hessian = np.array([(density(-1e-4 * e)[1] - density(1e-4 * e)[1]) / 2e-4 for e in np.eye(density.n_dim)])
    values = np.linalg.eigvalsh(0.5 * (hessian + hessian.T))
    assert values[0] > 0.4
    assert values[-1] < 2.5


def test_posterior_of_one_term_is_that_of_quadrature(rng):
    """Two categories, five groups: cutpoint and sd on a grid, each group's effect integrated by Gauss-Hermite."""
    J, n = 5, 90
    group = np.r_[0:J, rng.integers(0, J, n - J)]
    y = np.r_[0, 1, (rng.normal(0, 1, J)[group] + rng.logistic(size=n) > 0.3)[2:]].astype(int)
    term = GroupTerm("g", ("Intercept",), tuple(range(J)), group, np.ones((n, 1)))
    design = replace(from_arrays(np.zeros((n, 0)), y), groups=(term,))
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    c, log_sd = np.meshgrid(np.linspace(-6, 6, 161), np.linspace(-7, 3, 161), indexing="ij")
    u = np.exp(log_sd)[..., None] * nodes
    below, above = special.log_expit(c[..., None] - u), special.log_expit(u - c[..., None])
    log_post = stats.logistic.logpdf(c) + stats.t(3, scale=2.5).logpdf(np.exp(log_sd)) + log_sd
    for j in range(J):
        zeros, ones = np.sum((group == j) & (y == 0)), np.sum((group == j) & (y == 1))
        log_post += np.log((weights * np.exp(zeros * below + ones * above)).sum(axis=-1))
    p = np.exp(log_post - log_post.max())
    p /= p.sum()
    idata = _sample(design, bo.Priors(), draws=4000)
    for name, grid in [("cutpoints", c), ("sd_g", np.exp(log_sd))]:
        draws = idata["posterior"][name].values[..., 0]
        truth = (p * grid).sum()
        sd = np.sqrt((p * (grid - truth) ** 2).sum())
        import arviz_stats as azs

        error = sd / np.sqrt(azs.ess(draws))
        assert abs(draws.mean() - truth) < 4.5 * error
        assert draws.std() == pytest.approx(sd, rel=0.08)


def _sample(design, priors, *, draws=1000, seed=5):
    from bayesord.inference import sampling

    settings = {"tune": "auto", "chains": 4, "cores": 2, "target_accept": 0.8, "progressbar": False}
    return sampling.sample(design, get_link("logit"), priors, draws=draws, random_seed=seed, **settings)[0]


def test_posterior_has_the_names_and_dims_of_the_groups(rng):
    design = grouped_design(rng, terms=(2, 1))
    posterior = _sample(design, bo.Priors(), draws=50)["posterior"]
    assert posterior["effect_judge"].dims == ("chain", "draw", "judge", "judge_term")
    assert posterior["sd_item"].dims == ("chain", "draw", "item_term")
    np.testing.assert_allclose(
        posterior["corr_judge"].values, np.swapaxes(posterior["corr_judge"].values, -1, -2)
    )
    np.testing.assert_allclose(np.diagonal(posterior["corr_judge"].values, axis1=-2, axis2=-1), 1.0)
    assert list(posterior["judge"].values) == list(design.groups[0].labels)


@pytest.mark.slow
@pytest.mark.parametrize("terms", [(1, 1), (2,)])
def test_posterior_is_that_of_pymc_and_nutpie(rng, terms):
    """The pm.Model sampled through PyTensor, centred as it is written, against the direct density."""
    import arviz_stats as azs

    from bayesord.inference.graph import GraphDensity
    from bayesord.inference.nuts import chain_seeds, sample_model
    from bayesord.modelling.build import build_model

    design = grouped_design(rng, n=300, terms=terms, groups=(12, 9))
    # plenty of information about the standard deviations: a centred model then samples well
    eta = sum(
        rng.normal(0, 1.0, (g.n_groups, g.n_terms))[g.index] @ np.ones(g.n_terms) for g in design.groups
    )
    design = replace(design, y=np.digitize(eta + rng.logistic(size=300), [-1.5, 0.0, 1.5]))
    priors = bo.Priors(beta=bo.priors.normal(0, 2.5), group_sd=bo.priors.half_normal(1.0))
    settings = {"draws": 2000, "cores": 2, "progressbar": False}
    plain = sample_model(
        GraphDensity(build_model(design, "logit", priors)),
        seeds=chain_seeds(1, 4),
        tune=1000,
        target_accept=0.95,
        **settings,
    )
    own = _sample(design, priors, draws=2000)["posterior"]
    names = ["beta", "cutpoints", *[name for g in design.groups for name in (g.sd, g.effect)]]
    names += [g.corr for g in design.groups if g.n_terms > 1]
    for name in names:
        ours, theirs = own[name].values, plain.draws[name]
        for index in np.ndindex(ours.shape[2:]):
            a, b = ours[(..., *index)], theirs[(..., *index)]
            if a.std() < 1e-12:  # the diagonal of a correlation matrix
                continue
            error = np.hypot(azs.mcse(a, method="mean"), azs.mcse(b, method="mean"))
            assert abs(a.mean() - b.mean()) < 4.5 * error, (name, index)
            sd_error = np.hypot(azs.mcse(a, method="sd"), azs.mcse(b, method="sd"))
            assert abs(a.std() - b.std()) < 4.5 * sd_error + 0.05 * b.std(), (name, index)


def test_merging_and_sorting_rows_never_show(rng):
    """Repeated rows, the same rows weighted and shuffled: one density, and log-likelihoods per original row."""
    n = 60
    group = np.concatenate([np.arange(5), rng.integers(0, 5, n - 5)])
    data = pd.DataFrame(
        {
            "x": rng.integers(0, 3, n).astype(float),
            "g": np.array(list("abcde"))[group],
            "y": np.concatenate([np.arange(4), rng.integers(0, 4, n - 4)]),
        }
    )
    times = rng.integers(1, 5, n)
    repeated = data.loc[np.repeat(data.index, times)].sample(frac=1, random_state=1).reset_index(drop=True)
    formula, options = "y ~ x + (x | g)", {"random_seed": 1, "progressbar": False, "draws": 300, "chains": 2, "on_fail": "ignore"}  # fmt: skip
    one = bo.fit(formula, data, sample_weight=times, **options)
    many = bo.fit(formula, repeated, **options)
    densities = [place_posterior(lay_out(f.design, f.link, f.priors))[0] for f in (one, many)]
    x = rng.normal(size=densities[0].n_dim)
    assert densities[0](x)[0] == pytest.approx(densities[1](x)[0], rel=1e-10)
    whole, probs = many.log_likelihood(), many.category_probs()
    for i in (0, 7, len(repeated) - 1):
        at = repeated.loc[i]
        expected = np.log(probs.isel(obs_id=i, category=int(at["y"])).values)
        np.testing.assert_allclose(whole.isel(obs_id=i).values, expected, atol=1e-9)
    assert many.qwk(loo=True).labels.shape == (len(repeated),)


def test_draws_do_not_depend_on_cores(rng):
    design = grouped_design(rng, terms=(2, 1))
    from bayesord.inference import sampling

    settings = {"tune": "auto", "chains": 2, "target_accept": 0.8, "progressbar": False, "draws": 100}
    runs = [
        sampling.sample(design, get_link("logit"), bo.Priors(), random_seed=3, cores=cores, **settings)[0]
        for cores in (1, 2)
    ]
    for name, values in runs[0]["posterior"].items():
        np.testing.assert_array_equal(values.values, runs[1]["posterior"][name].values)
