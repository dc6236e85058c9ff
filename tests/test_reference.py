"""The oracles themselves: the reference implementations against stored figures and against integrals."""

import maximum
import numpy as np
import oracles
import pytest
import reference
from importance import importance_sample
from scipy import integrate, optimize, special, stats

CELLS = {
    "wine": reference.Cells.from_counts(reference.WINE),
    "stem cell": reference.Cells.from_counts(reference.STEM_CELL),
}
ZERO_DATA = reference.Cells(np.array([[-1.0], [0.5], [2.0]]), np.array([0, 1, 2]), np.full(3, 1e-13), 3)


def wine_by_judge():
    y = np.array([int(rating) - 1 for judge in reference.WINE_BY_JUDGE for rating in str(judge)])
    return np.array(reference.WINE_BOTTLES * 9, float), y, np.repeat(np.arange(9), 8)


def test_wine_by_judge_adds_up_to_the_counts():
    x, y, _ = wine_by_judge()
    by_judge, by_count = reference.Cells.from_rows(x, y, 5), CELLS["wine"]
    assert by_count.count.sum() == 72
    np.testing.assert_array_equal(by_judge.x, by_count.x)
    np.testing.assert_array_equal(by_judge.y, by_count.y)
    np.testing.assert_array_equal(by_judge.count, by_count.count)
    np.testing.assert_array_equal(by_count.variance, [0.25, 0.25])
    assert CELLS["stem cell"].count.sum() == 829


@pytest.mark.parametrize("link", reference.LINKS)
def test_a_link_is_a_distribution(link):
    x = np.linspace(-6, 6, 25)
    slope = (reference.cdf(link, x + 1e-5) - reference.cdf(link, x - 1e-5)) / 2e-5
    np.testing.assert_allclose(reference.pdf(link, x), slope, rtol=1e-7, atol=1e-9)
    p = np.linspace(0.01, 0.99, 25)
    np.testing.assert_allclose(reference.cdf(link, reference.quantile(link, p)), p, rtol=1e-12)
    mirrored = reference.cdf(reference.MIRROR[link], -x)
    np.testing.assert_allclose(reference.cdf(link, x), 1 - mirrored, atol=1e-15)
    assert reference.cdf(link, np.array([-np.inf, np.inf])).tolist() == [0, 1]
    scipy_name = {
        "logit": "logistic",
        "probit": "norm",
        "cloglog": "gumbel_l",
        "loglog": "gumbel_r",
        "cauchit": "cauchy",
    }
    peer = getattr(stats, scipy_name[link])
    np.testing.assert_allclose(reference.cdf(link, x), peer.cdf(x), rtol=1e-11)
    if link != "cauchit":
        assert reference.latent_variance(link) == pytest.approx(peer.var(), rel=1e-14)
    else:
        spread = np.sqrt(reference.latent_variance(link)) * stats.norm.ppf(0.75)
        assert spread == pytest.approx(peer.ppf(0.75), rel=1e-14)


@pytest.mark.parametrize("link", reference.LINKS)
def test_interval_loses_nothing_in_either_tail(link):
    at = np.array([-30.0, 30.0]) if link not in ("cloglog", "loglog") else np.array([-3.0, 3.0])
    width = 1e-6 * abs(at)
    expected = reference.pdf(link, at + width / 2) * width
    np.testing.assert_allclose(reference.interval(link, at, at + width), expected, rtol=1e-7)


@pytest.mark.parametrize("link", reference.LINKS)
def test_likelihood_gradient_equals_differences(link):
    cells = CELLS["stem cell"]
    theta = np.array([-0.9, -0.2, 1.1, 0.3, -0.4])

    def value(t):
        return reference.log_likelihood(cells, link, t[None, 3:], t[None, :3])[0]

    differences = optimize.approx_fprime(theta, value, 1e-7)
    np.testing.assert_allclose(
        maximum.likelihood_gradient(cells, link, theta), differences, rtol=2e-5, atol=2e-3
    )


@pytest.mark.parametrize("row", oracles.WINE_MAXIMUM_LIKELIHOOD, ids=lambda row: row.link)
def test_maximum_likelihood_of_wine(row):
    ml = maximum.maximum_likelihood(CELLS["wine"], row.link)
    np.testing.assert_allclose(ml.beta, row.beta, atol=1.5e-6)
    np.testing.assert_allclose(ml.cutpoints, row.cutpoints, atol=1.5e-6)
    assert ml.log_likelihood == pytest.approx(row.log_likelihood, abs=1.5e-6)
    if row.beta_se is not None:
        np.testing.assert_allclose(ml.beta_se, row.beta_se, atol=1.5e-6)


@pytest.mark.parametrize("link", reference.LINKS)
def test_mode_of_a_flat_posterior_is_the_maximum_likelihood(link):
    ml = maximum.maximum_likelihood(CELLS["stem cell"], link)
    beta, cutpoints = maximum.posterior_mode(CELLS["stem cell"], link, ("flat",), ("flat",))
    np.testing.assert_allclose(beta, ml.beta, atol=1e-7)
    np.testing.assert_allclose(cutpoints, ml.cutpoints, atol=1e-7)


def test_fitted_probabilities_of_wine():
    ml = maximum.maximum_likelihood(CELLS["wine"], "logit")
    patterns = np.array(list(oracles.WINE_FITTED), float)
    fitted = reference.category_probabilities("logit", ml.beta, ml.cutpoints, patterns)
    np.testing.assert_allclose(fitted, list(oracles.WINE_FITTED.values()), atol=1.5e-6)


def test_maximum_likelihood_with_a_judge_effect():
    beta, sd, log_likelihood = maximum.maximum_likelihood_grouped(*wine_by_judge(), 5, "logit")
    np.testing.assert_allclose(beta, oracles.WINE_JUDGES["beta"], atol=1e-4)
    assert sd == pytest.approx(oracles.WINE_JUDGES["sd"], abs=1e-4)
    assert log_likelihood == pytest.approx(oracles.WINE_JUDGES["log_likelihood"], abs=1e-5)


@pytest.mark.parametrize("row", oracles.POSTERIOR, ids=lambda row: row.name)
def test_posterior_by_importance_sampling(row):
    sample = importance_sample(CELLS[row.data], row.link, row.cutpoint_prior, row.beta_prior, seed=1)
    assert sample.ess > 100_000
    for values, means, sds in [
        (sample.cutpoints, row.cutpoints, row.cutpoints_sd),
        (sample.beta, row.beta, row.beta_sd),
    ]:
        mean, sd, error = sample.moments(values)
        combined = np.hypot(error, oracles.POSTERIOR_ERROR)
        assert np.all(np.abs(mean - means) < 4.5 * combined)
        np.testing.assert_allclose(sd, sds, rtol=0.02)
    if row.log_z is not None:
        combined = np.hypot(sample.log_z_error, oracles.POSTERIOR_ERROR)
        assert abs(sample.log_z - row.log_z) < 4.5 * combined
    if row.r2 is not None:
        mean, sd, error = sample.moments(sample.r2, sample.r2_square)
        assert abs(mean - row.r2[0]) < 4.5 * np.hypot(error, oracles.POSTERIOR_ERROR)
        assert sd == pytest.approx(row.r2[1], rel=0.02)


# Without data a Cauchy keeps tails that no multivariate t covers, unless the Dirichlet holds both ends.
EVIDENCE = [
    *[(link, ("normal", 0.5, 2.0)) for link in reference.LINKS],
    *[(link, ("dirichlet", 1.0)) for link in reference.LINKS if link != "cauchit"],
    *[(link, ("dirichlet", (2.0, 1.0, 3.0))) for link in reference.LINKS if link != "cauchit"],
    ("cauchit", ("dirichlet", (7.0, 2.0, 9.0))),
]


@pytest.mark.parametrize(("link", "cutpoint_prior"), EVIDENCE, ids=str)
@pytest.mark.parametrize("beta_prior", [("r2", 0.5, 4), ("normal", 0.0, 2.5), ("laplace", 1.0)], ids=str)
def test_without_data_the_evidence_is_one(link, cutpoint_prior, beta_prior):
    """Every constant and Jacobian at once: proper priors integrate to 1 in the sampler's own coordinates."""
    sample = importance_sample(ZERO_DATA, link, cutpoint_prior, beta_prior, draws=20_000, seed=2)
    assert abs(sample.log_z) < 4.5 * sample.log_z_error + 1e-10
    assert sample.log_z_error < 0.05


def test_dirichlet_prior_is_that_of_the_category_probabilities():
    """Draw pi ~ Dirichlet, map to cutpoints, and meet the density's own moments."""
    rng = np.random.default_rng(5)
    alpha = (2.0, 1.0, 3.0)
    cutpoints = reference.quantile("cloglog", np.cumsum(rng.dirichlet(alpha, 100_000), axis=1)[:, :2])
    sample = importance_sample(ZERO_DATA, "cloglog", ("dirichlet", alpha), ("normal", 0, 1e-3), seed=3)
    mean, sd, error = sample.moments(sample.cutpoints)
    assert np.all(np.abs(mean - cutpoints.mean(0)) < 4.5 * np.hypot(error, sd / np.sqrt(100_000)))
    np.testing.assert_allclose(sd, cutpoints.std(0), rtol=0.02)


@pytest.mark.parametrize("p", [0, 1, 3])
@pytest.mark.parametrize("precision", [2, 4])
def test_r2_is_integrated_out(p, precision):
    rng = np.random.default_rng(p)
    beta, variance = rng.normal(size=(1, p)), rng.uniform(0.5, 2, p)
    prior = ("r2", 0.4, precision)

    def joint(t):
        return np.exp(reference.log_prior_r2(prior, "logit", beta, variance, t)[0])

    value, _ = integrate.quad(joint, -40, 40, points=[0], limit=200)
    mean, _ = integrate.quad(lambda t: joint(t) * special.expit(t), -40, 40, points=[0], limit=200)
    square, _ = integrate.quad(lambda t: joint(t) * special.expit(t) ** 2, -40, 40, points=[0], limit=200)
    log_density, r2, r2_square = reference.log_prior_r2_marginal(prior, "logit", beta, variance)
    assert log_density[0] == pytest.approx(np.log(value), abs=1e-7)
    assert r2[0] == pytest.approx(mean / value, abs=1e-7)
    assert r2_square[0] == pytest.approx(square / value, abs=1e-7)


def test_independent_priors_are_those_of_scipy():
    beta = np.random.default_rng(6).normal(size=(4, 3)) * 3
    scale = np.array([0.5, 1.0, 2.0])
    for prior, peer in [
        (("normal", 0.3, scale), stats.norm(0.3, scale)),
        (("student_t", 4.0, -1.0, 0.7), stats.t(4, -1, 0.7)),
        (("laplace", 0.7), stats.laplace(0, 0.7)),
    ]:
        np.testing.assert_allclose(
            reference.log_prior_beta(prior, beta), peer.logpdf(beta).sum(1), rtol=1e-13
        )


def test_a_mixed_prior_is_the_product_of_its_parts():
    beta, variance = np.array([[0.3, -1.0, 0.7]]), np.array([1.0, 2.0, 3.0])
    mixed = ("mixed", (1,), ("normal", 0.5, 2.0), ("r2", 0.4, 3))
    got = reference.log_prior_marginal(mixed, "logit", beta, variance)
    rest = reference.log_prior_r2_marginal(("r2", 0.4, 3), "logit", beta[:, [0, 2]], variance[[0, 2]])
    assert got[0][0] == pytest.approx(rest[0][0] + stats.norm(0.5, 2).logpdf(-1.0), rel=1e-12)
    assert (got[1][0], got[2][0]) == (rest[1][0], rest[2][0])


def test_r2_prior_in_words():
    """Drawn forwards, R2 and then beta: as many land in a box as the density says."""
    rng = np.random.default_rng(11)
    variance = np.array([0.5, 2.0, 8.0])
    r2 = rng.beta(6, 4, 200_000)
    w = reference.latent_variance("probit") * r2 / (1 - r2)
    beta = rng.standard_normal((len(r2), 3)) * np.sqrt(w[:, None] / (3 * variance))
    inner = np.abs(beta) < [1.0, 0.5, 0.25]
    drawn = inner.all(1).mean()
    nodes, weights = np.polynomial.legendre.leggauss(16)
    grid = np.stack(np.meshgrid(nodes, nodes / 2, nodes / 4, indexing="ij"), -1).reshape(-1, 3)
    weight = (weights[:, None, None] * weights[:, None] * weights).ravel() / 8
    density, _, _ = reference.log_prior_r2_marginal(("r2", 0.6, 10), "probit", grid, variance)
    assert abs(weight @ np.exp(density) - drawn) < 4.5 * np.sqrt(drawn / len(r2)) + 1e-4


def test_joint_posterior_is_the_sum_of_its_parts():
    cells, rng = CELLS["wine"], np.random.default_rng(4)
    beta, cutpoints = rng.normal(size=(3, 2)), np.sort(rng.normal(size=(3, 4)), axis=1)
    by_hand = [
        sum(
            n * np.log(reference.category_probabilities("logit", b, c, np.array([x]) - 0.5)[0][k])
            for x, counts in reference.WINE.items()
            for k, n in enumerate(counts)
            if n
        )
        for b, c in zip(beta, cutpoints, strict=True)
    ]
    flat = reference.log_posterior(cells, "logit", ("flat",), ("flat",), beta, cutpoints)
    np.testing.assert_allclose(flat, by_hand, rtol=1e-12)
    t = np.array([-1.0, 0.0, 2.0])
    full = reference.log_posterior(cells, "logit", ("normal", 0, 3), ("r2", 0.5, 4), beta, cutpoints, t)
    r2, w = special.expit(t), np.pi**2 / 3 * np.exp(t)
    prior = stats.beta(2, 2).logpdf(r2) + np.log(r2 * (1 - r2))
    prior += stats.norm.logpdf(beta, scale=np.sqrt(w / (2 * 0.25))[:, None]).sum(1)
    prior += stats.norm.logpdf(cutpoints, scale=3).sum(1) + np.log(24)
    np.testing.assert_allclose(full, flat + prior, rtol=1e-12)
