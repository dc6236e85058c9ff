"""The heads: probabilities against 150 digits, parameters that get exact gradients, starts, widths, files."""

import keras
import mpmath as mp
import numpy as np
import pytest
from network_backends import compiled, to_numpy, value_and_gradient
from network_formulas import BETWEEN, DIGITS, cumulative_link
from scipy.special import expit

from bayesord.likelihood.links import LINKS
from bayesord.neural import layers

HEADS = [
    layers.CumulativeLink,
    layers.CoralHead,
    layers.BinomialHead,
    layers.PoissonHead,
    layers.StickBreaking,
]


def cutpoints_of(first, gaps):
    with mp.workdps(DIGITS):
        points = [mp.mpf(float(first))]
        for gap in gaps:
            points.append(points[-1] + mp.exp(mp.mpf(float(gap))))
        return points


def exact(link, eta, y, first, gaps):
    with mp.workdps(DIGITS):
        return -cumulative_link([mp.mpf(float(eta))], y, len(gaps) + 2, cutpoints_of(first, gaps), link=link)


@pytest.fixture(scope="module", params=LINKS)
def link(request):
    return request.param


@pytest.fixture(scope="module")
def log_prob(link):
    """(eta and the free numbers of the cutpoints (4,), one-hot (K,)) -> log p_y and its gradient."""
    layer = layers.CumulativeLink(4, link=link)
    layer.build((None, 1))

    def run(numbers, hot):
        weights = [numbers[1:2], numbers[2:]]
        table, _ = layer.stateless_call(weights, [], keras.ops.reshape(numbers[:1], (1, 1)))
        return keras.ops.sum(table[0] * hot)

    return value_and_gradient(run)


def test_there_is_a_formula_for_every_link():
    assert BETWEEN.keys() == LINKS.keys()


@pytest.mark.parametrize("gap", [-12.0, 2.0])
def test_log_probabilities_and_all_gradients(link, log_prob, gap):
    for eta in (-100, -20, -5.2, 0.3, 2.4, 17, 100):
        numbers = np.array([eta, -0.7, gap, 0.4], dtype=np.float32)
        for y in range(4):
            value, gradient = log_prob(numbers, np.eye(4, dtype=np.float32)[y])
            expected = exact(link, numbers[0], y, numbers[1], numbers[2:])
            # float32 distances c - eta have an error of about 4e-6 at 100; the slope carries it to log p
            slack = 1e-6 + 8e-6 * abs(gradient[0]) * (abs(eta) / 100)
            np.testing.assert_allclose(value, float(expected), rtol=1e-6, atol=slack)
            if abs(eta) > 40 and link in ("cloglog", "loglog"):
                continue  # slopes of e^40 and more: a rounded c - eta is a factor there
            with mp.workdps(DIGITS):
                step = mp.mpf(10) ** -30
                wide = [mp.mpf(float(v)) for v in numbers]

                def at(j, sign, wide=wide, step=step, y=y):
                    moved = [v + sign * step * (i == j) for i, v in enumerate(wide)]
                    points = [moved[1]]
                    for g in moved[2:]:
                        points.append(points[-1] + mp.exp(g))
                    return -cumulative_link(moved[:1], y, 4, points, link=link)

                differences = [float((at(j, 1) - at(j, -1)) / (2 * step)) for j in range(4)]
            size = max(1.0, np.abs(differences).max())
            np.testing.assert_allclose(gradient, differences, rtol=2e-5, atol=4e-6 * size)


def test_probabilities_sum_to_one(link):
    layer = layers.CumulativeLink(5, link=link, frequencies=[5, 1, 8, 3, 3])
    layer.build((None, 1))
    eta = np.linspace(-30, 30, 61, dtype=np.float32)[:, None]
    np.testing.assert_allclose(np.exp(to_numpy(compiled(layer)(eta))).sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(("link", "increments"), [*((link, "exp") for link in LINKS), ("logit", "softplus")])
def test_cutpoints_start_at_the_frequencies(link, increments):
    shares = np.array([0.1, 0.4, 0.3, 0.15, 0.05])
    layer = layers.CumulativeLink(5, link=link, increments=increments, frequencies=200 * shares)
    np.testing.assert_allclose(np.exp(to_numpy(layer(np.zeros((1, 1))))[0]), shares, rtol=2e-6)
    np.testing.assert_allclose(layer.cutpoints, LINKS[link].quantile(shares.cumsum()[:-1]), rtol=2e-6)


def test_cutpoints_can_be_started_later_and_stay_finite_for_absent_categories():
    layer = layers.CumulativeLink(4)
    with pytest.raises(ValueError, match="no weights yet"):
        layer.adapt([0, 1])
    layer.build((None, 1))
    layer.adapt([0, 0, 2, 2, 2])
    shares = np.exp(to_numpy(layer(np.zeros((1, 1))))[0])
    np.testing.assert_allclose(shares, np.array([0.4, 0.001, 0.6, 0.001]) / 1.002, rtol=1e-4)
    again = layers.CumulativeLink.from_config(layer.get_config())
    again.build((None, 1))
    np.testing.assert_array_equal(again.cutpoints, layer.cutpoints)


def test_coral_is_ordered_whatever_its_weights(rng):
    layer = layers.CoralHead(5, frequencies=[1, 2, 3, 2, 2])
    X = rng.normal(size=(7, 3)).astype(np.float32)
    logits = to_numpy(layer(X))
    np.testing.assert_allclose(expit(to_numpy(layer(np.zeros((1, 3))))[0]), [0.9, 0.7, 0.4, 0.2], rtol=1e-6)
    layer.raw_gaps.assign(rng.normal(size=3) * 5)
    logits = to_numpy(layer(X))
    assert (np.diff(logits, axis=1) <= 0).all()
    np.testing.assert_allclose(
        logits + layer.cutpoints, np.repeat(X @ to_numpy(layer.kernel), 4, axis=1), atol=1e-4
    )


@pytest.mark.parametrize("head", [layers.BinomialHead, layers.PoissonHead])
@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
def test_one_peak_at_any_temperature(head, temperature):
    f = np.linspace(-9, 9, 37, dtype=np.float32)[:, None]
    for learned in (False, True):
        log_p = to_numpy(head(6, temperature=temperature, learn_temperature=learned)(f))
        np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, rtol=2e-6)
        rises = np.diff(log_p, axis=1) > 0
        assert (rises[:, :-1] >= rises[:, 1:]).all()  # never a rise after a fall


def test_a_temperature_divides_the_log_masses():
    f = np.array([[-1.0], [0.5]], dtype=np.float32)
    for head in (layers.BinomialHead, layers.PoissonHead):
        sharper = to_numpy(head(4)(f)) / 0.5
        expected = sharper - np.log(np.exp(sharper).sum(axis=1, keepdims=True))
        np.testing.assert_allclose(to_numpy(head(4, temperature=0.5)(f)), expected, rtol=1e-5)
        learned = head(4, temperature=0.5, learn_temperature=True)
        np.testing.assert_allclose(to_numpy(learned(f)), expected, rtol=1e-5)
        assert len(learned.trainable_weights) == 1


def test_weight_decay_can_be_kept_away_from_cutpoints():
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1), layers.CumulativeLink(4)])
    optimizer = keras.optimizers.SGD(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["cutpoint"])
    before = [to_numpy(weight) for weight in network.trainable_weights]
    optimizer.apply([0 * weight for weight in network.trainable_weights], network.trainable_weights)
    after = [to_numpy(weight) for weight in network.trainable_weights]
    assert not np.array_equal(after[0], before[0])
    for old, new in zip(before[2:], after[2:], strict=True):
        np.testing.assert_array_equal(new, old)


@pytest.mark.parametrize("head", HEADS)
def test_a_head_is_restored_from_its_configuration(head):
    import json

    layer = head(5, name="last")
    width = 4 if head is layers.StickBreaking else 1
    written = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    again = keras.saving.deserialize_keras_object(written)
    assert again.get_config() == layer.get_config()
    assert again.compute_output_shape((None, width)) == tuple(layer(keras.Input((width,))).shape)


@pytest.mark.parametrize("head", HEADS)
def test_a_head_stays_in_full_precision(head):
    width = 4 if head is layers.StickBreaking else 1
    previous = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_float16")
        outputs = head(5)(keras.ops.full((2, width), 0.1, dtype="float16"))
    finally:
        keras.config.set_dtype_policy(previous)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"


@pytest.mark.parametrize("head", [layers.CumulativeLink, layers.BinomialHead, layers.StickBreaking])
def test_a_body_of_the_wrong_width_is_refused(head):
    with pytest.raises(ValueError, match=r"put keras.layers.Dense\([14].*\) before it"):
        head(5)(np.zeros((2, 3), dtype=np.float32))


def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match="Did you mean 'probit'"):
        layers.CumulativeLink(4, link="probitt")
    with pytest.raises(ValueError, match="at least 2"):
        layers.CumulativeLink(1)
    with pytest.raises(ValueError, match="np.bincount"):
        layers.CumulativeLink(4, frequencies=[1, 2, 3])
    with pytest.raises(ValueError, match="not all zero"):
        layers.CoralHead(3, frequencies=[0, 0, 0])
    with pytest.raises(ValueError, match="increments='log' is unknown"):
        layers.CoralHead(3, increments="log")
    with pytest.raises(ValueError, match="temperature=0"):
        layers.PoissonHead(3, temperature=0)
