"""Latent densities and forests: drawn numbers against the posterior; names with every kind of letter."""

import inspect

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.stats import logistic

import bayesord as bo
from bayesord import plots
from bayesord.plots.methods import PosteriorPlots
from bayesord.plots.parts import category_legend, legend_columns, longest, plain, said, wrapped

FLAT = bo.Priors(bo.priors.flat(), bo.priors.flat())
ODD = ["$10 to $20", "a/b <i>", "many words that need more than a single line of the axis"]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def survey():
    """Years far from zero, odd names, answers in words."""
    rng = np.random.default_rng(4)
    n = 200
    year = rng.uniform(1950, 2010, n)
    data = pd.DataFrame({"year": year, "where": rng.choice(["$5/day", "x < y"], n)})
    data["answer"] = pd.Categorical.from_codes(
        np.digitize((year - 1980) / 15 + rng.logistic(size=n), [-1, 1]), ODD, ordered=True
    )
    return data


@pytest.fixture(scope="module")
def survey_fit(survey):
    return bo.fit("answer ~ year + where", survey, random_seed=1, progressbar=False)


def texts(labels) -> list[str]:
    return [label.get_text() for label in labels]


# -- latent --------------------------------------------------------------------------------------------------------


def test_latent_densities_are_cut_into_the_category_probabilities(wine):
    """With a point for a posterior the areas between the lines are P(y = k), exactly."""
    mode = bo.fit("rating ~ temp + contact", wine, method="mode", priors=FLAT)
    ax = plots.plot_latent(mode)
    conditions = wine[["temp", "contact"]].drop_duplicates()
    assert texts(ax.get_yticklabels()) == [f"{t}, {c}" for t, c in conditions.itertuples(index=False)]
    heights = []
    for place, eta in zip([3, 2, 1, 0], mode.linear_predictor(conditions).values[0, 0], strict=True):
        x, y = (
            next(
                line
                for line in ax.lines
                if len(line.get_xdata()) > 100 and round(line.get_ydata()[0]) == place
            )
            .get_xydata()
            .T
        )
        heights.append((y - place) / logistic.pdf(x, eta))
        areas = [
            p.vertices
            for fill in ax.collections
            for p in fill.get_paths()
            if round(p.vertices[:, 1].min()) == place
        ]
        found = [0.5 * abs(np.sum(np.diff(v[:, 0]) * (v[1:, 1] + v[:-1, 1]))) for v in areas]
        scale = heights[-1].mean()
        expected = np.diff(logistic.cdf(np.concatenate([[x[0]], mode.cutpoints, [x[-1]]]) - eta))
        np.testing.assert_allclose(np.array(found) / scale, expected, atol=2e-3)
    np.testing.assert_allclose(heights, np.mean(heights), rtol=1e-6)  # one scale for all


def test_latent_cutpoints_are_the_means_and_intervals_relative_to_the_centre(wine_fit):
    ax = wine_fit.plot_latent("temp", prob=0.8)
    draws = wine_fit.predictive_draws()
    centre = draws.beta @ wine_fit.design.mean
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_allclose(dots.get_xdata(), draws.cutpoints.mean(axis=0))
    relative = draws.cutpoints - centre[:, None] + centre.mean()
    whiskers = np.array(ax.collections[-1].get_segments())[:, :, 0].T
    np.testing.assert_allclose(whiskers, np.quantile(relative, [0.1, 0.9], axis=0))
    assert texts(ax.get_yticklabels()) == ["cold", "warm", "cutpoints"]
    assert "at contact = no" in ax.get_xlabel()


def test_latent_does_not_blur_where_covariates_are_far_from_zero(survey_fit):
    ax = survey_fit.plot_latent()
    widths = np.diff(np.array(ax.collections[-1].get_segments())[:, :, 0])
    assert survey_fit.idata["posterior"]["cutpoints"].std(["chain", "draw"]).min() > 5
    assert widths.max() < 1


def test_latent_along_a_number_and_of_own_rows(survey, survey_fit):
    mean, sd = survey.year.mean(), survey.year.std(ddof=0)
    ax = survey_fit.plot_latent("year")
    assert texts(ax.get_yticklabels())[:3] == [f"{v:.4g}" for v in (mean - sd, mean, mean + sd)]
    new = pd.DataFrame({"year": [1960.0, 1990.0], "where": "x < y"})
    assert texts(survey_fit.plot_latent(new=new).get_yticklabels())[:2] == ["1960", "1990"]
    assert texts(survey_fit.plot_latent("where", new=new).get_yticklabels())[:2] == ["x < y"] * 2


def test_latent_without_covariates_with_groups_and_of_arrays(wine, rng):
    alone = bo.fit("rating ~ 1", wine, random_seed=1, progressbar=False, draws=100, on_fail="ignore")
    assert texts(alone.plot_latent().get_yticklabels()) == ["", "cutpoints"]
    few = {"draws": 100, "chains": 2, "random_seed": 1, "progressbar": False, "on_fail": "ignore"}
    group = bo.fit("rating ~ temp + (1 | judge)", wine, **few)
    assert "group effects 0" in group.plot_latent().get_xlabel()
    ax = group.plot_latent(new=wine[["temp", "judge"]].iloc[[0, 20]])
    assert "group effects" not in ax.get_xlabel()
    arrays = bo.fit(rng.normal(size=(60, 2)), np.arange(60) % 3, method="mode", priors=FLAT)
    assert "x0 =" in plots.plot_latent(arrays).get_xlabel()
    assert len(texts(plots.plot_latent(arrays, new=np.zeros((2, 2))).get_yticklabels())) == 2


@pytest.mark.parametrize("link", ["cauchit", "cloglog"])  # without variance, and one-sided
def test_latent_shows_the_bulk_and_the_cutpoints_of_every_link(wine, link):
    mode = bo.fit("rating ~ temp", wine, link=link, method="mode", priors=FLAT)
    low, high = plots.plot_latent(mode).get_xlim()
    assert low < mode.cutpoints.iloc[0]
    assert high > mode.cutpoints.iloc[-1]
    assert high - low < 40


def test_latent_takes_offsets_at_their_mean(wine, rng):
    offset = rng.normal(3, 1, 72)
    mode = bo.fit("rating ~ temp", wine, offset=offset, method="mode", priors=FLAT)
    rows = pd.DataFrame({"temp": ["cold", "warm"]})
    tops = []
    for ax in (plots.plot_latent(mode), plots.plot_latent(mode, new=rows, offset=np.full(2, offset.mean()))):
        ridges = [line.get_xydata() for line in ax.lines if len(line.get_xdata()) > 100]
        tops.append([x[np.argmax(y), 0] for x in ridges for y in [x[:, 1]]])
    np.testing.assert_allclose(tops[0], tops[1])
    with pytest.raises(ValueError, match="offset= belongs to new rows"):
        plots.plot_latent(mode, offset=offset)


def test_what_latent_refuses(wine, wine_fit):
    with pytest.raises(ValueError, match="Did you mean 'temp'"):
        wine_fit.plot_latent("tmep")
    with pytest.raises(ValueError, match="72 densities cannot be read"):
        wine_fit.plot_latent(new=wine)
    with pytest.raises(ValueError, match="prob=2"):
        wine_fit.plot_latent(prob=2)


# -- forest ----------------------------------------------------------------------------------------------------------


def forest_names(ax) -> list[str]:
    words = next(other for other in ax.figure.axes if other is not ax)
    return texts(sorted(words.texts, key=lambda text: -text.get_position()[1]))


def test_forest_has_names_means_and_intervals(wine_fit):
    ax = wine_fit.plot_forest(prob=0.8)
    assert forest_names(ax) == [
        "temp[warm]",
        "contact[yes]",
        *(f"cutpoint {c}" for c in ("1|2", "2|3", "3|4", "4|5")),
    ]
    posterior = wine_fit.idata["posterior"]
    draws = np.concatenate([posterior["beta"].values, posterior["cutpoints"].values], axis=2).reshape(-1, 6)
    spans = [
        line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2 and np.ptp(line.get_xdata()) > 0
    ]
    twigs, trunks = np.sort(np.array(spans)[:6], axis=1), np.sort(np.array(spans)[6:], axis=1)
    np.testing.assert_allclose(twigs, np.quantile(draws, [0.1, 0.9], axis=0).T, atol=0.01)
    np.testing.assert_allclose(trunks, np.quantile(draws, [0.25, 0.75], axis=0).T, atol=0.01)
    points = np.concatenate([c.get_offsets() for c in ax.collections])
    np.testing.assert_allclose(points[np.argsort(-points[:, 1]), 0], draws.mean(axis=0))


def test_forest_parts_chains_and_centred_cutpoints(wine, wine_fit, survey_fit):
    assert forest_names(wine_fit.plot_forest("beta")) == ["temp[warm]", "contact[yes]"]
    few = {"draws": 100, "chains": 2, "random_seed": 1, "progressbar": False, "on_fail": "ignore"}
    group = bo.fit("rating ~ temp + (1 + temp | judge)", wine, **few)
    names = forest_names(group.plot_forest(["group_sd", "beta"], combined=False))
    assert names == ["temp[warm]", "sd of Intercept by judge", "sd of temp[warm] by judge"]
    low, high = survey_fit.plot_forest("cutpoints", centred=True).get_xlim()
    assert -4 < low < high < 4
    assert "less eta at the mean" in survey_fit.plot_forest("cutpoints", centred=True).get_xlabel().replace(
        "\n", " "
    )
    with pytest.raises(ValueError, match="Did you mean 'beta'"):
        wine_fit.plot_forest("betta")
    with pytest.raises(ValueError, match="none of \\['group_sd'\\]"):
        wine_fit.plot_forest("group_sd")


# -- all -------------------------------------------------------------------------------------------------------------


def test_odd_names_are_drawn_letter_by_letter(survey_fit):
    for draw in (
        survey_fit.plot_latent,
        survey_fit.plot_forest,
        lambda: survey_fit.plot_confusion(random_seed=1),
        lambda: survey_fit.plot_calibration(random_seed=1)[0],
        lambda: survey_fit.plot_prior_posterior(draws=100, random_seed=1),
        lambda: survey_fit.plot_expected_qwk(random_seed=1),
    ):
        figure = draw().figure
        figure.canvas.draw()  # mathtext that cannot be read raises here
        shown = " ".join(t.get_text() for t in figure.findobj(mpl.text.Text))
        assert "$10 to $20" not in shown.replace(r"\$", "")
        plt.close(figure)


def test_every_figure_takes_axes_or_makes_one_figure(wine_fit):
    quick = {"plot_prior_posterior": {"draws": 100}}
    for name in (
        "plot_latent",
        "plot_expected_qwk",
        "plot_confusion",
        "plot_prior_posterior",
        "plot_category_probs",
    ):
        plt.close("all")
        figure, axes = plt.subplots(1, 2)
        assert getattr(wine_fit, name)(ax=axes[1], **quick.get(name, {})) is axes[1]
        assert not axes[0].has_data()
        assert plt.get_fignums() == [figure.number]
    for name in ("plot_forest", "plot_calibration"):
        plt.close("all")
        getattr(wine_fit, name)()
        assert len(plt.get_fignums()) == 1


def test_methods_are_the_functions():
    """The same options with the same defaults, whatever the method adds."""
    methods = [name for name in dir(PosteriorPlots) if name.startswith("plot_")]
    assert methods
    for name in methods:
        function = inspect.signature(getattr(plots, name)).parameters
        method = inspect.signature(getattr(PosteriorPlots, name)).parameters
        assert getattr(PosteriorPlots, name).__doc__
        shared = [option for option in function if option in method]
        if name != "plot_expected_qwk":  # its function takes what the method computes first
            assert shared == list(function)[1:], name
        for option in shared:
            assert method[option].default == function[option].default, (name, option)
            assert method[option].kind == function[option].kind, (name, option)


def test_words():
    assert plain("$1 to $2") == r"\$1 to \$2"
    assert wrapped("one two three", 8) == "one two\nthree"
    assert wrapped("unbreakable_name", 8) == "unbreakable_name"
    assert longest(["ab\nabcd", "abc"]) == 4
    assert longest([""]) == 0
    assert said("one", "", "two") == "one; two"
    assert legend_columns(["a", "b"]) == 2
    assert legend_columns(list("abcdefghij")) == 5  # two even lines, not eight and two
    assert legend_columns(["x" * 100, "y"]) == 1


def test_legends_are_read_line_after_line():
    """Matplotlib fills column after column; the categories must come in order as one reads."""
    ax = plt.subplots()[1]
    category_legend(ax, "y", [*"abcdefg", "a long category", "another", "last"])
    ax.figure.canvas.draw()
    boxes = [(text.get_window_extent(), text.get_text()) for text in ax.get_legend().get_texts()]
    read = [name for box, name in sorted(boxes, key=lambda pair: (-round(pair[0].y0, -1), pair[0].x0))]
    assert read == [*"abcdefg", "a long category", "another", "last"]


def test_legends_in_parts_of_a_figure():
    figure = plt.figure(figsize=(12, 4), layout="constrained")
    for part in figure.subfigures(1, 2):
        ax = part.subplots()
        category_legend(ax, "y", ODD * 2)
        figure.canvas.draw()
        box = ax.get_legend().get_window_extent()
        assert part.bbox.x0 - 1 <= box.x0
        assert box.x1 <= part.bbox.x1 + 1


def test_latent_has_room_for_long_levels_and_answers(survey):
    data = survey.assign(where=survey["where"].map({"$5/day": "a region with a very long name, officially"}))
    data = data.assign(where=data["where"].fillna("elsewhere"))
    ax = bo.fit("answer ~ year + where", data, method="mode", priors=FLAT).plot_latent()
    ax.figure.canvas.draw()
    for box in (ax.get_legend().get_window_extent(), ax.get_tightbbox()):
        assert box.x0 >= -1
        assert box.x1 <= ax.figure.bbox.width + 1


def test_a_posterior_mode_has_the_plots_that_need_no_draws(wine):
    mode = bo.fit("rating ~ temp", wine, method="mode", priors=bo.Priors(beta=bo.priors.normal(0, 2)))
    for name in (
        "category_probs",
        "latent",
        "expected_qwk",
        "confusion",
        "calibration",
        "prior_posterior",
        "residuals",
    ):
        axes = np.ravel(getattr(mode, f"plot_{name}")())
        axes[0].figure.canvas.draw()
        assert all(ax.has_data() for ax in axes), name
        plt.close("all")
    assert not hasattr(mode, "plot_forest")
