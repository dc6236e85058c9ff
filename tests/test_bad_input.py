"""Anything that may be passed is accepted, or refused on purpose in words, before the engine starts; it stays as it was.

The same examples in every run; `python -m benchmarks.reliability inputs --examples 2000 --seed 1` tries others.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from input_outcomes import attempt
from input_responses import ANSWERS
from strategies import CALLS, Call

import bayesord as bo
from bayesord.modelling.design import Design
from benchmarks.reliability import inputs

EXAMPLES = {
    "fit to arrays": 220,
    "fit to a formula": 120,
    "kappas, decisions, scores": 220,
    "comparisons": 50,
}


@pytest.mark.parametrize("what", CALLS)
def test_outcome(what):
    @settings(
        max_examples=EXAMPLES.get(what, 90),
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(CALLS[what])
    def every(call):
        result = call.tried().result
        if isinstance(result, Design):
            check_design(result, call)

    every()


def check_design(design: Design, call: Call):
    """What reaches the engine is finite, of one length, and what was passed."""
    assert np.isfinite(design.X).all()
    assert len(design.y) == len(design.X) == len(design.obs_id)
    if not call.args or isinstance(call.args[0], str):
        return
    X, y = call.args[:2]
    kept = (
        np.ones(len(X), dtype=bool)
        if (weight := call.options.get("sample_weight")) is None
        else weights(weight)
    )
    given = pd.Series(y).astype(object).to_numpy()[kept]
    if "classifier" not in call.function.__qualname__:  # which puts rows in an order of its own
        labels = np.array([*design.categories, None], dtype=object)[:-1][design.y]
        assert all(one == other for one, other in zip(labels, given, strict=True))
        table = pd.DataFrame(X).astype(object).to_numpy()[kept]
        np.testing.assert_array_equal(design.X, np.array([[float(v) for v in row] for row in table]))


def weights(given):
    return np.array([float(value) > 0 for value in pd.Series(given).astype(object)])


@pytest.mark.parametrize("name", sorted(name for name, piece in ANSWERS.items() if piece.fault is None))
def test_every_good_kind_of_answer(name):
    """Each by itself: the codes are the places of the labels among the categories."""
    rng = np.random.default_rng(4)
    piece = ANSWERS[name]
    X, y = rng.normal(size=(12, 2)), piece.make(rng, 12)
    options = {} if piece.categories is None else {"categories": piece.categories}
    call = Call(lambda *data, **more: bo.fit(*data, **more), (X, y), options, (name,), ())
    check_design(call.tried().result, call)


# -- the judge himself -------------------------------------------------------------------------------------


def breaks(values):
    return np.zeros(3) + np.zeros(2)


def changes(values):
    values[0] = 7


def changes_a_label(values):
    values.index = [1, *values.index[1:]]


def warns_of_the_future(values):
    warnings.warn("soon", FutureWarning, stacklevel=1)


def overflows(values):
    return np.float64(1e308) * 10


def looks_up(values):
    return {}[values]


def compiles(values):
    from bayesord.inference import nuts

    nuts.sample_density(None)
    return 1


@pytest.mark.parametrize(
    ("function", "values", "said"),
    [
        (breaks, 1, "not refused, but broken"),
        (changes, [1, 2], "the input was changed"),
        (changes, np.array([1, 2]), "the input was changed"),
        (changes_a_label, pd.Series([1, 2]), "the input was changed"),
        (warns_of_the_future, 1, "FutureWarning: soon"),
        (overflows, 1, "RuntimeWarning: overflow"),
    ],
)
def test_what_may_not_come_of_a_call(function, values, said):
    with pytest.raises(AssertionError, match=said):
        attempt(function, values)


@pytest.mark.parametrize(
    "values", [[pd.Period("2020-01-01"), pd.NaT], pd.DataFrame([[1.0, 2.0]], columns=[None, "a"])]
)
def test_looking_at_values_is_no_change(values):
    """Periods keep what was asked of them; a missing name is not equal to itself."""
    assert (
        attempt(lambda given: pd.DataFrame(given).map(lambda v: getattr(v, "freq", v)), values).message
        is None
    )


def test_other_errors_are_no_refusals():
    with pytest.raises(KeyError):
        attempt(looks_up, 1)


def test_the_engine_is_noticed():
    assert attempt(compiles, 1).result is None
    assert isinstance(attempt(bo.fit, [[0.0], [1.0], [2.0], [3.0]], [1, 2, 1, 2]).result, Design)


def test_calls_are_judged():
    def call(function, *faults, every=True):
        return Call(function, (), {}, (), faults, every)

    def refuse():
        return bo.priors.normal(0, -1)

    assert call(refuse, "positive").tried().message.startswith("prior normal(0, -1)")
    assert call(refuse, "positive", "other", every=False).tried().message
    for wrong, said in [
        (call(int, "positive"), "accepted in spite"),
        (call(refuse), "refused without reason"),
        (call(refuse, "positive", "other"), "unsaid"),
    ]:
        with pytest.raises(AssertionError, match=said):
            wrong.tried()


def test_the_count_of_the_readme():
    counted = inputs.run(n_examples=6, seed=2)
    assert counted["broken"] == []
    assert counted["bad"] == counted["handled"] > inputs.run(n_examples=0)["bad"] > 300
    assert counted["good"] == counted["accepted"] > 0
