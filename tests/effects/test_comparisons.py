"""Comparisons: contrasts by brute force, exact identities, published coefficients, known limits."""

from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from made_up_fits import FORMULA, draw, eta_of
from scipy import stats

import bayesord as bo
from bayesord.effects.ways import WAYS
from bayesord.modelling.design import from_arrays, from_formula

FLAT = bo.Priors(bo.priors.flat(), bo.priors.flat())


def flat(effects):
    """Draws, chains one after another."""
    values = effects.draws.values
    return values.reshape(-1, *values.shape[2:])


def weighted(values, people):
    return np.average(values, axis=1, weights=people["times"])


def superiority(p1, p2):
    """P(Y1 > Y2) + P(Y1 = Y2) / 2 over all pairs of answers."""
    K = p1.shape[-1]
    pairs = p1[..., :, None] * p2[..., None, :]
    return sum(
        pairs[..., a, b] * (1.0 if a > b else 0.5 if a == b else 0.0) for a in range(K) for b in range(K)
    )


@pytest.mark.parametrize("comparison", ["difference", "ratio", "superiority"])
def test_levels_against_the_reference(fit, people, comparison):
    """With an interaction: each row has its own age, and all else as it is."""
    probs = {level: fit.slow(eta_of(fit, people.assign(dose=level))) for level in ("low", "mid", "high")}
    found = fit.comparisons("dose", comparison)
    if comparison == "superiority":
        expected = [weighted(superiority(probs[level], probs["low"]), people) for level in ("mid", "high")]
    else:
        of = np.subtract if comparison == "difference" else np.divide
        expected = [
            of(weighted(probs[level], people), weighted(probs["low"], people)) for level in ("mid", "high")
        ]
    np.testing.assert_allclose(flat(found), np.stack(expected, axis=1), rtol=1e-10, atol=1e-14)
    sign = {"difference": "-", "ratio": "/", "superiority": ">"}[comparison]
    assert found.draws["contrast"].values.tolist() == [
        f"dose: {level} {sign} low" for level in ("mid", "high")
    ]


@pytest.mark.parametrize(
    ("change", "pairs"),
    [
        ("all", list(combinations(["low", "mid", "high"], 2))),
        ("sequential", list(pairwise(["low", "mid", "high"]))),
        (("high", "mid"), [("high", "mid")]),
    ],
)
def test_pairs_of_levels(logit_fit, people, change, pairs):
    found = logit_fit.comparisons({"dose": change}, quantity="expected_score")
    score = {
        level: weighted(logit_fit.slow(eta_of(logit_fit, people.assign(dose=level))) @ [1, 2, 3, 4], people)
        for level in ("low", "mid", "high")
    }
    np.testing.assert_allclose(flat(found).T, [score[high] - score[low] for low, high in pairs], atol=1e-12)
    assert found.table["contrast"].tolist() == [f"{high} - {low}" for low, high in pairs]


@pytest.mark.parametrize("change", [None, 10, -2.5, "sd", (20, 35)])
def test_steps_of_a_number(fit, people, change):
    found = fit.comparisons({"age": change}, quantity="exceedance")
    step = {None: 1, "sd": np.sqrt(np.cov(people["age"], fweights=people["times"], ddof=0))}.get(
        change, change
    )
    low, high = (
        (people.assign(age=change[0]), people.assign(age=change[1]))
        if change == (20, 35)
        else (people, people.assign(age=people["age"] + step))
    )
    change = weighted(fit.slow(eta_of(fit, high)) - fit.slow(eta_of(fit, low)), people)
    expected = np.stack([change[:, k:].sum(axis=1) for k in (1, 2, 3)], axis=1)
    np.testing.assert_allclose(flat(found)[:, 0], expected, rtol=1e-9, atol=1e-13)


def test_all_covariates_by_default_and_truth_values_from_0_to_1(logit_fit, people):
    found = logit_fit.comparisons(quantity="eta")
    assert found.table["variable"].tolist() == ["age", "dose", "dose", "sex", "ill"]
    assert found.table["contrast"].tolist() == ["+1", "mid - low", "high - low", "m - f", "1 - 0"]
    ill = logit_fit.comparisons({"ill": (0, 1)}, quantity="eta")
    beta = logit_fit.beta[:, logit_fit.design.predictors.index("ill")]
    np.testing.assert_allclose(flat(found)[:, 4, ...], flat(ill)[:, 0], rtol=1e-12)
    np.testing.assert_allclose(flat(ill)[:, 0], beta, rtol=1e-11)
    yes = draw(from_formula("pain ~ ill", people.assign(ill=people["ill"] == 1)))
    assert yes.comparisons().table["contrast"].unique().tolist() == ["True - False"]
    np.testing.assert_allclose(flat(yes.comparisons(quantity="eta"))[:, 0], yes.beta[:, 0], rtol=1e-12)


def test_differences_cancel_and_add_up(logit_fit):
    how = {"by": "sex"}
    of = {
        q: flat(logit_fit.comparisons("dose", quantity=q, **how))
        for q in ("category_probs", "cumulative", "exceedance")
    }
    assert np.abs(of["category_probs"].sum(axis=-1)).max() < 1e-14
    np.testing.assert_allclose(of["category_probs"].cumsum(axis=-1)[..., :-1], of["cumulative"], atol=1e-14)
    np.testing.assert_allclose(of["exceedance"], -of["cumulative"], atol=1e-14)
    score = flat(logit_fit.comparisons("dose", quantity="expected_score", **how))
    np.testing.assert_allclose(score, of["exceedance"].sum(axis=-1), atol=1e-13)


def test_the_odds_ratio_is_the_exponential_of_its_coefficient(logit_fit, people):
    names, beta = logit_fit.design.predictors, logit_fit.beta
    sex = logit_fit.comparisons("sex", "odds_ratio")
    np.testing.assert_allclose(flat(sex)[:, 0], np.exp(beta[:, names.index("sex[m]")]), rtol=1e-11)
    grid = bo.grid(logit_fit, dose=..., age=[30])
    age = logit_fit.comparisons({"age": 10}, "odds_ratio", new=grid)
    for j, extra in enumerate([None, "age:dose[mid]", "age:dose[high]"]):
        slope = beta[:, names.index("age")] + (beta[:, names.index(extra)] if extra else 0)
        np.testing.assert_allclose(flat(age)[:, 0, j], np.exp(10 * slope), rtol=1e-10)
    # the ratio of the odds of y >= k in each row, for every k
    odds = {}
    for value in ("f", "m"):
        p = flat(logit_fit.predictions(people[:3].assign(sex=value), quantity="exceedance"))
        odds[value] = p / (1 - p)
    np.testing.assert_allclose(
        odds["m"] / odds["f"], np.broadcast_to(flat(sex)[:, :, None], odds["m"].shape), rtol=1e-9
    )


@pytest.mark.parametrize(("link", "quantity"), [("cloglog", "exceedance"), ("loglog", "cumulative")])
def test_hazard_ratios_are_powers(people, link, quantity):
    fit = draw(from_formula(FORMULA, people), link)
    ratio = flat(fit.comparisons("sex", "hazard_ratio"))[:, :, None]
    f, m = (flat(fit.predictions(people[:3].assign(sex=value), quantity=quantity)) for value in ("f", "m"))
    np.testing.assert_allclose(m, f**ratio, rtol=1e-8, atol=1e-13)


def test_superiority_of_the_reverse_is_the_rest(logit_fit, people):
    there, back = (
        logit_fit.comparisons({"dose": pair}, "superiority", by="sex")
        for pair in (("low", "high"), ("high", "low"))
    )
    np.testing.assert_allclose(flat(there) + flat(back), 1.0, rtol=1e-13)
    same = logit_fit.comparisons({"age": (30, 30)}, "superiority", new=bo.grid(logit_fit))
    np.testing.assert_allclose(flat(same), 0.5, rtol=1e-13)
    rows = people[:4]
    one_by_one = flat(logit_fit.comparisons({"dose": ("low", "high")}, "superiority", new=rows))
    high, low = (logit_fit.slow(eta_of(logit_fit, rows.assign(dose=value))) for value in ("high", "low"))
    np.testing.assert_allclose(one_by_one[:, 0], superiority(high, low), rtol=1e-11)


def test_superiority_of_many_categories_is_that_of_the_latent_variable():
    """For probit Phi(b / √2): Agresti and Kateri (2017), equation 3."""
    design = from_arrays(np.repeat([[0.0], [1.0]], 100, axis=0), np.arange(200) % 50)
    fit = draw(design, "probit", n_draws=4)
    fit.cutpoints = np.tile(np.linspace(-5, 5, 49), (4, 1))
    fit.beta = np.array([[0.0], [0.5], [-1.0], [2.0]])
    found = flat(fit.comparisons("x0", "superiority", new=np.zeros((1, 1))))[:, 0, 0]
    np.testing.assert_allclose(found, stats.norm.cdf(fit.beta[:, 0] / np.sqrt(2)), atol=1e-3)


def test_polynomials_and_splines_follow(people):
    fit = draw(from_formula("pain ~ poly(age, 2) * sex + I(age**3 / 10000):ill", people))
    older = people.assign(age=people["age"] + 3)
    expected = fit.predict_proba(older).mean(axis=0) - fit.predict_proba(people).mean(axis=0)
    table = fit.comparisons({"age": 3}).table
    np.testing.assert_allclose(table["estimate"], expected, atol=1e-13)


def test_wine_by_the_published_coefficients(wine):
    """ordinal::clm's estimates (Christensen's vignette) into the formula for the average difference."""
    mode = bo.fit("rating ~ temp + contact", wine, method="mode", priors=FLAT)
    cutpoints, temp, contact = np.array([-1.3444, 1.2508, 3.4669, 5.0064]), 2.5031, 1.5278
    yes = (wine["contact"] == "yes").to_numpy(dtype=float)[:, None] * contact
    above = {warm: 1 / (1 + np.exp(cutpoints - yes - warm * temp)) for warm in (0, 1)}
    table = mode.comparisons("temp", quantity="exceedance").table
    np.testing.assert_allclose(table["estimate"], (above[1] - above[0]).mean(axis=0), atol=2e-5)
    assert mode.comparisons("temp", "odds_ratio").table["estimate"].item() == pytest.approx(
        np.exp(temp), rel=1e-4
    )


def test_ratios_are_summed_up_by_medians(logit_fit):
    there, back = (
        logit_fit.comparisons({"dose": pair}, "ratio") for pair in (("low", "high"), ("high", "low"))
    )
    np.testing.assert_allclose(there.table["estimate"], np.median(flat(there), axis=0).ravel())
    np.testing.assert_allclose(flat(there) * flat(back), 1.0, rtol=1e-12)


def test_arrays_by_name(array_design):
    fit = draw(array_design)
    found = fit.comparisons({"x1": 2}, quantity="eta", new=array_design.X[:3])
    np.testing.assert_allclose(flat(found)[:, 0], np.repeat(2 * fit.beta[:, 1:], 3, axis=1), rtol=1e-10)


@pytest.fixture(scope="module")
def judged():
    """Slopes of judges, seen through a real posterior."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"x": rng.choice([0.0, 1.0, 2.0], 120), "judge": rng.choice(["a", "b", "c"], 120)})
    data["y"] = 1 + np.searchsorted([-0.5, 1.0], data["x"] * (data["judge"] == "a") + rng.logistic(size=120))
    how = {"draws": 100, "chains": 2, "random_seed": 1, "progressbar": False, "on_fail": "ignore"}
    return bo.fit("y ~ x + (x | judge)", data, **how), data


def test_group_effects_belong_to_the_rows(judged):
    fit, data = judged
    for how in ({}, {"group_effects": False}):
        expected = fit.category_probs(data.assign(x=data["x"] + 1), **how) - fit.category_probs(data, **how)
        found = fit.comparisons({"x": 1}, **how)
        np.testing.assert_allclose(found.draws.values[:, :, 0], expected.mean("obs_id").values, atol=1e-13)
        high, low = (fit.category_probs(data.assign(x=value), **how).values for value in (2.0, 0.0))
        found = fit.comparisons({"x": (0, 2)}, "superiority", by="judge", **how)
        expected = pd.DataFrame(superiority(high, low).reshape(200, -1).T).groupby(data["judge"]).mean().T
        np.testing.assert_allclose(flat(found)[:, 0], expected, rtol=1e-10)


def test_groups_can_be_compared_and_new_ones_drawn(judged):
    fit, data = judged
    found = fit.comparisons({"judge": ("b", "a")}, quantity="eta", by="x")
    effect = fit.idata["posterior"]["effect_judge"]
    change = (effect.sel(judge="a") - effect.sel(judge="b")).values
    expected = np.stack([change[..., 0] + x * change[..., 1] for x in (0.0, 1.0, 2.0)], axis=-1)
    np.testing.assert_allclose(found.draws.values[:, :, 0], expected, atol=1e-12)
    new = data[:6].assign(judge=["d", "e", "f"] * 2)
    found = fit.comparisons({"x": 1}, new=new, by=True, new_groups="sample")
    both = [fit.category_probs(rows, new_groups="sample") for rows in (new.assign(x=new["x"] + 1), new)]
    np.testing.assert_allclose(
        found.draws.values[:, :, 0], (both[0] - both[1]).mean("obs_id").values, atol=1e-13
    )
    with pytest.raises(ValueError, match="variable 'judge' is unknown"):
        fit.comparisons("judge", group_effects=False)


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (["doze"], {}, "variable 'doze' is unknown. Did you mean 'dose'"),
        (["dose", "diference"], {}, "Did you mean 'difference'"),
        (["dose", "odds_ratio"], {"quantity": "eta"}, "needs no quantity"),
        (["dose", "ratio"], {"quantity": "eta"}, "origin is arbitrary"),
        (
            ["dose", "ratio"],
            {"quantity": "expected_score", "category_values": [-1, 0, 1, 2]},
            "category_values are negative",
        ),
        ([{"dose": "al"}], {}, "'al' is no way to compare its levels.*Did you mean 'all'"),
        ([{"dose": ("low", "hihg")}], {}, "'dose' has no level 'hihg'"),
        ([{"dose": 3}], {}, "'dose' is a factor, got 3"),
        ([{"age": "all"}], {}, "'age' is a number, and 'all' is no change"),
        ([{"age": 0}], {}, "0 is no change"),
        ([{"age": (1, np.nan)}], {}, "is no change"),
        (["dose", "hazard_ratio"], {}, "link 'logit' has no hazard ratio.*comparison='odds_ratio'"),
        (["dose"], {"new": []}, "Expected 2D array|DataFrame"),
    ],
)
def test_bad_settings(logit_fit, arguments, settings, message):
    with pytest.raises((ValueError, TypeError), match=message):
        logit_fit.comparisons(*arguments, **settings)


@pytest.mark.parametrize("link", ["probit", "cauchit"])
def test_links_without_ratios_say_what_to_use(people, link):
    fit = draw(from_formula(FORMULA, people), link)
    for way in WAYS.values():
        if way.of_eta is None:
            continue
        with pytest.raises(
            ValueError, match=rf"{link}.*quantity='eta' for the difference on the latent scale"
        ):
            fit.comparisons("sex", way.name)


def test_nothing_to_compare(people):
    with pytest.raises(ValueError, match="no covariates"):
        draw(from_formula("pain ~ 1", people)).comparisons()
