"""The report: planted faults are flagged in the right line, healthy fits are not, and it says what to do."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from quick_modes import NORMAL, simulated_mode

import bayesord as bo
from benchmarks.reliability.alarms import HEALTHY, PATHOLOGIES, run


def lines(diagnosis) -> dict:
    return {check.name: check for check in diagnosis.checks}


def test_a_healthy_fit(wine_fit):
    diagnosis = wine_fit.diagnose()
    assert diagnosis.level == "ok"
    assert str(diagnosis).splitlines()[0] == "Diagnosis of rating ~ temp + contact: ok (all checks passed)"
    table = diagnosis.table
    assert table.columns.tolist() == ["check", "figure", "reference", "level", "advice"]
    assert set(table["level"]) == {"ok"}
    assert set(table["advice"]) == {""}
    assert table["check"].tolist() == [
        "chains", "R-hat", "ESS bulk", "ESS tail", "divergences", "E-BFMI", "tree depth", "separation",
        "empty categories", "prior-data conflict", "category counts", "parallel", "link shape", "repeated rows",
    ]  # fmt: skip
    assert diagnosis.table.equals(wine_fit.diagnose().table)  # simulated with a fixed seed
    assert diagnosis.category_counts["observed"].sum() == 72
    figures = {check.name: check.figure for check in diagnosis.checks}
    assert figures["R-hat"] == wine_fit.verdict.figures["r_hat"]
    assert figures["ESS tail"] == wine_fit.verdict.figures["ess_tail"]


@pytest.mark.parametrize("name", PATHOLOGIES)
def test_planted_faults_are_flagged(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pathology = PATHOLOGIES[name]
        fit = pathology.make(np.random.default_rng(1))
        found = lines(fit.diagnose())[pathology.check]
    assert found.level == pathology.level
    assert found.advice


def test_healthy_fits_raise_no_alarm():
    """A quick look at what `python -m benchmarks.reliability alarms` counts over 200 fits."""
    found = run(n=20, seed=1)
    assert found["fits"] == 20
    assert found["verdicts not ok"] == 0
    assert found["diagnoses not ok"] <= 1
    assert len(HEALTHY) >= 10


def test_advice_is_printed_once_below_the_table(rng):
    x = rng.normal(size=(800, 2))
    y = np.searchsorted([0, 1, 2], x[:, 0] ** 2 + rng.logistic(size=800))
    mode = bo.fit(pd.DataFrame(x, columns=["dose", "age"]), y, method="mode", priors=NORMAL)
    diagnosis = mode.diagnose()
    assert diagnosis.level == "caution"
    text = str(diagnosis)
    assert text.count("['dose'] are not straight") == 1
    assert "the smallest of 2 predictors" in text
    assert "caution" in text.splitlines()[0]
    html = diagnosis._repr_html_()
    assert "are not straight" in html
    assert "<table>" in html


def test_a_posterior_mode_is_judged_by_data_and_model_alone(rng):
    checks = lines(simulated_mode(rng).diagnose())
    assert list(checks) == [
        "separation",
        "empty categories",
        "category counts",
        "parallel",
        "link shape",
        "curves",
    ]


def test_without_predictors_or_with_two_categories(rng):
    y = rng.integers(0, 4, 80)
    data = pd.DataFrame({"y": y, "x": rng.normal(size=80)})
    alone = bo.fit("y ~ 1", data, method="mode").diagnose()
    assert alone.parallel is None
    assert "parallel" not in lines(alone)
    two = bo.fit("y ~ x", data.assign(y=(y > 1) * 1), method="mode", priors=NORMAL).diagnose()
    assert two.parallel is None
    assert {"link shape", "curves"} <= set(lines(two))


def test_what_is_left_out_is_said(rng, monkeypatch):
    truth = bo.simulate(100, beta=(0.5,), cutpoints=(-4, -1, 1), random_seed=3)
    mode = bo.fit(truth.X, truth.y, categories=range(4), method="mode", priors=NORMAL)
    assert "fewer than 5 rows are merged" in str(mode.diagnose())
    monkeypatch.setattr("bayesord.diagnosis.scores._MOST_PARAMETERS", 3)
    assert "too many for it" in str(mode.diagnose())


def test_weights_and_groups(rng, grouped_fit):
    checks = lines(grouped_fit.diagnose())
    assert checks["parallel"].figure > 0.001
    importance = replace(grouped_fit.design, weights=np.full(120, 2.0), weights_kind="importance")
    twin = bo.OrdinalFit(
        importance, grouped_fit.link, grouped_fit.priors, grouped_fit.idata, grouped_fit.verdict
    )
    assert "importance weights together with groups" in str(twin.diagnose())
    truth = bo.simulate(300, beta=(0.5,), n_categories=4, random_seed=2)
    weighted = bo.fit(
        truth.X,
        truth.y,
        sample_weight=rng.uniform(0.5, 2, 300),
        weights="importance",
        method="mode",
        priors=NORMAL,
    )
    assert weighted.diagnose().level == "ok"


def test_chains_that_are_missing_are_told_from_the_verdict(wine_fit):
    verdict = replace(wine_fit.verdict, figures=wine_fit.verdict.figures | {"chains_asked": 6})
    twin = bo.OrdinalFit(wine_fit.design, wine_fit.link, wine_fit.priors, wine_fit.idata, verdict)
    assert lines(twin.diagnose())["chains"].advice == "only 4 of 6 chains are there"


def test_bad_arguments(wine_fit):
    with pytest.raises(ValueError, match="prob=0"):
        wine_fit.diagnose(prob=0)
    with pytest.raises(ValueError, match="random_seed"):
        wine_fit.diagnose(random_seed="x")
