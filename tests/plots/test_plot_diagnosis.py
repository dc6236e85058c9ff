"""Figures of a diagnosis: what is drawn is in its tables, in the user's categories."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from quick_modes import NORMAL, simulated_mode

import bayesord as bo
from bayesord.plots import plot_category_counts, plot_diagnosis, plot_parallel


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def diagnosis():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"age": rng.uniform(20, 80, 300), "group": rng.choice(["low", "mid", "high"], 300)})
    latent = data["age"] / 20 + rng.logistic(size=300)
    words = ["never", "rarely", "often", "always"]
    data["answer"] = pd.Categorical.from_codes(np.searchsorted([2.0, 3.0, 4.0], latent), words, ordered=True)
    return bo.fit("answer ~ age + group", data, method="mode", priors=NORMAL).diagnose()


def segments(ax) -> np.ndarray:
    """Horizontal intervals drawn: (lines, 2) ends."""
    drawn = [c for c in ax.collections if isinstance(c, LineCollection)]
    ends = np.concatenate([c.get_segments() for c in drawn])
    return ends


def test_counts(diagnosis):
    ax = plot_category_counts(diagnosis)
    table = diagnosis.category_counts
    assert [label.get_text() for label in ax.get_xticklabels()] == ["never", "rarely", "often", "always"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), table["observed"])
    np.testing.assert_allclose(segments(ax)[:, :, 1], table[["lower", "upper"]])
    np.testing.assert_allclose([bar.get_height() for bar in ax.patches], table["mean"])
    assert "90 % posterior predictive" in " ".join(ax.get_xlabel().split())


def test_coefficients_by_cutpoint(diagnosis):
    ax = plot_parallel(diagnosis)
    parallel = diagnosis.parallel
    names = [label.get_text().splitlines()[0] for label in ax.get_yticklabels()]
    assert names == parallel.tests.index.tolist()
    assert ax.get_yticklabels()[0].get_text().splitlines()[1] == f"p = {parallel.tests['p'].iloc[0]:.3f}"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "never|rarely",
        "rarely|often",
        "often|always",
    ]
    for number, cutpoint in enumerate(["never|rarely", "rarely|often", "often|always"]):
        rows = parallel.estimates[parallel.estimates["cutpoint"] == cutpoint].set_index("predictor")
        drawn = ax.lines[number].get_xdata()
        np.testing.assert_allclose(drawn, rows["estimate"] * parallel.unit, rtol=1e-12)
        ends = ax.collections[number].get_segments()
        np.testing.assert_allclose(
            [end[:, 0] for end in ends], rows[["lower", "upper"]].mul(parallel.unit, axis=0)
        )
    common = ax.collections[3].get_segments()
    np.testing.assert_allclose([line[0, 0] for line in common], parallel.common * parallel.unit)


def test_both_and_axes_given(diagnosis):
    axes = diagnosis.plot(predictors=["age"])
    assert len(axes) == 2
    assert len(axes[1].get_yticklabels()) == 1
    _, given = plt.subplots(1, 2)
    assert plot_category_counts(diagnosis, ax=given[0]) is given[0]
    assert plot_parallel(diagnosis, "age", ax=given[1]) is given[1]
    assert len(plt.get_fignums()) == 2


def test_many_predictors_are_cut_to_the_worst(rng):
    mode = simulated_mode(rng, 400, beta=tuple(rng.normal(size=12)))
    ax = plot_parallel(mode.diagnose())
    shown = [label.get_text().splitlines()[0] for label in ax.get_yticklabels()]
    worst = mode.diagnose().parallel.tests["p"].nsmallest(8).index
    assert set(shown) == set(worst)
    assert "4 more predictors not shown" in " ".join(ax.get_xlabel().split())


def test_without_a_parallel_check(rng):
    alone = bo.fit("y ~ 1", pd.DataFrame({"y": rng.integers(0, 3, 50)}), method="mode").diagnose()
    assert len(plot_diagnosis(alone)) == 1
    with pytest.raises(ValueError, match="no parallel check"):
        plot_parallel(alone)


def test_unknown_predictors(diagnosis):
    with pytest.raises(ValueError, match="Did you mean 'age'"):
        plot_parallel(diagnosis, ["aeg"])


def test_the_legend_names_cutpoints_that_begin_with_a_line(rng):
    data = pd.DataFrame({"x": rng.normal(size=120)})
    data["y"] = pd.Categorical.from_codes(np.arange(120) % 3, ["_low", "_mid", "_high"], ordered=True)
    ax = plot_parallel(bo.fit("y ~ x", data, method="mode", priors=NORMAL).diagnose())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["_low|_mid", "_mid|_high"]
