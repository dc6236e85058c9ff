"""Any pm.Model behind a C pointer: its log density, gradient and variables are those that PyMC gives."""

import ctypes
import os
import subprocess
import sys

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from cases import PRIORS, small_design

from bayesord.inference import nuts
from bayesord.inference.graph import GraphDensity
from bayesord.modelling.build import build_model

POINTER = ctypes.POINTER(ctypes.c_double)


def ask(density, x):
    """(status, log density, gradient) from the C function."""
    gradient, value = np.full(density.n_dim, np.nan), np.full(1, np.nan)
    arrays = (array.ctypes.data_as(POINTER) for array in (np.ascontiguousarray(x), gradient, value))
    status = density.compiled.ctypes(density.n_dim, *arrays, density.record.ctypes.data)
    return status, value[0], gradient


def by_pymc(model, x):
    function = model.logp_dlogp_function(ravel_inputs=True, mode="FAST_COMPILE")
    function.set_extra_values({})
    return function(x)


def unusual():
    """Dimensions 0 to 3, an integer and a logical array, a bound, a free variable that is a matrix."""
    rng = np.random.default_rng(4)
    with pm.Model() as model:
        counts = pm.Data("counts", rng.integers(0, 9, 6))
        use = pm.Data("use", np.array([True, False, True, True, True, False]))
        cube = pm.Data("cube", rng.normal(size=(2, 3, 4)))
        rate = pm.HalfNormal("rate")
        loading = pm.Normal("loading", 0, 1, shape=(3, 4))
        pm.Deterministic("twice", 2 * loading)
        pm.Poisson("seen", rate, observed=counts)
        pm.Potential("curve", -(use * rate).sum() - ((cube * loading) ** 2).sum())
    return model


def check(model, rng):
    density = GraphDensity(model)
    for _ in range(3):
        x = rng.normal(0, 0.5, density.n_dim)
        value, gradient = by_pymc(model, x)
        status, got, slopes = ask(density, x)
        assert status == 0
        assert got == pytest.approx(float(value), rel=1e-12)
        np.testing.assert_allclose(slopes, gradient, rtol=1e-10, atol=1e-10)
    return density


def test_density_and_variables_of_an_unusual_model(rng):
    model = unusual()
    density = check(model, rng)
    x = rng.normal(size=(2, 3, density.n_dim))
    draws = density.expand(x)
    assert {name: values.shape for name, values in draws.items()} == {
        "rate": (2, 3),
        "loading": (2, 3, 3, 4),
        "twice": (2, 3, 3, 4),
    }
    np.testing.assert_allclose(draws["rate"], np.exp(x[..., 0]))
    np.testing.assert_array_equal(draws["loading"], x[..., 1:].reshape(2, 3, 3, 4))
    np.testing.assert_array_equal(draws["twice"], 2 * draws["loading"])


def test_a_point_outside_is_refused_and_a_copy_of_the_data_is_kept(rng):
    model = unusual()
    density = GraphDensity(model)
    status, _, _ = ask(density, np.full(density.n_dim, 1e200))
    assert status == 1
    x = rng.normal(size=density.n_dim)
    before = ask(density, x)[1]
    model.set_data("counts", np.zeros(6, int))
    assert ask(density, x)[1] == before
    assert ask(GraphDensity(model), x)[1] != before


def test_starts_are_those_of_the_model_moved_by_up_to_one():
    density = GraphDensity(unusual())
    starts = np.array([density.start(seed) for seed in range(20)])
    np.testing.assert_array_equal(starts[3], density.start(3))
    assert np.abs(starts[:, 1:]).max() <= 1
    assert np.ptp(starts, axis=0).min() > 0.5
    elsewhere = GraphDensity(unusual(), {"loading": np.full((3, 4), 7.0)})
    assert np.abs(elsewhere.start(0)[1:] - 7).max() <= 1


def test_the_same_draws_for_any_cores(rng):
    density = GraphDensity(unusual())
    settings = {"draws": 50, "tune": 50, "target_accept": 0.8, "progressbar": False, "seeds": [1, 2, 3]}
    one, three = (nuts.sample_model(density, cores=cores, **settings) for cores in (1, 3))
    for name in ("rate", "loading", "twice"):
        np.testing.assert_array_equal(one.draws[name], three.draws[name])
    assert not np.array_equal(one.draws["rate"][0], one.draws["rate"][1])


def test_what_cannot_be_sampled_is_said():
    with pm.Model() as empty:
        pm.Potential("nothing", pt.constant(1.0))
    with pytest.raises(ValueError, match="no free variables"):
        GraphDensity(empty)
    with pm.Model() as counted:
        pm.Poisson("k", 3)
        pm.Normal("x")
    with pytest.raises(ValueError, match=r"\['k'\] are discrete"):
        GraphDensity(counted)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRIORS)
def test_every_prior(rng, name):
    check(build_model(small_design(rng, weights=True, offset=True), "cloglog", PRIORS[name]), rng)


IN_A_PROCESS = """
import ctypes
import hashlib
import sys
import numpy as np
import pymc as pm
from bayesord import Priors
from bayesord.inference.graph import GraphDensity
from bayesord.modelling.build import build_model
from bayesord.modelling.design import from_arrays

POINTER = ctypes.POINTER(ctypes.c_double)
n, p = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(0)
design = from_arrays(rng.normal(size=(n, p)), np.r_[0:3, rng.integers(0, 3, n - 3)])
with build_model(design, "logit", Priors()) as model:
    pm.Potential("known", pm.logp(pm.Normal.dist(3.0, 0.5), model["beta"].sum()))
density, values = GraphDensity(model), []
for x in rng.normal(0, 0.5, (200, density.n_dim)):
    found = np.empty(density.n_dim + 1)
    arrays = (array.ctypes.data_as(POINTER) for array in (x, found[1:], found[:1]))
    density.compiled.ctypes(density.n_dim, *arrays, density.record.ctypes.data)
    values.append(found)
print(density.compiled.cache_hits, hashlib.sha256(np.array(values)).hexdigest())
"""


@pytest.mark.slow
def test_later_processes_find_the_code_for_other_sizes_and_round_alike(tmp_path):
    def ran(n, p):
        command = [sys.executable, "-W", "ignore", "-c", IN_A_PROCESS, str(n), str(p)]
        flags = {"PYTENSOR_FLAGS": f"base_compiledir={tmp_path}"}
        return subprocess.run(
            command, env=os.environ | flags, capture_output=True, text=True, check=True
        ).stdout.split()

    compiled, found, other = ran(50, 2), ran(50, 2), ran(80, 4)
    assert [compiled[0], found[0], other[0]] == ["0", "1", "1"]
    assert compiled[1] == found[1]
