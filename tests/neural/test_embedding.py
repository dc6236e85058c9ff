"""Which numbers a network gives: any layer of any kind of network, in inference mode."""

import keras
import numpy as np
import pytest
from feature_networks import ROWS, by_hand, dense, functional
from keras import layers
from network_backends import to_numpy

from bayesord.neural.features import NeuralFeatures
from bayesord.neural.heads import HEADS


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(2).normal(size=(ROWS, 3)).astype(np.float32)


@pytest.mark.parametrize("name", HEADS)
def test_penultimate_is_what_the_head_takes_in(name, X):
    first, second = dense(5, "first"), dense(4, "second")
    network = functional(first, second, layers.Dropout(0.5), *HEADS[name].make(4))
    features = NeuralFeatures(network).fit(X)
    assert features.layer_ in ("second", "dropout") or features.layer_.startswith("dropout")
    np.testing.assert_allclose(features.transform(X), by_hand(X, first, second), atol=1e-5)


@pytest.mark.parametrize(("layer", "depth"), [("first", 1), (1, 1), (-1, 3), (2, 2), ("head", 3)])
def test_by_name_and_by_index(layer, depth, X):
    stack = [dense(5, "first"), dense(4, "second"), layers.Dense(2, name="head")]
    features = NeuralFeatures(functional(*stack), layer=layer)
    np.testing.assert_allclose(features.fit_transform(X), by_hand(X, *stack[:depth]), atol=1e-5)


def test_sequential_with_and_without_an_input(X):
    stack = [dense(5, "first"), dense(4, "second"), layers.Dense(2, name="head"), layers.Softmax()]
    by_call = keras.Sequential(stack)
    by_call(X[:7])  # remembers seven rows
    expected = by_hand(X, *stack[:2])
    np.testing.assert_allclose(NeuralFeatures(by_call).fit_transform(X), expected, atol=1e-5)
    np.testing.assert_allclose(NeuralFeatures(by_call, batch_size=9).fit_transform(X), expected, atol=1e-5)
    with_input = keras.Sequential([keras.Input((3,)), *stack])
    features = NeuralFeatures(with_input).fit(X)
    np.testing.assert_allclose(features.transform(X), expected, atol=1e-5)
    assert features.layer_ == "second"


def test_nested_networks(X):
    deep, out, head = dense(6, "deep"), dense(4, "out"), layers.Dense(2, name="head")
    body = keras.Sequential([keras.Input((3,)), deep, out], name="body")
    network = functional(body, head)
    np.testing.assert_allclose(NeuralFeatures(network).fit_transform(X), by_hand(X, deep, out), atol=1e-5)
    for layer in ("deep", "body/deep"):
        features = NeuralFeatures(network, layer=layer)
        np.testing.assert_allclose(features.fit_transform(X), by_hand(X, deep), atol=1e-5)
        assert features.layer_ == "body/deep"
    parts = [keras.Sequential([keras.Input((3,)), dense(3, "same")], name=name) for name in ("a", "b")]
    with pytest.raises(ValueError, match="name of 2 layers: say which by its path, 'a/same', 'b/same'"):
        NeuralFeatures(functional(*parts, layers.Dense(2)), layer="same").fit(X)


def test_a_head_that_is_a_network(X):
    inside, out, body = dense(6, "inside"), layers.Dense(2, name="out"), dense(4, "body")
    shallow = keras.Sequential([keras.Input((4,)), out], name="shallow")
    np.testing.assert_allclose(
        NeuralFeatures(functional(body, shallow)).fit_transform(X), by_hand(X, body), atol=1e-5
    )
    deep = keras.Sequential([keras.Input((4,)), inside, layers.Dense(2)], name="deep")
    features = NeuralFeatures(functional(body, deep)).fit(X)
    assert features.layer_ == "deep/inside"
    np.testing.assert_allclose(features.transform(X), by_hand(X, body, inside), atol=1e-5)


def test_several_outputs_and_inputs(X):
    left, right = keras.Input((3,), name="left"), keras.Input((2,), name="right")
    body = dense(4, "body")
    embedding = body(layers.Concatenate()([left, right]))
    one, other = layers.Dense(2)(embedding), layers.Dense(1)(embedding)
    given = {"left": X, "right": X[:, :2]}
    expected = by_hand(np.hstack([X, X[:, :2]]), body)
    by_name = NeuralFeatures(keras.Model({"left": left, "right": right}, [one, other])).fit(given)
    np.testing.assert_allclose(by_name.transform(given), expected, atol=1e-5)
    in_order = NeuralFeatures(keras.Model([left, right], [one, other])).fit(list(given.values()))
    np.testing.assert_allclose(in_order.transform(list(given.values())), expected, atol=1e-5)
    with pytest.raises(ValueError, match=r"numbers of samples: \[40, 39\]"):
        by_name.transform({"left": X, "right": X[1:, :2]})
    apart = layers.Dense(1)(dense(3, "aside")(embedding))
    network = keras.Model([left, right], [one, apart])
    with pytest.raises(ValueError, match="2 outputs, whose heads stand on different layers: 'body', 'aside'"):
        NeuralFeatures(network).fit(list(given.values()))
    assert NeuralFeatures(network, layer="aside").fit_transform(list(given.values())).shape == (ROWS, 3)


class Written(keras.Model):
    """A network written as a subclass: its layers are only known while it runs."""

    def __init__(self):
        super().__init__()
        self.body, self.head = dense(4, "body"), layers.Dense(2)

    def call(self, x):
        return self.head(self.body(x))


def test_a_function_of_network_and_batch(X):
    network = Written()
    with pytest.raises(ValueError, match="has no weights yet"):
        NeuralFeatures(network).fit(X)
    network(X)
    with pytest.raises(ValueError, match="pass layer= as a function"):
        NeuralFeatures(network).fit(X)
    features = NeuralFeatures(network, layer=lambda network, x: network.body(x), batch_size=7)
    np.testing.assert_allclose(features.fit_transform(X), by_hand(X, network.body), atol=1e-5)
    network.body.kernel.assign(network.body.kernel * 2)
    with pytest.raises(ValueError, match="have changed since fit"):
        features.transform(X)


def test_layers_that_cannot_be_taken(X):
    shared = dense(3, "shared")
    network = functional(shared, shared, layers.Dense(2, name="outer"))
    with pytest.raises(ValueError, match="layer 'shared' is shared: .* uses it 2 times"):
        NeuralFeatures(network, layer="shared").fit(X)
    with pytest.raises(ValueError, match="has no layer 'sharde'. Did you mean 'shared'"):
        NeuralFeatures(network, layer="sharde").fit(X)
    with pytest.raises(ValueError, match="has no layer 'q'. It has "):
        NeuralFeatures(network, layer="q").fit(X)
    with pytest.raises(ValueError, match="layer=7 is out of range"):
        NeuralFeatures(network, layer=7).fit(X)
    with pytest.raises(TypeError, match="layer must be a name"):
        NeuralFeatures(network, layer=1.5).fit(X)
    with pytest.raises(ValueError, match="no layer between its input and its head"):
        NeuralFeatures(functional(layers.Dense(2))).fit(X)
    with pytest.raises(ValueError, match="has no weights yet"):
        NeuralFeatures(keras.Sequential([layers.Dense(2)])).fit(X)
    # elsewhere a layer may be used again: only this network counts
    functional(network.get_layer("outer"), inputs=3)
    NeuralFeatures(network, layer="outer").fit(X)


def test_dropout_and_batch_normalisation_are_off(X):
    body, norm = dense(4, "body"), layers.BatchNormalization()
    network = functional(body, norm, layers.Dropout(0.9), layers.Dense(2))
    norm.moving_mean.assign([1.0, -2.0, 3.0, 0.5])
    norm.moving_variance.assign([4.0, 1.0, 9.0, 0.25])
    features = NeuralFeatures(network, standardise=False).fit(X)
    expected = to_numpy(norm(body(X), training=False))
    np.testing.assert_allclose(features.transform(X), expected, atol=1e-5)
    np.testing.assert_allclose(features.transform(X[:3]), expected[:3], atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.uint8, bool])
def test_every_type_of_number_without_a_warning(dtype):
    X = (np.arange(60).reshape(20, 3) % 7).astype(dtype)
    body = dense(4, "body")
    features = NeuralFeatures(functional(body, layers.Dense(2)))
    found = features.fit_transform(X)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, by_hand(X.astype(np.float32), body), atol=1e-4)


@pytest.mark.parametrize(
    ("pool", "numpy"),
    [
        ("mean", lambda maps: maps.mean(axis=(1, 2))),
        ("max", lambda maps: maps.max(axis=(1, 2))),
        ("flatten", lambda maps: maps.reshape(len(maps), -1)),
        (lambda maps: maps[:, 0, 0], lambda maps: maps[:, 0, 0]),
    ],
)
def test_maps_are_pooled(pool, numpy):
    images = np.random.default_rng(4).normal(size=(ROWS, 6, 6, 1)).astype(np.float32)
    start = keras.Input((6, 6, 1))
    convolution = layers.Conv2D(3, 3, name="maps", activation="tanh")
    network = keras.Model(start, layers.Dense(2)(layers.GlobalAveragePooling2D()(convolution(start))))
    features = NeuralFeatures(network, layer="maps", pool=pool, standardise=False, batch_size=2)
    np.testing.assert_allclose(
        features.fit_transform(images), numpy(to_numpy(convolution(images))), atol=1e-5
    )
    with pytest.raises(ValueError, match=r"gives shape \(40, 4, 4, 3\) for 40 rows.*pool='mean'"):
        NeuralFeatures(network, layer="maps").fit(images)
