"""What an answer looks like: printed, in a notebook, beside columns that carry its own names; from a loaded fit."""

import numpy as np
import pandas as pd
import pytest
from made_up_fits import draw

import bayesord as bo
from bayesord.modelling.design import from_formula


def test_printing_says_what_the_numbers_are(logit_fit):
    lines = repr(logit_fit.comparisons("dose", "ratio", quantity="cumulative", prob=0.8)).splitlines()
    assert lines[0] == (
        "ratio of P(pain <= k), averaged over 90 weighted rows; posterior median, 80 % interval"
    )
    assert lines[1].split() == ["variable", "contrast", "category", "estimate", "sd", "lower", "upper"]
    assert lines[2].split()[:5] == ["dose", "mid", "/", "low", "no"]
    assert len(lines) == 2 + 2 * 3


def test_long_tables_are_cut_when_shown(logit_fit):
    found = logit_fit.predictions(bo.grid(logit_fit, age=range(20, 40)))
    assert len(found.table) == 80
    assert repr(found).splitlines()[-1] == "... 40 more in .table"
    assert found._repr_html_().count("<tr>") == 41
    assert "The first 40 of 80 rows" in found._repr_html_()


def test_html_is_safe_and_complete(people):
    fit = draw(from_formula("pain ~ sex", people.assign(sex=people["sex"].map({"m": "<b>m</b>", "f": "f"}))))
    shown = fit.predictions(by="sex")._repr_html_()
    assert "&lt;b&gt;m&lt;/b&gt;" in shown
    assert "<b>m" not in shown
    assert "posterior mean, 90 % interval" in shown


def test_covariates_may_be_called_like_columns_of_the_table(people):
    named = people.rename(columns={"dose": "category", "sex": "group", "age": "estimate"})
    fit = draw(from_formula("pain ~ category + group + estimate", named))
    found = fit.predictions(by=["category", "group"], quantity="exceedance")
    assert list(found.table.columns[:4]) == ["category_", "group_", "category", "estimate"]
    assert found.draws["category"].values.tolist() == ["little", "much", "worst"]
    assert found.draws["category_"].dims == ("group",)
    found = fit.comparisons({"estimate": 5}, by="group", quantity="eta")
    np.testing.assert_allclose(found.table["estimate"], 5 * fit.beta[:, -1].mean(), rtol=1e-10)
    assert found.plot().get_ylabel() == "group_"


def test_rows_that_covariates_cannot_tell_apart_keep_their_labels(logit_fit, people):
    twice = people.iloc[[0, 0, 1]].set_axis(["one", "two", "three"])
    table = logit_fit.predictions(twice, quantity="eta").table
    assert table["obs_id"].tolist() == ["one", "two", "three"]
    assert table["estimate"][0] == table["estimate"][1] != table["estimate"][2]


def test_labels_of_several_levels(logit_fit, people):
    rows = people.iloc[:3].set_index("town", append=True)
    found = logit_fit.predictions(rows)
    assert found.draws["obs_id"].values.tolist() == rows.index.tolist()


def test_infinite_ratios_do_no_harm(people):
    fit = draw(from_formula("pain ~ sex", people))
    fit.beta = np.where(np.arange(60)[:, None] < 20, 900.0, fit.beta)
    odds = fit.comparisons("sex", "odds_ratio").table
    assert not np.isfinite(odds["upper"].item())
    assert np.isfinite(odds["estimate"].item())
    fit.comparisons("sex", "ratio", new=bo.grid(fit))


def test_the_population_level_is_named(wine):
    data = wine.assign(x=np.arange(72.0))
    design = from_formula("rating ~ temp + (1 | judge)", data)
    fit = draw(design)
    said = fit.predictions(group_effects=False).said
    assert said == "P(rating = k), averaged over 72 rows, group effects 0"


def test_a_loaded_fit_answers_alike(wine, wine_fit, tmp_path):
    wine_fit.save(tmp_path / "whole.fit")
    wine_fit.save(tmp_path / "bare.fit", include_data=False)
    whole, bare = bo.load(tmp_path / "whole.fit"), bo.load(tmp_path / "bare.fit")
    expected = wine_fit.comparisons("temp", by="contact").table
    pd.testing.assert_frame_equal(whole.comparisons("temp", by="contact").table, expected)
    found = bare.comparisons("temp", by="contact", new=wine).table
    pd.testing.assert_frame_equal(found, expected, check_categorical=False)
    with pytest.raises(ValueError, match="does not hold its training rows: pass new="):
        bare.predictions()
    assert bo.grid(bare, temp=...).equals(bo.grid(wine_fit, temp=...))
