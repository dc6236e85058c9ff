"""Every way to change a pm.Model is seen; what does not change it is not."""

import copy
import gc
import weakref

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
from cases import PRIORS, small_design
from pymc.model.fgraph import clone_model

from bayesord.likelihood.links import get_link
from bayesord.modelling import origin
from bayesord.modelling.build import build_model
from bayesord.modelling.design import from_formula


def remembered(design, priors=PRIORS["default"]):
    model = build_model(design, "logit", priors)
    origin.remember(model, design, get_link("logit"), priors)
    return model


@pytest.fixture
def model(rng):
    return remembered(small_design(rng, weights=True))


def node(model, name):
    return model[name].owner


def potential(model):
    pm.Potential("push", model["beta"].sum())


def deterministic(model):
    pm.Deterministic("total", model["beta"].sum())


def free_variable(model):
    pm.Normal("own")


def likelihood(model):
    pm.Normal("seen", model["beta"], observed=np.zeros(3))


def data(model):
    pm.Data("more", np.zeros(3))


def other_X(model):
    pm.set_data({"X": model["X"].get_value() * 1.0000001})


def other_answers(model):
    pm.set_data({"y_codes": model["y_codes"].get_value()[::-1].copy()})


def other_weights(model):
    pm.set_data({"extra_weight": np.zeros(60)})


def other_scale(model):
    pm.set_data({"beta_scale": np.full(3, 9.0)})


def other_cutpoint_prior(model):
    pm.set_data({"cutpoint_prior": np.full(4, 2.0)})


def data_in_place(model):
    model["X"].get_value(borrow=True)[3, 1] += 1e-9


def fewer_rows(model):
    coords = {"obs_id": list(range(40))}
    values = {name: model[name].get_value()[:40] for name in ("X", "y_codes", "extra_weight")}
    pm.set_data(values, coords=coords)


def number_of_a_prior_in_place(model):
    constants = [
        v
        for v in node(model, "R2").inputs
        if getattr(v.type, "dtype", "") == "float64" and hasattr(v, "data")
    ]
    constants[0].data.setflags(write=True)
    constants[0].data[...] = 17.0


def input_of_a_node(model):
    inputs = node(model, "beta").inputs
    place = next(i for i, v in enumerate(inputs) if v.owner is not None)
    inputs[place] = pt.as_tensor(np.ones(3))


def operation_of_a_node(model):
    node(model, "cutpoints").op = copy.copy(node(model, "cutpoints").op)


def transform(model):
    model.rvs_to_transforms[model["R2"]] = None


def start(model):
    model.set_initval(model["beta"], np.ones(3))


def no_weights(model):
    model.potentials.clear()


def more_coords(model):
    model.add_coord("school", ["a", "b"])


def other_labels(model):
    model._coords["predictor"] = ("a", "b", "c")


def other_dims(model):
    model.named_vars_to_dims["beta"] = ("cutpoint",)


CHANGES = {
    potential: "potentials",
    deterministic: "deterministic variables",
    free_variable: "free variables",
    likelihood: "observed variables",
    data: "data",
    other_X: "data 'X'",
    other_answers: "data 'y_codes'",
    other_weights: "data 'extra_weight'",
    other_scale: "data 'beta_scale'",
    other_cutpoint_prior: "data 'cutpoint_prior'",
    data_in_place: "data 'X'",
    fewer_rows: "data 'y_codes'",
    number_of_a_prior_in_place: "constants",
    input_of_a_node: "graphs",
    operation_of_a_node: "graphs",
    transform: "transforms",
    start: "starts",
    no_weights: "potentials",
    more_coords: "coords",
    other_labels: "coords",
    other_dims: "dims",
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_is_seen_and_named(model, change):
    assert origin.changes(model) == []
    with model:
        change(model)
    assert CHANGES[change] in origin.changes(model)


@pytest.mark.parametrize("name", PRIORS)
def test_every_prior_is_recognised(rng, name):
    assert origin.changes(remembered(small_design(rng, offset=True), PRIORS[name])) == []


def test_group_effects_and_their_indices(wine):
    design = from_formula("rating ~ temp + (1 | judge)", wine)
    model = remembered(design)
    assert origin.changes(model) == []
    with model:
        pm.set_data({"judge_index": (model["judge_index"].get_value() + 1) % 9})
    assert origin.changes(model) == ["data 'judge_index'"]


def test_what_does_not_change_a_model(rng):
    model = remembered(small_design(rng, offset=True))
    with model:
        pm.sample_prior_predictive(3, random_seed=1, compile_kwargs={"mode": "FAST_COMPILE"})
        pm.set_data({"X": model["X"].get_value()})
    model.compile_logp(mode="FAST_COMPILE")(model.initial_point())
    assert "beta" in model.str_repr()
    assert origin.changes(model) == []


def test_copies_and_models_of_others_are_not_known(model):
    with pm.Model() as other:
        pm.Normal("beta")
    for unknown in (other, copy.copy(model), copy.deepcopy(model), clone_model(model)):
        assert origin.origin(unknown) is None
        assert origin.changes(unknown) is None


def test_a_model_is_not_kept_alive_by_being_remembered(rng):
    model = weakref.ref(remembered(small_design(rng)))
    gc.collect()
    assert model() is None
