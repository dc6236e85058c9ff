"""The fitted model against numbers that it had no part in: stored rows, and other ways to the posterior."""

import against
import numpy as np
import oracles
import pandas as pd
import pytest
import reference
from importance import importance_sample
from maximum import maximum_likelihood, posterior_mode

import bayesord as bo

FLAT = bo.Priors(cutpoints=bo.priors.flat(), beta=bo.priors.flat())

CUTPOINT_PRIORS = [("dirichlet", 1.0), ("normal", 0.0, 3.0), ("student_t", 3.0, 0.0, 2.5)]
BETA_PRIORS = [
    ("r2", 0.5, 4.0),
    ("normal", 0.3, 1.0),
    ("student_t", 4.0, 0.0, 1.0),
    ("laplace", 0.7),
    ("flat",),
]
ALL_PAIRS = [(link, c, b) for link in reference.LINKS for c in CUTPOINT_PRIORS for b in BETA_PRIORS]
FEW_PAIRS = [
    ("logit", ("dirichlet", (2.0, 1.0, 1.0, 3.0)), ("student_t", 4.0, 0.0, 1.0)),
    ("probit", ("normal", 0.5, 3.0), ("r2", 0.3, 6.0)),
    ("cloglog", ("dirichlet", 1.0), ("r2", 0.5, 4.0)),
    ("loglog", ("student_t", 3.0, 0.0, 2.5), ("laplace", 0.7)),
    ("cauchit", ("normal", 0.0, 3.0), ("normal", 0.3, 1.0)),
]


@pytest.mark.parametrize("row", oracles.WINE_MAXIMUM_LIKELIHOOD, ids=lambda row: row.link)
def test_maximum_likelihood(row):
    fit = bo.fit("rating ~ temp + contact", against.wine(), link=row.link, priors=FLAT, method="mode")
    beta, cutpoints = against.point(fit)
    np.testing.assert_allclose(beta, row.beta, atol=1e-5)
    np.testing.assert_allclose(cutpoints, row.cutpoints, atol=1e-5)
    fitted = [
        reference.category_probabilities(row.link, beta, cutpoints, np.array([x]))[0] for x in reference.WINE
    ]
    log_likelihood = np.sum(np.array(list(reference.WINE.values())) * np.log(fitted))
    assert log_likelihood == pytest.approx(row.log_likelihood, abs=1e-5)
    assert fit.log_likelihood == pytest.approx(row.log_likelihood, abs=1e-5)
    if row.beta_se is not None:
        np.testing.assert_allclose(fit.standard_errors.iloc[:2], row.beta_se, atol=1e-5)


def test_fitted_probabilities():
    wine = against.wine()
    fit = bo.fit("rating ~ temp + contact", wine, priors=FLAT, method="mode")
    new = wine.drop_duplicates(["temp", "contact"]).sort_values(["temp", "contact"])
    np.testing.assert_allclose(fit.predict_proba(new)[[0, 3]], list(oracles.WINE_FITTED.values()), atol=1e-5)


@pytest.mark.parametrize("link", reference.LINKS)
def test_maximum_likelihood_of_stem_cell(link):
    ml = maximum_likelihood(against.DATA["stem cell"][2], link)
    beta, cutpoints = against.point(
        bo.fit("answer ~ religion", against.stem_cell(), link=link, priors=FLAT, method="mode")
    )
    np.testing.assert_allclose(beta, ml.beta, atol=1e-5)
    np.testing.assert_allclose(cutpoints, ml.cutpoints, atol=1e-5)


@pytest.mark.parametrize("link", reference.LINKS)
@pytest.mark.parametrize(
    ("cutpoint_prior", "beta_prior"),
    [
        (("dirichlet", (2.0, 3.0, 2.0, 1.5)), ("normal", 0.3, 1.0)),
        (("normal", 0.5, 2.0), ("student_t", 4.0, 0.0, 1.0)),
        (("student_t", 3.0, 0.0, 2.5), ("flat",)),
    ],
    ids=str,
)
def test_posterior_mode(link, cutpoint_prior, beta_prior):
    x, y = against.simulate(link, (0.8, -0.5), (-1.0, 0.2, 1.4), 60, seed=3)
    expected_beta, expected_cutpoints = posterior_mode(
        reference.Cells.from_rows(x, y, 4), link, cutpoint_prior, beta_prior
    )
    priors = against.priors(cutpoint_prior, beta_prior)
    beta, cutpoints = against.point(bo.fit(x, y, link=link, priors=priors, method="mode"))
    np.testing.assert_allclose(beta, expected_beta, atol=1e-5)
    np.testing.assert_allclose(cutpoints, expected_cutpoints, atol=1e-5)


@pytest.mark.parametrize("row", oracles.POSTERIOR, ids=lambda row: row.name)
def test_posterior(row):
    formula, data, _ = against.DATA[row.data]
    priors = against.priors(row.cutpoint_prior, row.beta_prior)
    fit = bo.fit(formula, data(), link=row.link, priors=priors, **against.NUTS)
    expected = {
        "cutpoints": (row.cutpoints, row.cutpoints_sd, oracles.POSTERIOR_ERROR),
        "beta": (row.beta, row.beta_sd, oracles.POSTERIOR_ERROR),
    }
    if row.r2 is not None:
        expected["R2"] = (*row.r2, oracles.POSTERIOR_ERROR)
    against.assert_same_posterior(fit, expected)


def test_the_default_priors_are_those_of_the_oracle():
    row = next(row for row in oracles.POSTERIOR if row.name == "wine logit, default priors")
    assert against.priors(row.cutpoint_prior, row.beta_prior) == bo.Priors()


def check_against_importance(link, cutpoint_prior, beta_prior, seed):
    x, y = against.simulate(link, (0.8, -0.5), (-1.0, 0.2, 1.4), 60, seed)
    sample = importance_sample(
        reference.Cells.from_rows(x, y, 4), link, cutpoint_prior, beta_prior, draws=60_000, seed=seed
    )
    priors = against.priors(cutpoint_prior, beta_prior)
    fit = bo.fit(x, y, categories=[0, 1, 2, 3], link=link, priors=priors, **against.NUTS)
    against.assert_same_posterior(fit, against.by_importance(sample))


@pytest.mark.parametrize(("link", "cutpoint_prior", "beta_prior"), FEW_PAIRS, ids=str)
def test_other_data_by_importance_sampling(link, cutpoint_prior, beta_prior):
    check_against_importance(link, cutpoint_prior, beta_prior, seed=5)


@pytest.mark.slow
@pytest.mark.parametrize(("link", "cutpoint_prior", "beta_prior"), ALL_PAIRS, ids=str)
def test_every_pair_of_priors_by_importance_sampling(link, cutpoint_prior, beta_prior):
    check_against_importance(link, cutpoint_prior, beta_prior, seed=6)


def test_priors_by_name_and_the_default_for_the_rest():
    """The R2 prior is then shared by the other coefficients alone, whatever the order of the columns."""
    x, y = against.simulate("probit", (0.4, -0.3, 0.2), (-1.0, 0.2, 1.4), 60, seed=12)
    mixed = ("mixed", (1,), ("normal", 0.5, 0.2), ("r2", 0.5, 4.0))
    cells = reference.Cells.from_rows(x, y, 4)
    sample = importance_sample(cells, "probit", ("dirichlet", 1.0), mixed, draws=60_000, seed=7)
    x = pd.DataFrame(x, columns=["a", "b", "c"])
    priors = bo.Priors(beta={"b": bo.priors.normal(0.5, 0.2)})
    fit = bo.fit(x, y, link="probit", priors=priors, **against.NUTS)
    expected = against.by_importance(sample)
    expected["R2_1"] = expected.pop("R2")  # of the first block of coefficients, a and c
    against.assert_same_posterior(fit, expected)


EMPTY = {"first": [1, 2, 3], "middle": [0, 2, 3], "last": [0, 1, 2]}


@pytest.mark.parametrize("where", EMPTY)
def test_an_empty_category_is_kept_and_ruled_by_its_prior(where):
    x, y = against.simulate("logit", (0.8,), (-0.5, 0.7), 40, seed=10)
    y = np.array(EMPTY[where])[y]
    cells = reference.Cells.from_rows(x, y, 4)
    sample = importance_sample(cells, "logit", ("dirichlet", 1.0), ("r2", 0.5, 4.0), draws=100_000, seed=9)
    settings = against.NUTS | {"draws": 4000, "target_accept": 0.95}
    with pytest.warns(UserWarning, match="0 observations"):
        fit = bo.fit(x, y, categories=[0, 1, 2, 3], **settings)
    against.assert_same_posterior(fit, against.by_importance(sample))


def test_one_row_for_each_category():
    x, y = np.array([[0.3], [-1.0], [0.5], [0.1], [2.0]]), np.arange(5)
    sample = importance_sample(
        reference.Cells.from_rows(x, y, 5),
        "logit",
        ("dirichlet", 1.0),
        ("r2", 0.5, 4.0),
        draws=100_000,
        seed=4,
    )
    fit = bo.fit(x, y, categories=list(range(5)), **against.NUTS)
    against.assert_same_posterior(fit, against.by_importance(sample))


@pytest.mark.parametrize("n_categories", [2, 10])
def test_few_and_many_categories(n_categories):
    cutpoints = np.linspace(-1.5, 1.5, n_categories + 1)[1:-1]
    x, y = against.simulate("probit", (0.6,), cutpoints, 80, seed=n_categories)
    sample = importance_sample(
        reference.Cells.from_rows(x, y, n_categories),
        "probit",
        ("dirichlet", 1.0),
        ("r2", 0.5, 4.0),
        draws=60_000,
        seed=2,
    )
    fit = bo.fit(x, y, categories=list(range(n_categories)), link="probit", **against.NUTS)
    against.assert_same_posterior(fit, against.by_importance(sample))


def test_no_predictor():
    """Asked for by `~ 1`: the categories' shares are then Dirichlet, known without any sampling."""
    fit = bo.fit("rating ~ 1", against.wine(), **against.NUTS)
    counts = np.sum(list(reference.WINE.values()), axis=0) + 1.0
    sample = importance_sample(
        reference.Cells.from_rows(np.zeros((72, 0)), against.wine()["rating"] - 1, 5),
        "logit",
        ("dirichlet", 1.0),
        ("flat",),
        draws=60_000,
        seed=1,
    )
    against.assert_same_posterior(fit, against.by_importance(sample))
    shares = fit.category_probs(against.wine().head(1)).mean(("chain", "draw")).values.ravel()
    np.testing.assert_allclose(shares, counts / counts.sum(), atol=0.004)


def test_weights_rule_the_centre_and_the_scale_too():
    """Weights on a narrow range of x, and priors that bind: both centre and spread of X are then other ones."""
    x, y = against.simulate("logit", (0.5,), (-1.0, 0.2, 1.4), 30, seed=8)
    weight = np.where((x[:, 0] > 3.2) & (x[:, 0] < 4.2), 6, 1)
    assert np.average(x[:, 0], weights=weight) - x.mean() > 0.2
    assert np.cov(x[:, 0], fweights=weight) < 0.6 * x.var()
    cutpoint_prior, beta_prior = ("normal", 0.0, 0.3), ("r2", 0.05, 400.0)
    sample = importance_sample(
        reference.Cells.from_rows(x, y, 4, weight), "logit", cutpoint_prior, beta_prior, draws=60_000, seed=8
    )
    priors = against.priors(cutpoint_prior, beta_prior)
    against.assert_same_posterior(
        bo.fit(x, y, sample_weight=weight, priors=priors, **against.NUTS), against.by_importance(sample)
    )


def test_raw_calendar_years():
    """1950-2010 as they come: the posterior of the centred years, with cutpoints moved by 1980 slopes."""
    rng = np.random.default_rng(8)
    years = rng.integers(1950, 2011, 150).astype(float)[:, None]
    latent = 0.05 * (years[:, 0] - 1980) + reference.quantile("logit", rng.uniform(size=150))
    y = (latent[:, None] > [-1.0, 0.3, 1.5]).sum(1)
    sample = importance_sample(
        reference.Cells.from_rows(years - 1980, y, 4),
        "logit",
        ("dirichlet", 1.0),
        ("r2", 0.5, 4.0),
        draws=60_000,
        seed=3,
    )
    expected = against.by_importance(sample)
    expected["cutpoints"] = sample.moments(sample.cutpoints + 1980 * sample.beta)
    against.assert_same_posterior(bo.fit(years, y, **against.NUTS), expected)
    raw, centred = (
        against.point(bo.fit(x, y, priors=FLAT, method="mode")) for x in (years, years - years.mean())
    )
    np.testing.assert_allclose(raw[0], centred[0], rtol=1e-6)
    np.testing.assert_allclose(raw[1], centred[1] + years.mean() * centred[0], rtol=1e-6)
