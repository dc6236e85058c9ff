"""Every method of the registry: its loss against the published formula, and what any loss must satisfy."""

import keras
import numpy as np
import pytest
from network_backends import TRACES, to_numpy
from network_reference import FORMULAS, reference

from bayesord.neural import METHODS
from bayesord.neural.losses.base import BatchLoss

Y = np.array([0, 1, 2, 3, 1, 2])
ONES = np.ones(6, dtype=np.float32)


def numbers(case, scale, seed=0, rows=6):
    """What enters the last layer: half of it within the scale, half of it at its ends."""
    rng = np.random.default_rng([seed, rows, int(scale)])
    inside = rng.uniform(-scale, scale, size=(rows, case.width))
    ends = np.sign(inside) * scale * (1 - rng.uniform(0, 0.01, size=inside.shape))
    return np.where(rng.random(inside.shape) < 0.5, inside, ends).astype(np.float32)


def evaluate(case, raw, y, weights=None, **settings):
    value = case.loss(**settings)(y, case.outputs(keras.ops.convert_to_tensor(raw)), sample_weight=weights)
    return to_numpy(value)


def test_every_method_has_an_independent_formula():
    assert FORMULAS.keys() == METHODS.keys()


@pytest.mark.parametrize("scale", [1, 10, 100])
def test_value_and_gradient_are_those_of_the_formula(case, scale):
    raw = numbers(case, scale)
    value, gradient = case.value_and_gradient(raw, Y, ONES)
    expected, differences = reference(case.name, raw, Y.tolist(), 4, case.cutpoints)
    np.testing.assert_allclose(value, expected, rtol=2e-6, atol=5e-7)
    np.testing.assert_allclose(gradient, differences, rtol=3e-5, atol=1e-6)


def test_finite_however_extreme(case):
    for scale in (300, 3000, 10_000):
        for seed in range(3):
            value, gradient = case.value_and_gradient(numbers(case, scale, seed), Y, ONES)
            assert np.isfinite(value)
            assert np.isfinite(gradient).all()
    value, gradient = case.value_and_gradient(np.zeros((6, case.width), dtype=np.float32), Y, ONES)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_compiled_is_eager(case):
    raw = numbers(case, 3)
    compiled, _ = case.value_and_gradient(raw, Y, ONES)
    np.testing.assert_allclose(compiled, evaluate(case, raw, Y), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("label", [4, -1])
def test_a_broken_label_makes_a_compiled_loss_nan(case, label):
    y = np.array([0, 1, label, 3, 1, 2])
    if TRACES:
        value, _ = case.value_and_gradient(numbers(case, 3), y, ONES)
        assert np.isnan(value)
    else:
        with pytest.raises(ValueError, match="outside the codes"):
            case.value_and_gradient(numbers(case, 3), y, ONES)


def test_weights_are_repetitions(case):
    raw, weights = numbers(case, 3), np.array([1, 2, 0, 1, 2, 0])
    repeated = np.repeat(np.arange(6), weights)
    sums = {} if issubclass(case.method.loss, BatchLoss) else {"reduction": "sum"}
    np.testing.assert_allclose(
        evaluate(case, raw, Y, weights.astype(float), **sums),
        evaluate(case, raw[repeated], Y[repeated], **sums),
        rtol=1e-5,
    )


def test_order_of_rows_does_not_matter(case):
    raw, order = numbers(case, 3), np.array([3, 1, 5, 0, 2, 4])
    np.testing.assert_allclose(evaluate(case, raw[order], Y[order]), evaluate(case, raw, Y), rtol=2e-6)


@pytest.mark.parametrize("form", ["column", "float", "one_hot"])
def test_labels_in_any_form(case, form):
    raw = numbers(case, 3)
    labels = {"column": Y[:, None], "float": Y.astype(np.float32), "one_hot": np.eye(4)[Y]}[form]
    np.testing.assert_allclose(evaluate(case, raw, labels), evaluate(case, raw, Y), rtol=1e-6)


def test_one_row(case):
    raw, y = numbers(case, 3, rows=1), [2]
    expected, _ = reference(case.name, raw, y, 4, case.cutpoints)
    np.testing.assert_allclose(evaluate(case, raw, y), expected, rtol=2e-6, atol=5e-7)


@pytest.mark.parametrize("y", [0, 2])
def test_one_category_in_the_batch(case, y):
    raw = numbers(case, 3, seed=y)
    value, gradient = case.value_and_gradient(raw, np.full(6, y), ONES)
    expected, differences = reference(case.name, raw, [y] * 6, 4, case.cutpoints)
    np.testing.assert_allclose(value, expected, rtol=2e-6, atol=5e-7)
    np.testing.assert_allclose(gradient, differences, rtol=3e-5, atol=1e-6)


def test_two_categories(pair):
    raw, y = numbers(pair, 10), [0, 1, 1, 0, 0, 1]
    value, gradient = pair.value_and_gradient(raw, np.array(y), ONES)
    expected, differences = reference(pair.name, raw, y, 2, pair.cutpoints)
    np.testing.assert_allclose(value, expected, rtol=2e-6, atol=5e-7)
    np.testing.assert_allclose(gradient, differences, rtol=3e-5, atol=1e-6)


def test_configuration_is_plain_and_restores_the_loss(case):
    import json

    loss = case.loss()
    written = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
    again = keras.saving.deserialize_keras_object(written)
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    raw = numbers(case, 3)
    outputs = case.outputs(keras.ops.convert_to_tensor(raw))
    assert to_numpy(again(Y, outputs)) == to_numpy(loss(Y, outputs))
