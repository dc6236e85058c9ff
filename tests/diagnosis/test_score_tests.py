"""Scores and information against differences of the likelihood and sums over all answers; the tests against refits."""

from dataclasses import replace

import numpy as np
import pytest
from quick_modes import NORMAL, mode_of, simulated_mode
from reference import cdf, pdf
from scipy import optimize, stats

import bayesord as bo
from bayesord.diagnosis.chi_square import holm, inverse_of, score_test
from bayesord.diagnosis.parallel import parallel_check
from bayesord.diagnosis.scores import effects_at_mean, merged_cutpoints, score_table
from bayesord.diagnosis.shape import curve_tests, link_test
from bayesord.likelihood.links import LINKS
from bayesord.modelling.design import from_arrays
from bayesord.predictive.group_effects import GroupEffects
from bayesord.predictive.linear_draws import LinearDraws


def moves(link, X, at):
    """What every extension does to the arguments: (extensions, n, m)."""
    n, m = at.shape
    x = X - X.mean(axis=0)
    found = []
    for k in range(m):
        for h in range(X.shape[1] + 1):
            v = np.zeros((n, m))
            v[:, k] = 1.0 if h == 0 else -x[:, h - 1]
            found.append(v)
    F = cdf(link, at)
    scale = F * (1 - F) / pdf(link, at)
    found += [scale * (2 * F - 1), scale * (2 * F - 1) ** 2]
    return np.array(
        found + [-np.repeat((x[:, [j]] / X[:, j].std()) ** 2, m, axis=1) for j in range(X.shape[1])]
    )


def log_p(link, at):
    """(n, K) log probabilities of all categories."""
    below = np.column_stack([np.zeros(len(at)), cdf(link, at), np.ones(len(at))])
    return np.log(np.diff(below, axis=1))


def slopes(link, at, v, h=1e-5):
    """(n, K): derivatives of all log P by a move of the arguments."""
    return (log_p(link, at + h * v) - log_p(link, at - h * v)) / (2 * h)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("kind", ["none", "frequency", "importance"])
def test_scores_and_information(link, kind, rng):
    truth = bo.simulate(40, beta=(0.7, -0.4), n_categories=4, link=link, random_seed=rng)
    w = np.ones(40) if kind == "none" else rng.integers(1, 4, 40) * 1.0
    weights = {} if kind == "none" else {"sample_weight": w, "weights": kind}
    offset = rng.normal(size=40)
    design = from_arrays(truth.X, truth.y, categories=range(4), offset=offset, **weights)
    design = replace(design, mean=truth.X.mean(axis=0), sd=truth.X.std(axis=0))
    mode = mode_of(design, link)
    scores = score_table(mode)
    at = mode.cutpoints.to_numpy() - (truth.X @ mode.beta.to_numpy() + offset)[:, None]
    each = np.array([slopes(link, at, v) for v in moves(link, truth.X, at)])  # (M, n, K)
    p = np.exp(log_p(link, at))
    np.testing.assert_allclose(scores.score, each[:, np.arange(40), truth.y] @ w, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        scores.information, np.einsum("aik,bik,ik,i->ab", each, each, p, w), rtol=1e-5, atol=1e-5
    )
    factor = w**2 if kind == "importance" else w
    np.testing.assert_allclose(
        scores.variance, np.einsum("aik,bik,ik,i->ab", each, each, p, factor), rtol=1e-5, atol=1e-5
    )


def test_group_effects_are_integrated_over_with_their_prior(grouped_fit):
    """All parameters in one matrix, a mean over draws; effects with the precision of their prior; its Schur complement."""
    fit = grouped_fit
    design, term, draws = fit.design, fit.design.groups[0], fit.predictive_draws()
    beta, cutpoints = draws.beta.mean(axis=0), draws.cutpoints.mean(axis=0)
    effects = effects_at_mean(draws)
    assert effects.shape == (40, draws.groups[0].effects[0].size)
    score = information = 0.0
    for u in effects:
        eta = design.X @ beta + (term.Z * u.reshape(-1, 2)[term.index]).sum(axis=1)
        at = cutpoints - eta[:, None]
        of_effects = np.zeros((u.size, *at.shape))
        for i, (group, z) in enumerate(zip(term.index, term.Z, strict=True)):
            of_effects[2 * group : 2 * group + 2, i] = -z[:, None]
        all_moves = np.concatenate([moves("logit", design.X, at), of_effects])
        each = np.array([slopes("logit", at, v) for v in all_moves])
        score = score + each[:, np.arange(len(eta)), design.y].sum(axis=1) / 40
        information = information + np.einsum("aik,bik,ik->ab", each, each, np.exp(log_p("logit", at))) / 40
    posterior = fit.idata["posterior"]
    sd, corr = posterior[term.sd].values.reshape(-1, 2), posterior[term.corr].values.reshape(-1, 2, 2)
    precision = np.linalg.inv((sd[:, :, None] * sd[:, None, :] * corr).mean(axis=0))
    M = len(all_moves) - u.size
    information[M:, M:] += np.kron(np.eye(term.n_groups), precision)
    score[M:] -= (effects.mean(axis=0).reshape(-1, 2) @ precision).ravel()
    solved = np.linalg.solve(information[M:, M:], information[M:, :M]).T
    scores = score_table(fit)
    np.testing.assert_allclose(scores.score, score[:M] - solved @ score[M:], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        scores.information, information[:M, :M] - solved @ information[M:, :M], rtol=1e-4, atol=1e-3
    )


def test_effects_follow_the_parameters_they_go_with(rng):
    """Effects that are linear in the others, and noise: what is left is the noise about the line at the mean."""
    beta, cutpoints = rng.normal(size=(200, 2)), np.sort(rng.normal(size=(200, 3)), axis=1)
    noise = rng.normal(size=(200, 4, 1)) * 0.1
    slopes = rng.normal(size=(4, 5))
    line = (np.hstack([beta, cutpoints]) @ slopes.T)[:, :, None]
    index, Z = rng.integers(0, 4, 30), np.ones((30, 1))
    group = GroupEffects(index, Z, line + noise)
    found = effects_at_mean(LinearDraws("logit", rng.normal(size=(30, 2)), beta, cutpoints, groups=(group,)))
    assert found.shape == (40, 4)
    np.testing.assert_allclose(found.mean(axis=0), line.mean(axis=0).ravel(), atol=0.06)
    assert 0.07 < found.std(axis=0).mean() < 0.13


def partial_odds(truth, j):
    """Maximum likelihood with coefficients of column j at each cutpoint: (coefficients (m,), log-likelihood)."""
    X, y = truth.X, truth.y
    m, p = len(truth.cutpoints), X.shape[1]

    def negative(theta):
        own, common, cuts = theta[:m], theta[m : m + p - 1], theta[m + p - 1 :]
        eta = np.delete(X, j, axis=1) @ common
        at = cuts - eta[:, None] - X[:, [j]] * own
        below = np.column_stack([np.zeros(len(y)), cdf("logit", at), np.ones(len(y))])
        chance = np.diff(below, axis=1)[np.arange(len(y)), y]
        return -np.log(np.maximum(chance, 1e-300)).sum()

    start = np.concatenate([np.full(m, truth.beta[j]), np.delete(truth.beta, j), truth.cutpoints])
    found = optimize.minimize(negative, start, method="BFGS", options={"gtol": 1e-4})
    return found.x[:m], -found.fun


def test_estimates_and_statistic_are_those_of_a_refit(rng):
    """In 4,000 rows: the coefficients of a partial model by maximum likelihood, and its likelihood ratio."""
    truth = bo.simulate(4000, beta=(0.8, -0.5), n_categories=4, random_seed=11)
    y = truth.y.copy()
    pushed = (y == 2) & (truth.X[:, 0] > 0.5) & (rng.uniform(size=4000) < 0.3)
    y[pushed] = 3  # x0 matters more to the last cutpoint than to the others
    truth = replace(truth, y=y)
    mode = bo.fit(truth.X, y, method="mode", priors=bo.Priors(bo.priors.flat(), bo.priors.flat()))
    check = parallel_check(mode, score_table(mode))
    for j, name in enumerate(["x0", "x1"]):
        own, log_likelihood = partial_odds(truth, j)
        rows = check.estimates[check.estimates["predictor"] == name]
        assert np.abs((rows["estimate"] - own) / rows["se"]).max() < 0.25
        ratio = 2 * (log_likelihood - mode.log_likelihood)
        assert check.tests["statistic"][name] == pytest.approx(ratio, rel=0.1, abs=0.1)
    assert check.tests["p"]["x0"] < 1e-4 < check.tests["p"]["x1"]


def test_where_the_estimate_lies_hardly_matters(rng):
    """A prior that pulls coefficients by two standard errors: the projection takes it out to first order."""
    truth = bo.simulate(1000, beta=(0.8, -0.5, 0.2), n_categories=4, random_seed=4)
    tests = []
    for priors in (bo.Priors(beta=bo.priors.flat()), bo.Priors(beta=bo.priors.normal(0, 0.15))):
        mode = bo.fit(truth.X, truth.y, method="mode", priors=priors)
        scores = score_table(mode)
        tests.append([*parallel_check(mode, scores).tests["statistic"], link_test(scores).statistic])
    np.testing.assert_allclose(tests[0], tests[1], rtol=0.1, atol=0.05)


def test_weights(rng):
    """Repeated rows are rows; the size of importance weights does not matter."""
    truth = bo.simulate(150, beta=(0.8, -0.5), n_categories=4, random_seed=5)
    w = rng.integers(1, 4, 150)
    index = np.repeat(np.arange(150), w)
    flat = {"method": "mode", "priors": bo.Priors(bo.priors.flat(), bo.priors.flat())}
    fits = [
        bo.fit(truth.X[index], truth.y[index], **flat),
        bo.fit(truth.X, truth.y, sample_weight=w, **flat),
        bo.fit(truth.X, truth.y, sample_weight=0.3 * w, weights="importance", **flat),
        bo.fit(truth.X, truth.y, sample_weight=60.0 * w, weights="importance", **flat),
    ]
    found = [parallel_check(fit, score_table(fit)) for fit in fits]
    np.testing.assert_allclose(found[0].tests["p"], found[1].tests["p"], rtol=1e-4)
    np.testing.assert_allclose(found[2].tests["p"], found[3].tests["p"], rtol=1e-4)
    np.testing.assert_allclose(found[0].estimates["estimate"], found[2].estimates["estimate"], rtol=1e-3)
    assert np.all(found[2].estimates["se"] > found[0].estimates["se"])  # fewer rows than their weights say


@pytest.fixture(scope="module")
def healthy():
    """p values of 60 data sets from the model: {test: values}."""
    rng, found = np.random.default_rng(8), {"parallel": [], "link": [], "curves": []}
    for _ in range(60):
        mode = simulated_mode(rng, 250)
        scores = score_table(mode)
        found["parallel"] += parallel_check(mode, scores).tests["p"].tolist()
        found["link"].append(link_test(scores).p)
        found["curves"] += curve_tests(scores, mode.design.predictors)["p"].tolist()
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.parametrize("test", ["parallel", "link", "curves"])
def test_p_values_are_uniform_if_the_model_is_right(healthy, test):
    assert stats.kstest(healthy[test], "uniform").pvalue > 1e-3
    assert np.mean(healthy[test] < 0.05) < 0.09


def test_power(rng):
    """Each test finds what it is for, and leaves the others in peace."""
    x = rng.normal(size=(1000, 2))
    latent = 0.8 * x[:, 0] + rng.logistic(size=1000)
    y = np.searchsorted([-1, 0, 1.5], latent)
    up = (y == 2) & (rng.uniform(size=1000) < 0.6 * (x[:, 1] > 0))
    mode = bo.fit(x, np.where(up, 3, y), method="mode", priors=NORMAL)
    tests = parallel_check(mode, score_table(mode)).tests
    assert tests["p_adjusted"]["x1"] < 1e-3 < 0.01 < tests["p_adjusted"]["x0"]

    skewed = np.searchsorted([-2, -1, 0], 1.3 * x[:, 0] + stats.gumbel_l.rvs(size=1000, random_state=rng))
    p = {
        link: link_test(
            score_table(bo.fit(x, skewed, link=link, method="mode", priors=bo.Priors(beta=bo.priors.flat())))
        ).p
        for link in ("logit", "cloglog")
    }
    assert p["logit"] < 1e-3 < 0.01 < p["cloglog"]

    curved = np.searchsorted([0, 1, 2], 0.5 * x[:, 1] ** 2 + x[:, 0] + rng.logistic(size=1000))
    mode = bo.fit(x, curved, method="mode", priors=bo.Priors(beta=bo.priors.flat()))
    tests = curve_tests(score_table(mode), mode.design.predictors)
    assert tests["p"]["x1"] < 1e-4 < 0.01 < tests["p"]["x0"]


def test_rare_and_empty_categories_are_merged(rng):
    assert merged_cutpoints(np.array([2, 9, 0, 7, 8, 1])).tolist() == [1, 3]
    assert merged_cutpoints(np.array([5, 5, 5])).tolist() == [0, 1]
    assert merged_cutpoints(np.array([0, 30, 0, 30, 0])).tolist() == [1]
    assert merged_cutpoints(np.array([3, 1, 20])).tolist() == []
    truth = bo.simulate(200, beta=(0.5,), cutpoints=(-4, -1, 1, 4), random_seed=2)
    with pytest.warns(UserWarning, match="0 observations"):
        mode = bo.fit(
            truth.X,
            truth.y,
            categories=range(6),
            method="mode",
            priors=bo.Priors(bo.priors.dirichlet(2.0), bo.priors.normal(0, 1)),
        )
    check = parallel_check(mode, score_table(mode))
    assert check.estimates["cutpoint"].tolist() == ["0|1", "1|2", "2|3"][-len(check.estimates) :]
    assert np.isfinite(check.tests["p"]).all()
    few = bo.fit(truth.X[:8], [0, 0, 1, 1, 1, 1, 0, 1], method="mode", priors=NORMAL)
    assert "fewer than two categories" in score_table(few)


@pytest.mark.filterwarnings("ignore:.*collinear:UserWarning", "ignore:.*rank:UserWarning")
def test_columns_that_say_the_same(rng):
    truth = bo.simulate(200, beta=(0.8, -0.5), n_categories=4, random_seed=6)
    priors = {"method": "mode", "priors": bo.Priors(beta=bo.priors.normal(0, 1))}
    plain = bo.fit(truth.X, truth.y, **priors)
    double = bo.fit(np.column_stack([truth.X, truth.X[:, 1]]), truth.y, **priors)
    tests = [parallel_check(fit, score_table(fit)).tests["p"] for fit in (plain, double)]
    assert tests[1].to_numpy()[[0, 2]] == pytest.approx(tests[0].to_numpy(), abs=0.02)


def test_small_tools(rng):
    assert holm(np.array([0.01, np.nan, 0.04, 0.03])).tolist() == pytest.approx(
        [0.03, np.nan, 0.06, 0.06], nan_ok=True
    )
    A = rng.normal(size=(4, 4))
    np.testing.assert_allclose(inverse_of(A @ A.T), np.linalg.inv(A @ A.T), rtol=1e-6)
    S, V = rng.normal(size=3), np.diag([2.0, 0.5, 1e-12])
    found = score_test(S, V, np.array([2.0, 1.0, 1.0]))
    assert found.df == 2
    assert found.statistic == pytest.approx(S[0] ** 2 / 2 + S[1] ** 2 / 0.5)
    assert found.p == pytest.approx(stats.chi2.sf(found.statistic, 2))
    assert np.isnan(score_test(S[:1], np.zeros((1, 1)), np.zeros(1)).p)
