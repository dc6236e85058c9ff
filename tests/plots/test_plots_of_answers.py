"""Expected QWK, confusion, calibration, prior and posterior: drawn numbers against the functions that they come from."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import cohen_kappa_score, confusion_matrix

import bayesord as bo
from bayesord.plots.replicates import answers_of, copies_of, probs_by_draw
from bayesord.predictive.kappa import expected_qwk

FLAT = bo.Priors(bo.priors.flat(), bo.priors.flat())


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def lines_named(ax, label: str):
    return next(line for line in ax.lines if str(line.get_label()).startswith(label))


def cells(ax, K: int) -> np.ndarray:
    """(K, K) lists of the texts of every cell [answer, label], from top to bottom."""
    found = np.empty((K, K), dtype=object)
    for place in np.ndindex(K, K):
        found[place] = []
    for text in sorted(ax.texts, key=lambda text: text.get_position()[1]):
        x, y = text.get_position()
        found[round(y), round(x)].append(text.get_text())
    return found


# -- expected QWK ------------------------------------------------------------------------------------------------


def test_expected_qwk_draws_both_intervals_and_the_observed_score(wine, wine_fit):
    ax = wine_fit.plot_expected_qwk(random_seed=1)
    expected = wine_fit.expected_qwk(random_seed=1)
    np.testing.assert_allclose(lines_named(ax, "score of the next").get_xdata(), expected.next_score_interval)
    np.testing.assert_allclose(lines_named(ax, "given endless").get_xdata(), expected.population_interval)
    seen = cohen_kappa_score(wine["rating"], expected.labels, weights="quadratic")
    assert lines_named(ax, "observed").get_xdata()[0] == pytest.approx(seen)
    assert "fitted" in lines_named(ax, "observed").get_label()
    assert f"expected {expected.value:.3f}" in [text.get_text() for text in ax.get_legend().get_texts()]
    heights = [step.get_data() for step in ax.patches]
    for drawn, draws in zip(heights, (expected.draws, expected.population_draws), strict=True):
        counts = np.histogram(draws, drawn.edges)[0]
        np.testing.assert_allclose(drawn.values / drawn.values.sum(), counts / counts.sum())


def test_expected_qwk_of_new_rows_is_observed_where_answers_are_given(wine, wine_fit):
    new = wine.iloc[:30]
    labels = wine_fit.predict(new, "mode")
    ax = wine_fit.plot_expected_qwk(new, new["rating"], yhat=labels, random_seed=1)
    seen = cohen_kappa_score(new["rating"], labels, weights="quadratic")
    assert lines_named(ax, "observed").get_xdata()[0] == pytest.approx(seen)
    assert "fitted" not in lines_named(ax, "observed").get_label()
    ax = wine_fit.plot_expected_qwk(new, random_seed=1)
    assert not [line for line in ax.lines if str(line.get_label()).startswith("observed")]


def test_expected_qwk_of_constant_labels_and_of_a_single_table(wine, wine_fit):
    ax = wine_fit.plot_expected_qwk(wine, yhat=np.full(72, 3), random_seed=1)
    assert lines_named(ax, "score of the next").get_xdata().tolist() == [0, 0]
    mode = bo.fit("rating ~ temp", wine, method="mode", priors=FLAT)
    ax = bo.plots.plot_expected_qwk(mode.expected_qwk(random_seed=1))
    assert len(ax.patches) == 1  # the parameters are not uncertain
    with pytest.warns(UserWarning, match="0/0"):
        undefined = expected_qwk([[1.0, 0.0], [1.0, 0.0]], random_seed=1)
    with pytest.raises(ValueError, match="undefined in every draw"):
        bo.plots.plot_expected_qwk(undefined)


# -- confusion ---------------------------------------------------------------------------------------------------


def test_confusion_is_expected_and_observed(wine, wine_fit):
    labels = wine_fit.predict(decision="mode")
    found = cells(wine_fit.plot_confusion(decision="mode", random_seed=1), 5)
    observed = confusion_matrix(wine["rating"], labels, labels=[1, 2, 3, 4, 5])
    probs = wine_fit.predict_proba()
    for k, a in np.ndindex(5, 5):
        if not (labels == a + 1).any():
            assert found[k, a] == []
            continue
        mean, _, seen = found[k, a]
        assert float(mean) == pytest.approx(probs[labels == a + 1, k].sum(), abs=0.051)
        assert int(seen.split()[0]) == observed[k, a]


def test_confusion_intervals_are_those_of_binomial_counts(rng):
    """Without covariates and with a point for a posterior a cell is binomial."""
    y = rng.choice(3, 400, p=[0.2, 0.5, 0.3])
    mode = bo.fit("y ~ 1", pd.DataFrame({"y": y}), method="mode", priors=FLAT)
    ax = bo.plots.plot_confusion(mode, decision="mode", prob=0.8, random_seed=1)
    found = cells(ax, 3)
    for k, share in enumerate(mode.predict_proba()[0]):
        low, high = (int(part) for part in found[k, 1][1].split(" to "))
        assert low == pytest.approx(binom.ppf(0.1, 400, share), abs=1)
        assert high == pytest.approx(binom.ppf(0.9, 400, share), abs=1)


def test_confusion_marks_what_is_outside(wine, wine_fit):
    answers = np.full(72, 5)
    found = cells(wine_fit.plot_confusion(wine, answers, random_seed=1), 5)
    assert found[4, 0][2] == "18 ▲"
    assert found[1, 0][2] == "0 ▼"
    assert all(len(texts) in (0, 2) for texts in cells(wine_fit.plot_confusion(wine, random_seed=1), 5).flat)


def test_frequency_weights_are_repeated_rows(rng):
    x, w = rng.normal(size=60), rng.integers(0, 4, 60)
    y = np.digitize(x + rng.logistic(size=60), [-1, 1])
    data = pd.DataFrame({"x": x, "y": y, "w": w})
    weighted = bo.fit("y ~ x", data, sample_weight="w", method="mode", priors=FLAT)
    repeated = bo.fit("y ~ x", data.loc[data.index.repeat(w)], method="mode", priors=FLAT)
    one, other = (
        cells(bo.plots.plot_confusion(m, decision="mode", random_seed=1), 3) for m in (weighted, repeated)
    )
    for left, right in zip(one.flat, other.flat, strict=True):
        assert left[::2] == right[::2]  # expected and observed; the intervals are simulated
    one, other = (bo.plots.plot_calibration(m, random_seed=1) for m in (weighted, repeated))
    for left, right in zip(one, other, strict=True):
        np.testing.assert_allclose(left.lines[-1].get_xydata(), right.lines[-1].get_xydata(), atol=1e-9)
    with pytest.raises(ValueError, match="weight of row 1 is 0.5"):
        copies_of(np.array([1.0, 0.5]))


def test_importance_weights(rng):
    x, w = rng.normal(size=60), rng.uniform(0.5, 2, 60)
    data = pd.DataFrame({"x": x, "y": np.digitize(x + rng.logistic(size=60), [-1, 1]), "w": w})
    mode = bo.fit("y ~ x", data, sample_weight="w", weights="importance", method="mode", priors=FLAT)
    found = cells(bo.plots.plot_confusion(mode, decision="mode", random_seed=1), 3)
    seen = sum(float(texts[2].split()[0]) for texts in found.flat if texts)
    assert seen == pytest.approx(w.sum(), abs=0.5)
    with pytest.raises(ValueError, match="importance weights have no frequencies"):
        bo.plots.plot_calibration(mode)


def test_replicates_have_the_probabilities_of_the_draws(wine_fit, rng):
    draws = wine_fit.predictive_draws()
    some = np.array(list(probs_by_draw(draws, 400)))
    np.testing.assert_array_equal(some[3], draws.probs()[30])
    shares = np.mean([answers_of(probs, rng) == 2 for probs in some for _ in range(5)], axis=0)
    np.testing.assert_allclose(shares, some[:, :, 2].mean(axis=0), atol=5 * np.sqrt(0.25 / 2000))


# -- calibration -------------------------------------------------------------------------------------------------


def test_calibration_is_isotonic_regression_of_the_indicators(rng):
    x = rng.normal(size=150)
    data = pd.DataFrame({"x": x, "y": np.digitize(x + rng.logistic(size=150), [-1, 1])})
    fit = bo.fit("y ~ x", data, draws=100, chains=2, random_seed=1, progressbar=False, on_fail="ignore")
    axes = fit.plot_calibration(random_seed=1)
    below = fit.predict_proba().cumsum(axis=1)
    for k, ax in enumerate(axes):
        drawn = ax.lines[-1].get_xydata()
        order = np.argsort(below[:, k])
        np.testing.assert_allclose(drawn[:, 0], below[order, k], atol=1e-9)
        expected = IsotonicRegression().fit_transform(below[:, k], data["y"] <= k)[order]
        np.testing.assert_allclose(drawn[:, 1], expected, atol=1e-9)
        assert ax.get_title() == f"y ≤ {k}"


def test_rows_alike_are_one_point(wine, wine_fit):
    """Four conditions: the line goes through the shares of the four, where these are in order."""
    ax = wine_fit.plot_calibration(random_seed=1)[2]
    shares = (wine["rating"] <= 3).groupby([wine.temp, wine.contact]).mean()
    assert sorted(set(ax.lines[-1].get_ydata().round(9))) == pytest.approx(sorted(shares))


def test_the_band_of_calibration_has_its_probability(rng):
    """Answers that do come from the model are inside the band at most points, those of another model are not."""
    x = rng.normal(size=300)
    data = pd.DataFrame({"x": x, "y": np.digitize(x + rng.logistic(size=300), [-1, 1])})
    fit = bo.fit("y ~ x", data, draws=200, chains=2, random_seed=1, progressbar=False, on_fail="ignore")
    answers = fit.posterior_predictive(data, random_seed=2).values.reshape(-1, 300)[[5, 105, 205, 305]]

    def inside(y):
        ax = fit.plot_calibration(data, y, random_seed=1)[0]
        xy = ax.lines[-1].get_xydata()
        (band,) = ax.collections
        vertices = band.get_paths()[0].vertices
        half = len(vertices) // 2
        lower, upper = (
            np.interp(xy[:, 0], *part[np.argsort(part[:, 0], kind="stable")].T)
            for part in (vertices[:half], vertices[half:])
        )
        low, high = np.minimum(lower, upper), np.maximum(lower, upper)
        return np.mean((xy[:, 1] >= low - 0.02) & (xy[:, 1] <= high + 0.02))

    assert np.mean([inside(y) for y in answers]) > 0.75
    assert inside(2 - answers[0]) < 0.6  # a flat line, which crosses the band


def test_many_rows_are_sampled(monkeypatch, wine, wine_fit):
    monkeypatch.setattr("bayesord.plots.calibration._MOST_ROWS", 40)
    assert len(wine_fit.plot_calibration(random_seed=1)[0].lines[-1].get_xdata()) == 40


def test_what_calibration_cannot_do(wine, wine_fit):
    with pytest.raises(ValueError, match="needs the answers of the new rows"):
        wine_fit.plot_calibration(wine)
    with pytest.raises(ValueError, match="y has 5 answers for 72 rows"):
        wine_fit.plot_calibration(wine, wine["rating"][:5])
    with pytest.raises(ValueError, match="y has 5 values for 72 rows"):
        wine_fit.plot_confusion(wine, wine["rating"][:5])
    with pytest.raises(ValueError, match="yhat has 5 values"):
        wine_fit.plot_confusion(wine, yhat=wine["rating"][:5])
    with pytest.raises(ValueError, match="not in the categories"):
        wine_fit.plot_confusion(wine, np.full(72, 9))


# -- prior and posterior -------------------------------------------------------------------------------------------


def test_prior_and_posterior_are_averages_over_rows(wine, wine_fit):
    ax = wine_fit.plot_prior_posterior(draws=500, prob=0.8, random_seed=1)
    table = bo.prior_table(wine_fit, draws=500, prob=0.8, random_seed=1)["rows"]
    probs = wine_fit.category_probs().mean("obs_id").values.reshape(-1, 5)
    np.testing.assert_allclose(lines_named(ax, "prior").get_xdata(), table["mean"])
    np.testing.assert_allclose(lines_named(ax, "posterior").get_xdata(), probs.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(lines_named(ax, "observed").get_xdata(), np.array([5, 22, 26, 12, 7]) / 72)
    prior, posterior = (np.array(c.get_segments())[:, :, 0].T for c in ax.collections)
    np.testing.assert_allclose(prior, table[["10%", "90%"]].to_numpy().T)
    np.testing.assert_allclose(posterior, np.quantile(probs, [0.1, 0.9], axis=0), atol=1e-9)


def test_flat_priors_have_no_picture(wine):
    mode = bo.fit("rating ~ temp", wine, method="mode", priors=FLAT)
    with pytest.raises(ValueError, match="improper"):
        bo.plots.plot_prior_posterior(mode)
