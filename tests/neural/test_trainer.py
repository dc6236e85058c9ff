"""Networks trained again and again: each time from the start, stopped at their best."""

import random

import keras
import numpy as np
import pytest

from bayesord.neural import METHODS
from bayesord.neural.training import Budget, Trainer, add_head

K = 3
SHORT = Budget(epochs=4, patience=4, batch_size=64)


@pytest.fixture(scope="module")
def rows():
    """240 rows, codes 0..2: 192 to train on, the others to validate."""
    rng = np.random.default_rng(12)
    X = rng.normal(size=(240, 2)).astype(np.float32)
    return X, np.searchsorted([-1.0, 1.0], X @ [1.5, 1.0] + 0.5 * rng.logistic(size=240)).astype(np.int32)


def body():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, activation="tanh", name="body")])


def test_what_was_trained_before_leaves_no_trace(rows):
    X, y = rows
    parts = (X[:192], y[:192]), (X[192:], y[192:])

    def dropout():
        return keras.Sequential([keras.Input((2,)), keras.layers.Dense(4), keras.layers.Dropout(0.3)])

    def outputs(trainer, seed):
        return trainer.train(*parts, seed).network.predict(X, verbose=0)

    used, fresh = (Trainer(dropout, METHODS["cumulative_logit"], K, SHORT) for _ in range(2))
    first = outputs(used, 1)
    second = outputs(used, 2)
    states = random.getstate(), np.random.get_state()[1].tolist()
    np.testing.assert_allclose(outputs(fresh, 2), second, rtol=1e-6)
    np.testing.assert_allclose(outputs(used, 1), first, rtol=1e-6)
    assert not np.allclose(first, second)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states


def test_training_stops_early_and_puts_the_best_weights_back(rows):
    X, y = rows
    validation = X[192:], y[192:][::-1].copy()  # training only makes these worse
    wild = Budget(epochs=60, patience=3, optimizer=lambda: keras.optimizers.SGD(0.5))
    trainer = Trainer(body, METHODS["softmax"], K, wild)
    found = trainer.train((X[:192], y[:192]), validation, 1)
    assert found.epochs < 60
    network, loss = found.network, METHODS["softmax"].make_loss(K)
    best = float(loss(validation[1], network(validation[0])))
    for _ in range(3):
        network.fit(X[:192], y[:192], epochs=1, verbose=0)
        assert float(loss(validation[1], network(validation[0]))) > best - 1e-3


def test_bodies_that_are_none_are_refused():
    with pytest.raises(TypeError, match="must return a keras.Model without its head"):
        add_head(None, METHODS["softmax"], K)
    with pytest.raises(ValueError, match="flatten or pool"):
        add_head(keras.Sequential([keras.Input((4, 2)), keras.layers.Dense(3)]), METHODS["softmax"], K)
    with pytest.raises(ValueError, match="start with keras.Input"):
        add_head(keras.Sequential([keras.layers.Dense(3)]), METHODS["softmax"], K)
    with pytest.raises(TypeError, match="optimizer must be a function"):
        Budget(optimizer="adam")
    with pytest.raises(ValueError, match="patience=0"):
        Budget(patience=0)
