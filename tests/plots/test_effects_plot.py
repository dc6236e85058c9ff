"""Figures of effects: what is drawn is what the table says."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from made_up_fits import draw

import bayesord as bo
from bayesord.modelling.design import from_formula
from bayesord.plots import plot_effects


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def fit():
    rng = np.random.default_rng(6)
    data = pd.DataFrame(
        {"age": rng.uniform(20, 60, 80), "dose": rng.choice(["a", "b"], 80), "y": np.arange(80) % 4}
    )
    return draw(from_formula("y ~ age * dose", data))


def texts(labels) -> list[str]:
    return [label.get_text() for label in labels]


def drawn(ax):
    """(estimates, lower, upper), each (series, lines), of points with bars."""
    found = [container.lines for container in ax.containers]
    centres = [line.get_xdata() for line, _, _ in found]
    segments = [bars[0].get_segments() for _, _, bars in found]
    return centres, [[s[0, 0] for s in one] for one in segments], [[s[1, 0] for s in one] for one in segments]


def test_points_and_bars_by_group_and_category(fit):
    effects = fit.predictions(by="dose")
    ax = effects.plot()
    assert texts(ax.get_yticklabels()) == ["a", "b"]
    assert ax.get_ylabel() == "dose"
    assert texts(ax.get_legend().get_texts()) == ["0", "1", "2", "3"]
    for found, column in zip(drawn(ax), ["estimate", "lower", "upper"], strict=True):
        np.testing.assert_allclose(np.transpose(found).ravel(), effects.table[column])
    assert ax.get_xlabel().split("\n")[-1] == "bars: 90 % intervals"


def test_categories_go_below_each_other_where_there_is_one_row(fit):
    effects = fit.comparisons("dose", quantity="exceedance")
    ax = effects.plot()
    assert texts(ax.get_yticklabels()) == ["1", "2", "3"]
    assert ax.get_legend() is None
    np.testing.assert_allclose(drawn(ax)[0][0], effects.table["estimate"])
    assert "dose: b - a; difference of P(y >= k)" in ax.get_xlabel().replace("\n", " ")


def test_contrasts_name_themselves_and_their_groups(fit):
    ax = plot_effects(fit.comparisons(by="dose", quantity="expected_score"))
    assert texts(ax.get_yticklabels())[:2] == ["age: +1, dose = a", "age: +1, dose = b"]
    assert ax.lines[-1].get_xdata()[0] == 0.0  # no effect


def test_ratios_are_on_a_scale_of_their_own(fit):
    ax = fit.comparisons("dose", "ratio", quantity="cumulative").plot()
    assert ax.get_xscale() == "log"
    assert ax.lines[-1].get_xdata()[0] == 1.0
    assert fit.comparisons("dose", "superiority").plot().lines[-1].get_xdata()[0] == 0.5


def test_lines_along_a_number(fit):
    grid = bo.grid(fit, age=[50, 30, 40.0, 20])
    effects = fit.predictions(grid)
    ax = effects.plot()
    assert ax.get_xlabel().startswith("age")
    table = effects.table.sort_values("age")
    for line, (_, own) in zip(ax.lines, table.groupby("category", observed=True), strict=True):
        np.testing.assert_allclose(line.get_xydata(), own[["age", "estimate"]])
    assert len(ax.collections) == 4


def test_lines_of_a_factor(fit):
    effects = fit.predictions(bo.grid(fit, age=[20, 30, 40], dose=...), quantity="expected_score")
    ax = effects.plot()
    assert texts(ax.get_legend().get_texts()) == ["a", "b"]
    assert ax.get_legend().get_title().get_text() == "dose"
    table = effects.table
    for line, dose in zip(ax.lines, "ab", strict=True):
        np.testing.assert_allclose(line.get_ydata(), table[table["dose"] == dose]["estimate"])
    ax = fit.comparisons("dose", "odds_ratio", new=bo.grid(fit, age=[20, 30, 40])).plot()
    assert ax.get_yscale() == "log"
    assert ax.lines[-1].get_ydata()[0] == 1.0
    assert "at dose" not in ax.get_ylabel()  # it is compared, not held


def test_a_point_estimate_has_no_bars(wine):
    flat = bo.Priors(bo.priors.flat(), bo.priors.flat())
    ax = bo.fit("rating ~ temp", wine, method="mode", priors=flat).predictions(by="temp").plot()
    assert "intervals" not in ax.get_xlabel()
    assert not ax.collections


def test_draws_into_the_axes_given(fit):
    figure, axes = plt.subplots(1, 2)
    assert fit.predictions().plot(ax=axes[1]) is axes[1]
    assert not axes[0].has_data()
    assert plt.get_fignums() == [figure.number]


def test_too_many_rows(fit):
    with pytest.raises(ValueError, match="202 rows, and at most 40"):
        fit.predictions(bo.grid(fit, age=..., dose=...)).plot()


def test_long_and_odd_names_are_letters_and_find_room():
    rng = np.random.default_rng(3)
    brands = ["$5_menu $9", "Alpha and Sons Trading Company Limited", "other"]
    answers = [f"answer number {k}: between $10 and $20, more or less" for k in range(5)]
    codes = np.arange(60) % 5
    data = pd.DataFrame({"brand $x$": rng.choice(brands, 60), "size": rng.normal(size=60)})
    data["how $feel$"] = pd.Categorical.from_codes(codes, answers, ordered=True)
    fit = draw(from_formula("`how $feel$` ~ `brand $x$` + size", data))
    grid = bo.grid(fit, {"size": [0.0, 1.0, 2.0], "brand $x$": ...})
    for effects in (
        fit.predictions(by="brand $x$"),
        fit.comparisons("brand $x$", "odds_ratio"),
        fit.predictions(bo.grid(fit, size=[0.0, 1.0, 2.0])),
        fit.predictions(grid, quantity="expected_score"),
    ):
        ax = effects.plot()
        ax.figure.canvas.draw()  # a layout that collapses warns, and warnings are errors
        legend = ax.get_legend()
        words = [*ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label]
        words += [] if legend is None else [*legend.get_texts(), legend.get_title()]
        words = [text for text in words if text.get_text()]
        for text in words:
            assert "$" not in text.get_text().replace(r"\$", ""), text  # two of them would begin a formula
        for box in (ax.get_tightbbox(), *(text.get_window_extent() for text in words)):
            assert box.x0 >= -1
            assert box.x1 <= ax.figure.bbox.width + 1


def test_the_legend_is_of_what_was_drawn(fit):
    """Matplotlib takes labels that begin with _ as no labels, and the axes may hold lines of others."""
    _, ax = plt.subplots()
    ax.axvline(0.5, color="red", label="mine")
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"x": rng.normal(size=60), "g": rng.choice(["a", "b"], 60)})
    data["y"] = pd.Categorical.from_codes(np.arange(60) % 3, ["_low", "_mid", "high"], ordered=True)
    odd = draw(from_formula("y ~ x + g", data))
    for effects in (odd.predictions(by="g"), odd.predictions(bo.grid(odd, x=[0.0, 1.0, 2.0]))):
        legend = effects.plot(ax=ax).get_legend()
        assert texts(legend.get_texts()) == ["_low", "_mid", "high"]
        handles = [handle if hasattr(handle, "get_color") else handle[0] for handle in legend.legend_handles]
        colours = [mpl.colors.to_rgb(handle.get_color()) for handle in handles]
        assert len(set(colours)) == 3
        assert mpl.colors.to_rgb("red") not in colours
