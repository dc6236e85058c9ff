"""ArviZ takes `fit.idata` as it comes, with labels that a reader knows; `import bayesord` loads none of it."""

import subprocess
import sys

import matplotlib as mpl

mpl.use("Agg")

import arviz as az
import matplotlib.pyplot as plt
import numpy as np
import pytest

import bayesord as bo

LABELS = [
    "beta[temp[warm]]",
    "beta[contact[yes]]",
    "cutpoints[1|2]",
    "cutpoints[2|3]",
    "cutpoints[3|4]",
    "cutpoints[4|5]",
]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def fits(wine):
    """A fit with replicated answers, and a smaller one to compare it with."""
    both, temp = (
        bo.fit(f"rating ~ {predictors}", wine, random_seed=1, progressbar=False)
        for predictors in ("temp + contact", "temp")
    )
    both.posterior_predictive(random_seed=1)
    return both, temp


def words(plots) -> set[str]:
    """All text of a figure of ArviZ."""
    figure = plots.viz["figure"].item()
    figure.canvas.draw()
    return {text.get_text() for text in figure.findobj(mpl.text.Text)}


def test_summary_has_the_names_of_the_users_predictors_and_categories(fits):
    table = az.summary(fits[0].idata, var_names=["beta", "cutpoints"], round_to="none")
    assert table.index.tolist() == LABELS
    draws = fits[0].idata["posterior"]["cutpoints"].sel(cutpoint="2|3").values
    assert table.loc["cutpoints[2|3]", "mean"] == pytest.approx(draws.mean())


def test_forest(fits):
    shown = words(az.plot_forest(fits[0].idata, var_names=["beta", "cutpoints"], combined=True))
    assert {"beta", "cutpoints", "temp[warm]", "contact[yes]", "1|2", "2|3", "3|4", "4|5"} <= shown


@pytest.mark.parametrize("plot", [az.plot_trace_dist, az.plot_rank, az.plot_dist, az.plot_ess, az.plot_mcse])
def test_plots_of_draws(fits, plot):
    shown = " ".join(words(plot(fits[0].idata, var_names=["beta", "cutpoints"])))
    assert "beta" in shown
    assert "cutpoints" in shown


def test_energy(fits):
    az.plot_energy(fits[0].idata)


@pytest.mark.parametrize("row", [2, 37, 70])
def test_loo_is_what_a_fit_without_the_row_predicts(fits, wine, row):
    without = bo.fit("rating ~ temp + contact", wine.drop(index=row), random_seed=2, progressbar=False)
    predicted = without.predict_proba(wine.loc[[row]])[0, fits[0].design.y[row]]
    loo = az.loo(fits[0].idata, pointwise=True)
    assert float(loo.elpd_i.sel(obs_id=row)) == pytest.approx(np.log(predicted), abs=0.03)


def test_loo_and_compare(fits):
    both, temp = fits
    loo = az.loo(both.idata, pointwise=True)
    assert loo.n_data_points == 72
    assert loo.elpd_i.sizes == {"obs_id": 72}
    az.plot_khat(loo)
    table = az.compare({"temp": temp.idata, "temp + contact": both.idata})
    assert table.index.tolist() == ["temp + contact", "temp"]


@pytest.mark.parametrize(
    "plot", [az.plot_ppc_rootogram, az.plot_ppc_pava, az.plot_ppc_tstat, az.plot_ppc_pit, az.plot_loo_pit]
)
def test_predictive_checks(fits, plot):
    plot(fits[0].idata)


def test_rootogram_shows_the_counts_of_the_categories(fits, wine):
    axes = az.plot_ppc_rootogram(fits[0].idata).viz["figure"].item().axes
    points = np.vstack([c.get_offsets() for ax in axes for c in ax.collections if len(c.get_offsets()) == 5])
    counts = wine.rating.value_counts(sort=False).to_numpy()
    observed = [row for row in points if any(np.allclose(row, (k, n)) for k, n in enumerate(counts))]
    assert {round(row[0]) for row in observed} == {0, 1, 2, 3, 4}


def test_group_names_and_dimensions(fits):
    idata = fits[0].idata
    assert {"posterior", "sample_stats", "observed_data", "constant_data", "log_likelihood"} <= set(
        idata.children
    )
    assert idata["posterior"]["beta"].dims == ("chain", "draw", "predictor")
    assert idata["posterior"]["cutpoints"].dims == ("chain", "draw", "cutpoint")
    assert idata["log_likelihood"]["y"].dims == ("chain", "draw", "obs_id")
    assert idata["observed_data"]["y"].values.tolist() == fits[0].design.y.tolist()


def test_importing_bayesord_is_light():
    heavy = ["keras", "matplotlib.pyplot", "nutpie", "pymc", "pytensor", "arviz", "arviz_plots", "jax"]
    code = f"import bayesord, sys; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
    assert run.stderr == ""
