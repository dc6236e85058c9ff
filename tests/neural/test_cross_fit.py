"""Networks trained inside, and rows embedded by networks that have not seen them."""

import random

import keras
import numpy as np
import pytest
from feature_networks import ROWS, dense, functional
from keras import layers
from network_backends import to_numpy

from bayesord.neural.cross_fit import folds_of, map_units
from bayesord.neural.features import NeuralFeatures


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(2).normal(size=(ROWS, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def task():
    """300 rows with four ordered answers."""
    rng = np.random.default_rng(8)
    X = rng.normal(size=(300, 2)).astype(np.float32)
    return X, 1 + np.searchsorted([-1.0, 0.0, 1.0], 3 * X[:, 0] * X[:, 1] + 0.5 * rng.logistic(size=300))


def train_a_little(network, X, y):
    network.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
    network.fit(X, np.asarray(y, dtype=np.float32), epochs=2, verbose=0)


def test_training_leaves_the_given_network_and_global_seeds_alone(task):
    X, y = task
    network = functional(dense(4, "body"), layers.Dense(1), inputs=2)
    before = [to_numpy(weight) for weight in network.weights]
    states = random.getstate(), np.random.get_state()[1].tolist()
    one = NeuralFeatures(network, train=train_a_little, random_state=3).fit(X, y)
    other = NeuralFeatures(network, train=train_a_little, random_state=3).fit(X, y)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states
    np.testing.assert_array_equal(one.transform(X), other.transform(X))
    for weight, start in zip(network.weights, before, strict=True):
        np.testing.assert_array_equal(to_numpy(weight), start)
    assert not np.allclose(to_numpy(one.network_.weights[0]), before[0])
    built = NeuralFeatures(lambda: network, train=train_a_little, random_state=3).fit(X, y)
    assert built.network_ is network


def test_each_row_is_embedded_by_a_network_that_has_not_seen_it(X):
    """With networks that differ by a rotation of their units, mapping the units brings back the full network's."""
    network = functional(layers.Dense(3, name="body", use_bias=False), layers.Dense(1))
    seen, rng = [], np.random.default_rng(5)

    def train(copy, some, answers):
        seen.append(some)
        assert len(answers) == len(some)
        copy.get_layer("body").kernel.assign(np.linalg.qr(rng.normal(size=(3, 3)))[0])

    how = {"train": train, "random_state": 1, "standardise": False}
    found = NeuralFeatures(network, cross_fit=4, **how).fit_transform(X, np.arange(ROWS) % 2)
    assert [len(some) for some in seen] == [ROWS, 30, 30, 30, 30]
    left_out = [
        {tuple(row) for row in X.tolist()} - {tuple(row) for row in some.tolist()} for some in seen[1:]
    ]
    assert set().union(*left_out) == {tuple(row) for row in X.tolist()}
    rotation = np.linalg.lstsq(X, found, rcond=None)[0]
    np.testing.assert_allclose(rotation.T @ rotation, np.eye(3), atol=1e-4)
    np.testing.assert_allclose(X @ rotation, found, atol=1e-4)


def test_new_rows_get_the_full_networks_units(task):
    X, y = task
    network = functional(dense(4, "body"), layers.Dense(1), inputs=2)
    features = NeuralFeatures(network, train=train_a_little, cross_fit=3, random_state=3)
    apart = features.fit_transform(X, y)
    together = features.transform(X)
    assert not np.allclose(apart, together)
    assert np.abs(apart - together).mean() < 0.1
    full = NeuralFeatures(network, train=train_a_little, random_state=3, standardise=False).fit(X, y)
    units = full.transform(X)
    np.testing.assert_allclose(
        (units - features.columns_.mean) / features.columns_.scale, together, atol=1e-5
    )


def test_folds_spread_the_categories():
    y = np.repeat([0, 1, 2], [30, 15, 3])
    folds = folds_of(y, len(y), 3, 1)
    np.testing.assert_array_equal(np.sort(np.concatenate([held for _, held in folds])), np.arange(48))
    for training, held in folds:
        assert np.bincount(y[held]).tolist() == [10, 5, 1]
        assert not set(training) & set(held)
    assert len(folds_of(None, 10, 5, 1)) == 5
    assert (
        sum(len(held) for _, held in folds_of(np.repeat([0, 1], [1, 9]), 10, 3, 1)) == 10
    )  # a rare category


def test_a_map_of_noise_is_shrunk_to_the_mean():
    rng = np.random.default_rng(6)
    source, target = rng.normal(size=(100, 20)), rng.normal(size=(100, 2))
    new = rng.normal(size=(50, 20))
    assert np.abs(map_units(source, target, new) - target.mean(axis=0)).max() < 0.25
    constant = map_units(np.ones((100, 2)), target, np.ones((50, 2)))
    np.testing.assert_allclose(constant, np.broadcast_to(target.mean(axis=0), (50, 2)))
