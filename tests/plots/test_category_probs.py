"""Figures: what is drawn is what the fit says, in the user's words."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

import bayesord as bo
from bayesord.plots import category_colours, plot_category_probs

FLAT = bo.Priors(bo.priors.flat(), bo.priors.flat())


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def survey():
    """A number, a factor whose levels are not in alphabetical order, and answers in words."""
    rng = np.random.default_rng(4)
    data = pd.DataFrame(
        {
            "age": rng.uniform(20, 80, 300),
            "group": pd.Categorical(
                rng.choice(["low", "mid", "high"], 300), categories=["low", "mid", "high"]
            ),
        }
    )
    latent = data["age"] / 20 + rng.logistic(size=300)
    words = ["never", "rarely", "often"]
    data["answer"] = pd.Categorical.from_codes(np.searchsorted([2.0, 4.0], latent), words, ordered=True)
    return data


@pytest.fixture(scope="module")
def survey_mode(survey):
    return bo.fit("answer ~ age + group", survey, method="mode", priors=FLAT)


def widths(ax) -> np.ndarray:
    """(bars, K) widths of the drawn segments."""
    return np.array([[bar.get_width() for bar in container] for container in ax.containers]).T


def texts(labels) -> list[str]:
    return [label.get_text() for label in labels]


def test_bars_are_the_posterior_means_of_each_condition(wine, wine_fit):
    ax = plot_category_probs(wine_fit)
    conditions = wine[["temp", "contact"]].drop_duplicates()
    assert texts(ax.get_yticklabels()) == [f"{t}, {c}" for t, c in conditions.itertuples(index=False)]
    np.testing.assert_allclose(widths(ax), wine_fit.predict_proba(conditions), atol=1e-12)
    assert texts(ax.get_legend().get_texts()) == ["1", "2", "3", "4", "5"]
    assert ax.get_legend().get_title().get_text() == "rating"


def test_whiskers_are_intervals_of_cumulative_probabilities(wine, wine_fit):
    ax = plot_category_probs(wine_fit, prob=0.8)
    assert "80 % intervals" in ax.get_xlabel()
    conditions = wine[["temp", "contact"]].drop_duplicates()
    below = wine_fit.category_probs(conditions).cumsum("category").values.reshape(-1, 4, 5)[..., :4]
    expected = np.quantile(below, [0.1, 0.9], axis=0)
    drawn = [line for line in ax.collections if isinstance(line, LineCollection)]
    assert len(drawn) == 2 * 4  # a white outline and a black line for every border
    for k in range(4):
        for lines in drawn[2 * k : 2 * k + 2]:
            ends = np.array(lines.get_segments())[:, :, 0].T
            np.testing.assert_allclose(ends, expected[:, :, k], atol=1e-12)


def test_one_factor_holds_the_others_and_says_so(wine_fit):
    ax = plot_category_probs(wine_fit, "temp")
    held = pd.DataFrame({"temp": ["cold", "warm"], "contact": ["no", "no"]})
    np.testing.assert_allclose(widths(ax), wine_fit.predict_proba(held), atol=1e-12)
    assert "at contact = no" in ax.get_xlabel()


def test_new_rows_that_agree_are_averaged(wine, wine_fit):
    ax = plot_category_probs(wine_fit, "temp", new=wine)
    probs = wine_fit.predict_proba(wine)
    expected = [probs[(wine.temp == level).to_numpy()].mean(axis=0) for level in ("cold", "warm")]
    np.testing.assert_allclose(widths(ax), expected, atol=1e-12)


def test_only_conditions_that_occur_are_shown(wine):
    some = wine[(wine.temp == "cold") | (wine.contact == "no")]
    ax = plot_category_probs(bo.fit("rating ~ temp + contact", some, method="mode", priors=FLAT))
    assert texts(ax.get_yticklabels()) == ["cold, no", "cold, yes", "warm, no"]


def test_levels_keep_their_order_and_a_point_has_no_whiskers(survey_mode):
    ax = plot_category_probs(survey_mode)
    assert texts(ax.get_yticklabels()) == ["low", "mid", "high"]
    assert "whiskers" not in ax.get_xlabel()
    assert not [line for line in ax.collections if isinstance(line, LineCollection)]


def test_areas_follow_a_number(survey, survey_mode):
    ax = plot_category_probs(survey_mode, "age")
    assert ax.get_xlabel().startswith("age")
    assert "at group = low" in ax.get_xlabel()
    border = ax.lines[0].get_xydata()
    assert border[[0, -1], 0] == pytest.approx([survey.age.min(), survey.age.max()])
    rows = pd.DataFrame({"age": border[:, 0], "group": "low"})
    np.testing.assert_allclose(border[:, 1], survey_mode.predict_proba(rows)[:, 0], atol=1e-12)


def test_areas_follow_a_number_inside_a_transform(survey):
    fit = bo.fit("answer ~ poly(age, 2)", survey, method="mode", priors=FLAT)
    border = plot_category_probs(fit).lines[0].get_xydata()
    assert border[[0, -1], 0] == pytest.approx([survey.age.min(), survey.age.max()])
    probs = fit.predict_proba(pd.DataFrame({"age": border[:, 0]}))
    np.testing.assert_allclose(border[:, 1], probs[:, 0], atol=1e-12)


def test_areas_have_whiskers_where_there_are_draws(survey):
    fit = bo.fit("answer ~ age", survey, random_seed=1, progressbar=False)
    ax = fit.plot_category_probs()
    whiskers = np.array(ax.collections[-1].get_segments())  # of the upper border, P(y <= rarely)
    below = fit.category_probs(pd.DataFrame({"age": whiskers[:, 0, 0]})).cumsum("category").values[..., 1]
    low, high = np.quantile(below.reshape(-1, len(whiskers)), [0.05, 0.95], axis=0)
    np.testing.assert_allclose(whiskers[:, :, 1], np.column_stack([low, high]), atol=1e-12)


def test_a_factor_of_numbers_gets_bars(wine):
    fit = bo.fit("rating ~ C(bottle)", wine, method="mode", priors=bo.Priors(beta=bo.priors.normal(0, 2)))
    assert texts(plot_category_probs(fit).get_yticklabels()) == [str(b) for b in range(1, 9)]


@pytest.mark.parametrize("as_frame", [False, True])
def test_arrays(rng, as_frame):
    X, y = rng.normal(size=(60, 2)), np.arange(60) % 3
    if as_frame:
        X = pd.DataFrame(X, columns=["dose", "age"])
    fit = bo.fit(X, y, method="mode", priors=FLAT)
    name = fit.design.predictors[0]
    ax = plot_category_probs(fit, name)
    assert ax.get_xlabel().startswith(name)
    ax = plot_category_probs(fit, name, new=X)
    assert len(ax.lines[0].get_xdata()) == 60


def test_draws_into_the_axes_given(wine_fit):
    figure, axes = plt.subplots(1, 2)
    assert plot_category_probs(wine_fit, ax=axes[1]) is axes[1]
    assert not axes[0].has_data()
    assert plt.get_fignums() == [figure.number]


def test_colours_are_ordered_from_dark_to_light():
    for K in (2, 5, 10):
        luminance = category_colours(K)[:, :3] @ [0.2126, 0.7152, 0.0722]
        assert (np.diff(luminance) > 0).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"by": "tmep"}, "Did you mean 'temp'"),
        ({"by": ["temp", "x"]}, "'x' is unknown"),
        ({"prob": 1.5}, "prob=1.5"),
    ],
)
def test_bad_settings(wine_fit, settings, message):
    with pytest.raises(ValueError, match=message):
        plot_category_probs(wine_fit, **settings)


def test_what_cannot_be_drawn_says_why(survey, survey_mode):
    with pytest.raises(ValueError, match="name one number, or factors"):
        plot_category_probs(survey_mode, ["age", "group"])
    with pytest.raises(ValueError, match="no covariates"):
        plot_category_probs(bo.fit("answer ~ 1", survey, method="mode", priors=FLAT))
    with pytest.raises(ValueError, match="300 bars; at most 40"):
        plot_category_probs(survey_mode, ["group", "age"], new=survey)


def test_long_and_odd_names_find_room(survey):
    names = ["$1 to $2 a day, or nothing at all", "many words that need more than a line", "often"]
    data = survey.assign(answer=survey["answer"].cat.rename_categories(names))
    for by in ("age", "group"):
        ax = plot_category_probs(bo.fit("answer ~ age + group", data, method="mode", priors=FLAT), by)
        ax.figure.canvas.draw()  # a layout that collapses warns, and warnings are errors
        box = ax.get_legend().get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= ax.figure.bbox.width


def test_an_offset_is_at_its_mean(survey, rng):
    offset = rng.normal(2, 1, len(survey))
    mode = bo.fit("answer ~ group", survey, offset=offset, method="mode", priors=FLAT)
    rows = pd.DataFrame({"group": ["low", "mid", "high"]})
    expected = mode.predict_proba(rows, offset=np.full(3, offset.mean()))
    np.testing.assert_allclose(widths(plot_category_probs(mode)), expected, atol=1e-12)
    ax = plot_category_probs(mode, new=rows, offset=np.zeros(3))
    np.testing.assert_allclose(widths(ax), mode.predict_proba(rows, offset=np.zeros(3)), atol=1e-12)
    with pytest.raises(ValueError, match="offset= belongs to new rows"):
        plot_category_probs(mode, offset=offset)


def test_rows_of_an_array_bring_their_offset(rng):
    X, offset = rng.normal(size=(90, 2)), rng.normal(size=90)
    mode = bo.fit(X, np.arange(90) % 3, offset=offset, method="mode", priors=FLAT)
    probs = mode.predict_proba(X[:4], offset=offset[:4])
    order = np.argsort(X[:4, 0])
    how = {"new": X[:4], "offset": offset[:4]}
    np.testing.assert_allclose(mode.predictions(**how).draws.values[0, 0], probs)
    top = mode.plot_category_probs("x0", **how).lines[0]
    np.testing.assert_allclose(top.get_ydata(), probs[order, 0])


def test_several_numbers_and_no_factor_ask_for_a_name(rng):
    mode = bo.fit(rng.normal(size=(90, 12)), np.arange(90) % 3, method="mode", priors=FLAT)
    with pytest.raises(
        ValueError, match="12 numeric covariates: say along which to plot, for example by='x0'"
    ):
        mode.plot_category_probs()
    rows = pd.DataFrame(
        rng.normal(size=(3, 12)), index=["Ann", "Bo", "Cy"], columns=list(mode.design.predictors)
    )
    for ax in (mode.plot_category_probs(new=rows), mode.plot_latent(new=rows)):  # twelve numbers are no name
        assert texts(ax.get_yticklabels())[:3] == ["Ann", "Bo", "Cy"]
        assert ax.get_ylabel() == "row"


def test_rows_of_the_same_name_are_all_drawn(rng):
    mode = bo.fit(rng.normal(size=(90, 5)), np.arange(90) % 3, method="mode", priors=FLAT)
    rows = pd.DataFrame(rng.normal(size=(4, 5)), index=[0, 1, 0, 1], columns=list(mode.design.predictors))
    ax = mode.plot_category_probs(new=rows)
    assert texts(ax.get_yticklabels()) == ["0", "1", "0", "1"]
    np.testing.assert_allclose(widths(ax), mode.predict_proba(rows.to_numpy()), atol=1e-12)


def test_what_only_groups_respond_to_is_no_default(rng):
    """Group effects are 0 in the figure, and with them all that a slope by group could show."""
    data = pd.DataFrame({"x": rng.normal(size=90), "z": rng.normal(size=90), "g": np.arange(90) % 6})
    data["y"] = np.searchsorted([-1, 1], data["x"] + rng.logistic(size=90))
    few = {"draws": 60, "chains": 2, "progressbar": False, "on_fail": "ignore", "random_seed": 1}
    fit = bo.fit("y ~ x + (z | g)", data, **few)
    assert fit.plot_category_probs().get_xlabel().startswith("x")
    assert fit.plot_latent().get_ylabel() == "x"
    assert set(fit.comparisons(group_effects=False).table["variable"]) == {"x"}
    assert set(fit.comparisons().table["variable"]) == {"x", "z"}
