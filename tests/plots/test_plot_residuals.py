"""Residual plots: what is drawn is what `fit.residuals` says; lines and bands against simulation."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from quick_modes import NORMAL

import bayesord as bo
from bayesord.plots import plot_residuals
from bayesord.plots.smooth import local_line


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def survey():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"age": rng.uniform(20, 80, 400), "group": rng.choice(["low", "high"], 400)})
    latent = data["age"] / 20 + (data["group"] == "high") + rng.logistic(size=400)
    words = ["never", "rarely", "often"]
    data["answer"] = pd.Categorical.from_codes(np.searchsorted([2.0, 4.0], latent), words, ordered=True)
    data.index = [f"p{i}" for i in range(400)]
    return data


@pytest.fixture(scope="module")
def mode(survey):
    return bo.fit("answer ~ age + group", survey, method="mode", priors=NORMAL)


def dots(ax) -> np.ndarray:
    return np.asarray(ax.collections[0].get_offsets())


def test_points_are_the_residuals_in_the_colours_of_the_answers(mode, survey):
    axes = plot_residuals(mode, random_seed=np.random.default_rng(3))
    rng = np.random.default_rng(3)
    expected = mode.residuals(random_seed=rng)
    np.testing.assert_allclose(dots(axes[0])[:, 1], expected, atol=1e-12)
    eta = mode.linear_predictor().values.reshape(-1)
    np.testing.assert_allclose(dots(axes[0])[:, 0], eta, atol=1e-9)
    assert len(np.unique(axes[0].collections[0].get_facecolor(), axis=0)) == 3
    assert [text.get_text() for text in axes[0].get_legend().get_texts()] == ["never", "rarely", "often"]
    np.testing.assert_allclose(np.sort(expected), axes[1].lines[1].get_ydata(), atol=1e-12)
    assert mode.plot_residuals(random_seed=1)[0].get_ylabel() == "quantile residual"


def test_against_a_number_and_a_factor(mode, survey):
    ax = plot_residuals(mode, "age", random_seed=1)[0]
    assert ax.get_xlabel().splitlines()[0] == "age"
    np.testing.assert_allclose(dots(ax)[:, 0], survey["age"])
    ax = plot_residuals(mode, "group", random_seed=1)[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["high", "low"]
    r = mode.residuals(random_seed=np.random.default_rng(1))
    drawn = [segment[0, 1] for segment in ax.collections[-1].get_segments()]
    np.testing.assert_allclose(drawn, r.groupby(survey["group"]).mean(), atol=1e-12)
    heights = [bar.get_height() / 2 for bar in ax.patches]
    np.testing.assert_allclose(
        heights, 1.6449 / np.sqrt(survey["group"].value_counts()[["high", "low"]]), rtol=1e-3
    )


def test_against_a_variable_that_the_model_does_not_have(mode, survey):
    other = pd.Series(np.linspace(0, 1, 400), index=survey.index, name="hour")
    ax = plot_residuals(mode, other, random_seed=1)[0]
    assert ax.get_xlabel().splitlines()[0] == "hour"
    assert plot_residuals(mode, np.arange(400.0))[0].get_xlabel().startswith("values given")
    weights = np.where(np.arange(400) < 10, 0.0, 1.0)
    fewer = bo.fit("answer ~ age", survey, sample_weight=weights, method="mode", priors=NORMAL)
    np.testing.assert_allclose(dots(plot_residuals(fewer, other)[0])[:, 0], other[10:])


def test_a_column_of_the_model_and_arrays(rng):
    X = rng.normal(size=(80, 2))
    fit = bo.fit(X, rng.integers(0, 3, 80), method="mode", priors=NORMAL)
    np.testing.assert_allclose(dots(plot_residuals(fit, "x1")[0])[:, 0], X[:, 1])
    fit = bo.fit(
        "y ~ poly(x, 2)",
        pd.DataFrame({"x": X[:, 0], "y": rng.integers(0, 3, 80)}),
        method="mode",
        priors=NORMAL,
    )
    assert plot_residuals(fit, "poly(x, 2)[1]")[0].get_xlabel().startswith("poly(x, 2)[1]")


@pytest.mark.parametrize("link", ["logit", "cloglog", "cauchit"])
def test_surrogate_residuals_have_the_links_quantiles(rng, link):
    truth = bo.simulate(3000, beta=(1.0,), n_categories=4, link=link, random_seed=1)
    mode = bo.fit(truth.X, truth.y, link=link, method="mode", priors=NORMAL)
    axes = plot_residuals(mode, kind="surrogate", random_seed=2)
    assert link in axes[1].get_xlabel()
    x, y = axes[1].lines[1].get_data()
    low, high = (axes[1].collections[0].get_paths()[0].vertices[:, 1].min(), y.max())
    assert low < y.min() + 1
    assert np.corrcoef(x, y)[0, 1] > 0.98
    assert np.isfinite(high)
    assert ("no line" in axes[0].get_xlabel()) == (link == "cauchit")


def test_the_band_holds_99_percent_of_ordered_normal_numbers_at_each_place(rng):
    truth = bo.simulate(200, beta=(1.0,), n_categories=4, random_seed=rng)
    mode = bo.fit(truth.X, truth.y, method="mode", priors=NORMAL)
    ax = plot_residuals(mode, random_seed=rng)[1]
    band, x = ax.collections[0].get_paths()[0].vertices, ax.lines[1].get_xdata()
    low, high = (np.array([end(band[np.isclose(band[:, 0], at), 1]) for at in x]) for end in (np.min, np.max))
    numbers = np.sort(rng.normal(size=(4000, 200)), axis=1)
    outside = ((numbers < low) | (numbers > high)).mean(axis=0)
    np.testing.assert_allclose(outside, 0.01, atol=0.007)


def test_into_the_axes_given(mode):
    _, axes = plt.subplots(1, 2)
    assert plot_residuals(mode, "age", ax=axes[1]) is axes[1]
    assert not axes[0].has_data()


def test_many_points_are_thinned(rng):
    truth = bo.simulate(6000, beta=(1.0,), n_categories=4, random_seed=1)
    mode = bo.fit(truth.X, truth.y, method="mode", priors=NORMAL)
    axes = plot_residuals(mode, random_seed=2)
    assert len(dots(axes[0])) == 5000
    assert len(axes[1].lines[1].get_xdata()) < 600


def test_names_with_dollars_and_groups(rng):
    data = pd.DataFrame({"$a$": rng.normal(size=60), "y": rng.integers(0, 3, 60)})
    fit = bo.fit(data[["$a$"]], data["y"], method="mode", priors=NORMAL)
    plot_residuals(fit, "$a$")[0].figure.canvas.draw()


def test_bad_arguments(mode, survey):
    with pytest.raises(ValueError, match="Did you mean 'age'"):
        plot_residuals(mode, "agee")
    with pytest.raises(ValueError, match="3 values for 400 training rows"):
        plot_residuals(mode, [1, 2, 3])
    with pytest.raises(ValueError, match="2 missing values"):
        plot_residuals(mode, np.r_[np.nan, np.nan, np.zeros(398)])
    with pytest.raises(ValueError, match="kind='raw'"):
        plot_residuals(mode, kind="raw")


def test_the_line_is_local_regression(rng):
    """Against weighted least squares at each place; and its error against simulated noise."""
    x, r = np.sort(rng.uniform(0, 1, 120)), rng.normal(size=120)
    grid, line, error = local_line(x, r)
    for i in (0, 20, len(grid) - 1):
        distance = np.abs(x - grid[i])
        w = np.clip(1 - (distance / np.sort(distance)[59]) ** 3, 0, None) ** 1.5
        A = np.column_stack([np.ones(120), x - grid[i]]) * w[:, None]
        assert line[i] == pytest.approx(np.linalg.lstsq(A, r * w)[0][0], abs=1e-6)
    lines = np.array([local_line(x, rng.normal(size=120))[1] for _ in range(150)])
    np.testing.assert_allclose(lines.std(axis=0), error, rtol=0.25)


def test_the_line_of_many_points_is_that_of_their_means(rng):
    x = rng.normal(size=20_000)
    grid, line, error = local_line(x, np.sin(x) + rng.normal(size=20_000))
    inside = np.abs(grid) < 0.5
    assert np.abs(line[inside] - np.sin(grid[inside])).max() < 0.06
    assert error[inside].max() < 0.015
    assert local_line(np.r_[np.zeros(50), 1.0], np.zeros(51))[1] == pytest.approx(0)
