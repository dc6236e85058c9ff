"""A fit that was saved and loaded in another process says, to the bit, what it said before."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import stored_fits
import xarray as xr

import bayesord as bo
from bayesord.modelling.design import Design
from bayesord.predictive.decisions import kappa_matrix
from bayesord.storage.design import FIELDS

COSTS = [[0, 1, 2, 3], [2, 0, 1, 2], [4, 2, 0, 1], [6, 4, 2, 0]]


@pytest.fixture(scope="module")
def fits():
    return {name: stored_fits.make(name) for name in stored_fits.NAMES}


@pytest.fixture(scope="module")
def elsewhere(fits, tmp_path_factory):
    """What another process says of the files."""
    folder = tmp_path_factory.mktemp("fits")
    for name, fit in fits.items():
        fit.save(folder / f"{name}.whole")
        fit.save(folder / f"{name}.rowless", include_data=False)
    child = [sys.executable, "-W", "error", Path(stored_fits.__file__), folder]
    done = subprocess.run(child, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def here(fits):
    """What this process says of the fits themselves."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "fits"}):
        return {name: stored_fits.say(fit, name) for name, fit in fits.items()}


@pytest.mark.parametrize("name", stored_fits.NAMES)
def test_a_loaded_fit_says_the_same_in_another_process(name, here, elsewhere):
    there = elsewhere[f"{name}.whole"]
    assert there.keys() == here[name].keys()
    assert [what for what in there if there[what] != here[name][what]] == []


@pytest.mark.parametrize("name", stored_fits.NAMES)
def test_a_fit_loaded_without_rows_answers_the_same_for_new_ones(name, here, elsewhere):
    there = elsewhere[f"{name}.rowless"]
    assert len(there) > 15
    assert [what for what in there if there[what] != here[name][what]] == []


def test_every_field_of_a_design_is_stored():
    assert {field.name for field in dataclasses.fields(Design)} == set(FIELDS)


def test_the_model_of_a_loaded_fit_is_the_same(fits, tmp_path):
    fits["groups"].save(tmp_path / "fit")
    loaded = bo.load(tmp_path / "fit")
    models = loaded.model, fits["groups"].model
    data = [{own.name: own.get_value().tobytes() for own in model.data_vars} for model in models]
    assert data[0] == data[1]
    assert list(models[0].named_vars) == list(models[1].named_vars)
    assert models[0].coords == models[1].coords


def test_design_and_settings_come_back_equal(fits, tmp_path):
    fit = fits["times"]
    fit.save(tmp_path / "fit")
    loaded = bo.load(tmp_path / "fit")
    assert loaded.link is fit.link
    assert loaded.priors == fit.priors
    assert loaded.verdict == fit.verdict
    pd.testing.assert_index_equal(loaded.design.obs_id, fit.design.obs_id)
    xr.testing.assert_identical(loaded.idata, fit.idata)
    for name in ("X", "y", "weights", "offset", "mean", "sd"):
        mine, theirs = getattr(loaded.design, name), getattr(fit.design, name)
        assert mine.dtype == theirs.dtype
        assert mine.tobytes() == theirs.tobytes()
        assert not mine.flags.writeable


def test_what_was_added_to_idata_comes_back(fits, tmp_path):
    fit = fits["several"]
    idata = fit.idata
    fit.posterior_predictive(random_seed=1)
    times = np.array(["2024-01-01", "NaT"], dtype="M8[ns]")
    own = xr.Dataset(
        {
            "when": ("t", times),
            "what": ("t", np.array(["a", 3], dtype=object)),
            "z": ("t", [1j, np.nan + 0j]),
        },
        coords={"t": [(1, 2), (3, 4)][:0] or ["u", "v"]},
        attrs={
            "list": [1, "b", None],
            "number": np.float64(0.1),
            "table": np.eye(2),
            "nothing": float("nan"),
        },
    )
    fit.idata["mine/inner"] = own
    fit.save(tmp_path / "fit")
    loaded = bo.load(tmp_path / "fit").idata
    assert {"posterior_predictive", "mine"} <= set(loaded.children)
    xr.testing.assert_identical(loaded, idata)
    fit.save(tmp_path / "bare", include_data=False)
    bare = bo.load(tmp_path / "bare").idata
    assert not {"observed_data", "log_likelihood", "posterior_predictive"} & set(bare.children)
    assert not any("obs_id" in node.dims for node in bare.subtree)
    assert "beta_scale" in bare["constant_data"]


@pytest.fixture(scope="module")
def bare(fits, tmp_path_factory):
    path = tmp_path_factory.mktemp("bare") / "fit"
    fits["groups"].save(path, include_data=False)
    return bo.load(path)


class TestWithoutRows:
    def test_no_number_of_the_rows_is_in_the_file(self, fits, tmp_path):
        fit = fits["groups"]
        fit.save(tmp_path / "fit", include_data=False)
        payload = (tmp_path / "fit").read_bytes()
        for row in (
            fit.design.X[7, 0],
            fit.design.X[20, 4],
            fit.design.offset[3],
            fit.design.groups[0].Z[5, 1],
        ):
            assert row.tobytes() not in payload
        assert b"row 7" not in payload
        whole = tmp_path / "whole"
        fit.save(whole)
        assert fit.design.X[7, 0].tobytes() in whole.read_bytes()

    @pytest.mark.parametrize(
        "ask",
        [
            lambda fit: fit.predict(),
            lambda fit: fit.predict_proba(),
            lambda fit: fit.category_probs(group_effects=False),
            lambda fit: fit.posterior_predictive(),
            lambda fit: fit.expected_qwk(),
            lambda fit: fit.qwk(),
            lambda fit: fit.qwk(loo=False),
            lambda fit: fit.log_likelihood(),
            lambda fit: fit.model,
            lambda fit: fit.design.X,
            lambda fit: fit.design.groups[0].index,
            lambda fit: bo.compare_qwk(fit, fit),
        ],
    )
    def test_what_needs_rows_says_so(self, bare, ask):
        with pytest.raises(ValueError, match="saved with include_data=False"):
            ask(bare)

    def test_rules_that_only_rows_can_teach_are_refused(self, bare):
        new, _ = stored_fits.new_rows("groups")
        assert len(bare.predict(new, "mean", category_values=[0, 1, 2, 9])) == len(new)
        for how in ({"category_values": [0, 1, 2, 9]}, {"decision": kappa_matrix(COSTS)}):
            with pytest.raises(ValueError, match="rule='batch'"):
                bare.predict(new, **{"decision": "qwk", **how})
            assert len(bare.predict(new, rule="batch", **{"decision": "qwk", **how})) == len(new)

    def test_it_is_saved_again_without_rows_alone(self, bare, tmp_path):
        with pytest.raises(ValueError, match="include_data=False"):
            bare.save(tmp_path / "fit")
        bare.save(tmp_path / "fit", include_data=False)
        again = bo.load(tmp_path / "fit")
        new, _ = stored_fits.new_rows("groups")
        assert repr(again) == repr(bare)
        assert (again.predict(new) == bare.predict(new)).all()


class Odd:
    """A label of the user's own."""


def test_labels_that_no_file_can_hold_are_named(tmp_path):
    labels = [Odd(), Odd()]
    X = np.arange(10.0)[:, None]
    y = [labels[i % 2] for i in range(10)]
    fit = bo.fit(X, y, categories=labels, method="mode", priors=bo.Priors(beta=bo.priors.normal(0, 1)))
    with pytest.raises(TypeError, match=r"of type Odd cannot be stored"):
        fit.save(tmp_path / "fit")
    assert list(tmp_path.iterdir()) == []


def test_labels_of_rows_that_no_file_can_hold_can_be_left_out(wine, tmp_path):
    odd = wine.set_axis([Odd() for _ in range(len(wine))])
    few = {"draws": 10, "tune": 20, "chains": 2, "random_seed": 1, "progressbar": False, "on_fail": "ignore"}
    fit = bo.fit("rating ~ temp", odd, **few)
    with pytest.raises(TypeError, match=r"label of a row\. Use reset_index\(\)"):
        fit.save(tmp_path / "fit")
    fit.save(tmp_path / "fit", include_data=False)
    assert (bo.load(tmp_path / "fit").predict(wine) == fit.predict(wine)).all()
