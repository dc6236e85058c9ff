"""Every method trains: a network with its head, `fit`, then saved and loaded without being told any class."""

import keras
import numpy as np
import pytest
from network_backends import BACKEND, to_numpy

from bayesord.neural import METHODS

# Keras 3.15 saves variables by NumPy's old protocol, of which NumPy 2.5 warns
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

K = 4
ROWS = 256


@pytest.fixture(scope="module")
def rows():
    """X (n, 3) and answers that depend on it."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(ROWS, 3)).astype(np.float32)
    latent = X @ [1.5, -1.0, 0.5] + rng.logistic(size=ROWS) * 0.5
    # int32: Keras on JAX announces int64 labels, and that JAX makes them int32, in a warning
    return X, np.searchsorted([-1.5, 0.0, 1.2], latent).astype(np.int32)


def network_for(method, y, metrics=None, rate=0.05):
    keras.utils.set_random_seed(3)
    x = inputs = keras.Input((3,))
    if metrics:  # a body too; where every method is trained, each layer costs the suite seconds
        x = keras.layers.Dense(4, activation="tanh")(x)
    for layer in method.make_head(K, frequencies=np.bincount(y, minlength=K)):
        x = layer(x)
    network = keras.Model(inputs, x)
    network.compile(
        optimizer=keras.optimizers.SGD(rate),
        loss=method.make_loss(K),
        metrics=metrics,
        jit_compile=BACKEND == "jax",  # XLA costs seconds per network on TensorFlow
    )
    return network


@pytest.mark.parametrize("name", METHODS)
def test_fit_lowers_the_loss_and_the_file_keeps_the_network(name, rows, tmp_path):
    X, y = rows
    method = METHODS[name]
    network = network_for(method, y)
    passes = np.tile(np.arange(ROWS), 3)  # an epoch takes longer to begin than to run
    history = network.fit(X[passes], y[passes], batch_size=64, epochs=3, verbose=0, shuffle=False).history[
        "loss"
    ]
    assert np.isfinite(history).all()
    assert history[-1] < history[0] - 0.02 * abs(history[0])

    path, few = tmp_path / "network.keras", slice(6)
    network.save(path)
    loaded = keras.saving.load_model(path)
    outputs = network(X[few])
    np.testing.assert_array_equal(to_numpy(loaded(X[few])), to_numpy(outputs))
    assert loaded.loss.get_config() == network.loss.get_config()
    assert float(loaded.loss(y[few], outputs)) == float(network.loss(y[few], outputs))


@pytest.mark.parametrize("name", ["cumulative_logit", "condor", "mse"])
def test_metrics_follow_training(name, rows):
    X, y = rows
    method = METHODS[name]
    network = network_for(method, y, method.make_metrics(K), rate=0.1)
    history = network.fit(X, y, batch_size=64, epochs=8, verbose=0, shuffle=False).history
    assert history["qwk"][-1] > max(history["qwk"][0], 0.5)
    assert history["mae"][-1] < history["mae"][0]
    if method.has_probabilities:
        assert history["rps"][-1] < history["rps"][0]
